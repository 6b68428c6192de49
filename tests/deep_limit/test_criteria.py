"""The table of criteria: what is decided, what is only evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor, Verdict
from relutheory.deep_limit.criteria import CriterionRow, check_convergence
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.limits import shapes
from relutheory.deep_limit.more_criteria import _row_limit

symbolic = DeepFamily.from_symbolic
ORDER = (
    "deep.summable",
    "deep.growing-width",
    "deep.lindley",
    "deep.reflected",
    "deep.contraction",
    "deep.products",
    "deep.necessary",
)
SWAP = [[0, 1], [1, 0]]


def rows_of(W: str, b: str = "c", m: int = 1, **constants: Any) -> dict[str, CriterionRow]:
    constants.setdefault("c", [0] * m)
    rows = check_convergence(DeepFamily.from_symbolic(W, b, constants=constants, width=m))
    assert tuple(row.theorem for row in rows) == ORDER
    return {row.theorem: row for row in rows}


# name: (W, b, width, constants, the verdicts in the order above: h(olds), v(iolated), u(ndecided), n(ot applicable))
TABLE = {
    "summable": ("I + A/n**2", "c/n**2", 2, {"A": SWAP, "c": [1, 1]}, "hnvhvhh"),
    "geometric": ("I + A/2**n", "c/2**n", 2, {"A": SWAP, "c": [1, -1]}, "hnvhvhh"),
    "half": ("I/2", "c", 1, {"c": [1]}, "vnvvhvv"),
    "half, no bias": ("I/2", "c", 1, {}, "vnvvhhv"),
    "half, slowly": ("I/2 + A/sqrt(n)", "c/n", 1, {"A": [[1]], "c": [1]}, "vnvvhhv"),
    "harmonic bias": ("I", "c/n", 1, {"c": [1]}, "vnvvvvh"),
    "falling harmonic bias": ("I", "-c/n", 1, {"c": [1]}, "vnhhvvh"),
    "alternating bias": ("I", "c*(-1)**n/sqrt(n)", 1, {"c": [1]}, "vnhhvuh"),
    "swap": ("A", "c", 2, {"A": SWAP}, "vnvvvuv"),
    "harmonic weights": ("I + A/n", "c", 1, {"A": [[1]]}, "vnvvvuh"),
    "growth": ("2*I", "c", 1, {}, "vnvvuvv"),
    "turn that shrinks": ("A", "c", 2, {"A": [["54/100", "-72/100"], ["72/100", "54/100"]]}, "vnvvhhv"),
    "alternating weights": ("(-1)**n*I", "c", 1, {"c": [1]}, "vnvvuuv"),
}
LETTERS = {"h": Verdict.HOLDS, "v": Verdict.VIOLATED, "u": Verdict.UNDECIDED, "n": Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("name", TABLE)
def test_verdicts(name: str) -> None:
    W, b, m, constants, letters = TABLE[name]
    rows = rows_of(W, b, m, **constants)
    found = {theorem: row.verdict for theorem, row in rows.items()}
    wanted = dict(zip(ORDER, (LETTERS[letter] for letter in letters), strict=True))
    assert found == wanted


@pytest.mark.parametrize("name", TABLE)
def test_a_proved_verdict_rests_on_proved_hypotheses(name: str) -> None:
    W, b, m, constants, _ = TABLE[name]
    for row in rows_of(W, b, m, **constants).values():
        assert row.hypotheses
        if row.verdict is Verdict.HOLDS:
            assert all(e.proved for e in row.hypotheses.values())
            assert row.rigor.proves and row.concludes
        if row.verdict is Verdict.VIOLATED:
            assert row.rigor.proves
            assert any(e.verdict is Verdict.VIOLATED and e.rigor.proves for e in row.hypotheses.values())
        if row.verdict is Verdict.UNDECIDED:
            assert any(not e.proved for e in row.hypotheses.values())


def test_necessary_conditions_are_given_row_by_row() -> None:
    row = rows_of("[[1, 1/n], [1/2, 1]]", "c/n", 2, c=[1, 0])["deep.necessary"]
    first, second = row.hypotheses.values()
    assert (first.verdict, second.verdict) == (Verdict.HOLDS, Verdict.VIOLATED)
    assert "coordinate 2 positive" in row.concludes
    assert "3 inputs" in row.concludes


def test_divergence_follows_where_the_bias_sums_tend_to_infinity() -> None:
    assert "diverges" in rows_of("I + A/n**2", "c/n", A=[[-1]], c=[1])["deep.reflected"].concludes
    assert rows_of("I + A/n", "c/n", A=[[-1]], c=[1])["deep.reflected"].concludes == ""


def test_functions_give_evidence_only() -> None:
    rows = check_convergence(DeepFamily.from_callable(lambda n: ([[1 + 1 / n**2]], [0.0]), width=1))
    for row in rows:
        assert row.verdict in (Verdict.UNDECIDED, Verdict.NOT_APPLICABLE)
        if row.verdict is Verdict.UNDECIDED:
            assert row.rigor is Rigor.SAMPLED
    text = rows[0].hypotheses["sum |W_n - I| is finite"].text
    assert "n^-2" in text


def test_declared_tails_are_used() -> None:
    family = DeepFamily.from_callable(
        lambda n: ([[1 + 2.0**-n]], [0.0]), width=1, tails=lambda n, norm: (2.0 ** (1 - n), 0)
    )
    rows = {row.theorem: row for row in check_convergence(family)}
    assert rows["deep.summable"].verdict is Verdict.HOLDS
    assert rows["deep.reflected"].verdict is Verdict.HOLDS


def test_random_and_finite_families() -> None:
    for family in (DeepFamily.random(3, power=2, seed=0), DeepFamily.from_layers([([[1, 2]], [0]), ([["1/2"]], None)])):
        rows = {row.theorem: row.verdict for row in check_convergence(family)}
        assert rows["deep.summable"] is Verdict.HOLDS
        assert rows["deep.products"] is Verdict.HOLDS
    slow = {row.theorem: row.verdict for row in check_convergence(DeepFamily.random(2, power="1/2", seed=0))}
    assert Verdict.HOLDS not in slow.values()


def test_growing_widths() -> None:
    if not hasattr(DeepFamily, "convolution"):
        pytest.skip("no convolution families yet")
    family = DeepFamily.convolution("[1 + 1/2**n, 1/2**n]", None, input_dim=1)
    rows = {row.theorem: row for row in check_convergence(family)}
    assert rows["deep.growing-width"].verdict is Verdict.HOLDS


def test_bad_family() -> None:
    with pytest.raises(InputError, match="family = 'I': must be a DeepFamily"):
        check_convergence("I")


def test_widths_that_change_late_are_not_called_constant() -> None:
    listed = DeepFamily.from_layers([([[1]], [0])] * 3 + [([[1], [0]], [0, 0]), ([[1, 0]], [0])])
    called = DeepFamily.from_callable(
        lambda n: (np.eye(2)[:, : 1 + (n > 200)][: 1 + (n >= 200)], np.zeros(1 + (n >= 200))),
        width=lambda n: 1 if n < 200 else 2,
        input_dim=1,
    )
    for family in (listed, called):
        (row,) = [row for row in check_convergence(family) if row.theorem == "deep.growing-width"]
        for evidence in row.hypotheses.values():
            proved_false = evidence.verdict is Verdict.VIOLATED and evidence.rigor.proves
            assert "every depth" not in evidence.text and not proved_false


def test_out_of_time_is_said_and_nothing_is_claimed() -> None:
    A = [[0, 1], [1, 0]]
    for W, decided in (("I + A/n", "deep.summable"), ("I/2 + A/n", "deep.summable")):
        rows = {row.theorem: row for row in check_convergence(symbolic(W, "c", constants={"A": A, "c": [0, 0]}))}
        late = {
            row.theorem: row
            for row in check_convergence(symbolic(W, "c", constants={"A": A, "c": [0, 0]}), time_limit=0)
        }
        assert late[decided].verdict is rows[decided].verdict
        for theorem in ("deep.contraction", "deep.necessary", "deep.products"):
            assert late[theorem].verdict is Verdict.UNDECIDED
            assert any("time_limit was reached" in e.text for e in late[theorem].hypotheses.values())
    for bad in (-1, "soon", float("nan")):
        with pytest.raises(InputError, match="time_limit = "):
            check_convergence(symbolic("I", width=1), time_limit=bad)  # type: ignore[arg-type]


def test_computer_algebra_sees_each_function_of_n_once() -> None:
    """The entries of a wide family are sums of few functions of n."""
    shapes._one_ratio.cache_clear()
    rng = np.random.default_rng(0)
    constants = {"A": rng.integers(-9, 9, (12, 12)), "B": rng.integers(-9, 9, (12, 12)), "c": rng.integers(-9, 9, 12)}
    check_convergence(symbolic("I + A/n**2 + B/(n + 1)**2", "c/n**3", constants=constants))
    assert shapes._one_ratio.cache_info().misses <= 8


def test_a_number_that_may_be_the_wanted_one_is_not_called_another() -> None:
    x = sympy.Add(sympy.log(6), -sympy.log(2), -sympy.log(3), evaluate=False)
    assert _row_limit([1 + x, x], 0).verdict is Verdict.UNDECIDED
    assert _row_limit([1 + x, x + 1], 0).verdict is Verdict.VIOLATED
    assert _row_limit([sympy.Integer(1), sympy.Integer(0)], 0).verdict is Verdict.HOLDS
