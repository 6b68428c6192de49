"""Check a certificate of a ReLU layer with biases p + q sqrt(r), as normalised layers have, from nothing but its file.

Only the standard library; `certificates` reads numbers and checks the certificate of a rational layer inside a proof.

The layer is x -> max(0, <w_i, x> + p_i + q_i sqrt(r_i)) on R^n, with rational w_i, p_i, q_i and r_i >= 0.  The sign of
a + q sqrt(r) is known from the signs of a and of q, and where these differ from that of a^2 - q^2 r.

* "not-injective-with-roots": two different rational points x, y; for each row, <w_i, x> = <w_i, y>, or the value is
  not positive at both.  So the outputs are equal.
* "injective-with-roots" by "smaller biases": a layer with the same weights, and with rational biases that are not
  larger, whose own certificate shows that its active rows span R^n at every point, which makes a layer injective (see
  `certificates`).  Larger biases only make more rows active: those of the layer with roots span as well.
* "injective-with-roots" by "one root": a rational point a with <w_i, a> = -p_i for all rows that are not zero, and a
  rational d > 0.  With x = a + sqrt(d) y the values of these rows are sqrt(d) times <w_i, y> + c_i, where c_i =
  q_i sqrt(r_i / d).  The layer of the rows (w_i | c_i), if these are rational, is injective by its own certificate.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import Any

from proofs_check.certificates import Invalid, check_text
from proofs_check.certificates import _numbers as numbers

_BESIDES = {"format", "version", "claim", "digest", "proof"}  # all else is the statement


def proved(data: dict[str, Any]) -> str:
    """What the certificate proves; raises Invalid where it does not.

    data : the certificate, with the claim "injective-with-roots" or "not-injective-with-roots".
    """
    claim, proof = data["claim"], data["proof"]
    statement = {key: value for key, value in data.items() if key not in _BESIDES}
    canonical = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    if hashlib.sha256(canonical.encode()).hexdigest() != data["digest"]:
        raise Invalid("the statement is not the one that was certified (digest differs)")
    if set(statement) != {"layer", "domain", "rows"} or statement["layer"] is not None:
        raise Invalid("the statement must have rows with roots in place of a layer, and nothing else")
    if statement["domain"] is not None:
        raise Invalid("this claim is about all of R^n: the domain must be null")
    layer = _RootLayer(statement["rows"])
    if claim == "not-injective-with-roots":
        _check_collision(layer, proof)
        return f"{layer.title} is not injective (two different inputs, equal outputs)"
    if claim == "injective-with-roots":
        if proof["by"] not in ("smaller biases", "one root"):
            raise Invalid(f"unknown proof by {str(proof['by'])[:40]!r}")
        if proof["by"] == "smaller biases":
            _check_smaller(layer, proof["layer"])
        else:
            _check_one_root(layer, proof)
        return f"{layer.title} is injective (by {proof['by']}; {_nested(proof['layer'])})"
    raise Invalid(f"unknown claim {claim!r}")


class _RootLayer:
    """The weights w, and the p, q and r of the biases p + q sqrt(r)."""

    def __init__(self, rows: dict[str, Any]) -> None:
        if set(rows) != {"n", "W", "p", "q", "r"}:
            raise Invalid("rows are given by n, W, p, q and r")
        self.n, self.w = rows["n"], [numbers(w) for w in rows["W"]]
        self.p, self.q, self.r = (numbers(rows[name]) for name in "pqr")
        if type(self.n) is not int or self.n < 1 or any(len(w) != self.n for w in self.w):
            raise Invalid("the rows must have n numbers each, n at least 1")
        if {len(self.p), len(self.q), len(self.r)} != {len(self.w)}:
            raise Invalid("p, q and r must have one number for each row")
        if any(r < 0 for r in self.r):
            raise Invalid("there is no root of a negative number")
        self.title = f"the layer of {len(self.w)} neurons on R^{self.n}, with roots in the biases,"


def sign(a: Fraction, q: Fraction, r: Fraction) -> int:
    """The sign of a + q sqrt(r), -1, 0 or 1.

    >>> [sign(Fraction(a), Fraction(-1), Fraction(2)) for a in (1, 2)], sign(Fraction(2), Fraction(-1), Fraction(4))
    ([-1, 1], 0)
    """
    one = (a > 0) - (a < 0)
    other = ((q > 0) - (q < 0)) * (r > 0)
    if one * other >= 0:
        return one or other
    larger = a * a - q * q * r
    return one if larger > 0 else other if larger < 0 else 0


def _check_collision(layer: _RootLayer, proof: dict[str, Any]) -> None:
    x, y = (numbers(proof[name]) for name in ("x", "y"))
    if len(x) != layer.n or len(y) != layer.n:
        raise Invalid(f"the points must have {layer.n} coordinates")
    if x == y:
        raise Invalid("the two points are the same")
    for i, w in enumerate(layer.w):
        at_x, at_y = (sum((a * v for a, v in zip(w, z, strict=True)), layer.p[i]) for z in (x, y))
        if at_x != at_y and max(sign(v, layer.q[i], layer.r[i]) for v in (at_x, at_y)) > 0:
            raise Invalid(f"neuron {i} tells the two points apart")


def _check_smaller(layer: _RootLayer, nested: dict[str, Any]) -> None:
    """The layer inside has the same weights, and biases that are not larger."""
    bias = numbers(nested["layer"]["b"])
    if [numbers(w) for w in nested["layer"]["W"]] != layer.w or len(bias) != len(layer.w):
        raise Invalid("the layer inside has other weights")
    for i, b in enumerate(bias):
        if sign(layer.p[i] - b, layer.q[i], layer.r[i]) < 0:
            raise Invalid(f"the bias of row {i} of the layer inside is larger")


def _check_one_root(layer: _RootLayer, proof: dict[str, Any]) -> None:
    """The layer inside is this one for inputs a + sqrt(d) y, without the constant rows."""
    nested, shift, (d,) = proof["layer"], numbers(proof["shift"]), numbers([proof["root"]])
    moving = [i for i, w in enumerate(layer.w) if any(w)]
    bias = numbers(nested["layer"]["b"])
    if d <= 0 or len(shift) != layer.n:
        raise Invalid(f"d must be positive, and the shift must have {layer.n} coordinates")
    if [numbers(w) for w in nested["layer"]["W"]] != [layer.w[i] for i in moving] or len(bias) != len(moving):
        raise Invalid("the layer inside has other weights")
    for i, c in zip(moving, bias, strict=True):
        if sum((w * v for w, v in zip(layer.w[i], shift, strict=True)), layer.p[i]):
            raise Invalid(f"the shift does not take the rational part of bias {i} away")
        if c * c * d != layer.q[i] ** 2 * layer.r[i] or c * layer.q[i] < 0:
            raise Invalid(f"bias {i} of the layer is not that of the layer inside times sqrt(d)")


def _nested(nested: dict[str, Any]) -> str:
    """What the certificate inside proves."""
    if nested["claim"] != "injective" or nested["domain"] is not None:
        raise Invalid("the certificate inside does not claim that a layer is injective on R^n")
    report = check_text(json.dumps(nested))
    if not report.valid:
        raise Invalid(f"the certificate inside is wrong: {report.text.removeprefix('INVALID: ')}")
    return report.text.removeprefix("VALID: ")
