"""The proof of deep.reflected fails where a step of it is changed."""

from __future__ import annotations

import pytest

from proofs_check.deep_reflected import check


def test_the_steps_hold() -> None:
    assert all(step.ok for step in check())


@pytest.mark.parametrize("change", [{"last": False}, {"biased": False}])
def test_a_changed_step_fails(change: dict[str, bool]) -> None:
    assert not all(step.ok for step in check(**change))
