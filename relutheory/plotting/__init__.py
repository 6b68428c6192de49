"""Pictures: pure draw functions (data in, axes out), and the figures of the papers made with them."""

from relutheory.plotting.arrangement2d import (
    Wedge,
    constant_segment,
    draw_wedges,
    find_wedges,
    wedge_legend,
)
from relutheory.plotting.figures import MadeFigure, figure_names, make_figures
from relutheory.plotting.style import paper_style

__all__ = [
    "MadeFigure",
    "Wedge",
    "constant_segment",
    "draw_wedges",
    "figure_names",
    "find_wedges",
    "make_figures",
    "paper_style",
    "wedge_legend",
]
