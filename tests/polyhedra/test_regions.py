"""Counting and enumerating: every engine against the exact one, limits, parts, files, bad input."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relutheory import Box, InputError, Polyhedron, ReLULayer, ReLUNetwork, Rigor, activation_pattern
from relutheory.core.executors import process_pool
from relutheory.polyhedra import (
    breakpoints,
    count_regions,
    dual_graph,
    enumerate_regions,
    merged_regions,
    region_volumes,
    restrict,
)
from relutheory.polyhedra.engines import batches
from relutheory.polyhedra.parts import split_domain


def network(seed: int, n: int, widths: tuple[int, ...], *, integer: bool = False) -> ReLUNetwork:
    rng = np.random.default_rng([seed, n])
    pairs, before = [], n
    for m in (*widths, 1):
        W, b = rng.standard_normal((m, before)), rng.standard_normal(m)
        pairs.append((np.round(W * 1.5), np.round(b)) if integer else (W, b))
        before = m
    return ReLUNetwork(pairs)


def patterns(net: ReLUNetwork | ReLULayer, domain: Polyhedron | None, engine: str | None = None) -> set[bytes]:
    total = sum(net.widths) if isinstance(net, ReLUNetwork) else net.m
    rows = [row.tobytes() for batch in enumerate_regions(net, domain, engine=engine) for row in batch.bits(total)]
    assert len(rows) == len(set(rows))
    return set(rows)


CASES = [
    (n, widths, integer)
    for n, widths in [(1, (5, 4)), (2, (6, 4)), (2, (7,)), (3, (5, 3)), (3, (6,)), (4, (5,))]
    for integer in (False, True)
]


@pytest.mark.parametrize(("n", "widths", "integer"), CASES)
@pytest.mark.parametrize("where", ["space", "box", "polyhedron"])
def test_the_chosen_engine_finds_the_regions_of_the_exact_one(
    n: int, widths: tuple[int, ...], integer: bool, where: str
) -> None:
    domain = {"space": None, "box": Box(-1, "3/2", n=n), "polyhedron": Polyhedron([[1] * n, [-2] * n], ["1/3", 4])}[
        where
    ]
    for seed in range(3):
        net = network(seed, n, widths, integer=integer)
        expected = patterns(net, domain, "exact")
        assert patterns(net, domain) == expected
        count = count_regions(net, domain)
        assert (count.activation_regions, count.complete, count.rigor) == (len(expected), True, Rigor.EXACT)
        assert count.activation_regions <= count.at_most
        for batch in enumerate_regions(net, domain, batch=3):
            assert 1 <= batch.count <= 3
            for i, bits in enumerate(batch.bits(sum(widths)).tolist()):
                assert np.concatenate(activation_pattern(net, [batch.point(i)]), axis=1)[0].tolist() == bits


@pytest.mark.parametrize(("n", "widths"), [(1, (3, 2)), (2, (4, 2)), (3, (4,)), (3, (3, 2))])
@pytest.mark.parametrize("integer", [False, True])
def test_linear_programs_find_the_same(n: int, widths: tuple[int, ...], integer: bool) -> None:
    net = network(7, n, widths, integer=integer)
    total = sum(widths)
    half = Box([0, *[float("-inf")] * (n - 1)], [float("inf")] * n)
    for domain in (None, Box(-1, "3/2", n=n), half, Polyhedron([[1] * n], ["1/3"])):
        found = {}
        for engine in ("programs", "exact"):
            every = list(enumerate_regions(net, domain, engine=engine, facets=True))
            rows = [
                (bits.tobytes(), (bool(bounded), facets.tobytes()))
                for batch in every
                for bits, bounded, facets in zip(batch.bits(total), batch.bounded, batch.facets, strict=True)
            ]
            found[engine] = dict(rows)
            assert len(found[engine]) == len(rows)
        assert found["programs"] == found["exact"]


def test_linear_programs_refuse_a_domain_without_interior() -> None:
    for domain in (
        Box([0, 0, 0], [1, 0, 1]),
        Polyhedron([[1, 0, 0], [-1, 0, 0]], [0, 0]),
        Polyhedron([[0, 0, 0]], [-1]),
    ):
        with pytest.raises(InputError, match="must have a non-empty interior"):
            list(enumerate_regions(network(0, 3, (2,)), domain, engine="programs"))


def test_many_inputs() -> None:
    rng = np.random.default_rng(0)
    net = ReLUNetwork([(rng.standard_normal((4, 20)), rng.standard_normal(4)), (rng.standard_normal((1, 4)), [0])])
    count = count_regions(net, Box(-1, 1, n=20))
    assert (count.activation_regions, count.engine, count.complete) == (16, "programs", True)
    assert count_regions(net, store=None, executor=ThreadPoolExecutor(1)).activation_regions == 16
    wide = ReLUNetwork([(rng.standard_normal((30, 20)), rng.standard_normal(30)), (rng.standard_normal((1, 30)), [0])])
    assert not count_regions(wide, Box(-1, 1, n=20), limit=20).complete
    # it stops also where a region takes long
    assert not count_regions(network(0, 30, (60, 60)), Box(-1, 1, n=30), time_limit=0.5).complete
    for call in (
        lambda: dual_graph(net),
        lambda: count_regions(net, linear=True),
        lambda: count_regions(net, engine="space"),
    ):
        with pytest.raises(InputError, match="inputs"):
            call()


def test_a_layer_counts_like_the_network_of_it() -> None:
    layer = ReLULayer([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    assert count_regions(layer).activation_regions == 7
    assert count_regions(ReLUNetwork([layer])).activation_regions == 7


def test_a_network_without_neurons_has_one_region() -> None:
    for n in (1, 2, 3):
        net = ReLUNetwork([([[1] * n], [2])])
        assert count_regions(net, linear=True).linear_regions == 1
        [batch] = enumerate_regions(net, Box(1, 2, n=n))
        assert (batch.count, batch.patterns.shape, batch.bits(0).shape) == (1, (1, 0), (1, 0))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_limit_or_a_time_limit_leaves_the_count_incomplete(n: int) -> None:
    net = network(0, n, (8, 6))
    whole = count_regions(net)
    some = count_regions(net, limit=5)
    assert some.rigor is (Rigor.EXACT if some.complete else Rigor.ENCLOSED)
    assert 5 < some.activation_regions <= whole.activation_regions <= some.at_most
    assert some.complete == (some.activation_regions == whole.activation_regions)
    none = count_regions(net, time_limit=0)
    assert not none.complete
    assert none.linear_regions is None
    exact = count_regions(net, limit=whole.activation_regions)
    assert exact.complete


@pytest.mark.parametrize("n", [1, 2, 3])
def test_parts_add_up_in_any_executor(n: int) -> None:
    net = network(1, n, (7, 5))
    whole = count_regions(net).activation_regions
    with ThreadPoolExecutor(3) as executor:
        shared = count_regions(net, executor=executor)
    assert (shared.activation_regions, shared.complete) == (whole, True)
    box = Box(-1, 1, n=n)
    parts = split_domain(net.layers, box)
    assert len(parts) > 1
    assert sum(volume for _, volume in region_volumes(net, box)) == 2**n


def test_processes_count_the_same() -> None:
    net = network(2, 2, (8, 5))
    with process_pool(2) as executor:
        assert count_regions(net, executor=executor).activation_regions == count_regions(net).activation_regions


def test_a_stopped_count_goes_on_from_its_file(tmp_path: Path) -> None:
    net, store = network(3, 2, (8, 6)), tmp_path / "parts.jsonl"
    whole = count_regions(net).activation_regions
    assert count_regions(net, store=store).activation_regions == whole
    lines = store.read_text().splitlines(keepends=True)
    store.write_text("".join(lines[: len(lines) // 2]) + '{"part": 3, "regi')  # as a kill leaves it
    again = count_regions(net, store=store)
    assert (again.activation_regions, again.complete) == (whole, True)
    assert sorted(store.read_text().splitlines()[1:]) == sorted(line.rstrip("\n") for line in lines[1:])
    stopped = tmp_path / "stopped.jsonl"
    assert not count_regions(net, store=stopped, limit=whole // 2).complete
    assert 1 < len(stopped.read_text().splitlines()) < len(lines)
    assert count_regions(net, store=stopped).activation_regions == whole


def test_a_file_with_half_a_title_is_begun_again(tmp_path: Path) -> None:
    net, store = network(3, 2, (4, 2)), tmp_path / "parts.jsonl"
    whole = count_regions(net, store=store).activation_regions
    title = store.read_text().splitlines()[0]
    for text in ("", title[:20], title):
        store.write_text(text)
        assert count_regions(net, store=store).activation_regions == whole
        assert store.read_text().splitlines()[0] == title
    store.write_bytes(store.read_bytes().replace(b"\n", b"\r\n")[:-9])  # as another system writes it, and cut
    assert count_regions(net, store=store).activation_regions == whole
    assert count_regions(net, store=store).activation_regions == whole


def test_a_file_of_another_count_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "parts.jsonl"
    count_regions(network(3, 2, (4, 2)), store=store)
    before = store.read_text()
    with pytest.raises(InputError, match="is about another network, domain or engine"):
        count_regions(network(4, 2, (4, 2)), store=store)
    assert store.read_text() == before
    store.write_text("something else")
    with pytest.raises(InputError, match="is not a file of counts"):
        count_regions(network(4, 2, (4, 2)), store=store)
    part = json.loads(before.splitlines()[1])
    other = json.dumps(part | {"regions": part["regions"] + 1})
    for line in ("garbage", "[1]", '{"part": 99999, "regions": 5, "engine": "plane"}', other):
        store.write_text(before + line + "\n")
        with pytest.raises(InputError, match="has a line that is not a part of this count"):
            count_regions(network(3, 2, (4, 2)), store=store)
        assert store.read_text() == before + line + "\n"
    with pytest.raises(InputError, match=r"store = .*cannot be written"):
        count_regions(network(4, 2, (4, 2)), store=tmp_path / "no" / "folder.jsonl")


def test_bad_input_is_one_line() -> None:
    net = network(0, 2, (3,))
    for call, message in [
        (lambda: count_regions(net, Box([0], [1])), r"must lie in the network's input space, R\^2"),
        (lambda: count_regions(net, [[0, 1]]), "domain = .*must be a Box, a Polyhedron or None"),
        (lambda: count_regions(net, Box([0, 0], [0, 1])), "must have a non-empty interior"),
        (lambda: count_regions(net, limit=-1), "limit = -1: must be a non-negative number"),
        (lambda: count_regions(net, time_limit=float("nan")), "time_limit = nan: must be"),
        (lambda: count_regions(net, engine="fast"), "engine = 'fast': must be one of"),
        (lambda: count_regions(net, engine="line"), "engine = 'line': is not for networks with 2 inputs"),
        (lambda: count_regions("net"), "net = 'net': must be a ReLULayer or a ReLUNetwork"),
        (lambda: list(enumerate_regions(net, batch=0)), "batch = 0: must be a positive integer"),
        (lambda: count_regions(net, executor=3), "executor = 3: must be"),
        (lambda: count_regions(net, store=12), "store = 12: must be"),
        (lambda: dual_graph(ReLUNetwork([([[1, 1]], [2])]), Box([0, 0], [0, 1])), "must have a non-empty interior"),
    ]:
        with pytest.raises(InputError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("k", [1, 2])
def test_a_slice_is_the_network_on_the_flat(k: int) -> None:
    rng = np.random.default_rng(k)
    net = network(5, 4, (6, 3))
    points = rng.integers(-3, 4, (k + 1, 4))
    cut = restrict(net, points)
    for t in product((-2, "1/3", 1), repeat=k):
        x = [
            p + sum(s * (q - p) for s, q in zip(map(_number, t), column, strict=True))
            for p, *column in zip(*map(_exact, points), strict=True)
        ]
        assert cut.forward_exact(t) == net.forward_exact(x)
    assert patterns(cut, None) == patterns(cut, None, "exact")


def _number(text: object):  # type: ignore[no-untyped-def]
    from relutheory.core.exact import rational

    return rational(text)


def _exact(row: np.ndarray):  # type: ignore[no-untyped-def]
    return [_number(int(v)) for v in row]


def test_points_that_span_less_are_refused() -> None:
    net = network(0, 3, (2,))
    with pytest.raises(InputError, match="affinely independent"):
        restrict(net, [[0, 0, 0], [1, 1, 1], [2, 2, 2]])
    with pytest.raises(InputError, match="must be at least two"):
        restrict(net, [[0, 0, 0]])


def test_one_layer_in_general_position_needs_no_parts(tmp_path: Path) -> None:
    layer = ReLULayer(np.random.default_rng(0).standard_normal((20, 4)))
    with ThreadPoolExecutor(2) as executor:
        count = count_regions(layer, executor=executor, store=tmp_path / "parts.jsonl")
    assert (count.activation_regions, count.engine) == (2320, "cells")
    twice = ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 0, 0]])
    degenerate = count_regions(twice, store=tmp_path / "others.jsonl", linear=True)
    assert (degenerate.activation_regions, degenerate.linear_regions, degenerate.engine) == (8, 8, "space")
    assert count_regions(twice, linear=True, engine="exact").linear_regions == 8


def test_questions_to_a_batch_are_checked() -> None:
    [batch] = enumerate_regions(network(0, 2, (3,)), Box([-1, -1], [1, 1]))
    [count] = [found for _, found in batches(network(0, 2, (3,)).layers, None, listed=False) if found.count]
    for call in (
        lambda: batch.bits(20),
        lambda: batch.point(-1),
        lambda: batch.point(batch.count),
        lambda: count.bits(3),
    ):
        with pytest.raises(InputError):
            call()


def test_every_function_refuses_what_does_not_fit() -> None:
    net, line = network(0, 2, (3,)), network(0, 1, (3,))
    calls: list[tuple[Any, str]] = [
        (lambda: dual_graph(net, engine="foo"), "engine = 'foo'"),
        (lambda: dual_graph(net, Box([0], [1])), "must lie in"),
        (lambda: merged_regions(net, "x"), "domain = 'x'"),
        (lambda: enumerate_regions(network(0, 2, (3, 2)), engine="cells"), "engine = 'cells'"),  # before any batch
        (lambda: restrict(3, [[0], [1]]), "net = 3"),
        (lambda: breakpoints(3), "net = 3"),
        (lambda: breakpoints(line, "x"), "domain = 'x'"),
        (lambda: breakpoints(line, Box([0, 0], [1, 1])), "must be a Box or Polyhedron in R"),
        (lambda: breakpoints(net), "must have one input"),
    ]
    for call, message in calls:
        with pytest.raises(InputError, match=message):
            call()


def test_counting_makes_no_patterns() -> None:
    for n in (1, 2, 3):
        layers = network(0, n, (4, 3)).layers
        for _, batch in batches(layers, None, listed=False):
            assert batch.patterns is None or batch.count == 0
