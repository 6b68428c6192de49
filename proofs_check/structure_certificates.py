"""Check a certificate about general position, or about a layer whose outputs are pooled, from nothing but its file.

Only the standard library; `certificates` reads numbers and checks the certificate of a layer inside such a proof.

General position of the m rows of W in R^n: any min(m, n) of them are independent.

* "not-general-position": at most min(m, n) of the rows, and integers l_i, not all zero, with sum l_i w_i = 0.
* "general-position": nothing to read; the subsets are gone through again.  To choose a vector is to eliminate one
  coordinate from all the later ones, and subsets share this work.  Of two-dimensional vectors any two are independent
  if all slopes differ.  Where n < m < 2n the complements are gone through instead: let the rows of K be a basis of the
  dependencies of the rows of W, so that K has m - n rows and m columns.  If n rows of W are dependent, some z = cK != 0
  with zW = 0 vanishes outside of them: the other m - n columns of K are dependent; and the other way round.
  All this modulo a prime: what is independent modulo p is independent.  What is not is looked at in integers.

A pooled layer is the map f of R^n that has one output for each group of neurons v_i(z) = max(0, <w_i, z> + b_i): their
maximum ("max"), average or l^p norm ("average", "lp" with an integer p >= 1).  Each neuron is in exactly one group.
An average may be replaced by the sum, and an l^p norm by the sum of the p-th powers.

* "pooling-not-injective": two different points x, y with f(x) = f(y).
* "pooling-injective" by "representatives": the weights of the neurons of some groups that are not zero are positive
  multiples s_i d of one vector d (parallel groups).  With t = <d, z>, neuron i exceeds a number h from t = (h - b_i) /
  s_i on.  Let h be 0, or, for "max", the largest constant neuron of the group if there is one.  Up to the least of the
  numbers (h - b_i) / s_i, say t0, the pooled output is constant; from there on it strictly increases.  So it determines
  max(0, t - t0), and the layer of the rows (d | -t0), injective by its own certificate, sees no more than f does.
* "pooling-injective" by "trees": f is a sum of maxima.  A unit is a list of affine functions, of which the first is 0:
  the rows of a group and 0 for "max"; else one row and 0, so that the group has as many units as rows.  An output is
  the sum, over the units of its group, of the largest function of each unit.  If f(x) = f(y) and x != y, some
  coordinate k has x_k > y_k, or y_k > x_k; then y, x is such a pair too.  So one tree for each k is enough that shows
  that no x, y with f(x) = f(y) have x_k > y_k.  A node of the tree stands for some pairs x, y: those for which certain
  functions are the largest of their units at x, or at y.  {"branch": [point, unit]} has one child for each function of
  that unit, in order: some function is the largest.  A leaf adds up inequalities, with multipliers >= 0,
    "differ": x_k - y_k > 0;
    "choices", [multiplier, point, unit, function]: the unit's largest function at this point, which the branches name,
      minus another one of its functions there, is >= 0;
    "outputs", [multiplier, point, group, functions]: the output of the group at this point, all units of which the
      branches name, minus the sum of one function of each unit at the other point, is >= 0, since that sum is at most
      the output there and the outputs are equal;
  to a constant that is negative, or zero with a positive multiplier of "differ".  So there are no such x, y.
  The nodes are in preorder.  Numbers of coordinates, rows, groups, units and functions start at 0.
"""

from __future__ import annotations

import hashlib
import json
import math
from fractions import Fraction
from typing import Any

from proofs_check.certificates import Invalid, check_text
from proofs_check.certificates import _numbers as numbers

_PRIMES: tuple[int | None, ...] = (2**61 - 1, 2**89 - 1, None)  # None: exact integers
MOST_STEPS = 20_000_000  # to go through subsets: about a minute
_POWER_BITS = 5_000_000  # of a p-th power
_BESIDES = {"format", "version", "claim", "digest", "proof"}  # all else is the statement

Vector = list[int]
Form = list[Fraction]  # (w | b), the function <w, z> + b


def proved(data: dict[str, Any]) -> str:
    """What the certificate proves; raises Invalid where it does not.

    data : the certificate, with the claim "general-position", "pooling-injective", or the opposite of these.
    """
    claim, proof = data["claim"], data["proof"]
    statement = {key: value for key, value in data.items() if key not in _BESIDES}
    canonical = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    if hashlib.sha256(canonical.encode()).hexdigest() != data["digest"]:
        raise Invalid("the statement is not the one that was certified (digest differs)")
    pooling = claim.startswith("pooling-")
    if set(statement) != {"layer", "domain"} | ({"groups", "kind", "p"} if pooling else set()):
        raise Invalid("the statement does not say what this claim is about, or says more")
    if statement["domain"] is not None:
        raise Invalid("this claim is about all of R^n: the domain must be null")
    n, rows = _layer(statement["layer"])
    if claim == "general-position":
        many = _check_general_position([_integers(row[:-1]) for row in rows], n)
        return f"the {len(rows)} rows in R^{n} are in general position ({many} subsets gone through)"
    if claim == "not-general-position":
        _check_dependency(rows, n, proof)
        return f"the {len(rows)} rows in R^{n} are not in general position ({len(proof['rows'])} dependent rows)"
    pooled = _Pooled(n, rows, statement)
    if claim == "pooling-not-injective":
        _check_collision(pooled, proof)
        return f"{pooled.title} is not injective (two different inputs, equal outputs)"
    if claim == "pooling-injective":
        if proof["by"] == "representatives":
            return f"{pooled.title} is injective (parallel groups; {_check_representatives(pooled, proof['layer'])})"
        if proof["by"] == "trees":
            return f"{pooled.title} is injective (trees of {_check_trees(pooled, proof['trees'])} nodes)"
        raise Invalid(f"unknown proof by {str(proof['by'])[:40]!r}")
    raise Invalid(f"unknown claim {claim!r}")


def _layer(layer: dict[str, Any]) -> tuple[int, list[Form]]:
    """n, and the rows (w | b)."""
    n = layer["n"]
    rows = [[*numbers(row), b] for row, b in zip(layer["W"], numbers(layer["b"]), strict=True)]
    if type(n) is not int or n < 1 or any(len(row) != n + 1 for row in rows):
        raise Invalid("the rows of the layer must have n numbers each, n at least 1")
    return n, rows


def _integers(row: Form) -> Vector:
    """A positive multiple of the row with integer entries."""
    common = math.lcm(*(v.denominator for v in row))
    return [int(v * common) for v in row]


def _index(value: Any, size: int, what: str) -> int:
    if type(value) is not int or not 0 <= value < size:
        raise Invalid(f"there is no {what} {str(value)[:40]}")
    return value


# General position


def _check_dependency(rows: list[Form], n: int, proof: dict[str, Any]) -> None:
    chosen = [_index(i, len(rows), "row") for i in proof["rows"]]
    multipliers = numbers(proof["multipliers"])
    if len(set(chosen)) != len(chosen) or len(chosen) != len(multipliers):
        raise Invalid("rows and multipliers do not match")
    if len(chosen) > min(len(rows), n):
        raise Invalid(f"more than {min(len(rows), n)} rows: these may be dependent in general position")
    if not any(multipliers):
        raise Invalid("all multipliers are zero")
    for k in range(n):
        if sum((v * rows[i][k] for i, v in zip(chosen, multipliers, strict=True)), Fraction(0)):
            raise Invalid(f"the rows do not sum to zero in coordinate {k}")


def steps(m: int, n: int) -> int:
    """What it takes to go through the subsets of m rows in R^n; more than MOST_STEPS are refused.

    The d-th vector chosen has k later ones in as many ways as d - 1 are chosen before it: n - d entries of each are
    made then, which counts as n - d + 4 steps.  For the last two nothing is made: slopes are compared.
    """
    dual = n < m < 2 * n
    size, length = (m - n, m - n) if dual else (min(m, n), n)
    total = m * (m + n) * n if dual else m * n
    for d in range(1, size - 1 if size == length else size):
        if total > MOST_STEPS:
            break
        total += sum(math.comb(m - k - 1, d - 1) * k * (length - d + 4) for k in range(size - d, m - d + 1))
    return total


def _check_general_position(rows: list[Vector], n: int) -> int:
    """Go through all subsets; returns how many there are."""
    m = len(rows)
    dual = n < m < 2 * n
    size = m - n if dual else min(m, n)
    if steps(m, n) > MOST_STEPS:
        raise Invalid(f"{m} rows in R^{n} have too many subsets, or are too long, for this checker")
    for p in _PRIMES:
        vectors = _dependencies(rows, n, p) if dual else [_reduced(row, p) for row in rows]
        found = tuple(range(m - n)) if vectors is None else _dependent(vectors, size, p)
        if found is None:
            return math.comb(m, size)
        chosen = [i for i in range(m) if i not in found][:n] if dual else list(found)
        if p is None or _dependent([rows[i] for i in chosen], len(chosen), None) is not None:
            raise Invalid(f"the rows {', '.join(map(str, chosen))} are dependent")
    raise AssertionError("the last try is exact and returns or raises")


def _dependent(vectors: list[Vector], size: int, p: int | None) -> tuple[int, ...] | None:
    """Numbers of at most `size` vectors that are dependent modulo p, or None where there are none."""
    waiting: list[tuple[tuple[int, ...], list[tuple[int, Vector]]]] = [((), list(enumerate(vectors)))] if size else []
    while waiting:
        chosen, later = waiting.pop()
        missing = size - len(chosen)
        slopes: dict[Any, int] = {}
        for place in range(len(later) - missing + 1 if missing != 2 else len(later)):
            i, v = later[place]
            pivot = next((t for t, entry in enumerate(v) if entry), None)
            if pivot is None:
                return (*chosen, i)
            if missing == 2 and len(v) == 2:
                slope = _ratio(v[1], v[0], p) if pivot == 0 else None
                if slopes.setdefault(slope, i) != i:
                    return (*chosen, slopes[slope], i)
            elif missing > 1:
                waiting.append(((*chosen, i), [(j, _without(u, v, pivot, p)) for j, u in later[place + 1 :]]))
    return None


def _dependencies(rows: list[Vector], n: int, p: int | None) -> list[Vector] | None:
    """The columns of K, one for each row of W; None where the rows do not span R^n modulo p.

    Eliminating the n coordinates of W from [W | I] leaves [0 | K].
    """
    table = [_reduced([*row, *(int(i == j) for j in range(len(rows)))], p) for i, row in enumerate(rows)]
    for _ in range(n):
        first = next((t for t, line in enumerate(table) if line[0]), None)
        if first is None:
            return None
        along = table.pop(first)
        table = [_without(line, along, 0, p) for line in table]
    return [list(column) for column in zip(*table, strict=True)]


def _without(v: Vector, along: Vector, pivot: int, p: int | None) -> Vector:
    """A multiple of v, modulo `along`, without the coordinate that this makes zero."""
    a, c = along[pivot], v[pivot]
    left = [a * x - c * y for x, y in zip(v, along, strict=True)]
    del left[pivot]
    return _reduced(left, p)


def _reduced(v: Vector, p: int | None) -> Vector:
    if p:
        return [x % p for x in v]
    content = math.gcd(*v)
    return [x // content for x in v] if content > 1 else v


def _ratio(b: int, a: int, p: int | None) -> Fraction | int:
    return b * pow(a, -1, p) % p if p else Fraction(b, a)


# Pooling


class _Pooled:
    """The statement: rows (w | b), groups, kind and p; and the units of each group."""

    def __init__(self, n: int, rows: list[Form], statement: dict[str, Any]) -> None:
        self.n, self.rows = n, rows
        self.kind, self.p = statement["kind"], statement["p"]
        if self.kind not in ("max", "average", "lp"):
            raise Invalid(f"unknown pooling {str(self.kind)[:40]!r}")
        if type(self.p) is not int or self.p < 1:
            raise Invalid("p must be a positive integer")
        self.groups = [[_index(i, len(rows), "row") for i in group] for group in statement["groups"]]
        if sorted(i for group in self.groups for i in group) != list(range(len(rows))) or not all(self.groups):
            raise Invalid("each neuron must be in exactly one group, and no group may be empty")
        zero = [Fraction(0) for _ in rows[0]] if rows else []
        self.units: list[list[Form]] = []
        self.units_of: list[list[int]] = []
        for group in self.groups:
            parts = [group] if self.kind == "max" else [[i] for i in group]
            self.units_of.append(list(range(len(self.units), len(self.units) + len(parts))))
            self.units += [[zero, *(rows[i] for i in part)] for part in parts]
        name = f"l^{self.p}" if self.kind == "lp" else self.kind
        self.title = f"the layer of {len(rows)} neurons on R^{n} with {name} pooling over {len(self.groups)} groups"

    def neurons(self, group: list[int], z: list[Fraction]) -> list[Fraction]:
        """The outputs of the group's neurons at z, in order of size."""
        values = (sum((a * v for a, v in zip(self.rows[i], z, strict=False)), self.rows[i][-1]) for i in group)
        return sorted(max(value, Fraction(0)) for value in values)

    def pool(self, values: list[Fraction]) -> Fraction:
        """The maximum, the sum, or the sum of the p-th powers."""
        if self.kind != "lp":
            return max(values) if self.kind == "max" else sum(values, Fraction(0))
        longest = max(max(v.numerator.bit_length(), v.denominator.bit_length()) for v in values)
        if longest * self.p > _POWER_BITS:
            raise Invalid("the p-th powers are too large for this checker")
        return sum((v**self.p for v in values), Fraction(0))


def _check_collision(pooled: _Pooled, proof: dict[str, Any]) -> None:
    x, y = (numbers(proof[name]) for name in ("x", "y"))
    if len(x) != pooled.n or len(y) != pooled.n:
        raise Invalid(f"the points must have {pooled.n} coordinates")
    if x == y:
        raise Invalid("the two points are the same")
    for g, group in enumerate(pooled.groups):
        at_x, at_y = pooled.neurons(group, x), pooled.neurons(group, y)
        if at_x != at_y and pooled.pool(at_x) != pooled.pool(at_y):  # equal neurons have equal powers
            raise Invalid(f"group {g} tells the two points apart")


def _check_representatives(pooled: _Pooled, nested: dict[str, Any]) -> str:
    """Each row of an injective layer stands for a group of parallel rows; returns what is proved of that layer."""
    if nested["claim"] != "injective" or nested["domain"] is not None:
        raise Invalid("the certificate inside does not claim that a layer is injective on R^n")
    allowed = {row for row in (_representative(pooled, group) for group in pooled.groups) if row is not None}
    n, rows = _layer(nested["layer"])
    if n != pooled.n:
        raise Invalid(f"the layer inside has {n} inputs, not {pooled.n}")
    for i, row in enumerate(rows):
        if any(row[:-1]) and _scaled(row) not in allowed:
            raise Invalid(f"row {i} of the layer inside stands for no group of parallel rows")
    report = check_text(json.dumps(nested))
    if not report.valid:
        raise Invalid(f"the certificate inside is wrong: {report.text.removeprefix('INVALID: ')}")
    return report.text.removeprefix("VALID: ")


def _representative(pooled: _Pooled, group: list[int]) -> tuple[Fraction, ...] | None:
    """(d | -t0) of a parallel group; None where directions differ, or there is none."""
    rows = [pooled.rows[i] for i in group]
    constant = [row[-1] for row in rows if not any(row[:-1])]
    h = max([Fraction(0), *constant]) if pooled.kind == "max" else Fraction(0)
    moving = [_scaled([*row[:-1], row[-1] - h]) for row in rows if any(row[:-1])]
    if len({row[:-1] for row in moving}) != 1:
        return None
    return max(moving)  # d is the same in all: the largest (b - h) / s, minus the least (h - b) / s


def _scaled(row: Form) -> tuple[Fraction, ...]:
    """The positive multiple of (w | b) with the first non-zero entry of w equal to 1 or -1."""
    unit = abs(next(v for v in row[:-1] if v))
    return tuple(v / unit for v in row)


def _check_trees(pooled: _Pooled, trees: list[Any]) -> int:
    """One tree for each coordinate; returns the number of nodes."""
    if pooled.kind == "lp" and pooled.p != 1:
        raise Invalid("l^p pooling with p > 1 is no sum of maxima: trees do not apply")
    if len(trees) != pooled.n:
        raise Invalid(f"there must be {pooled.n} trees, one for each coordinate")
    for k, tree in enumerate(trees):
        waiting: list[dict[tuple[str, int], int]] = [{}]  # the largest function of (point, unit), as branches say
        for number, node in enumerate(tree):
            if not waiting:
                raise Invalid(f"tree {k} goes on after its last node")
            largest = waiting.pop()
            if "branch" not in node:
                _check_leaf(pooled, k, largest, node, f"leaf {number} of tree {k}")
                continue
            at, unit = _point(node["branch"][0]), _index(node["branch"][1], len(pooled.units), "unit")
            if (at, unit) in largest:
                raise Invalid(f"node {number} of tree {k}: what is the largest there is known already")
            waiting += [largest | {(at, unit): i} for i in reversed(range(len(pooled.units[unit])))]
        if waiting:
            raise Invalid(f"tree {k} ends early: {len(waiting)} nodes are missing")
    return sum(map(len, trees))


def _check_leaf(pooled: _Pooled, k: int, largest: dict[tuple[str, int], int], leaf: dict[str, Any], name: str) -> None:
    """The sum of the inequalities is a contradiction."""
    total = {"x": [Fraction(0)] * (pooled.n + 1), "y": [Fraction(0)] * (pooled.n + 1)}

    def add(factor: Fraction, at: str, form: Form) -> None:
        total[at] = [v + factor * a for v, a in zip(total[at], form, strict=True)]

    def known(at: str, unit: int) -> Form:
        if (at, unit) not in largest:
            raise Invalid(f"{name}: no branch says which function of unit {unit} is the largest at {at}")
        return pooled.units[unit][largest[at, unit]]

    def function(unit: int, i: Any) -> Form:
        return pooled.units[unit][_index(i, len(pooled.units[unit]), "function")]

    (differ,), used = numbers([leaf["differ"]]), []
    total["x"][k] += differ
    total["y"][k] -= differ
    for text, at, unit, i in leaf["choices"]:
        used += numbers([text])
        best = known(_point(at), _index(unit, len(pooled.units), "unit"))
        add(used[-1], at, best)
        add(-used[-1], at, function(unit, i))
    for text, at, group, chosen in leaf["outputs"]:
        used += numbers([text])
        other = {"x": "y", "y": "x"}[_point(at)]
        for unit, i in zip(pooled.units_of[_index(group, len(pooled.groups), "group")], chosen, strict=True):
            add(used[-1], at, known(at, unit))
            add(-used[-1], other, function(unit, i))
    if differ < 0 or any(v < 0 for v in used):
        raise Invalid(f"{name}: a multiplier is negative")
    if any(total["x"][:-1]) or any(total["y"][:-1]):
        raise Invalid(f"{name}: the inequalities do not add up to a constant")
    constant = total["x"][-1] + total["y"][-1]
    if constant > 0 or (constant == 0 and differ == 0):
        raise Invalid(f"{name}: the constant is no contradiction")


def _point(name: Any) -> str:
    if name not in ("x", "y"):
        raise Invalid(f"the point {str(name)[:40]!r} is neither x nor y")
    return str(name)
