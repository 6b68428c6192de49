"""State dicts and .safetensors files: which layers, in which order."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from relutheory.core.errors import InputError, UnsupportedError
from relutheory.networks import ReLUNetwork, from_state_dict, load_network

RNG = np.random.default_rng(3)


def state(**shapes):
    """name -> (m, n): the tensors NAME.weight and NAME.bias."""
    out = {}
    for name, (m, n) in shapes.items():
        name = name.replace("_", ".")
        out[f"{name}.weight"] = RNG.standard_normal((m, n)).astype(np.float32)
        out[f"{name}.bias"] = RNG.standard_normal(m).astype(np.float32)
    return out


def network(tensors, *names):
    return ReLUNetwork([(tensors[f"{name}.weight"], tensors.get(f"{name}.bias")) for name in names])


def write(path, tensors, codes=None, header_extra=None):
    """A .safetensors file, entries in alphabetical order, written by hand."""
    header, numbers = dict(header_extra or {}), b""
    for name in sorted(tensors):
        data = tensors[name].tobytes()
        code = (codes or {}).get(name) or {"f2": "F16", "f4": "F32", "f8": "F64"}[tensors[name].dtype.str[1:]]
        span = [len(numbers), len(numbers) + len(data)]
        header[name] = {"dtype": code, "shape": list(tensors[name].shape), "data_offsets": span}
        numbers += data
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + numbers)


def test_a_state_dict_keeps_its_order():
    tensors = state(encoder=(2, 2), decoder=(2, 2), a=(1, 2))
    del tensors["decoder.bias"]
    assert from_state_dict(tensors) == network(tensors, "encoder", "decoder", "a")
    assert from_state_dict({"weight": np.ones((1, 2)), "bias": np.ones(1)}).readout.n == 2


class Tensor:
    """What the reader needs of a torch tensor, with bfloat16's lack of a numpy type."""

    def __init__(self, array, dtype="bfloat16"):
        self.array, self.shape, self.dtype = np.asarray(array), np.shape(array), dtype

    def detach(self):
        return self

    def cpu(self):
        return self

    def is_floating_point(self):
        return True

    def double(self):
        return Tensor(self.array.astype(np.float64), "float64")

    def numpy(self):
        if self.dtype == "bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


def test_tensors_are_read_through_float64():
    tensors = {"0.weight": Tensor([[1.5, 2.0]]), "0.bias": Tensor([0.25])}
    assert from_state_dict(tensors) == ReLUNetwork([([[1.5, 2]], [0.25])])


@pytest.mark.parametrize(
    ("tensors", "error", "message"),
    [
        (
            {"0.weight": np.ones((2, 2, 3, 3))},
            UnsupportedError,
            r"entry '0.weight' of shape \(2, 2, 3, 3\): must be",
        ),
        ({"bn.weight": np.ones(2)}, UnsupportedError, r"entry 'bn.weight' of shape \(2,\)"),
        ({"bn.running_mean": np.ones(2)}, UnsupportedError, "entry 'bn.running_mean'"),
        ({"rnn.weight_ih_l0": np.ones((2, 2))}, UnsupportedError, "entry 'rnn.weight_ih_l0'"),
        ({"state_dict": {}, "epoch": 3}, UnsupportedError, "entry 'state_dict': must be the weight"),
        ({3: np.ones((2, 2))}, UnsupportedError, "entry 3 of shape"),
        ({"0.bias": np.ones(2)}, UnsupportedError, "layer '0': has a bias but no weight"),
        ({}, InputError, "holds no Linear layer"),
        ({"0.weight": np.ones((2, 2)), "1.weight": np.ones((2, 3))}, InputError, "must have n = 2"),
        ({"0.weight": np.array([[np.nan]])}, InputError, r"W\[0,0\] = nan"),
        ({"0.weight": np.ones((2, 2)), "0.bias": np.ones(3)}, InputError, "one entry per row"),
        ([1], InputError, r"state = \[1\]: must be a mapping"),
    ],
)
def test_what_is_not_a_chain_of_linear_layers_is_refused(tensors, error, message):
    with pytest.raises(error, match=message) as caught:
        from_state_dict(tensors)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shapes", "order"),
    [
        ({"0": (3, 2), "2": (3, 3), "10": (3, 3), "12": (1, 3)}, ["0", "2", "10", "12"]),
        ({"fc1": (4, 4), "fc2": (4, 4), "fc10": (4, 4)}, ["fc1", "fc2", "fc10"]),
        ({"net_1_0": (4, 4), "net_0_3": (4, 4), "net_0_12": (4, 4)}, ["net.0.3", "net.0.12", "net.1.0"]),
        ({"out": (1, 3), "hidden": (3, 3), "input": (3, 2)}, ["input", "hidden", "out"]),
        ({"fc1": (5, 7), "fc2": (5, 5), "head": (2, 5)}, ["fc1", "fc2", "head"]),
        (
            {"features_0": (6, 6), "features_2": (5, 6), "classifier_0": (2, 5)},
            ["features.0", "features.2", "classifier.0"],
        ),
    ],
)
def test_safetensors_layers_are_put_in_order(shapes, order, tmp_path):
    tensors = state(**shapes)
    write(tmp_path / "net.safetensors", tensors)
    assert load_network(tmp_path / "net.safetensors") == network(tensors, *order)


@pytest.mark.parametrize(
    "shapes",
    [
        {"encoder": (3, 10), "decoder": (10, 3)},  # both orders chain
        {"a": (2, 2), "b": (2, 2)},
        {"fc1": (5, 7), "fc2": (5, 5), "extra": (5, 5), "out": (1, 5)},
        {"a": (2, 3), "b": (5, 4)},  # no order chains
        {c: (2, 2) for c in "abcdefghij"},
    ],
)
def test_an_unclear_order_is_refused(shapes, tmp_path):
    write(tmp_path / "net.safetensors", state(**shapes))
    with pytest.raises(UnsupportedError, match=r"order is not clear from names and widths; .* from_state_dict"):
        load_network(tmp_path / "net.safetensors")


def test_safetensors_number_types(tmp_path):
    path = tmp_path / "net.safetensors"
    values = np.array([[0.5, -1.25], [3.0, 0.0]])
    for dtype in ("f2", "f4", "f8"):
        write(path, {"0.weight": values.astype(dtype)}, header_extra={"__metadata__": {"format": "pt"}})
        assert load_network(path) == ReLUNetwork([(values, None)])
    upper = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    write(path, {"0.weight": upper}, codes={"0.weight": "BF16"})
    assert load_network(path) == ReLUNetwork([(values, None)])
    write(path, {"0.weight": upper}, codes={"0.weight": "U16"})
    with pytest.raises(UnsupportedError, match=r"entry '0.weight' has type 'U16'"):
        load_network(path)


def test_safetensors_files_of_the_safetensors_package(tmp_path):
    package = pytest.importorskip("safetensors.numpy", reason="the safetensors package is not installed")
    tensors = state(**{"0": (3, 2), "2": (3, 3), "10": (1, 3)})
    package.save_file(tensors, tmp_path / "net.safetensors")
    assert load_network(tmp_path / "net.safetensors") == network(tensors, "0", "2", "10")


def test_cut_safetensors_files_are_refused(tmp_path):
    path = tmp_path / "net.safetensors"
    write(path, state(**{"0": (2, 2), "1": (1, 2)}))
    data = path.read_bytes()
    for end in range(1, len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(InputError) as caught:
            load_network(path)
        assert "\n" not in str(caught.value)
    for header in (b"[]", b"3", b'{"a": 3}', b'{"a": {"dtype": "F32"}}', b"[" * 5000, b"\xff"):
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        with pytest.raises(InputError, match="header is damaged"):
            load_network(path)


@pytest.mark.parametrize("shape", [[-1, -2], [2, "1"], [10**30, 1], [1.0, 2]])
def test_impossible_shapes_are_refused(shape, tmp_path):
    header = json.dumps({"0.weight": {"dtype": "F64", "shape": shape, "data_offsets": [0, 16]}}).encode()
    (tmp_path / "net.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(InputError) as caught:
        load_network(tmp_path / "net.safetensors")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
def test_pt_files_need_torch(tmp_path):
    (tmp_path / "net.pt").write_bytes(b"x")
    with pytest.raises(UnsupportedError, match="needs torch, which is not installed"):
        load_network(tmp_path / "net.pt", unsafe_pickle=True)


def test_pt_files_where_torch_is_installed(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)).double()
    torch.save(model.state_dict(), tmp_path / "net.pt")
    net = load_network(tmp_path / "net.pt", unsafe_pickle=True)
    x = RNG.standard_normal((5, 2))
    assert net.forward(x) == pytest.approx(model(torch.tensor(x)).detach().numpy(), abs=1e-12)
