"""Layers with structure: convolutions, normalisation, pooling."""

from relutheory.injectivity.structured.convolution import ConvolutionResult, decide_convolution
from relutheory.injectivity.structured.irrational_biases import BracketResult
from relutheory.injectivity.structured.layer_norm import (
    instance_norm_collision,
    layer_norm_collision,
    layer_norm_signature,
)
from relutheory.injectivity.structured.normalisation import (
    decide_batch_norm,
    decide_weight_norm,
    fold_batch_norm,
    normalised_layer,
)
from relutheory.injectivity.structured.pooling import PooledLayer, PoolingResult, decide_pooling

__all__ = [
    "BracketResult",
    "ConvolutionResult",
    "PooledLayer",
    "PoolingResult",
    "decide_batch_norm",
    "decide_convolution",
    "decide_pooling",
    "decide_weight_norm",
    "fold_batch_norm",
    "instance_norm_collision",
    "layer_norm_collision",
    "layer_norm_signature",
    "normalised_layer",
]
