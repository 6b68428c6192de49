"""Enclosures of limits against closed forms and 200-digit recursions, and bounds that cannot be halved."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest

import relutheory
from relutheory.core.errors import InputError
from relutheory.core.sets import Box
from relutheory.core.verdict import Rigor, Verdict
from relutheory.deep_limit.balls import working_precision
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.limits import outcome
from relutheory.deep_limit.limits.enclosing import Pass, later_radius, tail_radius
from relutheory.deep_limit.limits.limits import DeepLimit, deep_limit, sup_bound
from relutheory.networks import ReLULayer

DIGITS = 200
mp = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.MPContext()
mp.dps = DIGITS


def family(W: str, b: str = "c", m: int = 1, **constants: Any) -> DeepFamily:
    constants.setdefault("c", [0] * m)
    return DeepFamily.from_symbolic(W, b, constants=constants, width=m)


def exact_digits(value: Any) -> Fraction:
    """A 200-digit number as a rational."""
    return Fraction(mp.nstr(value, DIGITS, min_fixed=-mp.inf, max_fixed=mp.inf))


def contains(found: DeepLimit, reference: list[Any], digits: int = DIGITS - 10) -> bool:
    """Whether each enclosure holds its reference, known to that many digits."""
    slack = Fraction(1, 10**digits)
    assert found.enclosure is not None
    values = [exact_digits(mp.mpf(v)) for v in reference]
    inside = [e.lo - slack <= v <= e.hi + slack for e, v in zip(found.enclosure, values, strict=True)]
    floats = (found.lower <= np.array([float(v) for v in values]) * (1 + 1e-15)).all()
    return all(inside) and bool(floats)


def two(x: Any) -> list[Any]:
    """lim for I + [[0, 1], [1, 0]] / n^2 from layer 1 on: along (1, 1) prod (1 + 1/n^2), along (1, -1) the factor 0."""
    return [(x[0] + x[1]) / 2 * mp.sinh(mp.pi) / mp.pi] * 2


def infinite_product(a: Any) -> Any:
    """prod (1 + a/n^2)."""
    return mp.sinh(mp.pi * mp.sqrt(a)) / (mp.pi * mp.sqrt(a))


def half_integer_product() -> Any:
    """prod (1 + n^-3/2): the logarithm of what follows n = 1 is a sum of zeta values."""
    terms = ((-1) ** (k + 1) * (mp.zeta(mp.mpf(3 * k) / 2) - 1) / k for k in range(1, 480))
    return 2 * mp.exp(mp.fsum(terms))


CLOSED_FORMS = {
    "prod (1 + 1/n^2)": (family("I + A/n**2", A=[[1]]), [1], [mp.sinh(mp.pi) / mp.pi]),
    "prod (1 + 4/n^2)": (family("I + A/n**2", A=[[4]]), [1], [mp.sinh(2 * mp.pi) / (2 * mp.pi)]),
    "prod (1 - 1/(n+1)^2)": (family("I - I/(n+1)**2"), [1], [mp.mpf(1) / 2]),
    "prod (1 + 1/(n(n+2)))": (family("(1 + 1/(n*(n+2)))*I"), [3], [6]),
    "prod (1 + 1/n^3)": (family("I + I/n**3"), [1], [mp.cosh(mp.pi * mp.sqrt(3) / 2) / mp.pi]),
    "zeta(2)": (family("I", "c/n**2", c=[1]), [0], [mp.zeta(2)]),
    "zeta(3) - 1, from -1": (family("I", "c/n**3", c=[1]), [-1], [mp.zeta(3) - 1]),
    "1 - 1/2 + ...": (family("I", "c/(n*(n+1))", c=["-1/3"]), [1], [mp.mpf(2) / 3]),
    "symmetric": (family("I + A/n**2", m=2, A=[[0, 1], [1, 0]]), [2, 5], two([2, 5])),
    "nilpotent": (family("I + A/n**2", m=2, A=[[0, 1], [0, 0]]), [1, 2], [1 + 2 * mp.zeta(2), 2]),
    "rank one": (family("I + A/n**2", m=3, A=[[1, 1, 1]] * 3), [1, 1, 1], [infinite_product(3)] * 3),
    "dead coordinate": (family("I + A/n**2", m=2, A=[[0, -3], [0, 1]]), [1, 1], [0, infinite_product(1)]),
    "zeta(3/2)": (family("I", "c*n**(-3/2)", c=[1]), [1], [1 + mp.zeta(mp.mpf(3) / 2)]),
    "prod (1 + n^-3/2)": (family("I + A*n**(-3/2)", A=[[1]]), [1], [half_integer_product()]),
    "geometric": (family("I + A/2**n", A=[[1]]), [1], [mp.qp(-mp.mpf(1) / 2, mp.mpf(1) / 2)]),
    "geometric, ratio -1/3": (family("I + A/(-3)**n", A=[[1]]), [1], [mp.qp(mp.mpf(1) / 3, -mp.mpf(1) / 3)]),
    "geometric bias": (family("I", "c*9**n/10**n", c=[2]), [1], [19]),
    "zero family": (family("I"), [7], [7]),
    "dead input": (family("I + A/n**2", A=[[1]]), [-1], [0]),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
@pytest.mark.parametrize("tol", ["1e-12", "1e-60"])
def test_enclosures_hold_closed_forms(name: str, tol: str) -> None:
    net, x, reference = CLOSED_FORMS[name]
    found = deep_limit(net, x, tol)
    assert found.status.value == "converges"
    assert found.reached
    assert found.rigor.proves
    assert max(e.width for e in found.enclosure or ()) <= Fraction(tol)
    assert contains(found, reference)
    assert found.depth <= 2048


def matrix_limit(A: Any, c: Any, x: Any, power: int, depth: int, levels: int) -> list[Any]:
    """The limit of x -> (I + A/n^p) x + c/n^p, no ReLU: recursion to N, 2N, 4N, ..., Richardson in 1/N."""
    with mp.workdps(DIGITS):
        v = mp.matrix(x)
        A, c = mp.matrix(A), mp.matrix(c)
        rows, n = [], 0
        for level in range(levels):
            while n < depth * 2**level:
                n += 1
                v = v + (A * v + c) / mp.mpf(n) ** power
            rows.append(v.copy())
        for order in range(1, levels):  # the error has all powers of 1/N
            rows = [(2**order * b - a) / (2**order - 1) for a, b in pairwise(rows)]
        return list(rows[0])


@pytest.mark.parametrize("power", [2, 3])
def test_non_commuting_products_against_a_recursion_with_richardson(power: int) -> None:
    A = [[mp.mpf(1) / 2, 1, 0], [mp.mpf(1) / 4, 0, 2], [1, -mp.mpf(1) / 8, mp.mpf(1) / 3]]
    c = [1, mp.mpf(1) / 2, mp.mpf(1) / 4]
    reference = matrix_limit(A, c, [1, 2, 3], power, 24, 8)
    given = [["1/2", 1, 0], ["1/4", 0, 2], [1, "-1/8", "1/3"]]
    net = family(f"I + A/n**{power}", f"c/n**{power}", 3, A=given, c=[1, "1/2", "1/4"])
    found = deep_limit(net, [1, 2, 3], "1e-30")
    assert found.reached
    assert contains(found, reference, digits=13)


def test_the_order_of_the_product_matters() -> None:
    """(I + A/4^n)(I + B/4^n) in turn: the product taken from the other side lies outside the enclosure."""
    A, B = [[0, 1], [0, 0]], [[0, 0], [1, 0]]
    net = family("I + A/4**n + (-1)**n*B/4**n", m=2, A=A, B=B)
    found = deep_limit(net, [1, 1], "1e-20")
    forward = backward = mp.eye(2)
    for n in range(1, 120):
        W = mp.eye(2) + (mp.matrix(A) + (-1) ** n * mp.matrix(B)) / mp.mpf(4) ** n
        forward, backward = W * forward, backward * W
    ones = mp.matrix([1, 1])
    assert contains(found, list(forward * ones), digits=60)
    assert not contains(found, list(backward * ones), digits=60)


@pytest.mark.parametrize("p", ["1/1000", "1/100", "1/10"])
def test_the_tail_bound_cannot_be_halved(p: str) -> None:
    """W_n = 1 + p 2^-n: from depth n on the distance to the limit is more than half the bound."""
    net = family("I + A/2**n", A=[[p]])
    for depth in (1, 5, 20):
        with working_precision(256):
            walk = Pass(net, [Fraction(1)], 256)
            while walk.depth < depth:
                walk.advance()
            point = walk.point()
            found = tail_radius(net, depth, point)
            assert found is not None
            radius = Fraction(mp.nstr(mp.mpf(found[0].str(40, radius=False)), 40))
            there = exact_digits(mp.mpf(point[0].str(60, radius=False)))
        limit = exact_digits(mp.qp(-mp.mpf(1) * Fraction(p).numerator / Fraction(p).denominator / 2, mp.mpf(1) / 2))
        assert radius / 2 < limit - there <= radius * (1 + Fraction(1, 10**30))


def test_the_bias_part_of_the_tail_bound_is_attained() -> None:
    net = family("I", "c/2**n", c=[1])
    with working_precision(128):
        walk = Pass(net, [Fraction(0)], 128)
        for _ in range(6):
            walk.advance()
        found = tail_radius(net, 6, walk.point())
    assert found is not None
    assert float(found[0]) == pytest.approx(2.0**-6, rel=1e-12)


def test_later_radius_is_never_more_than_the_papers_form() -> None:
    from flint import arb

    for S, B, x in [(0.0, 1.0, 3.0), (0.5, 0.25, 2.0), (2.0, 1.0, 0.0), (1e-9, 0.0, 1.0)]:
        ours = float(later_radius([arb(x)], arb(S), arb(B), "inf"))
        papers = np.exp(S) * (x + B) * S + B
        assert ours <= papers * (1 + 1e-12)


def test_random_families_stay_in_the_enclosure() -> None:
    """Deep float passes, against enclosures from a shallow depth."""
    for seed in range(4):
        net = DeepFamily.random(4, ratio="1/2", seed=seed)
        x = [0.25, 0.5, 0.75, 1.0]
        found = deep_limit(net, x, "1/1000")
        assert found.status.value == "converges" and found.reached
        v = np.array(x)
        for n in range(1, 60):
            W, b = net.floats(n)
            v = np.maximum(W @ v + b, 0)
        assert (found.lower - 1e-12 <= v).all() and (v <= found.upper + 1e-12).all()


def test_random_families_with_power_decay_say_that_tol_was_not_reached() -> None:
    net = DeepFamily.random(3, power=2, seed=1)
    found = deep_limit(net, [1, 1, 1], 1e-9, max_depth=200)
    assert found.status.value == "converges"
    assert not found.reached
    assert "max_depth" in found.reason
    deeper = deep_limit(net, [1, 1, 1], 1e-9, max_depth=400)
    for rough, fine in zip(found.enclosure or (), deeper.enclosure or (), strict=True):
        assert rough.lo <= fine.hi and fine.lo <= rough.hi
        assert fine.width < rough.width or fine.width == 0


def test_time_limit_gives_a_wider_enclosure() -> None:
    found = deep_limit(family("I + A/n**2", "c*(-1)**n/sqrt(n)", A=[[1]], c=[1]), [1], "1e-9", time_limit=0)
    assert found.status.value == "converges"
    assert not found.reached
    assert "time_limit" in found.reason


def test_finite_families_are_exact() -> None:
    net = DeepFamily.from_layers([([[1, 2], ["1/3", -1]], [0, 1]), ([["1/7", 1]], None)])
    found = deep_limit(net, [1, "1/2"])
    assert found.rigor is Rigor.EXACT
    assert found.depth == 2
    assert [e.lo for e in found.enclosure or ()] == [Fraction(2, 7) + Fraction(5, 6)]


def test_long_finite_families_are_enclosed() -> None:
    rng = np.random.default_rng(3)
    drawn = [(rng.standard_normal((2, 2)), rng.standard_normal(2)) for _ in range(400)]
    layers = [(np.eye(2) + P / (n + 1) ** 2, b / 2**n) for n, (P, b) in enumerate(drawn)]
    found = deep_limit(DeepFamily.from_layers(layers), [1, 1], "1e-40")
    assert found.depth == 400 and found.reached
    v = np.array([1.0, 1.0])
    for W, b in layers:
        v = np.maximum(W @ v + b, 0)
    assert np.allclose(found.lower, v, rtol=1e-12)


def test_growing_widths() -> None:
    """Masks delta + 2^-n (1, 1): all entries are positive, and their sum is multiplied by 1 + 2^(1-n)."""
    masks = "[1 + 1/2**n, 1/2**n]"
    if not hasattr(DeepFamily, "convolution"):
        pytest.skip("no convolution families yet")
    net = DeepFamily.convolution(masks, None, input_dim=1)
    found = deep_limit(net, [1], "1e-6")
    assert found.status.value == "converges"
    total = mp.qp(-mp.mpf(1), mp.mpf(1) / 2)  # prod_{n >= 0} (1 + 2^-n) = prod_{n >= 1} (1 + 2^(1-n))
    assert float(found.lower.sum()) <= float(total) <= float(found.upper.sum()) + 1e-3
    assert len(found.lower) == net.width(found.depth)


@pytest.mark.parametrize("W", [[["1/2", "1/4"], [0, "1/3"]], [[0, 3], ["1/10", 0]], [["1/2", -1], [1, "-1/2"]]])
def test_fixed_points_of_contractions(W: list) -> None:
    net = family("A", "c", 2, A=W, c=[1, 2])
    found = deep_limit(net, [5, 0], "1e-30")
    assert found.method == "fixed point" and found.rigor is Rigor.EXACT
    y = [e.lo for e in found.enclosure or ()]
    after = [sum(Fraction(a) * v for a, v in zip(row, y, strict=True)) for row in W]
    assert y == [max(Fraction(0), v + b) for v, b in zip(after, [1, 2], strict=True)]


def test_irrational_fixed_points_are_enclosed() -> None:
    """x = x/2 + sqrt(2): 2 sqrt(2); and coordinates below 0 are cut."""
    found = deep_limit(family("A + I/n", "c*sqrt(2)", 2, A=[["1/2", 0], [0, "1/2"]], c=[1, -1]), [9, 9], "1e-80")
    assert found.reached
    assert contains(found, [2 * mp.sqrt(2), 0])


def test_lindley_against_the_max_formula() -> None:
    """b_n = (-1)^n/sqrt(n): x_N by the max formula lies within the enclosure, widened by the next term."""
    found = deep_limit(family("I", "c*(-1)**n/sqrt(n)", c=[1]), ["1/4"], "1/50")
    assert found.theorem == "deep.reflected" and found.reached
    S = np.concatenate([[0], np.cumsum([(-1.0) ** n / np.sqrt(n) for n in range(1, 20001)])])
    x = max(0.25 + S[-1], (S[-1] - S).max())
    assert found.lower[0] - 0.0075 <= x <= found.upper[0] + 0.0075


def test_alternating_biases_in_closed_form() -> None:
    """From layer 2 on x stays positive: x = 1/sqrt(2) - 1/sqrt(3) + ... = 1 - eta(1/2)."""
    found = deep_limit(family("I", "c*(-1)**n/sqrt(n)", c=[1]), [1], "1e-60")
    assert found.theorem == "deep.reflected" and found.reached and found.depth <= 32
    assert contains(found, [1 - mp.altzeta(mp.mpf(1) / 2)])
    logarithm = deep_limit(family("I", "-c*(-1)**n/n", c=[2]), [3], "1e-60")
    assert contains(logarithm, [3 + 2 * mp.log(2)])


def test_reflected_coordinates_with_coupling() -> None:
    """One coordinate in closed form, one pinned to 0, one that feels both: its enclosure against a float pass."""
    A = [[0, 0, 0], [1, 1, 1], [0, 1, 1]]
    net = DeepFamily.from_symbolic("I + A/n**2", "[(-1)**n/sqrt(n), -1/n, 1/n**2]", constants={"A": A})
    found = deep_limit(net, [1, 5, 2], "1/100", max_depth=60_000)
    assert found.theorem == "deep.reflected"
    v = np.array([1.0, 5.0, 2.0])
    for n in range(1, 6001):
        v = np.maximum(v + np.array(A) @ v / n**2 + np.array([(-1) ** n / np.sqrt(n), -1 / n, 1 / n**2]), 0)
    assert found.upper[1] == 0
    assert found.lower[0] - 0.007 <= v[0] <= found.upper[0] + 0.007
    assert found.lower[2] - 0.02 <= v[2] <= found.upper[2] + 0.001


@pytest.mark.parametrize(
    ("W", "b", "x", "limit"),
    [
        ([["6/10", "9/10"], ["-9/10", "4/10"]], [4, 3], [1, 2], [10, 0]),  # spectral radius > 1; the second dies
        ([[0, 2], ["-1/3", 0]], [1, 5], [1, 1], None),
        ([["9/10", -5], [0, "1/2"]], [1, 0], [0, 0], [10, 0]),
    ],
)
def test_fixed_points_that_attract_only_nearby(W: list, b: list, x: list, limit: list | None) -> None:
    found = deep_limit(family("A", "c", 2, A=W, c=b), x, "1e-9")
    assert found.status.value == "converges" and found.rigor is Rigor.EXACT
    y = [e.lo for e in found.enclosure or ()]
    after = [sum(Fraction(a) * v for a, v in zip(row, y, strict=True)) + c for row, c in zip(W, b, strict=True)]
    assert y == [max(Fraction(0), v) for v in after]
    assert limit is None or y == limit
    v = np.array(x, dtype=float)
    for _ in range(2000):
        v = np.maximum(np.array([[float(Fraction(a)) for a in row] for row in W]) @ v + b, 0)
    assert np.allclose(v, [float(value) for value in y])


def test_functions_without_tails_are_undecided() -> None:
    net = DeepFamily.from_callable(lambda n: ([[1.0]], [2.0**-n]), width=1)
    found = deep_limit(net, [1])
    assert found.status.value == "undecided"
    assert found.rigor is Rigor.FLOAT
    assert found.enclosure is None
    assert "sum |b_n| is not decided" in found.reason


def test_a_layer_that_is_no_number_is_named() -> None:
    layers = DeepFamily.from_callable(
        lambda n: ([[1.0]], [float("nan") if n == 5 else 0.0]), width=1, tails=lambda n, norm: (0, 0)
    )
    with pytest.raises(InputError, match="layer 5"):
        deep_limit(layers, [1])


def test_huge_and_tiny_entries() -> None:
    big = deep_limit(family("I + A/2**n", A=[["1e-300"]]), ["1e300"], "1e-9")
    assert big.reached and float(big.lower[0]) == pytest.approx(1e300)
    assert float(big.upper[0]) >= 1e300
    tiny = deep_limit(family("I", "c/2**n", c=["1e-310"]), [0], "1e-330")
    assert tiny.reached and 0 <= tiny.lower[0] <= 1e-310 <= tiny.upper[0] * (1 + 1e-12)


def test_a_deep_limit_does_not_change_the_precision_that_is_set() -> None:
    from flint import ctx

    before = ctx.prec
    deep_limit(family("I + A/n**2", A=[[1]]), [1], "1e-50")
    assert ctx.prec == before


@pytest.mark.parametrize("norm", ["inf", "1", "2"])
def test_sup_bound_over_a_box(norm: str) -> None:
    net = family("I + A/2**n", "c/2**n", 2, A=[["1/2", -1], [1, "1/4"]], c=[1, -1])
    box = Box([0, -1], [1, 1])
    order = {"inf": np.inf, "1": 1, "2": 2}[norm]
    for depth in (1, 3, 10):
        bound = sup_bound(net, box, depth, norm=norm)
        assert bound.verdict is Verdict.HOLDS
        for x in [(0, -1), (0, 1), (1, -1), (1, 1), (0.5, 0.25)]:
            v = np.array(x, dtype=float)
            for n in range(1, 60):
                W, b = net.floats(n)
                v = np.maximum(W @ v + b, 0)
                if n == depth:
                    there = v
            assert np.linalg.norm(v - there, order) <= bound.upper
    assert sup_bound(net, box, 30, norm=norm).upper < 1e-7


def test_sup_bound_is_tight_for_one_neuron() -> None:
    net = family("I + A/2**n", A=[["1/100"]])
    bound = sup_bound(net, Box([0], [1]), 4)
    at = [float(mp.qp(-mp.mpf(1) / 200, mp.mpf(1) / 2)), float(mp.qp(-mp.mpf(1) / 200, mp.mpf(1) / 2, 4))]
    assert bound.upper / 2 < at[0] - at[1] <= bound.upper


def test_sup_bound_without_finite_sums() -> None:
    bound = sup_bound(family("I", "c/n", c=[1]), Box([0], [1]), 4)
    assert bound.upper == np.inf and bound.verdict is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [1, 2]}, "must have 1, the inputs of layer 1"),
        ({"x": "1"}, "x = '1': must be a sequence"),
        ({"x": [float("nan")]}, "x[0] = nan: must be finite"),
        ({"tol": 0}, "tol = 0: must be positive"),
        ({"max_depth": 0}, "max_depth = 0: must be a positive integer"),
        ({"time_limit": -1}, "time_limit = -1"),
        ({"family": 3}, "family = 3: must be a DeepFamily"),
    ],
)
def test_bad_arguments_are_named(change: dict, message: str) -> None:
    arguments = {"family": family("I"), "x": [1]} | change
    with pytest.raises(InputError) as error:
        deep_limit(arguments.pop("family"), arguments.pop("x"), **arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_bad_arguments_of_sup_bound() -> None:
    for arguments, name in [
        ((Box([0, 0], [1, 1]), 3), "box"),
        ((Box([0], [float("inf")]), 3), "box"),
        ((Box([0], [1]), 0), "depth"),
    ]:
        with pytest.raises(InputError, match=name):
            sup_bound(family("I"), *arguments)


def test_results_are_not_bools() -> None:
    with pytest.raises(TypeError):
        bool(deep_limit(family("I"), [1]))


def test_numbers_beyond_every_format() -> None:
    for sign, upper in (("", np.inf), ("-", 0.0)):
        limit = deep_limit(DeepFamily.from_symbolic("I", width=1), [f"{sign}1e400"])
        assert limit.status.value == "converges" and limit.reached and limit.upper.tolist() == [upper]
    growing = DeepFamily.from_symbolic("I + A/n**2", constants={"A": [[10**12]]})
    limit = deep_limit(growing, ["1e-12"], max_depth=64)
    assert limit.status.value == "converges" and not limit.reached and limit.upper.tolist() == [np.inf]
    finite = deep_limit(DeepFamily.from_layers([ReLULayer([[2**600]])] * 40), [1])
    assert finite.lower.tolist() == [np.finfo(float).max] and str(2**24000) in repr(finite)


def test_the_room_is_called_like_its_function() -> None:
    family = DeepFamily.from_symbolic("I/2", "c", constants={"c": [1]})
    assert relutheory.deep_limit(family, [0], tol=1e-3).enclosure == deep_limit(family, [0], tol=1e-3).enclosure


@pytest.mark.parametrize("listed", [False, True])
def test_the_clock_is_looked_at_in_every_layer(listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer of a wide family may take a second: time that runs out at the third look ends the pass soon."""
    eye = [[1, 0], [0, 1]]
    slow = family("I + A/n**2", "c/n**3", m=2, A=[[1, 2], [3, 4]], c=[1, 1])
    net = DeepFamily.from_layers([(eye, [1, 1])] * 50) if listed else slow
    looks = iter(range(3))
    clock = SimpleNamespace(monotonic=lambda: 0.0 if next(looks, None) is not None else float("inf"))
    monkeypatch.setattr(outcome, "time", clock)
    found = deep_limit(net, [1, 1], "1e-30", time_limit=10**6)
    assert found.depth <= 5 and not found.reached and "time_limit was reached" in found.reason


def test_out_of_time_before_every_criterion_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = family("I + A/n", "c/n", m=2, A=[[0, -1], [1, 0]], c=[1, -1])
    assert deep_limit(turn, [1, 1]).status.value == "not-applicable"
    monkeypatch.setattr(outcome, "time", SimpleNamespace(monotonic=lambda: float("inf")))
    found = deep_limit(turn, [1, 1], time_limit=10**6)
    assert found.status.value == "undecided" and not found.failed_hypotheses
    assert found.reason == "time_limit was reached before every criterion was tried"


def test_entries_that_are_rational_without_looking_so() -> None:
    """Only the limits of the entries show that this is the identity: the pass itself goes in balls."""
    hidden = DeepFamily.from_symbolic("I + (sqrt(2)*sqrt(3) - sqrt(6))*I/n", "0", width=1)
    assert deep_limit(hidden, [1], max_depth=50).status.value in ("converges", "undecided")


def test_inputs_and_weights_beyond_the_floats() -> None:
    """The float guess of a local fixed point is then no number; the exact orbit decides."""
    net = DeepFamily.from_symbolic([["1/2", -2], [2, -(10**400)]], "[1, -1]")
    for x in ([10**400, 1], [1, 1]):
        assert deep_limit(net, x, time_limit=5).status.value == "diverges"
    growing = DeepFamily.from_symbolic("3*I/2 + A", "c", constants={"A": [[0, -1], [0, 0]], "c": ["1/7", "1/3"]})
    assert deep_limit(growing, [10**400, 1], max_depth=40).status.value != "converges"
