"""limit, on families whose limits are known in closed form."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from relutheory.cli import limit
from relutheory.cli.arguments import Parser
from relutheory.cli.constants import drawn, given_array, kinds
from relutheory.cli.limit_output import _ends
from relutheory.cli.main import main
from relutheory.core.errors import InputError
from relutheory.core.verdict import Enclosure, Rigor

ASKED = ("--family", "I + A/n**2", "--width", "3", "--seed", "0", "--bias", "c/n**2", "--x", "0.3,0.5")


def run(*argv: object) -> int:
    parser = Parser(prog="relutheory")
    limit.add(parser.add_subparsers())
    args = parser.parse_args(["limit", *map(str, argv)])
    code: int = args.run(args)
    return code


def asked(capsys: pytest.CaptureFixture[str], *argv: object) -> Any:
    assert run(*argv, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_the_limit_of_a_product_in_closed_form(capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, "--family", "1 + 1/n**2", "--x", 1, "--tol", "1e-25")
    low, high = (Fraction(v) for v in data["enclosure"][0])
    with mpmath.workdps(50):
        exact = Fraction(str(mpmath.nstr(mpmath.sinh(mpmath.pi) / mpmath.pi, 45)))
    assert low - Fraction(1, 10**40) <= exact <= high + Fraction(1, 10**40)
    assert high - low <= Fraction(1, 10**25) and data["reached"]
    assert data["lower"][0] <= exact <= data["upper"][0]
    assert (data["status"], data["theorem"], data["inputs"], data["width"]) == ("converges", "deep.summable", 1, 1)


def test_the_limit_of_what_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """A reference by plain recursion in 40 digits and Richardson extrapolation."""
    data = asked(capsys, *ASKED, "--tol", "1e-12")
    assert data["drawn"] == ["A", "c", "W_1"] and data["seed"] == 0
    A, c, first = (data["constants"]["A"], data["constants"]["c"], data["first"])
    assert [len(first), len(first[0])] == [3, 2]
    assert all(0 <= Fraction(v) <= 1 and Fraction(v).denominator <= 8 for row in first for v in row)
    with mpmath.workdps(40):
        number = {str(k): mpmath.mpf(Fraction(k).numerator) / Fraction(k).denominator for k in chain(*A, c, *first)}
        W, b = [[number[v] for v in row] for row in A], [number[v] for v in c]
        x = [mpmath.mpf(3) / 10, mpmath.mpf(1) / 2]
        x = [max(sum(number[v] * s for v, s in zip(row, x, strict=True)), 0) for row in first]
        kept = []
        for n in range(2, 2**11 + 1):
            moved = [sum(w * s for w, s in zip(row, x, strict=True)) + t for row, t in zip(W, b, strict=True)]
            x = [max(s + m / n**2, mpmath.mpf(0)) for s, m in zip(x, moved, strict=True)]
            if n & (n - 1) == 0 and n >= 16:
                kept.append(x)
        for k in range(1, len(kept)):
            pairs = pairwise(kept)
            kept = [[(2**k * q - p) / (2**k - 1) for p, q in zip(*pair, strict=True)] for pair in pairs]
        for value, (low, high) in zip(kept[0], data["enclosure"], strict=True):
            ends = [mpmath.mpf(Fraction(v).numerator) / Fraction(v).denominator for v in (low, high)]
            assert ends[0] - mpmath.mpf(10) ** -14 <= value <= ends[1] + mpmath.mpf(10) ** -14
            assert ends[1] - ends[0] <= mpmath.mpf(10) ** -12


def test_the_same_seed_gives_the_same_constants(capsys: pytest.CaptureFixture[str]) -> None:
    first, again, other = (asked(capsys, *ASKED[:5], seed, *ASKED[6:], "--tol", "0.1") for seed in (0, 0, 1))
    for data in (first, again, other):
        data.pop("seconds")
    assert first == again and first["constants"] != other["constants"]


def test_text_says_what_was_drawn_and_what_is_proved(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--family", "I/2", "--bias", "c", "--constant", "c=[1, 1/2]", "--x", "1,2", "--criteria") == 0
    text = capsys.readouterr().out
    assert "c = [1, 1/2]  (given)" in text and "x = (1, 2)" in text
    assert [line.split() for line in text.splitlines() if line.split()[:1] in (["1"], ["2"])] == [
        ["1", "2", "2"],
        ["2", "1", "1"],
    ]
    for words in ("converges; the limit is enclosed", "relutheory show deep.contraction", "deep.summable: violated"):
        assert words in text


def test_no_limit(capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, "--family", 1, "--bias", "1/n", "--x", 0)
    assert data["status"] == "diverges" and data["lower"] is None and data["enclosure"] is None
    data = asked(capsys, "--family", "[[0, 1], [1, 0]]", "--x", "1,2")
    assert data["status"] == "diverges" and data["reason"]
    data = asked(capsys, "--family", "I + A/sqrt(n)", "--x", "1,2", "--criteria")
    assert data["status"] == "not-applicable" and data["failed_hypotheses"]
    assert {row["theorem"] for row in data["criteria"]} >= {"deep.summable", "deep.contraction"}
    assert run("--family", "I + A/sqrt(n)", "--x", "1,2") == 0
    assert "fails: " + data["failed_hypotheses"][0] in capsys.readouterr().out


def test_the_picture_is_whole_or_absent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("out.pdf", "out.png"):
        assert run(*ASKED, "--plot", tmp_path / name) == 0
        assert f"picture in {tmp_path / name}" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pdf", "out.png"]
    assert (tmp_path / "out.pdf").read_bytes()[:4] == b"%PDF"


def test_states_beyond_float64_are_no_trouble(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--family", "n**9*I", "--x", "1,2", "--plot", tmp_path / "out.png") == 0
    assert "diverges" in capsys.readouterr().out and (tmp_path / "out.png").exists()
    with pytest.raises(InputError, match="to be drawn"):
        run("--family", "I", "--x", "1e400", "--plot", tmp_path / "other.png")
    assert run("--family", "I/2", "--x", "1e400") == 0
    assert "x = (~1e+400)" in capsys.readouterr().out
    assert run("--family", "I", "--x", "1e400") == 0
    assert capsys.readouterr().out.count("1." + 39 * "0" + "e+400") == 2


def test_arrays_from_files_and_from_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "A.npy", [[0.5, 0.0], [0.0, 0.25]])
    argv = ["--family", "I + A/2**n", "--x", "1,1", "--first", "[[1, 0], [0, 1]]"]
    data = asked(capsys, *argv, "--constant", f"A={tmp_path / 'A.npy'}", "--tol", "1e-20")
    assert data["constants"] == {"A": [["1/2", "0"], ["0", "1/4"]]} and data["drawn"] == []
    with mpmath.workdps(40):
        for half, ends in zip((0.5, 0.25), data["enclosure"], strict=True):
            value = mpmath.qp(-mpmath.mpf(half) / 4, mpmath.mpf(1) / 2)  # the product of 1 + half / 2^n over n >= 2
            low, high = (mpmath.mpf(Fraction(v).numerator) / Fraction(v).denominator for v in ends)
            assert low - mpmath.mpf(10) ** -35 <= value <= high + mpmath.mpf(10) ** -35
    assert given_array("-3/4") == Fraction(-3, 4)
    assert given_array("[[.5, 1e-2]]") == [[Fraction(1, 2), Fraction(1, 100)]]


def test_kinds_of_constants() -> None:
    assert kinds("I + k*A/n**2", "c/n") == {"A": "matrix", "c": "vector", "k": "number"}
    assert kinds("I + A**2/n**p", "A*c*q**n") == {"A": "matrix", "c": "vector", "p": "number", "q": "number"}
    assert kinds("I + A*r**n", "r*c")["r"] == kinds("I + A*n", "c*A**n")["A"] == "number"
    assert kinds("I + k*A", "k")["k"] == kinds("I", "k/log(k)")["k"] == "number"
    assert kinds("[[a, 0], [0, sqrt(d)]]", "[a, d]") == {"a": "number", "d": "number"}
    for seed in range(20):
        entries = drawn("A", "matrix", 3, seed).ravel().tolist() + drawn("c", "vector", 3, seed).tolist()
        assert all(-1 <= v <= 1 and (8 * v).denominator == 1 for v in entries) and len(set(entries)) > 3


def test_a_letter_that_stands_for_a_number_is_never_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """The layer is n: in A/m**2 the letter m would be a number from nowhere."""
    places = ("I + A/m**2", "m*A/n", "I + A*m**n", "I + A/n**m", "I + A/log(m)", "[[m]]", "I + A/(n + m)", "m")
    for text in places:
        with pytest.raises(InputError, match=r"m: stands for a number, .*--constant m=2"):
            run("--family", text, "--x", 1)
    with pytest.raises(InputError, match="N: stands for a number"):
        run("--family", "I + A/N**2", "--x", 1)
    data = asked(capsys, "--family", "I + A/n**m", "--bias", "c/n**m", "--constant", "m=2", "--x", 1, "--tol", 1)
    assert data["drawn"] == ["A", "c"] and data["constants"]["m"] == "2" and data["status"] == "converges"


@pytest.mark.parametrize("extra", [["--bias", "0"], ["--first", "[[1]]"]])
def test_a_width_beyond_all_limits_is_refused_before_anything_is_drawn(
    extra: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("drawn", "drawn_first"):
        monkeypatch.setattr(limit, name, lambda *args: pytest.fail("drawn"))
    with pytest.raises(InputError, match=r"--width = 10{5}: must be at most 4096"):
        run("--family", "I + A/n**2", "--width", 10**5, "--x", 1, *extra)


def test_printed_ends_are_rounded_outwards() -> None:
    rng = np.random.default_rng(0)
    for _ in range(500):
        lo = Fraction(int(rng.integers(-(10**18), 10**18)), 10 ** int(rng.integers(0, 45)))
        width = Fraction(int(rng.integers(0, 10**9)), 3 * 10 ** int(rng.integers(0, 60)))
        low, high = (Fraction(v) for v in _ends(Enclosure(lo=lo, hi=lo + width, rigor=Rigor.ENCLOSED)))
        assert low <= lo and lo + width <= high
        assert high - low <= Fraction(12, 10) * width + (abs(lo) + abs(lo + width)) / 10**38


BAD = {
    "--family I+ --x 1": "--family = 'I+': must be a formula",
    "--family I+A/(n-7) --x 1": "--family = 'I+A/(n-7)': division by zero (layer 7)",
    "--family I --bias I --x 1,2": "--bias = 'I'",
    "--family I+A/n**p --x 1": "p: stands for a number, which is not drawn",
    "--family I+A/n --x 1 --constant Q=1": "there is no Q in the formulas",
    "--family I --x 1,2 --first [[1]]": "--first = 'array of shape (1, 1)'",
    "--family I --x 1 --plot out.txt": "must end in .pdf, .png, .svg",
    "--family I --x 1 --plot nowhere/out.pdf": "there is no folder",
    "--family I+A/n --x 1,2 --constant A=[[1,2],[3]]": "must all have the same length",
}
REFUSED = {
    "--x 1": "required: --family",
    "--family I": "required: --x",
    "--family I --x a": "must be numbers like",
    "--family I --x nan": "must be numbers like",
    "--family I --x 1 --tol 0": "must be a number > 0",
    "--family I --x 1 --tol nan": "must be a number > 0",
    "--family I --x 1 --width 0": "must be an integer >= 1",
    "--family I --x 1 --constant A": "must be NAME=VALUE",
    "--family I --x 1 --constant n=2": "must be NAME=VALUE",
    "--family I --x 1 --constant A=[1,": "must be a number, an array",
    "--family I --x 1 --constant A=1/0": "must be a number, an array",
    "--family I --x 1 --constant A=nofile.npy": "no such file",
    "--family I --x 1 --first x": "must be a number, an array",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_formulas_name_the_option(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        run(*line.split())
    assert BAD[line] in str(caught.value) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", REFUSED)
def test_bad_arguments_are_one_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(*line.split())
    out, err = capsys.readouterr()
    assert end.value.code == 2 and out == "" and err.count("\n") == 1
    assert REFUSED[line] in err


def test_an_input_may_begin_with_a_minus_sign(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["limit", "--family", "I/2", "--bias", "[1, 1]", "--x", "-1,2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["x"] == ["-1", "2"]
