"""The form of a theorem, and the catalogue of them."""

from __future__ import annotations

import dataclasses

import pytest

from relutheory.core.errors import InputError
from relutheory.core.verdict import Rigor, Verdict
from relutheory.networks import ReLULayer
from relutheory.theorems import Evidence, bibliography, catalogue, get, reference, select
from relutheory.theorems.catalogue import collect
from relutheory.theorems.theorem import compare


def test_evidence_is_not_a_bool() -> None:
    with pytest.raises(TypeError, match="not a bool"):
        bool(compare(True, "1", "1", {}))


@pytest.mark.parametrize(("verdict", "counterexample"), [(Verdict.VIOLATED, None), (Verdict.HOLDS, {"x": "1"})])
def test_a_counterexample_comes_with_a_violation_only(verdict: Verdict, counterexample: dict | None) -> None:
    with pytest.raises(ValueError, match="counterexample"):
        Evidence(verdict=verdict, counterexample=counterexample)


def test_sampled_evidence_proves_nothing() -> None:
    held = Evidence(verdict=Verdict.HOLDS, rigor=Rigor.SAMPLED)
    violated = Evidence(verdict=Verdict.VIOLATED, rigor=Rigor.FLOAT, counterexample={})
    assert (held.proved, held.refuted, violated.proved, violated.refuted) == (False, False, False, False)


def test_failed_hypotheses_are_named() -> None:
    theorem = get("inj.layer-criterion")
    evidence = theorem.check(ReLULayer([[1]], [1]))
    assert evidence.verdict is Verdict.NOT_APPLICABLE
    assert evidence.failed == ("the layer has no bias",)
    assert not evidence.proved and not evidence.refuted


def test_a_mutant_drops_the_hypotheses_it_names() -> None:
    theorem = get("inj.layer-criterion")
    mutant = dataclasses.replace(theorem.mutants[0], drops=("the layer has no bias",))
    biased = ReLULayer([[1]], [1])
    assert theorem.check_mutant(theorem.mutants[0], biased).verdict is Verdict.NOT_APPLICABLE
    assert theorem.check_mutant(mutant, biased).verdict is not Verdict.NOT_APPLICABLE


def test_the_catalogue_is_sorted_and_read_only() -> None:
    assert list(catalogue()) == sorted(catalogue())
    assert len(catalogue()) >= 6
    with pytest.raises(TypeError):
        catalogue()["x"] = None  # type: ignore[index]


def test_a_repeated_id_is_refused() -> None:
    theorem = get("inj.bias")
    with pytest.raises(ValueError, match=r"inj\.bias"):
        collect([theorem, theorem])


def test_an_unknown_id_names_close_ones() -> None:
    with pytest.raises(InputError, match=r"did you mean .*inj\.layer-criterion") as caught:
        get("inj.layer-criterium")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="the rooms are act, deep, gau, inj"):
        get("q")


def test_select_takes_ids_and_rooms_once_each() -> None:
    assert [t.id for t in select(["inj.bias", "act", "inj.bias"])] == [
        "act.domains-partition",
        "act.explicit-expression",
        "inj.bias",
    ]
    assert select(None) == select([]) == list(catalogue().values())
    assert select("inj.bias") == [get("inj.bias")]
    with pytest.raises(InputError):
        select(["inj.bias", "nothing"])


def test_every_bibliography_entry_reads_as_a_reference() -> None:
    for key in bibliography():
        assert reference(key)[-4:].isdigit()
