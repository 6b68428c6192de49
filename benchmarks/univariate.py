"""Piecewise linear functions at many points beside numpy.interp, and exact constructions; write RESULTS-univariate.md.

python benchmarks/univariate.py [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial

import numpy as np
from pages import Page
from report import seconds
from timing import least_times, one_thread

from relutheory import CPwL, ReLUNetwork, spline_network, square_network

SIZES = (10, 100, 1000, 10_000, 100_000)
POINTS, TEETH, KNOTS = 10**6, 20, 10_000

ABOUT = """\
Processor time of one thread. Evaluation: a function with random values at its breakpoints in [0, 1], at {points:,}
random points of [0, 1], as they come and sorted; numpy.interp and `CPwL.evaluate` (float64, the same numbers) take
turns, the least of {repeat} times of each, tables made and kernels compiled before. The goal is a ratio of 3."""


def breakpoints(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Breakpoints in [0, 1]: equispaced, random, and crowded at 0."""
    for k in SIZES:
        yield "equispaced", np.arange(k) / (k - 1)
        yield "random", np.unique(rng.random(k))
        yield "crowded", np.unique(rng.random(k) ** 6)


def tents(depth: int) -> ReLUNetwork:
    """The network of the sawtooth with 2^(depth - 1) teeth."""
    later = ([[2, -4], [2, -4]], [0, "-1/2"])
    return ReLUNetwork([([[1], [1]], [0, "-1/2"]), *[later] * (depth - 1), ([[2, -4]], [0])])


def main() -> None:
    """Print tables, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the points, small constructions; not written")
    options = parser.parse_args()
    one_thread()
    share, repeat = (10, 3) if options.quick else (1, 15)
    about = ABOUT.format(points=POINTS // share, repeat=repeat)
    page = Page("Functions of one variable", "python benchmarks/univariate.py", about)
    evaluation(page, POINTS // share, repeat)
    constructions(page, TEETH - (6 if options.quick else 0), KNOTS // share)
    if not options.quick:
        page.write("RESULTS-univariate.md")


def evaluation(page: Page, count: int, repeat: int) -> None:
    rng = np.random.default_rng(0)
    points = rng.random(count)
    orders = {"random": points, "sorted": np.sort(points)}
    page.table("breakpoints", "", "numpy.interp", "evaluate", "ratio", "sorted: numpy.interp", "evaluate", "ratio")
    for kind, x in breakpoints(rng):
        y = rng.standard_normal(len(x))
        f = CPwL(x, y)
        cells = []
        for p in orders.values():
            assert np.allclose(f.evaluate(p), np.interp(p, x, y), rtol=1e-9, atol=1e-9)
            best = least_times({"interp": partial(np.interp, p, x, y), "ours": partial(f.evaluate, p)}, repeat)
            cells += [seconds(best["interp"]), seconds(best["ours"]), f"{best['interp'] / best['ours']:.1f}"]
        page.row(f"{len(x):,}", kind, *cells)


def constructions(page: Page, depth: int, knots: int) -> None:
    """Seconds of one call each: exact functions of networks, and networks of exact functions."""
    net = tents(depth)
    CPwL.from_network(tents(3)), CPwL.from_network(tents(3), exact=False)  # compiles
    rng = np.random.default_rng(1)
    f = CPwL([0, *np.unique(rng.random(knots)), 1], rng.standard_normal(knots + 2))
    page.add("\nExact constructions, one call each. A spline network is verified by finding its function, exactly, and")
    page.add("comparing it with the spline; the goal is 20 s for both with 10^4 knots.")
    page.table("what", "seconds")

    def timed(what: str, run: partial) -> object:  # type: ignore[type-arg]
        found: list[object] = []
        took = least_times({what: lambda: found.append(run())}, 1)[what]
        page.row(what, f"{took:.2f}")
        return found[0]

    timed(f"the function of a network with 2^{depth - 1} teeth, exact", partial(CPwL.from_network, net))
    timed("the same in float64", partial(CPwL.from_network, net, exact=False))
    for width in (8, 20):
        built = timed(
            f"spline network, {knots:,} random knots, width {width}: built", partial(spline_network, f, width)
        )
        same = timed("  verified", partial(lambda network: network.function == f, built))
        assert same is True
    timed(f"square_network({depth - 2}): the function", partial(lambda: square_network(depth - 2).function))


if __name__ == "__main__":
    main()
