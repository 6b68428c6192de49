"""Whether a symmetric integer matrix is positive semidefinite: balls first, then exact elimination."""

from __future__ import annotations

from fractions import Fraction

from flint import arb, ctx, fmpz, fmpz_mat

from relutheory.injectivity.stability.clock import check

_LARGE = 8  # size from which balls are faster than exact numbers
_PRECISIONS = (128, 512, 2048)  # bits of the balls


def semidefinite(matrix: fmpz_mat, deadline: float | None = None) -> bool:
    """Whether a symmetric integer matrix is positive semidefinite, exactly.

    Elimination in balls first, whose pivots mostly have a sure sign; then exactly.  Raises `OutOfTime` where that takes
    until after the deadline of `time.perf_counter`.

    >>> semidefinite(fmpz_mat([[1, 1], [1, 1]])), semidefinite(fmpz_mat([[0, 1], [1, 1]]))
    (True, False)
    """
    if matrix.nrows() >= _LARGE:
        for precision in _PRECISIONS:
            answer = _by_balls(matrix, precision, deadline)
            if answer is not None:
                return answer
    return _exactly(matrix, deadline)


def _by_balls(matrix: fmpz_mat, precision: int, deadline: float | None) -> bool | None:
    """The same from the signs of the pivots in ball arithmetic; None where a ball contains zero."""
    with ctx.workprec(precision):
        rows = [[arb(v) for v in row[k:]] for k, row in enumerate(matrix.tolist())]  # the upper triangle is enough
        while rows:
            check(deadline)
            first, rest = rows[0], rows[1:]
            pivot = first[0]
            if not pivot > 0:
                return False if pivot < 0 else None
            factors = [v / pivot for v in first]
            rows = [[a - factors[k] * b for a, b in zip(row, first[k:], strict=True)] for k, row in enumerate(rest, 1)]
    return True


def _exactly(matrix: fmpz_mat, deadline: float | None) -> bool:
    """Symmetric elimination without fractions: every pivot must be positive, or zero in a row of zeros."""
    rows = matrix.tolist()
    last = fmpz(1)
    while rows:
        check(deadline)
        pivot = rows[0][0]
        if pivot < 0:
            return False
        if pivot == 0:
            if any(rows[0]):
                return False
            rows = [row[1:] for row in rows[1:]]
            continue
        first = rows[0]
        rows = [[(pivot * a - row[0] * b) // last for a, b in zip(row[1:], first[1:], strict=True)] for row in rows[1:]]
        last = pivot
    return True


def shifted(gram: fmpz_mat, value: Fraction, sign: int) -> fmpz_mat:
    """A positive multiple of sign (G - value I)."""
    n = gram.nrows()
    shift = fmpz_mat(n, n, [value.numerator if i == j else 0 for i in range(n) for j in range(n)])
    difference = gram * value.denominator - shift
    return difference if sign > 0 else -difference


def beyond(gram: fmpz_mat, value: Fraction, sign: int, deadline: float | None = None) -> bool:
    """Whether all eigenvalues of G are >= value (sign 1) or <= value (sign -1), exactly."""
    return semidefinite(shifted(gram, value, sign), deadline)
