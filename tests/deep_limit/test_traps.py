"""Families that do not converge are never called convergent, and the other way round."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from relutheory.deep_limit.criteria import check_convergence
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.limits.limits import deep_limit

SWAP, CYCLE = [[0, 1], [1, 0]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
JORDAN = [[1, 1], [0, 1]]
TURN = [["3/5", "-4/5"], ["4/5", "3/5"]]  # an angle that is no rational multiple of pi

# name: (W, b, constants, x, whether deep_limit proves the divergence)
TRAPS = {
    "harmonic bias": ("I", "c/n", {"c": [1]}, [1], True),
    "bias 1/(n log n)": ("I", "c/(n*log(n+1))", {"c": [1]}, [1], True),
    "bias 1/sqrt(n)": ("I", "c/sqrt(n)", {"c": [1]}, [0], True),
    "harmonic bias less a summable one": ("I", "c/(n+1) - c/(n+1)**2", {"c": [1]}, [0], True),
    "log((n+1)/n)": ("I", "c*log((n+1)/n)", {"c": [1]}, [0], True),
    "sqrt(n+1) - sqrt(n)": ("I", "c*(sqrt(n+1) - sqrt(n))", {"c": [1]}, [0], False),
    "one coordinate only": ("I", "[1/n, -1/n]", {}, [1, 1], True),
    "harmonic bias, negative coupling": ("I - A/n**2", "c/n", {"A": [[0, 3], [2, 1]], "c": [1, 1]}, [1, 1], True),
    "harmonic and alternating": ("I", "c/n + c*(-1)**n/sqrt(n)", {"c": [1]}, [1], True),
    "bias 1": ("I", "c", {"c": [1]}, [0], True),
    "bias (-1)^n": ("I", "c*(-1)**n", {"c": [1]}, [5], True),
    "bias (-1)^n (1 + 1/n)": ("I", "c*(-1)**n*(1 + 1/n)", {"c": [1]}, [5], False),
    "I + 1/n": ("I + A/n", "c", {"A": [[1]], "c": [0]}, [1], True),
    "I + swap/n": ("I + A/n", "c", {"A": SWAP, "c": [0, 0]}, [1, 0], True),
    "I + 1/sqrt(n)": ("I + A/sqrt(n)", "c", {"A": [[1]], "c": [0]}, [1], True),
    "I + 1/(n log n)": ("I + A/(n*log(n+1))", "c", {"A": [[1]], "c": [0]}, [1], False),
    "-I, bias 1": ("-I", "c", {"c": [1]}, ["1/3"], True),
    "-I, bias 1 + 1/n": ("-I", "c + c/n", {"c": [1]}, ["1/3"], False),
    "alternating weights": ("(-1)**n*I", "c", {"c": [1]}, ["1/3"], True),
    "swap": ("A", "c", {"A": SWAP, "c": [0, 0]}, [1, 2], True),
    "swap + O(n^-2)": ("A + A/n**2", "c", {"A": SWAP, "c": [0, 0]}, [1, 2], False),
    "scaled swap": ("A", "c", {"A": [[0, 2], ["1/2", 0]], "c": [0, 0]}, [1, 1], True),
    "permutation of order 3": ("A", "c", {"A": CYCLE, "c": [0, 0, 0]}, [1, 2, 3], True),
    "permutation of order 3, one bias": ("A", "c/2**n", {"A": CYCLE, "c": [0, 0, 1]}, [1, 2, 3], False),
    "Jordan block": ("A", "c", {"A": JORDAN, "c": [0, 0]}, [0, 1], True),
    "quarter turn about (2, 2)": ("A", "c", {"A": [[0, -1], [1, 0]], "c": [4, 0]}, [3, 2], True),
    "turn about (10, 10)": ("A", "c", {"A": TURN, "c": [12, -4]}, [15, 15], False),
    "growth": ("2*I", "c", {"c": [0]}, [1], True),
    "Fibonacci": ("A", "c", {"A": [[0, 1], [1, 1]], "c": [0, 0]}, [1, 1], False),
}
# families that converge at x although a theorem's hypothesis fails, and whether that is proved
CONVERGENT = {
    "half": ("I/2", "c", {"c": [1]}, [1], True),
    "alternating bias": ("I", "c*(-1)**n/sqrt(n)", {"c": [1]}, [1], True),
    "alternating bias 1/n, coupled": ("I + A/n**2", "c*(-1)**n/n", {"A": SWAP, "c": [1, 2]}, [1, 0], True),
    "zero weights": ("0*I", "c", {"c": [3]}, [1], True),
    "falling bias -1/n": ("I", "-c/n", {"c": [1]}, [7], True),
    "falling bias -1/(n log n)": ("I", "-c/(n*log(n+1))", {"c": [1]}, [1], True),
    "-I dies": ("-I", "c", {"c": [0]}, [1], True),
    "-I at its fixed point": ("-I", "c", {"c": [1]}, ["1/2"], True),
    "swap at a fixed point": ("A", "c", {"A": SWAP, "c": [0, 0]}, [2, 2], True),
    "Jordan block without the second coordinate": ("A", "c", {"A": JORDAN, "c": [0, 0]}, [1, 0], True),
    "I - 1/(2n)": ("I - A/(2*n)", "c", {"A": [[1]], "c": [0]}, [1], True),
    "prod (1 + (-1)^n/n)": ("I + A*(-1)**n/(n+1)", "c", {"A": [[1]], "c": [0]}, [1], False),
    "turn about 0 is folded to 0": ("A", "c", {"A": TURN, "c": [0, 0]}, [1, 1], False),
    "turn that shrinks": ("9*A/10", "c", {"A": TURN, "c": [4, -2]}, [1, 1], True),
    "slow limit layer": ("I/2 + A/sqrt(n)", "c", {"A": [[1]], "c": [1]}, [1], True),
    "sum (-1)^n/log n": ("I", "c*(-1)**n/log(n+1)", {"c": [1]}, [3], False),
}
BUDGET = {"max_depth": 300, "time_limit": 20.0}


def family_of(W: str, b: str, constants: dict, x: list) -> DeepFamily:
    return DeepFamily.from_symbolic(W, b, constants=constants, width=len(x))


def trajectory(family: DeepFamily, x: list, depth: int) -> np.ndarray:
    """x_1, ..., x_depth in float64, by the definition."""
    point, out = np.array([float(Fraction(str(v))) for v in x]), []
    for n in range(1, depth + 1):
        W, b = family.floats(n)
        point = np.maximum(W @ point + b, 0.0)
        out.append(point)
    return np.array(out)


@pytest.mark.parametrize("name", TRAPS)
def test_a_family_without_a_limit_is_never_called_convergent(name: str) -> None:
    W, b, constants, x, proved = TRAPS[name]
    family = family_of(W, b, constants, x)
    found = deep_limit(family, x, "1/1000", **BUDGET)
    assert found.status.value == "diverges" if proved else found.status.value in ("not-applicable", "undecided")
    assert found.enclosure is None
    assert np.isinf(found.upper).all()
    if found.status.value == "not-applicable":
        assert found.failed_hypotheses


@pytest.mark.parametrize("name", TRAPS)
def test_the_traps_do_not_converge(name: str) -> None:
    """Between depth 300 and 900 some coordinate moves by more than 0.05 (log log n moves by 0.18)."""
    W, b, constants, x, _ = TRAPS[name]
    fast = name in ("growth", "Fibonacci")
    late = trajectory(family_of(W, b, constants, x), x, 60 if fast else 900)
    if fast:
        assert late[-1].max() > 1e6
    else:
        assert np.ptp(late[299:], axis=0).max() > 0.05


@pytest.mark.parametrize("name", CONVERGENT)
def test_a_family_with_a_limit_is_never_called_divergent(name: str) -> None:
    W, b, constants, x, proved = CONVERGENT[name]
    family = family_of(W, b, constants, x)
    found = deep_limit(family, x, "1/1000", **BUDGET)
    assert found.status.value == "converges" if proved else found.status.value in ("not-applicable", "undecided")
    if proved:
        late = trajectory(family, x, 900)[-1]
        slack = {"falling bias -1/(n log n)": 0.6, "slow limit layer": 0.2}.get(name, 0.05)  # of x_900
        assert (late >= found.lower - slack).all()
        assert (late <= found.upper + slack).all()


@pytest.mark.parametrize("name", TRAPS)
def test_no_criterion_concludes_convergence_on_a_trap(name: str) -> None:
    W, b, constants, x, _ = TRAPS[name]
    rows = check_convergence(family_of(W, b, constants, x))
    for row in rows:
        assert not row.concludes.startswith("N_n converges"), row.theorem
        assert not row.concludes.startswith("N_n, extended"), row.theorem


def test_there_are_enough_traps() -> None:
    assert len(TRAPS) >= 20


def test_a_ball_that_contains_zero_is_no_dead_coordinate() -> None:
    """x* = 5/11 repels: x_n - x* = 2^-380 (3/2)^(n - 1), which no precision of the balls may take for 0."""
    family = DeepFamily.from_symbolic("3*I/2", "b", constants={"b": [Fraction(-5, 22)]}, width=1, first=([[1]], [0]))
    x = Fraction(5, 11) + Fraction(1, 2**380)
    assert deep_limit(family, [x]).status.value != "converges"
    wide = DeepFamily.from_symbolic(
        [["3/2", 0], [0, "1/2"]], "b", constants={"b": [Fraction(-5, 22), 1]}, first=([[1, 0], [0, 1]], [0, 0])
    )
    assert deep_limit(wide, [x, 1]).status.value != "converges"
