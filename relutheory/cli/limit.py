"""`relutheory limit`: the limit of an infinitely deep ReLU network at one input, enclosed, or why there is none."""

from __future__ import annotations

import argparse
import re
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_command, count, seconds
from relutheory.cli.constants import MATRIX, VECTOR, drawn, drawn_first, given_array, given_constant, kinds
from relutheory.cli.kernels import load_kernels
from relutheory.cli.limit_output import limit_data, limit_lines
from relutheory.cli.output import checked_target, print_json
from relutheory.core.errors import InputError, reject, shown

if TYPE_CHECKING:
    from relutheory.deep_limit.families.family import DeepFamily
    from relutheory.deep_limit.limits.outcome import DeepLimit

_ABOUT = """\
The network is x_1 = ReLU(W_1 x + b_1), x_n = ReLU(W_n x_{n-1} + b_n), without end.  --family and --bias are W_n and
b_n as formulas in n with + - * / **, sqrt, exp, log, lists such as [[1, 1/n], [0, 1]], the identity I, and constants.
Capital letters are matrices, small letters numbers in W_n and vectors in b_n; letters in a power, a divisor, a function
or a list are numbers.  Numbers must be given by --constant; matrices and vectors that are not given are drawn from the
seed, with entries k/8 from -1 to 1.

Where x has as many coordinates as the width, the formulas give the first layer too.  Otherwise W_1 must map one to the
other: it is --first, or drawn from the seed, with numbers from 0 to 1; its bias is zero.

Ends of the limit are rounded outwards.  What is printed as "converges" or "diverges" is proved, about these numbers."""
_OPTIONS = {"W": "--family = ", "b": "--bias = "}
_PICTURES = (".pdf", ".png", ".svg")
_DRAWN_DEPTH = (100, 10_000)  # the picture goes at least and at most so deep
_PLACES = 80
_LARGEST = Fraction(2) ** 1023


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "limit",
        run,
        does="enclose the limit of an infinitely deep ReLU network, or say why there is none",
        about=_ABOUT,
        example='relutheory limit --family "I + A/n**2" --width 3 --seed 0 --bias "c/n**2" --x 0.3,0.5 --tol 1e-12',
    )
    parser.add_argument("--family", required=True, metavar="W", help='W_n, such as "I + A/n**2"')
    parser.add_argument("--bias", default="0", metavar="B", help='b_n, such as "c/n**2" (default 0)')
    parser.add_argument("--width", type=count(1), metavar="M", help="neurons of a layer (default: as x)")
    parser.add_argument("--x", type=_point, required=True, metavar="X1,X2,...", help="the input: 0.3,1/3,...")
    parser.add_argument("--tol", type=_tolerance, default=Fraction(1, 10**9), metavar="T", help="width (default 1e-9)")
    parser.add_argument(
        "--seed", type=count(0), default=0, metavar="N", help="of matrices and vectors that are drawn (default 0)"
    )
    parser.add_argument(
        "--constant",
        type=given_constant,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a constant: a number, [[1, 1/2], [0, -3]], or a .npy file; may be repeated",
    )
    parser.add_argument("--first", type=given_array, metavar="W1", help="the matrix of the first layer, bias 0")
    parser.add_argument("--criteria", action="store_true", help="also print which theorems apply")
    parser.add_argument("--max-depth", type=count(1), default=100_000, metavar="N", help="layers (default 100000)")
    parser.add_argument("--time-limit", type=seconds, default=60.0, metavar="S", help='seconds, or "none" (default 60)')
    parser.add_argument("--plot", metavar="OUT", help="draw x_n along depth: .pdf, .png or .svg")


def run(args: argparse.Namespace) -> int:
    """Make the family, find the limit, print, draw."""
    from relutheory.deep_limit.criteria import check_convergence
    from relutheory.deep_limit.limits.limits import deep_limit

    target = _picture(args)
    family, constants, first = _family(args)
    start = time.monotonic()
    found = deep_limit(family, args.x, args.tol, max_depth=args.max_depth, time_limit=args.time_limit)
    taken = time.monotonic() - start
    rows = check_convergence(family, time_limit=args.time_limit) if args.criteria else ()
    if target is not None:
        _draw(target, family, args, found)
    if args.json:
        print_json(limit_data(args, family, constants, first, found, rows, taken))
    else:
        print("\n".join(limit_lines(args, family, constants, first, found, rows, taken)))
        if target is not None:
            print(f"picture in {target}")
    return OK


def _point(text: str) -> tuple[Fraction, ...]:
    """The coordinates of "0.3,1/3"."""
    from relutheory.core.exact import rational

    try:
        return tuple(rational(part.strip(), "x") for part in text.split(","))
    except InputError:
        raise argparse.ArgumentTypeError(f"{shown(text)}: must be numbers like 0.3,1/3 with commas between") from None


def _tolerance(text: str) -> Fraction:
    from relutheory.core.exact import rational

    try:
        value = rational(text, "tol")
    except InputError:
        value = Fraction(0)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{shown(text)}: must be a number > 0")
    return value


def _picture(args: argparse.Namespace) -> Path | None:
    """Where the picture goes, checked before any work; None for none."""
    if args.plot is None:
        return None
    if Path(args.plot).suffix not in _PICTURES:
        raise InputError(f"--plot = {args.plot}: must end in {', '.join(_PICTURES)}")
    if any(abs(v) > _LARGEST for v in args.x):
        raise InputError("--x: must be within the range of float64 to be drawn")
    return checked_target(args.plot)


def _family(args: argparse.Namespace) -> tuple[DeepFamily, dict[str, Any], Any]:
    """The family, its constants, and its first matrix where it has one of its own."""
    from relutheory.deep_limit.families.family import MOST_WIDTH, DeepFamily

    needed = kinds(args.family, args.bias)
    given = dict(args.constant)
    for name in given:
        if name not in needed:
            raise InputError(f"--constant {name}: there is no {name} in the formulas")
    width = args.width or _width_of(given, needed) or len(args.x)
    if width > MOST_WIDTH:  # before anything of this size is made
        raise InputError(f"--width = {width}: must be at most {MOST_WIDTH}")
    constants = {k: given[k] if k in given else drawn(k, kind, width, args.seed) for k, kind in needed.items()}
    first = args.first
    if first is None and len(args.x) != width:
        first = drawn_first(width, len(args.x), args.seed)
    own = None if first is None else (_checked_first(first, width, len(args.x)), [0] * width)
    try:
        family = DeepFamily.from_symbolic(args.family, args.bias, width=width, constants=constants, first=own)
    except InputError as error:
        raise InputError(re.sub(r"^([Wb]) = ", lambda name: _OPTIONS[name[1]], str(error))) from None
    return family, constants, first


def _checked_first(first: Any, width: int, inputs: int) -> Any:
    """--first, which must be a matrix of the right shape."""
    from relutheory.core.exact import RationalArray

    shape = RationalArray(first if hasattr(first, "__len__") else [first], "--first", ndim=2).shape
    if shape != (width, inputs):
        reject("--first", f"array of shape {shape}", f"must map x to the first layer: shape {(width, inputs)}")
    return first


def _width_of(given: dict[str, Any], needed: dict[str, str]) -> int | None:
    """The width that a given matrix or vector has."""
    sizes = [
        len(value) for name, value in given.items() if needed[name] in (MATRIX, VECTOR) and hasattr(value, "__len__")
    ]
    return sizes[0] if sizes and sizes[0] > 0 else None


def _draw(target: Path, family: DeepFamily, args: argparse.Namespace, found: DeepLimit) -> None:
    import matplotlib

    matplotlib.use("agg")
    from relutheory.deep_limit.experiments import spaced_depths, trajectory
    from relutheory.plotting.deep_limit import trajectory_figure
    from relutheory.plotting.style import paper_style

    low, high = _DRAWN_DEPTH
    load_kernels(lambda: trajectory(family, [float(v) for v in args.x], [1]))
    depths = spaced_depths(min(max(low, found.depth), high), _PLACES)
    path = trajectory(family, [float(v) for v in args.x], depths)
    ends = None if found.enclosure is None else (found.lower, found.upper)
    title = f"W = {args.family},  b = {args.bias}".replace("$", "")
    with paper_style():
        part = target.with_name(f".{target.name}.part{target.suffix}")
        try:
            figure = trajectory_figure(depths, path.points, path.increments, path.bounds, ends, title=title)
            figure.savefig(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
