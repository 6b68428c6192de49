"""`relutheory regions FILE`: how many regions a network has, on a domain, a plane or a line."""

from __future__ import annotations

import argparse
import math
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_network_command, count, domain_ends, on_terminal, seconds
from relutheory.cli.kernels import load_kernels
from relutheory.cli.output import approximate, checked_target, print_json, tree_progress
from relutheory.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from relutheory.core.sets import Polyhedron
    from relutheory.networks import ReLUNetwork
    from relutheory.polyhedra import RegionCount

_ABOUT = """\
Activation regions are the sets of inputs with one activation pattern and with interior points; linear regions are
what they merge to where the network is the same affine map. --slice and --line look at the network on the plane
through three points, or the line through two: rows of an .npy file, or random:SEED for random directions through
the origin. Coordinates t on them: p0 + t1 (p1 - p0) + t2 (p2 - p0). --domain is in the network's own inputs."""
_MANY = 10**8  # a count that may be larger than this asks for a limit
_SAMPLE = 20_000  # regions
_CELLS = 200  # that a picture in space can show
_PICTURES = (".pdf", ".png", ".svg")


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_network_command(
        commands,
        "regions",
        run,
        does="count the regions of a network exactly, and draw them in the plane or in space",
        about=_ABOUT,
        example="relutheory regions net.onnx --slice random:0 --domain box:-1,1 --plot regions.pdf",
    )
    parser.add_argument(
        "--domain", type=domain_ends, metavar="box:lo,hi", help="only inputs with all coordinates in [lo, hi]"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--slice", metavar="POINTS", help="three points in an .npy file, or random:SEED")
    where.add_argument("--line", metavar="POINTS", help="two points in an .npy file, or random:SEED")
    parser.add_argument("--linear", action="store_true", help="also count the linear regions")
    parser.add_argument("--limit", type=count(0), metavar="N", help="stop when more than N regions are found")
    parser.add_argument("--time-limit", type=seconds, metavar="S", help='seconds, or "none" (default)')
    parser.add_argument("--store", metavar="FILE", help="note finished parts there, and go on from them next time")
    parser.add_argument("--plot", metavar="OUT", help="draw the regions, 2 or 3 inputs: .pdf, .png or .svg")
    parser.add_argument(
        "--window",
        type=domain_ends,
        metavar="box:lo,hi",
        help="what the picture shows (default: the domain, or where the regions are)",
    )


def run(args: argparse.Namespace) -> int:
    """Count, then draw."""
    from relutheory.core.executors import process_pool
    from relutheory.networks import load_network
    from relutheory.polyhedra import count_regions

    target = _picture(args.plot)
    if args.window is not None and target is None:
        raise InputError("--window = box:{},{}: is for pictures; give --plot too".format(*args.window))
    network = load_network(args.file, unsafe_pickle=args.unsafe_pickle)
    seen, points = _on_flat(network, args)
    domain = _domain(network, points, args)
    _check_size(seen, args)
    if target is not None and seen.input_dim not in (2, 3):
        raise InputError(f"--plot = {args.plot}: the network has {seen.input_dim} inputs; choose a plane with --slice")
    load_kernels(lambda: _small_count(seen))
    shown = None if target is None else _shown(seen, domain, args)  # before the count, which may take long
    with process_pool(args.jobs) as executor, tree_progress("regions", on_terminal()) as progress:
        result = count_regions(
            seen,
            domain,
            linear=args.linear,
            limit=args.limit,
            time_limit=args.time_limit,
            executor=executor,
            store=args.store,
            progress=progress,
        )
    if args.json:
        print_json(_data(network, seen, points, result, args))
    else:
        print("\n".join(_lines(network, seen, points, result, args)))
    if target is not None and shown is not None:
        _draw(seen, shown, target, args)
    return OK


def _small_count(network: ReLUNetwork) -> None:
    """Count with the engines that the network will need: those for its number of inputs, up to 4, and of layers."""
    import numpy as np

    from relutheory.networks import ReLUNetwork
    from relutheory.polyhedra import count_regions

    rng, n = np.random.default_rng(0), min(network.input_dim, 4)
    widths = [n + 2] * min(len(network.layers), 2)
    shapes = zip([*widths, 1], [n, *widths], strict=True)
    count_regions(ReLUNetwork([(rng.standard_normal(shape), rng.standard_normal(shape[0])) for shape in shapes]))


def _picture(path: str | None) -> Path | None:
    if path is None:
        return None
    if Path(path).suffix not in _PICTURES:
        raise InputError(f"--plot = {path}: must end in {', '.join(_PICTURES)}")
    return checked_target(path)


def _on_flat(network: ReLUNetwork, args: argparse.Namespace) -> tuple[ReLUNetwork, np.ndarray | None]:
    """The network as it is looked at, and the points that span the flat."""
    from relutheory.polyhedra import restrict

    name, text = ("--slice", args.slice) if args.slice is not None else ("--line", args.line)
    if text is None:
        return network, None
    points = _points(name, text, 3 if args.slice is not None else 2, network.input_dim)
    try:
        return restrict(network, points), points
    except InputError as error:
        raise InputError(f"{name} = {text}: {error}") from None


def _points(name: str, text: str, many: int, n: int) -> np.ndarray:
    import numpy as np

    kind, _, seed = text.partition(":")
    if kind == "random":
        if not seed.isdecimal():
            raise InputError(f"{name} = {text}: must be random:SEED with an integer SEED >= 0")
        directions = np.random.default_rng(int(seed)).standard_normal((many - 1, n))
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        return np.vstack([np.zeros(n), directions / lengths])
    try:
        points = np.load(text, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise InputError(f"{name} = {text}: is not an .npy file that can be read, nor random:SEED") from None
    if points.shape != (many, n):
        raise InputError(f"{name} = {text}: has shape {points.shape}, must have ({many}, {n})")
    return np.asarray(points)


def _domain(network: ReLUNetwork, points: np.ndarray | None, args: argparse.Namespace) -> Polyhedron | None:
    """The inputs looked at, in the coordinates of the flat."""
    from relutheory.core.sets import Box
    from relutheory.polyhedra.slices import restrict_domain

    if args.domain is None:
        return None
    lo, hi = args.domain
    box = Box(lo, hi, n=network.input_dim)
    return box if points is None else restrict_domain(box, points)


def _check_size(network: ReLUNetwork, args: argparse.Namespace) -> None:
    """A count that may never end asks for a limit; on a line or in the plane it always ends."""
    from relutheory.polyhedra.bounds import serra

    if not network.layers or network.input_dim <= 2 or args.limit is not None or args.time_limit is not None:
        return
    most = serra(network.widths, network.input_dim)
    if most > _MANY:
        raise InputError(
            f"{args.file}: up to 10^{math.log10(most):.0f} regions by its widths; give --limit or --time-limit, "
            "or look at a plane with --slice"
        )


def _draw(network: ReLUNetwork, shown: Polyhedron, target: Path, args: argparse.Namespace) -> None:
    import matplotlib

    matplotlib.use("agg")
    from relutheory.plotting import arrangement_figure, paper_style, partition_figure
    from relutheory.polyhedra.cones import cone_over

    with paper_style():
        if network.input_dim == 3:
            figure = arrangement_figure(network, shown)
        else:
            labels = ("$x_1$", "$x_2$") if args.slice is None else ("$t_1$", "$t_2$")
            figure = partition_figure(network, shown, labels=labels, classifier=network.output_dim > 1)
        part = target.with_name(f".{target.name}.part{target.suffix}")
        try:
            figure.savefig(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    if not args.json:
        ends = [sorted(side) for side in zip(*cone_over(shown, shown.n).vertices(), strict=True)]
        sides = " x ".join(f"[{approximate(side[0])}, {approximate(side[-1])}]" for side in ends)
        print(f"picture in {target}: {sides}")


def _shown(network: ReLUNetwork, domain: Polyhedron | None, args: argparse.Namespace) -> Polyhedron:
    """What the picture shows: the domain where it is bounded, else its part in a box where most regions are."""
    import numpy as np

    from relutheory.core.sets import Box, Polyhedron
    from relutheory.polyhedra import count_regions
    from relutheory.polyhedra.cones import cone_over

    n = network.input_dim
    if args.window is None and domain is not None and cone_over(domain, n).bounded:
        shown = domain
    else:
        lo, hi = args.window if args.window is not None else _busy_box(network, domain)
        walls = [*Box(lo, hi, n=n).halfspaces(), *([] if domain is None else domain.halfspaces())]
        shown = Polyhedron(np.array([a for a, _ in walls], dtype=object), [c for _, c in walls])
        if not cone_over(shown, n).bounded:
            raise InputError(f"--window = box:{lo},{hi}: must be bounded")
    if n == 3 and count_regions(network, shown, limit=_CELLS).activation_regions > _CELLS:
        raise InputError(
            f"--plot = {args.plot}: more than {_CELLS} regions in space cannot be seen; try --slice or --window"
        )
    return shown


def _busy_box(network: ReLUNetwork, domain: Polyhedron | None) -> tuple[Fraction, Fraction]:
    """A box with most of the bounded regions."""
    import numpy as np

    from relutheory.polyhedra import enumerate_regions

    batches = islice(enumerate_regions(network, domain, batch=_SAMPLE), 4)  # four are enough to see where they are
    found = [(batch.points, batch.bounded) for batch in batches]
    points = np.concatenate([given[inside] for given, inside in found if given is not None and inside is not None])
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 3:
        return Fraction(-1), Fraction(1)
    low, high = np.percentile(points, [3, 97])
    room = max(float(high - low), 1e-9) / 5
    return Fraction(f"{low - room:.2g}"), Fraction(f"{high + room:.2g}")


def _data(
    network: ReLUNetwork, seen: ReLUNetwork, points: np.ndarray | None, result: RegionCount, args: argparse.Namespace
) -> dict[str, Any]:
    return {
        "file": args.file,
        "inputs": network.input_dim,
        "neurons": sum(seen.widths),
        "slice": args.slice,
        "line": args.line,
        "domain": "R^n" if args.domain is None else "box:{},{}".format(*args.domain),
        "activation_regions": result.activation_regions,
        "linear_regions": result.linear_regions,
        "complete": result.complete,
        "at_most": result.at_most,
        "seconds": round(result.seconds, 6),
        "engine": result.engine,
        "rigor": result.rigor.value,
    }


def _lines(
    network: ReLUNetwork, seen: ReLUNetwork, points: np.ndarray | None, result: RegionCount, args: argparse.Namespace
) -> list[str]:
    where = "R^n" if args.domain is None else "[{}, {}]^n".format(*args.domain)
    flat = "" if points is None else f", on the {'plane' if len(points) == 3 else 'line'} {args.slice or args.line}"
    some = "" if result.complete else "at least "
    lines = [
        f"{args.file}: {network!r}",
        f"inputs: {where}, n = {network.input_dim}{flat}",
        "",
        f"activation regions: {some}{result.activation_regions:,} (at most {_readable(result.at_most)} by the widths)",
    ]
    if args.linear:
        lines.append(
            f"linear regions: {'not counted' if result.linear_regions is None else f'{result.linear_regions:,}'}"
        )
    known = "exact" if result.complete else "incomplete: a limit was reached; each region found is certain"
    return [*lines, f"{known}; engine: {result.engine}; {result.seconds:.2f} s"]


def _readable(number: int) -> str:
    return f"{number:,}" if number < 10**9 else f"10^{math.log10(number):.1f}"
