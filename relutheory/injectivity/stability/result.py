"""What is known of a layer's Lipschitz constant: two ends, witnesses, and what the proof of the other end rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from relutheory.core.certificate import Certificate
from relutheory.core.roots import root
from relutheory.core.sets import Ball, Polyhedron
from relutheory.core.verdict import EnclosedFloat, Enclosure, NotABool, Rigor
from relutheory.injectivity.stability.cells import Cell
from relutheory.injectivity.stability.pairs import Pair
from relutheory.injectivity.stability.singular import outward
from relutheory.networks import ReLULayer


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the proof of one end of a Lipschitz constant rests on.

    domain : the polyhedron, around `ball` where there is one, whose cells were looked at.  bound : the square of the
    end.  sign : 1 for the lower end of the lower constant, -1 for the upper end of the upper one.  cells : the bound of
    the squared singular values over all cells; always_least : the same, on all of the domain, for the rows `always`
    active there; by_pairs : opposite pairs alone prove `bound`.
    """

    layer: ReLULayer
    domain: Polyhedron | None
    ball: Ball | None = None
    sign: int
    bound: Fraction
    cells: Fraction = Fraction(0)
    always: tuple[int, ...] = ()
    always_least: Fraction = Fraction(0)
    by_pairs: bool = False


@dataclass(frozen=True, kw_only=True)
class LipschitzBounds:
    """Three lower bounds for the lower Lipschitz constant that follow from m0 alone, rounded down.

    printed : m0 / sqrt(2 m) (Puthawala et al. 2022); half : m0 / 2 (Freeman and Haider 2025); sharp : m0 / sqrt(2).
    """

    printed: float
    half: float
    sharp: float


@dataclass(frozen=True, kw_only=True)
class LipschitzResult(NotABool):
    """A Lipschitz constant between two bounds; made by `lower_lipschitz` and `upper_lipschitz`.

    squared : an `Enclosure` of the square of the constant, rational ends.  cell : the open cell of least (largest)
    singular value found.  witness : a `Pair` of exact points whose ratio squared is the upper (lower) end of
    `squared`.  singular_squared : an `Enclosure` of the square of that singular value over all cells.  complete :
    whether all cells are accounted for; else the bounds hold all the same, and are wider.  method : "not injective",
    "all cells" or "branch and bound"; nodes : of the search tree, or cells looked at; seconds : taken.
    bounds : of the lower constant, else None.
    On a ball: `ball` is the ball, `outer` the polytope around it of whose cells the bounds are proved.
    certificate : made on request; it saves to a file that `relutheory check` verifies on its own.
    """

    squared: Enclosure
    singular_squared: Enclosure
    cell: Cell | None
    witness: Pair | None
    complete: bool
    method: str
    nodes: int
    seconds: float
    bounds: LipschitzBounds | None
    evidence: Evidence = field(repr=False, compare=False)

    _hint = "compare .lower or .upper"

    @property
    def lower(self) -> float:
        """A lower bound of the constant: a float, rounded down."""
        return outward(root(self.squared.lo).lo, up=False)

    @property
    def upper(self) -> float:
        """An upper bound of the constant: a float, rounded up."""
        return outward(root(self.squared.hi).hi, up=True)

    @property
    def m0(self) -> EnclosedFloat:
        """The least n-th singular value (for the upper constant: the largest first one) of the cells' active rows.

        A float to calculate with; `m0.lo` and `m0.hi` are proved.
        """
        return EnclosedFloat(_roots(self.singular_squared))

    @property
    def rigor(self) -> Rigor:
        """EXACT where both ends agree, else ENCLOSED: both are proved."""
        return self.squared.rigor

    @property
    def ball(self) -> Ball | None:
        """The ball that the constant is about; None for all other domains."""
        return self.evidence.ball

    @property
    def outer(self) -> Polyhedron | None:
        """The polytope around the ball: what is proved of the constant holds on all of it."""
        return None if self.evidence.ball is None else self.evidence.domain

    @cached_property
    def certificate(self) -> Certificate:
        """The proof, as a `Certificate`, of the end that no witness shows: the lower end of the lower constant, the
        upper end of the upper one.  The search tree runs again, without a time limit, to record it.

        Raises InputError where there is nothing to prove: a lower end that is 0.
        """
        from relutheory.injectivity.stability.certifying import certify

        return certify(self)


def enclosure(lo: Fraction, hi: Fraction) -> Enclosure:
    """A number between two rationals that are both proved."""
    return Enclosure(lo=lo, hi=hi, rigor=Rigor.EXACT if lo == hi else Rigor.ENCLOSED)


def _roots(square: Enclosure) -> Enclosure:
    low, high = root(square.lo).lo, root(square.hi).hi
    return Enclosure(lo=low, hi=high, rigor=Rigor.EXACT if low == high else Rigor.ENCLOSED)


def bounds_from(m0_squared: Enclosure, m: int) -> LipschitzBounds:
    """What follows from an enclosure of m0 squared, for m rows."""
    printed, half, sharp = (outward(root(m0_squared.lo / k).lo, up=False) for k in (2 * max(m, 1), 4, 2))
    return LipschitzBounds(printed=printed, half=half, sharp=sharp)
