"""`relutheory invert FILE --outputs Y.npy`: the inputs of a ReLU layer from its outputs."""

from __future__ import annotations

import argparse
import math
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_command, count, domain_ends
from relutheory.cli.output import print_json
from relutheory.core.errors import InputError, shown

if TYPE_CHECKING:
    import numpy as np

    from relutheory.injectivity.inverting.batch import BatchReconstruction
    from relutheory.injectivity.inverting.reconstruction import Reconstruction
    from relutheory.networks import ReLULayer

_ABOUT = """\
Y.npy holds outputs of the layer, (m,) or (k, m). Each input is estimated by least squares, in float64, with a
proved bound on its error for outputs that are off by at most --noise (Euclidean norm; outputs computed in
float64 are off by about 1e-13). With --exact each output is decided in rational arithmetic instead: one input,
more than one, or none at all. The exit code is 0 for every answer."""
_OUTSIDE = "not-in-range"
_LISTED = 20  # outputs that text output lists one by one


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "invert",
        run,
        does="find the inputs of a ReLU layer from its outputs",
        about=_ABOUT,
        example="relutheory invert net.npz --layer 1 --outputs y.npy --noise 1e-9 --out x.npy",
    )
    parser.add_argument("file", metavar="FILE", help="a trained network")
    parser.add_argument("--layer", type=count(1), metavar="K", help="the K-th ReLU layer")
    parser.add_argument("--outputs", required=True, metavar="Y.npy", help="outputs of the layer, one per row")
    parser.add_argument("--noise", type=_noise, metavar="D", help="outputs are off by at most D (default 0)")
    parser.add_argument("--exact", action="store_true", help="decide each output in rational arithmetic")
    parser.add_argument("--domain", type=domain_ends, metavar="box:lo,hi", help="with --exact: inputs in [lo, hi]^n")
    parser.add_argument(
        "--out",
        metavar="X.npy",
        help="write the inputs, (k, n) float64; NaN where an output is not in the range, short or invalid",
    )
    parser.add_argument(
        "--unsafe-pickle",
        action="store_true",
        help="also read pickles, which can run any program: only files you trust",
    )


def _noise(text: str) -> Fraction:
    from relutheory.core.exact import rational

    try:
        value = rational(text, "noise")
    except InputError:
        value = Fraction(-1)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{shown(text)}: must be a number >= 0")
    return value


def run(args: argparse.Namespace) -> int:
    """Invert all outputs; the file is written at the end, whole."""
    from relutheory.cli.arrays import array_target, check_distinct, chosen_layer, read_rows, write_arrays
    from relutheory.networks import load_network

    if args.domain is not None and not args.exact:
        raise InputError("--domain: needs --exact")
    target = array_target(args.out, ".npy")
    check_distinct({"FILE": args.file, "--outputs": args.outputs}, {"--out": target})
    network = load_network(args.file, unsafe_pickle=args.unsafe_pickle)
    k = chosen_layer(len(network.layers), args.layer, args.file)
    layer = network.layers[k - 1]
    outputs = read_rows(args.outputs, layer.m, "outputs")
    if args.exact:
        entries, x = _exactly(layer, outputs, args)
    else:
        entries, x = _estimated(layer, outputs, args)
    if target is not None:
        write_arrays(target, x)
    if args.json:
        print_json({"file": args.file, "layer": k, "exact": args.exact, "out": args.out, "outputs": entries})
    else:
        print("\n".join(_text(args, k, layer, entries)))
    return OK


def _estimated(layer: ReLULayer, outputs: np.ndarray, args: argparse.Namespace) -> tuple[list[dict[str, Any]], Any]:
    import numpy as np

    from relutheory.core.exact import nearest_float
    from relutheory.injectivity.inverting.batch import reconstruct_batch
    from relutheory.injectivity.inverting.frame_bound import rounded_up

    noise = 0.0 if args.noise is None else rounded_up(args.noise)
    if not math.isfinite(noise):
        raise InputError(f"--noise = {nearest_float(args.noise)}: must be within the range of float64")
    batch = reconstruct_batch(layer, outputs, noise=noise)
    x = batch.x.copy()
    x[batch.where("not-in-range")] = np.nan
    return [_row(batch, x[i], i, args) for i in range(len(outputs))], x


def _row(batch: BatchReconstruction, x: np.ndarray, i: int, args: argparse.Namespace) -> dict[str, Any]:
    """One output of a batch as JSON-able data; the input is left out where it goes to a file."""
    status = batch.names[batch.state[i]]
    entry: dict[str, Any] = {"status": status, "error": None if status == _OUTSIDE else _number(batch.error[i])}
    entry["residual"] = _number(batch.residual[i])
    if args.out is None:
        entry["x"] = [_number(v) for v in x]
    return entry


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _exactly(layer: ReLULayer, outputs: np.ndarray, args: argparse.Namespace) -> tuple[list[dict[str, Any]], Any]:
    import numpy as np

    from relutheory.core.exact import nearest_float
    from relutheory.core.sets import Box
    from relutheory.injectivity.inverting.reconstruction import reconstruct

    domain = None if args.domain is None else Box(args.domain[0], args.domain[1], n=layer.n)
    bad = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
    if len(bad):
        raise InputError(f"{args.outputs}: row {bad[0]} holds NaN or an infinity; --exact needs numbers")
    entries, x = [], np.full((len(outputs), layer.n), np.nan)
    for i, y in enumerate(outputs):
        result = reconstruct(layer, y, noise=args.noise, domain=domain)
        entries.append(_exact_row(result))
        if result.x is not None:
            x[i] = [nearest_float(v) for v in result.x]
    return entries, x


def _exact_row(result: Reconstruction) -> dict[str, Any]:
    """One decided output as JSON-able data: rationals are strings."""
    error, distance = result.error, result.distance
    return {
        "status": result.status.value,
        "rigor": result.rigor.value,
        "x": _texts(result.x),
        "other": _texts(result.other),
        "estimate": _texts(result.estimate),
        "error": None if error is None else str(error),
        "distance": None if distance is None else [str(distance.lo), str(distance.hi)],
    }


def _texts(values: tuple[Fraction, ...] | None) -> list[str] | None:
    return None if values is None else [str(v) for v in values]


def _text(args: argparse.Namespace, k: int, layer: ReLULayer, entries: list[dict[str, Any]]) -> list[str]:
    many = "1 output" if len(entries) == 1 else f"{len(entries)} outputs"
    lines = [f"{args.file}: layer {k} ({layer.m} x {layer.n}), {many} from {args.outputs}", ""]
    states = [entry["status"] for entry in entries]
    within = ", within the noise" if args.noise else ""
    for state in dict.fromkeys(sorted(states)):
        lines.append(f"{states.count(state):>8}  {_MEANING[state]}{within if state == _OUTSIDE else ''}")
    for i, entry in enumerate(entries[:_LISTED]):
        lines += [""] * (i == 0) + [f"output {i}: {_line(entry)}"]
    if len(entries) > _LISTED:
        lines.append(f"... and {len(entries) - _LISTED} more (all in --json and --out)")
    if args.out is not None:
        lines += ["", f"inputs in {Path(args.out)}"]
    return lines


_MEANING = {
    "recovered": "recovered, with an error bound",
    "short": "short: the rows surely active do not span, or float64 cannot tell (try --exact)",
    "invalid": "invalid: NaN or infinite entries",
    "unique": "unique: one input has this output",
    "many": "many: more than one input has this output",
    _OUTSIDE: "not in the range: no input has this output",
    "estimated": "estimated",
}


def _line(entry: dict[str, Any]) -> str:
    """One output in a line: status, and how surely its input is known."""
    parts = [entry["status"]]
    if entry["error"] is not None:
        parts.append(f"error <= {_short(entry['error'])}")
    distance = entry.get("distance")
    if distance is not None and entry["status"] != "unique" and entry["status"] != "many":
        parts.append(f"distance from the range in [{_short(distance[0])}, {_short(distance[1])}]")
    if entry.get("residual") is not None:
        parts.append(f"residual <= {_short(entry['residual'])}")
    return ", ".join(parts)


def _short(value: str | float) -> str:
    from relutheory.cli.output import approximate

    return approximate(Fraction(value))
