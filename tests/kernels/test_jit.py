"""The folders of compiled kernels: an edit of a callee in another file is seen, one elsewhere costs nothing."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import relutheory._kernels as package
from relutheory._kernels import _jit

KERNELS = Path(package.__file__).parent

CALLEE = """
from relutheory._kernels._jit import kernel

@kernel
def value():
    return 1
"""
CALLER = """
from relutheory._kernels._jit import kernel
from relutheory._kernels.callee import value

@kernel
def twice():
    return 2 * value()
"""


def run(folder: Path, cache: Path, code: str) -> str:
    """What a program prints that sees the package in `folder`."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout


def test_an_edited_callee_is_compiled_again_and_its_caller_with_it(tmp_path: Path) -> None:
    kernels = tmp_path / "relutheory" / "_kernels"
    kernels.mkdir(parents=True)
    (tmp_path / "relutheory" / "__init__.py").touch()
    (kernels / "__init__.py").touch()
    (kernels / "_jit.py").write_text((KERNELS / "_jit.py").read_text())
    (kernels / "callee.py").write_text(CALLEE)
    (kernels / "caller.py").write_text(CALLER)
    (kernels / "other.py").write_text(CALLEE)
    code = "from relutheory._kernels.caller import twice; print(twice())"
    cache = tmp_path / "cache"
    assert run(tmp_path, cache, code) == "2\n"
    (kernels / "other.py").write_text(CALLEE.replace("1", "3"))
    assert run(tmp_path, cache, code) == "2\n"
    assert len(list(cache.glob("caller-*"))) == len(list(cache.glob("callee-*"))) == 1
    (kernels / "callee.py").write_text(CALLEE.replace("1", "5"))
    assert run(tmp_path, cache, code) == "10\n"
    assert len(list(cache.glob("caller-*"))) == len(list(cache.glob("callee-*"))) == 2


def test_every_import_between_kernel_files_is_seen() -> None:
    for file in KERNELS.glob("*.py"):
        text = file.read_text()
        meant = {
            node.module.rpartition(".")[2]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("relutheory")
        }
        assert meant == set(_jit._IMPORTED.findall(text)), file.name
        assert not re.search(r"^\s*import relutheory", text, re.MULTILINE)
