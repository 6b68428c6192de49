"""Pictures: pure draw functions (data in, axes out), and the figures of the papers made with them."""

from relutheory.plotting.arrangement2d import (
    Wedge,
    constant_segment,
    draw_wedges,
    find_wedges,
    wedge_legend,
)
from relutheory.plotting.arrangement3d import Face, arrangement_figure, draw_cells, draw_planes, find_faces
from relutheory.plotting.colours import class_colours, ranks, relief_colours
from relutheory.plotting.figures import MadeFigure, figure_names, make_figures
from relutheory.plotting.partition2d import (
    Decision,
    Partition,
    draw_partition,
    draw_relief_key,
    find_decision,
    find_partition,
    layer_style,
    partition_figure,
    partition_legend,
    partition_maps,
)
from relutheory.plotting.style import paper_style

__all__ = [
    "Decision",
    "Face",
    "MadeFigure",
    "Partition",
    "Wedge",
    "arrangement_figure",
    "class_colours",
    "constant_segment",
    "draw_cells",
    "draw_partition",
    "draw_planes",
    "draw_relief_key",
    "draw_wedges",
    "figure_names",
    "find_decision",
    "find_faces",
    "find_partition",
    "find_wedges",
    "layer_style",
    "make_figures",
    "paper_style",
    "partition_figure",
    "partition_legend",
    "partition_maps",
    "ranks",
    "relief_colours",
    "wedge_legend",
]
