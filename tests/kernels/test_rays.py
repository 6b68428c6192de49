"""Rays and signs in floats against rationals: no error is larger than its bound, no sign is wrong."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from relutheory._kernels import rays


def fresh(rows: np.ndarray, whole: bool) -> tuple[rays.Table, rays.Pool, rays.Scratch]:
    """A table of rows known exactly, row 0 that at infinity, and room for rays."""
    many, d = rows.shape
    table = rays.Table(rows.copy(), np.zeros((many, 2)), np.full(many, whole))
    pool = rays.Pool(np.zeros((8, d)), np.zeros(8), np.zeros((8, 1), np.uint64), np.zeros(8, np.int8))
    scratch = rays.Scratch(
        np.zeros((d, d)),
        np.zeros((d, d)),
        np.zeros((3, d)),
        np.zeros(d, np.int64),
        np.zeros(many, np.int64),
        rows.copy(),
    )
    return table, pool, scratch


def rows_of(seed: int, d: int, whole: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-3, 4, (2 * d + 2, d)).astype(float) if whole else rng.standard_normal((2 * d + 2, d))
    rows[0] = np.eye(d)[-1]
    return rows


def solution(rows: np.ndarray) -> list[Fraction] | None:
    """A vector on which d - 1 rows vanish; None where they are dependent."""
    matrix = fmpq_mat([[fmpq(*v.as_integer_ratio()) for v in row] for row in rows.tolist()])
    echelon, rank = matrix.rref()
    d = rows.shape[1]
    if rank < d - 1:
        return None
    pivots = [next(j for j in range(d) if echelon[i, j] != 0) for i in range(d - 1)]
    free = next(j for j in range(d) if j not in pivots)
    ray = [Fraction(0)] * d
    ray[free] = Fraction(1)
    for i, j in enumerate(pivots):
        ray[j] = -Fraction(int(echelon[i, free].p), int(echelon[i, free].q))
    return ray


def distance(ray: np.ndarray, exact: list[Fraction]) -> Fraction:
    """The largest difference, the exact one scaled to agree where the float one is +-1."""
    k = int(np.argmax(np.abs(ray)))
    scale = Fraction(ray[k]) / exact[k]
    return max(abs(Fraction(x) - scale * y) for x, y in zip(ray.tolist(), exact, strict=True))


@pytest.mark.parametrize("d", [2, 3, 5, 8])
@pytest.mark.parametrize("nearly", [0.0, 1e-3, 1e-9, 1e-13])
def test_rays_from_their_rows_are_within_their_bound(d: int, nearly: float) -> None:
    for seed in range(20):
        rows = rows_of(seed, d, False)
        if nearly and d > 2:  # two rows that nearly agree
            rows[2] = rows[1] + nearly * rows[2]
        chosen = range(seed % 2, seed % 2 + d - 1)  # every second time with the row at infinity
        exact = solution(rows[list(chosen)])
        assert exact is not None
        table, pool, scratch = fresh(rows, False)
        pool.rays[0] = [float(v / max(map(abs, exact))) for v in exact]
        pool.masks[0, 0] = sum(1 << r for r in chosen)
        pool.errors[0] = np.inf
        error = rays.certify(table, pool, scratch, 0)
        if not nearly:
            assert error < 1e-9
        if np.isfinite(error):
            assert distance(pool.rays[0], exact) <= Fraction(error)
        if 0 in chosen:
            assert pool.rays[0, -1] == 0
        before, pool.errors[0] = pool.rays[0].copy(), error / 2  # a ray that is known better is left as it is
        assert rays.certify(table, pool, scratch, 0) == np.inf
        assert np.array_equal(pool.rays[0], before)


@pytest.mark.parametrize("d", [2, 3, 5, 8])
@pytest.mark.parametrize("whole", [True, False])
def test_points_on_edges_are_within_their_bound(d: int, whole: bool) -> None:
    crossed = 0
    for seed in range(40):
        rows = rows_of(seed, d, whole)
        rows[0, -1] = 1.0
        edge = list(range(1, d - 1))  # rows tight on both ends, which have one more each
        ends = [end for r in (d, d + 1) if (end := solution(rows[[*edge, r]]))]
        if len(ends) < 2:
            continue
        cut = rows[d + 2]
        values = [sum(Fraction(a) * x for a, x in zip(cut.tolist(), end, strict=True)) for end in ends]
        if not values[0] or not values[1]:
            continue
        u, w = ([x if v * sign > 0 else -x for x in end] for end, v, sign in zip(ends, values, (1, -1), strict=True))
        exact = [abs(values[0]) * x + abs(values[1]) * y for x, y in zip(w, u, strict=True)]
        if not any(exact):
            continue  # opposite rays: no edge of a cone without lines
        table, pool, scratch = fresh(rows, whole)
        for i, end in enumerate((u, w)):
            common = max(v.denominator for v in end)
            if whole and all((v * common).denominator == 1 for v in end):
                pool.rays[i] = [float(v * common) for v in end]
            else:
                largest = max(map(abs, end))
                pool.rays[i], pool.errors[i] = [float(v / largest) for v in end], 2.0**-53
            pool.masks[i, 0] = sum(1 << r for r in [*edge, d + i])
        pool.masks[2, 0] = sum(1 << r for r in [*edge, d + 2])
        # the cone is where row d is positive on w and row d + 1 on u
        bits = np.zeros(2 * d + 2, np.uint8)
        for row, end in ((d, w), (d + 1, u)):
            bits[row - 1] = sum(Fraction(a) * x for a, x in zip(rows[row].tolist(), end, strict=True)) > 0
        rays.cross(table, pool, scratch, 1, bits, d + 2, 0, 1, 2)
        crossed += 1
        assert pool.errors[2] < 1e-9
        assert distance(pool.rays[2], exact) <= Fraction(pool.errors[2])
        k = int(np.argmax(np.abs(pool.rays[2])))
        assert pool.rays[2, k] * exact[k] > 0
    assert crossed > 10


@pytest.mark.parametrize("error", [0.0, 1e-12, 1e-3, np.inf])
def test_signs_are_those_of_all_data_within_the_errors(error: float) -> None:
    rng = np.random.default_rng(0)
    known = 0
    for _ in range(300):
        d = int(rng.integers(2, 6))
        row, ray = rng.standard_normal(d), rng.standard_normal(d)
        row[-1] -= row @ ray / ray[-1]  # nearly vanishing
        row[-1] += rng.choice([0.0, 1e-15, 1e-11, 1.0])
        exact_row = [Fraction(v) for v in row]
        exact_ray = [Fraction(v) for v in ray]
        worst = Fraction(0) if not np.isfinite(error) else Fraction(error)
        sign = rays.proved_sign(row, rays.form_size(row), error, error, False, ray, error, False)
        values = []
        for a in (-1, 1):
            for b in (-1, 1):
                moved = [x + a * worst * (1 if y > 0 else -1) for x, y in zip(exact_row, exact_ray, strict=True)]
                also = [y + b * worst * (1 if x > 0 else -1) for x, y in zip(exact_row, exact_ray, strict=True)]
                values.append(sum(x * y for x, y in zip(moved, also, strict=True)))
        if sign != rays.ASK:
            known += 1
            assert all((v > 0) - (v < 0) == sign for v in values)
    assert known == 0 if error == np.inf else known > 50


def test_integers_are_decided_at_once() -> None:
    row, ray = np.array([3.0, -2.0, 0.0]), np.array([2.0, 3.0, 7.0])
    assert rays.proved_sign(row, 5.0, 0.0, 0.0, True, ray, 0.0, False) == 0
    assert rays.proved_sign(row, 5.0, 0.0, 0.0, False, ray, 0.0, False) == rays.ASK
    large = np.array([2.0**52, 1.0, 0.0])  # sums that need not be exact prove nothing
    assert (
        rays.proved_sign(large, 2.0**52 + 1, 0.0, 0.0, True, np.array([2.0, -(2.0**53), 0.0]), 0.0, False) == rays.ASK
    )
