"""Multi-layer perceptrons of scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relutheory.core.errors import InputError, UnsupportedError, reject, shown
from relutheory.networks.layers import ReLUNetwork

# Plain records of the solver's state, part of every fitted model; skops does not know them.
_HARMLESS_TYPES = [
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
]


def from_sklearn(model: Any) -> ReLUNetwork:
    """The network in a fitted scikit-learn MLPClassifier or MLPRegressor with activation="relu".

    model : the fitted object.  The read-out is affine: the softmax or logistic function at the end of a
    classifier is left out, so that `forward` returns the logits.  Raises UnsupportedError for another model
    or activation, InputError for one that is not fitted.

    >>> from sklearn.neural_network import MLPRegressor
    >>> from_sklearn(MLPRegressor(hidden_layer_sizes=[3]).partial_fit([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0]))
    ReLUNetwork(2 -> 3 -> read-out 1)
    """
    try:
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        raise UnsupportedError("scikit-learn is not installed") from None
    if not isinstance(model, (MLPClassifier, MLPRegressor)):
        kind = type(model).__name__
        raise UnsupportedError(f"model of type {kind}: must be an MLPClassifier or MLPRegressor of scikit-learn")
    if not hasattr(model, "coefs_"):
        reject("model", model, "must be fitted")
    if model.activation != "relu" and len(model.coefs_) > 1:
        raise UnsupportedError(f"activation = {shown(model.activation)}: must be 'relu'")
    return ReLUNetwork([(W.T, b) for W, b in zip(model.coefs_, model.intercepts_, strict=True)])


def read_joblib(path: Path) -> ReLUNetwork:
    """The network in a joblib or pickle file of a model; the file is a pickle: see `load_network`."""
    try:
        import joblib
    except ImportError:
        raise UnsupportedError("needs joblib, which is not installed (it comes with scikit-learn)") from None
    try:
        model = joblib.load(path)
    except Exception as error:  # a pickle can raise anything
        raise InputError(f"joblib cannot read it: {shown(str(error))}") from None
    return from_sklearn(model)


def read_skops(path: Path) -> ReLUNetwork:
    """The network in a .skops file of a model; types that skops does not trust are refused."""
    try:
        from skops.io import load
    except ImportError:
        raise UnsupportedError("needs skops, which is not installed") from None
    try:
        model = load(path, trusted=_HARMLESS_TYPES)
    except Exception as error:  # skops documents no list of what a damaged file raises
        raise InputError(f"skops cannot read it: {shown(str(error))}") from None
    return from_sklearn(model)
