"""Loops over columns of floats, eight lanes at a time, that the compiler does not make vector instructions of.

Written for processors whose words have the lowest byte first.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8
_DOUBLE, _WORD = ir.DoubleType(), ir.IntType(64)
_VECTOR, _WORDS = ir.VectorType(_DOUBLE, LANES), ir.VectorType(_WORD, LANES)


@intrinsic
def cut_signs(typing_context, values, slopes, start, blocks, step, bound):
    """Signs of values - step * slopes in the rows start .. start + 8 blocks, at most 64 of them, as two words.

    Bit k of the first word: the number in row start + k is positive; of the second: it is not above `bound` in size,
    or NaN.  values, slopes : contiguous float64 arrays.
    """
    if not (_is_column(values) and _is_column(slopes)):
        return None

    def generate(context, builder, signature, arguments):
        values, slopes = (_address(context, builder, signature, arguments, k, arguments[2]) for k in (0, 1))
        step, bound = _spread(builder, arguments[4]), _spread(builder, arguments[5])
        positive = cgutils.alloca_once_value(builder, ir.Constant(_WORD, 0))
        small = cgutils.alloca_once_value(builder, ir.Constant(_WORD, 0))
        with cgutils.for_range(builder, arguments[3], intp=_WORD) as loop:
            shift = builder.mul(loop.index, ir.Constant(_WORD, LANES))
            product = builder.fmul(step, _load(builder, slopes, shift), flags=("contract",))
            value = builder.fsub(_load(builder, values, shift), product, flags=("contract",))
            _append(builder, positive, _positive(builder, value), shift)
            _append(builder, small, builder.fcmp_unordered("<=", _size(builder, value), bound), shift)
        return context.make_tuple(builder, signature.return_type, (builder.load(positive), builder.load(small)))

    integer, number = types.intp, types.float64
    return types.UniTuple(types.uint64, 2)(values, slopes, integer, integer, number, number), generate


@intrinsic
def eliminate_column(typing_context, target, source, pivot, start, blocks, factor):
    """target = source - factor * pivot in the rows start .. start + 8 blocks; returns the largest size there.

    A NaN among them may be overlooked in the result.  target, source, pivot : contiguous float64 arrays.
    """
    if not all(_is_column(array) for array in (target, source, pivot)):
        return None

    def generate(context, builder, signature, arguments):
        target, source, pivot = (_address(context, builder, signature, arguments, k, arguments[3]) for k in range(3))
        factor = _spread(builder, arguments[5])
        largest = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * LANES))
        with cgutils.for_range(builder, arguments[4], intp=_WORD) as loop:
            shift = builder.mul(loop.index, ir.Constant(_WORD, LANES))
            product = builder.fmul(factor, _load(builder, pivot, shift), flags=("contract",))
            value = builder.fsub(_load(builder, source, shift), product, flags=("contract",))
            builder.store(value, _place(builder, target, shift), align=8)
            _raise_to(builder, largest, _size(builder, value))
        return _largest_lane(builder, builder.load(largest))

    return types.float64(target, source, pivot, types.intp, types.intp, types.float64), generate


@intrinsic
def summarise_rows(typing_context, table, columns, start, marks, sums, least, marked):
    """Of the first so many columns, in the rows start .. start + 7: sums and minima of sizes, marks of positive ones.

    table : (columns or more, rows) float64; marks : a word per column; sums, least : float64; marked : words, ored
    together of the marks of the columns where the row is positive.  The last three are written from entry 0 on.
    """
    words = types.Array(types.uint64, 1, "C")
    if not (isinstance(table, types.Array) and table.ndim == 2 and table.layout == "C"):
        return None
    if not (_is_column(sums) and _is_column(least) and marks == words and marked == words):
        return None

    def generate(context, builder, signature, arguments):
        zero = ir.Constant(_WORD, 0)
        table = context.make_array(signature.args[0])(context, builder, arguments[0])
        rows = builder.extract_value(table.shape, 1)
        marks, sums, least, marked = (_address(context, builder, signature, arguments, k, zero) for k in range(3, 7))
        total = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * LANES))
        smallest = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [float("inf")] * LANES))
        bits = cgutils.alloca_once_value(builder, ir.Constant(_WORDS, [0] * LANES))
        with cgutils.for_range(builder, arguments[1], intp=_WORD) as loop:
            value = _load(builder, table.data, builder.add(builder.mul(loop.index, rows), arguments[2]))
            mark = _spread(builder, builder.load(builder.gep(marks, [loop.index])))
            here = builder.select(_positive(builder, value), mark, ir.Constant(_WORDS, [0] * LANES))
            builder.store(builder.or_(builder.load(bits), here), bits)
            size, before = _size(builder, value), builder.load(smallest)
            builder.store(builder.fadd(builder.load(total), size), total)
            builder.store(builder.select(builder.fcmp_ordered("<", size, before), size, before), smallest)
        builder.store(builder.load(total), _place(builder, sums, zero), align=8)
        builder.store(builder.load(smallest), _place(builder, least, zero), align=8)
        builder.store(builder.load(bits), builder.bitcast(marked, _WORDS.as_pointer()), align=8)
        return context.get_dummy_value()

    arrays = table, types.intp, types.intp, marks, sums, least, marked
    return types.void(*arrays), generate


@intrinsic
def steepest(typing_context, values, slopes, start, blocks):
    """The largest of -slopes / values and of slopes / values, and 0, in the rows start .. start + 8 blocks.

    Rows where the value is zero do not count.  values, slopes : contiguous float64 arrays.  Returns two floats.
    """
    if not (_is_column(values) and _is_column(slopes)):
        return None

    def generate(context, builder, signature, arguments):
        values, slopes = (_address(context, builder, signature, arguments, k, arguments[2]) for k in (0, 1))
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        low, high = (cgutils.alloca_once_value(builder, zero) for _ in range(2))
        with cgutils.for_range(builder, arguments[3], intp=_WORD) as loop:
            shift = builder.mul(loop.index, ir.Constant(_WORD, LANES))
            value = _load(builder, values, shift)
            ratio = builder.fdiv(_load(builder, slopes, shift), value)
            ratio = builder.select(builder.fcmp_unordered("!=", value, zero), ratio, zero)
            _raise_to(builder, high, ratio)
            _raise_to(builder, low, builder.fsub(zero, ratio))
        largest = [_largest_lane(builder, builder.load(vector)) for vector in (low, high)]
        return context.make_tuple(builder, signature.return_type, largest)

    return types.UniTuple(types.float64, 2)(values, slopes, types.intp, types.intp), generate


@intrinsic
def sure_signs(typing_context, table, coordinates, start, relative, absolute):
    """Sure signs of <w, x> + b in the rows start .. start + 7, as two bytes in words: surely positive, negative.

    table : (n + 1, rows) float64, the columns of w and then b.  coordinates : (n,) x.  Sure are signs of values larger
    in size than relative * (|w||x| + |b|) + absolute, in floats.
    """
    if not (isinstance(table, types.Array) and table.ndim == 2 and table.layout == "C" and _is_column(coordinates)):
        return None

    def generate(context, builder, signature, arguments):
        zero = ir.Constant(_WORD, 0)
        table = context.make_array(signature.args[0])(context, builder, arguments[0])
        columns, rows = (builder.extract_value(table.shape, axis) for axis in (0, 1))
        n = builder.sub(columns, ir.Constant(_WORD, 1))
        coordinates = _address(context, builder, signature, arguments, 1, zero)
        constant = _load(builder, table.data, builder.add(builder.mul(n, rows), arguments[2]))
        value = cgutils.alloca_once_value(builder, constant)
        size = cgutils.alloca_once_value(builder, _size(builder, constant))
        with cgutils.for_range(builder, n, intp=_WORD) as loop:
            factor = _spread(builder, builder.load(builder.gep(coordinates, [loop.index])))
            column = _load(builder, table.data, builder.add(builder.mul(loop.index, rows), arguments[2]))
            product = builder.fmul(column, factor, flags=("contract",))
            builder.store(builder.fadd(builder.load(value), product, flags=("contract",)), value)
            builder.store(builder.fadd(builder.load(size), _size(builder, product)), size)
        value, size = builder.load(value), builder.load(size)
        bound = builder.fadd(builder.fmul(size, _spread(builder, arguments[3])), _spread(builder, arguments[4]))
        signs = (builder.fcmp_ordered(">", v, bound) for v in (value, builder.fneg(value)))
        bits = [builder.zext(builder.bitcast(sign, ir.IntType(LANES)), _WORD) for sign in signs]
        return context.make_tuple(builder, signature.return_type, bits)

    number = types.float64
    return types.UniTuple(types.uint64, 2)(table, coordinates, types.intp, number, number), generate


@intrinsic
def put_word(typing_context, target, position, word):
    """Write a uint64 over the bytes position .. position + 7 of an array of bytes, the lowest byte first."""

    def generate(context, builder, signature, arguments):
        address = _address(context, builder, signature, arguments, 0, arguments[1])
        builder.store(arguments[2], builder.bitcast(address, _WORD.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(types.Array(types.uint8, 1, "C"), types.intp, types.uint64), generate


def _is_column(array: Any) -> bool:
    return isinstance(array, types.Array) and array.ndim == 1 and array.layout == "C" and array.dtype == types.float64


def _address(context, builder, signature, arguments, k, start):
    """The address of entry `start` of argument k, an array."""
    array = context.make_array(signature.args[k])(context, builder, arguments[k])
    return builder.gep(array.data, [start])


def _spread(builder, number):
    """A vector with the number in every lane."""
    blank = ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined)
    vector = builder.insert_element(blank, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(vector, blank, _indices([0] * LANES))


def _indices(lanes: list[int]) -> ir.Constant:
    return ir.Constant(ir.VectorType(ir.IntType(32), LANES), lanes)


def _place(builder, address, shift):
    return builder.bitcast(builder.gep(address, [shift]), _VECTOR.as_pointer())


def _load(builder, address, shift):
    return builder.load(_place(builder, address, shift), align=8)


def _size(builder, vector):
    kind = ir.FunctionType(_VECTOR, [_VECTOR])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.fabs.v{LANES}f64"), (vector,))


def _positive(builder, vector):
    return builder.fcmp_ordered(">", vector, ir.Constant(_VECTOR, [0.0] * LANES))


def _raise_to(builder, largest, vector):
    """Put the larger, lane by lane, into a vector that lies in memory."""
    before = builder.load(largest)
    builder.store(builder.select(builder.fcmp_ordered(">", vector, before), vector, before), largest)


def _largest_lane(builder, vector):
    for half in (4, 2, 1):  # of the first half and the second, and so on
        other = builder.shuffle_vector(vector, vector, _indices([(i + half) % LANES for i in range(LANES)]))
        vector = builder.select(builder.fcmp_ordered(">", other, vector), other, vector)
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


def _append(builder, word, bits, shift):
    """Or eight bits, shifted, into a word that lies in memory."""
    byte = builder.zext(builder.bitcast(bits, ir.IntType(LANES)), _WORD)
    builder.store(builder.or_(builder.load(word), builder.shl(byte, shift)), word)
