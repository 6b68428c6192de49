"""The engines that enumerate regions, and which one to use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from relutheory.activation.patterns import Net, input_dim, layers_of
from relutheory.core.errors import reject
from relutheory.core.sets import Polyhedron
from relutheory.networks.layers import ReLULayer
from relutheory.polyhedra.batch import RegionBatch
from relutheory.polyhedra.cells import NotInGeneralPosition, cell_regions
from relutheory.polyhedra.exact_tree import exact_batches
from relutheory.polyhedra.line import line_regions
from relutheory.polyhedra.plane import plane_regions
from relutheory.polyhedra.programs import program_regions
from relutheory.polyhedra.space import space_regions

ENGINES = {
    "line": line_regions,
    "plane": plane_regions,
    "cells": cell_regions,
    "space": space_regions,
    "programs": program_regions,
    "exact": exact_batches,
}
BATCH = 65536  # regions
MOST = 10  # inputs of polyhedra that can be kept by their corners
FEW = 6  # inputs up to which polyhedra have so few corners that keeping them beats linear programs
_INPUTS = {"line": (1, 1), "plane": (2, 2), "space": (2, MOST), "exact": (1, MOST)}  # least and most of an engine


def checked_layers(net: Net, domain: Polyhedron | None, engine: str | None) -> tuple[ReLULayer, ...]:
    """The ReLU layers of a network; InputError where domain or engine do not fit it.

    A network that is only a read-out has one region, that of a layer without neurons.
    """
    layers, n = layers_of(net), input_dim(net)
    if domain is not None and not isinstance(domain, Polyhedron):
        reject("domain", domain, "must be a Box, a Polyhedron or None")
    if domain is not None and domain.n != n:
        reject("domain", domain, f"must lie in the network's input space, R^{n}")
    if engine is not None and engine not in ENGINES:
        reject("engine", engine, f"must be one of {', '.join(ENGINES)}")
    least, most = _INPUTS.get(engine or "", (1, None))
    if n < least or (most is not None and n > most):
        reject("engine", engine, f"is not for networks with {n} inputs")
    if engine == "cells" and (len(layers) != 1 or domain is not None):
        reject("engine", engine, "is for one layer on all of its input space")
    return layers or (ReLULayer(np.zeros((0, n))),)


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
    chosen = _choice(layers, domain, facets) if engine is None or not any(layer.m for layer in layers) else (engine,)
    for name in chosen:
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
        return ("exact",) if n <= MOST else ("programs",)
    if n == 1:
        return ("line",)
    if n == 2:
        return ("plane",)
    if n > FEW and (n > MOST or len(layers) > 1 or domain is not None or facets):
        return ("programs",)
    if len(layers) == 1 and domain is None and not facets:
        return ("cells", "space")  # many neurons on one vertex: few corners, and exact tests of corners are cheap
    return ("space",)
