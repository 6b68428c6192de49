"""The command's parser, and how every failure becomes one line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor

from relutheory import __version__
from relutheory.cli import (
    approximate,
    check,
    convolution,
    figures,
    injectivity,
    invert,
    limit,
    list_,
    regions,
    repair,
    show,
    stability,
    threshold,
    verify,
)
from relutheory.cli.arguments import BAD_INPUT, BROKEN_PIPE, INTERRUPTED, Parser, joined
from relutheory.core.errors import InputError

_COMMANDS = (
    list_,
    show,
    verify,
    injectivity,
    stability,
    invert,
    repair,
    convolution,
    threshold,
    limit,
    approximate,
    regions,
    check,
    figures,
)
_EPILOG = """\
exit codes:
  0    done
  1    a check failed, or a certificate is invalid
  2    bad input, or no means to answer (memory, disk)
  130  interrupted
  141  the reader of the output went away

example:
  relutheory verify inj"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.  argv : the arguments, or None for those of the process.  Returns the exit code.

    >>> main(["show", "inj.nothing"])
    2
    """
    try:
        args = build_parser().parse_args(joined(sys.argv[1:] if argv is None else argv))
        code: int = args.run(args)
        sys.stdout.flush()  # so that a reader who went away shows here and not when Python ends
        return code
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # what is still buffered has no reader; without this Python complains about it at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except InputError as error:
        return _fail(f"error: {error}", BAD_INPUT)
    except MemoryError:
        return _fail("error: not enough memory", BAD_INPUT)
    except BrokenExecutor:
        return _fail("error: a worker process was killed (too little memory? try fewer --jobs)", BAD_INPUT)
    except OSError as error:
        return _fail(f"error: {error}", BAD_INPUT)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    parser = Parser(
        prog="relutheory",
        description="Decide, check and draw what the theory of ReLU networks states, exactly.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"relutheory {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser


def _fail(message: str, code: int) -> int:
    """Say it in one line."""
    print(f"relutheory: {' '.join(message.split())}", file=sys.stderr)
    return code
