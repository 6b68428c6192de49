"""Activation patterns, their matrices, their domains, and the affine maps on these."""

from relutheory.activation.domains import ActivationDomain, activation_domain
from relutheory.activation.maps import affine_map, affine_maps
from relutheory.activation.patterns import activation_matrices, activation_pattern

__all__ = [
    "ActivationDomain",
    "activation_domain",
    "activation_matrices",
    "activation_pattern",
    "affine_map",
    "affine_maps",
]
