"""What is printed of tables and approximations: short, rounded outward, and with a reason for what is missing."""

from __future__ import annotations

import decimal
import math
from fractions import Fraction

import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.core.verdict import Enclosure, Rigor
from relutheory.univariate.approximate import approximate
from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.decimals import described, float_above, rounded_down, rounded_up
from relutheory.univariate.hoelder import bit_extraction_size
from relutheory.univariate.rate_table import RateRow, RateTable
from relutheory.univariate.rates import BITS, CHEBYSHEV, DEEP, EQUISPACED, FREE, RATIONAL, compare_rates


def test_decimals_are_on_their_side():
    rng = np.random.default_rng(0)
    for _ in range(300):
        value = Fraction(int(rng.integers(1, 10**9)), int(rng.integers(1, 10**9))) * Fraction(10) ** int(
            rng.integers(-400, 400)
        )
        for digits in (1, 3, 4):
            up, down = Fraction(rounded_up(value, digits)), Fraction(rounded_down(value, digits))
            assert down <= value <= up <= down + value * Fraction(10) ** (1 - digits)
            assert len(rounded_up(value, digits).as_tuple().digits) <= digits
        assert float_above(value) >= value and (
            math.isinf(float_above(value)) or math.nextafter(float_above(value), 0) <= value
        )
    assert rounded_up(Fraction(1, 4)) == decimal.Decimal("0.25") and float_above(Fraction(-(10**400))) < 0
    assert described(Enclosure.exact(0)) == "0, exact"


def test_a_cell_is_never_below_the_error():
    # three digits: 1/3 is 3.34e-1, and 0.1000001 is 1.01e-1
    for value, cell in [("1/3", "3.34e-1"), ("0.1000001", "1.01e-1"), ("1e-400", "1.00e-400"), ("0", "0")]:
        row = RateRow(method="m", budget=9, parameters=9, error=Enclosure.exact(Fraction(value)), detail="")
        assert cell in RateTable(target="f", rows=(row,)).text() and row.upper >= Fraction(value)
    seen = Enclosure(lo=Fraction(1, 3), hi=Fraction(1, 3), rigor=Rigor.SAMPLED)
    for error, cell in [(seen, "~3.33e-1"), (None, "~inf")]:
        assert cell in str(
            RateTable(target="f", rows=(RateRow(method="m", budget=9, parameters=9, error=error, detail=""),))
        )


def test_what_is_printed_is_short():
    table = compare_rates("x**2", [20, 40], methods=[FREE, EQUISPACED])
    assert repr(table) == "RateTable(x**2: 2 methods, 4 rows)" and str(table) == table.text()
    assert all("\n" not in repr(row) and len(repr(row)) < 200 for row in table.rows)
    found = approximate("sqrt(x)", parameters=60)
    lines = repr(found).splitlines()
    assert len(lines) == 2 and all(len(line) < 200 for line in lines) and str(found) == repr(found)
    assert "width 19, depth 1, 58 parameters, error between 0.0006" in lines[0]
    assert len(repr(found.considered)) < 300


def test_each_construction_is_considered_once():
    for goal in ({"parameters": 200}, {"error": "1e-4"}, {"error": "1e-4", "width": 8}):
        names = [candidate.construction for candidate in approximate("x**3 - x", **goal).considered]
        assert len(names) == len(set(names)) and set(names) <= {DEEP, FREE}


def test_missing_rows_are_explained():
    table = compare_rates("sqrt(x)", [150], methods=[RATIONAL])
    assert not table.rows and "rational, AAA: AAA is run up to 119 parameters" in str(table)
    assert compare_rates("2", [119], methods=[RATIONAL]).rows[0].parameters == 119
    notes = compare_rates("exp(x)", [40], methods=[DEEP, BITS]).notes
    assert notes == (f"{DEEP}: the smallest has 134 parameters", f"{BITS}: the smallest has 1132 parameters")
    assert bit_extraction_size(1131) is None and bit_extraction_size(1132) is not None
    for f, reason in [("sqrt(x)", "none is known"), (np.cos, "none is known")]:
        assert f"{DEEP}: {reason}" in str(compare_rates(f, [20], methods=[DEEP]))
    assert "needs a bound of how steep f is" in str(compare_rates(np.cos, [2000], methods=[BITS]))
    assert "f is constant" in str(compare_rates("2", [2000], methods=[BITS]))


def test_rows_come_in_the_order_asked_for():
    table = compare_rates("x", [40, 10, 40], methods=[CHEBYSHEV, EQUISPACED, CHEBYSHEV])
    assert [(row.method, row.budget) for row in table.rows] == [
        (CHEBYSHEV, 40),
        (CHEBYSHEV, 10),
        (EQUISPACED, 40),
        (EQUISPACED, 10),
    ]


def test_time_limits_are_told():
    table = compare_rates("sqrt(x)", [10, 10**5], methods=[EQUISPACED, FREE], time_limit=0)
    assert len(table.rows) == 1 and "the time limit of 0 s was reached; rows are missing" in table.text()
    found = approximate("sqrt(x)", parameters=90_000, time_limit=0)
    assert not found.complete and "time limit of 0 s was reached" in found.reason and found.error.rigor.proves
    assert found.parameters <= 90_000 // 64 and approximate("x", parameters=9).complete
    f = CPwL([0, "1/3", 1], [0, 1, 0])
    assert approximate(f, parameters=90_000, time_limit=0).error.hi == 0
    for limit in (-1, math.nan, "1", True):
        with pytest.raises(InputError, match=r"^time_limit = "):
            approximate("x", parameters=9, time_limit=limit)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"methods": 3}, "^methods = 3: must be a sequence"),
        ({"methods": "rational, AAA"}, "^methods = .*must be a sequence"),
        ({"methods": []}, "^methods = .*must not be empty"),
        ({"methods": [[]]}, "^methods = .*must be one of"),
        ({"budgets": 7}, "^budgets = 7: must be a sequence"),
        ({"budgets": "77"}, "^budgets = '77': must be a sequence"),
        ({"budgets": [True]}, "^budgets = True"),
        ({"budgets": [10.0]}, "^budgets = 10.0"),
    ],
)
def test_bad_input(arguments, rule):
    with pytest.raises(InputError, match=rule):
        compare_rates("x", **{"budgets": [10], **arguments})
