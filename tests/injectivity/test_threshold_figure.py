"""The decisions behind the figure of the threshold: kept in a file, and some of them made again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paper_figs import injectivity_threshold as figure
from relutheory.injectivity.gaussian.brackets import collision_ratios
from relutheory.injectivity.gaussian.ensembles import find_ensemble
from relutheory.injectivity.gaussian.montecarlo import estimate_threshold
from relutheory.injectivity.gaussian.sampling import run_chunk

LINES = [json.loads(line) for line in figure.RUNS.read_text().splitlines()[1:]]
SMALL = [line for line in LINES if line["n"] <= 5]


def decided_again(line: dict[str, int]) -> None:
    law = find_ensemble("gaussian")
    counts = run_chunk(law, figure.SEED, line["m"], line["n"], line["chunk"], False, None)
    assert counts is not None
    assert (counts.trials, counts.injective) == (line["trials"], line["injective"]), line


def test_the_file_holds_every_decision_of_the_figure_and_no_other(tmp_path: Path) -> None:
    copied = Path(shutil.copy(figure.RUNS, tmp_path))
    estimate = estimate_threshold(
        n=figure.SIZES, ratios=figure.RATIOS, trials=figure.TRIALS, seed=figure.SEED, store=copied
    )
    assert copied.read_bytes() == figure.RUNS.read_bytes()
    assert estimate.complete and estimate.trials == sum(line["trials"] for line in LINES)


@pytest.mark.parametrize("line", SMALL[:: len(SMALL) // 12], ids=str)
def test_decided_again_a_chunk_is_the_same(line: dict[str, int]) -> None:
    decided_again(line)


@pytest.mark.slow
def test_decided_again_every_chunk_is_the_same() -> None:
    for line in LINES:
        decided_again(line)


@pytest.mark.slow
@pytest.mark.parametrize("n", figure.FAR)
def test_the_collisions_of_wide_layers_are_found_again(n: int) -> None:
    assert collision_ratios(n, ratios=[figure.FAR[n]], seed=figure.SEED).lower == figure.FAR[n]
