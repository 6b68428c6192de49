"""Shared fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published trained networks; tests that use it skip where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(
            "the published trained networks are not on this machine (docs/real-networks.md says how to get them)"
        )
    return REAL_DATA
