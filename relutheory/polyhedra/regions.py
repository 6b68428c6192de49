"""Enumerating and counting the activation regions of ReLU networks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from relutheory.activation.patterns import Net, input_dim
from relutheory.core.errors import UnsupportedError, check_executor, check_limit, reject
from relutheory.core.progress import Report, reporter
from relutheory.core.sets import Polyhedron
from relutheory.core.verdict import NotABool, Rigor
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch
from relutheory.polyhedra.bounds import serra
from relutheory.polyhedra.cells import NotInGeneralPosition
from relutheory.polyhedra.engines import BATCH, MOST, batches, checked_layers
from relutheory.polyhedra.linear import merged_regions
from relutheory.polyhedra.parts import count_in_parts


@dataclass(frozen=True)
class RegionCount(NotABool):
    """How many regions a network has on a domain, made by `count_regions`.

    activation_regions : their number; where not `complete`, the number found so far, so that there are at least as
    many.  linear_regions : the number of maximal sets with one affine map, None where not asked for.  at_most : a
    bound from the widths alone (Serra et al. 2018).  engine : what counted; seconds : how long it took.
    """

    activation_regions: int
    linear_regions: int | None
    complete: bool
    at_most: int
    engine: str
    seconds: float

    @property
    def rigor(self) -> Rigor:
        """EXACT for a complete count; ENCLOSED between the regions found and `at_most` otherwise."""
        return Rigor.EXACT if self.complete else Rigor.ENCLOSED


def enumerate_regions(
    net: Net,
    domain: Polyhedron | None = None,
    *,
    points: bool = True,
    facets: bool = False,
    batch: int = BATCH,
    engine: str | None = None,
) -> Iterator[RegionBatch]:
    """All activation regions of a network, each once, in batches of arrays.

    net : ReLUNetwork or ReLULayer with n inputs and N neurons.  domain : a Box or Polyhedron with interior points, to
    whose interior the regions are cut; None is all of R^n.  points : give a point in each region; without them a layer
    in general position is listed many times faster.  facets : also tell which neurons carry facets.  batch :
    regions to a batch, at most.  engine : "line" (n = 1), "plane" (n = 2), "cells" (one layer in general position),
    "space" (2 <= n <= 10), "programs" or "exact" (n <= 10); None chooses.  Memory does not grow with the number of
    regions.

    Yields `RegionBatch` objects: packed patterns, a point in the interior of each region, whether it is bounded.  A
    region is the set of inputs with one pattern, its interior not empty; a neuron that vanishes identically on it has
    bit 0 and is no constraint.  Every region and every pattern is decided exactly.  Raises InputError for bad
    arguments, among them a domain without interior.

    >>> from relutheory import ReLULayer
    >>> [batch] = enumerate_regions(ReLULayer([[1, 0], [0, 1], [1, 1]]))
    >>> batch.count, sorted(batch.bits(3).tolist())[0]
    (6, [0, 0, 0])
    """
    layers = checked_layers(net, domain, engine)
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        reject("batch", batch, "must be a positive integer")
    every = batches(layers, domain, engine, points=points, facets=facets, batch=batch)
    return (found for _, found in every if found.count)


def count_regions(
    net: Net,
    domain: Polyhedron | None = None,
    *,
    linear: bool = False,
    limit: int | None = None,
    time_limit: float | None = None,
    engine: str | None = None,
    executor: Executor | None = None,
    store: str | Path | None = None,
    progress: bool | Report = False,
) -> RegionCount:
    """Count the activation regions of a network on a domain, exactly.

    net, domain, engine : as in `enumerate_regions`.  linear : also count the linear regions, where the count is
    complete; that lists the regions once more, with their facets, and knows no time limit.  limit : stop when more
    regions than that are found; time_limit : seconds; a count that is not finished by then is marked incomplete.
    executor : a `concurrent.futures.Executor` that shares the work, in parts that do not depend on it.  store : a file
    in which finished parts are noted, so that a count that was stopped goes on from there.  (One layer in general
    position is counted at once, without either.)  progress : True for a bar on stderr, or a function of (share done,
    regions found).

    Returns a `RegionCount`.  Raises InputError for bad arguments.

    >>> from relutheory import Box, ReLULayer
    >>> layer = ReLULayer([[1, 0], [0, 1], [1, 1]])
    >>> count_regions(layer).activation_regions, count_regions(layer, Box([0, 0], [1, 1])).activation_regions
    (6, 1)
    """
    started = time.perf_counter()
    layers = checked_layers(net, domain, engine)
    most = check_limit("limit", limit, integer=True)
    seconds = check_limit("time_limit", time_limit)
    deadline = None if seconds is None else started + seconds
    check_executor(executor)
    if store is not None and not isinstance(store, (str, Path)):
        reject("store", store, "must be the path of a file or None")
    if linear and input_dim(net) > MOST:
        reject("linear", linear, f"must be False for networks of more than {MOST} inputs, or look at a slice")
    at_most = serra([layer.m for layer in layers], input_dim(net))
    with reporter(progress, "regions") as report:
        if executor is None and store is None:
            name, found, complete = _count(layers, domain, engine, most, deadline, at_most, report)
        else:
            try:
                name, found, complete = _count(layers, domain, "cells", most, deadline, at_most, report)
            except (NotInGeneralPosition, UnsupportedError):
                name, found, complete = count_in_parts(layers, domain, engine, most, deadline, executor, store, report)
    merged = merged_regions(net, domain, None if name == "cells" else engine)[0] if linear and complete else None
    return RegionCount(found, merged, complete, at_most, name, time.perf_counter() - started)


def _count(
    layers: Sequence[ReLULayer],
    domain: Polyhedron | None,
    engine: str | None,
    limit: float | None,
    deadline: float | None,
    at_most: int,
    report: Report | None,
) -> tuple[str, int, bool]:
    """(engine, regions found, whether that is all of them)."""
    found, name = 0, "none"
    for name, batch in batches(layers, domain, engine, listed=False):
        if (limit is not None and found > limit) or (deadline is not None and time.perf_counter() > deadline):
            return name, found, False
        found += batch.count
        if report is not None:
            report(min(found / at_most, 1.0), found)
    return name, found, True
