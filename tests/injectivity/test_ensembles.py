"""The ensembles: what they draw, and exact probabilities for small layers."""

from __future__ import annotations

import pickle
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest, kstest

from relutheory.core.errors import InputError
from relutheory.injectivity.gaussian.decisions import decide_layers
from relutheory.injectivity.gaussian.ensembles import Ensemble, ensemble_names, find_ensemble
from relutheory.injectivity.gaussian.finite import injective_probability

ALL = ["gaussian", "sphere", "rademacher", "orthogonal", "sparse:0.3", "paired:0.5", "biased:1"]


def drawn(name: str, k: int, m: int, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray | None]:
    return find_ensemble(name).draw(np.random.default_rng(seed), k, m, n)


def successes(name: str, k: int, m: int, n: int) -> int:
    return int(decide_layers(*drawn(name, k, m, n)).sum())


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("m", "n"), [(7, 3), (2, 3), (1, 1), (6, 2)])
def test_shapes_and_repetition(name: str, m: int, n: int) -> None:
    weights, biases = drawn(name, 5, m, n)
    assert weights.shape == (5, m, n) and weights.dtype == np.float64
    assert biases is None if name != "biased:1" else biases.shape == (5, m)
    assert (weights == drawn(name, 5, m, n)[0]).all()
    assert name == "rademacher" or not (weights == drawn(name, 5, m, n, seed=1)[0]).all()
    again = pickle.loads(pickle.dumps(find_ensemble(name)))
    assert again.name == name and (again.draw(np.random.default_rng(0), 5, m, n)[0] == weights).all()


def test_what_the_names_promise() -> None:
    sphere, _ = drawn("sphere", 50, 4, 3)
    assert np.abs((sphere**2).sum(axis=2) - 1.0).max() < 1e-12
    assert kstest(sphere[:, :, 0].ravel(), "uniform", args=(-1, 2)).pvalue > 1e-3  # Archimedes, in space
    signs, _ = drawn("rademacher", 50, 4, 3)
    assert set(np.unique(signs)) == {-1.0, 1.0} and abs(signs.mean()) < 0.2
    blocks, _ = drawn("orthogonal", 50, 8, 3)
    for first, last in ((0, 3), (3, 6), (6, 8)):
        part = blocks[:, first:last]
        assert np.abs(part @ part.transpose(0, 2, 1) - np.eye(last - first)).max() < 1e-12
    assert kstest(blocks[:, :, 0].ravel(), "uniform", args=(-1, 2)).pvalue > 1e-3
    sparse, _ = drawn("sparse:0.3", 200, 10, 5)
    assert binomtest(int((sparse != 0).sum()), sparse.size, 0.3).pvalue > 1e-5
    _, biases = drawn("biased:-2", 300, 10, 2)
    assert biases is not None and abs(biases.mean() + 2.0) < 0.1 and abs(biases.std() - 1.0) < 0.1


@pytest.mark.parametrize(("f", "m", "pairs"), [(0, 10, 0), (0.3, 20, 3), (0.5, 9, 2), (1, 9, 4), (1, 10, 5)])
def test_paired_rows_are_antiparallel_exactly(f: float, m: int, pairs: int) -> None:
    weights, _ = drawn(f"paired:{f}", 4, m, 3)
    exact = [[[Fraction(float(v)) for v in row] for row in layer] for layer in weights]
    for layer in exact:
        found = sum(
            all(a[i] * b[j] == a[j] * b[i] for i in range(3) for j in range(3))
            and sum(x * y for x, y in zip(a, b, strict=True)) < 0
            for i, a in enumerate(layer)
            for b in layer[:i]
        )
        assert found == pairs


@pytest.mark.parametrize("m", [4, 5])
def test_rademacher_in_the_plane_against_all_sign_matrices(m: int) -> None:
    """Rows +-(1, 1) and +-(1, -1): injective if and only if all four directions are there."""
    everything = np.array(list(product((-1.0, 1.0), repeat=2 * m))).reshape(-1, m, 2)
    four = [len({tuple(row) for row in layer}) == 4 for layer in everything.tolist()]
    assert decide_layers(everything).tolist() == four
    chance = sum((-1) ** j * c * (4 - j) ** m for j, c in enumerate((1, 4, 6, 4))) / 4**m
    assert sum(four) == round(chance * 4**m)
    assert binomtest(successes("rademacher", 500, m, 2), 500, chance).pvalue > 1e-3


@pytest.mark.parametrize("name", ["gaussian", "sphere"])
@pytest.mark.parametrize(("m", "n"), [(4, 1), (8, 2), (11, 2)])
def test_where_the_probability_is_known(name: str, m: int, n: int) -> None:
    chance = float(injective_probability(m, n).lo)
    assert binomtest(successes(name, 3000, m, n), 3000, chance).pvalue > 1e-3


def test_one_input_with_biases() -> None:
    """Without zero weights: injective if and only if the rows of both signs leave no gap between them.

    For m = 2 that is one row of each sign, and then b_1/|w_1| + b_2/|w_2| >= 0, which has probability 1/2 for mean 0.
    """
    assert binomtest(successes("biased:0", 4000, 2, 1), 4000, 0.25).pvalue > 1e-3
    assert binomtest(successes("biased:1", 4000, 2, 1), 4000, 0.25).pvalue < 1e-6


def test_biases_never_help_and_pairs_do() -> None:
    weights, biases = drawn("biased:0", 300, 16, 3)
    with_biases, without = decide_layers(weights, biases), decide_layers(weights)
    assert (with_biases <= without).all() and with_biases.sum() < without.sum()
    assert successes("paired:1", 100, 8, 4) == 100 and successes("gaussian", 100, 8, 4) == 0


def test_bad_names() -> None:
    names = ("laplace", "gaussian:1", "sparse", "sparse:0", "sparse:1.5", "sparse:x", "paired:-1", "paired:nan", "", 3)
    for name in names:
        with pytest.raises(InputError, match=r"^ensemble = .*: must be"):
            find_ensemble(name)  # type: ignore[arg-type]
    assert find_ensemble("paired:0.50").name == "paired:0.5"
    own = Ensemble("mine", lambda rng, k, m, n: (np.ones((k, m, n)), None))
    assert find_ensemble(own) is own
    assert len(ensemble_names()) == len(ALL)


@pytest.mark.parametrize("drawn", [np.ones((2, 3)), np.ones((1, 4, 2), dtype=int), np.full((1, 4, 2), np.nan), None])
def test_bad_samplers(drawn: object) -> None:
    bad = Ensemble("mine", lambda rng, k, m, n: (np.ones((k, m, n)), drawn))  # type: ignore[arg-type,return-value]
    if drawn is None:
        assert bad.draw(np.random.default_rng(0), 1, 4, 2)[1] is None
    else:
        with pytest.raises(InputError, match=r"ensemble = 'mine': must draw finite float64 numbers"):
            bad.draw(np.random.default_rng(0), 1, 4, 2)
