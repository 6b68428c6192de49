"""How far bounds on the inverse Lipschitz constant are from the truth: fans of rows, and [I; -sI]."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from relutheory.injectivity.stability.constants import lower_lipschitz
from relutheory.networks import ReLULayer
from relutheory.plotting.stability import draw_stability, stability_legend

PAPER = "puthawala2022"
NUMBER = "no figure of the paper: its bound beside later ones, on layers of our own"
CAPTION = (
    "The lower Lipschitz constant kappa = inf |f(x) - f(y)| / |x - y| of layers f(x) = ReLU(Wx) on the plane, divided "
    "by m_0, the least singular value of the active rows over all cells. (a) Fans of m rows of length 1 in regular "
    "directions. (b) W = [I; -sI]. Bars: enclosures, proved; dots: the closest pair of points found, exact. Lines: "
    "what follows from m_0 alone, with the constants 1/sqrt(2m) of Puthawala et al. (2022), 1/2 of Freeman and Haider "
    "(2025), and 1/sqrt(2), which even fans and [I; -I] attain."
)
SEED = 0
SIZE = (6.4, 3.1)

FANS = tuple(range(4, 13))
SCALES = tuple(Fraction(s) for s in ("1/4", "1/2", "3/4", "1", "4/3", "2", "4"))
GRID = 2**20  # entries of the fans are multiples of its inverse
NAMES = ("m0", "sharp", "half", "printed")


def fan(m: int) -> ReLULayer:
    """Rows in m regular directions, of length about 1."""
    angles = [2 * math.pi * k / m for k in range(m)]
    return ReLULayer([[Fraction(round(GRID * f(a)), GRID) for f in (math.cos, math.sin)] for a in angles])


def rows() -> list[dict[str, Any]]:
    """One line per layer: place on the axis; the ends of kappa and its bounds, divided by m0; to four digits."""
    fans = [_row("a", str(m), fan(m)) for m in FANS]
    scaled = [_row("b", str(s), ReLULayer([[1, 0], [0, 1], [-s, 0], [0, -s]])) for s in SCALES]
    return fans + scaled


def _row(panel: str, place: str, layer: ReLULayer) -> dict[str, Any]:
    result = lower_lipschitz(layer, starts=6, seed=SEED)
    if not result.complete or result.bounds is None or result.m0.lo <= 0:
        raise RuntimeError(f"layer {place} of ({panel}) is not settled")
    m0 = float(result.m0.hi)
    bounds = {"m0": m0, **{name: getattr(result.bounds, name) for name in NAMES[1:]}}
    values = {"lower": result.lower, "upper": result.upper, **bounds}
    return {"panel": panel, "place": place, **{name: f"{value / m0:.4f}" for name, value in values.items()}}


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels side by side, with one legend below; rows : the lines of the CSV."""
    names = [name for name in rows[0] if name not in ("panel", "place", "lower", "upper")]
    axes = figure.subplots(1, 2, sharey=True)
    for ax, panel in zip(axes, "ab", strict=True):
        lines = [line for line in rows if line["panel"] == panel]
        columns = {name: [float(line[name]) for line in lines] for name in ("lower", "upper", *names)}
        places = [float(Fraction(line["place"])) for line in lines]
        draw_stability(ax, places, columns["lower"], columns["upper"], {name: columns[name] for name in names})
    axes[0].set(title="(a) fans", xlabel="rows $m$", ylabel=r"$\kappa\,/\,m_0$", ylim=(0, 1.05))
    axes[1].set(title="(b) $[I; {-}sI]$", xlabel="$s$", xscale="log")
    axes[1].set_xticks([1 / 4, 1 / 2, 1, 2, 4], ["1/4", "1/2", "1", "2", "4"])
    axes[1].minorticks_off()
    figure.legend(handles=stability_legend(names), loc="outside lower center", ncols=3, frameon=False)
