"""Increasing arrays of integers or of flint rationals, merged in linear time."""

from __future__ import annotations

from typing import Any

import numpy as np

_FEW = 8  # times fewer points than numbers are looked up one by one


def union(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The numbers of both in increasing order, each once."""
    merged = np.concatenate([a, b])
    # runs that are sorted are merged in linear time, in Python's sort as in numpy's stable one
    merged = objects(sorted(merged.tolist())) if merged.dtype == object else np.sort(merged, kind="stable")
    keep = np.ones(len(merged), dtype=bool)
    keep[1:] = merged[1:] != merged[:-1]
    return merged[keep]


def ranks(a: np.ndarray, points: np.ndarray, *, strictly: bool) -> np.ndarray:
    """How many numbers of a are <= each point, or < each point; the points may be in any order."""
    if a.dtype != object or _FEW * len(points) < len(a):
        return np.searchsorted(a, points, side="left" if strictly else "right")
    # comparisons of rationals are what takes time, and a merge needs the fewest; of equal ones the first stays first
    first, second = (points, a) if strictly else (a, points)
    keys = [*first.tolist(), *second.tolist()]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
    from_second = order >= len(first)
    is_point, start = (~from_second, 0) if strictly else (from_second, len(a))
    found = np.empty(len(points), dtype=np.int64)
    found[order[is_point] - start] = np.cumsum(~is_point)[is_point]
    return found


def objects(values: list[Any]) -> np.ndarray:
    """A list as an array of objects of one dimension."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
