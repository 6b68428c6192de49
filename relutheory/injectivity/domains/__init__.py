"""One layer on a ball: decisions, and how negative the biases may be."""

from relutheory.injectivity.domains.bias_bounds import MaximalBias, maximal_bias

__all__ = ["MaximalBias", "maximal_bias"]
