"""The distance of deep networks from their limit, proved from both sides, beside the bound of the theorem."""

from __future__ import annotations

from typing import Any

from relutheory.deep_limit.experiments import errors_against_bounds, spaced_depths
from relutheory.deep_limit.families.family import DeepFamily
from relutheory.deep_limit.limits.limits import deep_limit
from relutheory.plotting.deep_limit import draw_error

PAPER = "xuzhang2024"
NUMBER = "no figure of the paper: its sufficient condition with the constant, on layers of our own"
CAPTION = (
    "The largest entry of lim x_n - x_n for layers W_n = I + A/n^2, b_n = c/n^2 (a, b) and W_n = I + A/2^n, b_n = "
    "c/2^n (c): exact states, and a limit that is enclosed to 30 digits. Dashed: the bound (e^s - 1) |x_n| + e^s t "
    "of deep.summable, s and t being the sums of |W_i - I| and |b_i| over i > n. (a) All entries positive: the bound "
    "is attained in the limit of large n. (b, c) Entries of both signs: a bound by norms does not see cancellations, "
    "but has the right order."
)
SEED = 3
SIZE = (6.4, 2.6)

MIXED = [[1, -2, 0], [2, "1/2", -1], ["-1/2", 1, 1]]
PANELS: dict[str, tuple[str, str, Any, Any, Any, int]] = {
    "a": ("I + A/n**2", "c/n**2", [["1/2", "1/2"], ["1/2", "1/2"]], ["1/4", "1/4"], [1, 1], 160),
    "b": ("I + A/n**2", "c/n**2", MIXED, ["1/2", "-1/4", "1/4"], [1, 1, "1/2"], 160),
    "c": ("I + A/2**n", "c/2**n", MIXED, ["1/2", "-1/4", "1/4"], [1, 1, "1/2"], 40),
}
PLACES = 20
TOL = "1e-30"


def rows() -> list[dict[str, Any]]:
    """One line per panel and depth: both ends of the error, and the bound; to three digits."""
    lines = []
    for panel, (W, b, A, c, x, depth) in PANELS.items():
        family = DeepFamily.from_symbolic(W, b, constants={"A": A, "c": c})
        limit = deep_limit(family, x, TOL, time_limit=None)
        if not limit.reached or limit.enclosure is None:
            raise RuntimeError(f"the limit of panel {panel} is not enclosed: {limit.reason}")
        for found in errors_against_bounds(family, x, spaced_depths(depth, PLACES), limit.enclosure):
            lower, upper = found["error"]
            lines.append(
                {
                    "panel": panel,
                    "depth": found["depth"],
                    "lower": f"{lower:.3g}",
                    "upper": f"{upper:.3g}",
                    "bound": f"{found['bound']:.3g}",
                }
            )
    return lines


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Panels side by side; rows : the lines of the CSV."""
    titles = {"a": "(a) $I + A/n^2$, positive", "b": "(b) $I + A/n^2$, mixed", "c": "(c) $I + A/2^n$, mixed"}
    panels = sorted({line["panel"] for line in rows})
    for ax, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        lines = [line for line in rows if line["panel"] == panel]
        columns = {name: [float(line[name]) for line in lines] for name in ("depth", "lower", "upper", "bound")}
        draw_error(ax, columns["depth"], columns["lower"], columns["upper"], columns["bound"])
        ax.set(xlabel="depth $n$", title=titles[panel])
        if panel == panels[0]:
            ax.set(ylabel=r"$|\lim - x_n|_\infty$")
            ax.legend(frameon=False, loc="lower left")
