"""The notebooks: committed without outputs, short functions only, and every cell runs."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import matplotlib
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONGEST_FUNCTION = 10  # lines; longer code belongs in the package

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_there_is_a_notebook():
    assert NOTEBOOKS


@each_notebook
def test_committed_without_outputs(path):
    assert re.fullmatch(r"\d\d(_[a-z]+){2,}", path.stem)
    for cell in code_cells(path):
        assert cell["outputs"] == [] and cell["execution_count"] is None


@each_notebook
def test_plain_python_with_short_functions(path):
    for cell in code_cells(path):
        tree = ast.parse("".join(cell["source"]))  # a magic would not parse
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


@each_notebook
def test_every_cell_runs(path, monkeypatch):
    matplotlib.use("Agg")
    from matplotlib import pyplot

    monkeypatch.setattr(pyplot, "show", lambda: pyplot.close("all"))  # Agg shows nothing, and would warn
    names: dict[str, Any] = {"__name__": "__main__"}
    cells = code_cells(path)
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"{path.name}, code cell {number}", "exec"), names)
    assert len(cells) > 3 and not pyplot.get_fignums(), "a picture was made and not shown"


@pytest.mark.slow
@each_notebook
def test_runs_in_jupyter(path):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed (extra: test)")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed (extra: test)")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    resources = {"metadata": {"path": str(FOLDER.parent)}}
    nbclient.NotebookClient(notebook, timeout=120, resources=resources).execute()
    kinds = {output.output_type for cell in notebook.cells for output in cell.get("outputs", [])}
    assert "display_data" in kinds and "error" not in kinds
