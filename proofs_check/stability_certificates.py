"""Check a certificate of a Lipschitz bound from nothing but its file; `proofs_check.certificates` hands it over.

Only the standard library, and none of the code that finds proofs: this file is meant to be read in one sitting.

The layer is f(x) = ReLU(Wx + b) with rows (w_i, b_i), on a convex domain D with interior points, all of R^n, or a ball,
of which the proof names a polytope around it.  The claim, with t = "bound":

    lower-lipschitz   |f(x) - f(y)|^2 >= t |x - y|^2 for all x, y in D, where t > 0
    upper-lipschitz   |f(x) - f(y)|^2 <= t |x - y|^2 for all x, y in D

Both sides are continuous in x and y, so it is enough to prove it for x, y in the interior and on no segment that lies
in a hyperplane <w_i, z> + b_i = 0, w_i != 0.  Call z *open* where none of these rows vanishes; all but finitely many
points of the segment are open.  A row is *active* at z where its value is positive.  Let u = x - y, let G(S) be the
sum of w_i w_i^T over a set S of rows, and S(z) the rows active at z.

Upper bound.  f(x) - f(y) is the integral, along the segment, of the derivative, and |derivative u|^2 = u^T G(S(z)) u.
So it is enough that t I - G(S(z)) is positive semidefinite at each open z.

Lower bound.  Let z move from x (time 0) to y (time 1).  A row that is active up to the time a only changes its output
by a |<w, u>|, and the integral of h(time) = 2 min(time, 1 - time) up to a is at most a^2: it is a^2 for a <= 1/2, and
a^2 - (1 - 2a)^2 / 2 for a >= 1/2.  The same holds from a on; a row active all the time has 1/2 <= 1.  So |f(x) -
f(y)|^2 >= the integral of h u^T G(S(z)) u, and h has the integral 1/2: where G(S(z)) >= g at each open z, t = g / 2
will do.  Rows K that are active on all of D count in full, not for a half: where also G(K) >= s, t = (g + s) / 2 will
do.

Proof "cells": of G(S(z)) >= g, or <= t, at each open z of the interior of D.  A row is *marked* at z where it is active
(lower bound) or not active (upper bound: there all rows change their sign).  It consists of

* circuits: multipliers l_i of rows, which may be negative, and l_j >= 0 of walls, such that sum l (w, b) = (0, >= 0).
  A wall <a, z> <= c is the row (a, -c), negative inside D.  So at an open z some row with l >= 0 is marked, or some
  row with l < 0 is not, for otherwise that sum, at z, would be negative.  (Multipliers are integers and refer to rows
  multiplied by the least common denominator of their numbers.  A row is named once in a circuit; no row has w = 0.)
* pairs: circuits of two rows and no walls.  One of the two rows is marked at each open z.
* a tree, in preorder, with one number for each node.  At a node some rows C are known to be marked, and some rows N
  are known not to be.  With a row all rows are marked that are positive multiples of it, or of it with a larger
  offset: its *followers*; and if a row is not marked, those are not of which it is a follower.  The number c >= 0: at
  this node the rows of circuit c with l < 0 are in C; there is one child for each other row of circuit c outside N,
  in order, in which it and its followers join C, those before it join N.  (Where there is none, the node contains no
  open z.)  The number -1: the matrix M is positive semidefinite, where M = G(C) - g I, or M = t I - G(rows outside
  C); what is marked besides C only adds to M.  For each pair of which neither row, nor a follower, is in C, the
  smaller of the two sums over a row and its followers is added as well; all of these are multiples of one matrix.
* always (lower bound only): circuits of one row with l > 0 and walls.  That row is never negative in D.  K are these
  rows and their followers, and "always_least" is s.

Proof "pairs" of the lower bound: with pairs only, on different lines.  Let p w w^T and q w w^T be the sums over the
two rows of a pair, followers included, and let v = |<w, u>|.  The followers of a row are active wherever it is.  If
that is on a part a of the segment for the one row, and c for the other, then a + c >= 1, since at each open z one of
the two is active; and the squares of the changes add up to at least (p a^2 + q c^2) v^2 >= p q / (p + q) v^2.  So it
is enough that the sum of p q / (p + q) w w^T over the pairs, less t I, is positive semidefinite.
"""

from __future__ import annotations

import decimal
import hashlib
import json
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proofs_check.certificates import Invalid, _Layer, _number, _numbers

LOWER, UPPER = "lower-lipschitz", "upper-lipschitz"
_DIGITS = 12
_BY_MATRIX = -1
_SHORT = 60  # bits

Matrix = list[int]  # the upper triangle of a symmetric matrix, row by row


def proved(data: dict[str, Any]) -> str:
    """What a certificate with one of the two claims proves; raises Invalid where it does not."""
    statement = {name: data[name] for name in ("layer", "domain", "bound")}
    canonical = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    if hashlib.sha256(canonical.encode()).hexdigest() != data["digest"]:
        raise Invalid("the layer, the domain or the bound is not the one that was certified (digest differs)")
    bound, proof, lower = _number(data["bound"]), data["proof"], data["claim"] == LOWER
    layer = _Layer(data["layer"], data["domain"], proof)
    if bound < 0 or (lower and bound == 0):
        raise Invalid(f"the bound {str(bound)[:40]} is not positive")
    rows = _Rows(layer, lower)
    circuits = [_circuit(rows, k, circuit) for k, circuit in enumerate(proof["circuits"])]
    pairs = [_pair(rows, circuits, c) for c in proof["pairs"]]
    if proof["kind"] == "pairs":
        if not lower:
            raise Invalid("a proof by pairs is one of a lower bound")
        _check_pairs(rows, pairs, bound)
        how = f"opposite pairs: {len(pairs)}"
    elif proof["kind"] == "cells":
        least = _check_always(rows, circuits, proof, bound) if lower else bound
        nodes = _Tree(rows, circuits, pairs, least).check(proof["tree"])
        how = f"tree of {nodes} nodes, {len(circuits)} circuits"
    else:
        raise Invalid(f"unknown kind of proof {proof['kind']!r}")
    relation = f">= {_shown(bound, up=False)}" if lower else f"<= {_shown(bound, up=True)}"
    return f"|f(x) - f(y)|^2 {relation} |x - y|^2 for the layer of {layer.title} ({how})"


def _shown(value: Fraction, *, up: bool) -> str:
    """A number >= 0 as it is where that is short, else to a few digits, rounded up or down."""
    if len(str(value)) <= 2 * _DIGITS:
        return str(value)
    rounding = decimal.ROUND_CEILING if up else decimal.ROUND_FLOOR
    context = decimal.Context(prec=_DIGITS, rounding=rounding, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
    shift = len(str(value.numerator)) - len(str(value.denominator)) - 2 * _DIGITS  # so that the quotient is an integer
    quotient = value / Fraction(10) ** shift
    whole = math.ceil(quotient) if up else math.floor(quotient)
    return str(context.create_decimal(decimal.Decimal(whole).scaleb(shift, context)))


class _Rows:
    """The rows, all with another sign where inactive ones are marked, and their followers; sets of rows are bit masks.

    weights : the w_i as integers, over one denominator.  unit : what a sum of w w^T of these is to be multiplied by.
    """

    def __init__(self, layer: _Layer, lower: bool) -> None:
        self.n, self.m, self.lower = layer.n, layer.m, lower
        sign = 1 if lower else -1
        self.vectors = [[sign * v for v in vector] for vector in layer.vectors[: self.m]] + layer.vectors[self.m :]
        given = [[sign * v for v in row] for row in layer.rows[: self.m]]
        common = math.lcm(*(v.denominator for row in given for v in row[:-1]))
        content = math.gcd(*(int(v * common) for row in given for v in row[:-1])) or 1
        self.unit = Fraction(content, common) ** 2
        self.weights = [[int(v * common) // content for v in row[:-1]] for row in given]
        self.sizes = [sum(v * v for v in w) for w in self.weights]
        self.followers, self.led = [0] * self.m, [0] * self.m
        lines: dict[tuple[int, ...], list[tuple[int, Fraction]]] = {}
        for i, w in enumerate(self.weights):
            length = math.gcd(*w)
            if length:
                lines.setdefault(tuple(v // length for v in w), []).append((i, given[i][-1] / length))
        for members in lines.values():
            for i, offset in members:
                for j, other in members:
                    if other >= offset:
                        self.followers[i] |= 1 << j
                        self.led[j] |= 1 << i

    def outer(self, i: int) -> Matrix:
        """w w^T of the integer row i."""
        w = self.weights[i]
        return [a * b for k, a in enumerate(w) for b in w[k:]]

    def size(self, chosen: int) -> int:
        """The trace of the sum of w w^T."""
        return sum(self.sizes[i] for i in _members(chosen))

    def gram(self, chosen: int, less: Fraction = Fraction(0)) -> Matrix:
        """A positive multiple of the sum of w w^T, less a number (of given rows, not integer ones) times I."""
        shift = less / self.unit
        matrix = self.identity(-shift.numerator)
        for i in _members(chosen):
            matrix = [a + shift.denominator * b for a, b in zip(matrix, self.outer(i), strict=True)]
        return matrix

    def identity(self, factor: int) -> Matrix:
        """A multiple of the identity."""
        return [factor * (i == j) for i in range(self.n) for j in range(i, self.n)]


def _members(chosen: int) -> list[int]:
    """The numbers in a set."""
    found = []
    while chosen:
        found.append((chosen & -chosen).bit_length() - 1)
        chosen &= chosen - 1
    return found


@dataclass(frozen=True)
class _Circuit:
    """`rows`, one of which is marked at each open point where all rows of the set `opposite` are; `walls`: how many."""

    rows: tuple[int, ...]
    opposite: int
    walls: int


def _circuit(rows: _Rows, number: int, circuit: dict[str, Any]) -> _Circuit:
    names, multipliers = circuit["rows"], _numbers(circuit["multipliers"])
    if len(names) != len(multipliers) or len(set(names)) != len(names):
        raise Invalid(f"circuit {number}: rows and multipliers do not match")
    if not all(type(i) is int and 0 <= i < len(rows.vectors) for i in names):
        raise Invalid(f"circuit {number}: no such row")
    total = [0] * (rows.n + 1)
    here, opposite, walls = [], 0, 0
    for i, multiplier in zip(names, multipliers, strict=True):
        if multiplier.denominator != 1:
            raise Invalid(f"circuit {number}: a multiplier is not an integer")
        if i >= rows.m:
            walls += 1
            if multiplier < 0:
                raise Invalid(f"circuit {number}: the multiplier of a wall is negative")
        elif not rows.sizes[i]:
            raise Invalid(f"circuit {number}: row {i} is zero")
        elif multiplier < 0:
            opposite |= 1 << i
        else:
            here.append(i)
        total = [a + int(multiplier) * b for a, b in zip(total, rows.vectors[i], strict=True)]
    if not any(multipliers):
        raise Invalid(f"circuit {number}: all multipliers are zero")
    if any(total[:-1]):
        raise Invalid(f"circuit {number}: the rows do not sum to zero")
    if total[-1] < 0:
        raise Invalid(f"circuit {number}: the biases sum to a negative number")
    return _Circuit(tuple(here), opposite, walls)


def _named(circuits: list[_Circuit], c: Any) -> _Circuit:
    if type(c) is not int or not 0 <= c < len(circuits):
        raise Invalid(f"the proof names circuit {c!r}, which is not there")
    return circuits[c]


def _pair(rows: _Rows, circuits: list[_Circuit], c: Any) -> tuple[int, int]:
    """The two rows of a pair, each with its followers."""
    circuit = _named(circuits, c)
    if len(circuit.rows) != 2 or circuit.opposite or circuit.walls:
        raise Invalid(f"circuit {c} is not a pair of opposite rows")
    i, j = circuit.rows
    return rows.followers[i], rows.followers[j]


def _check_disjoint(pairs: list[tuple[int, int]]) -> None:
    seen = 0
    for pair in pairs:
        for side in pair:
            if side & seen:
                raise Invalid("two pairs have a row in common")
            seen |= side


def _check_pairs(rows: _Rows, pairs: list[tuple[int, int]], bound: Fraction) -> None:
    """The sum of p q / (p + q) w w^T is at least the bound."""
    _check_disjoint(pairs)
    parts = []
    for first, second in pairs:
        p, q = rows.size(first), rows.size(second)
        w = rows.outer(_members(first)[0])
        # w w^T divided by its trace, times p q / (p + q)
        parts.append((Fraction(p * q, (p + q) * rows.sizes[_members(first)[0]]), w))
    shift = bound / rows.unit
    common = math.lcm(shift.denominator, *(weight.denominator for weight, _ in parts))
    matrix = rows.identity(-int(shift * common))
    for weight, w in parts:
        factor = int(weight * common)
        matrix = [a + factor * b for a, b in zip(matrix, w, strict=True)]
    if not _semidefinite(matrix, rows.n):
        raise Invalid("the pairs do not give the bound")


def _check_always(rows: _Rows, circuits: list[_Circuit], proof: dict[str, Any], bound: Fraction) -> Fraction:
    """Check the rows active on all of the domain; returns what is to be proved of each open point, g = 2 t - s."""
    least, chosen = _number(proof["always_least"]), 0
    for c in proof["always"]:
        circuit = _named(circuits, c)
        if len(circuit.rows) != 1 or circuit.opposite:
            raise Invalid(f"circuit {c} does not show that one row is active on all of the domain")
        chosen |= rows.followers[circuit.rows[0]]
    if least < 0 or not _semidefinite(rows.gram(chosen, least), rows.n):
        raise Invalid("the rows active on all of the domain do not give what they are said to")
    return 2 * bound - least


class _Tree:
    """The tree of a proof "cells".  value : g, or t."""

    def __init__(self, rows: _Rows, circuits: list[_Circuit], pairs: list[tuple[int, int]], value: Fraction) -> None:
        self.rows, self.circuits, self.n = rows, circuits, rows.n
        shift = value / rows.unit
        self.scale = shift.denominator
        self.start = rows.identity(-shift.numerator if rows.lower else shift.numerator)
        self.outers = [[self.scale * v for v in rows.outer(i)] for i in range(rows.m)]
        if not rows.lower:
            for w in self.outers:
                self.start = [a - b for a, b in zip(self.start, w, strict=True)]
        _check_disjoint(pairs)
        self.pairs = [(first | second, min(first, second, key=rows.size)) for first, second in pairs]
        for _, smaller in self.pairs:
            self.start = self._sum(self.start, smaller, 1)

    def _sum(self, matrix: Matrix, chosen: int, sign: int) -> Matrix:
        for i in _members(chosen):
            matrix = [a + sign * b for a, b in zip(matrix, self.outers[i], strict=True)]
        return matrix

    def check(self, tree: Any) -> int:
        """Check all nodes; returns how many there are."""
        # of each node to come: C, N and M of its parent (without this node's row), and the row
        waiting: list[tuple[int, int, Matrix, int | None]] = [(0, 0, self.start, None)]
        for node, number in enumerate(tree):
            if not waiting:
                raise Invalid("the tree goes on after its last node")
            marked, unmarked, matrix, row = waiting.pop()
            if row is not None:
                marked, matrix = self._with(marked, matrix, row)
            if type(number) is int and number == _BY_MATRIX:
                if not _semidefinite(matrix, self.n):
                    raise Invalid(f"node {node} is not closed: its matrix is not positive semidefinite")
                continue
            circuit = _named(self.circuits, number)
            if circuit.opposite & ~marked:
                raise Invalid(f"node {node}: circuit {number} needs a row that is not known to be marked")
            children = []
            for i in [i for i in circuit.rows if not unmarked >> i & 1]:
                children.append((marked, unmarked, matrix, i))
                unmarked |= self.rows.led[i]
            waiting += reversed(children)
        if waiting:
            raise Invalid(f"the tree ends early: {len(waiting)} nodes are missing")
        return len(tree)

    def _with(self, marked: int, matrix: Matrix, row: int) -> tuple[int, Matrix]:
        """C and M with one row more, and its followers."""
        more = self.rows.followers[row] & ~marked
        matrix = self._sum(matrix, more, 1)
        for both, smaller in self.pairs:
            if both & more and not both & marked:
                matrix = self._sum(matrix, smaller, -1)
        return marked | more, matrix


def _semidefinite(matrix: Matrix, n: int) -> bool:
    """Whether a symmetric integer matrix M is positive semidefinite.

    First with short numbers: M / 2^k = R + E with integers R and 0 <= E_ij < 1, so that x^T E x >= -n |x|^2, and M is
    positive semidefinite if R - n I is.  Where that fails, M decides.
    """
    k = max(v.bit_length() for v in matrix) - _SHORT
    if k > 0 and _eliminates([v >> k for v in matrix], n, n):
        return True
    return _eliminates(matrix, n, 0)


def _eliminates(matrix: Matrix, n: int, less: int) -> bool:
    """Whether an integer matrix less a multiple of I is positive semidefinite: elimination without fractions."""
    rows, start = [], 0
    for k in range(n):
        rows.append([matrix[start] - less, *matrix[start + 1 : start + n - k]])
        start += n - k
    last = 1
    while rows:
        first, *rest = rows
        pivot = first[0]
        if pivot < 0 or (pivot == 0 and any(first)):
            return False
        if pivot == 0:
            rows = rest
            continue
        # the entries are minors of the matrix, so that the division by the last pivot leaves no remainder
        rows = [
            [(pivot * a - first[k] * b) // last for a, b in zip(row, first[k:], strict=True)]
            for k, row in enumerate(rest, 1)
        ]
        last = pivot
    return True
