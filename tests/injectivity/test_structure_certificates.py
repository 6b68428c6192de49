"""Certificates of general position and of pooled layers: valid for every decision, and refused where altered."""

from __future__ import annotations

import ast
import copy
import functools
import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from proofs_check import structure_certificates as checker
from proofs_check.certificates import check_file, check_text
from relutheory.cli import main
from relutheory.core.certificate import Certificate, digest
from relutheory.core.errors import InputError
from relutheory.injectivity import general_position
from relutheory.injectivity.general_position import alternating_moment_layer, in_general_position
from relutheory.injectivity.structured.pooled_trees import search_pairs
from relutheory.injectivity.structured.pooling import PooledLayer, PoolingResult, decide_pooling
from relutheory.networks import ReLULayer
from relutheory.theorems import get
from relutheory.theorems.inj_pooling import Pooled, pooled_collision

KEYS = {"format", "version", "claim", "digest", "proof"}
MIXED = ReLULayer([[1, 0], [1, 1], [-1, 0], [0, 1], [0, -1]])
SKEW = ReLULayer([[3, 1], [1, 2], [-1, 0], [0, 1], [0, -1], [1, 0], [-1, -1]], [0, 1, 0, 0, 0, -1, 1])


def text(data: dict[str, Any]) -> str:
    """What the checker says of a certificate whose digest is made anew, so that only the proof can be wrong."""
    statement = {key: value for key, value in data.items() if key not in KEYS}
    return check_text(json.dumps(data | {"digest": digest(statement)})).text


def body(result: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(result.certificate.body()))
    return data


def collides(result: PoolingResult) -> bool:
    """From the definitions of max, average and ReLU, over all choices of active or largest rows."""
    layer, pooled = result.pooled.layer, result.pooled
    kind = "max" if pooled.kind == "max" else "average"
    groups = [list(group) for group in pooled.groups]
    return pooled_collision(Pooled(layer.weight, layer.bias, groups, kind)) is not None


def random_pooled(rng: np.random.Generator, n: int) -> tuple[ReLULayer, list[list[int]]]:
    m = int(rng.integers(4, 6)) + (n - 1)
    W = rng.integers(-2, 3, size=(m, n))
    if rng.random() < 0.7:
        W[-2 * n :] = np.concatenate([np.eye(n, dtype=int), -np.eye(n, dtype=int)])
    b = rng.integers(-2, 3, size=m) * int(rng.integers(0, 2))
    return ReLULayer(W, b), [[0, 1]] if rng.random() < 0.6 else [[0, m - 1], [1, 2]]


@pytest.mark.parametrize("kind", ["max", "average"])
def test_every_decision_has_a_valid_certificate_of_the_true_claim(kind: str) -> None:
    rng = np.random.default_rng([1, kind == "max"])
    seen = set()
    for trial in range(26):
        layer, groups = random_pooled(rng, 1 + trial % 2)
        result = decide_pooling(layer, groups, kind)
        said = check_text(result.certificate.to_json()).text
        claim = "not injective" if collides(result) else "injective"
        assert said.startswith("VALID: ") and f"groups is {claim} (" in said, (layer.W.tolist(), groups, said)
        seen.add((result.method, result.proved))
    assert {
        ("parallel groups", True),
        ("parallel groups", False),
        ("rows outside of the other groups", True),
        ("layer before pooling", False),
        ("small points", False),
        ("pairs of cells", True),
    } <= seen


DECIDED: dict[str, Callable[[], PoolingResult]] = {
    "hidden": lambda: decide_pooling(ReLULayer([[1], [2], [0], [-1]], [-3, -2, 4, 2]), [[0, 1, 2]], "max"),
    "just seen": lambda: decide_pooling(ReLULayer([[1], [2], [0], [-1]], [-3, -2, 4, 3]), [[0, 1, 2]], "max"),
    "constants averaged": lambda: decide_pooling(
        ReLULayer([[1], [2], [0], [-1]], [-3, -2, 4, 2]), [[0, 1, 2]], "average"
    ),
    "cubes": lambda: decide_pooling(ReLULayer([[1], [2], [-1]], [-3, -2, 1]), [[0, 1]], "lp", p=3),
    "cubes, a gap": lambda: decide_pooling(ReLULayer([[1], [2], [-1]], [-3, -2, "1/2"]), [[0, 1]], "lp", p=3),
    "|x|": lambda: decide_pooling(ReLULayer([[1], [-1]]), [[0, 1]], "max"),
    "|x|, a large power": lambda: decide_pooling(ReLULayer([[1], [-1]]), [[0, 1]], "lp", p=10**9),
    "no neurons": lambda: decide_pooling(ReLULayer(np.zeros((0, 2))), [], "max"),
    "constants only": lambda: decide_pooling(ReLULayer([[0], [0]], [1, 2]), [[0, 1]], "average"),
    "sums are averages": lambda: decide_pooling(SKEW, [[0, 1]], "lp", p=1),
    "rational rows": lambda: decide_pooling(
        ReLULayer([["1/3", "1/7"], [1, "2/9"], [-1, 0], [0, "3/5"], [0, -1], [1, 0]], ["1/2", 0, "1/3", 0, 0, 0]),
        [[0, 1]],
    ),
    "two groups": lambda: decide_pooling(SKEW, [[0, 1], [5, 6]], "max"),
    "tiny and huge rows": lambda: decide_pooling(
        ReLULayer(SKEW.W * 10.0 ** np.linspace(-300, 300, 7)[:, None], SKEW.b), [[0, 1]], "max"
    ),
    "three inputs": lambda: decide_pooling(
        ReLULayer(np.vstack([np.eye(3), -np.eye(3), [[1, 1, 1]]])), [[0, 6]], "average"
    ),
}


@pytest.mark.parametrize("name", DECIDED)
def test_certificates_are_valid_also_at_the_edges(name: str, tmp_path: Path) -> None:
    result = DECIDED[name]()
    assert result.proved or result.refuted
    result.certificate.save(tmp_path / "pooled.json")
    report = check_file(tmp_path / "pooled.json")
    assert report.valid and ("not injective" in report.text) == result.refuted
    layer = result.pooled.layer
    if (result.pooled.kind != "lp" or result.pooled.p == 1) and layer.m and layer.n < 3:
        assert collides(result) == result.refuted


def test_the_cases_of_the_catalogue_are_certified() -> None:
    for theorem in (get("inj.pooling"), get("inj.pooling-argmax")):
        for case in theorem.cases:
            given = case.instance
            result = decide_pooling(ReLULayer(given.weight, given.bias), given.groups, given.kind)
            said = check_text(result.certificate.to_json()).text
            assert said.startswith("VALID") and ("not injective" in said) == (pooled_collision(given) is not None)


def test_the_command_checks_them_and_compares_the_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decide_pooling(SKEW, [[0, 1]]).certificate.save(tmp_path / "pooled.json")
    np.savez(tmp_path / "layer.npz", W1=SKEW.W, b1=SKEW.b, relu_output=True)
    np.savez(tmp_path / "other.npz", W1=MIXED.W, b1=MIXED.b, relu_output=True)
    for arguments, code, words in (
        ([], 0, "VALID: the layer of 7 neurons on R^2 with max pooling over 6 groups is injective"),
        (["--layer-of", str(tmp_path / "layer.npz")], 0, "VALID"),
        (["--layer-of", str(tmp_path / "other.npz")], 1, "INVALID: the proof is about another layer"),
    ):
        assert main(["check", str(tmp_path / "pooled.json"), *arguments]) == code
        assert capsys.readouterr().out.startswith(words)


def leaf(data: dict[str, Any]) -> dict[str, Any]:
    """The first leaf that uses inequalities of both sorts."""
    nodes = itertools.chain.from_iterable(data["proof"]["trees"])
    found: dict[str, Any] = next(node for node in nodes if node.get("outputs") and node.get("choices"))
    return found


def strict_leaf(data: dict[str, Any]) -> dict[str, Any]:
    """The first leaf that uses the difference of the points."""
    nodes = itertools.chain.from_iterable(data["proof"]["trees"])
    found: dict[str, Any] = next(node for node in nodes if node.get("differ", "0") != "0")
    return found


@functools.cache
def skew_text() -> str:
    return decide_pooling(SKEW, [[0, 1]], "max").certificate.to_json()


def skew() -> dict[str, Any]:
    """A certificate by trees, to be altered."""
    data: dict[str, Any] = json.loads(skew_text())
    return data


TREES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a bias": (lambda d: d["layer"]["b"].__setitem__(0, "-9"), "INVALID: leaf"),
    "groups": (lambda d: d["groups"].__setitem__(0, [0, 2]) or d["groups"].__setitem__(1, [1]), "INVALID"),
    "a row twice": (lambda d: d["groups"][0].append(0), "exactly one group"),
    "an empty group": (lambda d: d["groups"].append([]), "no group may be empty"),
    "a row too many": (lambda d: d["groups"].append([99]), "there is no row 99"),
    "another pooling": (lambda d: d.update(kind="average"), "INVALID"),
    "no pooling": (lambda d: d.update(kind="min"), "unknown pooling 'min'"),
    "squares": (lambda d: d.update(kind="lp", p=2), "trees do not apply"),
    "p": (lambda d: d.update(p=True), "p must be a positive integer"),
    "a domain": (lambda d: d.update(domain={"A": [], "b": [], "inside": ["0", "0"]}), "the domain must be null"),
    "more to say": (lambda d: d.update(note="x"), "or says more"),
    "less to say": (lambda d: d.pop("p"), "does not say"),
    "the opposite": (lambda d: d.update(claim="pooling-not-injective"), "malformed"),
    "a layer's claim": (lambda d: d.update(claim="injective"), "INVALID"),
    "another method": (lambda d: d["proof"].update(by="magic"), "unknown proof by 'magic'"),
    "a tree less": (lambda d: d["proof"]["trees"].pop(), "there must be 2 trees"),
    "a node less": (lambda d: d["proof"]["trees"][1].pop(), "tree 1 ends early: 1 nodes are missing"),
    "a node more": (lambda d: d["proof"]["trees"][0].append({}), "tree 0 goes on after its last node"),
    "no tree": (lambda d: d["proof"]["trees"].__setitem__(0, []), "tree 0 ends early"),
    "trees swapped": (lambda d: d["proof"]["trees"].reverse(), "do not add up to a constant"),
    "a branch twice": (
        lambda d: d["proof"]["trees"][0].insert(1, d["proof"]["trees"][0][0]),
        "what is the largest there is known already",
    ),
    "a third point": (lambda d: d["proof"]["trees"][0][0]["branch"].__setitem__(0, "z"), "neither x nor y"),
    "no such unit": (lambda d: d["proof"]["trees"][0][0]["branch"].__setitem__(1, 99), "there is no unit 99"),
    "the wrong unit": (lambda d: d["proof"]["trees"][0][0]["branch"].__setitem__(1, 5), "INVALID"),
    "a negative multiplier": (lambda d: leaf(d)["outputs"][0].__setitem__(0, "-1"), "a multiplier is negative"),
    "another multiplier": (lambda d: leaf(d)["choices"][0].__setitem__(0, "7/5"), "do not add up to a constant"),
    "the difference": (lambda d: leaf(d).update(differ="-1"), "a multiplier is negative"),
    "the difference left out": (lambda d: strict_leaf(d).update(differ="0"), "INVALID: leaf"),
    "an unknown maximum": (lambda d: leaf(d)["choices"][0].__setitem__(2, 5), "no branch says"),
    "an unknown output": (lambda d: leaf(d)["outputs"][0].__setitem__(2, 5), "INVALID: leaf"),
    "no such function": (lambda d: leaf(d)["choices"][0].__setitem__(3, 9), "there is no function 9"),
    "no such group": (lambda d: leaf(d)["outputs"][0].__setitem__(2, -1), "there is no group -1"),
    "a number": (lambda d: leaf(d).update(differ=1), "is not a number p or p/q"),
    "nothing added up": (lambda d: leaf(d).update(differ="0", choices=[], outputs=[]), "no contradiction"),
}


@pytest.mark.parametrize("name", TREES)
def test_altered_trees_are_refused_with_their_reason(name: str) -> None:
    data = skew()
    assert data["proof"]["by"] == "trees" and text(data).startswith("VALID")
    change, reason = TREES[name]
    change(data)
    said = text(data)
    assert said.startswith("INVALID") and reason in said and "\n" not in said


def test_every_inequality_of_a_leaf_is_needed() -> None:
    data = skew()
    for t, tree in enumerate(data["proof"]["trees"]):
        for k, node in enumerate(tree):
            for sort in ("choices", "outputs"):
                for j in range(len(node.get(sort, []))):
                    other = copy.deepcopy(data)
                    other["proof"]["trees"][t][k][sort].pop(j)
                    assert text(other).startswith("INVALID")


def test_the_statement_is_sealed() -> None:
    data = skew()
    data["groups"] = [[0], [1], [2], [3], [4], [5], [6]]
    assert (
        check_text(json.dumps(data)).text == "INVALID: the statement is not the one that was certified (digest differs)"
    )


def test_no_tree_proves_a_false_claim() -> None:
    """Trees of injective layers, put under layers of the same shape that are not, are refused."""
    rng = np.random.default_rng(3)
    trees, broken = [], []
    while len(trees) < 2 or len(broken) < 8:
        layer = ReLULayer(np.vstack([rng.integers(-2, 3, (2, 2)), MIXED.W[2:], rng.integers(-2, 3, (1, 2))]))
        result = decide_pooling(layer, [[0, 1]], "max")
        data = body(result)
        if result.method == "pairs of cells" and result.proved:
            trees.append(data["proof"])
        elif result.refuted:
            assert collides(result)
            broken.append(data)
    for data, proof in itertools.product(broken, trees):
        assert text(data | {"claim": "pooling-injective", "proof": proof}).startswith("INVALID")
    for data in broken:
        layer = ReLULayer(data["layer"]["W"], data["layer"]["b"])
        pooled = PooledLayer(layer, data["groups"], "max")
        outcome = search_pairs(pooled, None, None)
        assert outcome.collision is not None and not outcome.complete and not outcome.trees
        x, y = outcome.collision.x, outcome.collision.y
        assert x != y and pooled.forward_exact(x) == pooled.forward_exact(y)


def test_altered_collisions_are_refused() -> None:
    data = body(decide_pooling(ReLULayer([[1], [-1], [0]], [0, 0, 1]), [[0, 1]], "lp", p=2))
    assert text(data).startswith("VALID: the layer of 3 neurons on R^1 with l^2 pooling over 2 groups is not injective")
    x, y = data["proof"]["x"], data["proof"]["y"]
    for proof, reason in (
        ({"x": x, "y": x}, "the two points are the same"),
        ({"x": x, "y": ["5"]}, "group 0 tells the two points apart"),
        ({"x": x, "y": [*y, "0"]}, "the points must have 1 coordinates"),
        ({"x": x}, "malformed"),
    ):
        assert reason in text(data | {"proof": proof})
    assert "too large" in text(data | {"p": 10**8, "proof": {"x": ["1/3"], "y": ["5"]}})


def test_altered_representatives_are_refused() -> None:
    layer = ReLULayer([[1], [2], [0], [-1]], [-3, -2, 4, 3])
    data = body(decide_pooling(layer, [[0, 1, 2]], "max"))
    assert data["proof"]["by"] == "representatives" and "parallel groups" in text(data)

    def altered(change: Callable[[dict[str, Any]], Any]) -> str:
        other = copy.deepcopy(data)
        change(other)
        return text(other)

    def inside(change: Callable[[dict[str, Any]], Any]) -> str:
        def edit(other: dict[str, Any]) -> None:
            change(other["proof"]["layer"])
            nested = other["proof"]["layer"]
            nested["digest"] = digest({"layer": nested["layer"], "domain": nested["domain"]})

        return altered(edit)

    # 2 t - 2 exceeds the constant from t = 3 on; without the constant it would from t = 1 on
    assert "row 0 of the layer inside stands for no group" in altered(lambda d: d["layer"]["b"].__setitem__(2, "0"))
    assert altered(lambda d: d["layer"]["b"].__setitem__(2, "5")).startswith("INVALID")
    assert "stands for no group" in inside(lambda d: d["layer"]["b"].__setitem__(0, "-2"))
    assert "stands for no group" in altered(lambda d: d.update(kind="average"))
    assert "stands for no group" in altered(lambda d: d["layer"]["W"].__setitem__(1, ["-2"]))
    assert "the certificate inside is wrong" in inside(lambda d: d["proof"].update(forced=[]))
    assert "does not claim that a layer is injective" in inside(lambda d: d.update(claim="not-injective"))
    assert "does not claim that a layer is injective" in inside(lambda d: d.update(claim="pooling-injective"))
    assert "has 2 inputs, not 1" in inside(
        lambda d: d.update(layer={"n": 2, "W": [["1", "0"], ["-1", "0"]], "b": ["0", "0"]})
    )
    assert "malformed" in altered(lambda d: d["proof"].pop("layer"))


def test_where_nothing_is_decided_there_is_no_certificate() -> None:
    for result in (
        decide_pooling(SKEW, [[0, 1]], pair_limit=0),
        decide_pooling(SKEW, [[0, 1]], pair_limit=5),
        decide_pooling(SKEW, [[0, 1]], time_limit=0),
        decide_pooling(SKEW, [[0, 1]], "lp"),
    ):
        assert not result.proved and not result.refuted and result.pairs <= 5
        with pytest.raises(InputError, match=r"^certificate: the pooled layer is undecided, nothing is proved$"):
            _ = result.certificate


# General position


def rank(rows: list[list[Any]]) -> int:
    entries = [[Fraction(v) for v in row] for row in rows]
    return int(fmpq_mat([[fmpq(v.numerator, v.denominator) for v in row] for row in entries]).rank()) if rows else 0


def by_minors(W: list[list[Any]], n: int) -> bool:
    size = min(len(W), n)
    return all(rank([W[i] for i in rows]) == size for rows in itertools.combinations(range(len(W)), size))


@pytest.mark.parametrize("primes", [(2**61 - 1, None), (2, 5, None)])
def test_general_position_is_certified_as_all_minors_say(primes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "_PRIMES", primes)
    outcomes = []
    for k in range(150):
        rng = np.random.default_rng([5, k])
        n, m, most = int(rng.integers(1, 6)), int(rng.integers(0, 9)), int(rng.choice([2, 30, 3000]))
        W = rng.integers(-most, most + 1, (m, n)).tolist()
        found = in_general_position(W if m else np.zeros((0, n)))
        data = body(found)
        holds = by_minors(W, n)
        words = f"the {m} rows in R^{n} are {'in' if holds else 'not in'} general position"
        assert text(data).startswith(f"VALID: {words}")
        said = text(data | {"claim": "general-position", "proof": {}})
        assert said.startswith("VALID") == holds, "the checker goes through the subsets itself"
        if not holds:
            rows = [int(i) for i in said.removeprefix("INVALID: the rows ").removesuffix(" are dependent").split(", ")]
            assert rank([W[i] for i in rows]) < len(set(rows)) == len(rows) <= min(m, n)
        outcomes.append(holds)
    assert 30 < sum(outcomes) < 130


def test_general_position_of_numbers_of_all_sizes(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    near = [[1.0, 2.0], [0.5, float(np.nextafter(1.0, 2.0))], [3.0, 1.0]]
    for W, holds in (
        (near, True),
        ([["1/3", "1/7"], ["7/3", 1]], False),
        ([[1e300, 1e-300], [1e-300, 1e300], [1, 2**-1000], [2**1000, 1]], False),
        (alternating_moment_layer(5), True),
        (rng.integers(-9, 10, (43, 40)), True),
        (rng.standard_normal((40, 3)), True),
        (np.eye(30), True),
        (ReLULayer(near, [1, 2, 3]), True),
    ):
        found = in_general_position(W)
        assert found.proved == holds
        found.certificate.save(tmp_path / "rows.json")
        report = check_file(tmp_path / "rows.json")
        assert report.valid and ("are in general position" in report.text) == holds
        assert report.layer is not None and report.layer["n"] == np.shape(W.W if isinstance(W, ReLULayer) else W)[1]


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        ({"rows": [0, 2], "multipliers": ["1", "1"]}, "the rows do not sum to zero in coordinate 0"),
        ({"rows": [0, 2], "multipliers": ["0", "0"]}, "all multipliers are zero"),
        ({"rows": [0, 0], "multipliers": ["1", "-1"]}, "rows and multipliers do not match"),
        ({"rows": [0, 2], "multipliers": ["1"]}, "rows and multipliers do not match"),
        ({"rows": [0, 1, 2], "multipliers": ["2", "0", "-1"]}, "more than 2 rows"),
        ({"rows": [0, -1], "multipliers": ["2", "-1"]}, "there is no row -1"),
        ({"rows": [0, 3], "multipliers": ["2", "-1"]}, "there is no row 3"),
        ({"rows": [0, 2], "multipliers": [2, -1]}, "is not a number"),
        ({}, "malformed"),
    ],
)
def test_altered_dependencies_are_refused(proof: dict[str, Any], reason: str) -> None:
    data = body(in_general_position([[1, 0], [0, 1], [2, 0]]))
    assert text(data).startswith("VALID")
    assert text(data | {"proof": proof}).startswith("INVALID") and reason in text(data | {"proof": proof})


def test_rows_in_general_position_are_not_called_dependent() -> None:
    data = body(in_general_position(alternating_moment_layer(3)))
    for rows in itertools.combinations(range(8), 3):
        for multipliers in itertools.product(("-1", "1", "2"), repeat=3):
            proof = {"rows": list(rows), "multipliers": list(multipliers)}
            assert text(data | {"claim": "not-general-position", "proof": proof}).startswith("INVALID")


def test_what_is_too_much_to_check_is_refused_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    found = in_general_position(np.random.default_rng(7).standard_normal((30, 4)))
    data = body(found)
    assert all(checker.steps(m, n) > checker.MOST_STEPS for m, n in ((60, 12), (10**5, 10**5), (10**9, 3)))
    monkeypatch.setattr(checker, "MOST_STEPS", 1000)
    assert text(data) == "INVALID: 30 rows in R^4 have too many subsets, or are too long, for this checker"
    again = in_general_position(found.layer)
    with pytest.raises(InputError, match=r"^certificate: 30 rows in R\^4 have too many subsets to be checked again$"):
        _ = again.certificate
    monkeypatch.setattr(general_position, "_BLOCK", 1)
    undecided = in_general_position(np.random.default_rng(8).standard_normal((40, 8)), time_limit=0)
    with pytest.raises(InputError, match=r"^certificate: general position is undecided, nothing is proved"):
        _ = undecided.certificate


def test_inputs_without_rows_cost_nothing() -> None:
    layer = {"n": 10**12, "W": [], "b": []}
    statement = {"layer": layer, "groups": [], "kind": "max", "p": 2, "domain": None}
    for trees in ([], [[{"differ": "1", "choices": [], "outputs": []}]]):
        said = check_text(Certificate("pooling-injective", statement, {"by": "trees", "trees": trees}).to_json()).text
        assert said == f"INVALID: there must be {10**12} trees, one for each coordinate"
    said = check_text(Certificate("pooling-not-injective", statement, {"x": ["0"], "y": ["1"]}).to_json()).text
    assert said == f"INVALID: the points must have {10**12} coordinates"


def test_a_layer_that_does_not_fit_is_refused() -> None:
    for layer in (
        {"n": 2, "W": [["1"]], "b": ["0"]},
        {"n": 0, "W": [], "b": []},
        {"n": True, "W": [["1"]], "b": ["0"]},
    ):
        statement = {"layer": layer, "domain": None}
        said = check_text(Certificate("general-position", statement, {}).to_json()).text
        assert said == "INVALID: the rows of the layer must have n numbers each, n at least 1"


def test_the_checker_stands_alone() -> None:
    tree = ast.parse(Path(checker.__file__).read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported - sys.stdlib_module_names == {"proofs_check.certificates"}
    code = "import sys, proofs_check.structure_certificates; sys.exit(bool({'relutheory', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
