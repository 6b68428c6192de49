"""A special network: a source channel, computing nodes and a collation channel."""

from __future__ import annotations

from typing import Any

from relutheory.plotting.univariate import draw_special_network

PAPER = "daubechies2022"
NUMBER = "after its figure of a special network; its number unverified"
CAPTION = (
    "A special network of width W and depth L. Its top node in each layer, the source channel, hands on the input x; "
    "its bottom node, the collation channel, adds up what the layers before have computed; both are without ReLU. The "
    "W - 2 nodes between compute. On [0, 1] such a network is a ReLU network of the same width and depth: x = ReLU(x), "
    "and the collation channel plus a constant is positive."
)
SEED = 0
SIZE = (5.4, 2.6)

WIDTH, DEPTH = 6, 4


def rows() -> list[dict[str, Any]]:
    """One line per layer: its number of computing nodes."""
    return [{"layer": layer, "computing": WIDTH - 2} for layer in range(1, DEPTH + 1)]


def draw(figure: Any, rows: list[dict[str, str]]) -> None:
    """One picture; rows : the lines of the CSV."""
    draw_special_network(figure.subplots(), int(rows[0]["computing"]), len(rows))
