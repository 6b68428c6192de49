"""`relutheory check CERTIFICATE`: the independent checker."""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import FAILED, OK, add_command
from relutheory.cli.output import print_json
from relutheory.core.errors import InputError

if TYPE_CHECKING:
    from relutheory.networks import ReLULayer


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "check",
        run,
        does="check a certificate, independently of the code that found it",
        about="Prints VALID and what is proved, or INVALID and the reason (exit code 1).",
        example="relutheory check proof.json --layer-of net.onnx:2",
    )
    parser.add_argument("file", metavar="CERTIFICATE.json")
    parser.add_argument(
        "--layer-of",
        metavar="FILE[:K]",
        help="the network whose K-th ReLU layer it must be about",
    )
    parser.add_argument(
        "--unsafe-pickle", action="store_true", help="let --layer-of read pickles: only files you trust"
    )


def run(args: argparse.Namespace) -> int:
    """Check and print one line."""
    from proofs_check.certificates import check_file

    path = Path(args.file)
    if not path.is_file():
        raise InputError(f"{args.file}: no such file")
    layer = None if args.layer_of is None else _layer(args.layer_of, args.unsafe_pickle)
    report = check_file(path)
    valid, text = report.valid, report.text
    if valid and layer is not None and not _is_about(report.layer, layer):
        valid, text = (
            False,
            f"INVALID: the proof is about another layer than {args.layer_of}",
        )
    if args.json:
        print_json({"file": args.file, "valid": valid, "text": text})
    else:
        print(text)
    return OK if valid else FAILED


def _layer(source: str, unsafe_pickle: bool) -> ReLULayer:
    """The layer that FILE[:K] names; K may be absent where there is only one."""
    from relutheory.networks import load_network

    file, colon, number = source.rpartition(":")
    numbered = bool(colon) and number.isdecimal()
    layers = load_network(file if numbered else source, unsafe_pickle=unsafe_pickle).layers
    if not numbered and len(layers) != 1:
        raise InputError(f"--layer-of = {source}: has {len(layers)} ReLU layers; name one as {source}:K")
    k = int(number) if numbered else 1
    if not 1 <= k <= len(layers):
        raise InputError(f"--layer-of = {source}: K must be from 1 to {len(layers)}")
    return layers[k - 1]


def _is_about(stated: dict[str, Any] | None, layer: ReLULayer) -> bool:
    """Whether a valid certificate states its claim of this layer, number by number."""
    if stated is None or (stated["n"], len(stated["W"])) != (layer.n, layer.m):
        return False
    weight = [[Fraction(v) for v in row] for row in stated["W"]]
    return weight == layer.weight.fractions() and [Fraction(v) for v in stated["b"]] == layer.bias.fractions()
