"""approximate on the command line: what it prints, saves and refuses."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from relutheory import load_network
from relutheory.cli import approximate
from relutheory.cli.arguments import Parser
from relutheory.core.errors import InputError


def run(*argv: object) -> int:
    parser = Parser(prog="relutheory")
    approximate.add(parser.add_subparsers())
    args = parser.parse_args(["approximate", *map(str, argv)])
    code: int = args.run(args)
    return code


def asked(capsys: pytest.CaptureFixture[str], *argv: object) -> Any:
    assert run(*argv, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_the_saved_network_has_the_error_that_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, picture = tmp_path / "net.npz", tmp_path / "out.pdf"
    data = asked(capsys, "sqrt(x)", "--parameters", 70, "--save", file, "--plot", picture)
    net = load_network(file)
    x = np.linspace(0, 1, 4001)
    seen = np.abs(net.forward(x[:, None])[:, 0] - np.sqrt(x)).max()
    assert 0.8 * data["error_upper"] < seen <= data["error_upper"] * (1 + 1e-9)
    assert sum(layer.m * (layer.n + 1) for layer in (*net.layers, net.readout)) == data["parameters"] <= 70
    assert picture.read_bytes().startswith(b"%PDF") and data["rigor"] == "enclosed"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.npz", "out.pdf"]


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("x**2", "--error", "1/1000", "--domain", "box:-1,2") == 0
    out = capsys.readouterr().out
    assert "x**2 on [-1, 2]" in out and "width 3" in out and ", exact but for rounding up" in out


def test_compare(capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, "abs(x - 1/3)", "--parameters", 20, "--compare")
    methods = {row["method"]: row for row in data["compared"]}
    assert methods["Chebyshev polynomial"]["rigor"] == "sampled"
    assert methods["free-knot spline"]["rigor"] in ("enclosed", "exact")
    assert Fraction(data["error"][1]) < Fraction(1, 10**9)  # a kink at a knot
    assert run("takagi", "--parameters", 25, "--compare") == 0
    assert "network made for f" in capsys.readouterr().out


def test_a_comparison_at_several_sizes_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "rates.png"
    data = asked(capsys, "takagi", "--parameters", 50, "--budgets", "10,46", "--plot-rates", picture)
    assert {row["budget"] for row in data["compared"]} == {10, 46}
    made = [row["error"][1] for row in data["compared"] if row["method"] == "network made for f"]
    assert made == pytest.approx([2 / 3 / 2, 2 / 3 / 2**4])
    assert picture.read_bytes().startswith(b"\x89PNG") and [p.name for p in tmp_path.iterdir()] == ["rates.png"]
    for bad in ("10,3", "10;46", "", "1e3"):
        with pytest.raises(SystemExit):
            run("takagi", "--parameters", 50, "--budgets", bad)
        assert "must be an integer >= 4" in capsys.readouterr().err
    with pytest.raises(InputError, match=r"--plot-rates = .*: must end in"):
        run("takagi", "--parameters", 50, "--plot-rates", tmp_path / "rates.txt")


def test_a_method_without_a_row_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["sqrt(x)", "--parameters", "130", "--compare"]
    assert run(*argv) == 0
    out = capsys.readouterr().out
    assert "rational, AAA: AAA is run up to 119 parameters" in out and "network made for f: none is known" in out
    data = asked(capsys, *argv, "--time-limit", "none")
    assert any(note.startswith("rational, AAA") for note in data["notes"]) and data["complete"] is True


@pytest.mark.parametrize("f", ["exp(x)", "x**2"])
def test_deep_networks_are_saved_and_drawn(f: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, picture = tmp_path / "net.npz", tmp_path / "out.png"
    data = asked(capsys, f, "--error", "1e-9", "--save", file, "--plot", picture)
    assert data["depth"] > 10 and Fraction(data["error"][1]) <= Fraction("1e-9")
    net = load_network(file)
    with mpmath.workdps(40):
        for i in range(8):
            (value,) = net.forward_exact([Fraction(i, 7)])
            x = mpmath.mpf(i) / 7
            off = mpmath.mpf(value.numerator) / value.denominator - (mpmath.exp(x) if f == "exp(x)" else x**2)
            assert abs(off) <= data["error_upper"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_time_limit(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["sqrt(x)", "--parameters", "50000", "--time-limit", "0"]
    assert run(*argv) == 0
    assert "the time limit of 0 s was reached: the best so far" in capsys.readouterr().out
    data = asked(capsys, *argv)
    assert data["complete"] is False and data["parameters"] < 2000


def test_errors_of_thousands_of_digits(capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, "x**2", "--error", "1e-4400")
    assert data["depth"] == 7308 and data["error_upper"] == 5e-324 and len(data["error"][0]) > 4300


@pytest.mark.parametrize(
    ("argv", "rule"),
    [
        (["1/x", "--error", "1/100"], "must be finite"),
        (["1/(x - 1/3)", "--error", "1/100"], "must be (continuous|finite)"),
        (["tanh(1/(x - 0.3))", "--error", "1/100"], "must be continuous"),
        (["exp(x)", "--error", "1e-9", "--domain", "box:0,3", "--save", "net.npz"], "after rounding to float64"),
        (["y", "--parameters", "50"], "unknown name 'y'"),
        (["1/x", "--parameters", "50"], "must be finite"),
        (["x", "--error", "zero"], "must be a rational"),
        (["x", "--error", "-1"], "must be positive"),
        (["x", "--parameters", "50", "--domain", "box:0,inf"], "must be bounded"),
        (["x", "--parameters", "50", "--plot", "out.gif"], "must end in .pdf"),
        (["x", "--parameters", "50", "--save", "net.onnx"], "must end in .npz"),
        (["x", "--parameters", "50", "--save", "/nowhere/net.npz"], "there is no folder"),
        (["sqrt(x)", "--error", "1e-14", "--save", "net.npz"], "the rational route"),
        (["sqrt(x)", "--parameters", "10", "--width", "8"], "must be at least 25"),
    ],
)
def test_refused(argv: list[str], rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rule):
        run(*argv)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "argv",
    [
        ["x"],
        ["x", "--parameters", "2"],
        ["x", "--parameters", "9", "--error", "1"],
        ["x", "--error", "1", "--time-limit", "-1"],
    ],
)
def test_usage(argv: list[str]) -> None:
    with pytest.raises(SystemExit):
        run(*argv)
