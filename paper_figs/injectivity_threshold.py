"""How often Gaussian layers are injective, against the ratio of rows to inputs, with brackets and theory."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from relutheory.injectivity.gaussian.brackets import collision_ratios, first_moment_ratio
from relutheory.injectivity.gaussian.lines import threshold_line
from relutheory.injectivity.gaussian.montecarlo import estimate_threshold
from relutheory.plotting.threshold import draw_curves, draw_half_points, draw_lines, draw_wide_brackets, model_curve

PAPER = "puthawala2022"
NUMBER = "after Figure 7, with exact decisions"
CAPTION = (
    "Layers x -> ReLU(Wx) with m x n Gaussian W, each decided exactly. (a) The share of injective layers with 95 % "
    "intervals, n = 2 to 10. (b) The ratio at which half of them are injective, against 1/n: fitted points; brackets "
    "that need no model; three models of the limit, which the data do not tell apart. Thin bars, n = 50 to 1000: below "
    "them explicit collisions show that most layers are not injective, above them the first moment proves that at "
    "least half are. Lines: the lower and upper bounds of Puthawala et al. (2022), by the entropy form of the union "
    "bound; the expected number of collapsing cells; Gordon's inequality, 7.648; and what full replica symmetry "
    "breaking predicts, 6.698 (Maillard et al. 2023)."
)
SEED = 0
SIZE = (6.6, 3.3)

SIZES = range(2, 11)
RATIOS = tuple(k / 2 for k in range(5, 18))
TRIALS = 100
RUNS = Path(__file__).with_suffix(".jsonl")  # the store of `estimate_threshold`: half an hour's decisions
LARGE = {50: (5.75, 6.0, 6.25), 100: (6.0, 6.25)}
FAR = {300: 6.0, 1000: 5.5}  # where `collision_ratios` finds collisions, in minutes: the slow tests find them again
LINES = ("lower", "frsb", "gordon", "first-moment", "union-entropy")


def rows() -> list[dict[str, Any]]:
    """One line per point of a curve, half point, coefficient of a model, bracket, and line of the theory."""
    with tempfile.TemporaryDirectory() as folder:
        estimate = estimate_threshold(n=SIZES, ratios=RATIOS, trials=TRIALS, seed=SEED, store=shutil.copy(RUNS, folder))
    table = [_row("curve", p.n, p.ratio, p.fraction, *p.interval) for p in estimate.points]
    table += [_row("half", h.n, None, h.logistic, *h.bracket) for h in estimate.half]
    for fit in estimate.extrapolation:
        table += [_row("model", fit.model, None, value, None, None) for value in fit.coefficients]
    for n, ratios in LARGE.items():
        bracket = collision_ratios(n, ratios=ratios, seed=SEED)
        table.append(_row("collisions", n, None, None, bracket.lower, bracket.upper))
    for n, lower in FAR.items():
        table.append(_row("collisions", n, None, None, lower, first_moment_ratio(n)))
    for name in LINES:
        line = threshold_line(name, digits=5)
        table.append(_row("line", name, None, float(line), None, None) | {"kind": line.kind})
    return table


def _row(
    what: str, name: Any, ratio: float | None, value: float | None, low: float | None, high: float | None
) -> dict[str, Any]:
    numbers = {"ratio": ratio, "value": value, "low": low, "high": high}
    shown = {key: "" if number is None else f"{number:.4f}" for key, number in numbers.items()}
    return {"what": what, "name": name, **shown, "kind": ""}


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """Two panels; rows : the lines of the CSV."""
    numbers = [
        {key: float(line[key]) if line[key] else None for key in ("ratio", "value", "low", "high")} for line in rows
    ]
    chosen = {
        what: [(line["name"], n) for line, n in zip(rows, numbers, strict=True) if line["what"] == what]
        for what in ("curve", "half", "model", "collisions", "line")
    }
    curves: dict[int, list[Any]] = {}
    for name, n in chosen["curve"]:
        curves.setdefault(int(name), []).append((n["ratio"], n["value"], n["low"], n["high"]))
    models: dict[str, list[Any]] = {}
    for name, n in chosen["model"]:
        models.setdefault(name, []).append(n["value"])
    kinds = {line["name"]: line["kind"] for line in rows}
    lines: dict[str, Any] = {name: (n["value"], kinds[name]) for name, n in chosen["line"]}
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1.0))
    draw_curves(left, curves)
    left.set_xlim(2.3, 10.6)
    draw_lines(left, lines)
    left.set_title("(a)", loc="left")
    left.legend(fontsize=7.0, loc="lower right", bbox_to_anchor=(0.97, 0.05), framealpha=1.0, edgecolor="white")
    half = [(int(name), n["value"], (n["low"], n["high"])) for name, n in chosen["half"]]
    draw_half_points(right, half, {name: (c[0], model_curve(name, c)) for name, c in models.items()})
    draw_wide_brackets(right, [(int(name), n["low"], n["high"]) for name, n in chosen["collisions"]])
    right.set(xlim=(-0.012, 0.6), ylim=(0.6, 10.6))
    draw_lines(right, lines, across=True)
    right.set_title("(b)", loc="left")
    right.legend(frameon=False, fontsize=7.0, loc="lower left", ncols=2)
