"""Layers that are hard to decide: seeded generators of (name, W, b, expected).

`expected` is whether x -> ReLU(Wx + b) is injective on R^n where theory says so, or None: then the layer is
small enough for `oracle.injective_by_flats`.  `all_cases` chains the families; `boxed` asks on boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq_mat, fmpz_mat
from oracle import exact, injective_by_flats, primitive

INF = float("inf")


class Case(NamedTuple):
    """A layer, and whether it is injective on R^n; None where only the oracle can say."""

    name: str
    W: Any
    b: Any
    expected: bool | None


class BoxedCase(NamedTuple):
    """A layer, a box (lo, hi), and whether the layer is injective on the box."""

    name: str
    W: Any
    b: Any
    box: tuple[list[Any], list[Any]]
    expected: bool | None


def small_integers(seed: int = 0, count: int = 240) -> Iterator[Case]:
    """Entries in {-2..2}, n = 1..4, m = 1..12, with copies, opposites and zero rows; every other biased."""
    for k in range(count):
        rng = np.random.default_rng([seed, 1, k])
        n = int(rng.integers(1, 5))
        W, b = degenerate_layer(rng, n, int(rng.integers(1, 13)))
        yield Case(f"integers-{k}", W, b if k % 2 else None, None)


def degenerate_layer(rng: np.random.Generator, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """m rows in {-2..2}^n, about a third of them copies, opposites or zeros of others; a bias in {-2..2}."""
    W, b = rng.integers(-2, 3, (m, n)), rng.integers(-2, 3, m)
    for i in range(m):
        if rng.random() < 0.35:
            factor = rng.choice([1, -1, -1, -1, 0])
            W[i] = factor * W[rng.integers(m)]
    return W, b


def pairs(seed: int = 0) -> Iterator[Case]:
    """[B; -DB] shuffled, also with further rows: injective; with one entry off by 1 ulp: not (n >= 2)."""
    for n in (1, 2, 3, 5, 8, 20):
        rng = np.random.default_rng([seed, 2, n])
        B = rng.standard_normal((n, n))
        W = np.vstack([B, -(2.0 ** rng.integers(-9, 10, (n, 1))) * B])[rng.permutation(2 * n)]
        yield Case(f"pairs-{n}", W, None, True)
        yield Case(f"pairs-ulp-{n}", one_ulp(rng, W), None, n == 1)
        yield Case(f"pairs-and-more-{n}", np.vstack([W, rng.standard_normal((3, n))]), None, True)
        yield Case(f"pairs-and-zero-row-ulp-{n}", np.vstack([one_ulp(rng, W), np.zeros((2, n))]), None, n == 1)
        yield Case(f"pairs-and-copies-{n}", np.vstack([W[: 2 * n - 1], 3 * W[:1], W[:1]]), None, False)
    third = [["1/3", "1/7"], ["2/5", "-1"], ["-1/3", "-1/7"], ["-4/15", "2/3"]]
    yield Case("pairs-thirds", third, None, True)
    yield Case("pairs-thirds-rounded", [third[0], third[1], third[2], [-4 / 15, 2 / 3]], None, False)
    identity = np.vstack([np.eye(3), -np.eye(3)])
    for name, entry, expected in (("diagonal", (0, 0), True), ("off-diagonal", (0, 1), False)):
        W = identity.copy()
        W[entry] = np.nextafter(W[entry], INF)
        yield Case(f"identity-ulp-{name}", W, None, expected)
    B = np.array([[1.0, 2.0], [1.0, 2.0]])
    yield Case("pairs-singular", np.vstack([B, -B]), None, False)
    B[1, 1] = np.nextafter(2.0, 3.0)
    yield Case("pairs-regular-by-an-ulp", np.vstack([B, -B]), None, True)


def one_ulp(rng: np.random.Generator, W: np.ndarray) -> np.ndarray:
    """W with one random entry replaced by a neighbouring float."""
    W, i, j = W.copy(), rng.integers(W.shape[0]), rng.integers(W.shape[1])
    W[i, j] = np.nextafter(W[i, j], rng.choice([-INF, INF]))
    return W


def near_pairs(seed: int = 0) -> Iterator[Case]:
    """[B; -B; M] with one or two pairs off by 1 ulp: the few rows of M decide whether that matters."""
    for k in range(24):
        rng = np.random.default_rng([seed, 3, k])
        n = (2, 3, 4, 8)[k % 4]
        B = rng.integers(-2, 3, (n, n)) + np.eye(n) * 8.0
        W = one_ulp(rng, np.vstack([B, -B]))
        if k % 3 == 0:
            W = one_ulp(rng, W)
        extra = int(rng.integers(1, 5))
        M = rng.standard_normal((extra, n)) if k % 2 else rng.integers(-2, 3, (extra, n))
        yield Case(f"near-pairs-{k}", np.vstack([W, M]), None, None)
        yield Case(f"near-pairs-biased-{k}", np.vstack([W, M]), rng.integers(-1, 3, len(W) + extra), None)


def dependent_pairs(seed: int = 0) -> Iterator[Case]:
    """[H; -H; M] where H spans n - 2 dimensions with n rows: injective iff M is on the two left."""
    for k in range(12):
        rng = np.random.default_rng([seed, 11, k])
        n = 3 + k % 3
        basis = rng.integers(-2, 3, (n, n)) + 8 * np.eye(n, dtype=int)
        H = np.vstack([basis[: n - 2], rng.integers(1, 4, (2, n - 2)) @ basis[: n - 2]])
        M = basis[n - 2 :] + rng.integers(-2, 3, (2, n - 2)) @ basis[: n - 2]
        yield Case(f"dependent-{k}", np.vstack([H, -H, 3 * H]), None, False)
        yield Case(f"dependent-and-3-{k}", np.vstack([H, M, -M.sum(axis=0), -H]), None, False)
        yield Case(f"dependent-and-4-{k}", np.vstack([H, M, -M, -H]), None, True)


def moment_curves() -> Iterator[Case]:
    """Rows (-1)^i (1, t_i, ..., t_i^(n-1)), t increasing: injective iff m >= 3n - 1; no antiparallel rows."""
    for n in range(1, 8):
        for m in (3 * n - 1, 3 * n - 2):
            W = [[(-1) ** i * (i - n) ** j for j in range(n)] for i in range(m)]
            yield Case(f"moment-integer-{n}-{m}", W, None, m == 3 * n - 1)
    sevenths = [[str((-1) ** i * exact(f"{i - 3}/7") ** j) for j in range(3)] for i in range(8)]
    yield Case("moment-sevenths", sevenths, None, True)
    for n in range(2, 10):
        for m in (3 * n - 1, 3 * n - 2):
            yield Case(f"moment-chebyshev-{n}-{m}", chebyshev_layer(n, m), None, m == 3 * n - 1)
    for n in (2, 3, 4):
        for i in (0, n, 3 * n - 2):
            flipped = chebyshev_layer(n, 3 * n - 1)
            flipped[i] *= -1
            yield Case(f"moment-flipped-{n}-{i}", flipped, None, None)


def chebyshev_layer(n: int, m: int) -> np.ndarray:
    """The alternating moment curve in Chebyshev polynomials and nodes, unit rows, rounded to float64.

    Raises ArithmeticError if rounding has destroyed the property that makes the verdict known.
    """
    t = -np.cos(np.pi * (2 * np.arange(m) + 1) / (2 * m))
    W = np.polynomial.chebyshev.chebvander(t, n - 1) * (-1.0) ** np.arange(m)[:, None]
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    if not alternating_minors_agree(W):
        raise ArithmeticError(f"n = {n}, m = {m}: not a moment curve in float64")
    return W


def alternating_minors_agree(W: Any) -> bool:
    """Whether all n x n minors of the rows (-1)^i w_i have one sign and none is zero; exact.

    Then any n rows are independent, and <z, (-1)^i w_i> changes sign at most n - 1 times in i (Gantmacher and
    Krein), so the layer is injective iff m >= 3n - 1.  Bring the matrix to [I; C]; it remains that C, columns
    reversed and signs alternating, is totally positive: enough that its minors of consecutive rows and
    columns, one of the two starting at the first, are positive (Gasca and Pena 1992).
    """
    P = [primitive([(-1) ** i * exact(v) for v in w]) for i, w in enumerate(W)]
    n = len(P[0])
    top = fmpq_mat(fmpz_mat(P[:n]))
    if top.det() == 0:
        return False
    reduced = (fmpq_mat(fmpz_mat(P[n:])) * top.inv()).tolist()
    C = [[(-1) ** j * v for j, v in enumerate(reversed(row))] for row in reduced]
    corners = [(i, 0) for i in range(len(C))] + [(0, j) for j in range(1, n)]
    blocks = [(i, j, k) for i, j in corners for k in range(1, min(len(C) - i, n - j) + 1)]
    return all(fmpq_mat([row[j : j + k] for row in C[i : i + k]]).det() > 0 for i, j, k in blocks)


def convolutions(seed: int = 0) -> Iterator[Case]:
    """Rows are the translates of a few kernels on a signal of length n: full, valid and circular."""
    for k in range(12):
        rng = np.random.default_rng([seed, 4, k])
        kernel, n = rng.integers(-3, 4, int(rng.integers(2, 4))), 4 + k % 3
        kernel[0] = 1 + k % 2
        full, valid, circular = (translates(kernel, n, how) for how in ("full", "valid", "circular"))
        invertible = fmpz_mat(circular.tolist()).det() != 0
        yield Case(f"conv-full-{k}", np.vstack([full, -full]), None, True)
        yield Case(f"conv-valid-{k}", np.vstack([valid, -valid]), None, False)
        yield Case(f"conv-circular-{k}", np.vstack([circular, -circular]), None, bool(invertible))
        kernels = rng.integers(-2, 3, (4, 2)) / 4
        for how in ("full", "valid", "circular"):
            layer = np.vstack([translates(c, 4, how) for c in kernels])
            yield Case(f"conv-{how}-4-kernels-{k}", layer, None, None)
            yield Case(f"conv-{how}-4-kernels-biased-{k}", layer, np.repeat(kernels[:, 0], len(layer) // 4), None)


def translates(kernel: np.ndarray, n: int, how: str) -> np.ndarray:
    """The Toeplitz matrix of a correlation with `kernel` on R^n: 'full', 'valid' or 'circular'."""
    size = len(kernel)
    full = np.zeros((n + size - 1, n + 2 * size - 2), dtype=kernel.dtype)
    for i in range(len(full)):
        full[i, i : i + size] = kernel
    full = full[:, size - 1 : size - 1 + n]
    if how == "full":
        return full
    if how == "valid":
        return full[size - 1 : n]
    wrapped = full[:n].copy()
    wrapped[: size - 1] += full[n:]
    return wrapped


def deficient(seed: int = 0) -> Iterator[Case]:
    """m < 2n, or rank W < n with many rows: never injective."""
    for n in (1, 2, 4, 9):
        rng = np.random.default_rng([seed, 5, n])
        yield Case(f"narrow-{n}", rng.standard_normal((2 * n - 1, n)), None, False)
        yield Case(f"narrow-biased-{n}", rng.standard_normal((2 * n - 1, n)), np.ones(2 * n - 1), False)
        yield Case(f"one-row-{n}", np.ones((1, n)), [5], False)
        yield Case(f"zero-{n}", np.zeros((3 * n, n)), np.arange(3 * n), False)
        W = rng.integers(-9, 10, (5 * n, n)).astype(float)
        W[:, -1] = W[:, :-1].sum(axis=1) * 0.5
        yield Case(f"deficient-{n}", W, None, False)
        yield Case(f"deficient-scaled-{n}", W * 2.0**-900, rng.standard_normal(5 * n), False)
        if n > 1:
            yield Case(f"identity-{n}", np.eye(n), None, False)
            yield Case(f"positive-{n}", np.abs(rng.standard_normal((6 * n, n))), None, False)


def scaled(seed: int = 0, count: int = 40) -> Iterator[Case]:
    """Rows or columns times 1e-300, 1e300 or a mixture: exact for entries in {-2..2}; the verdict stays."""
    for k in range(count):
        rng = np.random.default_rng([seed, 6, k])
        n = int(rng.integers(1, 4))
        m = int(rng.integers(2 * n, 4 * n + 2))
        W, b = degenerate_layer(rng, n, m)
        if k % 2:
            W[n : 2 * n] = -W[:n]
        expected = injective_by_flats(W, b)
        for name, factors in (
            ("tiny", [1e-300]),
            ("huge", [1e300]),
            ("mixed", [1e-300, 1e300, 2.0**-1000, 1.0]),
        ):
            rows, columns = rng.choice(factors, (m, 1)), rng.choice(factors, (1, n))
            yield Case(f"rows-{name}-{k}", W * rows, b * rows[:, 0], expected)
            yield Case(f"columns-{name}-{k}", W * columns, b.astype(float), expected)


def tiny_dimension() -> Iterator[Case]:
    """n = 1 and other smallest layers."""
    layers: list[tuple[list[Any], list[Any] | None, bool]] = [
        ([1], None, False),
        ([0], None, False),
        ([0, 0], [1, -1], False),
        ([1, 1], None, False),
        ([1, -1], None, True),
        ([1, -1, 0], [0, 0, -7], True),
        ([1e-300, -1e300], None, True),
        ([5e-324, -5e-324], None, True),
        (["1/3", "-1/7"], ["1/3", "-1/7"], True),
        (["1/3", "-1/7"], ["-1/3", "1/7"], True),
        (["1/3", "-1/7"], ["-1/3", "1/8"], False),
        ([1 / 3, -1], [-1 / 3, 1], True),
        ([1, -1], [-(2.0**53), 2.0**53 - 1], False),
        ([1, -1], [1, -1], True),
        ([1e300, -1e-300], [-1e300, 1e-300], True),
        ([1e300, -1e-300], [-1e300, 9e-301], False),
    ]
    for k, (column, b, expected) in enumerate(layers):
        yield Case(f"line-{k}", [[v] for v in column], b, expected)


def biased(seed: int = 0) -> Iterator[Case]:
    """Slabs in which both rows of a pair are inactive, closed, open by 1 ulp, or covered by other rows."""
    yield Case("bias-lemma", [[1], [-1]], [-1, 2], True)
    below = float(np.nextafter(1.0, 0.0))
    for n in (1, 2, 3, 6):
        rng = np.random.default_rng([seed, 7, n])
        B = rng.integers(-2, 3, (n, n)) + 8 * np.eye(n)
        W, touching = np.vstack([B, -4 * B]), np.concatenate([-np.ones(n), 4 * np.ones(n)])
        gap = touching.copy()
        gap[-1] = 4 * below
        yield Case(f"slab-closed-{n}", W, touching, True)
        yield Case(f"slab-open-by-an-ulp-{n}", W, gap, False)
        yield Case(f"slab-overlapping-{n}", W, touching + 1e-300, True)
        yield Case(f"slab-wide-{n}", W, touching - 1e300, False)
        yield Case(
            f"slab-and-more-{n}",
            np.vstack([W, W + 1]),
            np.concatenate([gap, rng.integers(-2, 9, 2 * n)]),
            None,
        )
        yield Case(f"bias-ulp-pair-{n}", one_ulp(rng, W), touching, None if n == 1 else False)
    for k in range(60):
        rng = np.random.default_rng([seed, 8, k])
        n = int(rng.integers(1, 4))
        half = rng.integers(-2, 3, (n + int(rng.integers(0, 3)), n))
        b = rng.integers(-3, 4, len(half)) * 10.0 ** rng.integers(-2, 3)
        gaps = rng.choice([-0.25, 0.0, 0.0, 0.0, 0.5], len(half))
        extra, c = degenerate_layer(rng, n, 3)
        yield Case(f"slabs-{k}", np.vstack([half, -half, extra]), np.concatenate([b, gaps - b, c + 0.5]), None)


def gaussian(seed: int = 0) -> Iterator[Case]:
    """Generic layers near the width at which half of them are injective, with and without bias."""
    for k in range(24):
        rng = np.random.default_rng([seed, 9, k])
        n, m = ((2, 7), (3, 12), (4, 18))[k % 3]
        b = None if k % 2 else 0.3 * rng.standard_normal(m)
        yield Case(f"gaussian-{k}", rng.standard_normal((m, n)), b, None)


FAMILIES: Sequence[Callable[[], Iterator[Case]]] = (
    small_integers,
    pairs,
    near_pairs,
    dependent_pairs,
    moment_curves,
    convolutions,
    deficient,
    scaled,
    tiny_dimension,
    biased,
    gaussian,
)


def all_cases() -> Iterator[Case]:
    """Every family, with its default seed."""
    return chain.from_iterable(family() for family in FAMILIES)


def boxed(seed: int = 0, count: int = 80) -> Iterator[BoxedCase]:
    """Boxes: bounded, unbounded, an orthant, flat in some coordinates, huge, tiny and a point."""
    for n in (1, 2, 5):
        yield BoxedCase(f"orthant-{n}", np.eye(n), None, ([0] * n, [INF] * n), True)
        yield BoxedCase(f"below-orthant-{n}", np.eye(n), None, ([-1e-300] * n, [INF] * n), False)
        yield BoxedCase(f"all-active-{n}", np.eye(n), [1e300] * n, ([-1e300] * n, [1e300] * n), True)
        yield BoxedCase(f"zero-in-box-{n}", np.zeros((2, n)), None, ([0] * n, [1] * n), False)
        yield BoxedCase(f"point-{n}", np.zeros((1, n)), None, ([3] * n, [3] * n), True)
    yield BoxedCase("segment", [[1, 0]], None, ([0, 5], [1, 5]), True)
    yield BoxedCase("wrong-segment", [[1, 0]], None, ([0, 5], [0, 6]), False)
    yield BoxedCase("thirds", [["1/3"]], ["-1/9"], (["1/3"], [1]), True)
    yield BoxedCase("thirds-rounded", [["1/3"]], ["-1/9"], ([1 / 3], [1]), False)
    for k in range(count):
        rng = np.random.default_rng([seed, 10, k])
        n = int(rng.integers(1, 5))
        W, b = degenerate_layer(rng, n, int(rng.integers(1, 9)))
        lo = rng.choice([-INF, -1.0, 0.0, 1.0], n)
        hi = np.where(np.isinf(lo), 1.0, np.maximum(lo, -1.0) + rng.choice([0.0, 1.0, 2.0, INF], n))
        yield BoxedCase(f"box-{k}", W, b + (k % 3), (lo.tolist(), hi.tolist()), None)
