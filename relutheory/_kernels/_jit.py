"""The numba decorators of the project."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba


def _sources_digest() -> str:
    """A digest of every kernel source and of numba's version.

    numba's own cache looks only at the file of the function that is compiled: after an edit of a callee in another
    file it would go on running the old code.  With this digest in the folder's name every edit starts afresh.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """The folder for compiled kernels, or None where none can be written."""
    base = os.environ.get("NUMBA_CACHE_DIR")
    if base is None:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "relutheory")
    folder = Path(base) / f"kernels-{_sources_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


_FOLDER = _cache_folder()


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
    if _FOLDER is None:
        return numba.njit(**options)(function)
    # numba reads the folder when the decorator runs; other people's kernels keep theirs.
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_FOLDER)
    try:
        return numba.njit(cache=True, **options)(function)
    finally:
        numba.config.CACHE_DIR = before
