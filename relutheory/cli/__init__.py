"""The command `relutheory`: one thin module per sub-command."""

from relutheory.cli.main import main

__all__ = ["main"]
