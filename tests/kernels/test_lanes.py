import numpy as np
import pytest

from relutheory._kernels import lanes
from relutheory._kernels._jit import bare_kernel


@bare_kernel
def cut(values, slopes, start, blocks, step, bound):
    return lanes.cut_signs(values, slopes, start, blocks, step, bound)


@bare_kernel
def eliminate(target, source, pivot, start, blocks, factor):
    return lanes.eliminate_column(target, source, pivot, start, blocks, factor)


@bare_kernel
def summarise(table, columns, start, marks, sums, least, marked):
    lanes.summarise_rows(table, columns, start, marks, sums, least, marked)


@bare_kernel
def steep(values, slopes, start, blocks):
    return lanes.steepest(values, slopes, start, blocks)


@bare_kernel
def sure(table, coordinates, start, relative, absolute):
    return lanes.sure_signs(table, coordinates, start, relative, absolute)


@bare_kernel
def put(target, position, word):
    lanes.put_word(target, position, word)


def bits(word: int, count: int) -> list[bool]:
    return [bool(int(word) >> k & 1) for k in range(count)]


@pytest.mark.parametrize("blocks", [0, 1, 3, 8])
def test_cut_signs(blocks):
    values, slopes = np.random.default_rng(blocks).normal(size=(2, 80))
    values[9], values[12] = np.nan, np.inf
    positive, small = cut(values, slopes, 8, blocks, 0.5, 0.7)
    result = (values - 0.5 * slopes)[8 : 8 + 8 * blocks]
    assert bits(positive, 64)[: len(result)] == (result > 0).tolist()
    assert bits(small, 64)[: len(result)] == (~(abs(result) > 0.7)).tolist()
    assert positive >> 8 * blocks == 0 or blocks == 8


def test_an_infinite_or_undefined_bound_makes_all_small():
    values = np.array([1.0, -1.0, np.inf, -np.inf, np.nan, 0.0, 1e300, -1e-300])
    for bound in (np.inf, np.nan):
        assert cut(values, np.zeros(8), 0, 1, 1.0, bound)[1] == 255


def test_eliminate_column():
    source, pivot = np.random.default_rng(1).normal(size=(2, 40))
    target = np.zeros(40)
    largest = eliminate(target, source, pivot, 8, 3, 0.25)
    expected = (source - 0.25 * pivot)[8:32]
    assert np.allclose(target[8:32], expected, rtol=1e-15)
    assert not target[:8].any() and not target[32:].any()
    assert largest == abs(target).max()


def test_summarise_rows():
    table = np.random.default_rng(2).normal(size=(5, 24))
    sums, least, marked = np.zeros(8), np.zeros(8), np.zeros(8, np.uint64)
    summarise(table, 3, 8, np.array([1, 2, 4, 8], np.uint64), sums, least, marked)
    rows = table[:3, 8:16]
    assert np.allclose(sums, abs(rows).sum(axis=0))
    assert np.array_equal(least, abs(rows).min(axis=0))
    assert marked.tolist() == ((rows > 0) * np.array([[1], [2], [4]])).sum(axis=0).tolist()
    summarise(table, 0, 8, np.array([1], np.uint64), sums, least, marked)
    assert not sums.any() and np.isinf(least).all() and not marked.any()


def test_steepest():
    values, slopes = np.random.default_rng(3).normal(size=(2, 24))
    values[10] = 0.0
    ratio = np.delete(slopes / np.where(values == 0, 1, values), 10)[8:23]
    low, high = steep(values, slopes, 8, 2)
    assert low == pytest.approx(max(0, (-ratio).max()), rel=1e-15)
    assert high == pytest.approx(max(0, ratio.max()), rel=1e-15)
    assert steep(np.zeros(8), np.ones(8), 0, 1) == (0.0, 0.0)


def test_sure_signs():
    rng = np.random.default_rng(4)
    table, x = rng.normal(size=(4, 16)), rng.normal(size=3)
    value = x @ table[:3] + table[3]
    size = abs(x) @ abs(table[:3]) + abs(table[3])
    positive, negative = sure(table, x, 8, 0.1, 0.01)
    assert bits(positive, 8) == (value > 0.1 * size + 0.01)[8:].tolist()
    assert bits(negative, 8) == (-value > 0.1 * size + 0.01)[8:].tolist()
    assert sure(table, np.array([np.nan, 0, 0]), 8, 0.0, 0.0) == (0, 0)


def test_put_word():
    target = np.zeros(16, np.uint8)
    put(target, 3, np.uint64(0x0807060504030201))
    assert target.tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0]
