"""What the sub-commands share: exit codes, the parser class, and the types of arguments."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from relutheory.core.errors import InputError, shown

OK, FAILED, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, and whose help keeps its line breaks."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"relutheory: error: {' '.join(message.split())} (see {self.prog} --help)\n")


def joined(argv: Sequence[str]) -> list[str]:
    """The arguments with "--x -1,2" written as "--x=-1,2": argparse would take a value that begins so for an option.

    >>> joined(["limit", "--x", "-1,2", "--json"])
    ['limit', '--x=-1,2', '--json']
    """
    found: list[str] = []
    for text in argv:
        option = bool(found) and found[-1].startswith("--") and "=" not in found[-1]
        if option and re.match(r"-[0-9.]*[0-9][^=]*,", text):
            found[-1] += f"={text}"
        else:
            found.append(text)
    return found


def add_command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    does: str,
    about: str = "",
    example: str,
) -> argparse.ArgumentParser:
    """A sub-command with --json, whose help shows an example."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.\n\n{about}".strip(),
        epilog=f"example:\n  {example}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    parser.set_defaults(run=run)
    return parser


def add_network_command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    **texts: str,
) -> argparse.ArgumentParser:
    """A sub-command about a network in a file, whose work processes can share; `texts` as in `add_command`."""
    parser = add_command(commands, name, run, **texts)
    parser.add_argument("file", metavar="FILE", help="a trained network")
    parser.add_argument("--jobs", type=count(1), default=1, metavar="N", help="worker processes (default 1)")
    parser.add_argument(
        "--unsafe-pickle",
        action="store_true",
        help="also read pickles, which can run any program: only files you trust",
    )
    return parser


def count(least: int) -> Callable[[str], int]:
    """The type of an integer argument that is at least `least`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{shown(text)}: must be an integer >= {least}")
        return value

    return parse


def seconds(text: str) -> float | None:
    """A time limit: seconds, or "none"."""
    if text == "none":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value >= 0:
        raise argparse.ArgumentTypeError(f'{shown(text)}: must be a number of seconds >= 0, or "none"')
    return value


def domain_ends(text: str) -> tuple[Any, Any]:
    """The two ends of "box:lo,hi": rationals, or infinite floats.

    >>> domain_ends("box:-1/2,inf")
    (Fraction(-1, 2), inf)
    """
    kind, _, ends = text.partition(":")
    parts = [part.strip() for part in ends.split(",")]
    rule = "must be box:lo,hi with numbers like -1, 1/3, 0.5 or inf"
    if kind != "box" or len(parts) != 2:
        raise argparse.ArgumentTypeError(f"{shown(text)}: {rule}")
    try:
        lo, hi = (_end(part) for part in parts)
    except InputError:
        raise argparse.ArgumentTypeError(f"{shown(text)}: {rule}") from None
    if not lo < hi:
        raise argparse.ArgumentTypeError(f"{shown(text)}: must have lo < hi")
    return lo, hi


def domain_of_layer(text: str) -> tuple[Any, ...]:
    """The two ends of "box:lo,hi", or the radius of "ball:r", a ball around 0: one number.

    >>> domain_of_layer("ball:1/2")
    (Fraction(1, 2),)
    """
    kind, _, number = text.partition(":")
    if kind == "box":
        return domain_ends(text)
    rule = "must be box:lo,hi or ball:r with numbers like -1, 1/3, 0.5 (or inf, for a box), and r > 0"
    try:
        radius = _end(number.strip())
    except InputError:
        radius = math.nan
    if kind != "ball" or isinstance(radius, float) or radius <= 0:
        raise argparse.ArgumentTypeError(f"{shown(text)}: {rule}")
    return (radius,)


def _end(text: str) -> Any:
    from relutheory.core.exact import rational

    infinite = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
    return infinite[text] if text in infinite else rational(text, "end")


def on_terminal() -> bool:
    """Whether someone is watching: progress is shown to people, not to files."""
    return sys.stderr.isatty()
