"""Inverting layers: against the vertices of the preimage, round trips, and known noise."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import sympy as sp

from relutheory.core.errors import InputError
from relutheory.core.residues import primes
from relutheory.core.sets import Box, Polyhedron
from relutheory.injectivity.inverting import batch
from relutheory.injectivity.inverting.batch import reconstruct_batch
from relutheory.injectivity.inverting.equations import solve_equations
from relutheory.injectivity.inverting.frame_bound import root_above, root_below, smallest_singular_below
from relutheory.injectivity.inverting.reconstruction import Found, reconstruct
from relutheory.networks import ReLULayer

PAIRED = ReLULayer([[2, 1], [1, 1], [-4, -2], [-1, -1]])


def random_layer(rng: np.random.Generator) -> ReLULayer:
    """Small integers: zero, parallel and duplicate rows are common."""
    n, m = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    return ReLULayer(rng.integers(-2, 3, size=(m, n)), rng.integers(-1, 2, size=m))


def vertices(layer: ReLULayer, y: list[Fraction], box: Box) -> set[tuple[Fraction, ...]]:
    """The corners of {x in the box : ReLU(Wx + b) = y}: every n tight constraints, solved by sympy."""
    rows = list(zip(layer.weight.fractions(), layer.bias.fractions(), strict=True))
    constraints = [(w, v - b) for (w, b), v in zip(rows, y, strict=True)] + box.halfspaces()
    found = set()
    for chosen in combinations(constraints, layer.n):
        matrix = sp.Matrix([[sp.Rational(v.numerator, v.denominator) for v in w] for w, _ in chosen])
        if matrix.det() == 0:
            continue
        right = sp.Matrix([sp.Rational(c.numerator, c.denominator) for _, c in chosen])
        x = tuple(Fraction(int(v.p), int(v.q)) for v in matrix.LUsolve(right))
        if box.contains(x) and layer.forward_exact(x) == y:
            found.add(x)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_preimages_against_their_vertices(seed: int) -> None:
    rng = np.random.default_rng([70, seed])
    layer = random_layer(rng)
    box = Box(-2, 3, n=layer.n)
    x = [Fraction(int(v), 2) for v in rng.integers(-4, 7, size=layer.n)]
    y = layer.forward_exact(x)
    if seed % 2:  # mostly out of the range
        y = [max(v + int(rng.integers(-1, 2)), Fraction(0)) for v in y]
    corners = vertices(layer, y, box)
    result = reconstruct(layer, y, domain=box)
    expected = (Found.OUTSIDE, Found.UNIQUE)[len(corners)] if len(corners) < 2 else Found.MANY
    assert result.status is expected
    if result.status is Found.UNIQUE:
        assert {result.x} == corners
    if result.status is Found.MANY:
        assert result.x != result.other
        for point in (result.x, result.other):
            assert box.contains(point) and layer.forward_exact(point) == y
        for i in range(layer.m):
            values = {layer.preactivation_exact(corner)[i] for corner in corners}
            assert (i in result.fixed) == (len(values) == 1)
    if result.status is Found.OUTSIDE:
        assert result.proof.check(layer, y, box)


def test_round_trips_are_exact_where_the_layer_is_injective() -> None:
    rng = np.random.default_rng(71)
    for n in (1, 2, 5, 20):
        B = rng.standard_normal((n, n))
        layer = ReLULayer(np.vstack([B, -3 * B, rng.standard_normal((n, n))]))
        for scale in (1.0, 1e200, 1e-200):
            x = [Fraction(v) for v in (rng.standard_normal(n) * scale).tolist()]
            result = reconstruct(layer, layer.forward_exact(x))
            assert result.status is Found.UNIQUE and list(result.x) == x and result.error == 0


def test_inequalities_can_pin_what_the_active_rows_leave_open() -> None:
    layer = ReLULayer([[1, 0], [0, 1], [0, -1], [-1, 0]])
    result = reconstruct(layer, [1, 0, 0, 0])
    assert (result.status, result.x, result.fixed) == (Found.UNIQUE, (1, 0), (0, 1, 2, 3))
    chained = ReLULayer([[1, 1, 0], [-1, -1, 0], [1, 0, 1], [-1, 0, -1], [0, 1, 1], [0, -1, -1]])
    assert reconstruct(chained, [0] * 6).x == (0, 0, 0)
    assert reconstruct(ReLULayer([[1, 0], [0, 1]]), [1, 0]).status is Found.MANY


def test_proofs_cover_every_kind_of_failure() -> None:
    layer = ReLULayer([[1, 0], [1, 0], [-1, -1], [0, 1]], [0, "1/3", 0, 1])
    negative = reconstruct(layer, [0, 0, -2, 0])
    assert negative.proof.row == 2 and negative.distance.lo >= 2
    inconsistent = reconstruct(layer, [1, 1, 0, 3])  # the first rows differ by 1/3
    assert inconsistent.status is Found.OUTSIDE and inconsistent.proof.neurons[:2] != (0, 0)
    signs = reconstruct(layer, [1, "4/3", 1, 2])  # x = (1, 1), and row 2 is negative there
    assert signs.status is Found.OUTSIDE
    box = Box(0, "1/2", n=2)
    walls = reconstruct(layer, [1, "4/3", 0, 2], domain=box)
    assert reconstruct(layer, [1, "4/3", 0, 2]).status is Found.UNIQUE
    assert walls.status is Found.OUTSIDE and any(walls.proof.walls)
    for result, y, domain in (
        (inconsistent, [1, 1, 0, 3], None),
        (signs, [1, Fraction(4, 3), 1, 2], None),
        (walls, [1, Fraction(4, 3), 0, 2], box),
    ):
        assert result.proof.check(layer, [Fraction(v) for v in y], domain)
        assert not result.proof.check(layer, [Fraction(v) for v in layer.forward_exact(["1/4", "1/4"])], domain)


@pytest.mark.parametrize("seed", range(30))
def test_the_distance_from_the_range_is_enclosed(seed: int) -> None:
    rng = np.random.default_rng([72, seed])
    layer = random_layer(rng)
    y = [Fraction(int(v), 2) for v in rng.integers(-1, 6, size=layer.m)]
    result = reconstruct(layer, y)
    if result.status is not Found.OUTSIDE:
        assert result.distance.hi == 0
        return
    assert 0 < result.distance.lo <= result.distance.hi
    points = rng.uniform(-6, 6, size=(20000, layer.n))  # no point of the range comes nearer than the lower end
    nearest = np.sqrt(((layer.forward(points) - [float(v) for v in y]) ** 2).sum(axis=1)).min()
    assert result.distance.lo <= nearest


def test_float_outputs_lie_beside_the_range_and_the_estimate_is_near() -> None:
    rng = np.random.default_rng(73)
    layer = ReLULayer(rng.standard_normal((40, 6)), rng.standard_normal(40))
    x = rng.standard_normal(6)
    result = reconstruct(layer, layer.forward(x))
    assert result.status is Found.OUTSIDE and result.x is None
    assert 0 < result.distance.lo <= result.distance.hi < 1e-13
    assert np.abs(np.array([float(v) for v in result.estimate]) - x).max() < 1e-13


@pytest.mark.parametrize("seed", range(20))
def test_noisy_outputs_come_with_an_error_bound(seed: int) -> None:
    rng = np.random.default_rng([74, seed])
    n = int(rng.integers(1, 5))
    layer = ReLULayer(rng.standard_normal((8 * n, n)), rng.standard_normal(8 * n))
    x = [Fraction(v) for v in rng.standard_normal(n).tolist()]
    e = rng.standard_normal(8 * n)
    e *= 0.01 / np.linalg.norm(e)
    y = [v + Fraction(d) for v, d in zip(layer.forward_exact(x), e.tolist(), strict=True)]
    result = reconstruct(layer, y, noise="0.0100001", lower_lipschitz=0)
    assert result.status is Found.ESTIMATED
    assert sum((p - q) ** 2 for p, q in zip(result.x, x, strict=True)) <= result.error**2
    sure = [i for i, v in enumerate(y) if v > Fraction("0.0100001")]
    assert result.error <= Fraction(0.0101 / np.linalg.svd(layer.W[sure])[1][-1])


def test_the_error_bound_is_attained() -> None:
    # all the noise along the weakest direction of two orthogonal rows: |x' - x| = noise / sigma
    layer = ReLULayer([[4, 0], [0, "1/2"]], [0, 0])
    result = reconstruct(layer, [4, 2], noise="1/8")
    assert result.x == (1, 4)
    assert Fraction(1, 4) <= result.error < Fraction(1, 4) + Fraction(1, 10**5)


def test_noise_that_cannot_be_is_refuted() -> None:
    layer = ReLULayer([[1], [1], [-1]])
    result = reconstruct(layer, [1, 3, 0], noise="1.4")  # the distance is sqrt(2)
    assert result.status is Found.OUTSIDE and result.rigor.value == "exact"
    assert reconstruct(layer, [1, 3, 0], noise="1.42").status is Found.ESTIMATED
    assert abs(float(result.distance.lo) - 2**0.5) < 1e-4


def test_a_lipschitz_bound_serves_where_the_sure_rows_do_not_span() -> None:
    layer = ReLULayer([[1, 0], [-1, 0], [0, 1], [0, -1]])  # the bound is 1/sqrt(2)
    result = reconstruct(layer, [1, 0, "0.01", 0], noise="0.1", lower_lipschitz="0.7")
    assert result.status is Found.ESTIMATED and result.error is not None
    assert Fraction(1, 10) <= result.error <= Fraction(3, 10)
    assert reconstruct(layer, [1, 0, "0.01", 0], noise="0.1", lower_lipschitz=0).error is None
    computed = reconstruct(layer, [1, 0, "0.01", 0], noise="0.1").error
    assert Fraction(1, 10) <= computed <= result.error
    assert reconstruct(ReLULayer([[1, 0], [0, 1]]), [1, 0], noise="0.1").error is None  # it loses information
    point = Box([0, 0], [0, 0])
    assert reconstruct(layer, [0, 0, 0, 0], noise="0.1", domain=point).error is None  # no interior, no bound


def test_edges() -> None:
    empty = ReLULayer(np.zeros((0, 2)))
    assert reconstruct(empty, []).status is Found.MANY
    assert reconstruct(empty, [], domain=Box([0, 0], [0, 0])).x == (0, 0)
    zero = ReLULayer([[0], [1]], [2, 0])
    assert reconstruct(zero, [2, 5]).x == (5,)
    assert reconstruct(zero, [1, 5]).status is Found.OUTSIDE
    huge = ReLULayer([[1e300, 0], [0, 1e-300], [-1e300, -1e-300]])
    y = huge.forward_exact([1, -1])
    assert reconstruct(huge, y).status is Found.MANY  # both other rows are negative there
    assert reconstruct(huge, huge.forward_exact([1, 1])).x == (1, 1)
    assert reconstruct(huge, [3e300, 2e-300, 0], noise=1e-301).error is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layer": 3}, "layer = 3: must be a ReLULayer"),
        ({"y": [1, 2]}, "y = 'array of length 2': must have one entry per row of W, 4"),
        ({"y": [1, 2, 3, float("nan")]}, "must be finite"),
        ({"y": "abcd"}, "y = 'abcd'"),
        ({"noise": -1}, "noise = -1: must be a non-negative number"),
        ({"noise": float("inf")}, "noise = inf: must be finite"),
        ({"domain": 3}, "domain = 3: must be a Box"),
        ({"domain": Box(0, 1, n=3)}, "must lie in the layer's input space, R^2"),
        ({"time_limit": -1}, "time_limit = -1: must be a non-negative number"),
        ({"lower_lipschitz": "-1/2"}, "lower_lipschitz = '-1/2': must be a non-negative number"),
    ],
)
def test_bad_arguments(arguments: dict, words: str) -> None:
    given = {"layer": PAIRED, "y": [0, 0, 0, 0]} | arguments
    with pytest.raises(InputError) as error:
        reconstruct(given.pop("layer"), given.pop("y"), **given)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_result_is_no_bool() -> None:
    with pytest.raises(TypeError):
        bool(reconstruct(PAIRED, [0, 0, 0, 0]))


# what the bounds rest on


@pytest.mark.parametrize("seed", range(10))
def test_the_smallest_singular_value_is_bounded_from_below(seed: int) -> None:
    rng = np.random.default_rng([75, seed])
    n = int(rng.integers(1, 7))
    W = sp.Matrix(rng.integers(-5, 6, size=(n + 2, n)))
    gram = W.T * W
    bound = smallest_singular_below(ReLULayer(np.array(gram.tolist(), dtype=float)).weight.fmpq)
    if gram.det() == 0:
        assert bound is None
        return
    shifted = gram - sp.Rational(bound.numerator, bound.denominator) ** 2 * sp.eye(n)
    above = gram - (sp.Rational(bound.numerator, bound.denominator) * sp.Rational(10001, 10000)) ** 2 * sp.eye(n)
    assert all(shifted[:k, :k].det() > 0 for k in range(1, n + 1))  # bound < sigma_n, exactly
    assert any(above[:k, :k].det() <= 0 for k in range(1, n + 1))  # and not by much


@pytest.mark.parametrize("value", [Fraction(2), Fraction(1, 3), Fraction(10) ** 600, Fraction(1, 10**600), Fraction(0)])
def test_roots_from_both_sides(value: Fraction) -> None:
    below, above = root_below(value), root_above(value)
    assert below**2 <= value <= above**2
    assert above - below <= above / 2**60


# batches


@pytest.mark.parametrize(("n", "m", "seed"), [(1, 4, 0), (2, 7, 1), (5, 30, 2), (12, 60, 3)])
def test_batches_agree_with_the_exact_inputs_within_their_bounds(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng([76, seed])
    layer = ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m))
    X = rng.standard_normal((40, n))
    Y = layer.forward(X)
    batch = reconstruct_batch(layer, Y, noise=1e-12)
    for i in range(40):
        result = reconstruct(layer, layer.forward_exact(X[i]))
        if batch.state[i] == 0:
            assert result.status is Found.UNIQUE
            difference = [Fraction(p) - q for p, q in zip(batch.x[i].tolist(), result.x, strict=True)]
            assert sum(d * d for d in difference) <= Fraction(batch.error[i]) ** 2
            off = [p - Fraction(q) for p, q in zip(layer.forward_exact(batch.x[i]), Y[i].tolist(), strict=True)]
            assert sum(d * d for d in off) <= Fraction(batch.residual[i]) ** 2
            assert batch.error[i] < 1e-8
        else:
            assert batch.names[batch.state[i]] == "short"
            assert np.linalg.matrix_rank(layer.W[Y[i] > 1e-12]) < n or n > 1
    assert (batch.state == 0).mean() > 0.3


def test_outputs_of_a_batch_that_cannot_be() -> None:
    rng = np.random.default_rng(77)
    layer = ReLULayer(rng.integers(-3, 4, size=(12, 3)))
    Y = layer.forward(rng.integers(-5, 6, size=(60, 3)))
    shifted = Y + rng.integers(0, 2, size=Y.shape)
    batch = reconstruct_batch(layer, shifted)
    exact = [reconstruct(layer, y.tolist()).status for y in shifted]
    refuted = batch.where("not-in-range")
    assert len(refuted) > 10
    assert all(exact[i] is Found.OUTSIDE for i in refuted)
    assert not len(reconstruct_batch(layer, Y).where("not-in-range"))
    assert reconstruct_batch(layer, -np.ones((1, 12))).where("not-in-range").tolist() == [0]


def test_repeated_patterns_and_their_order_do_not_matter() -> None:
    rng = np.random.default_rng(78)
    layer = ReLULayer(rng.standard_normal((20, 4)))
    Y = layer.forward(np.repeat(rng.standard_normal((5, 4)), 6, axis=0) * rng.uniform(1, 2, size=(30, 1)))
    order = rng.permutation(30)
    one, two = reconstruct_batch(layer, Y), reconstruct_batch(layer, Y[order])
    for name in ("x", "error", "residual", "state"):
        np.testing.assert_array_equal(getattr(one, name)[order], getattr(two, name))


def test_rows_that_do_not_span_are_short_and_bad_rows_invalid() -> None:
    Y = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [np.nan, 0, 0, 0], [np.inf, 0, 0, 0]]
    batch = reconstruct_batch(PAIRED, Y)
    assert [batch.names[s] for s in batch.state] == ["recovered", "short", "invalid", "invalid"]
    assert np.isnan(batch.x[1:]).all() and np.isinf(batch.error[1:]).all()
    nearly = ReLULayer([[1.0, 1.0], [1.0, 1 + 2**-52]])
    assert len(reconstruct_batch(nearly, [[1.0, 1.0]]).where("short")) == 1  # float64 cannot tell
    assert reconstruct(nearly, [1.0, 1.0]).x == (1, 0)


def test_empty_batches_and_layers() -> None:
    assert reconstruct_batch(PAIRED, np.zeros((0, 4))).x.shape == (0, 2)
    assert reconstruct_batch(PAIRED, []).x.shape == (0, 2)
    batch = reconstruct_batch(ReLULayer(np.zeros((0, 2))), np.zeros((3, 0)))
    assert batch.state.tolist() == [1, 1, 1]


@pytest.mark.parametrize("scale", [1e300, 1e-290, 1.0])
def test_extreme_scales_of_a_batch(scale: float) -> None:
    layer = ReLULayer(np.array([[2.0, 1.0], [1.0, 1.0], [-4.0, -2.0], [-1.0, -1.0]]) * scale)
    batch = reconstruct_batch(layer, np.array([[3.0, 2.0, 0.0, 0.0]]) * scale)
    assert batch.state.tolist() == [0]
    assert np.abs(batch.x - 1.0).max() <= batch.error[0] < 1e-12


@pytest.mark.parametrize(
    ("layer", "Y", "noise", "words"),
    [
        (None, [[0, 0, 0, 0]], 0, "layer = None: must be a ReLULayer"),
        (ReLULayer([["1/3"]]), [[0]], 0, "must have weights and biases that float64 holds exactly"),
        (PAIRED, [0, 0, 0, 0], 0, "must have shape (k, 4)"),
        (PAIRED, [["a"] * 4], 0, "must be a (k, m) array of numbers"),
        (PAIRED, [["1"] * 4], 0, "must be a (k, m) array of numbers"),
        (PAIRED, [[b"1"] * 4], 0, "must be a (k, m) array of numbers"),
        (PAIRED, np.array([["1", 0, 0, 0]], dtype=object), 0, "must be a (k, m) array of numbers"),
        (PAIRED, [[0, 0, 0, 0]], True, "noise = True: must be a number, not a boolean"),
        (PAIRED, [[0, 0, 0, 0]], b"1", "noise = b'1': must be"),
        (PAIRED, [[0, 0, 0, 0]], 10**400, "within the range of float64"),
        (PAIRED, [[0, 0, 0, 0]], Fraction(-1, 10**400), "must be finite and non-negative"),
        (PAIRED, [[0, 0, 0, 0]], -1, "noise = -1: must be finite and non-negative"),
        (PAIRED, [[0, 0, 0, 0]], [1, 2], "must be one number or have shape (1,)"),
    ],
)
def test_bad_arguments_of_a_batch(layer: object, Y: object, noise: object, words: str) -> None:
    with pytest.raises(InputError) as error:
        reconstruct_batch(layer, Y, noise=noise)
    assert words in str(error.value)


def test_noise_is_rounded_upwards_and_may_be_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(batch, "_run", lambda layer, outputs, levels, *_: seen.append(levels))
    tenth = Fraction(1, 10)  # its nearest float is larger, that of 1/3 smaller
    for noise in ("1/3", Fraction(1, 3), np.array(Fraction(1, 3)), [Fraction(1, 3)], tenth, 0.1):
        batch.reconstruct_batch(PAIRED, [[1, 1, 0, 0]], noise=noise)
    third = np.nextafter(1 / 3, 1)
    assert [levels.tolist() for levels in seen] == [[third]] * 4 + [[0.1]] * 2
    assert Fraction(1 / 3) < Fraction(1, 3) < Fraction(third)


def test_the_kernel_gets_arrays_of_one_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read-only arrays are another type to the compiler, which takes half a minute for each."""

    def record(*arrays: np.ndarray) -> None:
        assert all(a.flags.writeable and a.flags.c_contiguous for a in arrays)

    monkeypatch.setattr("relutheory._kernels.inverting.invert", record)
    for scale in (1.0, 2.0**1000):  # brought near 1, or given as they are
        for low in (1.0, 5e-324):
            layer = ReLULayer(PAIRED.W * scale, [low] * 4)
            reconstruct_batch(layer, np.ones((2, 4)), noise=[0.5, 0.25])


def test_what_is_proved_to_be_outside_stays_so_where_no_bound_is_finite() -> None:
    paired = ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])
    found = reconstruct_batch(paired, [[1e308, 1e-308, -5, 0], [1, 2, -5, 0], [1, 2, 0, 0]])
    assert [found.names[s] for s in found.state] == ["not-in-range", "not-in-range", "recovered"]
    assert reconstruct(paired, [1e308, 1e-308, -5, 0]).status is Found.OUTSIDE


def test_unknown_states_are_refused() -> None:
    with pytest.raises(InputError, match="must be one of recovered"):
        reconstruct_batch(PAIRED, []).where("lost")


def test_polyhedra_serve_as_domains() -> None:
    layer = ReLULayer([[1, 1]])
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 2])
    assert reconstruct(layer, [2], domain=triangle).status is Found.MANY
    assert reconstruct(layer, [0], domain=triangle).x == (0, 0)
    assert reconstruct(layer, [3], domain=triangle).status is Found.OUTSIDE


@pytest.mark.parametrize("seed", range(10))
def test_equations_whose_determinant_the_prime_divides(seed: int) -> None:
    rng = np.random.default_rng([79, seed])
    p = next(primes())
    n = 1 + seed % 3
    rows = [[int(v) for v in row] for row in rng.integers(-3, 4, size=(n + 2, n))]
    rows = [*rows, [v * p for v in rows[0]], [v + p * int(k == 0) for k, v in enumerate(rows[1])]]
    x = [int(v) for v in rng.integers(-3, 4, size=n)]
    right = [sum(a * v for a, v in zip(row, x, strict=True)) for row in rows]
    solved = solve_equations([[*row, c] for row, c in zip(rows, right, strict=True)], n)
    assert all(
        sum(a * v for a, v in zip(row, solved.point, strict=True)) == c for row, c in zip(rows, right, strict=True)
    )
    kernel = sp.Matrix(rows).nullspace()
    assert len(solved.directions) == len(kernel) and len(solved.independent) == n - len(kernel)
    right[-2] += p
    wrong = solve_equations([[*row, c] for row, c in zip(rows, right, strict=True)], n)
    combined = [sum(v * Fraction(rows[i][k]) for i, v in wrong.contradiction.items()) for k in range(n)]
    assert wrong.point is None and not any(combined)
    assert sum(v * right[i] for i, v in wrong.contradiction.items()) != 0
