"""gau.n2: the cycle lemma, and the arrangements of lines by how often the number of active rows changes sides.

m lines through 0 in general position cut the plane into 2m cells.  Going round by half a turn crosses each line once:
the number N of active rows takes m steps +1 or -1, in any of the 2^m ways equally likely, from (m - S)/2 to (m + S)/2,
S the sum of the steps; the opposite cell has m - N.  Let d = m - 2r > 0, and call a cell low if N <= r, high if N >=
m - r.  If there are low cells, going round one meets low and high ones in turn, in 2J alternations with J odd.

J = 1: exactly one low cell with N = r is followed by half a turn with N > r; for J > 1 there is none.  Given N = r,
that is r steps -1 among m, the cycle lemma says that d of the m rotations of a sequence keep N > r: P(J = 1) = 2m
2^(-m) C(m, r) d/m.  J = 2k + 1: reflecting N at every change of sides unfolds the walk into one that falls and rises by
(2k + 1) d, with r - k d steps -1, and every such walk arises from 2k + 1 of them.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb

from proofs_check.steps import Step

MOST = 9  # every sequence of up to so many steps is looked at


def check(extra: int = 0) -> list[Step]:
    """The steps of the proof.  extra : 0; added to d = m - 2 r."""
    steps = []
    for m in range(1, MOST + 1):
        cycle, alternations = True, True
        walks = [round_trip(s) for s in product((1, -1), repeat=m)]
        for r in range((m + 1) // 2):
            d = m - 2 * r + extra
            cycle = cycle and all(rotations(s) == d for s in product((1, -1), repeat=m) if s.count(-1) == r)
            for k in range(m):
                seen = sum(changes(walk, m, r) == 2 * (2 * k + 1) for walk in walks)
                expected = 2 * d * comb(m, r - k * d) if r >= k * d else 0
                alternations = alternations and seen == expected
        steps.append(Step(f"m = {m}: with r steps -1, m - 2r rotations have positive partial sums", cycle))
        steps.append(
            Step(f"m = {m}: 2 (m - 2r) C(m, r - k (m - 2r)) walks have 2 (2k + 1) changes of sides", alternations)
        )
    least = all(
        Fraction(2 * (m - 2) * m, 2**m)
        == Fraction(sum(min(round_trip(s)) <= 1 for s in product((1, -1), repeat=m)), 2**m)
        for m in range(4, MOST + 1)
    )
    steps.append(Step("r = 1, m >= 4: P(some cell has at most one active row) = m (m-2) 2^(1-m)", least))
    return steps


def round_trip(steps: tuple[int, ...]) -> list[int]:
    """The number of active rows in each of the 2m cells."""
    counts = [steps.count(-1)]
    for step in steps:
        counts.append(counts[-1] + step)
    return counts[:-1] + [len(steps) - n for n in counts[:-1]]


def rotations(steps: tuple[int, ...]) -> int:
    """How many rotations of a sequence have positive partial sums only."""
    found = 0
    for i in range(len(steps)):
        total, positive = 0, True
        for step in steps[i:] + steps[:i]:
            total += step
            positive = positive and total > 0
        found += positive
    return found


def changes(walk: list[int], m: int, r: int) -> int:
    """How often low and high cells change turns, once round."""
    sides = [-1 if n <= r else 1 for n in walk if n <= r or n >= m - r]
    return sum(a != b for a, b in zip(sides, sides[1:] + sides[:1], strict=True))
