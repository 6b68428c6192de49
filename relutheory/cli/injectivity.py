"""`relutheory injectivity FILE`: a verdict per ReLU layer of a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_network_command, count, domain_of_layer, on_terminal, seconds
from relutheory.cli.kernels import load_kernels, small_decision
from relutheory.cli.output import checked_target, collision_lines, print_json, tree_progress
from relutheory.core.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from relutheory.injectivity import InjectivityResult
    from relutheory.networks import ReLULayer, ReLUNetwork

_ABOUT = """\
Each ReLU layer x -> ReLU(Wx + b) is judged by itself, on all of its input space R^n or on --domain. The exit
code is 0 for every answer, "undecided" (out of budget) included; read the answer, or the status in --json.
Layers are numbered from 1, as in W1, b1. Formats: .npz .npy .onnx .nnet .safetensors .skops."""
_PICTURES = (".pdf", ".png", ".svg")
_ROW = "{:>5}  {:>6}  {:>6}  {:<13}  {:<6}  {:<16}  {:>10}  {:>9}"
_HEADER = _ROW.format("layer", "m", "n", "status", "rigor", "method", "nodes", "time")


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_network_command(
        commands,
        "injectivity",
        run,
        does="decide for each ReLU layer of a network whether it loses information",
        about=_ABOUT,
        example="relutheory injectivity net.onnx --layer 2 --domain box:0,inf --certificate proof.json",
    )
    parser.add_argument("--layer", type=count(1), metavar="K", help="only the K-th ReLU layer")
    parser.add_argument(
        "--domain",
        type=domain_of_layer,
        metavar="box:lo,hi|ball:r",
        help="only inputs with all coordinates in [lo, hi], or at most r away from 0",
    )
    parser.add_argument(
        "--time-limit",
        type=seconds,
        default=60.0,
        metavar="S",
        help='seconds per layer, or "none" (default 60)',
    )
    parser.add_argument("--node-limit", type=count(0), metavar="N", help="nodes of the search tree per layer")
    parser.add_argument(
        "--certificate",
        metavar="OUT.json",
        help="write the proof for `relutheory check`; with several layers, OUT.1.json, OUT.2.json, ...",
    )
    parser.add_argument(
        "--plot",
        metavar="OUT",
        help="draw why, or where not: .pdf, .png or .svg; with several layers, OUT.1.png, OUT.2.png, ...",
    )


def run(args: argparse.Namespace) -> int:
    """Decide layer by layer; text is printed as it becomes known."""
    from relutheory.core.executors import process_pool
    from relutheory.networks import load_network

    network = load_network(args.file, unsafe_pickle=args.unsafe_pickle)
    chosen = _chosen(network, args)
    targets, pictures = _targets(args.certificate, chosen), _pictures(args.plot, chosen)
    load_kernels(small_decision)
    if not args.json:
        print(f"{args.file}: {network!r}\n\n{_HEADER}\n{'-' * len(_HEADER)}", flush=True)
    rows, notes = [], []
    with process_pool(args.jobs) as executor:
        for k in chosen:
            result = _decide(network.layers[k - 1], k, args, executor)
            saved = _save(result, targets.get(k))
            rows.append(_data(k, network.layers[k - 1], result, saved))
            notes += _notes(k, result, saved, args)
            if k in pictures:
                notes.append(_plot(k, network.layers[k - 1], result, pictures[k]))
            if not args.json:
                print(_row(k, network.layers[k - 1], result), flush=True)
    if args.json:
        print_json({"file": args.file, "domain": _space(args), "layers": rows})
    else:
        print("\n".join(["", *notes, *([""] if notes else []), *_footer(network, args)]))
    return OK


def _chosen(network: ReLUNetwork, args: argparse.Namespace) -> list[int]:
    """The numbers of the layers that are asked about."""
    total = len(network.layers)
    if args.layer is None:
        return list(range(1, total + 1))
    if args.layer > total:
        raise InputError(f"--layer = {args.layer}: {args.file} has {total} ReLU layer{'' if total == 1 else 's'}")
    return [args.layer]


def _targets(path: str | None, chosen: list[int]) -> dict[int, Path]:
    """Where each layer's certificate goes: the number comes before the ending, or before ".json.gz"."""
    if path is None:
        return {}
    target = checked_target(path)
    if len(chosen) == 1:
        return {chosen[0]: target}
    file = Path(path)
    ending = "".join(file.suffixes[-2:]) if file.suffix == ".gz" else file.suffix
    stem = file.name.removesuffix(ending)
    return {k: checked_target(str(file.with_name(f"{stem}.{k}{ending}"))) for k in chosen}


def _pictures(path: str | None, chosen: list[int]) -> dict[int, Path]:
    """Where each layer's picture goes."""
    if path is not None and Path(path).suffix not in _PICTURES:
        raise InputError(f"--plot = {path}: must end in {', '.join(_PICTURES)}")
    return _targets(path, chosen)


def _plot(k: int, layer: ReLULayer, result: InjectivityResult, target: Path) -> str:
    from relutheory.plotting.layer_picture import plot_layer

    return f"layer {k}: picture in {plot_layer(layer, result, target)}"


def _decide(layer: ReLULayer, k: int, args: argparse.Namespace, executor: Executor | None) -> InjectivityResult:
    from relutheory.core.sets import Ball, Box
    from relutheory.injectivity import decide_injectivity

    domain: Ball | Box | None = None
    if args.domain is not None:
        first, *last = args.domain
        domain = Box(first, last[0], n=layer.n) if last else Ball(0, first, n=layer.n)
    with tree_progress(f"layer {k}", on_terminal()) as progress:
        return decide_injectivity(
            layer,
            domain=domain,
            time_limit=args.time_limit,
            node_limit=args.node_limit,
            executor=executor,
            progress=progress,
        )


def _save(result: InjectivityResult, target: Path | None) -> str | None:
    """Write the certificate of a decided layer; the name of the file."""
    if target is None or not (result.proved or result.refuted):
        return None
    result.certificate.save(target)
    return str(target)


def _data(k: int, layer: ReLULayer, result: InjectivityResult, saved: str | None) -> dict[str, Any]:
    """One layer as JSON-able data: rationals are strings "p/q", for they can be long."""
    pair = result.witness
    return {
        "layer": k,
        "m": layer.m,
        "n": layer.n,
        "status": result.status.value,
        "rigor": result.rigor.value,
        "method": result.method,
        "nodes": result.stats.nodes,
        "circuits": result.stats.circuits,
        "closed": result.stats.closed,
        "seconds": round(result.stats.seconds, 6),
        "witness": None if pair is None else {"x": [str(v) for v in pair.x], "y": [str(v) for v in pair.y]},
        "certificate": saved,
    }


def _row(k: int, layer: ReLULayer, result: InjectivityResult) -> str:
    known = result.rigor.value if result.proved or result.refuted else "-"
    stats = result.stats
    return _ROW.format(
        k, layer.m, layer.n, result.status.value, known, result.method, stats.nodes, f"{stats.seconds:.2f} s"
    )


def _notes(k: int, result: InjectivityResult, saved: str | None, args: argparse.Namespace) -> list[str]:
    """What is to be said about a layer below the table."""
    lines = []
    if result.witness is not None:
        lines = [
            f"layer {k}: two inputs x and x + d have the same output (exact in --json); they differ most in",
            *collision_lines(result.witness.x, result.witness.y),
        ]
    elif not result.proved:
        lines = [
            f"layer {k}: undecided within the limits, {100 * result.stats.closed:.2f} % of the search tree "
            "closed; raise --time-limit or --node-limit, or use --jobs"
        ]
    if saved is not None:
        lines.append(f"layer {k}: certificate in {saved}")
    elif args.certificate is not None:
        lines.append(f"layer {k}: no certificate, since nothing was decided")
    return lines


def _space(args: argparse.Namespace) -> str:
    if args.domain is None:
        return "R^n"
    return "ball:{}".format(*args.domain) if len(args.domain) == 1 else "box:{},{}".format(*args.domain)


def _footer(network: ReLUNetwork, args: argparse.Namespace) -> list[str]:
    """What the verdicts are about, and what they are not about."""
    if args.domain is None:
        lines = ["A verdict is about one layer on all of its input space R^n."]
        if len(network.layers) > 1:
            lines.append("Layers after the first only receive inputs >= 0: --domain box:0,inf asks about those.")
    elif len(args.domain) == 1:
        lines = [f"A verdict is about one layer on the ball of radius {args.domain[0]} around 0."]
    else:
        lines = [f"A verdict is about one layer on the inputs in [{args.domain[0]}, {args.domain[1]}]^n."]
    if network.readout is not None:
        size = f"{network.readout.m} x {network.readout.n}"
        lines.append(f"The read-out ({size}) is an affine map, not a ReLU layer: it is not judged.")
    return lines
