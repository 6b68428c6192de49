"""The error bounds of the line engine's kernels against rationals."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from relutheory._kernels import line as kernels
from relutheory._kernels.filters import gamma

SCALES = [1.0, 1e-20, 1e20]


def within(value: float, bound: float, exact: Fraction) -> bool:
    return abs(Fraction(value) - exact) <= Fraction(bound)


def affine(H: np.ndarray, EH: np.ndarray, t: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    V, E = np.empty((len(H), len(b))), np.empty((len(H), len(b)))
    scratch = np.empty(W.shape[1] + 1, np.int64)
    kernels.affine(H, EH, t, np.ascontiguousarray(W.T), b, gamma(W.shape[1] + 4.0), V, E, scratch)
    return V, E


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("seed", range(3))
def test_affine_maps_stay_within_their_bounds(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    P, n, m = 5, 7, 4
    H = np.maximum(rng.standard_normal((P, n)), 0.0) * scale
    EH = np.where(H > 0.0, 1e-12 * rng.random((P, n)) * scale, 0.0)
    t = np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    W, b = rng.standard_normal((m, n)), rng.standard_normal(m)
    V, E = affine(H, EH, t, W, b)
    for _ in range(5):
        moved = [[Fraction(h) + Fraction(e) * int(s) for h, e, s in zip(*row, strict=True)]
                 for row in zip(H, EH, rng.integers(-1, 2, size=(P, n)), strict=True)]  # fmt: skip
        for p in range(P):
            for i in range(m):
                exact = sum((Fraction(w) * h for w, h in zip(W[i], moved[p], strict=True)), Fraction(b[i]) * int(t[p]))
                assert within(V[p, i], E[p, i], exact)


@pytest.mark.parametrize("bits", [3, 20, 24, 28, 40])
def test_bounds_are_cleared_only_where_nothing_was_rounded(bits: int) -> None:
    rng = np.random.default_rng(bits)
    P, n, m = 40, 6, 5
    H = rng.integers(0, 2**bits, size=(P, n)) / 2.0 ** rng.integers(0, 30, size=(P, 1))
    W, b = rng.integers(-(2**bits), 2**bits, size=(m, n)) / 2.0**9, rng.integers(-9, 9, size=m) / 4.0
    t, EH = np.ones(P), np.zeros((P, n))
    EH[0, 0] = 1e-9
    V, E = affine(H, EH, t, W, b)
    kernels.clear_exact(H, EH, t, gamma(n + 4.0), -9, -2, E)
    for p in range(P):
        for i in range(m):
            exact = sum((Fraction(w) * Fraction(h) for w, h in zip(W[i], H[p], strict=True)), Fraction(b[i]))
            assert E[p, i] > 0.0 or Fraction(V[p, i]) == exact
    assert E[0].all()
    assert (E[1:] == 0.0).all() if bits <= 24 else E.all()


def test_signs() -> None:
    V = np.array([[1.0, -2.0, 0.0, 0.0, 1.0, np.nan]])
    E = np.array([[0.5, 1.0, 0.0, 1e-9, 1.0, np.nan]])
    S = np.empty(V.shape, np.int8)
    assert kernels.signs(V, E, S) == 3
    assert S.tolist() == [[1, -1, 0, kernels.UNKNOWN, kernels.UNKNOWN, kernels.UNKNOWN]]
    for wild in (1e-100, -1e100, np.inf):
        assert kernels.signs(np.array([[wild]]), np.array([[0.0]]), np.empty((1, 1), np.int8)) == -1
    assert kernels.signs(np.array([[np.inf]]), np.array([[np.inf]]), np.empty((1, 1), np.int8)) == 1


def test_order_of_cuts() -> None:
    """Zeros of exact values are compared exactly, those of others where the bounds allow it."""
    V = np.array([[1.0, 3.0, 0.1, -1.0, 2.0], [-2.0, -6.0, -0.2, 3.0, 7.0]])
    ties = [False, False, True, True]  # function 3 comes first; 0, 1 and 2 have one zero
    cases = [
        (np.zeros_like(V), ties),
        (np.full_like(V, 1e-12), None),
        (np.array([[0.0, 0.0, 0.0, 1e-3, 0.0]] * 2), ties),
        (np.array([[0.0, 0.0, 0.0, 0.9, 0.0]] * 2), None),
    ]
    for E, expected in cases:
        S = np.sign(V).astype(np.int8)
        start, cut, tie = np.empty(2, np.int64), np.empty(4, np.int64), np.empty(4, np.bool_)
        undecided = np.zeros(1, np.bool_)
        assert kernels.count_cuts(S, start) == 4
        kernels.order_cuts(S, V, E, np.arange(5), start, cut, tie, undecided, np.empty(5))
        assert sorted(cut.tolist()) == [0, 1, 2, 3] and cut[0] == 3
        assert bool(undecided[0]) == (expected is None)
        assert expected is None or tie.tolist() == expected
    kernels.order_cuts(S, V, cases[1][0], np.array([0, 0, 0, 1, 1]), start, cut, tie, undecided, np.empty(5))
    assert tie.tolist() == ties and not undecided[0]  # multiples of each other


@pytest.mark.parametrize("finite", [True, False])
@pytest.mark.parametrize("dyadic", [True, False])
def test_new_points_stay_within_their_bounds(finite: bool, dyadic: bool) -> None:
    rng = np.random.default_rng(int(finite) + 2 * int(dyadic))
    m, cleared = 4, 0
    for _ in range(200):
        V = rng.integers(1, 9, size=(2, m)) * 1.0 if dyadic else rng.random((2, m)) + 0.01
        if dyadic:
            V[:, 0] = rng.choice([[1.0, 1.0], [1.0, 3.0], [1.0, 2.0], [5.0, 3.0]])
        V[1, 0] *= -1.0
        E = np.zeros((2, m)) if rng.random() < 0.5 else 1e-10 * rng.random((2, m))
        S = np.sign(V).astype(np.int8)
        place = np.array([[0.25, 0.0, 1.0], [0.75, 0.0, 1.0] if finite else [1.0, 0.0, 0.0]])
        H, EH, out, made = np.empty((3, m)), np.empty((3, m)), np.empty((3, 3)), np.empty((3, 2), np.int64)
        bits = np.empty((2, m), np.uint8)
        start, cut, tie = np.array([0, 1]), np.array([0]), np.array([False])
        made_in, before = np.zeros((2, 2), np.int64), np.zeros((1, 0), np.uint8)
        scratch = np.empty(m, np.int8)
        kernels.place(S, V, E, place, made_in, before, start, cut, tie, 5, H, EH, out, made, bits, scratch)
        assert bits.tolist() == [[1, 1, 1, 1], [0, 1, 1, 1]] and made[1].tolist() == [5, 0] and H[1, 0] == 0.0
        for _ in range(3):
            exact = [[Fraction(v) + Fraction(e) * int(rng.integers(-1, 2)) for v, e in zip(*row, strict=True)]
                     for row in zip(V, E, strict=True)]  # fmt: skip
            a, b = exact[0][0], exact[1][0]
            c = a / (a - b) if finite else -a / b
            values = [v + c * (w - v if finite else w) for v, w in zip(*exact, strict=True)]
            assert all(within(H[1, i], EH[1, i], values[i]) for i in range(1, m))
            assert within(out[1, 0], out[1, 1], Fraction(1, 4) + c * (Fraction(1, 2) if finite else 1))
        cleared += int(not EH[1].any())
    assert (cleared > 20) == dyadic


@pytest.mark.parametrize("scale", SCALES)
def test_forms_in_twice_the_precision(scale: float) -> None:
    rng = np.random.default_rng(1)
    widths = np.array([1, 5, 6, 6, 4])
    weights = [rng.standard_normal((m, n)) * scale for n, m in pairwise(widths)]
    biases = [rng.standard_normal(m) for m in widths[1:]]
    N = int(widths[1:].sum())
    bits = rng.integers(0, 2, size=N).astype(np.uint8)
    offsets = np.cumsum([0, *(W.size for W in weights)])
    forms = np.zeros((N, 6))
    flat = np.concatenate([W.ravel() for W in weights]), np.concatenate(biases), widths, offsets, bits
    kernels.extend_forms(*flat, 0, 1, forms)
    kernels.extend_forms(*flat, 2, 3, forms)
    exact: list[tuple[Fraction, Fraction]] = []
    for W, b in zip(weights, biases, strict=True):
        inputs = exact[-W.shape[1] :] if exact else [(Fraction(1), Fraction(0))]
        on = bits[len(exact) - W.shape[1] : len(exact)] if exact else [1]
        for row, c in zip(W, b, strict=True):
            terms = [(Fraction(w), form) for w, form, bit in zip(row, inputs, on, strict=True) if bit]
            slope, offset = (sum((w * form[part] for w, form in terms), Fraction(0)) for part in (0, 1))
            exact = [*exact, (slope, offset + Fraction(c))]
    for form, (a, c) in zip(forms, exact, strict=True):
        assert abs(Fraction(form[0]) + Fraction(form[1]) - a) <= Fraction(form[4])
        assert abs(Fraction(form[2]) + Fraction(form[3]) - c) <= Fraction(form[5])
        if a:
            zero = np.empty(3)
            kernels.form_zero(form, zero)
            assert abs(Fraction(zero[0]) + Fraction(zero[1]) + c / a) <= Fraction(zero[2])
    kernels.form_zero(forms[2], zero)
    x = -exact[2][1] / exact[2][0]
    V, E = np.zeros(N), np.full(N, np.inf)
    kernels.sharpen(forms, zero, True, V, E)
    known = np.isfinite(E)
    assert known.sum() >= N // 2
    assert all(within(V[i], E[i], exact[i][0] * x + exact[i][1]) for i in np.flatnonzero(known))
    V, E = np.zeros(N), np.full(N, np.inf)
    kernels.sharpen(forms, np.array([-1.0, 0.0, 0.0]), False, V, E)
    assert all(within(V[i], E[i], -exact[i][0]) for i in np.flatnonzero(np.isfinite(E)))
