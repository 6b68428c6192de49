"""Norms common to all activation choices: exact tests by other routes, certificates, and what the checker refuses."""

from __future__ import annotations

import ast
import copy
import functools
import itertools
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from proofs_check import certificates_depth
from proofs_check.certificates_depth import check
from relutheory.core.errors import InputError
from relutheory.core.verdict import Verdict
from relutheory.deep_limit.products.common_norms import KINDS, CommonNorm, common_norm
from relutheory.deep_limit.products.joint import largest_product
from relutheory.deep_limit.products.semidefinite import inside, is_definite, is_semidefinite

TURN = [["3/5", "-4/5"], ["4/5", "3/5"]]
SPIRAL = [["3/5", "3/5"], ["-3/5", "3/5"]]  # 3/5 sqrt(2) times a rotation; |W| has eigenvalue 6/5
CYCLE = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


def scaled(matrix: Any, factor: Fraction) -> list[list[Fraction]]:
    return [[Fraction(v) * factor for v in row] for row in matrix]


def gaussian(m: int, seed: int, size: float) -> list[list[float]]:
    matrix: list[list[float]] = (np.random.default_rng([7, seed]).standard_normal((m, m)) * size).tolist()
    return matrix


# --- what is known in closed form


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_half_the_identity(kind: str | None) -> None:
    found = common_norm([scaled([[1, 0], [0, 1]], Fraction(1, 2))], kind)
    assert (found.rho, found.lower, found.contractive) == (Fraction(1, 2), Fraction(1, 2), Verdict.HOLDS)


@pytest.mark.parametrize(
    ("matrix", "radius_squared"),
    [
        ([[0, 2], ["1/8", 0]], Fraction(1, 4)),
        (SPIRAL, Fraction(18, 25)),
        ([[0, 1e300], [0.5e-300, 0]], Fraction(1e300) * Fraction(0.5e-300)),
        ([["1/4", "1/4"], ["1/4", "1/4"]], Fraction(1, 4)),
        ([["-1/3"]], Fraction(1, 9)),
        (scaled(CYCLE, Fraction(-9, 10)), Fraction(81, 100)),
    ],
)
def test_both_bounds_meet_where_the_growth_is_known(matrix: Any, radius_squared: Fraction) -> None:
    found = common_norm([matrix])
    assert found.lower**2 <= radius_squared <= found.rho**2
    assert found.rho <= found.lower * (1 + Fraction(1, 10**5))
    assert found.contractive is Verdict.HOLDS


@pytest.mark.parametrize("kind", KINDS)
def test_entries_of_any_size(kind: str) -> None:
    for W in ([[0, 1e300], [0.5e-300, 0]], [[0, 2.0**-800], [2.0**799, 0]], [[2.0**-1070, 0], [0, 0]]):
        found = common_norm([W], kind)
        assert 0 < found.lower <= found.rho <= found.lower * (1 + Fraction(1, 10**4))


@pytest.mark.parametrize(
    "matrix",
    [TURN, CYCLE, [[1, 1], [0, 1]], [[-1, 0], [0, -1]], [[0, 1], [1, 0]], [[1]], [[2, -3], [1, -1]], np.eye(20)],
    ids=["rotation", "cycle", "Jordan", "-I", "swap", "one", "order 4 or longer", "wide"],
)
def test_spectral_radius_one_is_not_contractive(matrix: Any) -> None:
    found = common_norm([matrix])
    assert found.contractive is Verdict.VIOLATED and found.refuted and not found.proved
    assert found.lower >= 1


def test_a_switched_off_row_can_turn_a_contraction_into_growth() -> None:
    """W has trace 0 and determinant 1/2, so eigenvalues of modulus 1/sqrt(2); its first row alone has 3/2."""
    W = [["3/2", "-2"], ["11/8", "-3/2"]]
    assert np.abs(np.linalg.eigvals([[1.5, -2], [1.375, -1.5]])).max() == pytest.approx(0.5**0.5)
    found = common_norm([W], length=1)
    assert found.contractive is Verdict.VIOLATED
    assert found.lower == Fraction(3, 2)
    assert [bits for _, bits in found.factors] in ([(1, 0)], [(0, 1)])
    longer = common_norm([W], length=2)  # one row after the other: (2 * 11/8)^(1/2)
    assert longer.lower**2 <= Fraction(11, 4) <= longer.lower**2 * (1 + Fraction(1, 10**6))


def test_two_matrices_that_grow_together_only() -> None:
    up, down = [[0, 3], [0, 0]], [[0, 0], ["3/10", 0]]
    alone = [common_norm([W]) for W in (up, down)]
    assert all(found.rho < Fraction(1, 100) and found.lower == 0 for found in alone)
    both = common_norm([up, down])
    assert both.lower**2 <= Fraction(9, 10) <= both.rho**2
    assert sorted(index for index, _ in both.factors) == [0, 1]
    assert both.contractive is Verdict.HOLDS
    assert common_norm([up, down, [[0, 0], ["1/2", 0]]]).contractive is Verdict.VIOLATED


def test_the_kind_of_norm_matters() -> None:
    by_kind = {kind: common_norm([SPIRAL], kind) for kind in KINDS}
    assert by_kind["weighted-inf"].contractive is by_kind["weighted-1"].contractive is Verdict.UNDECIDED
    assert by_kind["weighted-inf"].rho >= Fraction(6, 5) - Fraction(1, 10**6)
    assert by_kind["diagonal"].contractive is by_kind["quadratic"].contractive is Verdict.HOLDS


def test_a_full_form_decides_what_a_diagonal_one_leaves_open() -> None:
    W = gaussian(3, 7, 0.7)
    assert common_norm([W], "diagonal").rho > Fraction(4, 3)
    found = common_norm([W])
    assert found.norm == "quadratic" and found.contractive is Verdict.HOLDS
    assert check(found.certificate).valid


# --- by other routes


def choices(found: CommonNorm) -> list[np.ndarray]:
    """All J W as floats."""
    m = found.matrices[0].shape[0]
    return [np.array(bits)[:, None] * W.floats for W in found.matrices for bits in itertools.product((0, 1), repeat=m)]


def measured(found: CommonNorm, A: np.ndarray) -> float:
    """The norm of A in the norm found, in floats, from its definition."""
    if found.norm == "weighted-inf":
        v = np.array(found.weights, dtype=float)
        return float((np.abs(A) @ v / v).max())
    if found.norm == "weighted-1":
        u = np.array(found.weights, dtype=float)
        return float((u @ np.abs(A) / u).max())
    Q = np.diag(np.array(found.weights, dtype=float)) if found.Q is None else np.array(found.Q, dtype=float)
    R = np.linalg.cholesky(Q).T
    return float(np.linalg.norm(R @ A @ np.linalg.inv(R), 2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", [1, 2, 3])
def test_every_choice_obeys_rho_and_no_product_beats_it(m: int, kind: str) -> None:
    for seed in range(2):
        found = common_norm([gaussian(m, seed, 0.5), gaussian(m, seed + 50, 0.5)], kind)
        steps = choices(found)
        assert max(measured(found, A) for A in steps) <= float(found.rho) * (1 + 1e-9)
        products, best = [np.eye(m)], 0.0
        for k in (1, 2):
            products = [A @ P for A in steps for P in products]
            best = max(best, *(float(np.abs(np.linalg.eigvals(P)).max()) ** (1 / k) for P in products))
        assert best <= float(found.rho) * (1 + 1e-9)
        assert float(found.lower) >= best * (1 - 1e-9)  # longer products are looked at as well


@pytest.mark.parametrize("seed", range(3))
def test_the_largest_products_grow_as_the_two_bounds_say(seed: int) -> None:
    W = gaussian(3, seed, 0.6)
    found = common_norm([W], "weighted-inf")
    depth = 4
    largest = largest_product([W] * depth, "inf").value
    spread = max(found.weights) / min(found.weights)
    assert largest.lo <= spread * found.rho**depth
    assert found.lower**depth <= largest.hi  # spectral radius of a product of that length is at most its norm
    assert found.norm_of(W) == found.rho


@pytest.mark.parametrize("kind", KINDS)
def test_norm_of_and_factor_bound_every_perturbation(kind: str) -> None:
    found = common_norm([SPIRAL, scaled(TURN, Fraction(1, 2))], kind)
    for seed in range(4):
        P = np.random.default_rng(seed).integers(-4, 5, size=(2, 2))
        size = found.norm_of(P.tolist())
        assert (
            max(measured(found, np.diag(bits) @ P) for bits in itertools.product((0, 1), repeat=2))
            <= float(size) + 1e-9
        )
        for norm, order in (("1", 1), ("2", 2), ("inf", np.inf)):
            assert float(size) <= float(found.factor(norm)) * np.linalg.norm(P, order) * (1 + 1e-9)


def test_a_growth_just_below_one_is_not_rounded_up_to_one() -> None:
    found = common_norm([scaled(TURN, 1 - Fraction(1, 10**8))], "diagonal")
    assert found.contractive is Verdict.HOLDS
    assert common_norm([scaled(TURN, 1 + Fraction(1, 10**8))], "diagonal").contractive is Verdict.VIOLATED


def test_a_family_that_tends_to_a_contraction_contracts_from_some_layer_on() -> None:
    found = common_norm([SPIRAL])
    A = [[1, 2], [3, -4]]
    n = next(n for n in range(1, 1000) if found.rho + found.norm_of(scaled(A, Fraction(1, n))) < 1)
    W_n = [[Fraction(s) + Fraction(a, n) for s, a in zip(*rows, strict=True)] for rows in zip(SPIRAL, A, strict=True)]
    assert found.norm_of(W_n) < 1
    assert found.norm_of(scaled(A, Fraction(1))) <= found.factor("inf") * 7


# --- certificates


def certified(matrices: Any, kind: str | None = None) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(common_norm(matrices, kind).certificate))
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_the_checker_accepts_what_was_found(kind: str) -> None:
    for matrices in (
        [SPIRAL],
        [TURN],
        [gaussian(3, 0, 0.5), gaussian(3, 1, 0.5)],
        [[[0]]],
        [[[0, 1e200], [1e-200, 0]]],
    ):
        data = certified(matrices, kind)
        report = check(data)
        assert report.valid, report.text
        assert report.text.endswith(data["contractive"])
    with pytest.raises(TypeError, match="valid"):
        bool(report)


def lower_rho(data: dict[str, Any]) -> None:
    data["rho"] = str(Fraction(data["rho"]) * Fraction(99, 100))


def raise_lower(data: dict[str, Any]) -> None:
    data["lower"] = str(Fraction(data["lower"]) * Fraction(101, 100))


def no_factors(data: dict[str, Any]) -> None:
    data["factors"] = []


def other_factor(data: dict[str, Any]) -> None:
    data["factors"] = [[0, [1, 0]]]


def stronger_factor(data: dict[str, Any]) -> None:
    data["factors"] = [[0, [2, 2]]]


def missing_matrix(data: dict[str, Any]) -> None:
    data["factors"][0][0] = -1


def larger_matrix(data: dict[str, Any]) -> None:
    data["matrices"][0][0][0] = "2"


def ragged_matrix(data: dict[str, Any]) -> None:
    data["matrices"][0][0].append("0")


def second_matrix(data: dict[str, Any]) -> None:
    data["matrices"].append([["5", "0"], ["0", "0"]])


def other_verdict(data: dict[str, Any]) -> None:
    data["contractive"] = "violated" if data["contractive"] == "holds" else "holds"


def other_format(data: dict[str, Any]) -> None:
    data["version"] = 2


def negative_form(data: dict[str, Any]) -> None:
    key = "Q" if data["norm"] == "quadratic" else "weights"
    data[key] = [[str(-Fraction(v)) for v in row] for row in data[key]] if key == "Q" else ["-1", "-1"]


def lopsided_form(data: dict[str, Any]) -> None:
    if data["norm"] == "quadratic":
        data["Q"][0][1] = str(Fraction(data["Q"][0][1]) + 1)
    else:
        data["weights"][0] = "100000"


def zero_form(data: dict[str, Any]) -> None:
    data["Q"] = [["0", "0"], ["0", "0"]]
    data["weights"] = ["0", "0"]


def unknown_norm(data: dict[str, Any]) -> None:
    data["norm"] = "weighted-2"


def not_a_number(data: dict[str, Any]) -> None:
    data["rho"] = "nan"


def a_float(data: dict[str, Any]) -> None:
    data["rho"] = 0.9


def zero_denominator(data: dict[str, Any]) -> None:
    data["rho"] = "1/0"


def nothing(data: dict[str, Any]) -> None:
    data.clear()


TAMPERING: list[Callable[[dict[str, Any]], None]] = [
    lower_rho,
    raise_lower,
    no_factors,
    other_factor,
    stronger_factor,
    missing_matrix,
    larger_matrix,
    ragged_matrix,
    second_matrix,
    other_verdict,
    other_format,
    negative_form,
    lopsided_form,
    zero_form,
    unknown_norm,
    not_a_number,
    a_float,
    zero_denominator,
    nothing,
]


@functools.cache
def spiral(kind: str) -> dict[str, Any]:
    return certified([SPIRAL], kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda f: f.__name__)
def test_a_tampered_certificate_is_refused(tamper: Callable[[dict[str, Any]], None], kind: str) -> None:
    data = spiral(kind)
    assert check(data).valid
    changed = copy.deepcopy(data)
    tamper(changed)
    report = check(changed)
    assert not report.valid
    assert report.text.startswith("INVALID: ") and "\n" not in report.text


def test_data_of_any_kind_is_refused_not_crashed_on() -> None:
    for data in (None, 3, [], "x", {"format": "relutheory depth certificate", "version": 1}):
        assert not check(data).valid


def test_a_form_that_ignores_some_choices_is_refused() -> None:
    """Q with W^T Q W <= rho^2 Q, but not for every J: proper for W alone, not for the layers."""
    W = [["3/2", "-2"], ["11/8", "-3/2"]]
    data = certified([W], "quadratic")
    # W^2 = -I/2, so Q = I + W^T W has W^T Q W = W^T W + I/4 <= Q: for J = I alone the norm is at most 1
    WtW = [[Fraction(265, 64), Fraction(-81, 16)], [Fraction(-81, 16), Fraction(25, 4)]]
    data["Q"] = [[str(WtW[i][j] + (i == j)) for j in range(2)] for i in range(2)]
    data["rho"], data["lower"], data["factors"], data["contractive"] = "1", "0", [], "undecided"
    Q = [[WtW[i][j] + (i == j) for j in range(2)] for i in range(2)]
    pulled = [[WtW[i][j] + Fraction(i == j, 4) for j in range(2)] for i in range(2)]
    assert is_semidefinite([[fmpq((a - b).numerator, (a - b).denominator) for a, b in zip(*rows, strict=True)]
                            for rows in zip(Q, pulled, strict=True)])  # fmt: skip
    assert "is not semidefinite" in check(data).text


def test_the_checker_uses_the_standard_library_only() -> None:
    tree = ast.parse(Path(str(certificates_depth.__file__)).read_text(encoding="utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in modules} <= sys.stdlib_module_names


# --- the two exact tests


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_semidefinite_by_all_principal_minors(n: int) -> None:
    rng = np.random.default_rng(n)
    seen = set()
    for trial in range(40):
        B = rng.integers(-2, 3, size=(n, int(rng.integers(1, n + 1))))
        A = B @ B.T - (trial % 3 == 2) * np.diag(rng.integers(0, 2, size=n))
        matrix = fmpq_mat(A.tolist())
        minors = [
            fmpq_mat([[matrix[i, j] for j in chosen] for i in chosen]).det()
            for size in range(1, n + 1)
            for chosen in itertools.combinations(range(n), size)
        ]
        assert is_semidefinite(matrix.tolist()) == (min(minors) >= 0)
        assert is_definite(matrix.tolist()) == all(
            fmpq_mat([[matrix[i, j] for j in range(k)] for i in range(k)]).det() > 0 for k in range(1, n + 1)
        )
        seen.add((is_semidefinite(matrix.tolist()), is_definite(matrix.tolist())))
    assert (True, False) in seen and (False, False) in seen


def test_semidefinite_at_the_edge_of_balls() -> None:
    """Six rows, where balls are tried first: a difference of 10^-80 is seen, and so is equality."""
    tiny = Fraction(1, 10**80)
    for shift, expected in ((tiny, True), (Fraction(0), True), (-tiny, False)):
        rows = [[Fraction(1) + (shift if i == j else 0) for j in range(6)] for i in range(6)]
        assert is_semidefinite([[fmpq(v.numerator, v.denominator) for v in row] for row in rows]) is expected


@pytest.mark.parametrize("seed", range(20))
def test_eigenvalues_inside_a_circle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.integers(-3, 4, size=(int(rng.integers(1, 6)),) * 2)
    radius = float(np.abs(np.linalg.eigvals(A)).max())
    matrix = fmpq_mat(A.tolist())
    for factor in (0.5, 0.999, 1.001, 2):
        r = Fraction(max(radius, 0.1) * factor)
        if abs(float(r) - radius) > 1e-3 * radius:
            assert inside(matrix, fmpq(r.numerator, r.denominator)) == (float(r) > radius)


def test_eigenvalues_on_the_circle_are_not_inside() -> None:
    for rows in ([[1]], [[-1]], [[0, -1], [1, 0]], [[1, 1], [0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]):
        assert not inside(fmpq_mat(rows), fmpq(1))
        assert inside(fmpq_mat(rows), fmpq(10**40 + 1, 10**40))


# --- input, budget


def test_out_of_time_the_bounds_hold() -> None:
    W = gaussian(6, 3, 0.3)
    hurried, patient = common_norm([W], time_limit=0), common_norm([W], "diagonal")
    assert hurried.lower <= patient.rho <= hurried.rho * (1 + Fraction(1, 10**6))
    assert check(hurried.certificate).valid


def test_wide_layers_of_short_numbers() -> None:
    shift = np.roll(np.eye(40), 1, axis=0)
    assert common_norm([shift]).contractive is Verdict.VIOLATED
    assert common_norm([shift * 0.5, np.eye(40) * 0.25]).rho == Fraction(1, 2)


def test_a_result_is_not_a_bool() -> None:
    with pytest.raises(TypeError, match="not a bool"):
        bool(common_norm([[[1]]]))


@pytest.mark.parametrize(
    ("matrices", "options", "message"),
    [
        ([], {}, "matrices = []: must not be empty"),
        (7, {}, "matrices = 7: must be a list"),
        ([[[1, 2]]], {}, "matrices[0] = 'array of shape (1, 2)': must be square"),
        ([[[1]], [[1, 0], [0, 1]]], {}, "matrices[1] = 'array of shape (2, 2)': must have shape (1, 1)"),
        ([[[1, 0], [0, float("nan")]]], {}, "matrices[0][1,1] = nan: must be finite"),
        ([[[float("inf")]]], {}, "matrices[0][0,0] = inf: must be finite"),
        ([np.eye(9)], {"kind": "quadratic"}, "kind = 'quadratic': needs matrices of at most 8 rows, not 9"),
        ([[[1]]], {"kind": "euclidean"}, "kind = 'euclidean': must be None or one of weighted-inf"),
        ([[[1]]], {"length": 0}, "length = 0: must be a positive integer"),
        ([[[1]]], {"time_limit": float("nan")}, "time_limit = nan: must be a non-negative number"),
    ],
)
def test_bad_input_is_refused_in_one_line(matrices: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        common_norm(matrices, **options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_other_shapes_are_refused_later_too() -> None:
    found = common_norm([[["1/2", 0], [0, "1/2"]]])
    with pytest.raises(InputError, match=r"P = 'array of shape \(1, 1\)': must have shape \(2, 2\)"):
        found.norm_of([[1]])
    with pytest.raises(InputError, match="norm = '3': must be one of 1, 2, inf"):
        found.factor("3")


def test_a_certificate_of_long_numbers() -> None:
    found = common_norm([[[Fraction(1, 10**5000)]]])
    assert found.proved and check(found.certificate).valid
