"""`relutheory stability FILE`: how much a ReLU layer can shrink and stretch distances, enclosed."""

from __future__ import annotations

import argparse
import decimal
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_command, count, domain_of_layer, on_terminal, seconds
from relutheory.cli.kernels import load_kernels
from relutheory.cli.output import checked_target, collision_lines, print_json, tree_progress
from relutheory.core.errors import InputError

if TYPE_CHECKING:
    from relutheory.injectivity.stability.result import LipschitzResult
    from relutheory.networks import ReLULayer, ReLUNetwork

_ABOUT = """\
kappa is the infimum, and Lip the supremum, of |f(x) - f(y)| / |x - y| over x != y for a layer f(x) = ReLU(Wx + b),
on R^n or on --domain.  m0 is the least n-th singular value of the rows active on an open cell.  Three lower bounds
of kappa follow from m0 alone: m0/sqrt(2m), m0/2 and m0/sqrt(2).  `lower` is the best one proved, `upper` is the
ratio of two points that --json prints.  Lower bounds are rounded down and upper bounds up.  All are proved; out of
time they are wider, and the layer is marked *."""
_ROW = "{:>5}  {:>6}  {:>5}  {:>10}  {:>10}  {:>10}  {:>10}  {:>10}  {:>10}  {:>10}  {:>9}"
_NAMES = ("layer", "m", "n", "m0", "m0/sqrt2m", "m0/2", "m0/sqrt2", "lower", "upper", "Lip", "time")
_HEADER = _ROW.format(*_NAMES)
_DIGITS = 5
_PART = 0.75  # of the time limit for kappa; the rest is for Lip


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "stability",
        run,
        does="enclose how much each ReLU layer of a network shrinks and stretches distances",
        about=_ABOUT,
        example="relutheory stability net.onnx --layer 1 --domain box:0,1 --time-limit 30",
    )
    parser.add_argument("file", metavar="FILE", help="a trained network")
    parser.add_argument("--layer", type=count(1), metavar="K", help="only the K-th ReLU layer")
    parser.add_argument(
        "--domain",
        type=domain_of_layer,
        metavar="box:lo,hi|ball:r",
        help="only inputs with all coordinates in [lo, hi], or at most r away from 0",
    )
    parser.add_argument(
        "--time-limit", type=seconds, default=60.0, metavar="S", help='seconds per layer, or "none" (default 60)'
    )
    for option, end in (("--certificate", "lower bound of kappa"), ("--lip-certificate", "upper bound of Lip")):
        parser.add_argument(
            option,
            metavar="OUT.json",
            help=f"write the proof of the {end} for `relutheory check`; with several layers, OUT.1.json, ...",
        )
    parser.add_argument("--starts", type=count(0), default=24, metavar="N", help="descents for the pair (default 24)")
    parser.add_argument("--seed", type=count(0), default=0, metavar="N", help="of their random starts (default 0)")
    parser.add_argument(
        "--unsafe-pickle",
        action="store_true",
        help="also read pickles, which can run any program: only files you trust",
    )


def run(args: argparse.Namespace) -> int:
    """Enclose layer by layer; text is printed as it becomes known."""
    from relutheory.networks import load_network

    network = load_network(args.file, unsafe_pickle=args.unsafe_pickle)
    chosen = _chosen(network, args)
    if args.certificate is not None and args.certificate == args.lip_certificate:
        raise InputError(f"--lip-certificate = {args.lip_certificate}: must be another file than that of --certificate")
    targets = _targets(args.certificate, chosen), _targets(args.lip_certificate, chosen)
    load_kernels(_small_layer)
    if not args.json:
        print(f"{args.file}: {network!r}\n\n{_HEADER}\n{'-' * len(_HEADER)}", flush=True)
    rows, notes = [], []
    for k in chosen:
        layer = network.layers[k - 1]
        lower, upper = _enclose(layer, k, args)
        saved = [_save(result, files.get(k)) for result, files in zip((lower, upper), targets, strict=True)]
        rows.append(_data(k, layer, lower, upper, saved))
        notes += _notes(k, lower, upper) + _saved_notes(k, lower, saved, args)
        if not args.json:
            print(_row(k, layer, lower, upper), flush=True)
    if args.json:
        print_json({"file": args.file, "domain": _space(args), "layers": rows})
    else:
        print("\n".join(["", *notes, *([""] if notes else []), f"Each layer by itself, on {_space(args)}."]))
    return OK


def _chosen(network: ReLUNetwork, args: argparse.Namespace) -> list[int]:
    total = len(network.layers)
    if args.layer is None:
        return list(range(1, total + 1))
    if args.layer > total:
        raise InputError(f"--layer = {args.layer}: {args.file} has {total} ReLU layer{'' if total == 1 else 's'}")
    return [args.layer]


def _targets(path: str | None, chosen: list[int]) -> dict[int, Path]:
    """Where each layer's certificate goes: with several layers, the number comes before the ending."""
    if path is None:
        return {}
    file = Path(path)
    names = {k: path if len(chosen) == 1 else file.with_name(f"{file.stem}.{k}{file.suffix}") for k in chosen}
    return {k: checked_target(str(name)) for k, name in names.items()}


def _save(result: LipschitzResult, target: Path | None) -> str | None:
    """Write the certificate where something is proved; the name of the file."""
    if target is None or (result.evidence.sign > 0 and result.squared.lo == 0):
        return None
    result.certificate.save(target)
    return str(target)


def _saved_notes(k: int, lower: LipschitzResult, saved: list[str | None], args: argparse.Namespace) -> list[str]:
    """Where the certificates of a layer are, or why there is none."""
    lines = [f"layer {k}: certificate in {name}" for name in saved if name is not None]
    if args.certificate is not None and saved[0] is None:
        why = "`relutheory injectivity` certifies the collision" if lower.squared.hi == 0 else "raise --time-limit"
        lines.append(f"layer {k}: no certificate, since no positive lower bound of kappa is proved; {why}")
    return lines


def _small_layer() -> None:
    """Use the kernels once, so that no time limit is spent on compiling."""
    import numpy as np

    from relutheory.injectivity.stability.constants import lower_lipschitz
    from relutheory.networks import ReLULayer

    for shape in ((24, 4), (110, 2)):
        lower_lipschitz(ReLULayer(np.random.default_rng(0).integers(-9, 10, size=shape)), starts=0)


def _enclose(layer: ReLULayer, k: int, args: argparse.Namespace) -> tuple[LipschitzResult, LipschitzResult]:
    from relutheory.core.sets import Ball, Box
    from relutheory.injectivity.stability.constants import lower_lipschitz, upper_lipschitz

    domain: Ball | Box | None = None
    if args.domain is not None:
        first, *last = args.domain
        domain = Box(first, last[0], n=layer.n) if last else Ball(0, first, n=layer.n)
    limit = args.time_limit
    with tree_progress(f"layer {k}", on_terminal()) as progress:
        lower = lower_lipschitz(
            layer,
            domain,
            time_limit=None if limit is None else _PART * limit,
            starts=args.starts,
            seed=args.seed,
            progress=progress,
        )
    left = None if limit is None else max(limit - lower.seconds, 0.0)
    return lower, upper_lipschitz(layer, domain, time_limit=left, seed=args.seed)


def _data(
    k: int, layer: ReLULayer, lower: LipschitzResult, upper: LipschitzResult, saved: list[str | None]
) -> dict[str, Any]:
    """One layer as JSON-able data: rationals are strings "p/q"; a float beyond the range is null."""
    bounds = lower.bounds
    assert bounds is not None
    pair, cell = lower.witness, lower.cell
    return {
        "layer": k,
        "m": layer.m,
        "n": layer.n,
        "lower": lower.lower,
        "upper": _finite(lower.upper),
        "squared": [str(lower.squared.lo), str(lower.squared.hi)],
        "rigor": lower.rigor.value,
        "complete": lower.complete,
        "method": lower.method,
        "nodes": lower.nodes,
        "seconds": round(lower.seconds + upper.seconds, 6),
        "m0_squared": [str(lower.singular_squared.lo), str(lower.singular_squared.hi)],
        "bounds": {"m0/sqrt(2m)": bounds.printed, "m0/2": bounds.half, "m0/sqrt(2)": bounds.sharp},
        "cell": None if cell is None else {"active": list(cell.active), "point": [str(v) for v in cell.point]},
        "witness": None if pair is None else {"x": [str(v) for v in pair.x], "y": [str(v) for v in pair.y]},
        "upper_lipschitz": {
            "lower": upper.lower,
            "upper": _finite(upper.upper),
            "squared": [str(upper.squared.lo), str(upper.squared.hi)],
            "complete": upper.complete,
            "certificate": saved[1],
        },
        "certificate": saved[0],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _row(k: int, layer: ReLULayer, lower: LipschitzResult, upper: LipschitzResult) -> str:
    bounds = lower.bounds
    assert bounds is not None
    downs = [_shown(v, up=False) for v in (bounds.printed, bounds.half, bounds.sharp, lower.lower)]
    ups = [_shown(v, up=True) for v in (lower.upper, upper.upper)]
    mark = "" if lower.complete and upper.complete else "*"
    taken = f"{lower.seconds + upper.seconds:.2f} s"
    return _ROW.format(f"{mark}{k}", layer.m, layer.n, _shown(_least(lower), up=False), *downs, *ups, taken)


def _least(lower: LipschitzResult) -> float:
    from relutheory.injectivity.stability.singular import outward

    return outward(lower.m0.lo, up=False)


def _shown(value: float, *, up: bool) -> str:
    """A float to a few digits, rounded up or down.

    >>> _shown(0.7071067811865475, up=False), _shown(0.7071067811865475, up=True), _shown(0.0, up=True)
    ('0.70710', '0.70711', '0')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    rounding = decimal.ROUND_CEILING if up else decimal.ROUND_FLOOR
    short = decimal.Context(prec=_DIGITS, rounding=rounding).create_decimal(decimal.Decimal(value))
    return f"{short:.{_DIGITS}g}" if short == short.to_integral() else f"{short}"


def _notes(k: int, lower: LipschitzResult, upper: LipschitzResult) -> list[str]:
    """What is to be said about a layer below the table."""
    if lower.squared.hi == 0 and lower.witness is not None:
        return [
            f"layer {k}: kappa = 0, not injective: x and x + d have the same output; they differ most in",
            *collision_lines(lower.witness.x, lower.witness.y),
        ]
    lines = []
    if lower.squared.lo == lower.squared.hi:
        lines.append(f"layer {k}: kappa is known exactly, kappa^2 = {lower.squared.lo}")
    if not (lower.complete and upper.complete):
        lines.append(f"layer {k}: out of time; the bounds hold and are wider than they need be; raise --time-limit")
    return lines


def _space(args: argparse.Namespace) -> str:
    kind = "ball:{}" if len(args.domain or ()) == 1 else "box:{},{}"
    return "R^n" if args.domain is None else kind.format(*args.domain)
