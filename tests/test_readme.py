"""The README's commands do what it says they do, and its links lead somewhere."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What may differ from one machine to the next: times, the order in which a search finds things, compiler messages.
VARYING = [
    (r"-{20,}", "---"),  # as long as the longest line
    (r"\d+\.\d s", "TIME"),
    (r" +\d+ +\d+\.\d\d s", " NODES TIME"),
    (r"\d+\.\d\d s", "TIME"),
    (r"tree of \d+ nodes, \d+ circuits", "tree of NODES nodes, CIRCUITS circuits"),
    (r"( +x\[\d+\] ~ .*\n)+", "COORDINATES\n"),
    (r" +", " "),
]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """The commands of the console blocks with what they print; a here-document belongs to its command."""
    found = []
    for part in re.split(r"^\$ ", "\n".join(blocks("console")), flags=re.MULTILINE)[1:]:
        end = part.index("\nEOF\n") + 5 if "<<'EOF'" in part else part.index("\n") + 1
        found.append((part[:end], part[end:].strip()))
    return found


def masked(text: str) -> list[str]:
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return [line.strip() for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder to work in, and an environment where `relutheory` and `python` are those under test."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "bin").mkdir()
    for name, arguments in (("relutheory", "-m relutheory"), ("python", "")):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        script.chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return folder, {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize(("command", "printed"), commands(), ids=[c.splitlines()[0] for c, _ in commands()])
def test_the_console_blocks(shell: tuple[Path, dict[str, str]], command: str, printed: str) -> None:
    folder, environment = shell
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert masked(done.stdout) == masked(printed)


def test_the_readme_shows_the_main_commands() -> None:
    run = " ".join(command for command, _ in commands())
    for name in ("relutheory verify", "relutheory injectivity", "relutheory check", "relutheory regions"):
        assert name in run


@pytest.mark.parametrize("block", blocks("pycon"))
def test_the_python_blocks(block: str) -> None:
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", "README.md", 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    texts = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"make ([a-z]+)(?=`| +#)", texts))
    assert {"verify", "test", "check"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/index.md", "docs/injectivity.md"])
def test_links_lead_somewhere(page: str) -> None:
    file = ROOT / page
    for link in re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (file.parent / link).exists(), link
