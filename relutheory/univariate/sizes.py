"""How large the networks are that realise splines: kinks, widths and depths for a number of parameters."""

from __future__ import annotations

from collections.abc import Iterable

from relutheory.univariate.cpwl import CPwL
from relutheory.univariate.splines import TWO_LAYERS_FROM, spline_depth

WIDTHS = (4, 5, 8, 14, 20)  # of the spline networks that are tried


def inner_kinks(f: CPwL) -> int:
    """The number of kinks in (0, 1)."""
    return sum(0 < x < 1 for x in f.simplified().breakpoints)


def shapes(budget: int, widths: Iterable[int] = WIDTHS) -> list[tuple[int, int, bool]]:
    """For each width, the most kinks that a spline network with so many parameters has: (kinks, width, one_layer).

    Both forms are tried, with one layer for each W - 2 knots, and with two for each q (W - 2); sorted, best first.

    >>> shapes(100, [4, 8])
    [(12, 8, True), (10, 4, True), (6, 8, False)]
    """
    found = []
    for W in widths:
        depth = (budget + (W - 1) ** 2 - 2) // (W * (W + 1))
        if depth >= 1:
            found.append((depth * (W - 2), W, True))
        if W >= TWO_LAYERS_FROM and depth >= 2:
            found.append((depth // 2 * ((W - 2) // 6 * (W - 2)), W, False))
    return sorted(found, key=lambda shape: (-shape[0], shape[1], not shape[2]))


def depth_for(kinks: int, width: int, one_layer: bool) -> int:
    """The depth of a spline network of this width and form for so many kinks."""
    return -(-max(kinks, 1) // (width - 2)) if one_layer else spline_depth(kinks, width)
