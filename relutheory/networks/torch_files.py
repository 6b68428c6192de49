"""PyTorch state dicts: as mappings, in .safetensors files, and (only where asked for) in .pt files."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from relutheory.core.errors import InputError, UnsupportedError, reject, shown
from relutheory.networks.layers import ReLUNetwork

_SAFETENSORS_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_MOST_ORDERED_BY_WIDTH = 7  # layers whose names do not order them: 7! orders are looked through


def from_state_dict(state: Mapping[str, Any]) -> ReLUNetwork:
    """The network of the Linear layers NAME.weight, NAME.bias of a PyTorch state dict, in their order.

    state : names to tensors or arrays, in the order of the layers (as `model.state_dict()` gives them);
    weights (m, n), biases (m,) or absent.  A state dict does not record what stands between the layers: ReLU
    is assumed, and the last layer is the affine read-out.  Raises UnsupportedError for an entry that belongs
    to another kind of layer.

    >>> state = {"0.weight": np.ones((3, 2)), "0.bias": np.zeros(3), "2.weight": np.ones((1, 3))}
    >>> from_state_dict(state)
    ReLUNetwork(2 -> 3 -> read-out 1)
    """
    if not isinstance(state, Mapping):
        reject("state", state, "must be a mapping of names to tensors")
    return _network(list(_linear_layers(state).values()))


def read_safetensors(path: Path) -> ReLUNetwork:
    """The network in a .safetensors file of a state dict (float16, bfloat16, float32 or float64).

    path : the file.  Such files do not keep the order of the layers.  Names that differ in numbers only
    ("fc1", "fc2"; "0", "2") are taken in the order of the numbers; otherwise the widths must leave one order
    only.
    Raises UnsupportedError where they do not, and as `from_state_dict` does; InputError for a damaged file.
    """
    return _network(_ordered(_linear_layers(_safetensors(path.read_bytes()))))


def read_pt(path: Path) -> ReLUNetwork:
    """The network in a .pt file of a state dict; needs torch.  The file is a pickle: see `load_network`."""
    try:
        import torch
    except ImportError:
        raise UnsupportedError(
            "needs torch, which is not installed (or save the tensors as .npz or .safetensors)"
        ) from None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch documents no list of what a damaged file raises
        raise InputError(f"torch cannot read it: {shown(str(error))}") from None
    return from_state_dict(state)


def _linear_layers(state: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Layer name -> [weight, bias or None], in the order of the weights' or biases' first occurrence."""
    layers: dict[str, list[Any]] = {}
    for key, value in state.items():
        name, kind = (str(key).rpartition(".")[::2]) if isinstance(key, str) else ("", "")
        rank = {"weight": 2, "bias": 1}.get(kind)
        if rank is None or not hasattr(value, "shape") or len(value.shape) != rank:
            shape = f" of shape {tuple(value.shape)}" if hasattr(value, "shape") else ""
            raise UnsupportedError(f"entry {shown(key)}{shape}: must be the weight or the bias of a Linear layer")
        layers.setdefault(name, [None, None])[2 - rank] = _as_array(value)
    for name, (weight, _) in layers.items():
        if weight is None:
            raise UnsupportedError(f"layer {shown(name)}: has a bias but no weight")
    return layers


def _as_array(value: Any) -> Any:
    """A torch tensor of floats as float64 (numpy has no bfloat16); anything else as it is."""
    if hasattr(value, "detach") and value.is_floating_point():
        return value.detach().cpu().double().numpy()
    return value


def _network(layers: Sequence[Sequence[Any]]) -> ReLUNetwork:
    if not layers:
        raise InputError("holds no Linear layer")
    return ReLUNetwork([(weight, bias) for weight, bias in layers])


def _ordered(layers: dict[str, list[Any]]) -> list[list[Any]]:
    """The layers in the one order that their names and widths allow."""
    names = sorted(layers, key=_numbers)
    if len({_template(name) for name in names}) <= 1:
        return [layers[name] for name in names]
    orders = []
    if len(names) <= _MOST_ORDERED_BY_WIDTH:
        orders = [order for order in itertools.permutations(names) if _possible(order, layers)]
    if len(orders) != 1:
        raise UnsupportedError(
            f"layers {shown(names)}: their order is not clear from names and widths;"
            " load the file yourself and pass the tensors in order to from_state_dict"
        )
    return [layers[name] for name in orders[0]]


def _possible(order: Sequence[str], layers: dict[str, list[Any]]) -> bool:
    """Whether the widths chain, and names that differ in numbers only come in the order of the numbers."""
    chains = all(layers[a][0].shape[0] == layers[b][0].shape[1] for a, b in pairwise(order))
    return chains and all(
        _numbers(a) < _numbers(b) for a, b in itertools.combinations(order, 2) if _template(a) == _template(b)
    )


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"[0-9]+", name))


def _template(name: str) -> str:
    return re.sub(r"[0-9]+", "#", name)


def _safetensors(data: bytes) -> dict[str, np.ndarray]:
    """The tensors of a .safetensors file: 8 bytes of header length, a JSON header, the numbers."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise InputError("not a readable .safetensors file: it ends within the header")
    try:
        header = json.loads(data[8 : 8 + size])
        header.pop("__metadata__", None)
        return {name: _one_tensor(name, entry, data[8 + size :]) for name, entry in header.items()}
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError("not a readable .safetensors file: the header is damaged") from None


def _one_tensor(name: str, entry: dict[str, Any], numbers: bytes) -> np.ndarray:
    code, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    if code not in _SAFETENSORS_TYPES:
        raise UnsupportedError(
            f"entry {shown(name)} has type {shown(code)}: must be one of {', '.join(_SAFETENSORS_TYPES)}"
        )
    dtype = np.dtype(_SAFETENSORS_TYPES[code])
    fits = 0 <= start <= end <= len(numbers) and end - start == math.prod(shape) * dtype.itemsize
    if not fits or min(shape, default=0) < 0:
        raise InputError(f"entry {shown(name)}: its numbers do not fill the shape {shape}; the file may be cut short")
    values = np.frombuffer(numbers[start:end], dtype)
    if code == "BF16":  # the upper half of a float32
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float64).reshape(shape)
