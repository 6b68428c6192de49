"""uni.free-knot and uni.parameter-count: sums of hats as positive parts, and how many weights they take.

A block has the knots x_0 < ... < x_{N+1}, N = q (W - 2), and principal knots xi_j = x_{jq}; the gaps between knots are
positive symbols.  The function vanishes at the ends of [0, 1].
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows

SLOPE = sp.Rational(364, 11)  # parameters for each breakpoint, at W = 13


def check(*, spacing: int = 3, channels: int = 2) -> list[Step]:
    """The steps of the proof.

    spacing : principal knots between hats of a class.  channels : q = floor((W - channels) / 6).
    """
    return [*hats_add_up(), *positive_parts(spacing), *classes(channels), *padding(), *weights(), *bound()]


def hat(x: sp.Expr, left: sp.Expr, top: sp.Expr, right: sp.Expr, piece: str) -> sp.Expr:
    """The hat of height 1 at x, which lies on its rising or its falling piece."""
    return (x - left) / (top - left) if piece == "rise" else (right - x) / (right - top)


def hats_add_up() -> list[Step]:
    """The hats of one principal knot add up to the function minus the hats before, at all its knots; for q <= 6.

    Before xi_1 the rest of earlier hats falls from y_0 to 0 on the first gap, so the sum must be 0, y_1, ..., y_q.
    """
    steps = []
    for q in range(1, 7):
        gaps = sp.symbols(f"g0:{q + 1}", positive=True)
        y = [sp.Integer(0), *sp.symbols(f"y1:{q + 1}", real=True)]
        x = [sum(gaps[:k], sp.Integer(0)) for k in range(q + 2)]
        slopes = [(y[k + 1] - y[k]) / gaps[k] for k in range(q)]
        heights = [(slopes[k] - (slopes[k - 1] if k else 0)) * (x[q] - x[k]) for k in range(q)]
        for m in range(1, q + 1):
            total = sum(heights[k] * hat(x[m], x[k], x[q], x[q + 1], "rise") for k in range(m))
            steps.append(Step(f"q = {q}: the sum of the hats at knot {m} of {q} is y_{m}", equal(total, y[m])))
        after = sum(h * hat(x[q + 1], 0, x[q], x[q + 1], "fall") for h in heights)
        steps.append(Step(f"q = {q}: they have all fallen to 0 at the knot after the principal one", equal(after, 0)))
    return steps


def positive_parts(spacing: int) -> list[Step]:
    """The linear pieces through a hat of height h > 0 are <= 0 at the principal knots next to its own."""
    h, rise, fall = sp.symbols("h rise fall", positive=True)  # the height, and the lengths of both sides
    more, less = sp.symbols("more less", nonnegative=True)  # from there to the principal knots next to it
    u, v, t = sp.symbols("u v t", nonnegative=True)
    line = h * (1 + (-rise - more) / rise)
    down = h * (1 - (fall + less) / fall)
    next_of_one, before_the_other = 1, spacing - 1
    return [
        Step("the rising piece goes on to -h more / rise <= 0", equal(line, -h * more / rise)),
        Step("which is <= 0", follows(h * more / rise, [(h / rise, more)])),
        Step("the falling piece goes on to -h less / fall <= 0", equal(down, -h * less / fall)),
        Step("which is <= 0, too", follows(h * less / fall, [(h / fall, less)])),
        Step("a line between -u <= 0 and -v <= 0 is <= 0", follows((u + t * v) / (1 + t), _parts(u, v, t))),
        Step("the values next to two hats are asked at different principal knots", next_of_one < before_the_other),
        Step("max(h, 0) = h at the top", equal(sp.Max(h, 0), h)),
        Step("starts k = j q - i that agree mod 3q, 1 <= i <= q, have the same i", _same_i()),
    ]


def _parts(u: sp.Symbol, v: sp.Symbol, t: sp.Symbol) -> list[tuple[sp.Expr, sp.Expr]]:
    return [(1 / (1 + t), u), (t / (1 + t), v)]


def _same_i() -> bool:
    """i - i' is no multiple of q for 1 <= i' < i <= q, so that j q - i and j' q - i' differ mod q; for q <= 6."""
    return all((i - other) % q for q in range(1, 7) for i in range(1, q + 1) for other in range(1, i))


def classes(channels: int) -> list[Step]:
    """3q residues and two signs are 6q classes, W = 6q + r + channels, and W - 2 neurons."""
    q = sp.Symbol("q", positive=True)
    return [
        Step(f"r = {r}: 6q <= W - 2", follows(6 * q + r + channels - 2 - 6 * q, [(r + channels - 2, sp.Integer(1))]))
        for r in range(6)
    ]


def padding() -> list[Step]:
    """`more` knots at multiples of gap / 2^s with more < 2^s lie strictly inside the gap and are different."""
    gap, step = sp.symbols("gap step", positive=True)
    k, rest = sp.symbols("k rest", nonnegative=True)
    place = (k + 1) * gap / (k + 2 + rest)  # k + 1 <= more < 2^s = k + 2 + rest
    return [
        Step("the knot lies after the gap's start", follows(place, [((k + 1) / (k + 2 + rest), gap)])),
        Step("and before its end", follows(gap - place, [((1 + rest) / (k + 2 + rest), gap)])),
        Step("the next one is further on", follows((k + 2) * step - (k + 1) * step, [(1, step)])),
    ]


def weights() -> list[Step]:
    """The entries of all matrices and vectors, and the polynomial that counts them."""
    W, L = sp.symbols("W L", positive=True)
    entries = 2 * W + (L - 1) * (W**2 + W) + (W + 1)
    return [Step("2 W + (L - 1) (W^2 + W) + W + 1 = W (W + 1) L - (W - 1)^2 + 2", equal(entries, count(W, L)))]


def count(W: sp.Expr, L: sp.Expr) -> sp.Expr:
    return W * (W + 1) * L - (W - 1) ** 2 + 2


def bound(slope: sp.Expr = SLOPE, constant: int = 1) -> list[Step]:
    """2 ceil(n / N) <= 2 (n - 1) / N + 2, and 2 W (W + 1) / N <= 364 / 11, with equality for W = 13 only."""
    W, N = sp.symbols("W N", positive=True)
    before, t = sp.symbols("n t", nonnegative=True)  # n - 1 and q - 1
    at_most = count(W, 2 * before / N + 2)
    split = 2 * W * (W + 1) / N * before + W**2 + 4 * W + constant
    width = 8 + sp.Symbol("w", nonnegative=True)
    gap = sp.expand(2 * width * (width + 1) - (width**2 + 4 * width + 1))
    steps = [
        Step("n(W, 2 (n - 1) / N + 2) = 2 W (W + 1) / N (n - 1) + W^2 + 4 W + 1", equal(at_most, split)),
        Step("W^2 + 4 W + 1 <= 2 W (W + 1) for W >= 8", all(c >= 0 for c in sp.Poly(gap).all_coeffs())),
    ]
    for r in range(6):
        q = 1 + t
        w, n = 6 * q + r + 2, q * (6 * q + r)
        room = sp.Poly(sp.expand(slope * n - 2 * w * (w + 1)), t)
        steps.append(Step(f"W = 6q + {r + 2}: {slope} N - 2 W (W + 1) >= 0", all(c >= 0 for c in room.all_coeffs())))
        attained = room.eval(0) == 0
        steps.append(Step(f"W = 6q + {r + 2}: equality at q = 1 for r = 5 only", attained == (r == 5)))
    return steps
