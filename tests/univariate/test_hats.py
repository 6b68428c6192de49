"""Powers of the hat function: against composition by hand, the logistic map, and counted pieces."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from relutheory.core.errors import InputError
from relutheory.polyhedra.line import breakpoints
from relutheory.univariate.constructions import hat_power
from relutheory.univariate.constructions.building import Builder, median
from relutheory.univariate.fixed_width import parameter_count


def hat(x: Fraction) -> Fraction:
    return 2 * x if x <= Fraction(1, 2) else 2 - 2 * x


@pytest.mark.parametrize(("k", "width"), [(1, 2), (4, 2), (7, 3), (7, 4), (9, 8), (5, 16), (3, 100)])
def test_it_is_the_composition(k: int, width: int) -> None:
    made = hat_power(k, width)
    for i in range(0, 1001, 7):
        x = Fraction(i, 1000)
        value = x
        for _ in range(k):
            value = hat(value)
        assert made(x) == value
    assert made.depth == -(-k // (width.bit_length() - 1))
    assert (made.error, made.error_kind) == (0, "exact")


@pytest.mark.parametrize("k", [1, 5, 30, 120])
def test_it_is_conjugate_to_the_logistic_map(k: int) -> None:
    with mpmath.workdps(80):
        x = Fraction(2, 7)
        y = mpmath.sin(mpmath.pi * mpmath.mpf(2) / 7 / 2) ** 2
        for _ in range(k):
            y = 4 * y * (1 - y)
        value = hat_power(k)(x)
        other = mpmath.sin(mpmath.pi * value.numerator / value.denominator / 2) ** 2
        assert abs(other - y) < mpmath.mpf(10) ** (-35)  # the logistic map loses a bit a step


def test_the_number_of_pieces_doubles_with_every_layer() -> None:
    for k in range(1, 9):
        points = breakpoints(hat_power(k).network)
        inner = [points.exact(i) for i in range(len(points)) if 0 < points.exact(i) < 1]
        assert inner == [Fraction(i, 2**k) for i in range(1, 2**k)]


def test_size_and_parameters() -> None:
    made = hat_power(6)
    assert (made.width, made.depth) == (2, 6)
    assert made.parameters == sum(layer.W.size + layer.b.size for layer in made.network.layers) + 3
    # W (W + 1) L - (W - 1)^2 + 2
    assert made.parameters == 2 * 3 * 6 - 1 + 2 == parameter_count(2, 6)


def test_floats_hold_out_while_the_teeth_are_wider_than_their_spacing() -> None:
    made = hat_power(40)
    x = np.arange(0, 64, dtype=np.float64)[:, None] / 64
    assert np.array_equal(made.network.forward(x)[:, 0], [float(made(v)) for v in x[:, 0].tolist()])


@pytest.mark.parametrize(("k", "width"), [(1, 2), (1, 17), (3, 8), (3, 9), (7, 17), (20, 5)])
def test_the_width_is_the_power_of_2_that_is_used(k: int, width: int) -> None:
    made, q = hat_power(k, width), int(np.log2(width))
    assert set(made.network.widths) == {made.width} == {2 ** min(q, k)}
    assert made.depth == -(-k // q)


@pytest.mark.parametrize(
    ("k", "width", "text"),
    [
        (0, 2, "k = 0"),
        (2.5, 2, "k = 2.5"),
        (True, 2, "k"),
        (3, 1, "one kink"),
        (np.array([3]), 2, "must be an integer"),
        (np.array([1, 2]), 2, "must be an integer"),
        (100, 10**5, "width = 100000: .*weights and biases, and must make at most"),
    ],
)
def test_bad_input(k: object, width: int, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        hat_power(k, width)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_forms_of_different_layers_do_not_mix() -> None:
    builder = Builder()
    (x,) = builder.inputs
    (y,), _ = builder.relu([x])
    with pytest.raises(ValueError, match="layers 1 and 0"):
        y + x
    with pytest.raises(ValueError, match="layer 2 takes forms in layer 1"):
        builder.relu([x])


def test_the_middle_of_three() -> None:
    values = [Fraction(v) for v in (-3, -1, 0, 2)]
    builder = Builder(3)
    net = builder.network(median(builder, *builder.inputs, -3))
    for a in values:
        for b in values:
            for c in values:
                assert net.forward_exact([a, b, c]) == [sorted([a, b, c])[1]]
