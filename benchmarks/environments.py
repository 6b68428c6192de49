"""One virtual environment per peer, made on first use, and one process per question to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = {"gurobi": "Gurobi, big M", "highs": "HiGHS, big M", "data-depth": "data-depth, exact"}
INSTALL_LIMIT = 600  # seconds
GRACE = 10  # seconds that a process may take beyond the limit, to start and to stop by itself


@dataclass(frozen=True)
class Answer:
    """What a process said: `problem` is why there is no answer; `injective` is None when time was over."""

    injective: bool | None
    seconds: float
    problem: str | None
    extra: dict


def run_script(command: list[str], limit: float, cache: str | None = None) -> Answer:
    """Run `command`, whose last line of output is a JSON object; kill it GRACE seconds after `limit`.

    `cache` is the folder of compiled kernels, where it is not the usual one.
    """
    env = dict(os.environ) if cache is None else {**os.environ, "NUMBA_CACHE_DIR": cache}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit + GRACE, env=env)
    except subprocess.TimeoutExpired:
        return Answer(None, limit, None, {})
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no message"]
        return Answer(None, 0.0, f"exit {done.returncode}: {said[-1][:150]}", {})
    reply = json.loads(done.stdout.splitlines()[-1])
    return Answer(reply.get("injective"), reply.get("seconds", 0.0), None, reply)


@cache
def interpreter(peer: str) -> Path | str:
    """The interpreter of the peer's environment, made if need be; or in words why there is none."""
    folder = HERE / ".venvs" / peer
    requirements = HERE / "requirements" / f"{peer}.txt"
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if stamp.is_file() and stamp.read_text() == requirements.read_text():
        return python
    print(f"installing {peer} ...", flush=True)
    # The files list everything that is needed; --no-deps keeps the rest out.
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(requirements)]
    try:
        venv.create(folder, with_pip=True, clear=True)
        done = subprocess.run(pip, capture_output=True, text=True, timeout=INSTALL_LIMIT)
    except (OSError, subprocess.SubprocessError) as error:
        return f"not installed: {error}"
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return f"not installed: {lines[-1] if lines else 'pip failed'}"
    stamp.write_text(requirements.read_text())
    return python


def ask_peer(peer: str, matrix: Path, limit: float) -> Answer:
    """The peer's answer on the matrix in file `matrix`, within `limit` seconds."""
    python = interpreter(peer)
    if isinstance(python, str):
        return Answer(None, 0.0, python, {})
    script = HERE / "peers" / f"{peer.replace('-', '_')}.py"
    return run_script([str(python), str(script), str(matrix), str(limit)], limit)


def ask_ours(task: str, matrix: Path, limit: float, cache: str | None = None) -> Answer:
    """Our answer to `task` (see ours.py) in a fresh process; a task may repeat its call."""
    command = [sys.executable, str(HERE / "ours.py"), task, str(matrix), str(limit)]
    return run_script(command, 20 * limit, cache)
