"""load_network: dispatch, NumPy and .nnet files, and one-line refusals."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from relutheory.core.errors import InputError, UnsupportedError
from relutheory.networks import ReLULayer, ReLUNetwork, load_network

RNG = np.random.default_rng(5)
W1, B1, W2, B2 = RNG.standard_normal((3, 2)), RNG.standard_normal(3), RNG.standard_normal((1, 3)), np.ones(1)


def test_npz_is_the_same_network_as_its_pairs(tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, W2=W2, b1=B1, W1=W1, b2=B2)
    assert load_network(path) == ReLUNetwork([(W1, B1), (W2, B2)])
    np.savez_compressed(path, W1=W1, b1=B1, W2=W2)
    assert load_network(str(path)) == ReLUNetwork([(W1, B1), (W2, None)])
    np.savez(path, W1=W1, b1=B1, W2=W2, relu_output=1)
    assert load_network(path) == ReLUNetwork([(W1, B1), (W2, None)], relu_output=True)
    np.savez(path, W1=np.array([[1, -2]]), relu_output=np.array([True]))
    assert load_network(path) == ReLUNetwork([ReLULayer([[1, -2]])])


def test_more_than_nine_layers_keep_their_order(tmp_path):
    pairs = [(np.full((1, 1), float(i)), np.array([float(i)])) for i in range(1, 13)]
    arrays = {f"W{i}": W for i, (W, _) in enumerate(pairs, 1)} | {f"b{i}": b for i, (_, b) in enumerate(pairs, 1)}
    np.savez(tmp_path / "deep.npz", **arrays)
    assert load_network(tmp_path / "deep.npz") == ReLUNetwork(pairs)


def test_npy_is_one_layer_without_bias(tmp_path):
    np.save(tmp_path / "W.NPY", W1)
    (tmp_path / "W.NPY.npy").rename(tmp_path / "W.NPY")
    assert load_network(tmp_path / "W.NPY") == ReLUNetwork([ReLULayer(W1)])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"W1": W1, "W3": W2}, "entry 'W3' beside 2 weights"),
        ({"W1": W1, "b2": B2}, "entry 'b2' beside 1 weights"),
        ({"W0": W1}, "entry 'W0'"),
        ({"W01": W1}, "entry 'W01'"),
        ({"weights": W1}, "entry 'weights'"),
        ({"b1": B1}, "entry 'b1' beside 0 weights"),
        ({"relu_output": 1}, "holds no weights"),
        ({"W1": W1, "relu_output": 2}, "relu_output = 2: must be 0 or 1"),
        ({"W1": W1, "relu_output": [1, 1]}, "relu_output = .*must be 0 or 1"),
        ({"W1": W1, "W2": W1}, r"readout = AffineMap\(m=3, n=2\): must have n = 3"),
        ({"W1": W1, "b1": B2, "W2": W2}, r"layers\[0\]: b = .*must have one entry per row of W, 3"),
        ({"W1": [[np.nan]]}, r"readout: W\[0,0\] = nan: must be finite"),
        ({"W1": [[1j]]}, "must be an array of numbers"),
        ({"W1": [["1"]]}, "must be an array of numbers"),
        ({"W1": np.array([[Fraction(1, 3)]], dtype=object)}, "numpy cannot read it: 'Object arrays cannot"),
    ],
)
def test_bad_archives_are_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "net.npz", **arrays)
    with pytest.raises(InputError, match=message) as caught:
        load_network(tmp_path / "net.npz")
    assert str(caught.value).startswith(f"{tmp_path / 'net.npz'}: ") and "\n" not in str(caught.value)


def test_cut_and_foreign_numpy_files_are_refused(tmp_path):
    np.savez(tmp_path / "net.npz", W1=W1, b1=B1, W2=W2)
    np.save(tmp_path / "net.npy", W1)
    for name in ("net.npz", "net.npy"):
        path = tmp_path / name
        data = path.read_bytes()
        for end in range(1, len(data), 7):
            path.write_bytes(data[:end])
            with pytest.raises(InputError) as caught:
                load_network(path)
            assert "\n" not in str(caught.value)
        path.write_bytes(pickle.dumps([1, 2]))
        with pytest.raises(InputError, match="numpy cannot read it"):
            load_network(path)
    (tmp_path / "net.npz").write_bytes(data)
    with pytest.raises(InputError, match=r"not a \.npz archive"):
        load_network(tmp_path / "net.npz")


NNET = """// a comment
//another
2,2,1,3,
2,3,1,
0,
-1.0,-1.0,
1.0,1.0,
0.5,0.5,7.0,
2.0,4.0,373.9,
0.1,-2.0e0,
0.0,1.0,
1,1
0.5,
-0.25,
0.0,

1.0, 2.0 ,-3.0,
0.125,
"""


def test_nnet_is_the_network_on_normalised_inputs(tmp_path):
    path = tmp_path / "net.nnet"
    for text in (NNET, NNET.replace("\n", "\r\n"), NNET.rstrip()):
        path.write_text(text, newline="")
        assert load_network(path) == ReLUNetwork(
            [([[0.1, -2.0], [0.0, 1.0], [1, 1]], [0.5, -0.25, 0]), ([[1, 2, -3]], [0.125])]
        )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.0,1.0,\n", "0.0,\n", "line 11 = '1 numbers': must be a row of weights: 2"),
        ("-0.25", "oops", r"line 14 = 'oops': must be a bias"),
        ("-0.25", "nan", r"layers\[0\]: b\[1\] = nan"),
        ("0.1,-2", "1e999,-2", r"layers\[0\]: W\[0,0\] = inf"),
        ("0.125,", "", "ends where the bias should be"),
        ("0.125,", "0.125,\n5,", "line 19 = '5,': must not follow the last layer"),
        ("2,3,1,\n", "2,3,2,\n", "layer sizes = .*must agree with the header"),
        ("2,2,1,3,", "2.5,2,1,3", "line 3 = .*must hold the numbers of layers"),
        ("2,2,1,3,", "0,2,1,3", "header = .*all positive"),
        ("2,3,1,\n", "2,-3,1,\n", "header = .*all positive"),
        (NNET, "// nothing\n", "ends where the numbers of layers"),
    ],
)
def test_damaged_nnet_files_name_the_line(old, new, message, tmp_path):
    assert old in NNET
    (tmp_path / "net.nnet").write_text(NNET.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        load_network(tmp_path / "net.nnet")
    assert "\n" not in str(caught.value)


def test_a_binary_nnet_file_is_refused(tmp_path):
    (tmp_path / "net.nnet").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="not a text file"):
        load_network(tmp_path / "net.nnet")


@pytest.mark.parametrize("ending", [".npz", ".npy", ".onnx", ".nnet", ".safetensors"])
def test_missing_empty_and_garbage_files_are_one_line(ending, tmp_path):
    path = tmp_path / f"net{ending}"
    with pytest.raises(InputError, match="no such file"):
        load_network(path)
    path.touch()
    with pytest.raises(InputError, match="is empty"):
        load_network(path)
    path.write_bytes(RNG.bytes(300))
    with pytest.raises(InputError) as caught:
        load_network(path)
    assert "\n" not in str(caught.value)
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="is not a file"):
        load_network(path)


@pytest.mark.parametrize("path", [3, None, b"net.npz"])
def test_a_path_is_a_name(path):
    with pytest.raises(InputError, match=r"path = .*must be the name of a file"):
        load_network(path)


def test_unknown_endings_and_impossible_names(tmp_path):
    path = tmp_path / "net.h5"
    path.write_bytes(b"x")
    with pytest.raises(UnsupportedError, match=r"unknown kind of file: the name must end in one of \.npz"):
        load_network(path)
    with pytest.raises(InputError, match="no such file"):
        load_network("a\0b.npz")


class Trap:
    """A pickle of this writes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("ending", [".pt", ".pth", ".pkl", ".joblib", ".npy", ".npz"])
def test_no_pickle_is_read_unless_asked_for(ending, tmp_path):
    path, sprung = tmp_path / f"net{ending}", tmp_path / "sprung"
    path.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(InputError) as caught:
        load_network(path)
    assert not sprung.exists() and "\n" not in str(caught.value)
    if ending not in (".npy", ".npz"):
        assert "unsafe_pickle=True" in str(caught.value)
