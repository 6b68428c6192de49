"""Functions of one variable: piecewise linear ones, networks of fixed width for them, constructions and their rates."""

from relutheory.univariate.approximate import Approximation, approximate
from relutheory.univariate.constructions import (
    Construction,
    analytic_network,
    fourier_like,
    hat_power,
    lipschitz_network,
    polynomial_network,
    product_network,
    refinable_network,
    riesz_bounds,
    square_network,
    takagi_network,
)
from relutheory.univariate.cpwl import CPwL, maximum, minimum
from relutheory.univariate.fixed_width import FixedWidthNetwork, parameter_count
from relutheory.univariate.rates import compare_rates
from relutheory.univariate.special import SpecialNetwork
from relutheory.univariate.splines import shallow_network, special_spline_network, spline_depth, spline_network

__all__ = [
    "Approximation",
    "CPwL",
    "Construction",
    "FixedWidthNetwork",
    "SpecialNetwork",
    "analytic_network",
    "approximate",
    "compare_rates",
    "fourier_like",
    "hat_power",
    "lipschitz_network",
    "maximum",
    "minimum",
    "parameter_count",
    "polynomial_network",
    "product_network",
    "refinable_network",
    "riesz_bounds",
    "shallow_network",
    "special_spline_network",
    "spline_depth",
    "spline_network",
    "square_network",
    "takagi_network",
]
