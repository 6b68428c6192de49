"""Rows that stand for pooled groups of parallel rows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from relutheory.core.exact import primitive
from relutheory.networks import ReLULayer

if TYPE_CHECKING:
    from relutheory.injectivity.structured.pooling import PooledLayer

Form = list[Fraction]  # (w | b), the function <w, x> + b


def representatives(pooled: PooledLayer) -> tuple[list[Form], list[list[Form]]]:
    """Rows (w | b) that stand for the groups of parallel rows, and the rows of the other groups.

    A group whose non-zero weights are s_i d with s_i > 0 has an output that is constant in t = <d, x> up to the first
    point where a row becomes active, and strictly increasing from there on, whatever the pooling: to know it is to know
    the ReLU of that row.  In "max" the row has to exceed the largest constant neuron of the group first.
    """
    single, mixed = [], []
    for group in pooled.groups:
        rows = [layer_row(pooled.layer, i) for i in group]
        moving = [row for row in rows if any(row[:-1])]
        directions = {tuple(primitive(row[:-1])) for row in moving}
        if len(directions) > 1:
            mixed.append(rows)
        elif moving:
            still = max([Fraction(0), *(row[-1] for row in rows if not any(row[:-1]))])
            floor = still if pooled.kind == "max" else Fraction(0)
            (direction,) = directions
            k = next(k for k, v in enumerate(direction) if v)
            offset = max((row[-1] - floor) * direction[k] / row[k] for row in moving)
            single.append([*map(Fraction, direction), offset])
    return single, mixed


def rows_layer(rows: Sequence[Sequence[Fraction]], n: int) -> ReLULayer:
    """The layer with these rows (w | b)."""
    if not rows:
        return ReLULayer(np.zeros((0, n)))
    return ReLULayer([list(row[:-1]) for row in rows], [row[-1] for row in rows])


def layer_row(layer: ReLULayer, i: int) -> Form:
    """Row i of a layer as (w | b)."""
    return [*layer.weight.row(i), layer.bias[i]]
