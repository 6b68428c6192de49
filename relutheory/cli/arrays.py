"""NumPy files that the sub-commands read and write: one line where they cannot, whole or absent where they can."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from relutheory.cli.output import checked_target
from relutheory.core.errors import InputError, shown


def read_rows(path: str, m: int, what: str) -> np.ndarray:
    """The array of a .npy file as (k, m) float64; one row may stand alone.

    path : the file; m : the length of a row; what : the rows' name in the error.  Raises InputError.
    """
    try:
        with Path(path).open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is not a file") from None
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise InputError(f"{path}: numpy cannot read it: {shown(str(error))}") from None
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: must be a .npy file of one array")
    if array.dtype.kind not in "fiu":
        raise InputError(f"{path}: array of {array.dtype.name}: must hold numbers")
    if array.ndim not in (1, 2) or array.shape[-1] != m:
        raise InputError(f"{path}: array of shape {array.shape}: {what} must have shape ({m},) or (k, {m})")
    rows: np.ndarray = np.atleast_2d(array).astype(np.float64)
    return rows


def array_target(path: str | None, ending: str) -> Path | None:
    """The file to write an array to, its name and folder checked; None for none."""
    if path is None:
        return None
    if Path(path).suffix != ending:
        raise InputError(f"{path}: the name must end in {ending}")
    return checked_target(path)


def check_distinct(inputs: dict[str, str], outputs: dict[str, Path | None]) -> None:
    """Refuse to write a file over one that is read, or over another one that is written.

    inputs, outputs : option to path, in the order of the command line; None is not written.  Raises InputError.
    """
    taken = {Path(path).resolve(): name for name, path in inputs.items()}
    for name, target in outputs.items():
        if target is None:
            continue
        other = taken.setdefault(target.resolve(), name)
        if other != name:
            raise InputError(f"{name} {target}: is the file of {other}; give another name")


def write_arrays(target: Path, arrays: Any) -> None:
    """Write one array (.npy) or a dict of arrays (.npz) so that the file is whole or absent."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            if isinstance(arrays, dict):
                np.savez(file, **arrays)
            else:
                np.save(file, arrays)
        part.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def chosen_layer(total: int, number: int | None, file: str) -> int:
    """The number of the ReLU layer that is asked about; it may be left out where there is one only."""
    if total == 0:
        raise InputError(f"{file}: has no ReLU layer: its only matrix is a read-out, without ReLU")
    if number is None and total != 1:
        raise InputError(f"--layer: {file} has {total} ReLU layers, say which (1 to {total})")
    if number is not None and number > total:
        raise InputError(f"--layer = {number}: {file} has {total} ReLU layer{'' if total == 1 else 's'}")
    return 1 if number is None else number
