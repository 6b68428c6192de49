"""Imports go one way, and `import relutheory` loads next to nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import relutheory

ROOT = Path(__file__).resolve().parents[1]
LAYERS = [
    {"core", "_kernels"},
    {"networks"},
    {"activation"},
    {"polyhedra"},
    {"injectivity", "deep_limit", "univariate"},
    {"theorems"},
    {"search"},
    {"plotting"},
    {"cli"},
]
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
HEAVY = {"cvxpy", "flint", "matplotlib", "mpmath", "numba", "onnx", "scipy", "sklearn", "sympy", "torch", "tqdm"}


def imported(source: str) -> Iterator[str]:
    """Every module that a source file imports, wherever the statement stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level if node.level else node.module or ""


def room_of(module: str) -> str:
    """The room of a module of the package, "" for one outside it."""
    parts = module.split(".")
    return parts[1] if parts[0] == "relutheory" and len(parts) > 1 else ""


def wrong_way(source: str, room: str) -> list[str]:
    """The imports of a file in `room` that go up, or are relative."""
    allowed = {other for other, rank in RANK.items() if rank < RANK[room]} | {room}
    if room == "core":
        allowed.add("_kernels")
    modules = list(imported(source))
    return [m for m in modules if m.startswith(".") or (room_of(m) and room_of(m) not in allowed)]


FILES = sorted(p for p in (ROOT / "relutheory").rglob("*.py") if p.parent != ROOT / "relutheory")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    room = path.relative_to(ROOT / "relutheory").parts[0]
    assert wrong_way(path.read_text(encoding="utf-8"), room) == []


def test_the_test_of_imports_can_fail() -> None:
    assert wrong_way("def f():\n    from relutheory.theorems import get", "injectivity") == ["relutheory.theorems"]
    assert wrong_way("import relutheory.core.sets", "_kernels") == ["relutheory.core.sets"]
    assert wrong_way("from . import x", "core") == ["."]
    assert wrong_way("import relutheory.core.sets, numpy", "theorems") == []


@pytest.mark.parametrize("path", sorted((ROOT / "proofs_check").glob("*.py")), ids=lambda p: p.name)
def test_proofs_import_statements_only_and_the_checker_nothing(path: Path) -> None:
    modules = set(imported(path.read_text(encoding="utf-8")))
    if path.name in ("certificates.py", "certificates_depth.py"):
        assert {m.split(".")[0] for m in modules} <= sys.stdlib_module_names
    else:
        tops = {m.split(".")[0] for m in modules} - sys.stdlib_module_names
        assert tops <= {"proofs_check", "relutheory", "sympy", "flint"}
        assert {room_of(m) for m in modules} <= {"", "core", "theorems"}


def loaded_by(code: str) -> set[str]:
    """Top-level modules that are loaded after `code` in a new process."""
    script = f"{code}\nimport sys\nprint('\\nLOADED', *sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name.split(".")[0] for name in out.split("LOADED")[1].split()}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import relutheory") & (HEAVY | {"numpy"}) == set()


def test_the_help_loads_nothing_heavy() -> None:
    code = "from relutheory.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    assert loaded_by(code) & (HEAVY | {"numpy"}) == set()


def test_drawing_and_proving_are_not_loaded_to_decide() -> None:
    assert loaded_by("from relutheory import decide_injectivity") & {"matplotlib", "sympy", "cvxpy", "torch"} == set()


def test_every_public_name_is_there() -> None:
    assert relutheory.__all__ == sorted(set(relutheory.__all__))
    assert set(relutheory.__all__) < set(dir(relutheory))
    for name in relutheory.__all__:
        assert getattr(relutheory, name).__name__.rpartition(".")[2] == name
    with pytest.raises(AttributeError, match="no attribute 'decide'"):
        relutheory.decide  # noqa: B018


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse((ROOT / "relutheory" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.name: node.module for node in block.body for alias in node.names}  # type: ignore[attr-defined]
    assert seen == {**relutheory._HOME, "deep_limit": "relutheory.deep_limit"}


def test_rooms_are_loaded_when_they_are_named() -> None:
    for room in sorted(path.parent.name for path in (ROOT / "relutheory").glob("[a-z]*/__init__.py")):
        if room != "cli":
            names = f"relutheory.{room}.__name__, callable(relutheory.{room})"
            assert loaded_by(f"import relutheory\nassert ({names}) == ('relutheory.{room}', {room == 'deep_limit'})")
