"""Every figure of paper_figs: its committed numbers are those computed now, and it is drawn from nothing else."""

from __future__ import annotations

import functools
import hashlib
import json
import types
from pathlib import Path

import pytest

from relutheory.plotting.figures import (
    PACKAGE,
    figure_module,
    figure_names,
    from_csv,
    manifest_entry,
    render,
    to_csv,
)
from relutheory.theorems import bibliography

FOLDER = Path(__file__).parents[1] / PACKAGE

LONG = {"rates_of_methods"}  # half of its functions are computed again in tests/plotting/test_univariate_plots.py

each_figure = pytest.mark.parametrize("name", figure_names())


def committed(name: str) -> str:
    return (FOLDER / f"{name}.csv").read_text(encoding="utf-8")


@functools.cache
def drawn(name: str):
    return render(figure_module(name), committed(name))


def test_each_committed_file_belongs_to_a_figure():
    names = figure_names()
    assert names and sorted(path.stem for path in FOLDER.glob("*.csv")) == names
    assert list(json.loads((FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))) == names


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in figure_names()]
)
def test_computed_again_the_numbers_are_the_committed_ones(name):
    assert to_csv(figure_module(name).rows()) == committed(name)


@each_figure
def test_manifest_matches_module_and_csv(name):
    module = figure_module(name)
    entry = json.loads((FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))[name]
    assert entry["csv_sha256"] == hashlib.sha256((FOLDER / f"{name}.csv").read_bytes()).hexdigest()
    now = manifest_entry(module, committed(name))
    assert entry.keys() == now.keys() and entry["versions"].keys() == now["versions"].keys()
    assert {**entry, "versions": None} == {**now, "versions": None}  # the versions are those it was made with
    assert module.PAPER in bibliography() and len(module.__doc__.splitlines()[0]) > 20


@each_figure
def test_draw_uses_nothing_but_the_rows(name, monkeypatch):
    module = figure_module(name)
    expected = drawn(name)
    for key, value in list(vars(module).items()):
        source = getattr(value, "__module__", "") or ""
        computes = source.startswith("relutheory.") and not source.startswith("relutheory.plotting")
        if computes or key == "rows" or (key.isupper() and key != "SIZE"):
            monkeypatch.setattr(module, key, types.SimpleNamespace())  # to use it is an error
    assert render(module, committed(name)) == expected


@each_figure
def test_another_row_is_another_picture(name):
    module = figure_module(name)
    rows = from_csv(committed(name))
    assert dict(render(module, to_csv(rows[:-1])))["png"] != dict(drawn(name))["png"]
