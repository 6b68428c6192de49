"""The figures of the papers: found in the package paper_figs, computed, drawn and written with a manifest."""

from __future__ import annotations

import csv
import difflib
import hashlib
import importlib
import io
import json
import os
import pkgutil
import platform
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from relutheory.core.errors import InputError, reject
from relutheory.plotting.style import paper_style

PACKAGE = "paper_figs"
MANIFEST = "MANIFEST.json"
PARTS = ("PAPER", "NUMBER", "CAPTION", "SEED", "SIZE", "rows", "draw")  # what a figure's module must define

# No dates and no program names: the same numbers give the same bytes.
_PLAIN: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "png": {"Software": None},
}


@dataclass(frozen=True)
class MadeFigure:
    """A figure that was made: its name, its caption, and the paths of its CSV, PDF and PNG."""

    name: str
    caption: str
    paths: tuple[Path, ...]


def figure_names() -> list[str]:
    """The names of all figures, sorted.

    >>> "layer_wedges" in figure_names()
    True
    """
    package = importlib.import_module(PACKAGE)
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__))


def figure_module(name: str) -> ModuleType:
    """The module of a figure.  Raises InputError, naming close matches, where there is none."""
    known = figure_names()
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=3) or known
        reject("figure", name, f"is not a figure; did you mean {', '.join(close)}?")
    module = importlib.import_module(f"{PACKAGE}.{name}")
    missing = [part for part in PARTS if not hasattr(module, part)]
    if missing:
        raise TypeError(f"{module.__name__} does not define {', '.join(missing)}")
    return module


def make_figures(
    names: str | Iterable[str] | None = None,
    out: str | os.PathLike[str] = "figures",
    *,
    progress: Callable[[MadeFigure], None] | None = None,
) -> list[MadeFigure]:
    """Compute and draw figures of the papers.

    names : figures (see `figure_names`), or None for all.  out : a folder, made where it does not exist.  progress :
    called with each figure once its files are there.

    For each figure, writes NAME.csv, NAME.pdf, NAME.png and an entry of MANIFEST.json; each file is complete or not
    there at all, and the same numbers give the same bytes on the same machine.  Entries of other figures stay.
    Returns what was made.  Raises InputError for an unknown name, or a folder that cannot be written.

    >>> make_figures("layer_wedge")
    Traceback (most recent call last):
    relutheory.core.errors.InputError: figure = 'layer_wedge': is not a figure; did you mean layer_wedges?
    """
    wanted = figure_names() if names is None else [names] if isinstance(names, str) else list(names)
    modules = {name: figure_module(name) for name in wanted}
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = _read_manifest(folder / MANIFEST)
        return [_make(name, module, folder, manifest, progress) for name, module in modules.items()]
    except OSError as error:
        reject("out", str(out), f"cannot be written: {error.strerror}")


def _make(
    name: str,
    module: ModuleType,
    folder: Path,
    manifest: dict[str, Any],
    progress: Callable[[MadeFigure], None] | None,
) -> MadeFigure:
    text = to_csv(module.rows())
    files = {f"{name}.csv": text.encode(), **{f"{name}.{kind}": data for kind, data in render(module, text)}}
    manifest[name] = manifest_entry(module, text)
    listing = json.dumps(dict(sorted(manifest.items())), indent=2, ensure_ascii=False) + "\n"
    for file, data in [*files.items(), (MANIFEST, listing.encode())]:
        _write(folder / file, data)
    made = MadeFigure(name, module.CAPTION, tuple(folder / file for file in files))
    if progress is not None:
        progress(made)
    return made


def render(module: ModuleType, text: str) -> list[tuple[str, bytes]]:
    """The figure of a module drawn from the text of its CSV: ("pdf", bytes) and ("png", bytes)."""
    from matplotlib.figure import Figure

    with paper_style():
        figure = Figure(figsize=module.SIZE, layout="constrained")
        module.draw(figure, from_csv(text))
        streams = {kind: io.BytesIO() for kind in _PLAIN}
        for kind, stream in streams.items():
            figure.savefig(stream, format=kind, metadata=_PLAIN[kind])
    return [(kind, stream.getvalue()) for kind, stream in streams.items()]


def to_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as CSV text, with a header; all must have the same columns.  An empty list is a ValueError.

    >>> to_csv([{"m": 3, "slope": "1/2"}])
    'm,slope\\n3,1/2\\n'
    """
    if not rows:
        raise ValueError("a figure needs at least one row")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        if row.keys() != rows[0].keys():  # a column left out would be written as an empty cell
            raise ValueError(f"the row {row} does not have the columns {list(rows[0])}")
        writer.writerow(row)
    return stream.getvalue()


def from_csv(text: str) -> list[dict[str, str]]:
    """The rows of a CSV text, every cell as text.

    >>> from_csv("m,slope\\n3,1/2\\n")
    [{'m': '3', 'slope': '1/2'}]
    """
    return list(csv.DictReader(io.StringIO(text)))


def manifest_entry(module: ModuleType, text: str) -> dict[str, Any]:
    """What the manifest says about a figure; text : its CSV."""
    import matplotlib
    import numpy

    return {
        "paper": module.PAPER,
        "figure": module.NUMBER,
        "caption": module.CAPTION,
        "seed": module.SEED,
        "csv_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "versions": {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "matplotlib": matplotlib.__version__,
        },
    }


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        raise InputError(f"out: {path} is not a manifest of figures; move it away first")
    return manifest


def _write(path: Path, data: bytes) -> None:
    """Write a file under another name, then move it into place: a reader never sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
