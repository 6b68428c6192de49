"""The file of finished pieces: what it takes back, what it repairs and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relutheory.core.book import Book
from relutheory.core.errors import InputError

TITLE = {"squares up to": 9}


def read(line: dict[str, Any]) -> tuple[int, int] | None:
    return (line["x"], line["y"]) if 0 <= line["x"] <= 9 else None


def opened(path: Path, title: dict[str, Any] = TITLE) -> Book[int]:
    return Book(path, title, read, other="is about other squares", kind="a file of squares", piece="a square")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    book = opened(tmp_path / "squares.jsonl")
    assert book.known == {} and not book.repaired
    for x in (3, 4):
        book.note({"x": x, "y": x * x})
    return book.path


def test_what_was_noted_is_known_again(path: Path) -> None:
    assert opened(path).known == {3: 9, 4: 16}
    assert path.read_text().splitlines() == ['{"squares up to": 9}', '{"x": 3, "y": 9}', '{"x": 4, "y": 16}']


@pytest.mark.parametrize("tail", [b'{"x": 5', b'{"x": 5, "y": 25}', b"\x00\x00\x00", b"\xc3"])
def test_half_a_line_is_cut_off_and_that_is_said(path: Path, tail: bytes) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    book = opened(path)
    assert book.repaired and book.known == {3: 9, 4: 16} and path.read_bytes() == whole
    book.note({"x": 5, "y": 25})
    again = opened(path)
    assert not again.repaired and again.known == {3: 9, 4: 16, 5: 25}


@pytest.mark.parametrize("length", range(len('{"squares up to": 9}') + 1))
def test_half_a_title_is_begun_again(tmp_path: Path, length: int) -> None:
    path = tmp_path / "squares.jsonl"
    path.write_text('{"squares up to": 9}'[:length])
    assert opened(path).repaired is (length > 0)
    assert path.read_text() == '{"squares up to": 9}\n'


def test_other_files_are_refused_and_left_alone(path: Path, tmp_path: Path) -> None:
    whole = path.read_text()
    with pytest.raises(InputError, match=r"store = .*: is about other squares; give a new file"):
        opened(path, {"squares up to": 10})
    for line in ("garbage", "[1]", '{"x": 12, "y": 144}', '{"x": 3, "y": 9.5}', '{"x": 5}', '{"x": "5", "y": 1}'):
        path.write_text(whole + line + "\n")
        with pytest.raises(InputError, match=r"has a line that is not a square: "):
            opened(path)
        assert path.read_text() == whole + line + "\n"
    for content in (b"other", b"\xff\xfe\n", b"other\n"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"store = .*: (is not a file of squares|cannot be read|is about other)"):
            opened(path)
        assert path.read_bytes() == content
    with pytest.raises(InputError, match=r"cannot be (read|written)"):
        opened(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        opened(tmp_path / "no" / "folder.jsonl")


def test_a_piece_may_be_there_twice(path: Path) -> None:
    whole = path.read_text()
    path.write_text(whole + whole.splitlines(keepends=True)[-1])
    assert opened(path).known == {3: 9, 4: 16}
