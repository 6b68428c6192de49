"""How many rows a random layer needs where a fraction of them comes in opposite pairs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from relutheory.injectivity.gaussian.montecarlo import estimate_threshold
from relutheory.plotting import style
from relutheory.plotting.threshold import size_colour

PAPER = "puthawala2022"
NUMBER = "no figure of the paper: between its two examples, Gaussian rows and [B; -DB]"
CAPTION = (
    "The ratio m/n at which half of the layers x -> ReLU(Wx) are injective, where a fraction f of the m rows consists "
    "of pairs b, -d b with d > 0 and all else is Gaussian; dots: where the best monotone curve crosses 1/2, linear "
    "between whole m, so that a jump from no layer to all of them between m and m + 1 is drawn half way; bars: "
    "brackets that hold with 95 % confidence without any model. From n pairs on every such layer is injective, m/n = "
    "2/f (line); with all rows in pairs two rows per input are needed and enough. Each layer is decided exactly."
)
SEED = 0
SIZE = (4.6, 3.2)

SIZES = (3, 5)
FRACTIONS = tuple(Fraction(k, 5) for k in range(6))
RATIOS = (1.6, 1.8, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6)
TRIALS = 60


def rows() -> list[dict[str, Any]]:
    """One line for each fraction and n."""
    table = []
    for f in FRACTIONS:
        estimate = estimate_threshold(n=SIZES, ratios=RATIOS, trials=TRIALS, seed=SEED, ensemble=f"paired:{float(f)}")
        for half in estimate.half:
            low, high = half.bracket
            numbers = {"half": half.isotonic, "low": low, "high": high}
            shown = {key: "" if number is None else f"{number:.4f}" for key, number in numbers.items()}
            table.append({"n": half.n, "f": float(f), **shown})
    return table


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """One panel; rows : the lines of the CSV."""
    ax = figure.subplots()
    sizes = sorted({int(line["n"]) for line in rows})
    for place, n in enumerate(sizes):
        lines = [line for line in rows if int(line["n"]) == n and line["half"]]
        shift = 0.006 * (2 * place - len(sizes) + 1)  # bars beside each other
        at = [float(line["f"]) + shift for line in lines]
        colour = size_colour(place, len(sizes))
        ax.plot(at, [float(line["half"]) for line in lines], "o-", color=colour, markersize=4, label=f"$n = {n}$")
        ends = [(x, line) for x, line in zip(at, lines, strict=True) if line["low"] and line["high"]]
        lows, highs = [float(line["low"]) for _, line in ends], [float(line["high"]) for _, line in ends]
        ax.vlines([x for x, _ in ends], lows, highs, color=colour, linewidth=3, alpha=0.4)
    places = [0.3 + 0.01 * k for k in range(71)]
    ax.plot(places, [2 / x for x in places], color=style.ALERT, linewidth=1.2, label="$2/f$: $n$ pairs")
    ax.set(xlabel="fraction $f$ of rows in opposite pairs", ylabel="$m/n$ where half are injective", ylim=(1.5, 6.2))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="lower left")
