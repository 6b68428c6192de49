"""What `relutheory limit` prints: the constants, the ends of the limit, which theorem proves it, the criteria."""

from __future__ import annotations

import argparse
import decimal
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from relutheory.cli.constants import written
from relutheory.cli.output import approximate

if TYPE_CHECKING:
    from relutheory.core.verdict import Enclosure
    from relutheory.deep_limit.families.family import DeepFamily
    from relutheory.deep_limit.limits.outcome import DeepLimit

_SHOWN = 16  # entries of a constant that text output repeats
_LONG = 10**18  # numerators and denominators that are not written out
_DIGITS = 40  # of an end, at most


def limit_data(
    args: argparse.Namespace,
    family: DeepFamily,
    constants: dict[str, Any],
    first: Any,
    found: DeepLimit,
    rows: Any,
    taken: float,
) -> dict[str, Any]:
    """The answer as JSON-able data: exact numbers are strings "p/q"."""
    return {
        "family": args.family,
        "bias": args.bias,
        "width": family.width(1),
        "inputs": family.input_dim,
        "seed": args.seed,
        "drawn": _drawn_names(args, constants, first),
        "constants": {name: written(value) for name, value in constants.items()},
        "first": None if first is None else written(first),
        "x": [str(v) for v in args.x],
        "tol": str(args.tol),
        "status": found.status.value,
        "reached": found.reached,
        "lower": None if found.enclosure is None else [_finite(v) for v in found.lower.tolist()],
        "upper": None if found.enclosure is None else [_finite(v) for v in found.upper.tolist()],
        "enclosure": None if found.enclosure is None else [[str(e.lo), str(e.hi)] for e in found.enclosure],
        "depth": found.depth,
        "theorem": found.theorem,
        "method": found.method,
        "rigor": found.rigor.value,
        "reason": found.reason,
        "failed_hypotheses": list(found.failed_hypotheses),
        "criteria": [_row_data(row) for row in rows] if args.criteria else None,
        "seconds": round(taken, 6),
    }


def _finite(value: float) -> float | None:
    """A float, or None beyond float64, which JSON cannot say."""
    return value if math.isfinite(value) else None


def _row_data(row: Any) -> dict[str, Any]:
    hypotheses = {
        name: {"verdict": e.verdict.value, "rigor": e.rigor.value, "why": e.text} for name, e in row.hypotheses.items()
    }
    return {
        "theorem": row.theorem,
        "title": row.title,
        "verdict": row.verdict.value,
        "rigor": row.rigor.value,
        "hypotheses": hypotheses,
        "concludes": row.concludes,
    }


def _drawn_names(args: argparse.Namespace, constants: dict[str, Any], first: Any) -> list[str]:
    given = {name for name, _ in args.constant}
    return [name for name in constants if name not in given] + (
        ["W_1"] if first is not None and args.first is None else []
    )


def limit_lines(
    args: argparse.Namespace,
    family: DeepFamily,
    constants: dict[str, Any],
    first: Any,
    found: DeepLimit,
    rows: Any,
    taken: float,
) -> list[str]:
    inputs = "1 input" if family.input_dim == 1 else f"{family.input_dim} inputs"
    lines = [f"W_n = {args.family}, b_n = {args.bias}; width {family.width(1)}, {inputs}"]
    every = constants if first is None else {**constants, "W_1": first}
    names = _drawn_names(args, constants, first)
    for name, value in every.items():
        origin = f"drawn from seed {args.seed}" if name in names else "given"
        lines.append(f"  {name} = {_constant_text(value)}  ({origin})")
    lines += [f"  x = ({', '.join(_number(v) for v in args.x)})", ""]
    lines += _answer(found, args.tol)
    by = f" by {found.theorem} (see: relutheory show {found.theorem})" if found.theorem else ""
    method = f", method: {found.method}" if found.method else ""
    lines += ["", f"depth {found.depth}{method}{by}; {taken:.2f} s"]
    return lines + _criteria_lines(rows)


def _constant_text(value: Any) -> str:
    exact = written(value)
    if isinstance(exact, str):
        return exact
    entries = sum(len(row) if isinstance(row, list) else 1 for row in exact)
    if entries > _SHOWN:
        return (
            f"{len(exact)} rows, printed by --json"
            if isinstance(exact[0], list)
            else f"{entries} numbers, printed by --json"
        )
    return str(exact).replace("'", "")


def _number(value: Fraction) -> str:
    return str(value) if max(abs(value.numerator), value.denominator) < _LONG else f"~{approximate(value)}"


def _answer(found: DeepLimit, tol: Fraction) -> list[str]:
    lines = [_headline(found, tol)]
    lines += [f"  fails: {name}" for name in found.failed_hypotheses]
    if found.enclosure is not None:
        ends = [_ends(e) for e in found.enclosure]
        width = max((len(text) for pair in ends for text in pair), default=5)
        lines.append(f"  {'coordinate':>10}  {'lower':>{width}}  {'upper':>{width}}")
        lines += [f"  {j:>10}  {low:>{width}}  {high:>{width}}" for j, (low, high) in enumerate(ends, 1)]
    if found.reason and not found.failed_hypotheses:  # else it says the same
        lines.append(f"  {found.reason}")
    return lines


def _headline(found: DeepLimit, tol: Fraction) -> str:
    if found.enclosure is None:
        return {
            "converges": "converges; the limit is not enclosed",
            "diverges": "diverges: there is no limit at this input",
            "not-applicable": "not applicable: no theorem says whether there is a limit",
            "undecided": "undecided",
        }[found.status.value]
    asked = f"{float(tol):.3g}"
    if found.reached:
        return f"{found.status.value}; the limit is enclosed within {asked}"
    return f"{found.status.value}; the limit is enclosed, not yet within {asked}: raise --max-depth or --time-limit"


def _ends(e: Enclosure) -> tuple[str, str]:
    """Both ends as decimals, rounded outwards, to two digits beyond those that they share.

    >>> from relutheory.core.verdict import Enclosure, Rigor
    >>> _ends(Enclosure(lo=Fraction(1, 3), hi=Fraction(3334, 10000), rigor=Rigor.EXACT))
    ('0.333333', '0.3334')
    """
    if not e.width and max(abs(e.lo.numerator), e.lo.denominator) < _LONG:
        return str(e.lo), str(e.hi)
    places = _DIGITS if not e.width else 1 - _exponent(e.width)
    return _decimal(e.lo, places, decimal.ROUND_FLOOR), _decimal(e.hi, places, decimal.ROUND_CEILING)


def _exponent(value: Fraction) -> int:
    """The power of ten of the first digit of a positive number."""
    return _context(9, decimal.ROUND_FLOOR).divide(*map(decimal.Decimal, value.as_integer_ratio())).adjusted()


def _context(digits: int, rounding: str) -> decimal.Context:
    return decimal.Context(digits, rounding, decimal.MIN_EMIN, decimal.MAX_EMAX)


def _decimal(value: Fraction, places: int, rounding: str) -> str:
    """A decimal with so many places after the point, but at most _DIGITS digits, rounded as said."""
    if value == 0:
        return "0"
    digits = max(1, min(places + _exponent(abs(value)) + 1, _DIGITS))
    rounded = _context(digits, rounding).divide(*map(decimal.Decimal, value.as_integer_ratio()))
    return f"{rounded:f}" if -_DIGITS <= rounded.adjusted() < _DIGITS else f"{rounded:e}"


def _criteria_lines(rows: Any) -> list[str]:
    lines = []
    for row in rows:
        lines += ["", f"{row.theorem}: {row.verdict.value}. {row.title}"]
        for name, e in row.hypotheses.items():
            lines.append(f"    {e.verdict.value + ':':<15} {name} - {e.text}")
        if row.verdict.value == "holds":
            lines.append(f"    hence: {row.concludes}")
    return lines
