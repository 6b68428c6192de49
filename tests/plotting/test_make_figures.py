"""Making figures: same numbers, same bytes; nothing half-written; bad input in one line."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from relutheory.core.errors import InputError
from relutheory.plotting import figures, make_figures
from relutheory.plotting.figures import figure_names, from_csv, to_csv

ROOT = Path(__file__).parents[2]


def stand_in(**changes):
    """A small figure that needs no computation."""
    parts = {
        "PAPER": "puthawala2022",
        "NUMBER": "none",
        "CAPTION": "A line.",
        "SEED": 3,
        "SIZE": (1.0, 1.0),
        "rows": lambda: [{"m": 1, "value": "1/3"}, {"m": 2, "value": "1/2"}],
        "draw": lambda figure, rows: figure.add_subplot().plot([int(row["m"]) for row in rows]),
    }
    return SimpleNamespace(**{**parts, **changes})


@pytest.fixture
def small(monkeypatch):
    """`make_figures` with one figure, "line", put in place of the published ones."""

    def use(**changes):
        monkeypatch.setattr(figures, "figure_names", lambda: ["line"])
        monkeypatch.setattr(figures, "figure_module", lambda name: stand_in(**changes))

    return use


def test_same_bytes_in_another_process(tmp_path):
    names = ["layer_wedges", "stability_bounds"]  # lines, patches, text, searches with seeds
    made = make_figures(names, out=tmp_path / "here")
    assert [figure.name for figure in made] == names
    assert set(names) <= set(figure_names())
    command = f"from relutheory.plotting import make_figures; make_figures({names}, out={str(tmp_path / 'there')!r})"
    subprocess.run([sys.executable, "-c", command], check=True, cwd=ROOT)
    files = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert files == sorted([*(path.name for figure in made for path in figure.paths), "MANIFEST.json"])
    for name in files:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_manifest_describes_the_csv_and_keeps_other_entries(tmp_path, small):
    small()
    (tmp_path / "MANIFEST.json").write_text('{"other": {"seed": 1}}')
    seen = []
    (made,) = make_figures(["line"], tmp_path, progress=seen.append)
    assert seen == [made] and made.paths[0].read_text() == "m,value\n1,1/3\n2,1/2\n"
    manifest = json.loads((tmp_path / "MANIFEST.json").read_text())
    assert manifest["other"] == {"seed": 1}
    assert manifest["line"]["csv_sha256"] == hashlib.sha256(made.paths[0].read_bytes()).hexdigest()
    assert manifest["line"]["seed"] == 3


def fails(*_):
    raise RuntimeError("a point cannot be computed")


@pytest.mark.parametrize("part", ["rows", "draw"])
def test_a_figure_that_fails_leaves_nothing(tmp_path, small, part):
    small(**{part: fails})
    with pytest.raises(RuntimeError, match="a point cannot be computed"):
        make_figures("line", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file(tmp_path, small, monkeypatch):
    small()
    (tmp_path / "line.csv").write_text("old")
    monkeypatch.setattr(figures.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "no space left")))
    with pytest.raises(InputError, match=r"out = .*: cannot be written: no space left"):
        make_figures("line", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["line.csv"]
    assert (tmp_path / "line.csv").read_text() == "old"


def test_unknown_name(tmp_path):
    with pytest.raises(InputError, match=r"figure = 'layer_wedgs': is not a figure; did you mean layer_wedges\?"):
        make_figures(["layer_wedgs"], tmp_path / "new")
    with pytest.raises(InputError, match=r"figure = 7: is not a figure"):
        make_figures([7], tmp_path / "new")  # type: ignore[list-item]
    assert not (tmp_path / "new").exists()


def test_bad_folder(tmp_path, small, monkeypatch):
    small()
    monkeypatch.chdir(tmp_path)  # a long path would be shortened in the message
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"out = 'file': cannot be written"):
        make_figures("line", "file")
    (tmp_path / "MANIFEST.json").write_text("[1]")
    with pytest.raises(InputError, match="is not a manifest of figures"):
        make_figures("line", tmp_path)


def test_a_module_that_is_no_figure_is_named(monkeypatch):
    monkeypatch.setattr(figures.importlib, "import_module", lambda name: SimpleNamespace(__name__=name, SEED=None))
    monkeypatch.setattr(figures, "figure_names", lambda: ["half"])
    with pytest.raises(TypeError, match=r"paper_figs.half does not define PAPER, .*rows, draw"):
        figures.figure_module("half")


def test_csv_keeps_every_cell_and_refuses_gaps():
    rows = [{"a": "x, y", "b": 'say "1/3"'}, {"a": "", "b": "two\nlines"}]
    assert from_csv(to_csv(rows)) == rows
    with pytest.raises(ValueError, match="does not have the columns"):
        to_csv([{"a": 1, "b": 2}, {"a": 1}])
    with pytest.raises(ValueError, match="at least one row"):
        to_csv([])
