"""The engines for many inputs against the exact tree, all patterns one by one, and published counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise, product
from math import comb, factorial
from typing import Any

import numpy as np
import pytest

from relutheory.activation import activation_domain
from relutheory.core.errors import InputError
from relutheory.core.sets import Box, Polyhedron
from relutheory.networks.layers import ReLULayer, ReLUNetwork
from relutheory.polyhedra.batch import unpack
from relutheory.polyhedra.exact_tree import exact_regions
from relutheory.polyhedra.programs import program_regions
from relutheory.polyhedra.space import space_regions

ENGINES = {"space": space_regions, "programs": program_regions}
regions = space_regions  # each test runs with each of them


@pytest.fixture(autouse=True, params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(globals(), "regions", ENGINES[request.param])
    return str(request.param)


Layers = tuple[ReLULayer, ...]
Draw = Callable[[tuple[int, ...]], Any]


def gaussian(widths: Sequence[int], seed: int = 0) -> Layers:
    """Weights, then biases, layer after layer."""
    rng = np.random.default_rng(seed)
    return tuple(ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m)) for n, m in pairwise(widths))


def drawn(widths: Sequence[int], draw: Draw, bias: bool = True) -> Layers:
    return tuple(ReLULayer(draw((m, n)), draw((m,)) if bias else None) for n, m in pairwise(widths))


def integers(rng: np.random.Generator, size: int, divisor: int = 1) -> Draw:
    """Draws integers up to a size, or these divided by a number."""

    def draw(shape: tuple[int, ...]) -> Any:
        values = rng.integers(-size, size + 1, shape)
        return values if divisor == 1 else values / divisor

    return draw


def central(rows: Any) -> Layers:
    return (ReLULayer(rows),)


def count(layers: Layers, domain: Polyhedron | None = None) -> int:
    return sum(part.count for part in regions(layers, domain, listed=False))


def check(layers: Layers, domain: Polyhedron | None = None, batch: int = 65536) -> int:
    """Compare bits, facets and boundedness with the exact tree, and every point with its region; returns the count."""
    neurons, n = sum(layer.m for layer in layers), layers[0].n
    walls = [] if domain is None else domain.halfspaces()
    expected = {}
    for region in exact_regions(layers, domain):
        expected[region.bits] = (region.bounded, tuple(int(j in region.facets()) for j in range(neurons)))
    found = {}
    total = 0
    for part in regions(layers, domain, facets=True, batch=batch):
        assert part.count <= batch
        if part.count == 0:  # a sign of life
            continue
        total += part.count
        assert part.patterns is not None and part.points is not None
        assert part.bounded is not None and part.facets is not None
        assert part.points.shape == (part.count, n)
        bits, facets = unpack(part.patterns, neurons), unpack(part.facets, neurons)
        for k in range(part.count):
            pattern = tuple(bits[k].tolist())
            found[pattern] = (bool(part.bounded[k]), tuple(facets[k].tolist()))
            exact = (part.exact_points or {}).get(k)
            assert (exact is not None) == bool(np.isnan(part.points[k]).any())
            x = exact or [Fraction(v) for v in part.points[k].tolist()]
            assert all(sum(p * q for p, q in zip(a, x, strict=True)) < c for a, c in walls if any(a))
            ends = np.cumsum([layer.m for layer in layers]).tolist()
            split = [pattern[end - layer.m : end] for layer, end in zip(layers, ends, strict=True)]
            for q in activation_domain(ReLUNetwork(layers), split).inequalities:
                value = sum((p * v for p, v in zip(q.a, x, strict=True)), q.c)
                assert value > 0 if q.strict else value < 0 or (q.trivial and value == 0)
    assert total == len(found)
    assert found == expected
    return total


def by_patterns(layers: Layers) -> int:
    """All patterns, each decided by a linear program."""
    net = ReLUNetwork(layers)
    choices = [list(product((0, 1), repeat=layer.m)) for layer in layers]
    return sum(activation_domain(net, pattern).has_interior() for pattern in product(*choices))


def cells(m: int, n: int) -> int:
    return sum(comb(m, i) for i in range(n + 1))


@pytest.mark.parametrize(
    ("widths", "box", "expected"),
    [
        ([3, 16, 16], False, 4309),
        ([4, 12, 12], False, 14289),
        ([3, 16, 16], True, 676),
        ([4, 12, 12], True, 1595),
        ([2, 10, 10, 10], False, 382),
        ([2, 10, 10, 10], True, 115),
        ([2, 32, 32], False, 1984),
        ([2, 32, 32], True, 558),
    ],
)
def test_published_counts_of_deep_networks(widths: list[int], box: bool, expected: int) -> None:
    domain = Box(-1, 1, widths[0]) if box else None
    assert count(gaussian(widths), domain) == expected


@pytest.mark.parametrize(("m", "n"), [(5, 1), (7, 2), (7, 3), (12, 6), (14, 4), (10, 8), (3, 5)])
def test_general_position_has_the_count_of_the_formula(m: int, n: int) -> None:
    rng = np.random.default_rng(m + n)
    rows, shifts = rng.standard_normal((m, n)), rng.standard_normal(m)
    assert count((ReLULayer(rows, shifts),)) == cells(m, n)
    assert count(central(rows)) == 2 * sum(comb(m - 1, i) for i in range(n))


def differences(n: int, signs: tuple[int, ...]) -> list[list[int]]:
    rows = [(i, j, sign) for i in range(n) for j in range(i) for sign in signs]
    return [[int(k == i) + sign * int(k == j) for k in range(n)] for i, j, sign in rows]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_braid_arrangements_have_n_factorial_cells(n: int) -> None:
    assert count(central(differences(n, (-1,)))) == factorial(n)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_type_b_arrangements(n: int) -> None:
    rows = differences(n, (-1, 1)) + np.eye(n, dtype=int).tolist()
    assert count(central(rows)) == 2**n * factorial(n)


@pytest.mark.parametrize(("n", "expected"), [(1, 2), (2, 6), (3, 32), (4, 370), (5, 11292)])
def test_resonance_arrangements(n: int, expected: int) -> None:
    assert count(central([v for v in product((0, 1), repeat=n) if any(v)])) == expected


@pytest.mark.parametrize(("n", "expected"), [(1, 4), (2, 14), (3, 104), (4, 1882)])
def test_threshold_functions(n: int, expected: int) -> None:
    rows = [[*v, 1] for v in product((-1, 1), repeat=n)]
    assert count(central(rows)) == expected
    assert count(central([[Fraction(x, 3) for x in row] for row in rows])) == expected


@pytest.mark.slow
def test_larger_arrangements() -> None:
    assert count(central([[*v, 1] for v in product((-1, 1), repeat=5)])) == 94572
    assert count(central(differences(7, (-1,)))) == factorial(7)
    assert count(gaussian([6, 12])) == cells(12, 6)


@pytest.mark.parametrize(("q", "n"), [(9, 2), (4, 3), (3, 4), (2, 5)])
def test_grids(q: int, n: int) -> None:
    rows = np.repeat(np.eye(n, dtype=int), q, axis=0)
    assert count((ReLULayer(rows, list(range(q)) * n),)) == (q + 1) ** n


@pytest.mark.parametrize("eps", [1e-4, 1e-6, 1e-10, 1e-13])
def test_near_duplicates_keep_their_cells(eps: float) -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((8, 3))
    near = np.vstack([rows, rows + eps * rng.standard_normal(rows.shape)])
    assert count(central(near)) == 2 * sum(comb(15, i) for i in range(3)) == 242
    shifts = np.tile(rng.standard_normal(8), 2)
    assert count((ReLULayer(near, shifts),)) == cells(16, 3)
    if eps in (1e-10, 1e-13):
        check((ReLULayer(near[[0, 1, 2, 8, 9, 10]], shifts[[0, 1, 2, 8, 9, 10]]),))


def test_duplicates_and_antipodes_do_not_cut_again() -> None:
    rows = np.random.default_rng(1).standard_normal((5, 3))
    expected = 2 * sum(comb(4, i) for i in range(3))
    assert check(central(np.vstack([rows, 2 * rows, -rows]))) == expected
    assert check(central(np.vstack([rows, 0.1 * rows, rows[::-1]]))) >= expected


@pytest.mark.parametrize(
    "widths", [[2, 4, 4], [3, 5], [3, 4, 4], [2, 3, 3, 3], [4, 5, 4], [3, 2, 4], [1, 4, 3], [2, 1, 1, 2]]
)
@pytest.mark.parametrize("bias", [True, False])
def test_small_networks_agree_with_the_exact_tree(widths: list[int], bias: bool) -> None:
    rng = np.random.default_rng(sum(widths))
    check(drawn(widths, rng.standard_normal, bias))
    for size in (1, 2, 5):  # many zeros, duplicates and neurons that vanish identically
        check(drawn(widths, integers(rng, size), bias))
        check(drawn(widths, integers(rng, size, 10), bias))


@pytest.mark.parametrize("widths", [[2, 4, 4], [3, 5, 5], [2, 3, 3, 3], [3, 8], [1, 6, 6]])
@pytest.mark.parametrize("whole", [True, False])
def test_small_networks_agree_with_all_patterns(widths: list[int], whole: bool) -> None:
    rng = np.random.default_rng(7)
    layers = drawn(widths, integers(rng, 1) if whole else rng.standard_normal)
    assert count(layers) == by_patterns(layers)


DOMAINS = {
    "box": Box(-1, 1, 3),
    "box with ends of integers": Box([0, 0, 0], [1, 2, 3]),
    "slab": Box([-1, -float("inf"), -float("inf")], [1, float("inf"), float("inf")]),
    "half-space": Polyhedron([[1, 2, 3]], [1]),
    "octant": Polyhedron(-np.eye(3), np.zeros(3)),
    "simplex, walls repeated": Polyhedron(
        [[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1], [2, 2, 2], [0, 0, 0]], [0, 0, 0, 1, 2, 0]
    ),
    "irrational-looking": Polyhedron(np.random.default_rng(3).standard_normal((6, 3)), np.ones(6)),
    "thirds": Polyhedron([["1/3", 0, 0], ["-1/3", "1/7", 0], [0, "1/3", "1/3"]], ["1/3", "2/3", "1/9"]),
    "tiny": Box(-1e-12, 1e-12, 3),
    "no walls": Polyhedron(np.zeros((0, 3)), []),
    "octahedron": Polyhedron(list(product((-1, 1), repeat=3)), [1] * 8),
}


@pytest.mark.parametrize("name", DOMAINS)
def test_domains(name: str) -> None:
    rng = np.random.default_rng(5)
    for draw in (rng.standard_normal, integers(rng, 2)):
        check(drawn([3, 4, 4], draw), DOMAINS[name], batch=7)
        check(drawn([3, 4, 3], draw, bias=False), DOMAINS[name])
        check((ReLULayer([[1, 2, 3], [-2, -4, -6], [1, 0, 0], [0, 0, 0], [0, 0, 0]], [-1, 2, 0, 1, 0]),), DOMAINS[name])


@pytest.mark.parametrize("domain", [Polyhedron([[1, 0], [-1, 0]], [0, 0]), Polyhedron([[0, 0]], [-1]), Box(0, 0, 2)])
def test_domain_without_interior_is_refused(domain: Polyhedron) -> None:
    for layers in (gaussian([2, 3]), (ReLULayer([[0, 0]]),)):
        with pytest.raises(InputError, match=r"domain.*must have a non-empty interior"):
            count(layers, domain)


def test_dead_layers_and_constant_neurons() -> None:
    rng = np.random.default_rng(2)
    dead = ReLULayer(rng.standard_normal((3, 4)), -np.ones(3) * 1e9)
    first, last = gaussian([2, 4])[0], ReLULayer(rng.standard_normal((3, 3)), [0, 1, -1])
    check((first, dead, last))
    check((first, ReLULayer(np.zeros((3, 4)), [0, 1, -1]), last))
    check((ReLULayer(np.zeros((4, 2)), [0, 1, -1, 2]), ReLULayer(rng.standard_normal((3, 4))), last))
    check((ReLULayer(np.zeros((2, 2)), [0, 1]),), Box(1, 2, 2))
    assert count((ReLULayer(np.zeros((2, 2)), [0, 1]),)) == 1


@pytest.mark.parametrize("rank", [1, 2])
def test_rank_deficient_weights(rank: int) -> None:
    rng = np.random.default_rng(rank)
    for draw in (rng.standard_normal, integers(rng, 2)):
        weights = draw((5, rank)) @ rng.integers(-2, 3, (rank, 4))
        layers = (ReLULayer(weights, draw((5,))), *drawn([5, 3], draw))
        check(layers)
        check(layers, Box([-1, -1, 0, 0], [1, 1, float("inf"), float("inf")]))


def test_identical_and_parallel_neurons_deep_down() -> None:
    rng = np.random.default_rng(4)
    first = ReLULayer(rng.standard_normal((4, 3)), rng.standard_normal(4))
    row, shift = rng.standard_normal(4), rng.standard_normal()
    check((first, ReLULayer([row, 2 * row, -row, row], [shift, 2 * shift, -shift, 1.0])))
    rows = rng.standard_normal((3, 3))
    check((ReLULayer(np.vstack([rows, rows]), rng.standard_normal(6)), *gaussian([6, 2])))


@pytest.mark.parametrize("power", [40, 120, 300])
def test_entries_of_any_size(power: int) -> None:
    rng = np.random.default_rng(power)
    scale = 10.0 ** rng.integers(-power, power + 1, (4, 2))
    check(
        (
            ReLULayer(rng.standard_normal((4, 2)) * scale, scale[:, 0]),
            ReLULayer(rng.standard_normal((3, 4)) * scale.T[:1]),
        )
    )
    check((ReLULayer([[1, 10.0**-power], [1, -(10.0**-power)], [1, 0]], [0, 0, 10.0**-power]),))
    tiny = Fraction(1, 10**power)
    check((ReLULayer([[1, tiny], [tiny, 1], [1 - tiny, 1]], [tiny, 0, 1]), ReLULayer([[1, tiny, -1], [1, 1, tiny]])))


def test_weights_that_are_no_floats() -> None:
    rng = np.random.default_rng(8)

    def thirds(shape: tuple[int, ...]) -> np.ndarray:
        return np.vectorize(lambda v: Fraction(int(v), 3), otypes=[object])(rng.integers(-5, 6, shape))

    def long(shape: tuple[int, ...]) -> np.ndarray:
        return np.vectorize(lambda v: Fraction(int(v), 3**40), otypes=[object])(rng.integers(-(10**18), 10**18, shape))

    check(drawn([3, 4, 3], thirds))
    check(drawn([3, 4, 3], long))
    check(drawn([2, 3, 3, 2], long), Box(["-1/3"] * 2, ["1/7"] * 2))


def test_batches_are_small_and_the_same_regions() -> None:
    layers = gaussian([3, 6, 6])
    whole = [part.patterns for part in regions(layers)]
    parts = [part.patterns for part in regions(layers, batch=5)]
    assert all(part is not None and len(part) <= 5 for part in parts)
    assert np.array_equal(np.vstack(whole), np.vstack(parts))  # type: ignore[arg-type]


def test_many_neurons_need_several_words() -> None:
    assert count(gaussian([2, 70]), Box(-1, 1, 2)) == sum(1 for _ in exact_regions(gaussian([2, 70]), Box(-1, 1, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_networks_agree_with_the_exact_tree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    widths = [int(rng.integers(1, 5)), *rng.integers(1, 6, int(rng.integers(1, 4))).tolist()]
    draws: list[Draw] = [
        integers(rng, 1),
        integers(rng, 3, 8),
        lambda shape: np.round(rng.standard_normal(shape), 1),
        lambda shape: rng.standard_normal(shape) * rng.integers(0, 2, shape),
        lambda shape: rng.integers(-1, 2, shape) + 1e-12 * rng.standard_normal(shape),
        lambda shape: rng.integers(-1, 2, shape) * (1 + rng.standard_normal()),
    ]
    for draw in draws:
        layers = drawn(widths, draw, bias=bool(rng.integers(2)))
        check(layers)
        check(layers, Box(-1, 1, widths[0]))


@pytest.mark.parametrize(("grow", "tiny"), [(2**39, (-1000, -1020)), (2**36, (-1000, -1020)), (10**11, (-996, -1016))])
def test_tiny_weights_after_large_forms(grow: int, tiny: tuple[int, int]) -> None:
    # in float64 the last layer's first neuron has weights whose ratio is lost; its forms are of ordinary size
    large = [ReLULayer(grow * np.eye(3)) for _ in range(3)]
    first, second = (Fraction(2) ** e for e in tiny)
    check((*large, ReLULayer([[first, -second, 0], [1, 0, 0]])), Box(["1/2"] * 3, [1] * 3))


def test_numbers_that_vanish_beside_larger_ones() -> None:
    least = 5e-324
    check((ReLULayer([[0, 0, 1], [0, 0, 0], [0, 0, 1]], [least, 0, 0]),))
    check((ReLULayer([[0, 1], [0, 1]], [least, 0]),))
    check((ReLULayer([[0, 1, 0]], [0]),), Polyhedron([[1, 0, 0], [-1, 0, 0], [0, -1, 0]], [least, 0, -least]))


@pytest.mark.parametrize("far", [-1.3561814943362754e121, -1e200, -1e240])
def test_magnitudes_far_apart_make_no_regions(far: float) -> None:
    first = ReLULayer([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    check((first, ReLULayer([[1, -5.505700089657309, 0], [1, -3.472452966358612, 0]], [far, 0])))
    rows = [[-1e-200, 1, 0], [1, 0, 0], [0, -3e-200, 0], [0, 1, 0], [0, 0, 1]]
    check((ReLULayer(rows, [0, 0, 1, 0, 0]),))
    rows = [
        *([0, 0, 1], [0, -1, 0], [1, -1, 0]),
        *([-0.5936240899847904, -0.7443952736917574, 0], [1, -1.101534393959968, 1]),
    ]
    check((ReLULayer(rows, [0, far, 0, 1.4 * far, 0]),))
