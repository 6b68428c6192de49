"""The ONNX reader against files written by the onnx package and its reference evaluator."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from relutheory.core.errors import InputError, UnsupportedError
from relutheory.networks import load_network

onnx = pytest.importorskip("onnx", reason="the onnx package is not installed: it writes the files of these tests")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

RNG = np.random.default_rng(11)


def ints(*shape, dtype=np.float32):
    """Small integers: every evaluator is then exact."""
    return RNG.integers(-3, 4, shape).astype(dtype)


def model(nodes, constants, shape, *, kind=TensorProto.FLOAT, opset=13, output="y", as_inputs=False, raw=True):
    """A model with input x of this shape; node tuples are (op, inputs, output, attributes)."""
    made = [helper.make_node(op, ins, [out], name=f"n{i}", **extra) for i, (op, ins, out, extra) in enumerate(nodes)]
    tensors = []
    for name, array in constants.items():
        if raw:
            tensors.append(numpy_helper.from_array(np.asarray(array), name))
        else:
            code = helper.np_dtype_to_tensor_dtype(array.dtype)
            tensors.append(helper.make_tensor(name, code, array.shape, array.ravel().tolist()))
    inputs = [helper.make_tensor_value_info("x", kind, shape)]
    if as_inputs:
        inputs = [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in tensors] + inputs
    graph = helper.make_graph(made, "g", inputs, [helper.make_tensor_value_info(output, kind, None)], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def load(made, tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return load_network(path)


def agree(made, tmp_path, *, count=8, dtype=np.float32):
    """Load, and compare with the reference evaluator at integer points."""
    net = load(made, tmp_path)
    value = made.graph.input[-1]
    shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
    evaluator = ReferenceEvaluator(made)
    for _ in range(count):
        x = ints(*shape, dtype=dtype)
        (expected,) = evaluator.run(None, {"x": x})
        assert net.forward_exact(x.ravel().tolist()) == [Fraction(float(v)) for v in expected.ravel()]
    return net


@pytest.mark.parametrize("transA", [0, 1])
@pytest.mark.parametrize("transB", [0, 1])
@pytest.mark.parametrize("data_left", [True, False])
@pytest.mark.parametrize("scaled", [{}, {"alpha": 0.5, "beta": -2.0}])
def test_gemm_in_every_orientation(transA, transB, data_left, scaled, tmp_path):
    n, m = 3, 4
    if data_left:
        shape, weight = ((n, 1) if transA else (1, n)), ints(*((m, n) if transB else (n, m)))
        bias, ins = ints(m), ["x", "w", "c"]
    else:
        shape, weight = ((1, n) if transB else (n, 1)), ints(*((n, m) if transA else (m, n)))
        bias, ins = ints(m, 1), ["w", "x", "c"]
    nodes = [("Gemm", ins, "h", dict(transA=transA, transB=transB, **scaled)), ("Relu", ["h"], "y", {})]
    net = agree(model(nodes, {"w": weight, "c": bias}, shape), tmp_path)
    assert net.widths == (m,) and net.readout is None


@pytest.mark.parametrize("bias", [None, (), (1,), (4,), (1, 4), (1, 1)])
def test_gemm_biases_broadcast(bias, tmp_path):
    constants = {"w": ints(3, 4)} | ({} if bias is None else {"c": ints(*bias) + 5})
    ins = ["x", "w"] + ([] if bias is None else ["c"])
    agree(model([("Gemm", ins, "y", {})], constants, (1, 3)), tmp_path)


@pytest.mark.parametrize(
    ("data", "weight", "left"),
    [
        ((1, 3), (3, 4), True),
        ((3,), (3, 4), True),
        ((1, 1, 3), (3, 4), True),
        (("batch", 3), (3, 4), True),
        ((3, 1), (4, 3), False),
        ((3,), (4, 3), False),
        ((1, 3, 1), (4, 3), False),
        ((1, 1), (1, 4), True),
        ((1,), (1, 1), True),
    ],
)
def test_matmul_on_either_side(data, weight, left, tmp_path):
    nodes = [("MatMul", ["x", "w"] if left else ["w", "x"], "h", {}), ("Relu", ["h"], "y", {})]
    net = agree(model(nodes, {"w": ints(*weight)}, data), tmp_path)
    assert net.widths == (weight[1] if left else weight[0],)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("as_inputs", [True, False])
def test_a_deep_chain_in_every_storage(kind, raw, as_inputs, tmp_path):
    sizes = [6, 5, 5, 3]
    nodes, constants, last = [("Sub", ["x", "mean"], "s", {}), ("Flatten", ["s"], "f", {})], {}, "f"
    constants["mean"] = ints(1, 2, 3, dtype=kind)
    for i, (n, m) in enumerate(pairwise(sizes)):
        constants |= {f"w{i}": ints(n, m, dtype=kind), f"b{i}": ints(m, dtype=kind)}
        pair = [f"b{i}", f"p{i}"] if i % 2 else [f"p{i}", f"b{i}"]
        nodes += [("MatMul", [last, f"w{i}"], f"p{i}", {}), ("Add", pair, f"a{i}", {})]
        nodes += [("Relu", [f"a{i}"], f"r{i}", {})] if i < 2 else [("Identity", [f"a{i}"], "y", {})]
        last = f"r{i}"
    code = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    made = model(nodes, constants, (1, 2, 3), kind=code, raw=raw, as_inputs=as_inputs)
    net = agree(made, tmp_path, dtype=kind)
    assert net.widths == (5, 5) and net.readout is not None and net.output_dim == 3


def test_reshape_flatten_dropout_and_constant_nodes_only_reshape(tmp_path):
    weight = numpy_helper.from_array(ints(6, 2), "v")
    nodes = [
        ("Flatten", ["x"], "a", {"axis": -1}),
        ("Constant", [], "s", {"value_ints": [0, 3, -1]}),
        ("Reshape", ["a", "s"], "b", {}),
        ("Reshape", ["b", "t"], "c", {}),
        ("Dropout", ["c"], "d", {}),
        ("Constant", [], "w", {"value": weight}),
        ("Identity", ["w"], "w2", {}),
        ("MatMul", ["d", "w2"], "e", {}),
        ("Constant", [], "c1", {"value_float": 2.0}),
        ("Add", ["e", "c1"], "f", {}),
        ("Constant", [], "c2", {"value_floats": [1.0, -1.0]}),
        ("Add", ["f", "c2"], "y", {}),
    ]
    agree(model(nodes, {"t": np.array([1, 6])}, (1, 2, 3)), tmp_path)


def test_consecutive_affine_maps_are_composed_without_rounding(tmp_path):
    a, c, w = np.float32(0.1), np.float32(0.3), np.float32(0.7)
    nodes = [
        ("Sub", ["x", "c"], "s", {}),
        ("MatMul", ["s", "a"], "h", {}),
        ("MatMul", ["h", "w"], "g", {}),
        ("Relu", ["g"], "y", {}),
    ]
    constants = {"a": np.array([[a]]), "c": np.array([c]), "w": np.array([[w]])}
    net = load(model(nodes, constants, (1, 1)), tmp_path)
    a, c, w = (Fraction(float(v)) for v in (a, c, w))
    assert net.layers[0].weight[0, 0] == a * w and net.layers[0].bias[0] == -a * w * c


@pytest.mark.parametrize(
    ("nodes", "constants", "shape", "error", "message"),
    [
        ([("Sigmoid", ["x"], "y", {})], {}, (1, 2), UnsupportedError, r"node 'n0' \(Sigmoid\): operator not"),
        (
            [("Conv", ["x", "w"], "y", {})],
            {"w": ints(1, 1, 1, 1)},
            (1, 1, 2, 2),
            UnsupportedError,
            r"\(Conv\)",
        ),
        (
            [("Relu", ["x"], "r", {}), ("Add", ["r", "x"], "y", {})],
            {},
            (1, 2),
            UnsupportedError,
            r"node 'n1' \(Add\): reads 'x', which is not a constant",
        ),
        ([("Add", ["x", "x"], "y", {})], {}, (1, 2), UnsupportedError, "not a constant"),
        (
            [("Relu", ["x"], "r", {}), ("Identity", ["x"], "y", {})],
            {},
            (1, 2),
            UnsupportedError,
            r"node 'n1' \(Identity\): does not read 'r'",
        ),
        (
            [("Relu", ["x"], "r", {}), ("Relu", ["r"], "q", {})],
            {},
            (1, 2),
            UnsupportedError,
            "output 'y' is not",
        ),
        ([("Sub", ["w", "x"], "y", {})], {"w": ints(2)}, (1, 2), UnsupportedError, "from a constant"),
        (
            [("Gemm", ["w", "v", "x"], "y", {})],
            {"w": ints(1, 1), "v": ints(1, 2)},
            (1, 2),
            UnsupportedError,
            "n0",
        ),
        (
            [("MatMul", ["x", "w"], "y", {})],
            {"w": ints(3, 4)},
            (1, 2),
            InputError,
            r"n0.*\(3, 4\).*does not fit",
        ),
        ([("MatMul", ["x", "w"], "y", {})], {"w": ints(2, 4)}, (3, 2), UnsupportedError, "only one row"),
        ([("MatMul", ["x", "w"], "y", {})], {"w": ints(2)}, (1, 2), InputError, "must have 2 dimensions"),
        ([("Add", ["x", "w"], "y", {})], {"w": ints(3)}, (1, 2), InputError, "does not fit"),
        ([("Add", ["x", "w"], "y", {})], {"w": ints(2, 1)}, (1, 2), UnsupportedError, "repeats data"),
        (
            [("Gemm", ["x", "w", "c"], "y", {})],
            {"w": ints(2, 3), "c": ints(2)},
            (1, 2),
            InputError,
            "does not fit",
        ),
        ([("Gemm", ["x", "w"], "y", {})], {"w": ints(2, 3)}, (1, 1, 2), InputError, "must have 2 dimensions"),
        ([("Reshape", ["x", "s"], "y", {})], {"s": np.array([4, -1])}, (1, 2), InputError, "does not fit"),
        ([("Reshape", ["x", "s"], "y", {})], {"s": np.array([-1, -1])}, (1, 2), InputError, "does not fit"),
        (
            [("Reshape", ["s", "x"], "y", {})],
            {"s": np.array([1, 2])},
            (1, 2),
            UnsupportedError,
            "does not read",
        ),
        ([("Flatten", ["x"], "y", {"axis": 5})], {}, (1, 2), InputError, "axis = 5"),
        (
            [("Dropout", ["x", "r", "t"], "y", {})],
            {"r": ints(), "t": np.array(True)},
            (1, 2),
            InputError,
            "training",
        ),
        (
            [("Add", ["x", "w"], "y", {})],
            {"w": np.array([1, 2], np.int32)},
            (1, 2),
            UnsupportedError,
            "element type 6",
        ),
        (
            [("Add", ["x", "w"], "y", {})],
            {"w": np.array([np.nan, 1])},
            (1, 2),
            InputError,
            r"n0.*nan: must be finite",
        ),
        (
            [("MatMul", ["x", "w"], "y", {})],
            {"w": np.array([[1], [np.inf]])},
            (1, 2),
            InputError,
            "inf: must be",
        ),
        (
            [("Gemm", ["x", "w"], "y", {"alpha": np.inf})],
            {"w": ints(2, 2)},
            (1, 2),
            InputError,
            "alpha = inf",
        ),
        ([("Relu", ["x"], "y", {})], {}, ("n",), UnsupportedError, "input 'x' has no fixed shape"),
        ([("Relu", ["x"], "y", {})], {}, (1, "n"), UnsupportedError, "no fixed shape"),
        ([("Relu", ["x"], "y", {})], {}, None, UnsupportedError, "states no shape"),
    ],
)
def test_what_is_not_a_chain_of_affine_maps_and_relus_is_refused(nodes, constants, shape, error, message, tmp_path):
    with pytest.raises(error, match=message) as caught:
        load(model(nodes, constants, shape), tmp_path)
    assert "net.onnx" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("node", "constants", "message"),
    [
        (("Sub", ["x", "w"], "y", {}), {"w": np.array([-(2**63)])}, "tensor 'w' holds integers"),
        (("Gemm", ["x", "w"], "y", {"alpha": 1}), {"w": ints(2, 2)}, "attribute alpha is not of the type"),
        (
            ("Gemm", ["x", "w"], "y", {"transB": 1.0}),
            {"w": ints(2, 2)},
            "attribute transB is not of the type",
        ),
        (("Reshape", ["x"], "y", {}), {}, r"inputs = \['x'\]: must be two"),
        (("Add", ["x"], "y", {}), {}, r"inputs = \['x'\]: must be two"),
        (("Constant", [], "y", {"value_string": "a"}), {}, "holds no numbers"),
    ],
)
def test_malformed_nodes_are_refused(node, constants, message, tmp_path):
    with pytest.raises(InputError, match=rf"node 'n0' \({node[0]}\): {message}"):
        load(model([node], constants, (1, 2)), tmp_path)


def test_other_domains_old_operator_sets_and_more_inputs_are_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="operator set 6: must be 7 or newer"):
        load(model([("Relu", ["x"], "y", {})], {}, (1, 2), opset=6), tmp_path)
    with pytest.raises(UnsupportedError, match=r"\(my.Relu\): operator not supported"):
        load(model([("Relu", ["x"], "y", {"domain": "my"})], {}, (1, 2)), tmp_path)
    made = model([("Relu", ["x"], "y", {})], {}, (1, 2))
    made.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, (1,)))
    with pytest.raises(UnsupportedError, match="2 inputs and 1 outputs"):
        load(made, tmp_path)


def test_numbers_in_another_file_are_refused(tmp_path):
    made = model([("MatMul", ["x", "w"], "y", {})], {"w": ints(2, 2)}, (1, 2))
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    with pytest.raises(UnsupportedError, match="another file"):
        load(made, tmp_path)


def refusal(path):
    """The message of the InputError, None where the file loads; any other error goes through."""
    try:
        load_network(path)
    except InputError as error:
        return str(error)
    return None


def test_damaged_files_never_give_another_error_than_input_error(tmp_path):
    nodes = [("Gemm", ["x", "w", "b"], "h", {"transB": 1}), ("Relu", ["h"], "y", {})]
    data = model(nodes, {"w": ints(2, 3), "b": ints(2)}, (1, 3)).SerializeToString()
    path, refused = tmp_path / "cut.onnx", 0
    damaged = [data[:end] for end in range(1, len(data))]
    for _ in range(600):
        copy = bytearray(data)
        for place in RNG.integers(0, len(data), RNG.integers(1, 4)):
            copy[place] = RNG.integers(256)
        damaged.append(bytes(copy))
    damaged += [RNG.bytes(200) for _ in range(200)]
    for content in damaged:
        path.write_bytes(content)
        message = refusal(path)
        refused += message is not None
        assert message is None or "\n" not in message
    assert refused > len(data) + 200 - 20  # nearly every cut file and all the noise


def test_acas_xu(real_data):
    for name in ("1_1", "2_1", "3_3", "5_5"):
        path = real_data / "acasxu" / f"ACASXU_run2a_{name}_batch_2000.onnx"
        net = load_network(path)
        assert net.input_dim == 5 and net.widths == (50,) * 6 and net.output_dim == 5
        assert all(layer.weight.floats_exact and layer.bias.floats_exact for layer in net.layers)
        made = onnx.load(path)
        stored = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
        assert (net.layers[3].W == stored["Operation_4_MatMul_W"].T).all()
        evaluator = ReferenceEvaluator(made)
        for x in RNG.uniform(-0.5, 0.5, (4, 5)).astype(np.float32):
            fed = {t.name: stored[t.name] for t in made.graph.initializer} | {"input": x.reshape(1, 1, 1, 5)}
            (expected,) = evaluator.run(None, fed)
            assert net.forward(x) == pytest.approx(expected.ravel(), abs=1e-4)
        x = [Fraction(k, 7) for k in range(5)]
        exact = [float(v) for v in net.forward_exact(x)]
        assert net.forward([float(v) for v in x]) == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_mnist_256x2(real_data):
    path = real_data / "mnist" / "mnist-net_256x2.onnx"
    net = load_network(path)
    assert (net.input_dim, net.widths, net.output_dim) == (784, (256, 256), 10)
    evaluator = ReferenceEvaluator(onnx.load(path))
    x = RNG.random((3, 784)).astype(np.float32)
    for row, value in zip(x, net.forward(x), strict=True):
        (expected,) = evaluator.run(None, {"0": row.reshape(1, 784, 1)})
        assert value == pytest.approx(expected.ravel(), abs=1e-3)


def test_the_smallest_file_and_a_residual_network(real_data: Path):
    net = load_network(real_data / "test_nano.onnx")
    assert (net.input_dim, net.widths, net.readout) == (1, (1,), None)
    with pytest.raises(UnsupportedError, match=r"node 'Conv_0' \(Conv\)"):
        load_network(real_data / "resnet_2b.onnx")
