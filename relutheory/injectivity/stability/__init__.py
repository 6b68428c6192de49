"""How much a layer stretches and shrinks distances: enclosures of both Lipschitz constants."""

from relutheory.injectivity.stability.cells import Cell
from relutheory.injectivity.stability.constants import lipschitz_bounds, lower_lipschitz, upper_lipschitz
from relutheory.injectivity.stability.pairs import Pair
from relutheory.injectivity.stability.result import LipschitzBounds, LipschitzResult

__all__ = [
    "Cell",
    "LipschitzBounds",
    "LipschitzResult",
    "Pair",
    "lipschitz_bounds",
    "lower_lipschitz",
    "upper_lipschitz",
]
