"""The theory of ReLU networks as exact computation: deciding, measuring, drawing and checking what it states.

The public names are loaded when they are first used, so that `import relutheory` takes no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relutheory.activation import ActivationDomain as ActivationDomain
    from relutheory.activation import activation_domain as activation_domain
    from relutheory.activation import activation_matrices as activation_matrices
    from relutheory.activation import activation_pattern as activation_pattern
    from relutheory.activation import affine_map as affine_map
    from relutheory.activation import affine_maps as affine_maps
    from relutheory.activation import exact_forward_along_depth as exact_forward_along_depth
    from relutheory.activation import exact_products_along_depth as exact_products_along_depth
    from relutheory.activation import forward_along_depth as forward_along_depth
    from relutheory.activation import products_along_depth as products_along_depth
    from relutheory.core.certificate import Certificate as Certificate
    from relutheory.core.errors import InputError as InputError
    from relutheory.core.sets import Ball as Ball
    from relutheory.core.sets import Box as Box
    from relutheory.core.sets import Polyhedron as Polyhedron
    from relutheory.core.verdict import Enclosure as Enclosure
    from relutheory.core.verdict import Rigor as Rigor
    from relutheory.core.verdict import Verdict as Verdict
    from relutheory.deep_limit import CommonNorm as CommonNorm
    from relutheory.deep_limit import DeepFamily as DeepFamily
    from relutheory.deep_limit import DeepLimit as DeepLimit
    from relutheory.deep_limit import Freezing as Freezing
    from relutheory.deep_limit import check_convergence as check_convergence
    from relutheory.deep_limit import common_norm as common_norm
    from relutheory.deep_limit import deep_limit as deep_limit
    from relutheory.deep_limit import domains_along_depth as domains_along_depth
    from relutheory.deep_limit import freezing_depth as freezing_depth
    from relutheory.deep_limit import largest_product as largest_product
    from relutheory.deep_limit import recover_layer as recover_layer
    from relutheory.deep_limit import sup_bound as sup_bound
    from relutheory.injectivity import Collision as Collision
    from relutheory.injectivity import InjectivityResult as InjectivityResult
    from relutheory.injectivity import Status as Status
    from relutheory.injectivity import decide_injectivity as decide_injectivity
    from relutheory.injectivity.constructions import injective_layer as injective_layer
    from relutheory.injectivity.domains import MaximalBias as MaximalBias
    from relutheory.injectivity.domains import maximal_bias as maximal_bias
    from relutheory.injectivity.gaussian import FullRSB as FullRSB
    from relutheory.injectivity.gaussian import RatioBracket as RatioBracket
    from relutheory.injectivity.gaussian import ThresholdEstimate as ThresholdEstimate
    from relutheory.injectivity.gaussian import ThresholdLine as ThresholdLine
    from relutheory.injectivity.gaussian import collision_ratios as collision_ratios
    from relutheory.injectivity.gaussian import decide_layers as decide_layers
    from relutheory.injectivity.gaussian import estimate_threshold as estimate_threshold
    from relutheory.injectivity.gaussian import expected_collapsing_cells as expected_collapsing_cells
    from relutheory.injectivity.gaussian import expected_euler_characteristic as expected_euler_characteristic
    from relutheory.injectivity.gaussian import full_rsb as full_rsb
    from relutheory.injectivity.gaussian import injective_probability as injective_probability
    from relutheory.injectivity.gaussian import least_active as least_active
    from relutheory.injectivity.gaussian import theory_lines as theory_lines
    from relutheory.injectivity.gaussian import theory_table as theory_table
    from relutheory.injectivity.gaussian import threshold_line as threshold_line
    from relutheory.injectivity.general_position import alternating_moment_layer as alternating_moment_layer
    from relutheory.injectivity.general_position import in_general_position as in_general_position
    from relutheory.injectivity.inverting import Reconstruction as Reconstruction
    from relutheory.injectivity.inverting import reconstruct as reconstruct
    from relutheory.injectivity.inverting import reconstruct_batch as reconstruct_batch
    from relutheory.injectivity.repair import Repair as Repair
    from relutheory.injectivity.repair import repair_injectivity as repair_injectivity
    from relutheory.injectivity.stability import LipschitzResult as LipschitzResult
    from relutheory.injectivity.stability import lipschitz_bounds as lipschitz_bounds
    from relutheory.injectivity.stability import lower_lipschitz as lower_lipschitz
    from relutheory.injectivity.stability import upper_lipschitz as upper_lipschitz
    from relutheory.injectivity.structured import PooledLayer as PooledLayer
    from relutheory.injectivity.structured import decide_batch_norm as decide_batch_norm
    from relutheory.injectivity.structured import decide_convolution as decide_convolution
    from relutheory.injectivity.structured import decide_pooling as decide_pooling
    from relutheory.injectivity.structured import normalised_layer as normalised_layer
    from relutheory.networks import AffineMap as AffineMap
    from relutheory.networks import ReLULayer as ReLULayer
    from relutheory.networks import ReLUNetwork as ReLUNetwork
    from relutheory.networks import from_sklearn as from_sklearn
    from relutheory.networks import from_state_dict as from_state_dict
    from relutheory.networks import load_network as load_network
    from relutheory.networks.convolution import conv_layer as conv_layer
    from relutheory.polyhedra import Breakpoints as Breakpoints
    from relutheory.polyhedra import RegionBatch as RegionBatch
    from relutheory.polyhedra import RegionCount as RegionCount
    from relutheory.polyhedra import breakpoints as breakpoints
    from relutheory.polyhedra import count_regions as count_regions
    from relutheory.polyhedra import dual_graph as dual_graph
    from relutheory.polyhedra import enumerate_regions as enumerate_regions
    from relutheory.polyhedra import merged_regions as merged_regions
    from relutheory.polyhedra import region_volumes as region_volumes
    from relutheory.polyhedra import restrict as restrict
    from relutheory.theorems import catalogue as catalogue
    from relutheory.theorems import verify as verify
    from relutheory.univariate import CPwL as CPwL
    from relutheory.univariate import FixedWidthNetwork as FixedWidthNetwork
    from relutheory.univariate import SpecialNetwork as SpecialNetwork
    from relutheory.univariate import approximate as approximate
    from relutheory.univariate import compare_rates as compare_rates
    from relutheory.univariate import fourier_like as fourier_like
    from relutheory.univariate import hat_power as hat_power
    from relutheory.univariate import lipschitz_network as lipschitz_network
    from relutheory.univariate import parameter_count as parameter_count
    from relutheory.univariate import polynomial_network as polynomial_network
    from relutheory.univariate import product_network as product_network
    from relutheory.univariate import refinable_network as refinable_network
    from relutheory.univariate import spline_network as spline_network
    from relutheory.univariate import square_network as square_network
    from relutheory.univariate import takagi_network as takagi_network

__version__ = "0.1.0"

_MODULES = {
    "relutheory.activation": (
        "ActivationDomain",
        "activation_domain",
        "activation_matrices",
        "activation_pattern",
        "affine_map",
        "affine_maps",
        "exact_forward_along_depth",
        "exact_products_along_depth",
        "forward_along_depth",
        "products_along_depth",
    ),
    "relutheory.core.certificate": ("Certificate",),
    "relutheory.core.errors": ("InputError",),
    "relutheory.core.sets": ("Ball", "Box", "Polyhedron"),
    "relutheory.core.verdict": ("Enclosure", "Rigor", "Verdict"),
    "relutheory.deep_limit": (
        "CommonNorm",
        "DeepFamily",
        "DeepLimit",
        "Freezing",
        "check_convergence",
        "common_norm",
        "domains_along_depth",
        "freezing_depth",
        "largest_product",
        "recover_layer",
        "sup_bound",
    ),
    "relutheory.injectivity": ("Collision", "InjectivityResult", "Status", "decide_injectivity"),
    "relutheory.injectivity.constructions": ("injective_layer",),
    "relutheory.injectivity.domains": ("MaximalBias", "maximal_bias"),
    "relutheory.injectivity.gaussian": (
        "least_active",
        "estimate_threshold",
        "decide_layers",
        "collision_ratios",
        "ThresholdEstimate",
        "RatioBracket",
        "FullRSB",
        "ThresholdLine",
        "expected_collapsing_cells",
        "expected_euler_characteristic",
        "full_rsb",
        "injective_probability",
        "theory_lines",
        "theory_table",
        "threshold_line",
    ),
    "relutheory.injectivity.general_position": ("alternating_moment_layer", "in_general_position"),
    "relutheory.injectivity.inverting": ("Reconstruction", "reconstruct", "reconstruct_batch"),
    "relutheory.injectivity.repair": ("Repair", "repair_injectivity"),
    "relutheory.injectivity.stability": ("LipschitzResult", "lipschitz_bounds", "lower_lipschitz", "upper_lipschitz"),
    "relutheory.injectivity.structured": (
        "PooledLayer",
        "decide_batch_norm",
        "decide_convolution",
        "decide_pooling",
        "normalised_layer",
    ),
    "relutheory.networks": (
        "AffineMap",
        "ReLULayer",
        "ReLUNetwork",
        "from_sklearn",
        "from_state_dict",
        "load_network",
    ),
    "relutheory.networks.convolution": ("conv_layer",),
    "relutheory.polyhedra": (
        "Breakpoints",
        "RegionBatch",
        "RegionCount",
        "breakpoints",
        "count_regions",
        "dual_graph",
        "enumerate_regions",
        "merged_regions",
        "region_volumes",
        "restrict",
    ),
    "relutheory.theorems": ("catalogue", "verify"),
    "relutheory.univariate": (
        "CPwL",
        "FixedWidthNetwork",
        "SpecialNetwork",
        "approximate",
        "compare_rates",
        "fourier_like",
        "hat_power",
        "lipschitz_network",
        "parameter_count",
        "polynomial_network",
        "product_network",
        "refinable_network",
        "spline_network",
        "square_network",
        "takagi_network",
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}
_ROOMS = (
    "activation",
    "core",
    "deep_limit",
    "injectivity",
    "networks",
    "plotting",
    "polyhedra",
    "theorems",
    "univariate",
)

__all__ = sorted([*_HOME, "deep_limit"])  # the room `deep_limit` is callable, as its function


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"relutheory.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'relutheory' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_ROOMS})
