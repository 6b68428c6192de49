"""How far the network of depth n can be from its limit, over a whole box of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, arb_mat

from relutheory.core.errors import reject
from relutheory.core.sets import Box
from relutheory.core.verdict import NotABool, Rigor, Verdict
from relutheory.deep_limit.balls import (
    exact_end,
    float_above,
    relu,
    to_arb,
    vector_norm,
    working_precision,
    writable,
)
from relutheory.deep_limit.families.layer_sequence import check_family, check_norm
from relutheory.deep_limit.limits.enclosing import later_radius, proved_sum

_BITS = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class SupBound(NotABool):
    """sup over a box of ||N_inf(x) - N_n(x)|| <= upper.

    upper : float64, rounded up; inf where nothing is proved.  norm : "inf", "1" or "2".  depth : n.  verdict : HOLDS
    where the bound is proved, else what the sums of the family are (VIOLATED, UNDECIDED).  rigor; reason.
    """

    upper: float
    norm: str
    depth: int
    verdict: Verdict
    rigor: Rigor
    reason: str


def sup_bound(family: Any, box: Box, depth: int, *, norm: str = "inf") -> SupBound:
    """A proved bound of the distance of N_n to the limit, for every input of a box at once.

    family : DeepFamily.  box : `Box` of `family.input_dim` finite sides.  depth : n >= 1.  norm : "inf", "1" or "2".
    Returns a `SupBound`: (e^S - 1) sup ||x_n|| + e^S B with S, B the sums that are left after n (see `enclosing`), and
    sup ||x_n|| from interval arithmetic through the layers, or from ||x_1|| and the sums after 1 where that is less.
    Raises InputError for other arguments.

    >>> from relutheory.deep_limit.families.family import DeepFamily
    >>> family = DeepFamily.from_symbolic("I/2**n + I", "c", constants={"c": [0]}, width=1)
    >>> 0 < sup_bound(family, Box([0], [1]), 20).upper < 1e-5
    True
    """
    check_family(family)
    check_norm(norm)
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        reject("depth", depth, "must be a positive integer")
    ends = _ends(family, box)
    if family.length is not None and depth >= family.length:
        return _bound(0.0, norm, depth, "the family is finite")
    tails = [(family.tail_weights(n, norm), family.tail_bias(n, norm)) for n in (1, depth)]
    sums = [[proved_sum(t) for t in pair] for pair in tails]
    if any(s is None for s in sums[1]):
        open_ones = [t for t in tails[1] if t.status is not Verdict.HOLDS]
        verdict = Verdict.VIOLATED if any(t.status is Verdict.VIOLATED for t in open_ones) else Verdict.UNDECIDED
        return SupBound(
            upper=float("inf"),
            norm=norm,
            depth=depth,
            verdict=verdict,
            rigor=Rigor.EXACT,
            reason="; ".join(t.reason for t in open_ones if t.reason) or "a sum is not proved finite",
        )
    with working_precision(_BITS):
        largest = _largest_norm(family, ends, depth, norm, sums[0])
        weights, biases = sums[1]
        assert weights is not None and biases is not None
        radius = later_radius([largest], weights, biases, "inf")
    if not writable(radius):
        return _bound(float("inf"), norm, depth, "the bound is too large to be written")
    return _bound(float_above(exact_end(radius)), norm, depth, "")


def _bound(upper: float, norm: str, depth: int, reason: str) -> SupBound:
    return SupBound(upper=upper, norm=norm, depth=depth, verdict=Verdict.HOLDS, rigor=Rigor.ENCLOSED, reason=reason)


def _ends(family: Any, box: Box) -> list[tuple[arb, arb]]:
    if not isinstance(box, Box):
        reject("box", box, "must be a Box")
    if box.n != family.input_dim:
        reject("box", box, f"must have {family.input_dim} sides, one per input")
    if any(isinstance(end, float) for end in (*box.lo, *box.hi)):
        reject("box", box, "must have finite ends")
    with working_precision(_BITS):
        return [(to_arb(lo), to_arb(hi)) for lo, hi in zip(box.lo, box.hi, strict=True)]


def _largest_norm(
    family: Any, ends: Sequence[tuple[arb, arb]], depth: int, norm: str, after_first: Sequence[arb | None]
) -> arb:
    """An upper bound of sup ||x_n|| over the box."""
    known: list[arb] = []
    for n in range(1, depth + 1):
        ends = _through(family, ends, n)
        if n == 1:
            first = vector_norm([hi for _, hi in ends], norm)
            weights, biases = after_first
            if weights is not None and biases is not None:
                known.append((weights.exp() * (first + biases)).upper())
        if any(not hi.is_finite() for _, hi in ends):
            break
    else:
        known.append(vector_norm([hi for _, hi in ends], norm))
    return min((k for k in known if k.is_finite()), default=arb("inf"))


def _through(family: Any, ends: Sequence[tuple[arb, arb]], n: int) -> list[tuple[arb, arb]]:
    """Intervals around layer n's outputs from intervals around its inputs (middles and radii: (W m, |W| r))."""
    W, b = family.balls(n, _BITS)
    middle = arb_mat(len(ends), 1, [(lo + hi) / 2 for lo, hi in ends])
    radius = arb_mat(len(ends), 1, [((hi - lo) / 2).abs_upper() for lo, hi in ends])
    size = arb_mat(W.nrows(), W.ncols(), [abs(v) for v in W.entries()])
    at, reach = (W * middle + b).entries(), (size * radius).entries()
    return [(relu(a - r).lower(), relu(a + r).upper()) for a, r in zip(at, reach, strict=True)]
