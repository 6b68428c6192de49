"""threshold, by its JSON, its text, its pictures and its file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from relutheory.cli import threshold
from relutheory.cli.arguments import Parser
from relutheory.core.errors import InputError
from relutheory.injectivity.gaussian.montecarlo import estimate_threshold

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--n", "2:3", "--ratio", "3:5:1", "--trials", "200")
PROGRAM = """
import sys
from relutheory.cli import threshold
from relutheory.cli.arguments import Parser
if __name__ == "__main__":
    parser = Parser(prog="relutheory")
    threshold.add(parser.add_subparsers())
    args = parser.parse_args(["threshold", *sys.argv[1:]])
    sys.exit(args.run(args))
"""


def run(*argv: object) -> int:
    parser = Parser(prog="relutheory")
    threshold.add(parser.add_subparsers())
    args = parser.parse_args(["threshold", *map(str, argv)])
    code: int = args.run(args)
    return code


def asked(capsys: pytest.CaptureFixture[str], *argv: object) -> Any:
    assert run(*argv, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_the_numbers_are_those_of_the_function(capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, *SMALL, "--seed", 3, "--ensemble", "sphere", "--ground-state")
    estimate = estimate_threshold(n=(2, 3), ratios=(3, 4, 5), trials=200, seed=3, ensemble="sphere", ground_state=True)
    assert [(p["n"], p["m"], p["trials"], p["injective"]) for p in data["points"]] == [
        (p.n, p.m, p.trials, p.injective) for p in estimate.points
    ]
    assert (data["ensemble"], data["seed"], data["complete"], data["level"]) == ("sphere", 3, True, 0.95)
    assert [h["bracket"] for h in data["half"]] == [list(h.bracket) for h in estimate.half]
    first = data["ground_states"][0]
    assert sum(first["least"].values()) == data["points"][0]["trials"]
    assert run(*SMALL, "--seed", "3", "--ensemble", "sphere") == 0
    text = capsys.readouterr().out
    for point in estimate.points:
        assert any(
            line.split()[:5]
            == [str(point.n), str(point.m), f"{point.ratio:.3f}", str(point.trials), str(point.injective)]
            for line in text.splitlines()
        )
    assert "complete" in text and "where half are injective" in text


def test_pictures_are_written_after_each_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    whole = threshold._draw

    def draw(estimate: Any, lines: Any, target: Path) -> None:
        whole(estimate, lines, target)
        drawn.append((estimate.trials, lines, target.read_bytes()))

    monkeypatch.setattr(threshold, "_draw", draw)
    assert run(*SMALL, "--plot", tmp_path / "out.svg") == 0
    rounds: list[int] = []
    estimate_threshold(n=(2, 3), ratios=(3, 4, 5), trials=200, each_round=lambda e: rounds.append(e.trials))
    assert [trials for trials, _, _ in drawn] == rounds
    assert {"frsb", "gordon"} <= drawn[0][1].keys() and drawn[0][2] != drawn[1][2]
    assert [path.name for path in tmp_path.iterdir()] == ["out.svg"]
    assert run(*SMALL[:4], "--trials", "50", "--plot", tmp_path / "out.pdf", "--ensemble", "rademacher") == 0
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF") and drawn[-1][1] == {}


def test_theory_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    table = asked(capsys, "--theory")
    assert {"lower", "union-stirling", "union-entropy", "first-moment", "gordon", "euler", "at", "1rsb", "frsb"} <= set(
        table
    )
    for entry in table.values():
        assert {"value", "digits", "interval", "rigor"} <= entry.keys()
        assert entry["interval"][0] <= entry["value"] <= entry["interval"][1]
    assert abs(table["gordon"]["value"] - 7.647695) < 1e-6 and abs(table["frsb"]["value"] - 6.698) < 1e-3
    assert run("--theory") == 0
    assert "7.647694935435" in capsys.readouterr().out


def test_an_interrupted_command_goes_on_from_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, store = tmp_path / "program.py", tmp_path / "runs.jsonl"
    program.write_text(PROGRAM)
    options = ["--n", "5:6", "--ratio", "4:7", "--trials", "9999", "--jobs", "2", "--store", str(store)]
    command = [sys.executable, str(program), *options]
    with subprocess.Popen(command, cwd=ROOT, env=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < end:
            if store.exists() and len(store.read_text().splitlines()) > 3:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    kept = store.read_text().splitlines()
    assert len(kept) > 3
    with store.open("a") as file:
        file.write('{"n": 5, "m"')
    short = ["--n", "5", "--ratio", "4:5", "--trials", "100", "--store", str(store)]
    assert run(*short, "--json") == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert data["repaired"] and err == f"relutheory: {store}: half a line of a stopped run was cut off\n"
    assert store.read_text().splitlines()[: len(kept)] == kept
    assert data["points"] == asked(capsys, *short[:-2])["points"]


def test_no_time_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert not asked(capsys, *SMALL, "--time-limit", "0")["complete"]
    assert run(*SMALL, "--time-limit", "0") == 0
    assert "incomplete: the time limit was reached" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--n", "0:3"), "'0:3': must be LO:HI or N with integers 1 <= LO <= HI"),
        (("--n", "3:2"), "'3:2': must be LO:HI"),
        (("--n", "two"), "'two': must be LO:HI with numbers"),
        (("--n", "1:9999"), "'1:9999': must be"),
        (("--ratio", "0.5:2"), "'0.5:2': must be LO:HI[:STEP] or R with 1 <= LO <= HI"),
        (("--ratio", "2:3:0"), "'2:3:0': must be"),
        (("--ratio", "2:3:1/100000"), "must have at most 1000 ratios"),
        (("--trials", "0"), "'0': must be an integer >= 1"),
        (("--jobs", "0"), "'0': must be an integer >= 1"),
    ],
)
def test_bad_arguments_are_one_line(argv: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*argv)
    err = capsys.readouterr().err
    assert caught.value.code == 2 and message in err and err.count("\n") == 1


def test_bad_input_is_found_before_any_work(tmp_path: Path) -> None:
    store = tmp_path / "runs.jsonl"
    assert run("--n", "2", "--ratio", "3", "--trials", "50", "--store", store, "--json") == 0
    whole = store.read_text()
    for argv, message in [
        (("--ensemble", "cauchy"), "ensemble = 'cauchy': must be one of gaussian"),
        (("--plot", "out.txt"), "--plot = out.txt: must end in"),
        (("--plot", str(tmp_path / "no" / "out.pdf")), "there is no folder"),
        (("--store", str(store), "--seed", "1"), "is about another ensemble or seed"),
    ]:
        with pytest.raises(InputError, match=message):
            run("--n", "2", "--ratio", "3", *argv)
    assert store.read_text() == whole
