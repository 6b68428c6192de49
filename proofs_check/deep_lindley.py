"""deep.lindley: the maximum formula by induction, and how far the state moves."""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, last: bool = True, net: bool = False) -> list[Step]:
    """The steps of the proof.  last : whether k = n is among the maximum.  net : bound by the net change of S."""
    return [*induction(last), *moves(net), *grows(), *limits()]


def induction(last: bool) -> list[Step]:
    """ReLU(max of terms + b) is the maximum of the terms + b and of 0, the term k = n + 1."""
    a, b = sp.symbols("a b", real=True)  # the maximum so far, and the next bias
    x, S, s1, s2 = sp.symbols("x S s1 s2", real=True)  # the start, S_n, S_1, S_2
    new = S + b
    terms = [x + new, new - s1, new - s2, *([new - new] if last else [])]
    before = [x + S, S - s1, S - s2]
    moved = {sp.expand(term + b) for term in before} | {sp.Integer(0)}
    return [
        Step("n = 1: max(x_0 + S_1, S_1 - S_1) = max(x_0 + b_1, 0)", equal(sp.Max(x + b, b - b), sp.Max(x + b, 0))),
        Step("max(a, 0) is the larger of both: a > 0", equal(sp.Max(1 + a**2, 0), 1 + a**2)),
        Step("max(a, 0) is the larger of both: a <= 0", equal(sp.Max(-(a**2), 0), 0)),
        Step("n to n + 1: the same terms", {sp.expand(term) for term in terms} == moved),
    ]


def moves(net: bool) -> list[Step]:
    """x_N = max(x_n + S_N - S_n, max (S_N - S_k)), all differences of S between -w and w, and x_n >= 0."""
    x, w = sp.symbols("x w", nonnegative=True)
    d, e = sp.symbols("d e", real=True)  # S_N - S_n and S_N - S_k for some n < k <= N
    low, high = w + d, (w - d)
    bound = abs(d) if net else w
    down, up = sp.sqrt(2), sp.sqrt(2)
    return [
        Step("x_N >= x_n + d >= x_n - w", follows((x + d) - (x - w), [(1, low)])),
        Step("x_n + d <= x_n + w", follows((x + w) - (x + d), [(1, high)])),
        Step("S_N - S_k <= w <= x_n + w", follows((x + w) - e, [(1, w - e), (1, x)])),
        # S goes down and up again by sqrt 2: the state 0 ends at sqrt 2
        Step(
            "down and up moves the state by no more than the bound",
            bool(sp.Max(0, up) <= bound.subs({d: up - down, w: up})),
        ),
    ]


def grows() -> list[Step]:
    """u_k = max |x_i|, n <= i <= k: u_k <= a + sum p_j u_{j-1}, a = |x_n| + omega; so u_k <= a prod (1 + p_j)."""
    a, x, omega = sp.symbols("a x omega", nonnegative=True)
    before, u, p, step = sp.symbols("before u p step", nonnegative=True)  # before : the sum so far
    steps = [
        Step(
            "|x_k| <= |x_n| + omega + before + p u_{k-1} from |x_k - x_n| <= omega + before + p u_{k-1}",
            follows((x + omega + before + p * u) - (x + step), [(1, omega + before + p * u - step)]),
        )
    ]
    for depth in (1, 2, 3, 4):
        sizes = sp.symbols(f"p1:{depth + 1}", nonnegative=True)
        products = [sp.prod(1 + q for q in sizes[:k]) for k in range(depth + 1)]
        total = a + sum(q * a * product for q, product in zip(sizes, products, strict=False))
        steps.append(
            Step(
                f"a + sum p_j a prod_(i<j) (1 + p_i) = a prod (1 + p_j), N - n = {depth}",
                equal(total, a * products[-1]),
            )
        )
    q = sp.Symbol("q", nonnegative=True)  # prod (1 + p_k) - 1
    moved = omega + (x + omega) * (1 + q) - (x + omega)  # omega + sum p_j u_{j-1}
    steps.append(Step("omega + sum p_j u_{j-1} is the bound", equal(moved, (x + omega) * (1 + q) - x)))
    return steps


def limits() -> list[Step]:
    """An alternating sum with terms that decrease lies between 0 and its first term."""
    a, b, c, d = sp.symbols("a b c d", nonnegative=True)  # the decreases, and the last term
    terms = [a + b + c + d, b + c + d, c + d, d]
    steps = []
    for count in range(1, 5):
        value = sum((-1) ** k * terms[k] for k in range(count))
        low = _parts(value)
        high = _parts(terms[0] - value)
        steps.append(
            Step(
                f"0 <= alternating sum <= its first term, {count} terms",
                follows(value, low) and follows(terms[0] - value, high),
            )
        )
    return steps


def _parts(value: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """A polynomial of degree 1 as multiples of its symbols."""
    return [(coefficient, symbol) for symbol, coefficient in sp.expand(value).as_coefficients_dict().items()]
