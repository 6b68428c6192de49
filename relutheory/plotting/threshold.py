"""How often random layers are injective against the ratio m/n, and where that crosses 1/2, with lines of the theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relutheory.injectivity.gaussian.fits import MODELS
from relutheory.plotting.style import ALERT, INK

# how a line of the theory is drawn, by its kind
KINDS: dict[str, dict[str, Any]] = {
    "lower bound": {"color": INK, "linestyle": "--"},
    "upper bound": {"color": INK, "linestyle": "-"},
    "prediction": {"color": ALERT, "linestyle": "-"},
    "heuristic": {"color": INK, "linestyle": ":"},
}


def size_colour(place: int, sizes: int) -> Any:
    """The colour of the place-th of so many numbers of inputs: the more inputs, the darker."""
    import matplotlib

    return matplotlib.colormaps["viridis_r"](0.15 + 0.8 * place / max(sizes - 1, 1))


def draw_curves(ax: Any, curves: Mapping[int, Sequence[tuple[float, float, float, float]]]) -> None:
    """Draw the probability of being injective against the ratio m/n, a curve for each number of inputs.

    ax : matplotlib axes.  curves : n -> for each ratio (ratio, fraction, lower end, upper end of its interval).

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_curves(ax, {2: [(3.0, 0.1, 0.0, 0.3), (5.0, 0.9, 0.7, 1.0)]})
    >>> ax.get_legend_handles_labels()[1]
    ['$n=2$']
    """
    for place, (n, points) in enumerate(sorted(curves.items())):
        colour = size_colour(place, len(curves))
        ratios, fractions, low, high = zip(*points, strict=True)
        ax.vlines(ratios, low, high, color=colour, linewidth=1.0, alpha=0.6)
        ax.plot(ratios, fractions, "o-", color=colour, markersize=2.5, linewidth=1.0, label=f"$n={n}$")
    ax.axhline(0.5, color=INK, linewidth=0.5, alpha=0.4)
    ax.set(xlabel="$m/n$", ylabel="share of injective layers", ylim=(-0.03, 1.03))
    _plain(ax)


def draw_lines(ax: Any, lines: Mapping[str, tuple[float, str]], *, across: bool = False) -> None:
    """Draw lines of the theory, name -> (ratio, kind); those beyond the axis are left out.

    across : whether ratios are on the y-axis.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_lines(ax, {"gordon": (7.6477, "upper bound")})
    >>> len(ax.lines), ax.texts[0].get_text()
    (1, 'gordon')
    """
    low, high = ax.get_ylim() if across else ax.get_xlim()
    for name, (ratio, kind) in lines.items():
        look = {"linewidth": 0.8, "alpha": 0.7, "zorder": 0, **KINDS[kind]}
        text = {"fontsize": 6.5, "color": look["color"]}
        if ax.has_data() and not low <= ratio <= high:
            continue
        if across:
            ax.axhline(ratio, **look)
            ax.annotate(name, (1.0, ratio), xycoords=("axes fraction", "data"), ha="right", va="bottom", **text)
        else:
            ax.axvline(ratio, **look)
            ax.annotate(
                name, (ratio, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", rotation=90, **text
            )


def draw_half_points(
    ax: Any,
    half: Sequence[tuple[int, float | None, tuple[float | None, float | None]]],
    models: Mapping[str, tuple[float, Sequence[tuple[float, float]]]],
) -> None:
    """Draw the ratio where half of the layers are injective against 1/n, and what models make of n -> infinity.

    ax : matplotlib axes.  half : (n, ratio or None, bracket: two ends or None).  models : name -> (limit, (1/n, ratio)
    along its curve).

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_half_points(ax, [(2, 3.6, (3.5, 4.0))], {"r + a/n": (6.0, [(0.0, 6.0), (0.5, 3.6)])})
    >>> ax.get_legend_handles_labels()[1]
    ['bracket', 'fit', '$r + a/n$']
    """
    both = [(1.0 / n, low, high) for n, _, (low, high) in half if low is not None and high is not None]
    if both:
        places, lows, highs = zip(*both, strict=True)
        ax.vlines(places, lows, highs, color=INK, linewidth=3.0, alpha=0.3, label="bracket")
    fitted = [(1.0 / n, ratio) for n, ratio, _ in half if ratio is not None]
    if fitted:
        ax.plot(*zip(*fitted, strict=True), "o", color=INK, markersize=3.0, label="fit")
    for style, (name, (_, curve)) in zip(("-", "--", ":", "-."), models.items(), strict=False):
        label = "$" + name.replace("(2/3)", "{2/3}") + "$"
        ax.plot(*zip(*curve, strict=True), style, color=INK, linewidth=0.8, alpha=0.7, label=label)
    ax.set(xlabel="$1/n$", ylabel="$m/n$ where half are injective")
    widest = max((1.0 / n for n, _, _ in half), default=0.5)
    ax.set_xlim(-0.02 * widest, 1.2 * widest)  # room on the right for the names of lines
    _plain(ax)


def draw_wide_brackets(ax: Any, brackets: Sequence[tuple[int, float | None, float | None]]) -> None:
    """Draw brackets of the threshold for many inputs: (n, lower end, upper end), against 1/n; None is not drawn.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_wide_brackets(ax, [(50, 6.0, 8.74), (100, None, 8.9)])
    >>> ax.get_legend_handles_labels()[1]
    ['collisions, first moment']
    """
    label: str | None = "collisions, first moment"
    for n, low, high in brackets:
        if low is not None and high is not None:
            ax.plot([1.0 / n] * 2, [low, high], "_-", color=INK, markersize=5.0, linewidth=0.8, label=label)
            label = None


def _plain(ax: Any) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def threshold_figure(estimate: Any, lines: Mapping[str, tuple[float, str]]) -> Any:
    """The picture of a `ThresholdEstimate`: curves, and half points with their extrapolation.

    lines : name -> (ratio, kind) of theory lines.  Returns a matplotlib Figure.
    """
    from matplotlib.figure import Figure

    curves: dict[int, list[tuple[float, float, float, float]]] = {}
    for point in estimate.points:
        if point.trials:
            curves.setdefault(point.n, []).append((point.ratio, point.fraction, *point.interval))
    figure = Figure(figsize=(7.0, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
    draw_curves(left, curves)
    draw_lines(left, lines)
    left.legend(frameon=False, fontsize=7.5)
    half = [(h.n, h.logistic, h.bracket) for h in estimate.half if h.n > 1]
    models = {fit.model: (fit.value, model_curve(fit.model, fit.coefficients)) for fit in estimate.extrapolation}
    draw_half_points(right, half, models)
    draw_lines(right, lines, across=True)
    if right.get_legend_handles_labels()[0]:
        right.legend(loc="lower left", framealpha=0.9, edgecolor="none", fontsize=7.5)
    return figure


def model_curve(model: str, coefficients: Sequence[float]) -> list[tuple[float, float]]:
    """Points (1/n, ratio) of a model of the half point, from 1/3 down to 0.

    >>> model_curve("r + a/n", (6.0, -3.0))[0]
    (0.0, 6.0)
    """
    places = [k / 120 for k in range(41)]
    first, *others = coefficients
    return [(x, first + sum(c * x**-power for c, power in zip(others, MODELS[model], strict=True))) for x in places]
