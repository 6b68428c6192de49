"""`relutheory repair FILE`: make a ReLU layer injective by the smallest change of its biases, or by appended rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_command, count, domain_ends, seconds
from relutheory.cli.kernels import load_kernels, small_decision
from relutheory.cli.output import checked_target, print_json
from relutheory.core.errors import InputError

if TYPE_CHECKING:
    from relutheory.core.sets import Box
    from relutheory.injectivity.repair.repairing import Repair
    from relutheory.networks import ReLULayer, ReLUNetwork

_ABOUT = """\
Biases are raised as little as possible (--norm linf: the largest increase; l1: the sum), or a few rows are
appended; the next layer gets zero columns for them, so that it does not notice. What is written is rounded to
float64 and decided anew, exactly. The exit code is 0 for every answer, "impossible" and "undecided" included;
then nothing is written."""


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "repair",
        run,
        does="make a ReLU layer injective by a small change",
        about=_ABOUT,
        example="relutheory repair net.npz --layer 1 --by rows --domain box:0,1 --out repaired.npz",
    )
    parser.add_argument("file", metavar="FILE", help="a trained network")
    parser.add_argument("--layer", type=count(1), metavar="K", help="the K-th ReLU layer")
    parser.add_argument("--by", choices=("bias", "rows"), default="bias", help="what is changed (default bias)")
    parser.add_argument("--norm", choices=("linf", "l1"), default="linf", help="of a change of bias (default linf)")
    parser.add_argument(
        "--domain", type=domain_ends, metavar="box:lo,hi", help="only inputs with all coordinates in [lo, hi]"
    )
    parser.add_argument("--time-limit", type=seconds, default=60.0, metavar="S", help='seconds, or "none" (default 60)')
    parser.add_argument("--out", metavar="OUT.npz", help="write the network with the repaired layer")
    parser.add_argument("--certificate", metavar="OUT.json", help="write the proof that the layer written is injective")
    parser.add_argument(
        "--unsafe-pickle",
        action="store_true",
        help="also read pickles, which can run any program: only files you trust",
    )


def run(args: argparse.Namespace) -> int:
    """Repair one layer, decide what is written, write."""
    from relutheory.cli.arrays import array_target, check_distinct, chosen_layer, write_arrays
    from relutheory.core.sets import Box
    from relutheory.injectivity import decide_injectivity
    from relutheory.injectivity.repair.repairing import repair_injectivity
    from relutheory.networks import load_network

    target = array_target(args.out, ".npz")
    proof = None if args.certificate is None else checked_target(args.certificate)
    check_distinct({"FILE": args.file}, {"--out": target, "--certificate": proof})
    network = load_network(args.file, unsafe_pickle=args.unsafe_pickle)
    k = chosen_layer(len(network.layers), args.layer, args.file)
    layer = network.layers[k - 1]
    domain = None if args.domain is None else Box(args.domain[0], args.domain[1], n=layer.n)
    load_kernels(small_decision)
    repair = repair_injectivity(layer, by=args.by, norm=args.norm, domain=domain, time_limit=args.time_limit)
    rounded = repair.float_layer()
    written: list[str] = []
    if rounded is not None and (target is not None or proof is not None):
        result = decide_injectivity(rounded, domain=domain, time_limit=args.time_limit)
        if not result.proved:
            found = "is undecided within --time-limit" if result.witness is None else "is not injective"
            raise InputError(f"{args.file}: the repaired layer, rounded to float64, {found}; nothing is written")
        if proof is not None:
            result.certificate.save(proof)
            written.append(str(proof))
        if target is not None:
            write_arrays(target, _arrays(network, k, rounded))
            written.append(str(target))
    if args.json:
        print_json(_data(args, k, layer, repair, written))
    else:
        print("\n".join(_text(args, k, layer, repair, rounded, written, domain)))
    return OK


def _arrays(network: ReLUNetwork, k: int, layer: ReLULayer) -> dict[str, Any]:
    """The network as W1, b1, ... with layer k replaced, and zero columns after it for rows appended."""
    import numpy as np

    maps: list[Any] = [*network.layers, *([] if network.readout is None else [network.readout])]
    pairs = [(part.W, part.b) for part in maps]
    more = layer.m - network.layers[k - 1].m
    pairs[k - 1] = (layer.W, layer.b)
    if k < len(pairs):
        W, b = pairs[k]
        pairs[k] = (np.hstack([W, np.zeros((len(W), more))]), b)
    arrays: dict[str, Any] = {}
    for i, (W, b) in enumerate(pairs, 1):
        arrays |= {f"W{i}": W, f"b{i}": b}
    return arrays if network.readout is not None else arrays | {"relu_output": np.array(1)}


def _data(args: argparse.Namespace, k: int, layer: ReLULayer, repair: Repair, written: list[str]) -> dict[str, Any]:
    """The repair as JSON-able data: rationals are strings."""
    return {
        "file": args.file,
        "layer": k,
        "m": layer.m,
        "n": layer.n,
        "domain": "R^n" if args.domain is None else "box:{},{}".format(*args.domain),
        "by": repair.by,
        "norm": repair.norm,
        "status": repair.status.value,
        "rigor": repair.rigor.value,
        "size": None if repair.size is None else str(repair.size),
        "at_least": str(repair.at_least),
        "optimal": repair.optimal,
        "increase": [str(t) for t in repair.increase],
        "rows": [{"w": [str(v) for v in w], "b": str(b)} for w, b in repair.rows],
        "escape": None
        if repair.escape is None
        else {"d": [str(v) for v in repair.escape.d], "u": [str(v) for v in repair.escape.u]},
        "written": written,
    }


def _text(
    args: argparse.Namespace,
    k: int,
    layer: ReLULayer,
    repair: Repair,
    rounded: ReLULayer | None,
    written: list[str],
    domain: Box | None,
) -> list[str]:
    space = f"R^{layer.n}" if domain is None else f"[{args.domain[0]}, {args.domain[1]}]^{layer.n}"
    lines = [f"{args.file}: layer {k} ({layer.m} x {layer.n}) on {space}", f"{repair.status.value}: {repair.text}"]
    raised = [i for i, t in enumerate(repair.increase) if t]
    if raised:
        shown = ", ".join(map(str, raised[:12])) + (", ..." if len(raised) > 12 else "")
        lines.append(f"rows whose bias is raised: {shown} ({len(raised)} of {layer.m})")
    if repair.rows:
        lines.append(f"the layer has {layer.m + len(repair.rows)} rows now")
    lines += [f"written: {Path(name)}" for name in written]
    wanted = args.out is not None or args.certificate is not None
    if wanted and not written:
        reason = "the repaired layer does not fit float64" if repair.layer is not None else "there is no repair"
        lines.append(f"nothing is written: {reason}")
    return lines
