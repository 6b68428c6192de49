"""ONNX files: chains of affine maps and ReLUs, read without the onnx package."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from relutheory.core.errors import InputError, UnsupportedError, reject, shown
from relutheory.core.exact import rational
from relutheory.networks.chain import Chain
from relutheory.networks.layers import ReLUNetwork
from relutheory.networks.protobuf import Record, WireError

# TensorProto.data_type -> numpy type, and the field of the numbers that are not in raw_data
_TYPES = {1: ("<f4", 4), 11: ("<f8", 10), 7: ("<i8", 7)}
_FLOAT, _INT = 1, 2  # AttributeProto.type
_OLDEST_OPSET = 7  # before it, Add, Sub and Gemm broadcast by other rules


def read_onnx(path: Path) -> ReLUNetwork:
    """The network in an ONNX file: one chain of Gemm, MatMul, Add, Sub, Relu and nodes that only reshape.

    path : the file.  The numbers are those of the file; affine maps that follow each other are composed in
    rationals.  A leading dimension that is not fixed is a batch; the others are flattened row by row.
    Raises UnsupportedError, naming the node, for anything else (another operator, a branch, a training-mode
    Dropout), and InputError for a damaged file, shapes that do not fit, NaN and infinities.
    """
    try:
        model = Record(path.read_bytes())
        if not model.has(7):
            raise WireError("it holds no graph")
        opset = [s.integer(2) for s in model.records(8) if s.text(1) in ("", "ai.onnx")]
        if max(opset, default=0) < _OLDEST_OPSET:
            raise UnsupportedError(
                f"operator set {max(opset, default='none stated')}: must be {_OLDEST_OPSET} or newer"
            )
        return _Walk(model.record(7)).network()
    except WireError as error:
        raise InputError(f"not a readable ONNX file: {error}") from None


class _Node:
    """A NodeProto: `label` names it in errors."""

    def __init__(self, record: Record) -> None:
        self.inputs, self.outputs = record.texts(1), record.texts(2)
        domain, kind = record.text(7), record.text(4)
        kind = kind if domain in ("", "ai.onnx") else f"{domain}.{kind}"
        self.kind = kind if kind.replace(".", "_").isidentifier() else shown(kind)
        self.attributes = {a.text(1): a for a in record.records(5)}
        name = record.text(3) or f"writing {self.outputs[0] if self.outputs else 'nothing'}"
        self.label = f"node {shown(name)} ({self.kind})"

    def integer(self, name: str, default: int) -> int:
        return self._attribute(name, _INT).integer(3) if name in self.attributes else default

    def real(self, name: str, default: float) -> float:
        if name not in self.attributes:
            return default
        raw = self._attribute(name, _FLOAT).raw(2) or bytes(4)  # writers may leave out a zero
        if len(raw) != 4:
            raise WireError(f"attribute {name} is not one number")
        return float(struct.unpack("<f", raw)[0])

    def _attribute(self, name: str, kind: int) -> Record:
        if self.attributes[name].integer(20) != kind:
            raise WireError(f"attribute {name} is not of the type that the operator needs")
        return self.attributes[name]


class _Walk:
    """Follows the data from the graph's input to its output, node by node.

    `current` is the tensor reached so far, `shape` its shape with the batch counted as 1, `chain` the map
    that leads to its entries in row-major order: operators that only reshape leave the chain as it is.
    """

    def __init__(self, graph: Record) -> None:
        self.nodes = [_Node(record) for record in graph.records(1)]
        self.constants: dict[str, Record | np.ndarray] = {t.text(8): t for t in graph.records(5)}
        inputs = [v for v in graph.records(11) if v.text(1) not in self.constants]
        outputs = [v.text(1) for v in graph.records(12)]
        if len(inputs) != 1 or len(outputs) != 1:
            _unsupported(f"the graph has {len(inputs)} inputs and {len(outputs)} outputs: must have one of each")
        self.output = outputs[0]
        self.current = inputs[0].text(1)
        self.shape = _input_shape(inputs[0])
        self.chain = Chain(math.prod(self.shape))

    def network(self) -> ReLUNetwork:
        for node in self.nodes:
            try:
                self._apply(node)
            except InputError as error:
                raise type(error)(f"{node.label}: {error}") from None
            except WireError as error:
                raise InputError(f"{node.label}: {error}") from None
        if self.current != self.output:
            _unsupported(f"the output {shown(self.output)} is not the end of a single chain of nodes")
        return self.chain.network()

    def _apply(self, node: _Node) -> None:
        if not node.outputs:
            raise InputError("has no output")
        if node.kind == "Constant":
            self.constants[node.outputs[0]] = _constant_value(node)
        elif node.kind == "Identity" and node.inputs[:1] and node.inputs[0] in self.constants:
            self.constants[node.outputs[0]] = self.constants[node.inputs[0]]
        elif node.kind not in _OPERATORS:
            _unsupported(f"operator not supported (supported: {', '.join(sorted([*_OPERATORS, 'Constant']))})")
        else:
            if self.current not in node.inputs[: 2 if node.kind in _TWO_SIDED else 1]:
                _unsupported(f"does not read {shown(self.current)}, the result before it: only chains are supported")
            _OPERATORS[node.kind](self, node)
            self.current = node.outputs[0]

    def numbers(self, name: str) -> np.ndarray:
        """The constant tensor `name` of floats, as float64."""
        value = self.constant(name)
        if value.dtype.kind != "f":
            _unsupported(f"tensor {shown(name)} holds integers: must be float32 or float64")
        return value

    def constant(self, name: str) -> np.ndarray:
        """The constant tensor `name` as float64 or int64."""
        if name not in self.constants:
            _unsupported(f"reads {shown(name)}, which is not a constant: only chains are supported")
        value = self.constants[name]
        return value if isinstance(value, np.ndarray) else _tensor(value)

    def operands(self, node: _Node) -> tuple[bool, np.ndarray]:
        """Whether the data is the left operand, and the constant that is the other one."""
        if len(node.inputs) < 2:
            reject("inputs", node.inputs, "must be two")
        left = node.inputs[0] == self.current
        return left, self.numbers(node.inputs[1 if left else 0])


def _product_shape(weight: np.ndarray, left: bool, data: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of data @ weight (left) or weight @ data, where the data is a single row or column."""
    if weight.ndim != 2:
        reject("weight", f"array of shape {weight.shape}", "must have 2 dimensions")
    axis = len(data) - 1 if left or len(data) == 1 else len(data) - 2
    W = weight.T if left else weight
    if data[axis] != W.shape[1]:
        reject("weight", f"array of shape {weight.shape}", f"does not fit data of shape {data}")
    if math.prod(data) != data[axis]:
        _unsupported(f"maps every row of data of shape {data} alike: only one row is supported")
    return (*data[:axis], W.shape[0], *data[axis + 1 :])


def _matmul(walk: _Walk, node: _Node) -> None:
    left, weight = walk.operands(node)
    shape = _product_shape(weight, left, walk.shape)
    walk.chain.linear(weight.T if left else weight)
    walk.shape = shape


def _gemm(walk: _Walk, node: _Node) -> None:
    left, weight = walk.operands(node)
    transposed = [node.integer("transA", 0), node.integer("transB", 0)]
    if transposed[1 if left else 0]:
        weight = weight.T
    if len(walk.shape) != 2:
        reject("data", f"array of shape {walk.shape}", "must have 2 dimensions")
    data = walk.shape[::-1] if transposed[0 if left else 1] else walk.shape
    shape = _product_shape(weight, left, data)
    walk.chain.linear(_scaled(weight.T if left else weight, node.real("alpha", 1.0), "alpha"))
    walk.shape = shape
    if len(node.inputs) > 2 and node.inputs[2]:
        shift = _broadcast(walk.numbers(node.inputs[2]), shape)
        walk.chain.shift(_scaled(shift, node.real("beta", 1.0), "beta"))


def _add(walk: _Walk, node: _Node) -> None:
    _, constant = walk.operands(node)
    walk.chain.shift(_broadcast_to_data(walk, constant))


def _sub(walk: _Walk, node: _Node) -> None:
    left, constant = walk.operands(node)
    if not left:
        _unsupported("subtracts the data from a constant: only data minus constant is supported")
    walk.chain.shift(-_broadcast_to_data(walk, constant))


def _relu(walk: _Walk, node: _Node) -> None:
    walk.chain.relu()


def _same(walk: _Walk, node: _Node) -> None:
    if node.kind == "Dropout" and len(node.inputs) > 2 and node.inputs[2]:
        _unsupported("states a training mode: export the model for inference")


def _flatten(walk: _Walk, node: _Node) -> None:
    axis, rank = node.integer("axis", 1), len(walk.shape)
    if not -rank <= axis <= rank:
        reject("axis", axis, f"must be an axis of data of shape {walk.shape}")
    axis %= rank + (axis == rank)  # -1 is the last axis; `rank` itself is allowed and flattens all
    walk.shape = (math.prod(walk.shape[:axis]), math.prod(walk.shape[axis:]))


def _reshape(walk: _Walk, node: _Node) -> None:
    if len(node.inputs) < 2:
        reject("inputs", node.inputs, "must be two")
    wanted = walk.constant(node.inputs[1])
    if wanted.dtype.kind != "i" or wanted.ndim != 1:
        reject("shape", wanted.tolist(), "must be a list of integers")
    target = wanted.tolist()
    if not node.integer("allowzero", 0):
        if any(d == 0 and i >= len(walk.shape) for i, d in enumerate(target)):
            reject("shape", target, f"does not fit data of shape {walk.shape}")
        target = [walk.shape[i] if d == 0 else d for i, d in enumerate(target)]
    size, known = math.prod(walk.shape), math.prod(d for d in target if d != -1)
    if target.count(-1) == 1 and known > 0:
        target[target.index(-1)] = size // known
    if min(target, default=1) < 0 or math.prod(target) != size:
        reject("shape", wanted.tolist(), f"does not fit data of shape {walk.shape}")
    walk.shape = tuple(target)


_TWO_SIDED = ("Gemm", "MatMul", "Add", "Sub")  # the data may be the left or the right operand
_OPERATORS: dict[str, Callable[[_Walk, _Node], None]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Add": _add,
    "Sub": _sub,
    "Relu": _relu,
    "Identity": _same,
    "Dropout": _same,
    "Flatten": _flatten,
    "Reshape": _reshape,
}


def _unsupported(reason: str) -> NoReturn:
    raise UnsupportedError(reason)


def _scaled(array: np.ndarray, factor: float, name: str) -> Any:
    """factor * array without rounding."""
    if factor == 1.0:
        return array
    exact = rational(factor, name)
    out = np.empty(array.shape, dtype=object)
    for index in np.ndindex(*array.shape):
        out[index] = exact * rational(array[index])
    return out


def _broadcast(constant: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`constant` as an array of this shape, row by row in one vector."""
    try:
        return np.broadcast_to(constant, shape).ravel()
    except ValueError:
        reject("constant", f"array of shape {constant.shape}", f"does not fit data of shape {shape}")


def _broadcast_to_data(walk: _Walk, constant: np.ndarray) -> np.ndarray:
    """`constant` as a vector with one entry for each of the data, which must not be repeated itself."""
    try:
        shape = np.broadcast_shapes(constant.shape, walk.shape)
    except ValueError:
        reject("constant", f"array of shape {constant.shape}", f"does not fit data of shape {walk.shape}")
    if math.prod(shape) != math.prod(walk.shape):
        _unsupported(f"repeats data of shape {walk.shape} to shape {shape}")
    walk.shape = tuple(shape)
    return _broadcast(constant, walk.shape)


def _input_shape(value: Record) -> tuple[int, ...]:
    """The shape of a graph input; a leading dimension that is not fixed is a batch and counts as 1."""
    name = f"input {shown(value.text(1))}"
    kinds = [tensor for kind in value.records(2) for tensor in kind.records(1)]
    shapes = [shape for tensor in kinds for shape in tensor.records(2)]
    if not shapes:
        _unsupported(f"{name} states no shape")
    dims = [dim.integer(1) for dim in shapes[0].records(1)]
    if len(dims) > 1 and dims[0] <= 0:
        dims[0] = 1
    if not dims or min(dims) <= 0:
        _unsupported(f"{name} has no fixed shape: export the model with one")
    return tuple(dims)


def _constant_value(node: _Node) -> np.ndarray:
    """The value of a Constant node."""
    for name, attribute in node.attributes.items():
        if name == "value":
            return _tensor(attribute.record(5))
        if name in ("value_float", "value_floats"):
            numbers = np.frombuffer(attribute.raw(2 if name == "value_float" else 7), "<f4").astype(np.float64)
            return numbers.reshape(()) if name == "value_float" else numbers
        if name in ("value_int", "value_ints"):
            field = 3 if name == "value_int" else 8
            return np.array(attribute.integers(field), dtype=np.int64).reshape(() if field == 3 else -1)
    _unsupported("holds no numbers")


def _tensor(record: Record) -> np.ndarray:
    """A TensorProto as a float64 or int64 array."""
    name, code = record.text(8), record.integer(2)
    if record.has(13) or record.integer(14):
        _unsupported(f"tensor {shown(name)} keeps its numbers in another file: save the model in one file")
    if code not in _TYPES:
        _unsupported(f"tensor {shown(name)} has element type {code}: must be float32, float64 or int64")
    dtype, field = _TYPES[code]
    shape = tuple(record.integers(1))
    data = record.raw(9)
    if not data and field == 7:
        values = np.array(record.integers(field), dtype=np.int64)
    else:
        data = data or record.raw(field)
        if len(data) % np.dtype(dtype).itemsize:
            raise WireError(f"tensor {shown(name)} ends within a number")
        values = np.frombuffer(data, dtype)
    if min(shape, default=1) < 0 or math.prod(shape) != len(values):
        reject(f"tensor {shown(name)}", f"{len(values)} numbers", f"must fill the shape {shape}")
    return values.astype(np.int64 if code == 7 else np.float64).reshape(shape)
