"""Activation patterns, their matrices, their domains, and the affine maps on these."""

from relutheory.activation.domains import ActivationDomain, activation_domain
from relutheory.activation.exact_passes import ExactPass, exact_forward_along_depth, exact_products_along_depth
from relutheory.activation.maps import affine_map, affine_maps
from relutheory.activation.patterns import activation_matrices, activation_pattern
from relutheory.activation.products import DepthPass, DepthProducts, forward_along_depth, products_along_depth

__all__ = [
    "ActivationDomain",
    "DepthPass",
    "DepthProducts",
    "ExactPass",
    "activation_domain",
    "activation_matrices",
    "activation_pattern",
    "affine_map",
    "affine_maps",
    "exact_forward_along_depth",
    "exact_products_along_depth",
    "forward_along_depth",
    "products_along_depth",
]
