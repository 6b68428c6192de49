"""uni.calculus: what composition, sums, maxima and positive parts take.

Two neurons stand for a layer of W.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, shift: int = 1, order: int = 1) -> list[Step]:
    """The steps of the proof.  shift : of the collation channel, in lower bounds.  order : the sign of T - S."""
    return [*channels(shift), *composition(), *iterates(), *sums(), *largest(order), *kinks()]


def channels(shift: int) -> list[Step]:
    """The source channel carries x >= 0, and the collation channel y + c >= 0 where -c <= y is a lower bound."""
    x, above, next_above = sp.symbols("x above next_above", nonnegative=True)
    c, d = sp.symbols("c d", nonnegative=True)  # of one layer and of the next
    y, more = above - c, sp.Symbol("more", real=True)
    after = next_above - d  # y + more, with its lower bound -d
    onward = (y + shift * c) + more + shift * (d - c)
    return [
        Step("ReLU(x) = x for x >= 0", equal(sp.Max(x, 0), x)),
        Step("y + c >= 0", follows(y + shift * c, [(1, above)])),
        Step("ReLU(y + c) = y + c", equal(sp.Max(y + shift * c, 0), above)),
        Step("the bias d - c turns y + c + more into (y + more) + d", equal(onward, y + more + shift * d)),
        Step("which is >= 0", follows(after + shift * d, [(1, next_above)])),
        Step("taken away at the read-out", equal((after + shift * d) - shift * d, after)),
    ]


def composition() -> list[Step]:
    """The read-out <a, z> + b and the next layer's v t + c are one affine map: no layer is added."""
    a = sp.Matrix(1, 2, sp.symbols("a1 a2", real=True))
    z = sp.Matrix(sp.symbols("z1 z2", real=True))
    b = sp.Matrix([sp.Symbol("b", real=True)])
    v, c = sp.Matrix(sp.symbols("v1 v2", real=True)), sp.Matrix(sp.symbols("c1 c2", real=True))
    left, right = v * (a * z + b) + c, (v * a) * z + (v * b + c)
    return [
        Step("v (<a, z> + b) + c = (v a^T) z + (v b + c)", all(equal(p, q) for p, q in zip(left, right, strict=True)))
    ]


def iterates() -> list[Step]:
    """The k-fold composition takes k L layers: each further one adds L, and [0, 1] is mapped into itself."""
    k, L = sp.symbols("k L", positive=True)
    return [Step("k L + L = (k + 1) L", equal(k * L + L, (k + 1) * L))]


def sums() -> list[Step]:
    """The collation channel adds c_i S_i after S_i; the neurons begin again with x; the constants wait for the end."""
    c1, c2, s1, s2, b1, b2 = sp.symbols("c1 c2 s1 s2 b1 b2", real=True)
    L1, L2 = sp.symbols("L1 L2", positive=True)
    W = sp.Symbol("W", positive=True)
    return [
        Step(
            "c_1 (s_1 + b_1) + c_2 (s_2 + b_2)",
            equal((c1 * s1 + c2 * s2) + (c1 * b1 + c2 * b2), c1 * (s1 + b1) + c2 * (s2 + b2)),
        ),
        Step(
            "depth L_1 + L_2: the last neurons of S_1 are taken up in the first layer of S_2", equal((L1 + L2) - L1, L2)
        ),
        Step("width W + 2: W neurons and two channels", equal(1 + W + 1, W + 2)),
    ]


def largest(order: int) -> list[Step]:
    """T = S + p or S - p with p >= 0: S + (T - S)_+ and S - (S - T)_+ are the larger and the smaller."""
    S = sp.Symbol("S", real=True)
    p = sp.Symbol("p", nonnegative=True)
    steps = []
    for T, high, low in ((S + p, S + p, S), (S - p, S, S - p)):
        name = "T = S + p" if high == T else "T = S - p"
        gap = order * (T - S)
        steps += [
            Step(f"{name}: S + (T - S)_+ is the larger", equal(S + sp.Max(gap, 0), high)),
            Step(f"{name}: S - (S - T)_+ is the smaller", equal(S - sp.Max(-gap, 0), low)),
        ]
    return steps


def kinks() -> list[Step]:
    """A layer of W neurons cuts every piece at most W times, so that L layers leave at most (W + 1)^L pieces."""
    W, k = sp.symbols("W k", positive=True)
    L = sp.Symbol("L", positive=True, integer=True)
    return [
        Step("k pieces become at most k + k W", equal(k + k * W, k * (W + 1))),
        Step("(W + 1)^L (W + 1) = (W + 1)^(L + 1)", bool(sp.powsimp((W + 1) ** L * (W + 1)) == (W + 1) ** (L + 1))),
        # two functions of W kinks each, all different: their sum is not in the class of depth 1
        Step("2 W > W: sums leave the class", bool((2 * W - W).is_positive)),
    ]
