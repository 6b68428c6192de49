"""Certificates of Lipschitz bounds: accepted as made, refused when altered, never above the truth."""

from __future__ import annotations

import ast
import copy
import dataclasses
import functools
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from families import degenerate_layer

from proofs_check import stability_certificates
from proofs_check.certificates import check_file, check_text
from relutheory.core.certificate import digest
from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron
from relutheory.injectivity.stability.certifying import certify
from relutheory.injectivity.stability.constants import lower_lipschitz, upper_lipschitz
from relutheory.injectivity.stability.result import LipschitzResult
from relutheory.networks import ReLULayer

RNG = np.random.default_rng(0)
GAUSSIAN = RNG.standard_normal((24, 4))
SQUARE = RNG.standard_normal((6, 6))
ANGLES = 2 * np.pi * np.arange(9) / 9
EYES = np.vstack([np.eye(3), -np.eye(3)])
BIASED = RNG.integers(-3, 4, (16, 3))

LAYERS: dict[str, tuple[ReLULayer, Polyhedron | None]] = {
    "gaussian": (ReLULayer(GAUSSIAN), None),
    "gaussian in a box": (ReLULayer(GAUSSIAN[:, :2], GAUSSIAN[:, 2]), Box(-1, 1, n=2)),
    "identity and its negative": (ReLULayer(EYES), None),
    "identity and its negative, biased": (ReLULayer(EYES, [0, 1, -1, 0, 2, 1]), None),
    "pairs": (ReLULayer(np.vstack([SQUARE, -(2.0 ** np.arange(-3, 3))[:, None] * SQUARE])), None),
    "pairs and generic rows": (ReLULayer(np.vstack([EYES, BIASED]), [*[0] * 6, *BIASED[:, 0]]), None),
    "fan": (ReLULayer(np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])), None),
    "one input": (ReLULayer([[1], [-1], [2], [-3]], [1, 0, -1, 0]), None),
    "copies": (ReLULayer(np.repeat(EYES, 3, axis=0) * np.arange(1, 19)[:, None]), None),
    "copies with larger biases": (ReLULayer(np.vstack([EYES, 2 * EYES, EYES]), [*[0] * 6, *[3] * 6, *[-1] * 6]), None),
    "tiny and huge": (ReLULayer(GAUSSIAN[:9, :2] * 10.0 ** np.linspace(-300, 300, 9)[:, None]), None),
    "tiny and huge columns": (ReLULayer(np.vstack([EYES, -EYES, BIASED]) * np.array([1e-300, 1.0, 1e300])), None),
    "rational": (ReLULayer([["1/3", 0], ["-1/7", 0], [0, "5/9"], [0, -1]], ["1/2", 0, 1, "-1/3"]), None),
    "zero rows": (ReLULayer(np.vstack([EYES, np.zeros((3, 3)), BIASED]), [*[0] * 6, 1, 0, -1, *[2] * 16]), None),
    "one cell": (ReLULayer(np.eye(3)), Box(0, float("inf"), 3)),
    "rows that never switch": (
        ReLULayer(np.vstack([np.eye(2), [[1, 2], [-1, 1]], GAUSSIAN[:5, :2]]), [2, 2, 3, 3, *[0] * 5]),
        Box(-1, 1, n=2),
    ),
    "polyhedron": (ReLULayer(GAUSSIAN[:9]), Polyhedron([[1, 1, 0, 0], [0, 0, 0, 0], [-1, 0, 2, 0]], [1, 0, 1])),
    "half a pair is out of sight": (ReLULayer([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, -1, 2, 0]), Box(2, 3, n=2)),
}


def data_of(result: Any) -> dict[str, Any]:
    return json.loads(json.dumps(certify(result).body()))  # not compressed


def text(data: dict[str, Any], *, resealed: bool = False) -> str:
    """What the checker says; `resealed` gives an altered statement its own digest, so that only the proof is wrong."""
    if resealed:
        data = data | {"digest": digest({name: data[name] for name in ("layer", "domain", "bound")})}
    return check_text(json.dumps(data)).text


def ratios(layer: ReLULayer, low: float, high: float) -> np.ndarray:
    """|f(x) - f(y)|^2 / |x - y|^2 of random pairs in a box, near and far."""
    x = RNG.uniform(low, high, (20_000, layer.n))
    y = RNG.uniform(low, high, x.shape)
    y[::2] = np.clip(x[::2] + 1e-3 * RNG.standard_normal((10_000, layer.n)), low, high)
    change = np.maximum(x @ layer.W.T + layer.b, 0) - np.maximum(y @ layer.W.T + layer.b, 0)
    return (change**2).sum(axis=1) / ((x - y) ** 2).sum(axis=1)


@functools.cache
def bounds_of(name: str) -> tuple[LipschitzResult, LipschitzResult]:
    layer, domain = LAYERS[name]
    return lower_lipschitz(layer, domain, starts=2), upper_lipschitz(layer, domain)


@pytest.mark.parametrize("name", LAYERS)
def test_both_bounds_are_certified(name: str) -> None:
    lower, upper = bounds_of(name)
    data = data_of(upper)
    assert (data["claim"], Fraction(data["bound"])) == ("upper-lipschitz", upper.squared.hi)
    assert text(data).startswith("VALID: |f(x) - f(y)|^2 <= ")
    if lower.squared.hi == 0:
        with pytest.raises(InputError, match="the constant is 0"):
            certify(lower)
        return
    data = data_of(lower)
    assert (data["claim"], Fraction(data["bound"])) == ("lower-lipschitz", lower.squared.lo)
    assert text(data).startswith("VALID: |f(x) - f(y)|^2 >= ")


def test_most_of_these_layers_are_injective() -> None:
    assert sum(bounds_of(name)[0].squared.lo > 0 for name in LAYERS) >= 13


@pytest.mark.parametrize("k", range(24))
def test_degenerate_layers(k: int) -> None:
    rng = np.random.default_rng([1, k])
    n = int(rng.integers(1, 4))
    W, b = degenerate_layer(rng, n, int(rng.integers(1, 11)))
    if k % 2:
        W = np.vstack([W, np.eye(n, dtype=int), -np.eye(n, dtype=int)])
        b = np.append(b, rng.integers(0, 2, 2 * n))
    layer = ReLULayer(W, b if k % 3 else None)
    domain = Box(-2, 2, n=n) if k % 4 == 1 else None
    upper, lower = upper_lipschitz(layer, domain), lower_lipschitz(layer, domain, starts=0)
    seen = ratios(layer, -2, 2)
    for result, end in ((upper, upper.squared.hi), (lower, lower.squared.lo)):
        if end or result is upper:
            data = data_of(result)
            assert Fraction(data["bound"]) == end
            assert text(data).startswith("VALID")
    assert float(lower.squared.lo) <= seen.min() * (1 + 1e-6) + 1e-9
    assert seen.max() <= float(upper.squared.hi) * (1 + 1e-6) + 1e-9


def test_closed_forms_stay_exact() -> None:
    assert data_of(lower_lipschitz(ReLULayer(EYES)))["bound"] == "1/2"
    assert data_of(upper_lipschitz(ReLULayer(EYES)))["bound"] == "1"
    five = np.array([[2, 0], [0, 1], [-1, 0], [0, -2]])  # on each axis p = 4, q = 1: p q / (p + q)
    data = data_of(lower_lipschitz(ReLULayer(five)))
    assert (data["bound"], data["proof"]["kind"]) == ("4/5", "pairs")
    switching = ReLULayer([[1, 0], [0, 1]], [1, 1])
    assert data_of(lower_lipschitz(switching, Box(0, 1, n=2)))["bound"] == "1"  # one cell: kappa = m0


def by_hand(
    claim: str, bound: str, proof: dict[str, Any], W: Any = ((1,), (-1,)), domain: Any = None, b: Any = None
) -> str:
    rows = [[str(v) for v in row] for row in W]
    layer = {"n": len(rows[0]), "W": rows, "b": [str(v) for v in b or [0] * len(rows)]}
    data = {"format": "relutheory certificate", "version": 1, "claim": claim, "layer": layer, "domain": domain}
    return text(data | {"bound": bound, "proof": proof}, resealed=True)


CIRCUIT = {"rows": [0, 1], "multipliers": ["1", "1"]}
PAIRS = {"kind": "pairs", "circuits": [CIRCUIT], "pairs": [0]}
CELLS = {"kind": "cells", "circuits": [CIRCUIT], "pairs": [], "tree": [0, -1, -1], "always": [], "always_least": "0"}


def test_proofs_written_by_hand() -> None:
    """x -> (ReLU(x), ReLU(-x)): kappa^2 = 1/2, Lip = 1."""
    for proof in (PAIRS, CELLS, CELLS | {"pairs": [0], "tree": [-1]}):
        assert by_hand("lower-lipschitz", "1/2", proof).startswith("VALID: |f(x) - f(y)|^2 >= 1/2 |x - y|^2")
        assert by_hand("lower-lipschitz", "501/1000", proof).startswith("INVALID")
    for proof in (CELLS, CELLS | {"pairs": [0], "tree": [-1]}):
        assert by_hand("upper-lipschitz", "1", proof).startswith("VALID: |f(x) - f(y)|^2 <= 1 |x - y|^2")
        assert by_hand("upper-lipschitz", "999/1000", proof).startswith("INVALID")
    assert "one of a lower bound" in by_hand("upper-lipschitz", "1", PAIRS)
    assert "unknown kind" in by_hand("lower-lipschitz", "1/2", PAIRS | {"kind": "words"})
    assert "is not positive" in by_hand("lower-lipschitz", "0", PAIRS)
    # where the domain is x <= -1, row 0 is never active: only row 1 counts, in full
    wall = {"A": [["1"]], "b": ["-1"], "inside": ["-2"]}
    never = {"rows": [2, 1], "multipliers": ["1", "1"]}
    proof = CELLS | {"circuits": [never], "tree": [0, -1], "always": [0], "always_least": "1"}
    assert by_hand("lower-lipschitz", "1", proof, domain=wall).startswith("VALID")
    assert by_hand("lower-lipschitz", "1", proof | {"always": []}, domain=wall).startswith("INVALID")
    # a row counts once, whatever is listed: with w = 1, -1, -1 the larger side has 2, the smaller 1
    three = ((1,), (-1,), (-1,))
    assert by_hand("lower-lipschitz", "2/3", PAIRS, three).startswith("VALID")
    assert by_hand("lower-lipschitz", "1/2", CELLS | {"pairs": [0], "tree": [-1]}, three).startswith("VALID")
    assert by_hand("lower-lipschitz", "51/100", CELLS | {"pairs": [0], "tree": [-1]}, three).startswith("INVALID")


def test_rows_with_smaller_biases_do_not_follow() -> None:
    """ReLU(x), ReLU(x - 1), ReLU(-x): near 0 the second neuron says nothing, and beyond 1 it counts."""
    W, b = ((1,), (1,), (-1,)), (0, -1, 0)
    circuit = {"rows": [0, 2], "multipliers": ["1", "1"]}
    pairs, cells = (proof | {"circuits": [circuit]} for proof in (PAIRS, CELLS))
    for proof in (pairs, cells, cells | {"pairs": [0], "tree": [-1]}):
        assert by_hand("lower-lipschitz", "1/2", proof, W, b=b).startswith("VALID")
        assert by_hand("lower-lipschitz", "3/5", proof, W, b=b).startswith("INVALID")
    gap = {"rows": [1, 2], "multipliers": ["1", "1"]}  # at 0 < x < 1 neither of them is active
    assert "biases sum to a negative number" in by_hand("lower-lipschitz", "1/2", PAIRS | {"circuits": [gap]}, W, b=b)
    # row 1 unmarked says nothing of row 0, but row 0 unmarked means row 1 is not marked either
    first = {"rows": [1, 2, 0], "multipliers": ["0", "1", "1"]}
    second = {"rows": [0, 2], "multipliers": ["1", "1"]}
    proof = cells | {"circuits": [first, second]}
    assert by_hand("lower-lipschitz", "1/2", proof | {"tree": [0, -1, -1, -1]}, W, b=b).startswith("VALID")
    assert by_hand("lower-lipschitz", "1/2", proof | {"tree": [0, -1, 1, -1]}, W, b=b).startswith("INVALID")


def test_what_would_prove_too_much_is_refused() -> None:
    assert by_hand("lower-lipschitz", "1", CELLS | {"pairs": [0]}).startswith("INVALID")  # rows would count twice
    # a wall that pushes: x <= 1 would show that x is positive
    wall = {"A": [["1"]], "b": ["1"], "inside": ["0"]}
    pushed = {"rows": [0, 1], "multipliers": ["1", "-1"]}
    proof = CELLS | {"circuits": [pushed], "tree": [0, -1], "always": [0], "always_least": "1"}
    assert "wall is negative" in by_hand("lower-lipschitz", "1", proof, ((1,),), wall)
    # a zero row would be marked and not marked
    twice = [{"rows": [0], "multipliers": [v]} for v in ("1", "-1")]
    proof = CELLS | {"circuits": twice, "tree": [0, 1]}
    assert "row 0 is zero" in by_hand("lower-lipschitz", "100", proof, ((0,), (1,)))
    # two rows and a wall are no pair, though one of them is active: where 2x + 5y > 0, x > 0 or x + 5y > 0
    W = ((1, 0), (1, 5), (0, 1), (0, -1))
    wall = {"A": [["-2", "-5"]], "b": ["0"], "inside": ["1", "1"]}
    three = {"rows": [0, 1, 4], "multipliers": ["1", "1", "1"]}
    opposite = {"rows": [2, 3], "multipliers": ["1", "1"]}
    for proof in (PAIRS, CELLS | {"tree": [-1]}):
        proof = proof | {"circuits": [three, opposite], "pairs": [0, 1]}
        assert "is not a pair" in by_hand("lower-lipschitz", "1/2", proof, W, wall)


def test_semidefinite_matrices_of_long_numbers() -> None:
    semidefinite, large = stability_certificates._semidefinite, 2**100
    assert semidefinite([large, large, large], 2) and semidefinite([0, 0, 0], 2) and semidefinite([0, 0, 1], 2)
    for matrix in ([large, large + 1, large], [large, -large - 1, large], [0, 1, 1], [0, large, 0], [-1, 0, 1]):
        assert not semidefinite(matrix, 2)
    rng = np.random.default_rng(8)
    for n in (1, 2, 3, 6):
        for bits in (3, 40, 200):
            rows = [[int(v) << bits for v in rng.integers(-9, 10, n)] for _ in range(n)]
            rows[-1] = [
                sum(column[:-1]) for column in zip(*rows, strict=True)
            ]  # dependent: the Gram matrix is singular
            gram = [sum(a[i] * a[j] for a in rows) for i in range(n) for j in range(i, n)]
            diagonal = {sum(n - k for k in range(i)) for i in range(n)}
            assert semidefinite(gram, n)
            assert not semidefinite([v - (k in diagonal) for k, v in enumerate(gram)], n)


def altered(data: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    other = copy.deepcopy(data)
    change(other)
    return other


def circuits(data: dict[str, Any]) -> Any:
    return data["proof"]["circuits"]


def raise_bound(data: dict[str, Any]) -> None:
    data["bound"] = str(Fraction(data["bound"]) * Fraction(101, 100))


BRANCHED, PAIRED, SWITCHING = (
    data_of(bounds_of(name)[0]) for name in ("gaussian in a box", "pairs", "rows that never switch")
)
_LAST_BRANCH = max(k for k, c in enumerate(BRANCHED["proof"]["tree"]) if c >= 0)
_MANY = next(c for c, circuit in enumerate(circuits(SWITCHING)) if sum(i < 9 for i in circuit["rows"]) > 1)

TAMPERED: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], Any], str]] = {
    "a multiplier": (BRANCHED, lambda d: circuits(d)[0]["multipliers"].__setitem__(0, "1"), "do not sum to zero"),
    "all multipliers": (
        BRANCHED,
        lambda d: circuits(d)[0].update(multipliers=["0"] * len(circuits(d)[0]["rows"])),
        "all multipliers are zero",
    ),
    "a row": (BRANCHED, lambda d: circuits(d)[0]["rows"].__setitem__(0, 23), "do not"),
    "a row twice": (PAIRED, lambda d: circuits(d)[0].update(rows=[0, 0]), "do not match"),
    "no such row": (PAIRED, lambda d: circuits(d)[0]["rows"].__setitem__(0, 99), "no such row"),
    "a fraction": (PAIRED, lambda d: circuits(d)[0].update(multipliers=["1/2", "1"]), "not an integer"),
    "a leaf too early": (BRANCHED, lambda d: d["proof"]["tree"].__setitem__(0, -1), "node 0 is not closed"),
    "a node removed": (BRANCHED, lambda d: d["proof"]["tree"].pop(), "the tree ends early: 1 nodes"),
    "a node added": (BRANCHED, lambda d: d["proof"]["tree"].append(-1), "goes on after its last node"),
    "a leaf's code": (BRANCHED, lambda d: d["proof"]["tree"].__setitem__(-1, 10**6), "which is not there"),
    "a code that is no number": (BRANCHED, lambda d: d["proof"]["tree"].__setitem__(-1, True), "which is not there"),
    "the last branch": (BRANCHED, lambda d: d["proof"]["tree"].__setitem__(_LAST_BRANCH, -1), "is not closed"),
    "the bound": (BRANCHED, raise_bound, "is not closed"),
    "the bound by pairs": (PAIRED, raise_bound, "the pairs do not give the bound"),
    "a pair twice": (PAIRED, lambda d: d["proof"]["pairs"].append(0), "a row in common"),
    "a pair less": (PAIRED, lambda d: d["proof"]["pairs"].pop(), "the pairs do not give the bound"),
    "what never switches": (SWITCHING, lambda d: d["proof"].update(always=[]), "do not give what they are said to"),
    "how much that is": (SWITCHING, lambda d: d["proof"].update(always_least="99"), "do not give what"),
    "a negative amount": (SWITCHING, lambda d: d["proof"].update(always_least="-1"), "do not give what"),
    "a circuit of many for one": (
        SWITCHING,
        lambda d: d["proof"]["always"].append(_MANY),
        "does not show",
    ),
    "the claim": (BRANCHED, lambda d: d.update(claim="upper-lipschitz"), "circuit 0: the biases sum"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_an_altered_proof_is_refused_with_its_reason(name: str) -> None:
    data, change, reason = TAMPERED[name]
    assert text(data).startswith("VALID")
    found = text(altered(data, change), resealed=True)
    assert found.startswith("INVALID") and reason in found


def test_the_digest_ties_the_proof_to_its_statement() -> None:
    for change in (raise_bound, lambda d: d["layer"]["b"].__setitem__(0, "7"), lambda d: d.update(domain=None)):
        assert "digest differs" in text(altered(BRANCHED, change))


def test_the_bias_and_the_domain_matter() -> None:
    moved = altered(BRANCHED, lambda d: d["layer"].update(b=["-9"] * 24))
    assert text(moved, resealed=True).startswith("INVALID")
    assert text(altered(BRANCHED, lambda d: d.update(domain=None)), resealed=True).startswith("INVALID")


def test_an_opposite_row_needs_to_be_known() -> None:
    """A circuit with a negative multiplier, where that row is not marked yet."""
    data = data_of(lower_lipschitz(ReLULayer(GAUSSIAN), starts=0))
    signed = [c for c, circuit in enumerate(circuits(data)) if any(v.startswith("-") for v in circuit["multipliers"])]
    assert signed and text(data).startswith("VALID")
    data["proof"]["tree"][0] = signed[0]
    assert "needs a row that is not known to be marked" in text(data)


@pytest.mark.parametrize("source", [BRANCHED, PAIRED, SWITCHING])
def test_no_change_of_the_proof_proves_what_is_false(source: dict[str, Any]) -> None:
    """The bound is 1 % above the square of a ratio that is attained; the proof is altered at random."""
    rng = np.random.default_rng(7)
    names = {id(BRANCHED): "gaussian in a box", id(PAIRED): "pairs", id(SWITCHING): "rows that never switch"}
    attained = bounds_of(names[id(source)])[0].squared.hi
    for _ in range(150):
        data = copy.deepcopy(source) | {"bound": str(attained * Fraction(101, 100))}
        proof = data["proof"]
        for _ in range(int(rng.integers(1, 5))):
            circuit = proof["circuits"][rng.integers(len(proof["circuits"]))]
            match rng.integers(5):
                case 0 if "tree" in proof:
                    proof["tree"][rng.integers(len(proof["tree"]))] = int(rng.integers(-1, len(proof["circuits"])))
                case 1:
                    circuit["multipliers"][rng.integers(len(circuit["rows"]))] = str(rng.integers(-3, 4))
                case 2:
                    circuit["rows"][rng.integers(len(circuit["rows"]))] = int(rng.integers(0, 12))
                case 3:
                    proof["pairs"].append(int(rng.integers(len(proof["circuits"]))))
                case 4 if "always" in proof:
                    proof["always"].append(int(rng.integers(len(proof["circuits"]))))
        assert text(data, resealed=True).startswith("INVALID")


@pytest.mark.parametrize("name", ["gaussian", "gaussian in a box", "rows that never switch", "zero rows"])
def test_a_bound_that_is_false_cannot_be_certified(name: str) -> None:
    for result in bounds_of(name):
        evidence, sign = result.evidence, result.evidence.sign
        assert evidence.by_pairs is False
        false = evidence.cells * (1 + Fraction(sign, 50))
        bound = (false + evidence.always_least) / 2 if sign > 0 else false
        wrong = dataclasses.replace(result, evidence=dataclasses.replace(evidence, cells=false, bound=bound))
        with pytest.raises(ArithmeticError, match="please report"):
            certify(wrong)


def test_what_is_known_when_time_runs_out_is_certified() -> None:
    layer = ReLULayer(np.random.default_rng(6).standard_normal((50, 6)))
    for result in (lower_lipschitz(layer, time_limit=0.3, starts=0), upper_lipschitz(layer, time_limit=0.0)):
        end = result.squared.lo if result.evidence.sign > 0 else result.squared.hi
        if end:
            data = data_of(result)
            assert Fraction(data["bound"]) == end and text(data).startswith("VALID")
    nothing = lower_lipschitz(ReLULayer(GAUSSIAN), time_limit=0.0)
    with pytest.raises(InputError, match="no positive lower bound is proved"):
        nothing.certificate  # noqa: B018


def test_a_saved_certificate_is_found_by_the_checker(tmp_path: Path) -> None:
    result = lower_lipschitz(ReLULayer(EYES))
    assert result.certificate is result.certificate
    result.certificate.save(tmp_path / "proof.json")
    report = check_file(tmp_path / "proof.json")
    assert report.valid and report.layer is not None and report.layer["n"] == 3
    assert report.text == (
        "VALID: |f(x) - f(y)|^2 >= 1/2 |x - y|^2 for the layer of 6 neurons on R^3 (tree of 1 nodes, 3 circuits)"
    )


def test_the_numbers_shown_are_rounded_outwards() -> None:
    shown = stability_certificates._shown
    for value in (
        Fraction(2, 3),
        Fraction(10) ** 400 / 3,
        Fraction(1, 3 * 10**400),
        Fraction(99999999999999, 7 * 10**30),
    ):
        assert Fraction(shown(value, up=False)) <= value <= Fraction(shown(value, up=True))
        long = value + Fraction(1, 10**900)
        low, high = Fraction(shown(long, up=False)), Fraction(shown(long, up=True))
        assert low < long < high and high - low <= long / 10**10


def test_the_checker_stands_alone() -> None:
    source = Path(stability_certificates.__file__).read_text()
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert {name.split(".")[0] for name in imported - {"proofs_check.certificates"}} <= sys.stdlib_module_names
    code = "import sys, proofs_check.stability_certificates as s; sys.exit('relutheory' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
