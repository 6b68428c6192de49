"""`relutheory convolution KERNELS.npy`: is a convolution layer injective for all input sizes, or for one?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relutheory.cli.arguments import OK, add_command, count, seconds
from relutheory.cli.kernels import load_kernels, small_decision
from relutheory.cli.output import collision_lines, print_json
from relutheory.core.errors import InputError, shown

if TYPE_CHECKING:
    import numpy as np

    from relutheory.injectivity.structured.convolution import ConvolutionResult

_ABOUT = """\
KERNELS.npy holds an array (q, c, k) or (q, c, k1, k2) of q kernels on c channels; (q, k) is one channel. A window
whose layer is injective shows that the convolution layer is, for every padding and all larger inputs. The converse
is false unless the padding is "valid", so "undecided" is the other answer. With --input-shape the dense layer of
that one size is decided beside it. The exit code is 0 for every answer."""
_ROW = "{:<18}  {:>6}  {:>6}  {:<13}  {:<6}  {:<16}  {:>9}"
_HEADER = _ROW.format("layer", "m", "n", "status", "rigor", "method", "time")


def add(commands: Any) -> None:
    """Add the sub-command."""
    parser = add_command(
        commands,
        "convolution",
        run,
        does="decide whether a convolution layer loses information, for all input sizes at once",
        about=_ABOUT,
        example="relutheory convolution kernels.npy --max-window 8 --input-shape 1,12 --padding same",
    )
    parser.add_argument("file", metavar="KERNELS.npy", help="the kernels")
    parser.add_argument("--bias", metavar="BIAS.npy", help="one number per kernel")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--window", type=sizes, metavar="P", help="look at this window only: P, or P1,P2")
    which.add_argument("--max-window", type=sizes, metavar="P", help="let windows grow to P (default 4 kernels)")
    parser.add_argument("--input-shape", type=sizes, metavar="C,N", help="also decide this size: C,N or C,N1,N2")
    parser.add_argument(
        "--padding", choices=("valid", "same", "full", "circular"), default="valid", help="of --input-shape"
    )
    parser.add_argument("--stride", type=sizes, default=(1,), metavar="S", help="S, or S1,S2 (default 1)")
    parser.add_argument("--time-limit", type=seconds, default=60.0, metavar="S", help='seconds, or "none" (default 60)')
    parser.add_argument("--node-limit", type=count(0), metavar="N", help="nodes of each search tree")


def sizes(text: str) -> tuple[int, ...]:
    """Positive integers with commas between them.

    >>> sizes("1,12")
    (1, 12)
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"{shown(text)}: must be positive integers like 8 or 1,12")
    return tuple(map(int, parts))


def run(args: argparse.Namespace) -> int:
    """Decide windows, and one dense layer where asked for."""
    from relutheory.injectivity.structured.convolution import decide_convolution

    kernels = _array(args.file)
    bias = None if args.bias is None else _array(args.bias)
    load_kernels(small_decision)
    result = decide_convolution(
        kernels,
        stride=_one_or_more(args.stride),
        bias=bias,
        window=_one_or_more(args.window),
        max_window=_one_or_more(args.max_window),
        input_shape=args.input_shape,
        padding=args.padding,
        time_limit=args.time_limit,
        node_limit=args.node_limit,
    )
    if args.json:
        print_json(_data(result, args))
    else:
        print("\n".join(_text(result, args)))
    return OK


def _one_or_more(values: tuple[int, ...] | None) -> Any:
    """One number stands for all axes."""
    return values[0] if values is not None and len(values) == 1 else values


def _array(path: str) -> np.ndarray:
    import numpy as np

    if not Path(path).is_file():
        raise InputError(f"{path}: no such file")
    try:
        with open(path, "rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if not isinstance(loaded, np.ndarray):
                raise InputError(f"{path}: holds several arrays; give one .npy file")
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise error if isinstance(error, InputError) else InputError(f"{path}: numpy cannot read it") from None
    return loaded


def _rows(result: ConvolutionResult, args: argparse.Namespace) -> list[dict[str, Any]]:
    """The windows, and the dense layer, as JSON-able data."""
    rows = [
        {
            "layer": f"window {_times(trial.window)}",
            "m": trial.m,
            "n": trial.n,
            "status": trial.status.value,
            "rigor": "exact" if trial.decision is None else trial.decision.rigor.value,
            "method": trial.method,
            "seconds": round(trial.seconds, 6),
        }
        for trial in result.trials
    ]
    if result.direct is not None:
        direct = result.direct
        layer = direct.problem.layer
        rows.append(
            {
                "layer": f"{args.padding} {_times(args.input_shape)}",
                "m": layer.m,
                "n": layer.n,
                "status": direct.status.value,
                "rigor": direct.rigor.value,
                "method": direct.method,
                "seconds": round(direct.stats.seconds, 6),
            }
        )
    return rows


def _data(result: ConvolutionResult, args: argparse.Namespace) -> dict[str, Any]:
    pair = None if result.direct is None else result.direct.witness
    by_windows = None if result.direct is None else result.status_for(args.input_shape, args.padding).value
    return {
        "file": args.file,
        "kernels": list(result.kernels.shape),
        "stride": list(result.stride),
        "status": result.status.value,
        "rigor": result.rigor.value,
        "window": None if result.window is None else list(result.window),
        "obstruction": result.obstruction or None,
        "input_shape": None if args.input_shape is None else list(args.input_shape),
        "padding": args.padding,
        "by_windows": by_windows,
        "layers": _rows(result, args),
        "witness": None if pair is None else {"x": [str(v) for v in pair.x], "y": [str(v) for v in pair.y]},
    }


def _text(result: ConvolutionResult, args: argparse.Namespace) -> list[str]:
    q, c, *widths = result.kernels.shape
    lines = [
        f"{args.file}: {q} kernels of size {_times(widths)}, {c} input channel{'' if c == 1 else 's'}, "
        f"stride {_times(result.stride)}",
        "",
    ]
    lines += [_HEADER, "-" * len(_HEADER)]
    for row in _rows(result, args):
        known = "-" if row["status"] == "undecided" else row["rigor"]
        parts = (row["layer"], row["m"], row["n"], row["status"], known, row["method"], f"{row['seconds']:.2f} s")
        lines.append(_ROW.format(*parts))
    lines += ["", *_verdict(result)]
    if result.direct is not None and result.direct.witness is not None:
        lines.append("The layer of that size: two inputs x and x + d have the same output; they differ most in")
        lines += collision_lines(result.direct.witness.x, result.direct.witness.y)
    return lines


def _verdict(result: ConvolutionResult) -> list[str]:
    """What the windows prove."""
    if result.window is not None:
        wide, narrow = result.least_size("valid"), result.least_size("full")
        assert wide is not None and narrow is not None
        also = "" if max(result.stride) == 1 else " in which each input meets a kernel"
        return [
            f'Injective for every padding on all inputs of size {_times(wide)} or more{also}; with "full" padding '
            f"from {_times(narrow)} on."
        ]
    if result.obstruction:
        return [
            f'No window is injective: {result.obstruction}. So with padding "valid" the layer is',
            "injective for no input; with other paddings it may be: decide one size with --input-shape.",
        ]
    return ["No injective window was found; this says nothing about padded layers. Raise --max-window or --time-limit."]


def _times(sizes: Any) -> str:
    return " x ".join(map(str, sizes))
