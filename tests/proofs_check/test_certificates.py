"""Certificates: the checker accepts what the search proves, and names the reason for everything else."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proofs_check import certificates
from proofs_check.certificates import check_file, check_text
from relutheory.core.certificate import digest
from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron
from relutheory.injectivity import decide_injectivity
from relutheory.networks import ReLULayer

GAUSSIAN = np.random.default_rng(0).standard_normal((24, 4))
SQUARE = np.random.default_rng(1).integers(-3, 4, (4, 4)).astype(float) + 4 * np.eye(4)
PAIRED = np.vstack([SQUARE, -2 * SQUARE])
FORCED = np.vstack([SQUARE[:2], -SQUARE[:2], np.random.default_rng(2).integers(-4, 5, (16, 4))])


def certified(layer: ReLULayer, domain: Polyhedron | None = None) -> dict[str, Any]:
    result = decide_injectivity(layer, domain=domain)
    return json.loads(result.certificate.to_json())


def text(data: dict[str, Any], *, resealed: bool = False) -> str:
    """What the checker says; `resealed` gives the altered statement its own digest, so that only the proof is wrong."""
    if resealed:
        data = data | {"digest": digest({"layer": data["layer"], "domain": data["domain"]})}
    return check_text(json.dumps(data)).text


LAYERS = {
    "gaussian": (ReLULayer(GAUSSIAN), None),
    "biased": (ReLULayer([[1], [-1]], [-1, 2]), None),
    "pairs": (ReLULayer(PAIRED), None),
    "pairs and generic rows": (ReLULayer(FORCED), None),
    "rational": (ReLULayer([["1/3", 0], ["-1/7", 0], [0, "5/9"], [0, -1]], ["1/2", 0, 1, "-1/3"]), None),
    "in a box": (ReLULayer(np.vstack([np.eye(2), GAUSSIAN[:6, :2]])), Box([0, 0], [1, 1])),
    "tiny and huge rows": (ReLULayer(GAUSSIAN * 10.0 ** np.linspace(-300, 300, 24)[:, None]), None),
    "half-space": (ReLULayer(np.eye(3)), None),
    "no rows": (ReLULayer(np.zeros((0, 2))), None),
    "rank": (ReLULayer([[1, 1], [-1, -1], [2, 2], [-3, -3], [1, 1]]), None),
    "orthant": (ReLULayer(np.eye(3)), Box(0, float("inf"), 3)),
    "line": (ReLULayer([[2]], [1]), Box([-1], [1])),
    "polyhedron": (ReLULayer(GAUSSIAN[:7]), Polyhedron([[1, 1, 0, 0], [0, 0, 0, 0], [-1, 0, 2, 0]], [1, 0, 1])),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_decision_has_a_certificate_that_the_checker_accepts(name: str, tmp_path: Path) -> None:
    layer, domain = LAYERS[name]
    result = decide_injectivity(layer, domain=domain)
    path = tmp_path / "proof.json"
    result.certificate.save(path)
    report = check_file(path)
    assert report.valid, report.text
    assert report.text.startswith("VALID: ")
    assert ("not injective" in report.text) == result.refuted
    assert list(tmp_path.iterdir()) == [path]


def test_a_large_certificate_is_compressed_and_still_json(tmp_path: Path) -> None:
    weight = np.random.default_rng(0).standard_normal((48, 8)) * 10.0 ** np.linspace(-250, 250, 48)[:, None]
    result = decide_injectivity(ReLULayer(weight))
    path = tmp_path / "proof.json"
    result.certificate.save(path)
    assert set(json.loads(path.read_text())) == {"format", "version", "compressed"}
    assert check_file(path).valid


def _raise_multiplier(data: dict[str, Any]) -> None:
    circuit = data["proof"]["circuits"][0]
    circuit["multipliers"][0] = str(int(circuit["multipliers"][0]) + 1)


def _negate_multipliers(data: dict[str, Any]) -> None:
    circuit = data["proof"]["circuits"][0]
    circuit["multipliers"] = [str(-int(v)) for v in circuit["multipliers"]]


def _zero_multipliers(data: dict[str, Any]) -> None:
    circuit = data["proof"]["circuits"][0]
    circuit["multipliers"] = ["0"] * len(circuit["multipliers"])


def _drop_leaf(data: dict[str, Any]) -> None:
    tree = data["proof"]["tree"]
    position = last = 0
    while position < len(tree):
        last, position = position, position + 1 + max(tree[position], 1)
    del tree[last:]


def _extra_leaf(data: dict[str, Any]) -> None:
    data["proof"]["tree"] += [1, 0]


def _empty_tree(data: dict[str, Any]) -> None:
    data["proof"]["tree"] = []


def _drop_packed_circuit(data: dict[str, Any]) -> None:
    tree = data["proof"]["tree"]
    position = 0
    while tree[position] < 2:
        position += 1 + max(tree[position], 1)
    tree[position] -= 1
    del tree[position + 1]


def _unknown_circuit(data: dict[str, Any]) -> None:
    data["proof"]["tree"][1] = 10**6


def _repeat_row(data: dict[str, Any]) -> None:
    rows = data["proof"]["circuits"][0]["rows"]
    rows[1] = rows[0]


def _change_weight(data: dict[str, Any]) -> None:
    row = data["proof"]["circuits"][0]["rows"][0]
    data["layer"]["W"][row][0] = str(Fraction(data["layer"]["W"][row][0]) + Fraction(1, 10**30))


def _unknown_claim(data: dict[str, Any]) -> None:
    data["claim"] = "bijective"


TAMPERED: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (_raise_multiplier, "do not sum to zero"),
    (_negate_multipliers, "a multiplier is negative"),
    (_zero_multipliers, "no neuron has a positive multiplier"),
    (_drop_leaf, "the tree ends early"),
    (_extra_leaf, "goes on after its last node"),
    (_empty_tree, "there is no tree"),
    (_drop_packed_circuit, "is not closed"),
    (_unknown_circuit, "which is not there"),
    (_repeat_row, "do not match"),
    (_change_weight, "do not sum to zero"),
    (_unknown_claim, "unknown claim"),
]


@pytest.mark.parametrize(("tamper", "reason"), TAMPERED, ids=lambda value: getattr(value, "__name__", None))
def test_a_tampered_proof_is_rejected_with_the_reason(tamper: Callable[[dict[str, Any]], None], reason: str) -> None:
    data = certified(ReLULayer(GAUSSIAN))
    assert text(data).startswith("VALID")
    tamper(data)
    assert text(data, resealed=True).startswith("INVALID: ")
    assert reason in text(data, resealed=True)


def test_an_altered_layer_is_rejected_even_where_the_proof_does_not_use_the_row() -> None:
    data = certified(ReLULayer(np.vstack([PAIRED, np.ones(4)])))
    data["layer"]["W"][-1][0] = "2"
    assert "digest" in text(data)


def test_an_altered_bias_can_break_a_circuit() -> None:
    data = certified(ReLULayer([[1], [-1]], [-1, 2]))
    data["layer"]["b"] = ["-3", "2"]
    assert "biases sum to a negative number" in text(data, resealed=True)


def test_a_forced_line_must_be_a_line() -> None:
    data = certified(ReLULayer([[1, 0], [0, 1], [-1, -1], [1, 1], [-1, 0], [0, -1]]))
    data["proof"]["circuits"].append({"rows": [0, 1, 2], "multipliers": ["1", "1", "1"]})
    data["proof"]["forced"].append(len(data["proof"]["circuits"]) - 1)
    assert "do not lie on one line" in text(data)


def test_a_wrong_collision_is_rejected_with_the_reason() -> None:
    data = certified(ReLULayer(np.eye(2)), Box([-1, -1], [1, 1]))
    same = data | {"proof": {"x": data["proof"]["x"], "y": data["proof"]["x"]}}
    assert "the two points are the same" in text(same)
    apart = data | {"proof": {"x": ["1", "0"], "y": ["1/2", "0"]}}
    assert "neuron 0 tells the two points apart" in text(apart)
    outside = data | {"proof": {"x": ["-1", "-1"], "y": ["-2", "-1"]}}
    assert "outside the domain" in text(outside)
    short = data | {"proof": {"x": ["-1"], "y": ["-2"]}}
    assert "must have 2 coordinates" in text(short)


@pytest.mark.parametrize(
    "junk", ["", "[]", "{}", "[" * 100_000, '{"format": "relutheory certificate", "version": 1}', "\x00", "null"]
)
def test_junk_is_invalid_and_says_so_in_one_line(junk: str) -> None:
    report = check_text(junk)
    assert not report.valid
    assert report.text.startswith("INVALID: ") and "\n" not in report.text


def test_a_layer_without_rows_cannot_be_called_injective() -> None:
    data = certified(ReLULayer(np.zeros((0, 3))))
    forged = data | {"claim": "injective", "proof": {"circuits": [], "forced": [], "tree": []}}
    assert "3 dimensions open" in text(forged)
    assert "n at least 1" in text(forged | {"layer": {"n": 0, "W": [], "b": []}}, resealed=True)


def test_a_domain_must_have_a_point_inside() -> None:
    """On an empty domain every layer is injective, and nobody wants to know."""
    data = certified(ReLULayer([[1], [-1]]), Box([-1], [1]))
    empty = {"A": [["1"], ["-1"]], "b": ["-1", "-1"], "inside": ["0"]}
    assert "is not inside it" in text(data | {"domain": empty}, resealed=True)


@pytest.mark.parametrize("number", ["1e9999999", "1_0", "٣", "0.5", " 1", "1/", "", True, 1, 1.0, None, ["1"]])
def test_numbers_are_strings_of_digits(number: Any) -> None:
    data = certified(ReLULayer([[1], [-1]]))
    data["layer"]["W"][0][0] = number
    assert text(data, resealed=True).startswith("INVALID")


def test_strings_are_not_read_as_rows_and_keys_occur_once() -> None:
    data = certified(ReLULayer([[1], [-1]]))
    data["layer"]["W"] = ["1", "2"]
    assert "must be a list" in text(data, resealed=True)
    twice = json.dumps(certified(ReLULayer([[1], [-1]])))[:-1] + ', "claim": "not-injective"}'
    assert check_text(twice).text == "INVALID: a key occurs twice"


def test_a_packing_of_very_many_circuits_is_refused() -> None:
    data = certified(ReLULayer(GAUSSIAN))
    data["proof"]["tree"] = [9] + [0] * 9
    assert "from 0 to 8 circuits" in text(data)


def test_an_incomplete_proof_is_rejected_soon_also_in_integers() -> None:
    half = np.random.default_rng(0).standard_normal((24, 24))
    data = certified(ReLULayer(np.vstack([half, -half])))
    data["proof"]["forced"].pop()
    assert "1 dimensions open" in text(data)  # the exact pass doubled the numbers at each of the 23 steps once


def test_an_undecided_layer_has_no_certificate() -> None:
    result = decide_injectivity(ReLULayer(np.random.default_rng(0).standard_normal((48, 8))), node_limit=1)
    with pytest.raises(InputError, match="undecided"):
        result.certificate  # noqa: B018


def test_saving_to_a_bad_place_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    certificate = decide_injectivity(ReLULayer(np.eye(2))).certificate
    with pytest.raises(InputError, match="cannot be written"):
        certificate.save(tmp_path / "no" / "such" / "folder.json")
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        certificate.save(tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_independence_is_decided_in_integers_where_a_prime_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    data = certified(ReLULayer(GAUSSIAN.round(2)))
    monkeypatch.setattr(certificates, "_PRIMES", (2, 3, None))  # nearly everything is dependent modulo 2 and 3
    assert text(data).startswith("VALID")
    monkeypatch.setattr(certificates, "_PRIMES", (2, 3))
    with pytest.raises(AssertionError):
        text(data)


def test_the_checker_stands_alone() -> None:
    source = Path(certificates.__file__).read_text()
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
    code = "import sys, proofs_check.certificates; sys.exit('relutheory' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_checker_reads_numbers_of_any_length_and_keeps_the_limit() -> None:
    limit = sys.get_int_max_str_digits()
    data = {
        "format": "relutheory certificate",
        "version": 1,
        "claim": "not-injective",
        "layer": {"n": 1, "W": [["1" + "0" * 6000]], "b": ["0"]},
        "domain": None,
        "proof": {"x": ["-1"], "y": ["-2"]},
    }
    assert text(data | {"digest": ""}, resealed=True).startswith("VALID")
    assert sys.get_int_max_str_digits() == limit
