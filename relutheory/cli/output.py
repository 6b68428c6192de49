"""What the sub-commands print and write: JSON, files that are whole or absent, numbers to read."""

from __future__ import annotations

import decimal
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from relutheory.core.errors import InputError

_READABLE = decimal.Context(prec=4, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
_SHOWN = 3  # coordinates of a collision that text output repeats


def print_json(data: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def checked_target(path: str) -> Path:
    """The file to be written, before any work is done for it: its folder must exist and take files."""
    target = Path(path)
    if target.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file")
    if target.exists() and not target.is_file():  # a file beside it cannot take the place of a device
        raise InputError(f"{path}: is not a file")
    if not target.parent.is_dir():
        raise InputError(f"{path}: there is no folder {target.parent}")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise InputError(f"{path}: cannot be written")
    return target


def write_text(target: Path, text: str) -> None:
    """Write a file so that it is whole or absent: beside its place first, then moved there."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def approximate(value: Fraction) -> str:
    """A rational to four digits, whatever its size.

    >>> approximate(Fraction(1, 3)), approximate(-Fraction(1, 2) ** 9999)
    ('0.3333', '-1.002e-3010')
    """
    quotient = _READABLE.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator))
    return f"{quotient.normalize(_READABLE):.4g}"


def collision_lines(x: Sequence[Fraction], y: Sequence[Fraction]) -> list[str]:
    """Where x and y differ most, a line for each of a few coordinates (numbered from 0), with d = y - x.

    >>> collision_lines([Fraction(1), Fraction(2)], [Fraction(1), Fraction(7, 3)])
    ['    x[1] ~ 2, d[1] ~ 0.3333']
    """
    steps = {i: b - a for i, (a, b) in enumerate(zip(x, y, strict=True)) if a != b}
    most = sorted(steps, key=lambda i: abs(steps[i]), reverse=True)[:_SHOWN]
    return [f"    x[{i}] ~ {approximate(x[i])}, d[{i}] ~ {approximate(steps[i])}" for i in most]


@contextmanager
def tree_progress(label: str, shown: bool, unit: str = "nodes") -> Iterator[Callable[[float, int], None] | bool]:
    """A bar on stderr that goes away in the end, as a `progress` argument; False where not shown."""
    if not shown:
        yield False
        return
    from tqdm import tqdm

    layout = "{desc} {percentage:6.2f}% |{bar}| {elapsed}{postfix}"
    with tqdm(total=1.0, desc=label, leave=False, delay=0.5, bar_format=layout) as bar:

        def advance(share: float, steps: int) -> None:
            bar.set_postfix_str(f"{steps} {unit}", refresh=False)
            bar.update(min(share, 1.0) - bar.n)

        yield advance
