"""deep.necessary: rows from trajectories for m = 1 and 2, the bound near the limits, and what fails without them.

X has the rows (x_n, 1) of m + 1 trajectories, y the values of coordinate j of x_{n+1}, all positive.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows


def check(*, constant: int = 2, live: bool = True) -> list[Step]:
    """The steps of the proof.

    constant : the factor of k eps / (1 - k m eps) in the bound.  live : whether ReLU does nothing to coordinate j.
    """
    return [
        *positive_part(live),
        *row_is_determined(1),
        *row_is_determined(2),
        *inverse_near_limits(constant),
        *naive(),
    ]


def positive_part(live: bool) -> list[Step]:
    """y > 0 is ReLU of the pre-activation v, so v = y."""
    p, q = sp.Symbol("p", positive=True), sp.Symbol("q", nonnegative=True)
    v = p if live else -p
    return [
        Step("v = -q <= 0 has ReLU(v) = 0, not positive", equal(sp.Max(-q, 0), 0)),
        Step("v > 0: ReLU(v) = v, so <w, x_n> + beta = y", equal(sp.Max(v, 0), v)),
    ]


def row_is_determined(m: int) -> list[Step]:
    """(w - e_j, beta) = X^-1 (y - column j of X) for every j, by the adjugate: adj(X) X = det(X) I."""
    x = sp.Matrix(m + 1, m, sp.symbols(f"x1:{m * (m + 1) + 1}", real=True))
    X = x.row_join(sp.ones(m + 1, 1))
    w, beta = sp.Matrix(sp.symbols(f"w1:{m + 1}", real=True)), sp.Symbol("beta", real=True)
    unknown = w.col_join(sp.Matrix([beta]))
    y = X * unknown
    found = []
    for j in range(m):
        e = sp.Matrix([int(i == j) for i in range(m + 1)])
        found.append(Step(f"m = {m}: X (e_{j + 1}, 0) is column {j + 1} of X", (X * e - x.col(j)).is_zero_matrix))
        found.append(
            Step(
                f"m = {m}: adj(X) (y - column {j + 1}) = det(X) (w - e_{j + 1}, beta)",
                _same(X.adjugate() * (y - x.col(j)), X.det() * (unknown - e)),
            )
        )
    found.append(Step(f"m = {m}: adj(X) X = det(X) I, so X is invertible where det(X) != 0",
                      _same(X.adjugate() * X, X.det() * sp.eye(m + 1))))  # fmt: skip
    volume = (x[1:, :] - sp.ones(m, 1) * x[0, :]).det()
    found.append(Step(f"m = {m}: |det(X)| is that of the edges of the simplex, 0 for dependent points",
                      equal(X.det() ** 2, volume**2)))  # fmt: skip
    return found


def _same(left: sp.Matrix, right: sp.Matrix) -> bool:
    return all(equal(a, b) for a, b in zip(left, right, strict=True))


def inverse_near_limits(constant: int) -> list[Step]:
    """|X - X_limit| <= m eps and |increment| <= 2 eps give |X^-1 increments| <= 2 k eps / (1 - k m eps).

    d is the largest modulus of z = (w - e_j, beta); X_limit z = X z + (X_limit - X) z, and k = |X_limit^-1|.
    """
    k, eps, d, room = sp.symbols("k eps d room", nonnegative=True)
    m = sp.Symbol("m", positive=True)
    a, b = sp.symbols("a b", nonnegative=True)  # slack of the two coordinates' distances from the limit
    left = 1 / (1 + room)  # 1 - k m eps > 0, for k m eps = room / (1 + room)
    fact = k * (constant * eps + m * eps * d) - d  # d <= k (|X z| + m eps d), |X z| <= 2 eps
    return [
        Step(
            "|y - x_j| <= |y - limit| + |limit - x_j| <= 2 eps",
            follows(2 * eps - ((eps - a) + (eps - b)), [(1, a), (1, b)]),
        ),
        Step("1 - room / (1 + room) = 1 / (1 + room)", equal(1 - room / (1 + room), left)),
        Step(
            "d (1 - k m eps) <= 2 k eps",
            follows(2 * k * eps - d * (1 - k * m * eps), [(1, fact)]),
        ),
        Step("so d <= 2 k eps / (1 - k m eps)",
             follows(2 * k * eps * (1 + room) - d, [(1 + room, 2 * k * eps - d * left)])),
        Step("the bound tends to 0 with eps", sp.limit(2 * k * eps / (1 - k * m * eps), eps, 0) == 0),
    ]  # fmt: skip


def naive() -> list[Step]:
    """What fails without general position: x -> x/2 + 1 stands still at one point, W = 0 at all of them."""
    x, c, w = sp.symbols("x c w", positive=True)
    return [
        Step("x / 2 + 1 fixes x = 2 only", sp.solve(x / 2 + 1 - x, x) == [2]),
        Step("W = 0, b = c: every trajectory is at c from the first layer on", equal(sp.Max(0 * x + c, 0), c)),
        Step("one trajectory at rest at c leaves w free: beta = (1 - w) c", equal(w * c + (1 - w) * c, c)),
    ]
