"""What a family of layers can be asked, whatever its layers come from."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from flint import arb_mat, ctx

from relutheory.core.errors import reject
from relutheory.deep_limit.families.rules import BIASES, NORMS, WEIGHTS, RationalInN, Rule, Symbolic, Tail
from relutheory.networks.layers import ReLULayer

MOST_BITS = 1 << 20  # precision of balls


@dataclass(frozen=True, eq=False, repr=False)
class LayerSequence:
    """Layers n = 1, 2, ..., given by a rule; made by the constructors of `DeepFamily`."""

    rule: Rule
    words: str = "layers"

    @property
    def length(self) -> int | None:
        """The number of layers given, after which there is only the identity; None where the family is infinite."""
        return self.rule.length

    @property
    def input_dim(self) -> int:
        """Dimension of the input space."""
        return self.rule.width(0)

    def width(self, n: int) -> int:
        """The width of layer n; for n = 0 the number of inputs."""
        return self.rule.width(_index(n, 0))

    def layer(self, n: int) -> ReLULayer:
        """Layer n with exact numbers.  Raises InputError that names the layer where they are not rational."""
        W, b = self.rule.exact(_index(n, 1))
        return ReLULayer(W, b.entries())

    def balls(self, n: int, bits: int = 128) -> tuple[arb_mat, arb_mat]:
        """Enclosures of W_n, (m, k), and of b_n, (m, 1), computed with `bits` bits.  Raises InputError."""
        _index(n, 1)
        if isinstance(bits, bool) or not isinstance(bits, Integral) or not 2 <= bits <= MOST_BITS:
            reject("bits", bits, f"must be a whole number from 2 to {MOST_BITS}")
        with ctx.workprec(int(bits)):
            return self.rule.balls(n)

    def floats(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The float64 nearest to each entry of W_n, (m, k), and of b_n, (m,).  Raises InputError."""
        return self.rule.floats(_index(n, 1))

    @property
    def symbolic(self) -> Symbolic | None:
        """The formulas in sympy with the constants put in, (W, b, n, start), or None."""
        return self.rule.symbolic

    @property
    def rational_in_n(self) -> RationalInN | None:
        """W_n and b_n as quotients of polynomials in n, (W, b, start), or None."""
        return self.rule.rational_in_n

    def tail_weights(self, n: int, norm: str = "inf") -> Tail:
        """What is proved of the sum of |P_i| over i > n, i >= 2.

        norm : "1", "2" or "inf", induced by the vector norm of that name.  "2" may be bounded by the Frobenius norm
        or by the root of |P|_1 |P|_inf.  Returns a `Tail`.
        """
        return self._tail(WEIGHTS, n, norm)

    def tail_bias(self, n: int, norm: str = "inf") -> Tail:
        """What is proved of the sum of |b_i| over i > n.  norm : "1", "2" or "inf".  Returns a `Tail`."""
        return self._tail(BIASES, n, norm)

    def _tail(self, what: str, n: int, norm: str) -> Tail:
        _index(n, 0)
        check_norm(norm)
        with ctx.workprec(128):
            return self.rule.tail(what, n, norm)

    def __repr__(self) -> str:
        depth = "infinite" if self.length is None else f"length {self.length}"
        return f"DeepFamily({self.words}; {self.input_dim} inputs, {depth})"


def check_family(family: Any) -> None:
    """Anything that is no family, or one with bad layers at its beginning, is an `InputError`."""
    if isinstance(family, type) or not hasattr(family, "tail_weights"):
        reject("family", family, "must be a DeepFamily")
    if hasattr(family, "rule"):
        family.rule.check_first()


def check_exact_layers(family: Any) -> None:
    """Anything without exact layers is an `InputError`."""
    if isinstance(family, type) or not callable(getattr(family, "layer", None)):
        reject("family", family, "must be a DeepFamily, or have exact layers layer(n)")


def check_norm(norm: Any) -> None:
    """Anything that is no name of a norm is an `InputError`."""
    if not isinstance(norm, str) or norm not in NORMS:
        reject("norm", norm, f"must be one of {', '.join(NORMS)}")


def _index(n: Any, least: int) -> int:
    if isinstance(n, bool) or not isinstance(n, Integral) or int(n) < least:
        reject("n", n, f"must be a whole number >= {least}")
    return int(n)
