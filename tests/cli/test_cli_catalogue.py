"""list, show, verify."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relutheory.cli import main
from relutheory.theorems import catalogue, get, verify


def printed(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> str:
    assert main(argv) == code
    return capsys.readouterr().out


def test_list_names_every_statement(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "list").splitlines()
    assert [line.split()[0] for line in lines] == list(catalogue())
    assert [entry["id"] for entry in json.loads(printed(capsys, "list", "--json"))] == list(catalogue())


@pytest.mark.parametrize("id", list(catalogue()))
def test_show_tells_everything(capsys: pytest.CaptureFixture[str], id: str) -> None:
    theorem = get(id)
    data = json.loads(printed(capsys, "show", id, "--json"))
    assert (data["statement"], data["status"]) == (theorem.statement, theorem.status)
    text = " ".join(printed(capsys, "show", id).split())
    for part in (theorem.title, theorem.statement, theorem.cite.locator, *(m.change for m in theorem.mutants)):
        assert " ".join(part.split()) in text


def test_verify_prints_rows_and_seed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    chosen = ("act.explicit-expression", "--trials", "3", "--seed", "5")
    text = printed(capsys, "verify", *chosen, "--report", str(page))
    assert "1 statement: 1 as the catalogue says, 0 failed" in text
    assert "3 random instances per statement, seed 5" in text
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    data = json.loads(printed(capsys, "verify", *chosen, "--json"))
    assert (data["seed"], data["rows"][0]["random"]["trials"]) == (5, 3)


def test_verify_fails_when_a_check_fails(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = verify(["act.explicit-expression"], trials=1)
    object.__setattr__(rows[0], "failures", ("it does not hold",))
    monkeypatch.setattr("relutheory.theorems.verify", lambda *args, **options: rows)
    assert "FAILED" in printed(capsys, "verify", "act", code=1)


def test_rows_do_not_depend_on_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("act", "inj.bias", "inj.bias-as-printed", "inj.layer-criterion", "inj.minimal-expansivity")

    def rows(jobs: str) -> list[dict]:
        data = json.loads(printed(capsys, "verify", *chosen, "--trials", "2", "--jobs", jobs, "--json"))
        return [row | {"milliseconds": 0} for row in data["rows"]]

    assert rows("2") == rows("1")
