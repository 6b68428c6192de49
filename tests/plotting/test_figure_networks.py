"""The networks of the figures do what their captions say."""

from __future__ import annotations

import numpy as np
import pytest

from paper_figs import regions_against_bounds, trained_partition
from relutheory import Box
from relutheory.plotting.figures import from_csv, to_csv
from relutheory.polyhedra.bounds import montufar_lower
from relutheory.polyhedra.exact_tree import exact_regions


@pytest.mark.parametrize("widths", [[5], [4, 4], [5, 3], [2, 3, 4], [6, 4]])
def test_folding_networks_have_the_promised_regions_in_the_square(widths):
    net = regions_against_bounds.folding_network(widths)
    found = [region.bits for region in exact_regions(net.layers, Box([0, 0], [1, 1]))]
    assert len(set(found)) == len(found) >= montufar_lower(widths, 2)
    assert net.widths == tuple(widths)


def test_counts_of_the_figure_agree_with_the_exact_engine():
    for line in from_csv(to_csv(regions_against_bounds.rows())):
        widths, item = [int(line["width"])] * int(line["depth"]), line["item"]
        if sum(widths) < 13 and item in ("random", "folding"):
            number = int(line["number"] or 0)
            made = regions_against_bounds.random_network(widths, number)
            net = made if item == "random" else regions_against_bounds.folding_network(widths)
            assert int(line["regions"]) == sum(1 for _ in exact_regions(net.layers))


def test_the_trained_network_tells_the_half_moons_apart():
    classes, points = zip(*trained_partition.half_moons(), strict=True)
    rates = {
        panel: np.mean((trained_partition.network(weights).forward(points)[:, 0] > 0) == np.array(classes))
        for panel, weights in trained_partition.WEIGHTS.items()
    }
    assert rates["a"] < 0.7 and rates["b"] > 0.97


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_training_again_gives_a_network_as_good():
    pytest.importorskip("sklearn")
    weights = " ".join(map(str, trained_partition.train()["b"]))
    classes, points = zip(*trained_partition.half_moons(), strict=True)
    assert np.mean((trained_partition.network(weights).forward(points)[:, 0] > 0) == np.array(classes)) > 0.95
