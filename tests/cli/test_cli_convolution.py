"""`relutheory convolution`: windows and the dense layer side by side, JSON, complaints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from relutheory.cli import convolution
from relutheory.cli.arguments import Parser
from relutheory.core.errors import InputError
from relutheory.injectivity import decide_injectivity
from relutheory.networks.convolution import conv_layer

LATE = [[1, 1], [-1, -1], [1, 0], [0, -1]]
PLUS_MINUS = [[1, 2], [-1, -2]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, kernels in (("late", LATE), ("pm", PLUS_MINUS)):
        np.save(tmp_path / f"{name}.npy", np.array(kernels))
    np.save(tmp_path / "bias.npy", np.array([0, 1]))
    np.savez(tmp_path / "many.npz", a=np.ones(2))
    (tmp_path / "text.npy").write_text("no numbers")
    np.save(tmp_path / "nan.npy", np.array([[np.nan]]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    parser = Parser(prog="relutheory")
    convolution.add(parser.add_subparsers(required=True))
    args = parser.parse_args(["convolution", *arguments])
    return int(args.run(args))


def test_json_has_windows_and_the_dense_layer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("late.npy", "--input-shape", "1,5", "--padding", "same", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["status"], data["window"], data["by_windows"], data["obstruction"]) == (
        "injective",
        [3],
        "injective",
        None,
    )
    assert [(row["layer"], row["status"]) for row in data["layers"]] == [
        ("window 2", "not-injective"),
        ("window 3", "injective"),
        ("same 1 x 5", "injective"),
    ]
    layer = conv_layer(LATE, 5, "same")
    assert (data["layers"][-1]["m"], data["layers"][-1]["n"]) == (layer.m, layer.n)


def test_the_other_answer_and_a_witness(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pm.npy", "--input-shape", "1,4", "--json", "--bias", "bias.npy", "--stride", "2") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["status"] == "undecided" and data["obstruction"] == "fewer than 4 directions of kernels"
    layer = conv_layer(PLUS_MINUS, 4, stride=2, bias=[0, 1])
    x, y = data["witness"]["x"], data["witness"]["y"]
    assert x != y and layer.forward_exact(x) == layer.forward_exact(y)
    assert run("pm.npy", "--input-shape", "4", "--padding", "circular") == 0
    text = capsys.readouterr().out
    assert decide_injectivity(conv_layer(PLUS_MINUS, 4, "circular")).proved
    assert "too few rows" in text and "circular 4" in text and "No window is injective: fewer than 4" in text


def test_text_says_from_which_sizes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("late.npy", "--max-window", "5") == 0
    assert "all inputs of size 3 or more" in capsys.readouterr().out
    assert run("late.npy", "--window", "2") == 0
    assert "No injective window was found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nothing.npy",), "nothing.npy: no such file"),
        (("text.npy",), "text.npy: numpy cannot read it"),
        (("many.npz",), "many.npz: holds several arrays"),
        (("nan.npy",), r"kernels\[0,0,0\] = nan: must be finite"),
        (("late.npy", "--window", "1"), "window = 1"),
        (("late.npy", "--input-shape", "2,5"), "input_shape = "),
        (("late.npy", "--bias", "bias.npy"), "bias = .*one entry per kernel, 4"),
    ],
)
def test_complaints_are_one_line(folder: Path, arguments: tuple[str, ...], text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arguments", [("--stride", "0"), ("--window", "2", "--max-window", "3"), ("--padding", "no")])
def test_bad_options(folder: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("late.npy", *arguments)
    assert caught.value.code == 2 and capsys.readouterr().err.count("\n") == 1
