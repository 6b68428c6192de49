"""Bounds of the lower Lipschitz constant of layers, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relutheory.plotting.colours import LAYERS
from relutheory.plotting.style import ALERT, INK

# What follows from m0 alone, in the order of strength: upper bound first.
LOOKS: dict[str, dict[str, Any]] = {
    "m0": {"color": LAYERS[2], "linestyle": "-", "label": "at most $m_0$"},
    "sharp": {"color": LAYERS[1], "linestyle": "-", "label": r"at least $m_0/\sqrt{2}$"},
    "half": {"color": LAYERS[4], "linestyle": "--", "label": "at least $m_0/2$"},
    "printed": {"color": ALERT, "linestyle": ":", "label": r"at least $m_0/\sqrt{2m}$"},
}


def draw_stability(
    ax: Any,
    places: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    bounds: Mapping[str, Sequence[float]],
) -> None:
    """Draw enclosures of the lower Lipschitz constant kappa of a family of layers, with bounds that follow from m0.

    ax : matplotlib axes.  places : where the k layers stand on the x-axis.  lower, upper : for each layer the ends of
    the enclosure of kappa, drawn as a bar with a dot at the upper end, which a pair of points attains.  bounds : "m0",
    "sharp", "half" or "printed" (as in `relutheory.injectivity.stability.LipschitzBounds`) -> a value for each layer,
    drawn as a line.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_stability(ax, [2, 3], [0.5, 0.6], [0.5, 0.7], {"m0": [1, 1]})
    >>> [line.get_label() for line in ax.lines][0]
    'at most $m_0$'
    """
    for name, values in bounds.items():
        ax.plot(places, values, linewidth=1.4, **LOOKS[name])
    ax.vlines(places, lower, upper, color=INK, linewidth=3.2, alpha=0.35)
    ax.plot(places, upper, "o", color=INK, markersize=3.5, label="closest pair found")
    ax.set_ylim(bottom=0)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def stability_legend(bounds: Sequence[str]) -> list[Any]:
    """What lines, bars and dots of `draw_stability` mean, as handles; bounds : the names of those drawn."""
    from matplotlib.lines import Line2D

    handles: list[Any] = [Line2D([], [], linewidth=1.4, **LOOKS[name]) for name in bounds]
    handles.append(Line2D([], [], color=INK, linewidth=3.2, alpha=0.35, label=r"$\kappa$ lies here"))
    handles.append(Line2D([], [], color=INK, marker="o", markersize=3.5, linestyle="none", label="closest pair found"))
    return handles
