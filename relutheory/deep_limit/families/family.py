"""Families of ReLU layers x_n = ReLU(W_n x_{n-1} + b_n), n = 1, 2, ..., with proved bounds of what is still to come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

from relutheory.core.errors import reject
from relutheory.deep_limit.families.layer_sequence import LayerSequence
from relutheory.networks.layers import ReLULayer

MOST_WIDTH = 4096


class DeepFamily(LayerSequence):
    """An infinitely deep ReLU network: layers n = 1, 2, ..., each exact, enclosed in balls, or in float64.

    Layer n maps x_{n-1} to x_n = ReLU(W_n x_{n-1} + b_n).  For n >= 2 its weights are compared with the reference E_n,
    which is the identity, or where the width grows the embedding that appends zeros; P_n = W_n - E_n.

    Made by `from_symbolic`, `from_layers`, `from_callable`, `random`, `convolution`, `residual`, `residual_blocks`.

    >>> family = DeepFamily.from_symbolic("I + A/n**2", "c/n**2", constants={"A": [[0, 1], [1, 0]], "c": [1, -1]})
    >>> family.layer(2).W.tolist(), family.layer(2).b.tolist()
    ([[1.0, 0.25], [0.25, 1.0]], [0.25, -0.25])
    >>> family.tail_weights(100, "inf").upper_float
    0.009950166663333574
    """

    @classmethod
    def from_symbolic(
        cls,
        W: Any,
        b: Any = None,
        *,
        width: int | None = None,
        constants: Mapping[str, Any] | None = None,
        first: Any = None,
    ) -> DeepFamily:
        """The family with W_n and b_n given by formulas in n.

        W, b : strings such as "I + A/n**2" and "c*r**n", sympy expressions or matrices in the symbol n, or lists of
        such; b = None is zero.  I is the identity; sqrt, exp, log are known; a decimal is the number that is written.
        width : the width m, needed where W says it neither by its shape nor by that of the constants.
        constants : exact numbers, vectors (m,) and matrices by name; floats are the binary fractions they are.
        first : (W_1, b_1), numbers of shapes (m, d) and (m,), or a ReLULayer; else the formulas give layer 1 too.
        Raises InputError that names what is wrong: unknown names, shapes, a division by zero and its layer.

        >>> DeepFamily.from_symbolic("(n**2 + 1)/n**2", "1/2**n").layer(3).forward_exact([9])
        [Fraction(81, 8)]
        """
        from relutheory.deep_limit.families.formulas import formula_rule

        checked = None if width is None else _positive("width", width)
        rule = formula_rule(W, b, checked, constants, first)
        return cls(rule, f"W = {rule.texts[0]}, b = {rule.texts[1]}")

    @classmethod
    def from_layers(cls, layers: Iterable[Any]) -> DeepFamily:
        """The family of a finite list of layers; after the last one the identity with zero bias.

        layers : ReLULayer objects or pairs (W, b), each as wide as the next one has inputs.  Raises InputError.

        >>> family = DeepFamily.from_layers([([[1, 2]], [0]), ([["1/2"]], None)])
        >>> family.length, family.input_dim, family.layer(7).W.tolist(), family.tail_weights(1, "2").upper
        (2, 2, [[1.0]], 0.500000000000000)
        """
        from relutheory.deep_limit.families.listed import ListRule

        if isinstance(layers, (str, bytes, ReLULayer)) or not isinstance(layers, Iterable):
            reject("layers", layers, "must be a list of ReLULayer objects or pairs (W, b)")
        rule = ListRule(layers)
        return cls(rule, f"{rule.length} layers")

    @classmethod
    def from_callable(
        cls,
        layer: Callable[[int], Any],
        *,
        width: int | Callable[[int], int],
        input_dim: int | None = None,
        tails: Callable[[int, str], Any] | None = None,
    ) -> DeepFamily:
        """The family whose layer n is `layer(n)`, a ReLULayer or a pair (W, b).

        width : m, or a function of n.  input_dim : the number of inputs; None reads it off layer 1.
        tails : a function of (n, norm) that gives (T, t), upper bounds of the sums of |P_i| and of |b_i| over i > n in
        the norm "1", "2" or "inf", each a number, an arb or None (not known).  They are believed ("declared"), except
        that a bound smaller than the next layer's own norm is refused.  Without it the tails are undecided.
        Raises InputError, also later, where a layer is asked for that has the wrong shape or a NaN.

        >>> DeepFamily.from_callable(lambda n: ([[1 + 2.0**-n]], [0]), width=1).layer(3).W.tolist()
        [[1.125]]
        """
        from relutheory.deep_limit.families.listed import CallableRule

        if not callable(layer):
            reject("layer", layer, "must be a function of n that returns (W, b)")
        if tails is not None and not callable(tails):
            reject("tails", tails, "must be a function of (n, norm) or None")
        m = width if callable(width) else _positive("width", width)
        inputs = None if input_dim is None else _positive("input_dim", input_dim)
        return cls(CallableRule(layer, m, inputs, tails), "layers of a function")

    @classmethod
    def random(
        cls,
        width: int,
        *,
        power: Any = None,
        ratio: Any = None,
        seed: int,
        scale: Any = 1,
        bias_power: Any = None,
        bias_ratio: Any = None,
        bias_scale: Any = None,
        input_dim: int | None = None,
    ) -> DeepFamily:
        """Random layers whose norms decay as declared: |P_n| <= scale n^-power, or scale ratio^n, in all three norms.

        width : m.  power, ratio : one of them, power > 0 or 0 < ratio < 1.  scale : a number >= 0.  The same for b_n
        with bias_power, bias_ratio, bias_scale; as for the weights where they are None.  seed : a whole number >= 0.
        input_dim : d; None is m.  W_1, (m, d), has entries between -1 and 1.  Layer n depends on (seed, n) only.
        Entries are exact binary fractions, and the inequalities hold for them exactly.  Raises InputError.

        >>> family = DeepFamily.random(3, power=2, seed=0)
        >>> family.tail_weights(9, "inf").how, family.layer(10).W.shape
        ('integral', (3, 3))
        """
        from relutheory.deep_limit.families.random_layers import RandomRule, decay

        m = _positive("width", width)
        inputs = m if input_dim is None else _positive("input_dim", input_dim)
        weights = decay(scale, power, ratio, "")
        same = bias_power is None and bias_ratio is None
        biases = decay(
            scale if bias_scale is None else bias_scale,
            power if same else bias_power,
            ratio if same else bias_ratio,
            "bias_",
        )
        if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
            reject("seed", seed, "must be a whole number >= 0")
        rule = RandomRule(m, inputs, weights, biases, int(seed))
        return cls(rule, f"random, |P_n| <= {weights}, |b_n| <= {biases}, seed {seed}")

    @classmethod
    def convolution(
        cls,
        masks: Any,
        biases: Any = None,
        *,
        input_dim: int,
        constants: Mapping[str, Any] | None = None,
        tails: Callable[[int, str], Any] | None = None,
    ) -> DeepFamily:
        """Convolutions that widen: W_n is the Toeplitz matrix, (m + s, m), of a mask (w_0, ..., w_s).

        masks : a formula such as "[1 + a/n**2, 1/n**3]" with scalar `constants`, a list of vectors (after its end the
        mask is (1), the identity), or a function of n that returns vectors of one length.
        biases : a scalar formula (the same bias for all coordinates), or as the masks a list or a function, of
        vectors or scalars; None is zero.  input_dim : d, so that with masks of length s + 1 layer n has width d + s n.
        tails : for masks given by a function, as in `from_callable`.  The reference E_n appends zeros, and
        |T(w)|_p <= |w|_1, so the tails are those of |w^(n) - (1, 0, ..., 0)|_1.  Raises InputError.

        >>> family = DeepFamily.convolution("[1, 1/n**2]", input_dim=2)
        >>> family.layer(2).W.tolist(), family.width(2)
        ([[1.0, 0.0, 0.0], [0.25, 1.0, 0.0], [0.0, 0.25, 1.0], [0.0, 0.0, 0.25]], 4)
        >>> family.tail_weights(10).upper_float
        0.09516633568168575
        """
        from relutheory.deep_limit.families.structured import convolution_rule

        inputs = _positive("input_dim", input_dim)
        if tails is not None and not callable(tails):
            reject("tails", tails, "must be a function of (n, norm) or None")
        return cls(convolution_rule(masks, biases, inputs, constants, tails), "convolutions")

    @classmethod
    def residual(
        cls,
        P: Any,
        b: Any = None,
        *,
        width: int | None = None,
        constants: Mapping[str, Any] | None = None,
        first: Any = None,
    ) -> DeepFamily:
        """The family with W_n = I + P_n: x -> ReLU(x + P_n x + b_n).  Arguments as in `from_symbolic`.

        >>> DeepFamily.residual("A/2**n", constants={"A": [[0, 1], [1, 0]]}).layer(1).W.tolist()
        [[1.0, 0.5], [0.5, 1.0]]
        """
        from relutheory.deep_limit.families.formulas import formula_rule

        checked = None if width is None else _positive("width", width)
        rule = formula_rule(P, b, checked, constants, first, residual=True)
        return cls(rule, f"W = {rule.texts[0]}, b = {rule.texts[1]}")

    @classmethod
    def residual_blocks(cls, blocks: Iterable[Any], *, first: Any = None) -> DeepFamily:
        """The blocks x -> ReLU(x + V ReLU(U x + a)), each written as two ReLU layers, of widths m + k and m.

        blocks : triples (U, a, V) of shapes (k, m), (k,) and (m, k), exact numbers; a may be None.
        first : a layer (W_1, b_1) before them; without it the equality with the blocks is for inputs x >= 0.
        The second layer of a block is narrower than the first, so tails are known from the last block on only.

        >>> family = DeepFamily.residual_blocks([([[1, 1]], [0], [["1/2"], [0]])])
        >>> family.layer(2).forward_exact(family.layer(1).forward_exact([2, 4]))
        [Fraction(5, 1), Fraction(4, 1)]
        """
        from relutheory.deep_limit.families.structured import block_layers

        layers: list[Any] = [] if first is None else [first]
        if isinstance(blocks, (str, bytes)) or not isinstance(blocks, Iterable):
            reject("blocks", blocks, "must be a list of triples (U, a, V)")
        for n, block in enumerate(blocks, 1):
            if not isinstance(block, (tuple, list)) or len(block) != 3:
                reject(f"blocks[{n - 1}]", block, "must be a triple (U, a, V)")
            U, a, V = block
            layers += block_layers(U, a, V, n)
        return cls.from_layers(layers)


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or not 1 <= int(value) <= MOST_WIDTH:
        reject(name, value, f"must be a whole number from 1 to {MOST_WIDTH}")
    return int(value)
