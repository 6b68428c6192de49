"""Check a certificate of injectivity, or of a collision, from nothing but its file.

Only the standard library, and none of the code that finds proofs: this file is meant to be read in one sitting.

The layer is x -> ReLU(Wx + b) on all of R^n, or on the convex set {x : A x <= c}, of which a point inside is given, or
on a ball {x : |x - center| <= radius}; a row i of (W, b) is *active* at z where <w_i, z> + b_i >= 0.  Numbers are
strings "p" or "p/q", nothing else.

Not injective: two different points x, y of the domain with equal outputs.  For a ball the proof also names a polytope
{x : A x <= c}, "outer", that contains it; a layer that is injective on the polytope is injective on the ball.

Injective: at every point z of the domain the active rows span R^n.  That is enough: if x != y had equal outputs, every
row active at z = (x + y) / 2 would be orthogonal to x - y (a row active at z has a positive value at x or y, or is zero
at both; equal outputs then make its values at x and y equal), and rows that span cannot all be.  The proof consists of

* circuits: multipliers l >= 0 of rows (and walls) with sum l_i w_i = 0 and sum l_i b_i >= 0, some l_i of a row > 0.
  Were all those rows negative at z, the sum of l_i (<w_i, z> + b_i) would be negative and not: so one is active.
  (A wall <a, x> <= c counts as the row (a, -c), which is never positive in the domain.  Multipliers are integers and
  refer to rows multiplied by the least common denominator of their numbers.)
* forced: circuits whose rows all lie on one line: that line is in the span of the active rows, everywhere.
* a tree, in preorder.  At a node some rows F are known to be active and some rows N to be negative; F begins with the
  forced lines.  "0, c": one child for each row of circuit c outside N, in order; that row joins F, those before it
  join N.  "k, c_1, ..., c_k": the node is closed, because F with any choice of one row outside N from each of these
  circuits spans R^n.  An empty tree claims that F spans already.

Independence is shown modulo a prime (vectors independent modulo p are independent), or in integers where that fails.

Lipschitz bounds ("lower-lipschitz", "upper-lipschitz") are proved in stability_certificates.py beside this file.
General position and pooled layers: see structure_certificates.py there; biases with roots: root_certificates.py.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import math
import re
import sys
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

_PRIMES: tuple[int | None, ...] = (2**61 - 1, 2**89 - 1, None)  # None: exact integers

_ELSEWHERE = {  # claims that other modules check, in the same way
    "lower-lipschitz": "proofs_check.stability_certificates",
    "upper-lipschitz": "proofs_check.stability_certificates",
    "general-position": "proofs_check.structure_certificates",
    "not-general-position": "proofs_check.structure_certificates",
    "pooling-injective": "proofs_check.structure_certificates",
    "pooling-not-injective": "proofs_check.structure_certificates",
    "injective-with-roots": "proofs_check.root_certificates",
    "not-injective-with-roots": "proofs_check.root_certificates",
}

_NUMBER = re.compile(r"-?[0-9]{1,1000000}(/[0-9]{1,1000000})?", re.ASCII)
_LARGEST = 2**31  # bytes of a certificate, unpacked
_PACKED = 8  # circuits that close one node: more would make the check of a hostile file endless
_MALFORMED = (
    ArithmeticError,
    MemoryError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)

Vector = list[int]


class Invalid(Exception):
    """The certificate does not prove its claim; the message says why."""


@dataclass(frozen=True)
class Report:
    """The outcome of a check: `valid`, and one line of `text` saying what is proved or what is wrong.

    `layer` is the statement of a valid certificate: {"n", "W", "b"}, numbers as strings.
    """

    valid: bool
    text: str
    layer: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        raise TypeError("ask .valid")


def check_file(path: str | Path) -> Report:
    """Check the certificate in a file.

    path : a JSON file.  Returns a `Report`; raises OSError where the file cannot be read.
    """
    return check_text(Path(path).read_text(encoding="utf-8", errors="replace"))


def check_text(text: str) -> Report:
    """Check a certificate given as JSON text.

    >>> check_text("{}").text
    'INVALID: not a relutheory certificate of version 1'
    """
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)  # exact numbers may be longer than Python reads by default
    try:
        data = _parse(text)
        return Report(True, "VALID: " + _proved(data), data["layer"])
    except Invalid as reason:
        return Report(False, f"INVALID: {reason}")
    except _MALFORMED as error:
        return Report(False, f"INVALID: the certificate is malformed ({type(error).__name__}: {error})")
    finally:
        sys.set_int_max_str_digits(limit)


def _parse(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_unambiguous)
    except json.JSONDecodeError as error:
        raise Invalid(f"not JSON ({error.msg} at character {error.pos})") from None
    if isinstance(data, dict) and "compressed" in data:
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(base64.b64decode(data["compressed"]), _LARGEST)
        if unpacker.unconsumed_tail:
            raise Invalid("the certificate is too large")
        data = json.loads(unpacked, object_pairs_hook=_unambiguous)
    if not isinstance(data, dict) or (data.get("format"), data.get("version")) != ("relutheory certificate", 1):
        raise Invalid("not a relutheory certificate of version 1")
    return data


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; one that says a thing twice is refused."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise Invalid("a key occurs twice")
    return dict(pairs)


def _number(text: Any) -> Fraction:
    if type(text) is not str or not _NUMBER.fullmatch(text):
        raise Invalid(f"{str(text)[:40]!r} is not a number p or p/q")
    return Fraction(text)


def _numbers(texts: Any) -> list[Fraction]:
    if type(texts) is not list:
        raise Invalid("a row of numbers must be a list")
    return [_number(text) for text in texts]


def _proved(data: dict[str, Any]) -> str:
    """What the certificate proves; raises Invalid where it does not."""
    if data["claim"] in _ELSEWHERE:
        return str(importlib.import_module(_ELSEWHERE[data["claim"]]).proved(data))
    statement = {"layer": data["layer"], "domain": data["domain"]}
    canonical = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    if hashlib.sha256(canonical.encode()).hexdigest() != data["digest"]:
        raise Invalid("the layer or the domain is not the one that was certified (digest differs)")
    layer = _Layer(data["layer"], data["domain"], data["proof"])
    if data["claim"] == "not-injective":
        _check_collision(layer, data["proof"])
        return f"the layer of {layer.title} is not injective (two different inputs, equal outputs)"
    if data["claim"] == "injective":
        nodes = _check_tree(layer, data["proof"])
        circuits = len(data["proof"]["circuits"])
        return f"the layer of {layer.title} is injective (tree of {nodes} nodes, {circuits} circuits)"
    raise Invalid(f"unknown claim {data['claim']!r}")


class _Layer:
    """The rows (w | b), then the walls (a | -c): `rows` as Fractions, `vectors` as integers."""

    def __init__(self, layer: dict[str, Any], domain: dict[str, Any] | None, proof: dict[str, Any]) -> None:
        self.ball = None
        if domain is not None and "radius" in domain:
            if set(domain) != {"center", "radius"}:
                raise Invalid("a ball is given by its center and its radius")
            self.ball = (_numbers(domain["center"]), _number(domain["radius"]))
            domain = {**proof["outer"], "inside": domain["center"]}
        self.n = layer["n"]
        self.rows = [[*_numbers(row), b] for row, b in zip(layer["W"], _numbers(layer["b"]), strict=True)]
        self.m = len(self.rows)
        if domain is not None:
            walls = zip(domain["A"], _numbers(domain["b"]), strict=True)
            self.rows += [[*_numbers(a), -c] for a, c in walls]
        if type(self.n) is not int or self.n < 1 or any(len(row) != self.n + 1 for row in self.rows):
            raise Invalid("the rows of the layer and of the domain must have n numbers each, n at least 1")
        if domain is not None:
            inside = _numbers(domain["inside"])
            if len(inside) != self.n or any(self.value(j, inside) >= 0 for j in range(self.m, len(self.rows))):
                raise Invalid("the point inside the domain is not inside it")
        if self.ball is not None:
            self._check_ball(*self.ball)
        self.vectors = [_integers(row) for row in self.rows]
        where = f"R^{self.n}" if domain is None else f"a domain of {len(self.rows) - self.m} half-spaces in R^{self.n}"
        if self.ball is not None:
            where = f"a ball in R^{self.n}"
        self.title = f"{self.m} neurons on {where}"

    def _check_ball(self, center: list[Fraction], radius: Fraction) -> None:
        """The center is inside, and at least the radius away from each wall: |<a, center> - c| >= radius |a|."""
        if radius <= 0:
            raise Invalid("the radius of the ball is not positive")
        for j in range(self.m, len(self.rows)):
            if self.value(j, center) ** 2 < radius**2 * sum(a * a for a in self.rows[j][:-1]):
                raise Invalid(f"the outer polytope does not contain the ball (wall {j - self.m})")

    def value(self, i: int, x: list[Fraction]) -> Fraction:
        return sum((a * v for a, v in zip(self.rows[i], x, strict=False)), self.rows[i][-1])


def _check_collision(layer: _Layer, proof: dict[str, Any]) -> None:
    x, y = (_numbers(proof[name]) for name in ("x", "y"))
    if len(x) != layer.n or len(y) != layer.n:
        raise Invalid(f"the points must have {layer.n} coordinates")
    if x == y:
        raise Invalid("the two points are the same")
    for i in range(layer.m):
        if max(layer.value(i, x), 0) != max(layer.value(i, y), 0):
            raise Invalid(f"neuron {i} tells the two points apart")
    for j in range(layer.m, len(layer.rows)):
        if layer.value(j, x) > 0 or layer.value(j, y) > 0:
            raise Invalid(f"a point lies outside the domain (wall {j - layer.m})")
    if layer.ball is not None:
        center, radius = layer.ball
        for point in (x, y):
            if sum((a - c) ** 2 for a, c in zip(point, center, strict=True)) > radius**2:
                raise Invalid("a point lies outside the ball")


def _check_circuit(layer: _Layer, number: int, circuit: dict[str, Any]) -> list[int]:
    """The neurons of a circuit, one of which is active at every point of the domain."""
    rows, multipliers = circuit["rows"], [int(v) for v in _numbers(circuit["multipliers"])]
    if len(rows) != len(multipliers) or len(set(rows)) != len(rows):
        raise Invalid(f"circuit {number}: rows and multipliers do not match")
    if not all(type(i) is int and 0 <= i < len(layer.rows) for i in rows):
        raise Invalid(f"circuit {number}: no such row")
    if any(v < 0 for v in multipliers):
        raise Invalid(f"circuit {number}: a multiplier is negative")
    if not any(v > 0 and i < layer.m for i, v in zip(rows, multipliers, strict=True)):
        raise Invalid(f"circuit {number}: no neuron has a positive multiplier")
    for k, column in enumerate(zip(*(layer.vectors[i] for i in rows), strict=True)):
        total = sum(map(int.__mul__, multipliers, column))
        if k < layer.n and total != 0:
            raise Invalid(f"circuit {number}: the rows do not sum to zero in coordinate {k}")
        if k == layer.n and total < 0:
            raise Invalid(f"circuit {number}: the biases sum to a negative number")
    return [i for i in rows if i < layer.m]


def _check_tree(layer: _Layer, proof: dict[str, Any]) -> int:
    """Check circuits, forced lines and tree; returns the number of nodes."""
    circuits = [_check_circuit(layer, k, circuit) for k, circuit in enumerate(proof["circuits"])]
    vectors = [vector[:-1] for vector in layer.vectors[: layer.m]]
    for c in proof["forced"]:
        _check_line(vectors, circuits[c], c)
    for p in _PRIMES:
        try:
            return _Tree(vectors, circuits, proof, layer.n, p).check()
        except Invalid:
            if p is None:
                raise
    raise AssertionError("the last try is exact and raises")


def _integers(row: list[Fraction]) -> Vector:
    """A positive multiple of the row with integer entries."""
    common = math.lcm(*(v.denominator for v in row))
    return [int(v * common) for v in row]


def _check_line(vectors: list[Vector], rows: list[int], number: int) -> None:
    first = vectors[rows[0]]
    pivot = next((k for k, v in enumerate(first) if v), None)
    for i in rows:
        other = vectors[i]
        if (
            pivot is None
            or not any(other)
            or any(a * other[pivot] != b * first[pivot] for a, b in zip(first, other, strict=True))
        ):
            raise Invalid(f"forced circuit {number}: its rows do not lie on one line")


class _Tree:
    """The tree, with independence modulo p (None: in integers).

    A set F is represented by its annihilator: independent functionals that vanish on F, as many as dimensions are
    missing.  A vector is outside the span of F where one of them does not vanish.
    """

    def __init__(
        self, vectors: list[Vector], circuits: list[list[int]], proof: dict[str, Any], n: int, p: int | None
    ) -> None:
        self.circuits, self.n, self.p = circuits, n, p
        self.vectors = [self._reduced(v) for v in vectors]
        self.tree = proof["tree"]
        self.forced = [circuits[c][0] for c in proof["forced"]]

    def check(self) -> int:
        annihilator = [[int(i == k) for k in range(self.n)] for i in range(self.n)]
        for row in self.forced:
            annihilator = self._extended(annihilator, row)
        if not self.tree:
            if annihilator:
                raise Invalid(f"the forced lines leave {len(annihilator)} dimensions open and there is no tree")
            return 0
        nodes, position = 0, 0
        waiting: list[tuple[list[Vector], frozenset[int]]] = [(annihilator, frozenset())]
        while waiting:
            if position >= len(self.tree):
                raise Invalid(f"the tree ends early: {len(waiting)} nodes are missing")
            annihilator, negative = waiting.pop()
            count = self.tree[position]
            if type(count) is not int or not 0 <= count <= _PACKED:
                raise Invalid(f"node {nodes} must name from 0 to {_PACKED} circuits")
            chosen = self.tree[position + 1 : position + 1 + max(count, 1)]
            lists = [[i for i in self._circuit(c) if i not in negative] for c in chosen]
            if count == 0:
                children = [
                    (self._extended(annihilator, row), negative.union(lists[0][:k])) for k, row in enumerate(lists[0])
                ]
                waiting += reversed(children)
            elif not self._closed(annihilator, lists):
                raise Invalid(f"node {nodes} is not closed: active rows remain that may not span")
            position += 1 + max(count, 1)
            nodes += 1
        if position != len(self.tree):
            raise Invalid("the tree goes on after its last node")
        return nodes

    def _circuit(self, c: int) -> list[int]:
        if type(c) is not int or not 0 <= c < len(self.circuits):
            raise Invalid(f"the tree names circuit {c!r}, which is not there")
        return self.circuits[c]

    def _closed(self, annihilator: list[Vector], lists: list[list[int]]) -> bool:
        """Whether F with any choice of one row from each list spans the space."""
        if any(not rows for rows in lists):
            return True  # a circuit with all rows negative: there is no such point
        values = [[[self._dot(f, self.vectors[i]) for f in annihilator] for i in rows] for rows in lists]
        return self._spans(len(annihilator), values)

    def _spans(self, missing: int, lists: list[list[Vector]]) -> bool:
        """Whether every choice of one vector from each list spans the space of `missing` dimensions."""
        if missing == 0:
            return True
        if len(lists) < missing:
            return False
        first, *others = lists
        if missing == 1 and all(v[0] for v in first):
            return True
        if missing == 2 and self._no_parallels(first, others[0]):
            return True
        for vector in first:
            pivot = next((t for t, v in enumerate(vector) if v), None)
            if pivot is None:
                if not self._spans(missing, others):
                    return False
                continue
            projected = [[self._without(v, vector, pivot) for v in vectors] for vectors in others]
            if not self._spans(missing - 1, projected):
                return False
        return True

    def _no_parallels(self, first: list[Vector], second: list[Vector]) -> bool:
        """Whether every vector of one list is independent of every vector of the other; two coordinates each."""
        if self.p:
            return all((a * d - b * c) % self.p for a, b in first for c, d in second)
        return all(a * d != b * c for a, b in first for c, d in second)

    def _without(self, v: Vector, along: Vector, pivot: int) -> Vector:
        """v modulo `along`, one coordinate shorter."""
        a, c = along[pivot], v[pivot]
        return self._reduced([a * x - c * y for t, (x, y) in enumerate(zip(v, along, strict=True)) if t != pivot])

    def _extended(self, annihilator: list[Vector], row: int) -> list[Vector]:
        """The annihilator of F and one more row (the same where the row is in the span)."""
        values = [self._dot(f, self.vectors[row]) for f in annihilator]
        pivot = next((t for t, v in enumerate(values) if v), None)
        if pivot is None:
            return annihilator
        a, g = values[pivot], annihilator[pivot]
        return [
            self._reduced([a * x - values[t] * y for x, y in zip(f, g, strict=True)])
            for t, f in enumerate(annihilator)
            if t != pivot
        ]

    def _dot(self, f: Vector, v: Vector) -> int:
        total = sum(map(int.__mul__, f, v))
        return total % self.p if self.p else total

    def _reduced(self, v: Vector) -> Vector:
        if self.p:
            return [x % self.p for x in v]
        content = math.gcd(*v)  # a functional stands for all its multiples; short ones keep this exact pass fast
        return [x // content for x in v] if content > 1 else v
