"""The least share of active rows of a Gaussian layer, and chi, at three levels of replica symmetry breaking."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from relutheory.injectivity.gaussian.breaking import FullRSB, full_rsb
from relutheory.injectivity.gaussian.replica import replica_symmetric
from relutheory.plotting import colours, style

PAPER = "maillard2023"
NUMBER = "after chi_estar_T0"
CAPTION = (
    "Gaussian layers with m = alpha n rows, n large, at zero temperature. (a) e, the least number of active rows over "
    "n that a point x can have; the layer is injective where e > 1. Replica symmetry gives a proved lower bound of e "
    "and so the upper bound 7.648 of the threshold; full symmetry breaking, the conjectured truth, 6.698, and one step "
    "6.716, which cannot be told from it here. (b) chi, which governs how far the fields of rows that are only just "
    "off reach. No solution is finite for alpha <= 2, where e = 0."
)
SEED = None
SIZE = (6.4, 3.3)

ALPHAS = tuple(Fraction(k, 4) for k in (9, 10, 12, 14, 17, 20, 24, 28, 32, 36))  # 2.25, ..., 9
LEVELS = 10
SYMMETRIC, ONE, FULL = "replica symmetric", "one step", "full"


def rows() -> list[dict[str, Any]]:
    """One line per alpha and level of symmetry breaking; the symmetric one is proved, the others are floats."""
    lines = []
    for alpha in ALPHAS:
        symmetric = replica_symmetric(alpha)
        lines.append(_line(alpha, SYMMETRIC, float(symmetric.energy.lo), float(symmetric.chi.lo)))
        for name, found in ((ONE, one_level(alpha)), (FULL, full_rsb(alpha, k=LEVELS, x_min=0.7, tolerance=1e-6))):
            lines.append(_line(alpha, name, found.energy, found.chi))
    return lines


def one_level(alpha: Fraction) -> FullRSB:
    """One level, where the functional is greatest."""
    from scipy.optimize import minimize_scalar

    best = minimize_scalar(
        lambda x: -full_rsb(alpha, levels=[x]).energy, bounds=(2.0, 12.0), method="bounded", options={"xatol": 1e-3}
    )
    return full_rsb(alpha, levels=[float(best.x)], tolerance=1e-6)


def _line(alpha: Fraction, breaking: str, energy: float, chi: float) -> dict[str, Any]:
    return {"alpha": f"{float(alpha):g}", "breaking": breaking, "energy": f"{energy:.4f}", "chi": f"{chi:.3f}"}


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels; rows : the lines of the CSV."""
    left, right = figure.subplots(1, 2)
    looks: dict[str, dict[str, Any]] = {
        "replica symmetric": {"color": colours.LAYERS[1], "linestyle": "--"},
        "one step": {"color": colours.LAYERS[4], "linestyle": "", "marker": "o", "markersize": 4, "fillstyle": "none"},
        "full": {"color": style.INK},
    }
    for breaking, look in looks.items():
        lines = [line for line in rows if line["breaking"] == breaking]
        alphas = [float(line["alpha"]) for line in lines]
        for ax, key in ((left, "energy"), (right, "chi")):
            ax.plot(alphas, [float(line[key]) for line in lines], linewidth=1.2, label=breaking, **look)
    left.axhline(1, color=style.ALERT, linewidth=0.8)
    left.text(2.6, 1.02, "injective above", color=style.ALERT, fontsize=8)
    left.set(xlabel="$\\alpha = m/n$", ylabel="least active rows over $n$", title="(a) $e$")
    right.set(xlabel="$\\alpha = m/n$", yscale="log", title="(b) $\\chi$")
    for ax in (left, right):
        ax.grid(linewidth=0.3)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
