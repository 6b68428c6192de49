"""The depth from which on a point's activation pattern never changes again, with a proof.

Two functions, of which the first is the proof and the second finds the depth:

    stays_frozen(family, n, x_enclosure, pattern, *, row_proof=None) -> Verdict
    freezing_depth(family, x, *, max_depth=..., time_limit=...) -> Freezing

Proof.  Let X be a box that holds x_i for all i >= n, and let x_n have the bits J_n.
* Where the lower end of X_j is > 0, bit j is 1 for ever: bit 1 of a layer is (x_i)_j > 0.
* Let D be the coordinates with bit 0.  If for each j in D and all i > n, sum_l W_i[j, l] x_l + b_i[j] <= 0 for all x in
  X with x_D = 0, then bits D are 0 for ever: by induction on i, for (x_{i-1})_D = 0 makes that sum the pre-activation.
* A coordinate j with bit 1 whose X_j touches 0 keeps its bit if W_i[j, j] > 0 and the sum over the others and b_i[j] is
  >= 0 for all i > n, again by induction, since (x_{i-1})_j > 0.
For W_i = I + P_i, X comes from |x_i - x_n| <= (e^S - 1) |x_n| + e^S B, S and B the sums of |P_i|, |b_i| over i > n.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np
from flint import arb

from relutheory.core.errors import check_limit, reject
from relutheory.core.exact import rational
from relutheory.core.verdict import Enclosure, NotABool, Rigor, Verdict
from relutheory.deep_limit.balls import enclosure, working_precision, writable
from relutheory.deep_limit.families.layer_sequence import check_family
from relutheory.deep_limit.limits.enclosing import Pass, exact_input, later_box, tail_radius
from relutheory.deep_limit.row_signs import row_signs

RowProof = Callable[[int, int, Sequence[Fraction], Sequence[Fraction | None]], bool]
_BITS = 128  # of balls, at first
_MOST_BITS = 2048
_SETTLED = 16  # layers after which an infinite family that still changes its width is given up


@dataclass(frozen=True, kw_only=True)
class Freezing(NotABool):
    """Where the pattern of a point freezes; made by `freezing_depth`.

    verdict : HOLDS where it is proved that J_i = J_depth for all i >= depth, else UNDECIDED.  depth : the least such
    depth, None where undecided.  pattern : (m,) uint8, the bits of layer `layers`; frozen where the verdict is HOLDS.
    layers : how many were passed.  changed : the last of them whose pattern is not that of the layer before.
    enclosure : ends of (x_i)_j for all i >= layers, () where none is proved.  reason : one sentence.
    """

    verdict: Verdict
    depth: int | None
    pattern: np.ndarray
    layers: int
    changed: int
    enclosure: tuple[Enclosure, ...]
    reason: str

    @property
    def rigor(self) -> Rigor:
        """The bits are exact, and so is the depth."""
        return Rigor.EXACT


def stays_frozen(family: Any, n: int, x_enclosure: Any, pattern: Any, *, row_proof: RowProof | None = None) -> Verdict:
    """Whether every layer after the n-th has the bits of layer n at a point.

    family : DeepFamily.  n : a layer >= 1.  x_enclosure : a pair (lower, upper) of sequences of m exact numbers, or m
    balls (flint arb): (x_i)_j lies between for all i >= n; an upper end None is no bound.  pattern : the m bits J_n.
    row_proof : a function (j, sign, lower, upper), for families without formulas in n: True where it is proved that
    sum_{l != j} W_i[j, l] x_l + b_i[j] is <= 0 (sign -1), or >= 0 and W_i[j, j] > 0 (sign 1), for all i > n and all
    lower <= x <= upper, m Fractions each (or None for no bound).
    Returns HOLDS (later layers have these bits; of coordinates that a wider layer adds nothing is said) or UNDECIDED.
    Raises InputError for lengths that do not fit.

    >>> from relutheory.deep_limit.families.family import DeepFamily
    >>> family = DeepFamily.from_symbolic("I + A/n**2", "c/n**2", constants={"A": [[0, 0], [1, 0]], "c": [0, -3]})
    >>> stays_frozen(family, 4, ([1, 0], [2, 1]), [1, 0]).value
    'holds'
    """
    check_family(family)
    _check_row_proof(row_proof)
    return _failure(family, n, x_enclosure, pattern, row_proof)[0]


def _check_row_proof(row_proof: Any) -> None:
    if row_proof is not None and not callable(row_proof):
        reject("row_proof", row_proof, "must be a function of (j, sign, lower, upper) or None")


def _layer_number(n: Any) -> int:
    if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
        reject("n", n, "must be an integer, at least 1")
    return int(n)


def _bits(pattern: Any) -> list[bool]:
    bits = list(pattern) if isinstance(pattern, Iterable) and not isinstance(pattern, str) else [None]
    if not all(isinstance(bit, (int, np.integer, np.bool_)) and bit in (0, 1) for bit in bits):
        reject("pattern", pattern, "must be bits, 0 or 1")
    return [bool(bit) for bit in bits]


def _failure(family: Any, n: int, x_enclosure: Any, pattern: Any, row_proof: RowProof | None) -> tuple[Verdict, str]:
    """The verdict of `stays_frozen`, and what is missing."""
    n, bits, (lower, upper) = _layer_number(n), _bits(pattern), _ends(x_enclosure)
    if len(bits) != len(lower):
        reject("pattern", f"{len(bits)} bits", f"must be one for each of the {len(lower)} coordinates of x_enclosure")
    if family.length is not None and n >= family.length:  # x_i = ReLU(x_n) = x_n from here on
        return Verdict.HOLDS, ""
    unsafe = [j for j, bit in enumerate(bits) if not bit or not lower[j] > 0]
    signs = row_signs(family) if unsafe and row_proof is None else None
    if unsafe and row_proof is None and signs is None:
        return Verdict.UNDECIDED, f"the family has no formulas in n to prove that coordinate {unsafe[0]} keeps its bit"
    lower = [low if bit else Fraction(0) for bit, low in zip(bits, lower, strict=True)]
    upper = [high if bit else Fraction(0) for bit, high in zip(bits, upper, strict=True)]
    for j in unsafe:
        sign = 1 if bits[j] else -1
        if row_proof is not None:
            proved = row_proof(j, sign, lower, upper)
        else:
            assert signs is not None
            proved = (sign < 0 or signs.diagonal_is_positive(n, j)) and signs.proves(n, j, sign, lower, upper)
        if not proved:
            return Verdict.UNDECIDED, f"coordinate {j} is not proved to stay {'> 0' if bits[j] else '0'}"
    return Verdict.HOLDS, ""


def _ends(x_enclosure: Any) -> tuple[list[Fraction], list[Fraction | None]]:
    """The ends of the enclosure, the lower ones not negative, as x_i = ReLU(...) is not."""
    rule = "must be a pair (lower, upper) of sequences of one length, or balls"
    values = list(x_enclosure) if isinstance(x_enclosure, Iterable) and not isinstance(x_enclosure, str) else []
    if values and all(isinstance(value, arb) for value in values):
        balls = [enclosure(value, positive=False) for value in values]
        values = [[ball.lo for ball in balls], [ball.hi for ball in balls]]
    if len(values) != 2 or not all(hasattr(v, "__len__") for v in values) or len(values[0]) != len(values[1]):
        reject("x_enclosure", x_enclosure, rule)
    lower = [max(rational(v, "x_enclosure"), Fraction(0)) for v in values[0]]
    upper = [None if v is None else rational(v, "x_enclosure") for v in values[1]]
    if any(high is not None and low > high for low, high in zip(lower, upper, strict=True)):
        reject("x_enclosure", x_enclosure, "must have lower <= upper and upper >= 0")
    return lower, upper


def freezing_depth(
    family: Any, x: Any, *, max_depth: int = 4096, time_limit: float | None = 30.0, row_proof: RowProof | None = None
) -> Freezing:
    """The depth from which on the activation pattern of a point never changes again.

    family : DeepFamily.  x : exact numbers, the input.  max_depth : layers; time_limit : seconds or None.
    row_proof : as in `stays_frozen`, for families without formulas in n.
    Returns a `Freezing`: HOLDS with the least depth, or UNDECIDED with the reason.  All bits are exact.
    Raises InputError for bad arguments, and for layers that are not what they must be.

    >>> from relutheory.deep_limit.families.family import DeepFamily
    >>> family = DeepFamily.from_symbolic("I", "c/n**2", constants={"c": [-1]}, width=1)
    >>> freezing_depth(family, ["3/2"]).depth, freezing_depth(family, [2]).depth
    (7, 1)
    """
    check_family(family)
    _check_row_proof(row_proof)
    if isinstance(max_depth, bool) or not isinstance(max_depth, (int, np.integer)) or max_depth < 1:
        reject("max_depth", max_depth, "must be a positive integer")
    seconds = check_limit("time_limit", time_limit)
    deadline = math.inf if seconds is None else time.monotonic() + seconds
    point, bits = exact_input(family, x), _BITS
    while True:
        with working_precision(bits):
            found, open_sign = _search(family, point, int(max_depth), deadline, bits, row_proof)
        if not open_sign or bits >= _MOST_BITS or time.monotonic() > deadline:
            return found
        bits *= 4


def _search(
    family: Any, point: Any, max_depth: int, deadline: float, bits: int, row_proof: RowProof | None
) -> tuple[Freezing, bool]:
    """What is found at one precision, and whether more precision may help."""
    walk = Pass(family, point, bits, exact_bits=16 * bits)
    last = max_depth if family.length is None else min(max_depth, family.length)
    pattern, changed, due, reason = np.zeros(0, np.uint8), 0, 1, ""
    while walk.depth < last:
        walk.advance()
        n, values = walk.depth, walk.point()
        new = [1 if value > 0 else 0 if value == 0 else None for value in values]
        if None in new:
            reason = f"the sign of coordinate {new.index(None)} of layer {n} is not decided at {bits} bits"
            return _undecided(pattern, n - 1, max(changed, 0), reason), True
        before, pattern = pattern, np.array(new, dtype=np.uint8)
        if n == 1 or not np.array_equal(before, pattern):
            changed = n
        late = time.monotonic() > deadline
        if n in (due, last) or late:
            due = max(n + 1, n * 3 // 2)
            found = _attempt(family, n, values, pattern, row_proof)
            if found[0] is Verdict.HOLDS:
                return _frozen(found[2], pattern, n, changed), False
            reason = found[1]
            if n >= _SETTLED and family.length is None and family.width(n + 1) != len(values):
                break
        if late:
            reason = f"time_limit was reached; {reason}"
            break
    return _undecided(pattern, walk.depth, changed, reason), False


def _attempt(
    family: Any, n: int, values: Sequence[arb], pattern: np.ndarray, row_proof: RowProof | None
) -> tuple[Verdict, str, tuple[Enclosure, ...]]:
    """Try to prove that the pattern is frozen after layer n: verdict, what is missing, the box."""
    if family.length is not None and n >= family.length:
        return Verdict.HOLDS, "", tuple(enclosure(value) for value in values)
    if family.width(n + 1) != len(values):
        return Verdict.UNDECIDED, "the widths change, and with them the pattern", ()
    radius = tail_radius(family, n, values)
    # a number like e^(10^12) is no bound of use, and would fill the memory as a rational
    if radius is None or not all(writable(ball) for ball in (radius[0], *values)):
        anything = [0] * len(values), [None] * len(values)  # signs of the weights alone may do
        verdict, reason = _failure(family, n, anything, pattern, row_proof)
        return verdict, f"the sums of |P_i| and |b_i| are not proved finite in one norm, or far too large; {reason}", ()
    box = later_box(values, [radius[0]] * len(values))
    return *_failure(family, n, box, pattern, row_proof), tuple(enclosure(ball) for ball in box)


def _frozen(box: tuple[Enclosure, ...], pattern: np.ndarray, layers: int, changed: int) -> Freezing:
    return Freezing(
        verdict=Verdict.HOLDS,
        depth=changed,
        pattern=pattern,
        layers=layers,
        changed=changed,
        enclosure=box,
        reason="",
    )


def _undecided(pattern: np.ndarray, layers: int, changed: int, reason: str) -> Freezing:
    return Freezing(
        verdict=Verdict.UNDECIDED,
        depth=None,
        pattern=pattern,
        layers=layers,
        changed=changed,
        enclosure=(),
        reason=reason,
    )
