"""scikit-learn's perceptrons: trained on its bundled digits, the same predictions."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

from relutheory.core.errors import InputError, UnsupportedError
from relutheory.networks import ReLUNetwork, from_sklearn, load_network

pytest.importorskip("sklearn", reason="scikit-learn is not installed: it trains the networks of these tests")
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier, MLPRegressor


def trained(kind, X, y, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few iterations: not converged, on purpose
        return kind(random_state=0, max_iter=30, learning_rate_init=0.01, **settings).fit(X, y)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@pytest.fixture(scope="module")
def classifier(digits):
    return trained(MLPClassifier, *digits, hidden_layer_sizes=(16, 12))


def test_the_classifier_of_digits(digits, classifier):
    X, y = digits
    net = from_sklearn(classifier)
    assert (net.input_dim, net.widths, net.output_dim) == (64, (16, 12), 10)
    logits = net.forward(X)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert chances / chances.sum(axis=1, keepdims=True) == pytest.approx(classifier.predict_proba(X), abs=1e-9)
    assert (logits.argmax(axis=1) == classifier.predict(X)).all()
    assert (logits.argmax(axis=1) == y).mean() > 0.8
    exact = [float(v) for v in net.forward_exact(X[0])]
    assert exact == pytest.approx(logits[0].tolist(), rel=1e-9)


def test_two_classes_have_one_logit(digits):
    X, y = digits
    model = trained(MLPClassifier, X, y > 4, hidden_layer_sizes=(5,))
    logit = from_sklearn(model).forward(X)[:, 0]
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(model.predict_proba(X)[:, 1], abs=1e-9)


def test_the_regressor(digits):
    X, y = digits
    model = trained(MLPRegressor, X, y, hidden_layer_sizes=(7,))
    assert from_sklearn(model).forward(X)[:, 0] == pytest.approx(model.predict(X), abs=1e-9)


def test_other_models_are_refused(digits):
    X, y = digits
    for activation in ("tanh", "logistic", "identity"):
        model = trained(MLPRegressor, X[:50], y[:50], hidden_layer_sizes=(3,), activation=activation)
        with pytest.raises(UnsupportedError, match=f"activation = '{activation}': must be 'relu'"):
            from_sklearn(model)
    with pytest.raises(InputError, match=r"model = .*must be fitted"):
        from_sklearn(MLPClassifier())
    with pytest.raises(UnsupportedError, match="model of type int"):
        from_sklearn(3)


def test_pickles_are_read_only_when_asked_for(classifier, tmp_path):
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    joblib.dump(classifier, tmp_path / "net.joblib")
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(classifier))
    for name in ("net.joblib", "net.pkl"):
        with pytest.raises(UnsupportedError, match="a pickle can run any program"):
            load_network(tmp_path / name)
        assert load_network(tmp_path / name, unsafe_pickle=True) == from_sklearn(classifier)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(UnsupportedError, match="model of type list"):
        load_network(tmp_path / "net.pkl", unsafe_pickle=True)
    (tmp_path / "net.pkl").write_bytes(b"garbage")
    with pytest.raises(InputError, match="joblib cannot read it"):
        load_network(tmp_path / "net.pkl", unsafe_pickle=True)


def test_skops_files(classifier, tmp_path):
    path = tmp_path / "net.skops"
    path.write_bytes(b"garbage")
    with pytest.raises(InputError, match=r"needs skops, which is not installed|skops cannot read it"):
        load_network(path)
    skops = pytest.importorskip("skops.io", reason="skops is not installed")
    skops.dump(classifier, path)
    assert load_network(path) == from_sklearn(classifier)


def test_a_trained_network_survives_npz(classifier, tmp_path):
    net = from_sklearn(classifier)
    arrays = {}
    for i, map_ in enumerate([*net.layers, net.readout], 1):
        arrays |= {f"W{i}": map_.W, f"b{i}": map_.b}
    np.savez(tmp_path / "net.npz", **arrays)
    again = load_network(tmp_path / "net.npz")
    assert again == net and isinstance(again, ReLUNetwork)
