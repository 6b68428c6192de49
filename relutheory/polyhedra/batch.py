"""What the region engines yield: batches of regions as arrays, never an object per region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relutheory.core.errors import reject


@dataclass(frozen=True)
class RegionBatch:
    """Some activation regions of one network, as arrays over k regions.

    count : k.  patterns : (k, ceil(N/8)) uint8, the bits of all N neurons, layer after layer, packed as by
    `np.packbits(..., axis=1, bitorder="little")`.  points : (k, n) float64, each in the interior of its region,
    exactly; NaN where no float64 point was found, and then `exact_points` has a rational one under the row's index.
    bounded : (k,) bool.  facets : like `patterns`, bit j set where neuron j carries a facet (of neurons that vanish on
    one hyperplane the first); None where not asked for.  All but `count` are None where only counting was asked for.
    """

    count: int
    patterns: np.ndarray | None = None
    points: np.ndarray | None = None
    bounded: np.ndarray | None = None
    facets: np.ndarray | None = None
    exact_points: dict[int, tuple[Fraction, ...]] | None = None

    def bits(self, neurons: int) -> np.ndarray:
        """The patterns as (k, N) uint8 bits.  neurons : N, the number of neurons of the network."""
        if self.patterns is None:
            reject("batch", self.count, "regions without patterns: it was made for counting only")
        if self.patterns.shape[1] != (neurons + 7) // 8:
            reject("neurons", neurons, f"must be the network's number of neurons, at most {8 * self.patterns.shape[1]}")
        return unpack(self.patterns, neurons)

    def parts(self, size: int) -> Iterator[RegionBatch]:
        """The same regions in batches of at most `size`; a mere count stays as it is."""
        if self.patterns is None or self.count <= size:
            yield self
            return
        for start in range(0, self.count, size):
            stop = min(start + size, self.count)
            yield RegionBatch(
                count=stop - start,
                patterns=self.patterns[start:stop],
                points=None if self.points is None else self.points[start:stop],
                bounded=None if self.bounded is None else self.bounded[start:stop],
                facets=None if self.facets is None else self.facets[start:stop],
                exact_points={i - start: p for i, p in (self.exact_points or {}).items() if start <= i < stop},
            )

    def point(self, i: int) -> tuple[Fraction, ...]:
        """The point of region i, exactly."""
        if self.points is None:
            reject("batch", self.count, "regions without points: ask for them")
        if not 0 <= i < self.count:
            reject("i", i, f"must be the number of a region, 0 to {self.count - 1}")
        if self.exact_points and i in self.exact_points:
            return self.exact_points[i]
        return tuple(map(Fraction, self.points[i].tolist()))


def pack(bits: Sequence[Sequence[int]] | np.ndarray, neurons: int) -> np.ndarray:
    """Rows of N bits as rows of bytes, in the order of `RegionBatch.patterns`."""
    return np.packbits(np.asarray(bits, dtype=np.uint8).reshape(len(bits), neurons), axis=1, bitorder="little")


def unpack(patterns: np.ndarray, neurons: int) -> np.ndarray:
    """(k, N) uint8 bits of packed patterns."""
    return np.unpackbits(patterns, axis=1, count=neurons, bitorder="little")
