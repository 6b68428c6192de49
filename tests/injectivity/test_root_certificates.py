"""Certificates of layers with square roots in their biases: valid for every decision, and refused where altered."""

from __future__ import annotations

import ast
import copy
import json
import math
import sys
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest

from proofs_check import root_certificates as checker
from proofs_check.certificates import check_file, check_text
from relutheory.core.certificate import digest
from relutheory.core.errors import InputError
from relutheory.injectivity.structured import BracketResult, decide_batch_norm, decide_weight_norm
from relutheory.networks import ReLULayer

KEYS = {"format", "version", "claim", "digest", "proof"}
LINE = [[1], [-1]]
CROSS = [[1, 1], [-1, -1], [1, 0], [-1, 0]]


def text(data: dict[str, Any]) -> str:
    """What the checker says of a certificate whose digest is made anew, so that only the proof can be wrong."""
    statement = {key: value for key, value in data.items() if key not in KEYS}
    return check_text(json.dumps(data | {"digest": digest(statement)})).text


def body(result: BracketResult) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(result.certificate.body()))
    return data


def on_a_line(a: int, b: int) -> BracketResult:
    """Rows x + sqrt(a) and -x - sqrt(b): injective if and only if a >= b."""
    return decide_batch_norm(ReLULayer(LINE), [1, 5], [1, -5], [0, 0], [a, b], eps=0)


def test_signs_of_numbers_with_a_root() -> None:
    rng = np.random.default_rng(0)
    with localcontext() as context:
        context.prec = 60
        for _ in range(400):
            a, q = (Fraction(int(rng.integers(-9, 10)), int(rng.integers(1, 5))) for _ in range(2))
            r = Fraction(int(rng.integers(0, 10)), int(rng.integers(1, 5)))
            value = (
                Decimal(a.numerator) / a.denominator
                + Decimal(q.numerator) / q.denominator * (Decimal(r.numerator) / r.denominator).sqrt()
            )
            assert checker.sign(a, q, r) == (0 if abs(value) < Decimal("1e-50") else int(math.copysign(1, value)))
    for s in (Fraction(3, 7), Fraction(0), Fraction(5)):
        assert [checker.sign(v - 2 * s, Fraction(2), s * s) for v in (-1, 0, 1)] == [-1, 0, 1]
        assert [checker.sign(v + 2 * s, Fraction(-2), s * s) for v in (-1, 0, 1)] == [-1, 0, 1]


@pytest.mark.parametrize(
    ("a", "b"), [(6, 6), (7, 6), (6, 7), (60002, 60000), (2 * 10**100 + 1, 2 * 10**100), (2 * 10**100, 2 * 10**100 + 1)]
)
def test_the_comparison_of_two_roots_is_certified(a: int, b: int, tmp_path: Path) -> None:
    result = on_a_line(a, b)
    result.certificate.save(tmp_path / "roots.json")
    report = check_file(tmp_path / "roots.json")
    assert report.valid and report.layer is None
    assert ("is injective (by " in report.text) == (a >= b)
    assert ("one root" in report.text) == (a == b)


def test_batch_norm_with_rational_roots_is_certified_as_the_definition_says() -> None:
    rng = np.random.default_rng(1)
    answers = set()
    for _ in range(30):
        n = int(rng.integers(1, 3))
        W = rng.integers(-2, 3, size=(2 * n + 1, n))
        W[n : 2 * n] = -W[:n]
        layer = ReLULayer(W, rng.integers(-1, 3, size=len(W)))
        gamma, deviation = rng.integers(1, 3, size=layer.m), rng.integers(1, 4, size=layer.m)
        beta, mean = rng.integers(-2, 3, size=(2, layer.m))
        data = body(decide_batch_norm(layer, gamma, beta, mean, deviation**2, eps=0))
        scale = [Fraction(int(g), int(s)) for g, s in zip(gamma, deviation, strict=True)]
        rows = [[f * v for v in layer.weight.row(i)] for i, f in enumerate(scale)]
        bias = [f * (b - int(u)) + int(v) for f, b, u, v in zip(scale, layer.bias.fractions(), mean, beta, strict=True)]
        injective = oracle.injective_by_cells(rows, bias)
        said = text(data)
        assert said.startswith("VALID") and ("is injective" in said) == injective
        answers.add(injective)
    assert answers == {True, False}


def test_weight_norm_and_its_ties_are_certified() -> None:
    for bias, gain, words in (
        ([-1, "3/2", 0, 0], 1, "by smaller biases"),
        ([-1, 1, 0, 0], 1, "by one root"),
        ([-1, "9/10", 0, 0], 1, "is not injective"),
        ([0, 0, 0, 0], [1, 2, 3, 4], "by smaller biases"),
        ([0, 0, 0, 0], [1, 0, 3, 4], "is not injective"),
    ):
        said = text(body(decide_weight_norm(ReLULayer(CROSS, bias), gain)))
        assert said.startswith("VALID") and words in said
    # both kinks at 1 - sqrt(2): measured from 1, and a constant neuron that says nothing
    tie = decide_batch_norm(ReLULayer([*LINE, [0]]), [1, 1, 1], [1, -1, 1], [1, -1, 0], [2, 2, 3], eps=0)
    data = body(tie)
    assert data["proof"]["by"] == "one root" and data["proof"]["shift"] == ["1"] and text(data).startswith("VALID")
    assert decide_batch_norm(ReLULayer(np.zeros((0, 2))), [], [], [], []).certificate.claim.startswith("not-")


ALTERED: dict[str, tuple[Callable[[], BracketResult], Callable[[dict[str, Any]], Any], str]] = {
    "a smaller bias": (lambda: on_a_line(7, 6), lambda d: d["rows"]["r"].__setitem__(0, "5"), "is larger"),
    "weights": (lambda: on_a_line(7, 6), lambda d: d["rows"]["W"].__setitem__(0, ["2"]), "other weights"),
    "a negative root": (lambda: on_a_line(7, 6), lambda d: d["rows"]["r"].__setitem__(0, "-5"), "negative number"),
    "no p": (lambda: on_a_line(7, 6), lambda d: d["rows"].pop("p"), "rows are given by"),
    "a p less": (lambda: on_a_line(7, 6), lambda d: d["rows"]["p"].pop(), "one number for each row"),
    "a layer too": (lambda: on_a_line(7, 6), lambda d: d.update(layer=d["proof"]["layer"]["layer"]), "in place of"),
    "a domain": (lambda: on_a_line(7, 6), lambda d: d.update(domain=d["rows"]), "the domain must be null"),
    "more to say": (lambda: on_a_line(7, 6), lambda d: d.update(note=1), "nothing else"),
    "n": (lambda: on_a_line(7, 6), lambda d: d["rows"].update(n=True), "n at least 1"),
    "another proof": (lambda: on_a_line(7, 6), lambda d: d["proof"].update(by="magic"), "unknown proof by 'magic'"),
    "the opposite": (lambda: on_a_line(7, 6), lambda d: d.update(claim="not-injective-with-roots"), "malformed"),
    "inside": (lambda: on_a_line(7, 6), lambda d: d["proof"]["layer"]["proof"].update(forced=[]), "inside is wrong"),
    "what is inside": (lambda: on_a_line(7, 6), lambda d: d["proof"]["layer"].update(claim="x"), "does not claim"),
    "equal points": (lambda: on_a_line(6, 7), lambda d: d["proof"].update(x=d["proof"]["y"]), "are the same"),
    "another point": (lambda: on_a_line(6, 7), lambda d: d["proof"].update(x=["99"]), "neuron 0 tells"),
    "a long point": (lambda: on_a_line(6, 7), lambda d: d["proof"]["x"].append("0"), "must have 1 coordinates"),
    "the root": (lambda: on_a_line(6, 6), lambda d: d["proof"].update(root="24"), "times sqrt"),
    "a root below zero": (lambda: on_a_line(6, 6), lambda d: d["proof"].update(root="-6"), "d must be positive"),
    "the shift": (lambda: on_a_line(6, 6), lambda d: d["proof"].update(shift=["1"]), "the shift does not take"),
    "a sign": (lambda: on_a_line(6, 6), lambda d: d["rows"]["q"].__setitem__(0, "-1"), "times sqrt"),
    "one root less": (lambda: on_a_line(6, 6), lambda d: d["rows"]["r"].__setitem__(0, "5"), "times sqrt"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_altered_certificates_are_refused_with_their_reason(name: str) -> None:
    made, change, reason = ALTERED[name]
    data = body(made())
    assert text(data).startswith("VALID")
    other = copy.deepcopy(data)
    change(other)
    said = text(other)
    assert said.startswith("INVALID") and reason in said and "\n" not in said
    assert "digest differs" in check_text(json.dumps(data | {"rows": {}})).text


def test_a_proof_for_larger_roots_proves_nothing_for_smaller_ones() -> None:
    proof = body(on_a_line(7, 6))["proof"]
    for a, b in ((6, 7), (1, 2), (99, 100)):
        data = body(on_a_line(a, b))
        assert data["claim"] == "not-injective-with-roots"
        assert text(data | {"claim": "injective-with-roots", "proof": proof}).startswith("INVALID")


def test_undecided_layers_have_no_certificate_and_the_checker_stands_alone() -> None:
    result = decide_batch_norm(ReLULayer([*LINE, [1]]), [1] * 3, [1, -1, 0], [1, -1, 5], [2] * 3, eps=0)
    with pytest.raises(InputError, match=r"^certificate: the layer is undecided, nothing is proved"):
        _ = result.certificate
    tree = ast.parse(Path(checker.__file__).read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported - sys.stdlib_module_names == {"proofs_check.certificates"}
