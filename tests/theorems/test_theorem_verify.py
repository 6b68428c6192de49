"""The engine: what goes wrong is caught and named exactly; results do not depend on workers or selection."""

from __future__ import annotations

import dataclasses
import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

import proofs_check.layer_criterion
from proofs_check.steps import Step
from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor, Verdict
from relutheory.networks import ReLULayer, ReLUNetwork
from relutheory.theorems import Case, Evidence, Mutant, Row, Theorem, get, verify
from relutheory.theorems.inj_layer_criterion import criterion
from relutheory.theorems.mathsvg import typeset
from relutheory.theorems.pictures import draw, pieces
from relutheory.theorems.report import html_report, json_report
from relutheory.theorems.table import as_data, summary, table
from relutheory.theorems.verify import failure_rate_bound, verify_theorem

CRITERION = get("inj.layer-criterion")


def row_of(theorem: Theorem = CRITERION, **changes: object) -> Row:
    return verify_theorem(dataclasses.replace(theorem, **changes), trials=3, seed=1)  # type: ignore[arg-type]


def timeless(row: Row) -> Row:
    return dataclasses.replace(row, milliseconds=0)


def test_a_broken_check_is_caught() -> None:
    row = row_of(claim=criterion(strict=True))
    assert not row.ok
    assert any("'[1; -1]'" in failure and "'W': [['1'], ['-1']]" in failure for failure in row.failures)


def test_a_check_that_always_says_yes_leaves_its_mutants_unrefuted() -> None:
    def yes(layer: ReLULayer) -> Evidence:
        return Evidence(verdict=Verdict.HOLDS, slack=0)

    row = row_of(claim=yes, mutants=(Mutant(name="same", change="nothing", claim=yes),))
    assert row.failures == ("mutant 'same' (nothing) was not refuted by 16 instances",)
    assert row.mutants[0].refuted_by is None and row.mutants_refuted == 0


def test_a_tight_case_must_be_attained() -> None:
    loose = Case(name="five rows", instance=ReLULayer([[1], [1], [-1], [-1], [2]]))
    (failure,) = row_of(tight=(loose,)).failures
    assert failure.startswith("tight case 'five rows' has slack 1: {'W': [['1'], ['1'], ['-1'], ['-1'], ['2']], ")


def test_a_case_outside_the_hypotheses_is_a_failure_not_a_skip() -> None:
    biased = Case(name="biased", instance=ReLULayer([[1]], [1]))
    (failure,) = row_of(edge=(*CRITERION.edge, biased)).failures
    assert "hypotheses not met: the layer has no bias" in failure


def test_undecided_or_sampled_evidence_is_a_failure() -> None:
    for evidence in (
        Evidence(verdict=Verdict.UNDECIDED),
        Evidence(verdict=Verdict.HOLDS, rigor=Rigor.SAMPLED),
    ):
        row = row_of(claim=lambda layer, evidence=evidence: evidence, mutants=())
        assert len(row.failures) == len(CRITERION.cases) + 3
        assert row.random_held == 0


def test_a_counterexample_that_does_not_refute_is_a_failure() -> None:
    harmless = Case(name="harmless", instance=ReLULayer([[1], [-1]]))
    (failure,) = row_of(get("inj.bias-as-printed"), counterexamples=(harmless,)).failures
    assert "'harmless' does not refute the statement" in failure


def test_a_failing_symbolic_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs_check.layer_criterion, "check", lambda: [Step("1 = 1", True), Step("1 = 2", False)])
    row = row_of()
    assert (row.symbolic, row.symbolic_note) == ("failed", "1 of 2 steps")
    assert row.failures == ("symbolic step fails: 1 = 2",)


def test_a_proof_without_steps_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs_check.layer_criterion, "check", list)
    assert row_of().symbolic == "failed"


def test_a_theorem_without_a_proof_module_says_why() -> None:
    row = row_of(proof=None, no_proof="nothing to replay")
    assert (row.ok, row.symbolic, row.symbolic_note) == (True, "none", "nothing to replay")


def test_a_refuted_statement_shows_as_refuted_as_recorded() -> None:
    (row,) = verify(["inj.bias-as-printed"], trials=3)
    assert row.ok
    assert table([row]).splitlines()[2].endswith("refuted, as recorded")


def test_rows_do_not_depend_on_workers_or_selection() -> None:
    seen: list[str] = []
    chosen = ["inj.bias", "inj.bias-as-printed", "inj.inverse-lipschitz", "inj.minimal-expansivity"]
    alone = verify(["inj.bias"], trials=4, seed=7)
    with ThreadPoolExecutor(2) as pool:
        rows = verify(chosen, trials=4, seed=7, executor=pool, progress=lambda row: seen.append(row.id))
    here = verify(chosen, trials=4, seed=7)
    assert [timeless(row) for row in rows] == [timeless(row) for row in here]
    assert timeless(alone[0]) == timeless(rows[0])
    assert sorted(seen) == [row.id for row in rows]


def test_rows_can_be_sent_to_another_process() -> None:
    row = row_of()
    assert pickle.loads(pickle.dumps(row)) == row


def test_the_seed_matters_and_no_trials_are_allowed() -> None:
    theorem = get("inj.bias-as-printed")
    held = {verify_theorem(theorem, trials=20, seed=seed).random_held for seed in range(3)}
    assert len(held) > 1
    row = verify_theorem(theorem, trials=0, seed=0)
    assert row.ok and row.rate_bound is None


@pytest.mark.parametrize("arguments", [{"trials": -1}, {"trials": None}, {"trials": 1.5}, {"seed": -1}, {"seed": "a"}])
def test_bad_arguments_are_named(arguments: dict) -> None:
    with pytest.raises(InputError, match=f"{next(iter(arguments))} = .*: must be a non-negative integer|number"):
        verify(["inj.bias"], **arguments)


def test_the_failure_rate_bound_is_exact() -> None:
    for trials in (1, 7, 40, 1000):
        k = failure_rate_bound(trials)
        assert 20 * (10_000 - k) ** trials <= 10_000**trials < 20 * (10_000 - (k - 1)) ** trials


def test_the_table_is_aligned_and_shows_failures() -> None:
    good, bad = row_of(), row_of(claim=criterion(strict=True))
    lines = table([good, bad]).splitlines()
    column = lines[0].index("symbolic")
    assert all(line[column - 2 : column] == "  " for line in (lines[2], lines[3]))
    assert lines[3].endswith("FAILED")
    assert lines[4].startswith("    tight case")
    assert lines[-1] == summary([good, bad])
    assert "1 as the catalogue says, 1 failed" in lines[-1]


def test_json_has_no_floats_and_reads_back() -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"the float {text} in the report")

    data = json.loads(json_report([row_of()], seed=5), parse_float=refuse, parse_constant=refuse)
    assert data["seed"] == 5
    assert data["rows"][0]["random"] == {
        "held": 3,
        "trials": 3,
        "confidence": "19/20",
        "failure_rate_below": "6316/10000",
    }
    assert as_data(row_of())["mutants"][0]["evidence"]["verdict"] == "violated"


class Page(HTMLParser):
    """Collects what a page would load, its ids, and whether tags are balanced."""

    void = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.void:
            self.open.append(tag)
        self.loads += [
            v or "" for k, v in attrs if k in ("src", "href", "xlink:href") and not (v or "").startswith("#")
        ]
        self.ids += [v or "" for k, v in attrs if k == "id" and tag == "section"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()


def test_the_page_is_self_contained_and_complete() -> None:
    rows = [row_of(), row_of(get("inj.bias-as-printed"))]
    text = html_report(rows, seed=1)
    page = Page()
    page.feed(text)
    assert page.open == []
    assert [v for v in page.loads if not v.startswith("data:")] == []
    assert "url(http" not in text and "@import" not in text and "<script" not in text
    assert page.ids == [row.id for row in rows]
    for words in (
        "False neighbours",
        "Hypotheses",
        "Globally injective ReLU networks",
        "The corrected statement",
    ):
        assert words in text
    for mutant in CRITERION.mutants:
        assert mutant.change.replace("<", "&lt;").replace(">", "&gt;") in text


def test_the_page_shows_failures() -> None:
    text = html_report([row_of(claim=criterion(strict=True))], seed=1)
    assert '<span class="bad">FAILED</span>' in text
    assert '<h3 class="bad">Failures</h3>' in text


def test_formulas_and_pictures_are_well_formed() -> None:
    for svg in re.findall(r"<svg.*?</svg>", typeset(CRITERION.statement)):
        path = ElementTree.fromstring(svg)[0].attrib["d"]
        assert path.startswith("M") and "nan" not in path
    assert ElementTree.fromstring(draw(CRITERION)).tag.endswith("svg")
    assert draw(dataclasses.replace(CRITERION, pictures=())) == ""
    assert draw(CRITERION) == draw(CRITERION)


@pytest.mark.parametrize("text", ["$x", r"$\undefined{x}$"])
def test_bad_latex_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        typeset(text)


def test_the_pieces_cover_the_square() -> None:
    layers = [ReLULayer([[1, 0], [0, 0], [1, 1]], [1, 0, 2]), ReLULayer([[1, -1, 3], [-1, 0, 0]], [-1, 0])]
    found = pieces(ReLUNetwork(layers), half_side=3)
    areas = [0.5 * abs(sum(p[k - 1, 0] * p[k, 1] - p[k, 0] * p[k - 1, 1] for k in range(len(p)))) for p, _ in found]
    assert sum(areas) == pytest.approx(36)
    for polygon, active in found:
        x = polygon.mean(axis=0)
        values = layers[0].preactivation(x)
        later = layers[1].preactivation(layers[0].forward(x))
        assert active == (values > 0).sum() + (later > 0).sum()
