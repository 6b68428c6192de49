"""The largest row of J_L W_L ... J_1 W_1 over all 0/1 diagonal matrices: branch and bound in integers.

Read from the last layer down, one row r of the product is multiplied in turn by J_k W_k: a choice of J_k keeps some of
the terms of sum_j r_j w_j, the w_j being the rows of W_k.  The largest sum of absolute values that can be reached from
r, f_k(r), is a seminorm in r; so f_k(r) <= sum_j |r_j| f_k(e_j), and the numbers f_k(e_j), which are needed anyway, are
found for small k first and bound the search for larger k.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

Row = list[int]
Matrix = list[Row]
Bits = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LargestRow:
    """The outcome for one row: lower <= the largest value <= upper, `lower` reached with the choice `bits`.

    bits : one tuple of 0s and 1s for each of W_k, ..., W_1, in this order.
    """

    lower: int
    upper: int
    bits: tuple[Bits, ...]


@dataclass(frozen=True)
class _Node:
    """Layer k (from the top) with the row r before it; bits of J_k are chosen up to `len(chosen)`; p is their sum."""

    bound: int
    k: int
    r: Row
    p: Row
    chosen: Bits
    above: tuple[Bits, ...]


def largest_rows(layers: Sequence[Matrix], deadline: float) -> list[LargestRow]:
    """For every row of W_L, the largest sum of absolute values of that row of W_L J_{L-1} W_{L-1} ... J_1 W_1.

    layers : integer matrices W_1, ..., W_L that fit, as lists of rows.  deadline : time.monotonic() after which the
    search stops with the bounds it has.  Returns one `LargestRow` per row of W_L, with bits for J_{L-1}, ..., J_1.

    >>> [row.lower for row in largest_rows([[[1, 1], [-1, 1]], [[1, 1]]], float("inf"))]
    [2]
    >>> largest_rows([[[1, 1], [-1, -1]], [[1, 1]]], float("inf"))[0].bits
    ((1, 0),)
    """
    values = [[1] * len(layers[0][0])]  # values[k][j] >= f_k(e_j), for k = 0, 1, ...
    found: list[LargestRow] = []
    for k, layer in enumerate(layers):
        found = [_largest(layers[:k], values, row, deadline) for row in layer]
        values.append([row.upper for row in found])
    return found


def _weighed(row: Row, weights: Row) -> int:
    return sum(abs(v) * w for v, w in zip(row, weights, strict=True))


def _largest(layers: Sequence[Matrix], values: list[Row], row: Row, deadline: float) -> LargestRow:
    """f_k(row) for the k layers given, depth first, the more promising branch first."""
    top = len(layers)
    best = -1
    bits: tuple[Bits, ...] = ()
    stack = [_Node(_weighed(row, values[top]), top, row, [], (), ())]
    while stack:
        node = stack.pop()
        if node.bound <= best:
            continue
        if node.k == 0:
            best, bits = node.bound, node.above  # the bound of a finished row is its value
            continue
        children = _children(node, layers[node.k - 1], values)
        children.sort(key=lambda child: child.bound)
        stack += [child for child in children if child.bound > best]
        # a row is followed to its end before the clock is read, so that there is something to report
        if best >= 0 and stack and time.monotonic() > deadline:
            return LargestRow(lower=best, upper=max(best, *(open_.bound for open_ in stack)), bits=bits)
    return LargestRow(lower=best, upper=best, bits=bits)


def _children(node: _Node, layer: Matrix, values: list[Row]) -> list[_Node]:
    """The two values of the next bit of J_k; a bit that changes nothing is 0."""
    j, below, here = len(node.chosen), values[node.k - 1], values[node.k]
    p = node.p or [0] * len(layer[0])
    if j == len(node.r):
        return [_Node(_weighed(p, below), node.k - 1, p, [], (), (*node.above, node.chosen))]
    low, high = _reach(node.r, layer, j + 1)
    rest = sum(abs(node.r[i]) * here[i] for i in range(j + 1, len(node.r)))
    children = []
    term = [node.r[j] * w for w in layer[j]]
    for bit in (0, 1) if any(term) else (0,):
        q = [a + b for a, b in zip(p, term, strict=True)] if bit else p
        by_entries = sum(max(abs(v + a), abs(v + b)) * w for v, a, b, w in zip(q, low, high, below, strict=True))
        bound = min(node.bound, _weighed(q, below) + rest, by_entries)
        children.append(_Node(bound, node.k, node.r, q, (*node.chosen, bit), node.above))
    return children


def _reach(r: Row, layer: Matrix, first: int) -> tuple[Row, Row]:
    """The least and the largest value of each entry of sum_{j in S} r_j w_j over all sets S of j >= first."""
    low, high = [0] * len(layer[0]), [0] * len(layer[0])
    for j in range(first, len(r)):
        for l, w in enumerate(layer[j]):
            term = r[j] * w
            if term < 0:
                low[l] += term
            else:
                high[l] += term
    return low, high
