"""Deep networks along depth: how much each layer still moves the state, beside bounds of what is still to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from relutheory.plotting.colours import LAYERS
from relutheory.plotting.style import ALERT, INK, paper_style

_COLOURS = (LAYERS[1], LAYERS[4], LAYERS[2], LAYERS[3], LAYERS[5], LAYERS[0])
_MARKERS = ("o", "s", "^", "D", "v", "P")
_LARGEST = 1e100  # beyond it logarithmic axes overflow
_FEW = 8  # coordinates with a colour and a name of their own
_PANELS = (6.4, 3.0)


def draw_decays(
    ax: Any,
    depths: Sequence[float],
    series: Mapping[str, Sequence[float]],
    bounds: Mapping[str, Sequence[float]],
) -> None:
    """Draw positive numbers that fall with depth, with bounds above some of them, on two logarithmic axes.

    ax : matplotlib axes.  depths : k depths.  series : label -> k numbers, drawn as a line with dots.  bounds : label
    of a series -> k numbers, drawn dashed in its colour.  What is 0, NaN or above 1e100 is left out.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_decays(ax, [1, 10, 100], {"p = 2": [1, 0.01, 0.0001]}, {"p = 2": [2, 0.2, 0.02]})
    >>> [line.get_linestyle() for line in ax.lines]
    ['-', '--']
    """
    for place, (label, values) in enumerate(series.items()):
        look: dict[str, Any] = {"color": _COLOURS[place % len(_COLOURS)], "linewidth": 1.1}
        marker = _MARKERS[place % len(_MARKERS)]
        ax.plot(depths, _shown(values), marker=marker, markersize=2.4, label=label, **look)
        if label in bounds:
            ax.plot(depths, _shown(bounds[label]), "--", **look)
    _log_axes(ax)


def _shown(values: Sequence[float]) -> np.ndarray:
    """The numbers that a logarithmic axis can show; NaN for the others."""
    array = np.asarray(values, dtype=np.float64)
    return np.where((array < _LARGEST) & (array > 0), array, np.nan)


def _log_axes(ax: Any) -> None:
    ax.set(xscale="log", yscale="log")
    ax.grid(linewidth=0.3, alpha=0.6)
    ax.minorticks_off()
    _plain(ax)


def _plain(ax: Any) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def draw_error(
    ax: Any, depths: Sequence[float], lower: Sequence[float], upper: Sequence[float], bound: Sequence[float]
) -> None:
    """Draw enclosures of the distance of x_n from the limit, and a bound of it, on two logarithmic axes.

    ax : matplotlib axes.  depths, lower, upper, bound : k numbers each.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_error(ax, [1, 2], [0.1, 0.01], [0.1, 0.01], [0.3, 0.1])
    >>> ax.get_legend_handles_labels()[1]
    ['bound', 'error']
    """
    ax.plot(depths, _shown(bound), "--", color=ALERT, linewidth=1.2, label="bound")
    ax.fill_between(depths, _shown(lower), _shown(upper), color=LAYERS[1], alpha=0.3, linewidth=0)
    ax.plot(depths, _shown(upper), "o-", color=LAYERS[1], markersize=2.4, linewidth=1.1, label="error")
    _log_axes(ax)


def draw_sizes(ax: Any, depths: Sequence[float], series: Mapping[str, Sequence[float]]) -> None:
    """Draw decimal logarithms of sizes against depth: how outputs or gradients grow and vanish.

    ax : matplotlib axes.  depths : k depths.  series : label -> k logarithms; minus infinity, a size of 0, is left out.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_sizes(ax, [1, 10], {"He": [0, -3.5]})
    >>> ax.lines[0].get_ydata().tolist()
    [0.0, -3.5]
    """
    for place, (label, values) in enumerate(series.items()):
        array = np.asarray(values, dtype=np.float64)
        ax.plot(
            depths,
            np.where(np.isfinite(array), array, np.nan),
            marker=_MARKERS[place % len(_MARKERS)],
            color=_COLOURS[place % len(_COLOURS)],
            markersize=2.4,
            linewidth=1.1,
            label=label,
        )
    ax.set(xscale="log")
    ax.minorticks_off()
    ax.grid(linewidth=0.3, alpha=0.6)
    _plain(ax)


def draw_coordinates(
    ax: Any, depths: Sequence[float], points: Sequence[np.ndarray], ends: tuple[np.ndarray, np.ndarray] | None = None
) -> None:
    """Draw the coordinates of x_n against depth, and where their limits lie.

    ax : matplotlib axes.  depths : k depths.  points : k arrays, (m_n,); a coordinate starts where the width reaches
    it.  ends : lower and upper ends of the limit, (m,) each, drawn as short lines at the right end, or None.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_coordinates(ax, [1, 2], [np.array([1.0]), np.array([0.5, 2.0])])
    >>> [line.get_ydata().tolist() for line in ax.lines]
    [[1.0, 0.5], [nan, 2.0]]
    """
    most = max((len(point) for point in points), default=0)
    table = np.full((len(points), most), np.nan)
    for row, point in zip(table, points, strict=True):
        row[: len(point)] = np.where(np.abs(point) < _LARGEST, point, np.nan)
    few = most <= _FEW
    for j in range(most):
        colour = _COLOURS[j % len(_COLOURS)] if few else INK
        look = {"linewidth": 1.2} if few else {"linewidth": 0.5, "alpha": 0.5}
        ax.plot(depths, table[:, j], color=colour, label=f"$x_{{n,{j + 1}}}$" if few else None, **look)
        if ends is not None and j < len(ends[0]) and few:
            middle = (float(ends[0][j]) + float(ends[1][j])) / 2
            ax.plot(1.0, middle, "<", color=colour, markersize=5, transform=ax.get_yaxis_transform(), clip_on=False)
    ax.set(xscale="log", xlabel="depth $n$", ylabel="coordinates of $x_n$")
    ax.minorticks_off()
    ax.grid(linewidth=0.3, alpha=0.6)
    _plain(ax)


def trajectory_figure(
    depths: Sequence[float],
    points: Sequence[np.ndarray],
    increments: Any,
    bounds: Any,
    ends: tuple[np.ndarray, np.ndarray] | None = None,
    *,
    title: str = "",
) -> Any:
    """A figure of one input along depth: its coordinates, and how far they move beside how far they still can.

    Arguments as the fields of `relutheory.deep_limit.experiments.Trajectory`; ends as in `draw_coordinates`.
    Returns a matplotlib Figure (not one of pyplot's).

    >>> figure = trajectory_figure([1, 2], [np.array([1.0]), np.array([1.5])], [0.5, 0.5], [np.inf, 0.7])
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['depth $n$', 'depth $n$']
    """
    from matplotlib.figure import Figure

    with paper_style():
        figure = Figure(figsize=_PANELS, dpi=200, layout="constrained")
        left, right = figure.subplots(1, 2)
        draw_coordinates(left, depths, points, ends)
        if left.get_legend_handles_labels()[0]:
            left.legend(frameon=False, loc="best", fontsize="small")
        moved = r"$|x_n - x_{n-1}|_\infty$"
        draw_decays(right, depths, {moved: increments}, {})
        if np.isfinite(np.asarray(bounds, dtype=np.float64)).any():
            right.plot(
                depths, _shown(bounds), "--", color=ALERT, linewidth=1.2, label=r"$|\lim - x_n|_\infty$, at most"
            )
        right.set(xlabel="depth $n$")
        right.legend(frameon=False, loc="best", fontsize="small")
        if title:
            figure.suptitle(title, fontsize="medium")
    return figure
