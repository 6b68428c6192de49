"""What is needed at run time is packaged, and the versions agree."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import relutheory

ROOT = Path(__file__).resolve().parents[1]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")


def test_the_versions_agree() -> None:
    assert SETUP["metadata"]["version"] == "attr: relutheory.__version__"
    assert f"\nversion: {relutheory.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {relutheory.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_folder_of_the_package_is_a_package() -> None:
    for top in ("relutheory", "proofs_check", "paper_figs"):
        for file in (ROOT / top).rglob("*.py"):
            assert (file.parent / "__init__.py").is_file(), file


def test_every_data_file_is_declared() -> None:
    declared = {name: patterns.replace(",", " ").split() for name, patterns in SETUP["options.package_data"].items()}
    for top in ("relutheory", "proofs_check", "paper_figs"):
        for file in (ROOT / top).rglob("*"):
            if file.is_file() and file.suffix not in (".py", ".pyc", ".pdf", ".png"):
                package = ".".join(file.parent.relative_to(ROOT).parts)
                assert any(file.match(pattern) for pattern in declared.get(package, [])), file


def test_the_configuration_is_in_one_place() -> None:
    tables = re.findall(r"^\[([^\]]+)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [t for t in tables if t != "build-system" and not t.startswith("tool.ruff")] == []
