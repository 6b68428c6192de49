"""One function that reads a network from a file of any known format."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from relutheory.core.errors import InputError, UnsupportedError, reject
from relutheory.networks.arrays import read_npy, read_npz
from relutheory.networks.layers import ReLUNetwork
from relutheory.networks.nnet import read_nnet
from relutheory.networks.onnx_reader import read_onnx
from relutheory.networks.sklearn_models import read_joblib, read_skops
from relutheory.networks.torch_files import read_pt, read_safetensors

_READERS: dict[str, Callable[[Path], ReLUNetwork]] = {
    ".npz": read_npz,
    ".npy": read_npy,
    ".onnx": read_onnx,
    ".nnet": read_nnet,
    ".safetensors": read_safetensors,
    ".skops": read_skops,
}
_PICKLES: dict[str, tuple[Callable[[Path], ReLUNetwork], str]] = {
    ".pt": (read_pt, "save the state dict with safetensors.torch.save_file, or its arrays with numpy.savez"),
    ".pth": (read_pt, "save the state dict with safetensors.torch.save_file, or its arrays with numpy.savez"),
    ".joblib": (read_joblib, "save the model with skops, or pass the object to from_sklearn"),
    ".pkl": (read_joblib, "save the model with skops, or pass the object to from_sklearn"),
}


def load_network(path: str | os.PathLike[str], *, unsafe_pickle: bool = False) -> ReLUNetwork:
    """The network in a file; the ending of its name says which format.

    path : one of

    * .npz: arrays W1, b1, ..., WL, bL (biases may be absent); the last pair is the affine read-out unless
      there is an entry `relu_output` equal to 1;
    * .npy: the matrix of one ReLU layer without bias;
    * .onnx: one chain of Gemm, MatMul, Add, Sub, Relu and operators that only reshape;
    * .nnet: the ACAS Xu text format; the network acts on normalised inputs, as its ONNX versions do;
    * .safetensors: a PyTorch state dict of Linear layers; ReLU between them is assumed, the last is the
      read-out;
    * .skops: a scikit-learn MLPClassifier or MLPRegressor (needs skops);
    * .pt, .pth, .joblib, .pkl: the same models as pickles.

    unsafe_pickle : read pickles too.  A pickle can run any program when it is read: only for files that you
    trust.

    Every number is taken as it stands in the file.  Raises InputError (UnsupportedError for what is well
    formed but not such a network), one line that names the file and the node, entry or line at fault.

    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "net.npz")
    ...     np.savez(file, W1=[[1.0], [-1.0]], b1=[0.0, 1.0], W2=[[1.0, 1.0]])
    ...     load_network(file)
    ReLUNetwork(1 -> 2 -> read-out 1)
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        reject("path", path, "must be the name of a file")
    file = Path(path)
    _check_file(file)
    reader = _reader(file, unsafe_pickle)
    try:
        return reader(file)
    except InputError as error:
        raise type(error)(f"{file}: {error}") from None
    except MemoryError:
        raise InputError(f"{file}: does not fit in memory") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None


def _check_file(file: Path) -> None:
    try:
        size = file.stat().st_size
    except (OSError, ValueError):  # ValueError: a null character in the name
        raise InputError(f"{str(file)!r}: no such file") from None
    if not file.is_file():
        raise InputError(f"{file}: is not a file")
    if size == 0:
        raise InputError(f"{file}: is empty")


def _reader(file: Path, unsafe_pickle: bool) -> Callable[[Path], ReLUNetwork]:
    ending = file.suffix.lower()
    if ending in _READERS:
        return _READERS[ending]
    if ending not in _PICKLES:
        known = ", ".join([*_READERS, *_PICKLES])
        raise UnsupportedError(f"{file}: unknown kind of file: the name must end in one of {known}")
    reader, instead = _PICKLES[ending]
    if not unsafe_pickle:
        raise UnsupportedError(f"{file}: a pickle can run any program; {instead} (or allow it: unsafe_pickle=True)")
    return reader
