"""A file of finished pieces of a long computation: what a killed run had finished is not done again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Generic, TypeVar

from relutheory.core.errors import reject

Value = TypeVar("Value")


class Book(Generic[Value]):
    """Lines of JSON: a title that says what is computed, then a line for each finished piece.

    path : the file; it is made where there is none.  title : JSON-able; a file with another title is refused.  read :
    what a line says, as (key, value), or None where it is no piece of this computation; then the file is refused too.
    other, kind, piece : how the messages name another title, such a file, and a line of it.
    A piece may be there more than once, as two runs at a time write it, if they agree.
    Attributes: known, the pieces in the file when it was opened; repaired, whether half a line was cut off, which a
    killed run leaves.  Nothing is written to a file that is refused.  Raises InputError.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "squares.jsonl"
    >>> read = lambda line: (line["x"], line["y"])
    >>> book = Book(path, {"squares": 1}, read, other="is about something else")
    >>> book.note({"x": 3, "y": 9})
    >>> Book(path, {"squares": 1}, read, other="is about something else").known
    {3: 9}
    """

    def __init__(
        self,
        path: Path,
        title: dict[str, Any],
        read: Callable[[dict[str, Any]], tuple[Hashable, Value] | None],
        *,
        other: str,
        kind: str = "a file of counts",
        piece: str = "a part of this count",
    ) -> None:
        self.path = path
        self.known: dict[Any, Value] = {}
        try:
            content = path.read_bytes() if path.exists() else b""
            # what has no line's end is half a line; what is before the last one must be readable
            lines = content[: content.rfind(b"\n") + 1].decode().split("\n")[:-1]
        except (OSError, UnicodeDecodeError):
            reject("store", str(path), "cannot be read")
        kept = content.rfind(b"\n") + 1
        if lines and not _is_title(lines[0], title):
            reject("store", str(path), f"{other}; give a new file")
        if not lines and not json.dumps(title).encode().startswith(content):
            reject("store", str(path), f"is not {kind}; give a new file")
        self.repaired = kept < len(content)
        for line in lines[1:]:
            said = _read_line(line, read)
            if said is None or self.known.get(said[0], said[1]) != said[1]:
                reject("store", str(path), f"has a line that is not {piece}: {line[:40]}")
            self.known[said[0]] = said[1]
        try:
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.truncate(kept)
                if not lines:
                    file.write(json.dumps(title) + "\n")
        except OSError as error:
            reject("store", str(path), f"cannot be written: {error.strerror}")

    def note(self, line: dict[str, Any]) -> None:
        """Add a finished piece; it is on the disk when this returns."""
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _is_title(line: str, title: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(line) == title)
    except ValueError:
        return False


def _read_line(
    line: str, read: Callable[[dict[str, Any]], tuple[Hashable, Value] | None]
) -> tuple[Hashable, Value] | None:
    """What `read` makes of a line; None for anything but a JSON object with what it looks for."""
    try:
        said = json.loads(line)
        return read(said) if isinstance(said, dict) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
