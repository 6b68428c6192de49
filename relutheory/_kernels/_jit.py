"""The numba decorators of the project."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_IMPORTED = re.compile(r"^from relutheory\._kernels\.(\w+) import", re.MULTILINE)


def _digest(file: Path) -> str:
    """A digest of numba's version and of the sources of a module and of all that it imports from this package.

    numba's own cache looks only at the file of the function that is compiled: after an edit of a callee in another
    file it would go on running the old code.  With this digest in the folder's name such an edit starts afresh, and an
    edit anywhere else does not.
    """
    sources: dict[Path, bytes] = {}
    waiting = [file]
    while waiting:
        source = waiting.pop()
        if source not in sources:
            sources[source] = source.read_bytes()
            waiting += [Path(__file__).with_name(f"{name}.py") for name in _IMPORTED.findall(sources[source].decode())]
    digest = hashlib.sha256(numba.__version__.encode())
    for _, text in sorted(sources.items()):
        digest.update(text)
    return digest.hexdigest()[:16]


@functools.cache
def _cache_folder(file: Path) -> Path | None:
    """The folder for the compiled kernels of a module, or None where none can be written."""
    base = os.environ.get("NUMBA_CACHE_DIR")
    if base is None:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "relutheory")
    folder = Path(base) / f"{file.stem}-{_digest(file)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` at its first call: strict IEEE arithmetic (filters rely on it), no GIL, cached on disk."""
    return _compiled(function)


def bare_kernel(function: Callable[..., Any]) -> Any:
    """A `kernel` that allocates no array, nor calls one that does: it does without counting references to arrays.

    In code made of many views of a few numbers the counting takes a fifth of the time.
    """
    return _compiled(function, _nrt=False)


def fused_kernel(function: Callable[..., Any]) -> Any:
    """A `bare_kernel` whose products and sums may be fused into one rounding: for finders, and integers in floats."""
    return _compiled(function, _nrt=False, fastmath={"contract"})


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    options |= {"nogil": True, "error_model": "numpy"}
    folder = _cache_folder(Path(function.__code__.co_filename))
    if folder is None:
        return numba.njit(**options)(function)
    # numba reads the folder when the decorator runs; other people's kernels keep theirs.
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        return numba.njit(cache=True, **options)(function)
    finally:
        numba.config.CACHE_DIR = before
