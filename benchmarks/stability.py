"""How long it takes to enclose the Lipschitz constants of a layer; write RESULTS-stability.md.

python benchmarks/stability.py [--quick] [--limit SECONDS]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator

import numpy as np
from pages import Page

from relutheory.injectivity.stability.constants import lower_lipschitz, upper_lipschitz
from relutheory.networks import ReLULayer
from relutheory.polyhedra.arrangement import count_cells
from relutheory.polyhedra.bounds import zaslavsky, zaslavsky_central

ABOUT = """\
kappa is the infimum, and Lip the supremum, of |f(x) - f(y)| / |x - y| for a layer f(x) = ReLU(Wx + b) on R^n; m0 is the
least n-th singular value of the active rows over the open cells. Enclosures are proved; seconds are those of one
call, one thread; * marks what was stopped at {limit:g} s. No other package computes these."""


def layers(quick: bool) -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
    """(name, W, b): weights from default_rng(0), then the biases."""
    sizes = [(20, 3), (24, 4), (100, 3), (40, 5), (48, 8)] + ([] if quick else [(60, 8), (200, 3), (80, 10)])
    for m, n in sizes:
        yield f"Gaussian {m} x {n}", np.random.default_rng(0).standard_normal((m, n)), None
    rng = np.random.default_rng(0)
    yield "Gaussian 40 x 5, biased", rng.standard_normal((40, 5)), 0.3 * rng.standard_normal(40)
    for n in (8, 20) if quick else (8, 20, 40):
        yield f"[I; -I], n = {n}", np.vstack([np.eye(n), -np.eye(n)]), None
        B, D = np.random.default_rng(0).standard_normal((n, n)), 2.0 ** np.random.default_rng(1).integers(-3, 4, n)
        yield f"[B; -DB], n = {n}", np.vstack([B, -D[:, None] * B]), None
    yield "integers 30 x 4", np.random.default_rng(0).integers(-2, 3, (30, 4)).astype(float), None


def main() -> None:
    """Print a table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small layers only, nothing written")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds per constant (default 60)")
    options = parser.parse_args()
    for shape in ((20, 3), (110, 2)):  # compiles, or loads what was compiled
        lower_lipschitz(ReLULayer(np.random.default_rng(1).standard_normal(shape)), starts=1)
    about = ABOUT.format(limit=options.limit)
    page = Page("How stable a layer is", "python benchmarks/stability.py", about)
    page.table("layer", "cells", "nodes", "s (kappa)", "kappa", "m0", "kappa/m0", "s (Lip)")
    for name, W, b in layers(options.quick):
        layer = ReLULayer(W, b)
        lower = lower_lipschitz(layer, time_limit=options.limit)
        upper = upper_lipschitz(layer, time_limit=options.limit)
        page.row(name, shown(cells(name, W, b)), shown(lower.nodes), *figures(lower, upper))
    if not options.quick:
        page.write("RESULTS-stability.md")


def cells(name: str, W: np.ndarray, b: np.ndarray | None) -> float:
    """The number of cells: those of [B; -DB] are orthants, Gaussian rows are in general position."""
    m, n = W.shape
    if name.startswith("["):
        return 2.0**n
    if name.startswith("Gaussian"):
        return float(zaslavsky_central(m, n) if b is None else zaslavsky(m, n))
    return float(count_cells(W, b))


def shown(value: float) -> str:
    """A count, short."""
    return str(int(value)) if value < 1e6 else f"{value:.2g}"


def figures(lower, upper) -> list[str]:
    """Seconds, the two enclosures, their quotient, seconds."""
    m0 = [float(lower.m0.lo), float(lower.m0.hi)]
    ends = [f"[{a:.6g}, {b:.6g}]" for a, b in ((lower.lower, lower.upper), m0)]
    quotient = f"{lower.upper / m0[1]:.4f}" if m0[1] > 0 else "-"
    marks = ["" if result.complete else "*" for result in (lower, upper)]
    seconds = [f"{result.seconds:.2f}{mark}" for result, mark in zip((lower, upper), marks, strict=True)]
    return [seconds[0], *ends, quotient if math.isfinite(lower.upper) else "-", seconds[1]]


if __name__ == "__main__":
    main()
