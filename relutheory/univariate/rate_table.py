"""The table of errors against numbers of parameters: its rows, its text, its exponents."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from relutheory.core.verdict import Enclosure, NotABool
from relutheory.univariate.decimals import described, float_above, rounded_near, rounded_up


@dataclass(frozen=True, kw_only=True)
class RateRow(NotABool):
    """One method with at most `budget` parameters.

    method : its name.  parameters : used.  error : sup |f - approximation| on [0, 1], an `Enclosure`; its rigor is
    EXACT or ENCLOSED where both ends are proved, SAMPLED where it is the largest error seen on a grid in floats (a
    lower bound but for rounding; lo = hi), and an error that is not finite is None.  detail : in words.
    """

    method: str
    budget: int
    parameters: int
    error: Enclosure | None
    detail: str
    _hint = "look at its error"

    @property
    def proved(self) -> bool:
        """Whether both ends of the error are proved."""
        return self.error is not None and self.error.rigor.proves

    @property
    def upper(self) -> float:
        """The upper end of the error as a float, rounded up."""
        return math.inf if self.error is None else float_above(self.error.hi)

    def __repr__(self) -> str:
        error = "not finite" if self.error is None else described(self.error)
        return f"RateRow({self.method}: {self.parameters} parameters, error {error}; {self.detail})"


@dataclass(frozen=True, kw_only=True)
class RateTable(NotABool):
    """What `compare_rates` found: `rows`; f in words, `target`; and `notes` to be shown below the table."""

    target: str
    rows: tuple[RateRow, ...]
    notes: tuple[str, ...] = ()
    _hint = "look at its rows"

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"RateTable({self.target}: {len(self.methods)} methods, {len(self.rows)} rows)"

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that gave rows, in the order of the table."""
        return tuple(dict.fromkeys(row.method for row in self.rows))

    def of(self, method: str) -> list[RateRow]:
        """The rows of one method."""
        return [row for row in self.rows if row.method == method]

    def exponent(self, method: str) -> float | None:
        """The least-squares slope of log(error) against log(parameters): -2 says that the error falls as n^-2.

        None where there are fewer than two different numbers of parameters with a positive finite error.
        """
        points = {row.parameters: row.upper for row in self.of(method) if 0 < row.upper < math.inf}
        if len(points) < 2:
            return None
        x, y = np.log(list(points.keys())), np.log(list(points.values()))
        return float(np.polyfit(x, y, 1)[0])

    def text(self) -> str:
        """The table as aligned text: a line per method, a column per budget; ~ marks errors that are not proved.

        Errors that are proved are rounded up.
        """
        budgets = list(dict.fromkeys(row.budget for row in self.rows))
        cells = {(row.method, row.budget): _cell(row) for row in self.rows}
        first = max(len(method) for method in (*self.methods, "parameters"))
        lines = [f"{'parameters':<{first}}" + "".join(f"{budget:>11}" for budget in budgets) + f"{'exponent':>11}"]
        for method in self.methods:
            slope = self.exponent(method)
            shown = "".join(f"{cells.get((method, budget), '-'):>11}" for budget in budgets)
            lines.append(f"{method:<{first}}{shown}{'-' if slope is None else f'{slope:.2f}':>11}")
        notes = ["", "upper ends of proved enclosures; ~ seen on a grid in floats, not proved", *self.notes]
        return "\n".join([*lines, *notes])

    def records(self) -> list[dict[str, Any]]:
        """The rows as JSON-able data."""
        return [
            {
                "method": row.method,
                "budget": row.budget,
                "parameters": row.parameters,
                "error": None if row.error is None else [-float_above(-row.error.lo), float_above(row.error.hi)],
                "rigor": None if row.error is None else row.error.rigor.value,
                "detail": row.detail,
            }
            for row in self.rows
        ]


def _cell(row: RateRow) -> str:
    if row.error is None:
        return "~inf"
    if not row.error.hi:
        return "0" if row.proved else "~0"
    return f"{rounded_up(row.error.hi, 3):.2e}" if row.proved else f"~{rounded_near(row.error.hi, 3):.2e}"
