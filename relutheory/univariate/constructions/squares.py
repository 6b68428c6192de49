"""x^2 by sums of sawtooths, and products by polarisation; both errors are attained."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from relutheory.core.errors import reject
from relutheory.core.exact import Number, rational
from relutheory.univariate.constructions.building import Builder, Form
from relutheory.univariate.constructions.hats import sawtooth, sawtooth_neurons
from relutheory.univariate.constructions.result import EXACT, Construction, checked_count

_SCALED = 20  # layers in which the collected sum is doubled: exact sweeps up to there stay within 64 bits
_DEEPEST = 10**4  # layers: weights of 2 bits per layer and more would fill the memory


def square_network(depth: int) -> Construction:
    """x^2 on [0, 1] up to 4^-(L + 1), L = depth, at width 3.

    With H the hat function x - x^2 = sum_{k >= 1} 4^-k H^k(x), where H^k is the k-fold composition.  The network adds
    the first L terms: it is the interpolant of x^2 at i / 2^L, and its error is 4^-(L + 1) in the middle of every two
    such points.  Two neurons compute the next H^k, the third collects (2^k times the sum, for k up to 20).

    depth : L >= 1.  Returns a `Construction` with the exact error.  Raises InputError for other depths.

    Source: Daubechies, DeVore, Foucart, Hanin, Petrova (2022); the series goes back to Yarotsky (2017).

    >>> square = square_network(3)
    >>> square.width, square.parameters, square.error
    (3, 34, Fraction(1, 256))
    >>> square("1/16") - Fraction(1, 16) ** 2 == square.error
    True
    """
    L = checked_count(depth, "depth", most=_DEEPEST)
    builder = Builder()
    (x,) = builder.inputs
    y, collected, scale = x, x, Fraction(1)
    for k in range(1, L + 1):
        neurons, (collected,) = builder.relu(sawtooth_neurons(y), [(collected, 0)])
        y = sawtooth(neurons)
        factor = 2 if k <= _SCALED else 1
        scale *= factor
        collected = factor * collected - scale / 4**k * y
    network = builder.network(1 / scale * collected)
    return Construction(network=network, target="x^2", error=Fraction(1, 4 ** (L + 1)), error_kind=EXACT)


def product_network(depth: int, bound: Number = 1) -> Construction:
    """The product x y of two inputs in [-M, M] up to M^2 4^-L, L = depth, at width 5.

    x y = M^2 (u^2 - v^2) with u = |x + y| / 2M and v = |x - y| / 2M, both squares as in `square_network`, collected
    together.  The error is attained, and a product with 0 is 0 exactly.

    depth : L >= 1.  bound : M > 0.  Returns a `Construction` of two inputs, with the exact error; `domain` is that of
    each input.  Raises InputError for other depths and bounds.

    Source: Yarotsky (2017), for the polarisation.

    >>> product = product_network(6)
    >>> product.width, product.error, product("1/3", "1/3") - Fraction(1, 9), product("1/3", 0)
    (5, Fraction(1, 4096), Fraction(1, 4608), Fraction(0, 1))
    """
    L = checked_count(depth, "depth", most=_DEEPEST)
    M = rational(bound, "bound")
    if M <= 0:
        reject("bound", bound, "must be positive")
    builder = Builder(2)
    x, y = builder.inputs
    halves, _ = builder.relu(signed_halves(x, y, M))
    total, _ = square_difference(builder, halves, L - 1, 0 * halves[0], -(M**2), M**2)
    return Construction(
        network=builder.network(total),
        target="x y",
        error=M**2 / 4**L,
        error_kind=EXACT,
        domain=(-M, M),
    )


def signed_halves(x: Form, y: Form, M: Fraction) -> list[Form]:
    """(x + y) / 2M and (x - y) / 2M, each with both signs."""
    u, v = (x + y) * (1 / (2 * M)), (x - y) * (1 / (2 * M))
    return [u, -u, v, -v]


def square_difference(
    builder: Builder,
    halves: list[Form],
    terms: int,
    collected: Form,
    low: Fraction,
    scale: Fraction,
    carry: Sequence[tuple[Form, Fraction]] = (),
) -> tuple[Form, list[Form]]:
    """collected + scale * (u^2 - v^2) for u, v in [0, 1], by `terms` further layers; and the forms carried along.

    halves : the neurons of `signed_halves`, u the sum of the first two, v of the others.  low : at most
    collected - scale.  The squares are interpolants, at most 4^-(terms + 1) too large: so is their difference, either
    way.
    """
    u, v = halves[0] + halves[1], halves[2] + halves[3]
    collected = collected + scale * (u - v)
    kept = list(carry)
    for k in range(1, terms + 1):
        neurons, forms = builder.relu([*sawtooth_neurons(u), *sawtooth_neurons(v)], [(collected, low), *kept])
        u, v = sawtooth(neurons[:2]), sawtooth(neurons[2:])
        collected = forms[0] - scale / 4**k * (u - v)
        kept = list(zip(forms[1:], (bound for _, bound in kept), strict=True))
    return collected, [form for form, _ in kept]
