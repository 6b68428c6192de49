"""The threshold predicted by full replica symmetry breaking, against the number of levels and the largest level."""

from __future__ import annotations

from typing import Any

from relutheory.injectivity.gaussian.breaking import full_rsb
from relutheory.plotting import colours, style

PAPER = "maillard2023"
NUMBER = "after convergence_FRSB, at the threshold instead of fixed ratios"
CAPTION = (
    "How far the ratio m/n at which k levels of replica symmetry breaking predict Gaussian layers to become injective, "
    "at zero temperature, is from 6.69805. (a) Against k, for levels up to 15: equally spaced from 0.01, where the "
    "threshold is read from the functional or from the share of fields beyond 1, and in geometric progression from 2. "
    "(b) Against the largest level, for 24 levels in geometric progression. The functional is a supremum: its "
    "threshold comes down to the limit, with an error of second order. Dotted: the nearer end of the interval that the "
    "authors give for 200 levels, [6.697929, 6.698131]. A single level, optimised, is off by 0.01765."
)
SEED = None
SIZE = (6.4, 3.3)

LIMIT = 6.69805
EQUAL, GEOMETRIC = (4, 6, 10, 15, 30), (3, 4, 5, 7, 10, 20)
COUNTED = 15  # levels: with more, the counted energy has too few digits for this picture
LARGEST = (4.0, 6.0, 8.0, 11.0, 15.0)
INTERVAL = (6.697929, 6.698131)


def rows() -> list[dict[str, Any]]:
    """One line per point: the panel, the curve, the number of levels, the largest level, the threshold; floats."""
    lines = []
    for k in EQUAL:
        for counting in (False, True)[: 1 + (k <= COUNTED)]:
            found = full_rsb(k=k, x_max=15.0, x_min=0.01, linear=True, counting=counting, tolerance=1e-6)
            lines.append(_line("a", "equal, counted" if counting else "equal", k, 15.0, found.alpha))
    for k in GEOMETRIC:
        found = full_rsb(k=k, x_max=15.0, x_min=2.0, tolerance=1e-6)
        lines.append(_line("a", "geometric", k, 15.0, found.alpha))
    for x_max in LARGEST:
        found = full_rsb(k=24, x_max=x_max, x_min=2.0, tolerance=1e-6)
        lines.append(_line("b", "geometric", 24, x_max, found.alpha))
    lines.extend(_line(panel, "authors", 200, 15.0, value) for panel in ("a", "b") for value in INTERVAL)
    return lines


def _line(panel: str, curve: str, k: int, x_max: float, alpha: float) -> dict[str, Any]:
    places = {"equal, counted": 4, "authors": 6}.get(curve, 5)  # the functional is stationary: it has more digits
    return {
        "panel": panel,
        "curve": curve,
        "k": k,
        "x_max": f"{x_max:g}",
        "alpha": f"{alpha:.{places}f}",
        "off": f"{abs(round(alpha, places) - LIMIT):.6f}",
    }


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels with one scale; rows : the lines of the CSV."""
    left, right = figure.subplots(1, 2, sharey=True)
    looks: dict[str, dict[str, Any]] = {
        "equal": {"color": colours.LAYERS[1], "marker": "o", "label": "equally spaced levels"},
        "equal, counted": {"color": colours.LAYERS[4], "marker": "s", "label": "the same, fields beyond 1"},
        "geometric": {"color": style.INK, "marker": "D", "label": "geometric levels"},
    }
    for ax, panel, across in ((left, "a", "k"), (right, "b", "x_max")):
        lines = [line for line in rows if line["panel"] == panel]
        nearer = min(float(line["off"]) for line in lines if line["curve"] == "authors")
        ax.axhline(nearer, color="0.4", linewidth=1, linestyle=":", label="authors, 200 levels")
        for curve, look in looks.items():
            points = [(float(line[across]), float(line["off"])) for line in lines if line["curve"] == curve]
            if points:
                ax.plot(*zip(*points, strict=True), linewidth=1, markersize=3.5, **look)
        ax.set(yscale="log")
        ax.grid(axis="y", linewidth=0.3)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    left.set(xlabel="number of levels $k$", ylabel="distance from 6.69805", title="(a) levels")
    right.set(xlabel="largest level", title="(b) largest level")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, columnspacing=1.2)
