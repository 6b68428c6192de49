"""Repairing a layer that loses information: the smallest change of bias, or rows to append."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relutheory.core.errors import check_limit, reject
from relutheory.core.sets import Polyhedron
from relutheory.core.verdict import NotABool, Rigor
from relutheory.injectivity.constructions import with_bias, with_rows
from relutheory.injectivity.decide import InjectivityResult, decide_injectivity
from relutheory.injectivity.inverting.frame_bound import rounded_up
from relutheory.injectivity.repair.gaps import Escape
from relutheory.injectivity.repair.more_rows import Appended, append_rows, paired_rows
from relutheory.injectivity.repair.raised_bias import SEARCHES, Task
from relutheory.networks import ReLULayer


class Repaired(NotABool, enum.Enum):
    """How a repair ended: compare it with `is`.

    >>> Repaired("impossible") is Repaired.IMPOSSIBLE
    True
    """

    UNCHANGED = "already-injective"
    REPAIRED = "repaired"
    IMPOSSIBLE = "impossible"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, eq=False)
class Repair(NotABool):
    """What `repair_injectivity` found.

    status : UNCHANGED, REPAIRED, IMPOSSIBLE (no bias helps: `escape` says why) or UNDECIDED (out of time).
    by, norm : "bias" with "linf" or "l1", or "rows" with "count".
    layer : the injective layer, or None.  increase : m Fractions >= 0, what is added to the biases.
    rows : the pairs (w, b) appended, n Fractions and one each.
    size : the norm of `increase`, or the number of rows; None without a repair.
    at_least : no repair of this kind is smaller (proved).
    before, after : the decisions of the given and the repaired layer, with their certificates on request.
    escape : d and u; far in the direction d only rows orthogonal to u are active, whatever the biases are.

    >>> repair = repair_injectivity(ReLULayer([[1], [-1]], [-1, -2]))
    >>> repair.status.value, [str(t) for t in repair.increase], str(repair.size), repair.optimal
    ('repaired', ['3/2', '3/2'], '3/2', True)
    """

    status: Repaired
    by: str
    norm: str
    layer: ReLULayer | None = None
    increase: tuple[Fraction, ...] = ()
    rows: tuple[tuple[tuple[Fraction, ...], Fraction], ...] = ()
    size: Fraction | None = None
    at_least: Fraction = Fraction(0)
    before: InjectivityResult
    after: InjectivityResult | None = None
    escape: Escape | None = None

    @property
    def optimal(self) -> bool:
        """Whether the repair is proved to be as small as any."""
        return self.size is not None and self.size == self.at_least

    @property
    def rigor(self) -> Rigor:
        """EXACT for all that is decided; SAMPLED where time ran out before a repair was found."""
        return Rigor.SAMPLED if self.status is Repaired.UNDECIDED else Rigor.EXACT

    @property
    def text(self) -> str:
        """The outcome in one line."""
        if self.status is Repaired.UNCHANGED:
            return "the layer is injective already: nothing is changed"
        if self.status is Repaired.IMPOSSIBLE:
            return 'no bias makes the layer injective: the rows active far out do not span; use by="rows"'
        if self.size is None:
            return "out of time before a repair was found"
        what = f"{self.size} rows" if self.by == "rows" else f"biases raised, {self.norm} norm {float(self.size):.6g}"
        known = "the least there is" if self.optimal else f"an upper bound; at least {float(self.at_least):.6g}"
        return f"{what}: {known}"

    def float_layer(self) -> ReLULayer | None:
        """The repaired layer in float64, injective as well; None without a repair, or where none is found.

        Biases are rounded up, which cannot hurt.  Weights that float64 cannot hold are rounded, and the layer is then
        decided anew.
        """
        if self.layer is None:
            return None
        biases = np.array([rounded_up(v) for v in self.layer.bias.fractions()])
        if not (np.isfinite(biases).all() and np.isfinite(self.layer.W).all()):
            return None
        rounded = ReLULayer(self.layer.W, biases)
        if self.layer.weight.floats_exact:
            return rounded
        return rounded if decide_injectivity(rounded, domain=self.before.problem.domain).proved else None


def repair_injectivity(
    layer: ReLULayer,
    *,
    by: str = "bias",
    norm: str = "linf",
    domain: Polyhedron | None = None,
    time_limit: float | None = None,
) -> Repair:
    """Change as little as possible of a layer so that it becomes injective.

    layer : m x n.  by : "bias" raises biases, "rows" appends rows.  norm : what is small for by="bias": "linf", the
    largest increase, or "l1", their sum; for by="rows" it is their number.  domain : a Box or Polyhedron with interior
    points; None is all of R^n.  time_limit : seconds; beyond them the best repair so far is returned; with by="rows"
    there always is one, of at most 2n rows.

    Returns a `Repair` whose layer was decided anew, exactly, with a proved lower bound on the size of any repair.  On
    R^n biases help exactly where x -> ReLU(Wx) is injective, on a bounded domain exactly where W has rank n; elsewhere
    the status is IMPOSSIBLE.  Raises InputError for bad arguments.

    Source: biases only add active rows when raised (puthawala2022 has the criterion), so that each failing set of rows
    asks for one of finitely many linear inequalities; "linf" is solved exactly, "l1" by branch and bound.

    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]], [0, -1, -1, 0])
    >>> repair = repair_injectivity(layer, norm="l1")
    >>> repair.size, repair.optimal, repair.after.status.value
    (Fraction(2, 1), True, 'injective')
    >>> repair_injectivity(ReLULayer([[1, 0], [0, 1]])).status.value
    'impossible'
    >>> repair_injectivity(ReLULayer([[1, 0], [0, 1]]), by="rows").size
    Fraction(2, 1)
    """
    started = time.perf_counter()
    if not isinstance(layer, ReLULayer):
        reject("layer", layer, "must be a ReLULayer")
    if not isinstance(by, str) or by not in ("bias", "rows"):
        reject("by", by, 'must be "bias" or "rows"')
    if not isinstance(norm, str) or norm not in SEARCHES:
        reject("norm", norm, 'must be "linf" or "l1"')
    if domain is not None and not isinstance(domain, Polyhedron):
        reject("domain", domain, "must be a Box, a Polyhedron or None")
    limit = check_limit("time_limit", time_limit)
    named = "count" if by == "rows" else norm
    before = decide_injectivity(layer, domain=domain, time_limit=limit)
    if before.proved:
        zero = (Fraction(0),) * layer.m if by == "bias" else ()
        return Repair(
            status=Repaired.UNCHANGED,
            by=by,
            norm=named,
            layer=layer,
            increase=zero,
            size=Fraction(0),
            before=before,
            after=before,
        )
    task = Task(layer, domain, None if limit is None else started + limit)
    if by == "rows":
        return _by_rows(before, append_rows(task, before) if before.refuted else paired_rows(task, 0), task)
    if not before.refuted:
        return Repair(status=Repaired.UNDECIDED, by=by, norm=named, before=before)
    return _by_bias(task, before, norm)


def _by_bias(task: Task, before: InjectivityResult, norm: str) -> Repair:
    found = SEARCHES[norm](task, before)
    if found.escape is not None:
        return Repair(status=Repaired.IMPOSSIBLE, by="bias", norm=norm, before=before, escape=found.escape)
    if found.t is None:
        return Repair(status=Repaired.UNDECIDED, by="bias", norm=norm, before=before, at_least=found.at_least)
    return Repair(
        status=Repaired.REPAIRED,
        by="bias",
        norm=norm,
        layer=with_bias(task.layer, found.t),
        increase=tuple(found.t),
        size=max(found.t, default=Fraction(0)) if norm == "linf" else sum(found.t, Fraction(0)),
        at_least=found.at_least,
        before=before,
        after=found.result,
    )


def _by_rows(before: InjectivityResult, found: Appended, task: Task) -> Repair:
    at_least = Fraction(found.at_least)
    if found.result is None:
        return Repair(status=Repaired.UNDECIDED, by="rows", norm="count", before=before, at_least=at_least)
    return Repair(
        status=Repaired.REPAIRED,
        by="rows",
        norm="count",
        layer=with_rows(task.layer, found.rows),
        rows=tuple((tuple(w), b) for w, b in found.rows),
        size=Fraction(len(found.rows)),
        at_least=at_least,
        before=before,
        after=found.result,
    )
