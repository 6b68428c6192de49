"""Verdicts, rigor and enclosures."""

from __future__ import annotations

import pickle
from fractions import Fraction

import pytest

from relutheory.core.verdict import EnclosedFloat, Enclosure, Rigor, Verdict


def test_nothing_with_three_outcomes_is_a_bool() -> None:
    for thing in (*Verdict, Enclosure.exact(0), Enclosure.exact(1)):
        with pytest.raises(TypeError, match="not a bool"):
            bool(thing)
        with pytest.raises(TypeError, match="not a bool"):
            _ = not thing


def test_verdicts_are_compared_by_identity_and_survive_pickling() -> None:
    assert [v.value for v in Verdict] == ["holds", "violated", "undecided", "not-applicable"]
    assert all(Verdict(v.value) is v and pickle.loads(pickle.dumps(v)) is v for v in Verdict)


def test_rigor_is_a_total_order_and_only_the_top_two_prove() -> None:
    order = [Rigor.SAMPLED, Rigor.FLOAT, Rigor.ENCLOSED, Rigor.EXACT]
    for i, one in enumerate(order):
        for k, other in enumerate(order):
            assert (one < other) == (i < k) and (one <= other) == (i <= k)
            assert (one > other) == (i > k) and (one >= other) == (i >= k)
    assert [rigor.proves for rigor in order] == [False, False, True, True]
    with pytest.raises(TypeError):
        _ = Rigor.EXACT < 3


def test_an_enclosure_knows_its_ends() -> None:
    third = Enclosure(lo=Fraction(33, 100), hi=Fraction(34, 100), rigor=Rigor.ENCLOSED)
    assert third.width == Fraction(1, 100)
    assert Fraction(1, 3) in third and 0.33 in third and 0.34 not in third  # 0.34 is a little above 34/100
    assert Fraction(33, 100) in third and Fraction(34, 100) in third and 1 not in third
    assert Enclosure.exact(2) == Enclosure(lo=Fraction(2), hi=Fraction(2), rigor=Rigor.EXACT)
    assert isinstance(Enclosure.exact(2).lo, Fraction)
    assert float(Enclosure(lo=Fraction(1), hi=Fraction(2), rigor=Rigor.ENCLOSED)) == 1.5


def test_an_enclosure_needs_its_ends_in_order() -> None:
    with pytest.raises(ValueError, match="lo <= hi"):
        Enclosure(lo=Fraction(1), hi=Fraction(0), rigor=Rigor.EXACT)


def test_an_enclosed_float_is_a_float_that_keeps_its_ends() -> None:
    number = EnclosedFloat(Enclosure(lo=Fraction(1), hi=Fraction(2), rigor=Rigor.ENCLOSED))
    assert number == 1.5 and number / 3 == 0.5 and number.lo == 1 and number.hi == 2
    copy = pickle.loads(pickle.dumps(number))
    assert (copy, copy.lo, copy.hi, copy.rigor) == (1.5, 1, 2, Rigor.ENCLOSED)
