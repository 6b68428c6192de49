"""Norms of matrices that are induced by the 1-, 2- and maximum norm of vectors, bounded in balls."""

from __future__ import annotations

from flint import arb, arb_mat, fmpq_mat


def norm_upper(M: fmpq_mat | arb_mat, norm: str, *, upper: bool = True) -> arb:
    """An exact arb that is not less than the norm of M (with upper=False: not greater).

    norm : "1" (largest column sum), "inf" (largest row sum) or "2" (largest singular value, of which the smaller of
    the Frobenius norm and the root of |M|_1 |M|_inf is an upper bound, and the longest row or column a lower one).
    """
    rows = [[abs(arb(v)) for v in row] for row in M.tolist()]
    if not rows or not rows[0]:
        return arb(0)
    columns = list(zip(*rows, strict=True))
    if norm == "inf":
        value = _largest(rows)
    elif norm == "1":
        value = _largest(columns)
    elif upper:
        squares = [[v * v for v in row] for row in rows]
        frobenius = sum((sum(row, arb(0)) for row in squares), arb(0))
        value = frobenius.min(_largest(rows) * _largest(columns)).upper().sqrt()
    else:
        value = _largest([[v * v for v in line] for line in (*rows, *columns)]).lower()
        value = value.sqrt() if value > 0 else arb(0)
    return value.upper() if upper else value.lower()


def _largest(lines: object) -> arb:
    """The largest sum of a line."""
    value = arb(0)
    for line in lines:  # type: ignore[attr-defined]
        value = value.max(sum(line, arb(0)))
    return value
