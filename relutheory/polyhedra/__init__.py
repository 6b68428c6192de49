"""Activation regions: enumerating, counting, merging, measuring them, exactly."""

from relutheory.polyhedra.batch import RegionBatch
from relutheory.polyhedra.line import Breakpoints, breakpoints
from relutheory.polyhedra.linear import dual_graph, merged_regions
from relutheory.polyhedra.regions import RegionCount, count_regions, enumerate_regions
from relutheory.polyhedra.slices import restrict
from relutheory.polyhedra.volumes import region_volumes

__all__ = [
    "Breakpoints",
    "RegionBatch",
    "RegionCount",
    "breakpoints",
    "count_regions",
    "dual_graph",
    "enumerate_regions",
    "merged_regions",
    "region_volumes",
    "restrict",
]
