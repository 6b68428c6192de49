"""Pictures: pure draw functions (data in, axes out), and the figures of the papers made with them."""

from relutheory.plotting.active_counts import ActiveCounts, counts_along, counts_legend, draw_counts
from relutheory.plotting.arrangement2d import (
    Wedge,
    constant_segment,
    draw_wedges,
    find_wedges,
    wedge_legend,
)
from relutheory.plotting.arrangement3d import Face, arrangement_figure, draw_cells, draw_planes, find_faces
from relutheory.plotting.cells import Cell, collision_inside, find_cells, find_sphere_cells
from relutheory.plotting.colours import class_colours, ranks, relief_colours
from relutheory.plotting.deep_limit import (
    draw_coordinates,
    draw_decays,
    draw_error,
    draw_sizes,
    trajectory_figure,
)
from relutheory.plotting.figures import MadeFigure, figure_names, make_figures
from relutheory.plotting.layer_picture import layer_figure, plot_layer
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
from relutheory.plotting.sphere import draw_sphere
from relutheory.plotting.stability import draw_stability, stability_legend
from relutheory.plotting.style import paper_style
from relutheory.plotting.threshold import (
    draw_curves,
    draw_half_points,
    draw_lines,
    draw_wide_brackets,
    model_curve,
    threshold_figure,
)
from relutheory.plotting.univariate import (
    approximation_figure,
    draw_graph,
    draw_rates,
    draw_special_network,
    rates_figure,
    rates_legend,
)
from relutheory.plotting.wedges import cell_legend, draw_plane_cells

__all__ = [
    "ActiveCounts",
    "Cell",
    "Decision",
    "Face",
    "MadeFigure",
    "Partition",
    "Wedge",
    "approximation_figure",
    "arrangement_figure",
    "cell_legend",
    "class_colours",
    "collision_inside",
    "constant_segment",
    "counts_along",
    "counts_legend",
    "draw_cells",
    "draw_coordinates",
    "draw_counts",
    "draw_curves",
    "draw_decays",
    "draw_error",
    "draw_graph",
    "draw_half_points",
    "draw_lines",
    "draw_partition",
    "draw_plane_cells",
    "draw_planes",
    "draw_rates",
    "draw_relief_key",
    "draw_sizes",
    "draw_special_network",
    "draw_sphere",
    "draw_stability",
    "draw_wedges",
    "draw_wide_brackets",
    "figure_names",
    "find_cells",
    "find_decision",
    "find_faces",
    "find_partition",
    "find_sphere_cells",
    "find_wedges",
    "layer_figure",
    "layer_style",
    "make_figures",
    "model_curve",
    "paper_style",
    "partition_figure",
    "partition_legend",
    "partition_maps",
    "plot_layer",
    "ranks",
    "rates_figure",
    "rates_legend",
    "relief_colours",
    "stability_legend",
    "threshold_figure",
    "trajectory_figure",
    "wedge_legend",
]
