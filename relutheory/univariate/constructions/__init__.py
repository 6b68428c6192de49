"""Functions made of few neurons: powers of the hat, squares, series, waves, refinable and Hoelder functions."""

from relutheory.univariate.constructions.bit_extraction import lipschitz_network
from relutheory.univariate.constructions.fourier_like import fourier_like, fourier_like_sum
from relutheory.univariate.constructions.hats import hat_power
from relutheory.univariate.constructions.polynomials import analytic_network, polynomial_network
from relutheory.univariate.constructions.refinable import (
    b_spline_coefficients,
    daubechies4_coefficients,
    refinable_network,
)
from relutheory.univariate.constructions.result import Construction
from relutheory.univariate.constructions.riesz import gram_matrix, gram_spectrum, inner_products, riesz_bounds
from relutheory.univariate.constructions.squares import product_network, square_network
from relutheory.univariate.constructions.takagi import takagi_network

__all__ = [
    "Construction",
    "analytic_network",
    "b_spline_coefficients",
    "daubechies4_coefficients",
    "fourier_like",
    "fourier_like_sum",
    "gram_matrix",
    "gram_spectrum",
    "hat_power",
    "inner_products",
    "lipschitz_network",
    "polynomial_network",
    "product_network",
    "refinable_network",
    "riesz_bounds",
    "square_network",
    "takagi_network",
]
