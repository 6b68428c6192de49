"""Functions of one variable: piecewise linear graphs, special networks with their channels, errors of methods."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from relutheory.plotting.colours import CLASSES, LAYERS
from relutheory.plotting.style import ALERT, INK

# networks by filled markers and full lines (a mere bound by dashes and dots), what they compete with by dashed ones
LOOKS: dict[str, dict[str, Any]] = {
    "network, one hidden layer": {"color": LAYERS[1], "marker": "o", "linestyle": "-"},
    "network, width 4": {"color": LAYERS[2], "marker": "s", "linestyle": "-"},
    "network made for f": {"color": ALERT, "marker": "D", "linestyle": "-"},
    "network, bit extraction": {"color": CLASSES[7], "marker": "p", "linestyle": "-."},
    "free-knot spline": {"color": INK, "marker": "^", "linestyle": "--"},
    "equispaced spline": {"color": LAYERS[5], "marker": "v", "linestyle": "--"},
    "Chebyshev polynomial": {"color": LAYERS[3], "marker": "x", "linestyle": ":"},
    "rational, AAA": {"color": LAYERS[4], "marker": "+", "linestyle": ":"},
}
_LEAST, _LARGEST = 1e-17, 1e3  # errors that a rate plot shows
_POINTS = 2001


def draw_rates(ax: Any, series: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Draw errors against numbers of parameters, both logarithmic.

    ax : matplotlib axes.  series : name of a method -> pairs (parameters, error).  The first error that is 0 is marked
    on the axis; others below 1e-17 and above 1000 are left out.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_rates(ax, {"free-knot spline": [(10, 0.1), (100, 0.001), (200, 0)]})
    >>> ax.lines[0].get_xdata().tolist()
    [10, 100]
    """
    for name, points in series.items():
        shown = [(n, e) for n, e in points if _LEAST <= e <= _LARGEST]
        look = LOOKS.get(name, {"marker": ".", "linestyle": "-"})
        ax.plot(*zip(*shown, strict=True) if shown else ([], []), label=name, linewidth=1.1, markersize=3.5, **look)
        for n in [n for n, e in points if e == 0][:1]:
            ax.plot([n], [0], markersize=5, transform=ax.get_xaxis_transform(), clip_on=False, zorder=5, **look)
    ax.set(xscale="log", yscale="log")
    errors = [e for points in series.values() for _, e in points if _LEAST <= e <= _LARGEST]
    if errors:  # whole decades, so that the axis has numbers
        ax.set_ylim(10 ** np.floor(np.log10(min(errors))) * 0.8, 10 ** np.ceil(np.log10(max(errors))) * 1.25)
    ax.minorticks_off()
    ax.grid(linewidth=0.3, alpha=0.6)
    _plain(ax)


def rates_legend(names: Container[str]) -> list[Any]:
    """What the lines of `draw_rates` mean, as handles in the order of `LOOKS`; names : of the methods drawn."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], label=name, linewidth=1.1, markersize=3.5, **LOOKS[name]) for name in LOOKS if name in names]


def rates_figure(table: Any) -> Any:
    """Error against number of parameters for each method, from one call of `compare_rates`.

    table : a `relutheory.univariate.rates.RateTable`.  Returns a matplotlib figure.  Errors that are proved are the
    upper ends of their enclosures; Chebyshev and rational ones are seen on a grid.

    >>> from relutheory import compare_rates
    >>> figure = rates_figure(compare_rates("sqrt(x)", [10, 20], methods=["equispaced spline"]))
    >>> figure.axes[0].lines[0].get_xdata().tolist()
    [10, 20]
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4, 3.4), layout="constrained")
    ax = figure.subplots()
    draw_rates(ax, {name: [(row.parameters, row.upper) for row in table.of(name)] for name in table.methods})
    ax.set(title=_readable(table.target), xlabel="parameters", ylabel="largest error")
    figure.legend(handles=rates_legend(table.methods), loc="outside right upper", frameon=False)
    return figure


def draw_graph(ax: Any, x: Any, y: Any, **look: Any) -> None:
    """Draw a piecewise linear graph through the points (x, y), on axes without a frame above and to the right.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_graph(ax, [0, 0.5, 1], [0, 1, 0], color="black")
    >>> len(ax.lines)
    1
    """
    ax.plot(x, y, **{"linewidth": 1.2, "solid_joinstyle": "round", **look})
    _plain(ax)


def legend_below(ax: Any) -> None:
    """Say what the lines of the axes mean in one row below the axes' label, where it covers nothing."""
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.26),
        ncols=4,
        frameon=False,
        columnspacing=0.9,
        handlelength=1.1,
        handletextpad=0.4,
    )


def draw_special_network(ax: Any, computing: int, depth: int) -> None:
    """Draw a special network: the source channel on top, the collation channel at the bottom, ReLU nodes between.

    ax : matplotlib axes.  computing : W - 2 >= 1 nodes with a ReLU in each layer.  depth : L >= 1 layers.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_special_network(ax, 3, 4)
    >>> [text.get_text() for text in ax.texts][:2]
    ['$x$', '$S(x)$']
    """
    top, bottom = computing + 1.0, 0.0
    columns = np.arange(1, depth + 1, dtype=np.float64)
    rows = np.arange(1, computing + 1, dtype=np.float64)
    middle = (top + bottom) / 2
    thin, faint = {"linewidth": 0.5, "color": LAYERS[0], "alpha": 0.45}, {"linewidth": 0.8}
    for left, right in pairwise(columns):
        for a in rows:
            ax.plot([left, right], [top, a], color=LAYERS[1], zorder=1, alpha=0.7, **faint)
            ax.plot([left, right], [a, bottom], color=LAYERS[4], zorder=1, alpha=0.7, **faint)
            for b in rows:
                ax.plot([left, right], [a, b], zorder=0, **thin)
    for row, colour in ((top, LAYERS[1]), (bottom, LAYERS[4])):
        ax.plot([1, depth], [row, row], color=colour, linewidth=2.0, zorder=2)
    for row in (top, *rows):
        ax.plot([0, 1], [middle, row], color=LAYERS[1], zorder=1, alpha=0.7, **faint)
    for row in (bottom, *rows, top):
        ax.plot([depth, depth + 1], [row, middle], color=LAYERS[4], zorder=1, alpha=0.7, **faint)
    for column in columns:
        ax.plot([column] * computing, rows, "o", color="white", markeredgecolor=INK, markersize=9, zorder=3)
        ax.plot([column], [top], "s", color="white", markeredgecolor=LAYERS[1], markersize=8, zorder=3)
        ax.plot([column], [bottom], "s", color="white", markeredgecolor=LAYERS[4], markersize=8, zorder=3)
    ax.text(-0.08, middle, "$x$", ha="right", va="center", fontsize=11)
    ax.text(depth + 1.08, middle, "$S(x)$", ha="left", va="center", fontsize=11)
    ax.text((depth + 1) / 2, top + 0.42, "source channel: hands on $x$", ha="center", color=LAYERS[1])
    ax.text((depth + 1) / 2, bottom - 0.42, "collation channel: adds up", ha="center", va="top", color=LAYERS[4])
    ax.set(xlim=(-0.4, depth + 1.7), ylim=(bottom - 1.0, top + 1.0))
    ax.set_axis_off()


def approximation_figure(result: Any) -> Any:
    """Function and network above, their difference below, with the proved bound.

    result : a `relutheory.univariate.approximate.Approximation`.  Returns a matplotlib figure.
    """
    from matplotlib.figure import Figure

    target, network = result.target, result.graph()
    lo, hi = float(target.lo), float(target.hi)
    corners = [x for x in (float(b) for b in network.breakpoints) if lo <= x <= hi] if network.pieces < 5000 else []
    x = np.unique(np.concatenate([np.linspace(lo, hi, _POINTS), corners]))
    wanted, got = target.floats(np.clip((x - lo) / (hi - lo), 0, 1)), network.evaluate(x)
    figure = Figure(figsize=(5.4, 3.9), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    draw_graph(above, x, wanted, color=LAYERS[4], linewidth=2.4, alpha=0.55, label=_readable(target.name))
    size = f"network: width {result.width}, depth {result.depth}, {result.parameters} parameters"
    draw_graph(above, x, got, color=LAYERS[1], linewidth=0.9, label=size)
    if 0 < len(corners) <= 400:
        above.plot(corners, network.evaluate(np.array(corners)), ".", color=LAYERS[1], markersize=2.5)
    above.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0.2)
    bound = float(result.error.hi)
    draw_graph(below, x, got - wanted, color=LAYERS[1], linewidth=0.7)
    for end in {bound, -bound}:
        below.axhline(end, color=ALERT, linewidth=0.8, linestyle="--")
    known = "proved" if result.error.rigor.proves else "seen, not proved"
    below.set(xlabel="$x$", ylabel="network $-$ function")
    below.set_title(f"largest error {bound:.3g}, {known}", color=ALERT, fontsize=9, loc="right")
    below.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4))
    return figure


def _readable(name: str) -> str:
    """A name without what matplotlib would read as mathematics, and not too long."""
    plain = name.replace("$", "")
    return plain if len(plain) <= 60 else plain[:57] + "..."


def _plain(ax: Any) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
