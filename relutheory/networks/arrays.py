"""NumPy files: .npz archives of W1, b1, ..., WL, bL and single matrices in .npy."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from relutheory.core.errors import InputError, reject, shown
from relutheory.networks.layers import ReLULayer, ReLUNetwork

# what numpy raises for damaged files, other files, and arrays that only pickle could read
_DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
    MemoryError,
    NotImplementedError,
)


def read_npy(path: Path) -> ReLUNetwork:
    """One ReLU layer without bias.  path : a .npy file of W, (m, n)."""
    return ReLUNetwork([ReLULayer(_load(path))])


def read_npz(path: Path) -> ReLUNetwork:
    """The network with the weights W1, ..., WL and biases b1, ..., bL of an archive.

    path : a .npz file.  A bias may be absent (zeros).  The last pair is the affine read-out, unless there is
    an entry `relu_output` equal to 1.  Raises InputError for missing numbers, other entries, and arrays that
    need pickle.
    """
    arrays = _load(path)
    if not isinstance(arrays, dict):
        raise InputError("not a .npz archive")
    relu_output = arrays.pop("relu_output", np.array(0))
    if relu_output.size != 1 or relu_output.item() not in (0, 1):
        reject("relu_output", relu_output.tolist(), "must be 0 or 1")
    depth = sum(key.startswith("W") for key in arrays)
    for key in arrays:
        match = re.fullmatch(r"[Wb]([1-9][0-9]*)", key)
        if match is None or int(match[1]) > depth:
            rule = "must be W1, ..., WL, b1, ..., bL without gaps, or relu_output"
            raise InputError(f"entry {shown(key)} beside {depth} weights: {rule}")
    if depth == 0:
        raise InputError("holds no weights: must have W1, ..., WL")
    pairs = [(arrays[f"W{i}"], arrays.get(f"b{i}")) for i in range(1, depth + 1)]
    return ReLUNetwork(pairs, relu_output=bool(relu_output.item()))


def _load(path: Path) -> Any:
    """What np.load reads without pickle: an array, or the dict of an archive."""
    try:
        with path.open("rb") as file:  # opened here: np.load leaves damaged archives open
            loaded = np.load(file, allow_pickle=False)
            return loaded if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded.files}
    except _DAMAGED as error:
        raise InputError(f"numpy cannot read it: {shown(str(error))}") from None
