"""A page of results that is printed while it is measured, and written when it is whole."""

from __future__ import annotations

from collections.abc import Iterable

from report import HERE, machine


class Page:
    """Markdown, line by line.  title : of the page.  command : that makes it.  about : what the numbers are."""

    def __init__(self, title: str, command: str, about: str) -> None:
        self.lines: list[str] = []
        self.add(f"# {title}\n\nWritten by `{command}`: one run, {machine()}.\n\n{about}")

    def add(self, text: str = "") -> None:
        """Print the text, and keep it."""
        print(text, flush=True)
        self.lines.append(text)

    def table(self, *names: str) -> None:
        """Begin a table with these columns."""
        self.add("\n" + _row(names) + "\n" + _row(["---"] * len(names)))

    def row(self, *values: object) -> None:
        """A row of the table."""
        self.add(_row(map(str, values)))

    def write(self, name: str) -> None:
        """Write the page to a file beside this one."""
        (HERE / name).write_text("\n".join(self.lines) + "\n", encoding="utf-8")


def _row(values: Iterable[str]) -> str:
    return "| " + " | ".join(values) + " |"
