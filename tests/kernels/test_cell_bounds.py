"""The error bounds that the signs of cells are read with, against exact arithmetic."""

from itertools import combinations

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from relutheory._kernels import cells
from relutheory._kernels.lanes import LANES


def exactly(values: np.ndarray) -> list[list[fmpq]]:
    return [[fmpq(*float(v).as_integer_ratio()) for v in row] for row in values]


def check_vertex(functions: np.ndarray, chosen: tuple[int, ...]) -> float:
    """Compare the table of the rows `chosen` with exact values; returns the largest known relative accuracy."""
    m, d = functions.shape[0] + 1, functions.shape[1] - 1
    tables, errors, sizes, *_ = cells.scratch(m, d, False)
    tables[0, :, : m - 1] = functions.T
    sizes[0] = abs(tables[0]).max(axis=1)
    *before, last = chosen
    k = len(before)
    for level, s in enumerate(before):
        table, error, size = tables[level + 1], errors[level + 1], sizes[level + 1]
        cells._pivot(tables[level], errors[level], sizes[level], level, d, s, 0, 0, table, error, size)
    table, error, size = tables[k], errors[k], sizes[k]
    inverse = 1.0 / table[k, last]
    q = table[d, last] * inverse
    slack, spread = cells._bounds_of(error, size, k)
    total = abs(table[:k, last]).sum()
    bound = cells._bound_at(error, size, k, d, slack, spread, q, abs(inverse), total)
    if not bound < np.inf:
        return np.inf
    rows = fmpq_mat([row[: k + 1] for row in exactly(functions[list(chosen)])])  # non-singular, as the bound says
    vertex = rows.solve(fmpq_mat([[-row[-1]] for row in exactly(functions[list(chosen)])]))
    values = fmpq_mat([[*row[: k + 1], row[-1]] for row in exactly(functions)]) * fmpq_mat([*vertex.tolist(), [1]])
    for i in range(m - 1):
        if i not in chosen:
            found = fmpq(*float(table[d, i] - q * table[k, i]).as_integer_ratio())
            assert abs(found - values[i, 0]) <= fmpq(*bound.as_integer_ratio())
    return bound


@pytest.mark.parametrize("closeness", [1.0, 1e-3, 1e-6, 1e-9])
def test_values_at_vertices_are_within_the_bound(closeness):
    rng = np.random.default_rng(0)
    functions = rng.normal(size=(2 * LANES, 5))
    functions[1] = functions[0] + closeness * rng.normal(size=5)
    functions[3] = functions[2] + closeness * rng.normal(size=5)
    bounds = [check_vertex(functions, chosen) for size in (1, 2, 3, 4) for chosen in combinations(range(6), size)]
    assert np.median(bounds) < 1e-10


def test_a_singular_vertex_has_no_bound():
    functions = np.random.default_rng(1).normal(size=(9, 4))
    functions[4] = 0.5 * functions[2] + 0.25 * functions[3]
    functions[4, -1] = 1.0
    assert check_vertex(functions, (2, 3, 4)) == np.inf
