"""The engines that enumerate regions, and which one to use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch
from relutheory.polyhedra.cells import NotInGeneralPosition, cell_regions
from relutheory.polyhedra.exact_tree import exact_batches
from relutheory.polyhedra.line import line_regions
from relutheory.polyhedra.plane import plane_regions
from relutheory.polyhedra.space import space_regions

ENGINES = {
    "line": line_regions,
    "plane": plane_regions,
    "cells": cell_regions,
    "space": space_regions,
    "exact": exact_batches,
}
BATCH = 65536  # regions


def batches(
    layers: Sequence[ReLULayer],
    domain: Polyhedron | None,
    engine: str | None = None,
    *,
    listed: bool = True,
    points: bool = True,
    facets: bool = False,
    batch: int = BATCH,
) -> Iterator[tuple[str, RegionBatch]]:
    """The batches of the named engine, or of the one that fits, each with the engine's name.

    listed : give patterns, and points unless they are not wanted; facets : these too.  Batches may be empty: an engine
    that has worked for a while without a result says so, for its caller may want to stop.
    """
    for name in [engine] if engine is not None else _choice(layers, domain, facets):
        run = ENGINES[name] if points or name != "cells" else partial(cell_regions, points=False)
        try:
            for found in run(tuple(layers), domain, listed=listed, facets=facets, batch=batch):
                for part in found.parts(batch):
                    yield name, part
            return
        except NotInGeneralPosition:  # raised before a region is yielded
            if engine is not None:
                raise


def _choice(layers: Sequence[ReLULayer], domain: Polyhedron | None, facets: bool) -> tuple[str, ...]:
    """The engines to try in turn."""
    n = layers[0].n
    if not any(layer.m for layer in layers):
        return ("exact",)
    if n == 1:
        return ("line",)
    if n == 2:
        return ("plane",)
    if len(layers) == 1 and domain is None and not facets:
        return ("cells", "space")
    return ("space",)
