"""reg.montufar: the neurons ReLU(p x - k), k = 0, ..., p - 1, fold the interval (0, 1) p times onto itself.

Let h = ReLU(p x) - 2 ReLU(p x - 1) + 2 ReLU(p x - 2) - ... .  On the piece p x = i + s with 0 < s < 1 it is s for even
i and 1 - s for odd i, so each of the p pieces is mapped onto (0, 1), and each of the p^n boxes of a cube onto the cube.
What the layers after this one do in the cube they do in each box; folded p and then q times, the cube
consists of (p q)^n boxes.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal

s = sp.Symbol("s", positive=True)
r = sp.Symbol("r", positive=True)  # 1 - s
FOLDS = range(1, 4)


def check(weight: int = 2) -> list[Step]:
    """The steps of the proof.  weight : of the neurons k >= 1, with alternating sign."""
    return [*active(), *pieces(weight), *induction(weight), onto(), *twice(weight)]


def active() -> list[Step]:
    """On piece i the neurons k <= i are active and the others not, with p x = i + s = i + 1 - r."""
    return [
        Step(f"ReLU(i + s - k) = i - k + s for i - k = {d} >= 0", equal(sp.Max(d + s, 0), d + s)) for d in range(3)
    ] + [Step(f"ReLU(i + 1 - r - k) = 0 for i + 1 - k = {-d} <= 0", equal(sp.Max(-d - r, 0), 0)) for d in range(3)]


def folded(i: int, weight: int, position: sp.Expr = s) -> sp.Expr:
    """h on piece i, at p x = i + position."""
    return sum((i + position - k) * (weight * (-1) ** k if k else 1) for k in range(i + 1))


def pieces(weight: int) -> list[Step]:
    """h is s on even pieces and 1 - s on odd ones."""
    return [
        Step(f"piece {i}: {'1 - s' if i % 2 else 's'}", equal(folded(i, weight), 1 - s if i % 2 else s))
        for i in range(8)
    ]


def induction(weight: int) -> list[Step]:
    """From piece i to i + 1: the form of piece i at 1 + s, and one more neuron."""
    return [
        Step("s on piece i, 1 - s on the next: (1 + s) - 2 s = 1 - s", equal((1 + s) - weight * s, 1 - s)),
        Step("1 - s on piece i, s on the next: 1 - (1 + s) + 2 s = s", equal(1 - (1 + s) + weight * s, s)),
    ]


def onto() -> Step:
    """Both forms map (0, 1) onto (0, 1): 1 - s is its own inverse."""
    return Step("1 - (1 - s) = s", equal((1 - s).subs(s, 1 - s), s))


def twice(weight: int) -> list[Step]:
    """Folded p times and then q times, an interval is folded p q times: piece k = i q + j of it lies in piece i.

    There p x = i + (j + s) / q, and what the first fold makes of it is a piece of the second one.
    """
    steps = []
    for p, q in [(p, q) for p in FOLDS for q in FOLDS]:
        for k in range(p * q):
            i, j = divmod(k, q)
            once = q * folded(i, weight, (j + s) / q)
            piece = q - 1 - j if i % 2 else j
            steps += [
                Step(f"piece {k} of {p} x {q} onto piece {piece}", equal(once - piece, 1 - s if i % 2 else s)),
                Step(
                    f"piece {k} of {p} x {q} as of {p * q}",
                    equal(folded(piece, weight, once - piece), folded(k, weight)),
                ),
            ]
    return steps
