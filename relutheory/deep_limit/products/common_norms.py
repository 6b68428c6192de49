"""A norm common to all products J W: found by convex programming, proved in rationals.

Four kinds of norm are looked for, W over the matrices given and J over all 0/1 diagonal matrices:

* "weighted-inf": max |x_i| / v_i, with |W| v <= rho v;  "weighted-1": sum u_i |x_i|, with u |W| <= rho u;
* "diagonal": sqrt(sum q_i x_i^2), with W^T Q W <= rho^2 Q, Q = diag(q);
* "quadratic": sqrt(x^T Q x), with (J W)^T Q (J W) <= rho^2 Q for each J (there are 2^m).

The first three are common to all J at once, since |J W| <= |W| and J Q J <= Q.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq_mat

from relutheory.core.errors import check_limit, reject
from relutheory.core.exact import RationalArray, allow_digits, nearest_float
from relutheory.core.roots import root
from relutheory.core.verdict import NotABool, Rigor, Verdict
from relutheory.deep_limit.products import norm_proofs as prove
from relutheory.deep_limit.products.balancing import Balanced, balance

Vector = tuple[Fraction, ...]
KINDS = ("weighted-inf", "weighted-1", "diagonal", "quadratic")
WIDEST = 8  # the kind "quadratic" has 2^m conditions
_CLOSE = Fraction(1, 10**6)  # relative distance of rho from the lower bound at which the search stops


@dataclass(frozen=True, kw_only=True)
class CommonNorm(NotABool):
    """A norm in which every J W has norm at most `rho`, and a product that shows how small rho can be at best.

    matrices : the W.  norm : "weighted-inf", "weighted-1", "diagonal" or "quadratic".  weights : the vector v, u or q,
    or None.  Q : the matrix of a quadratic norm as tuples of rows, or None.  rho : proved upper bound.  lower : proved
    lower bound for every norm: the product of `factors` (pairs (index of W, diagonal of J), the first one applied
    first) has an eigenvalue of modulus at least lower^(number of factors).  contractive : HOLDS where rho < 1, VIOLATED
    where lower >= 1 (then no norm makes every J W a contraction), else UNDECIDED.  All numbers are Fractions.
    """

    matrices: tuple[RationalArray, ...]
    norm: str
    weights: Vector | None
    Q: tuple[Vector, ...] | None
    rho: Fraction
    lower: Fraction
    factors: tuple[tuple[int, tuple[int, ...]], ...]

    _hint = "ask .contractive, a Verdict"
    rigor = Rigor.EXACT

    @property
    def contractive(self) -> Verdict:
        """Whether one norm makes every J W smaller than 1."""
        if self.rho < 1:
            return Verdict.HOLDS
        return Verdict.VIOLATED if self.lower >= 1 else Verdict.UNDECIDED

    @property
    def proved(self) -> bool:
        return self.contractive is Verdict.HOLDS

    @property
    def refuted(self) -> bool:
        return self.contractive is Verdict.VIOLATED

    @cached_property
    def certificate(self) -> dict[str, Any]:
        """All that `proofs_check.certificates_depth.check` needs, ready for JSON; numbers are strings "p" or "p/q"."""
        numbers = [self.rho, self.lower, *(self.weights or ()), *(v for row in self.Q or () for v in row)]
        allow_digits(*numbers, *(v for W in self.matrices for row in W.fractions() for v in row))
        proof: dict[str, Any] = {"norm": self.norm, "rho": str(self.rho), "lower": str(self.lower)}
        if self.Q is not None:
            proof["Q"] = [[str(v) for v in row] for row in self.Q]
        if self.weights is not None:
            proof["weights"] = [str(v) for v in self.weights]
        return {
            "format": "relutheory depth certificate",
            "version": 1,
            "matrices": [[[str(v) for v in row] for row in W.fractions()] for W in self.matrices],
            **proof,
            "factors": [[index, list(bits)] for index, bits in self.factors],
            "contractive": self.contractive.value,
        }

    def norm_of(self, P: Any) -> Fraction:
        """A proved upper bound for the norm of J P, for every 0/1 diagonal matrix J, in the norm found.

        P : (m, m) numbers.  Raises InputError where the shape is another one.

        >>> common_norm([[["1/2", 0], [0, "1/2"]]]).norm_of([["1/4", 0], [0, 0]])
        Fraction(1, 4)
        """
        (extra,) = _checked([P], "P")
        if extra.shape != self.matrices[0].shape:
            reject("P", f"array of shape {extra.shape}", f"must have shape {self.matrices[0].shape}")
        return _measured(self.norm, self.weights, self.Q, [extra.fmpq], None)

    def factor(self, norm: str) -> Fraction:
        """A number C such that the norm found of J P is at most C |P|, for every P and J.

        norm : "1", "2" or "inf", the induced norm |P|.
        """
        if norm not in ("1", "2", "inf"):
            reject("norm", norm, "must be one of 1, 2, inf")
        m = self.matrices[0].shape[0]
        if self.weights is not None and self.norm != "diagonal":
            own = "inf" if self.norm == "weighted-inf" else "1"
            steps = 0 if norm == own else (1 if norm == "2" else 2)  # |P|_inf <= sqrt(m) |P|_2 <= m |P|_1
            return max(self.weights) / min(self.weights) * root(Fraction(m**steps)).hi
        spread = prove.spread(self.weights, self.Q)
        return root(spread * (1 if norm == "2" else m)).hi  # |P|_2 <= sqrt(m) |P|_1 and |P|_inf


def common_norm(
    matrices: Iterable[Any], kind: str | None = None, *, length: int = 3, time_limit: float | None = 20.0
) -> CommonNorm:
    """A norm in which every J W, J any 0/1 diagonal matrix, has norm at most rho: so L factors have at most rho^L.

    matrices : the matrices W, (m, m) exact numbers each.  kind : "weighted-inf", "weighted-1", "diagonal", "quadratic"
    (m at most 8), or None for the best of the first three, and of all four where these leave it open whether rho < 1.
    length : products of at most so many factors are tried for the lower bound.  time_limit : seconds, or None; the best
    proved so far is returned.  Returns a `CommonNorm`, whose bounds are proved exactly.  Raises InputError for NaN,
    matrices that are not square or differ in size, an empty list, and for m too large for the kind "quadratic".

    >>> found = common_norm([[["3/10", "1/5"], ["1/5", "3/10"]]])
    >>> found.norm, found.rho, found.lower, found.contractive.value
    ('weighted-inf', Fraction(1, 2), Fraction(1, 2), 'holds')
    >>> common_norm([[[0, 2], [1, 0]]]).contractive.value
    'violated'
    """
    arrays = _checked(matrices, "matrices")
    m = arrays[0].shape[0]
    if kind is not None and not (isinstance(kind, str) and kind in KINDS):
        reject("kind", kind, f"must be None or one of {', '.join(KINDS)}")
    if kind == "quadratic" and m > WIDEST:
        reject("kind", kind, f"needs matrices of at most {WIDEST} rows, not {m}: it has 2^m conditions")
    if isinstance(length, bool) or not isinstance(length, (int, np.integer)) or length < 1:
        reject("length", length, "must be a positive integer")
    limit = check_limit("time_limit", time_limit)
    deadline = math.inf if limit is None else time.monotonic() + limit
    from relutheory.deep_limit.products.short_products import strongest

    balanced = balance([W.fractions() for W in arrays])
    exact = [W.fmpq for W in arrays]
    least = strongest(exact, balanced, int(length), deadline)
    kinds = (kind,) if kind else (KINDS if m <= WIDEST else KINDS[:3])
    best: tuple[Fraction, str, Vector | None, tuple[Vector, ...] | None] | None = None
    for name in kinds:
        decided = best is not None and (best[0] < 1 or least.lower >= 1)
        if best is not None and (best[0] <= least.lower * (1 + _CLOSE) or time.monotonic() > deadline):
            break
        if decided and name == "quadratic":
            break
        for weights, Q in _candidates(name, balanced, float(least.lower / balanced.unit), deadline):
            rho = _measured(name, weights, Q, exact, None if best is None else best[0])
            if best is None or rho < best[0]:
                best = (rho, name, weights, Q)
    if best is None:
        raise AssertionError("every kind begins with a candidate")
    rho, name, weights, Q = best
    return CommonNorm(
        matrices=arrays, norm=name, weights=weights, Q=Q, rho=rho, lower=least.lower, factors=least.factors
    )


def _checked(matrices: Iterable[Any], name: str) -> tuple[RationalArray, ...]:
    """Square matrices of one size as exact arrays."""
    if isinstance(matrices, (str, bytes)) or not isinstance(matrices, Iterable):
        reject(name, matrices, "must be a list of square matrices")
    given = [matrix.weight if hasattr(matrix, "weight") else matrix for matrix in matrices]
    single = name == "P"
    arrays: list[RationalArray] = []
    for i, matrix in enumerate(given):
        label = name if single else f"{name}[{i}]"
        W = matrix if isinstance(matrix, RationalArray) else RationalArray(matrix, label, ndim=2)
        if W.shape[0] != W.shape[1] or W.shape[0] == 0:
            reject(label, f"array of shape {W.shape}", "must be square")
        if arrays and W.shape != arrays[0].shape:
            reject(label, f"array of shape {W.shape}", f"must have shape {arrays[0].shape}")
        arrays.append(W)
    if not arrays:
        reject(name, [], "must not be empty")
    return tuple(arrays)


def _measured(
    norm: str, weights: Vector | None, Q: Sequence[Vector] | None, exact: Sequence[fmpq_mat], worse: Fraction | None
) -> Fraction:
    """The proved rho of a candidate; for forms, not measured further than to see that it is no better than `worse`."""
    if norm == "diagonal" or norm == "quadratic":
        return prove.form_rho(weights, Q, exact, worse)
    if weights is None:
        raise ValueError("a weighted norm has weights")
    return prove.weighted_rho(weights, exact, transposed=norm == "weighted-1")


def _candidates(
    kind: str, balanced: Balanced, low: float, deadline: float
) -> Iterator[tuple[Vector | None, tuple[Vector, ...] | None]]:
    """Rational weights, or forms, of one kind: the best that floats find, rounded coarsely and finely."""
    from relutheory.deep_limit.products import norm_search

    D = balanced.diagonal()
    m = len(D)
    if kind in KINDS[:2]:
        floats = balanced.floats if kind == "weighted-inf" else balanced.floats.transpose(0, 2, 1)
        sides = D if kind == "weighted-inf" else [1 / d for d in D]
        found = list(norm_search.weights(floats, deadline))[-1]
        for rounded in _rounded(found / found.min()):
            yield tuple(v * d for v, d in zip(rounded, sides, strict=True)), None
        return
    forms = list(norm_search.forms(balanced.floats, low, deadline, diagonal=kind == "diagonal"))
    chosen = sorted({len(forms) - 1, len(forms) // 2, 0}, reverse=True)  # the best may be too near singular to round
    sized = [forms[i] / np.abs(np.diag(forms[i])).max() for i in chosen]
    for entries in (rounded for form in sized for rounded in _rounded(form.ravel())):
        if kind == "diagonal":
            q = tuple(entries[i * m + i] / D[i] ** 2 for i in range(m))
            if min(q) > 0:
                yield q, None
        else:
            Q = tuple(tuple(entries[i * m + j] / (D[i] * D[j]) for j in range(m)) for i in range(m))
            if prove.definite(Q):
                yield None, Q
    identity = tuple(1 / d**2 for d in D)
    if kind == "diagonal":
        yield identity, None
    else:
        yield None, tuple(tuple(identity[i] * int(i == j) for j in range(m)) for i in range(m))


def _rounded(values: np.ndarray) -> Iterator[list[Fraction]]:
    """Numbers near the given ones: of small denominators, and of 26 bits each."""
    exact = [Fraction(float(v)) for v in values]
    simple = [v.limit_denominator(60) for v in exact]
    if all((a > 0) == (b > 0) for a, b in zip(simple, exact, strict=True)):
        yield simple
    fine = []
    for v in exact:
        unit = Fraction(2) ** (math.frexp(nearest_float(v))[1] - 26) if v else Fraction(1)
        fine.append(round(v / unit) * unit)
    yield fine
