"""invert and repair, on networks whose answers are known."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relutheory import Box, decide_injectivity, load_network
from relutheory.cli import invert, main, repair

PAIRED = np.array([[2.0, 1.0], [1.0, 1.0], [-4.0, -2.0], [-1.0, -1.0]])


@pytest.fixture(autouse=True)
def both_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two commands are there, whatever else is."""
    import sys

    module = sys.modules["relutheory.cli.main"]
    others = tuple(c for c in module._COMMANDS if c not in (invert, repair))
    monkeypatch.setattr(module, "_COMMANDS", (*others, invert, repair))


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """R^2 -> 4 -> 3 -> affine read-out, in a folder of its own, with outputs of its first layer."""
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", W1=PAIRED, W2=np.eye(4)[:3], b2=[-1.0, -1.0, 0.0], W3=np.ones((1, 3)))
    x = np.array([[1.0, 2.0], [0.5, -3.0], [-1.0, 1.0]])
    np.save("y.npy", np.maximum(x @ PAIRED.T, 0.0))
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], line: str) -> Any:
    assert main([*line.split(), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_inputs_are_found_and_written(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, "invert net.npz --layer 1 --outputs y.npy --noise 1e-12 --out x.npy")
    assert [entry["status"] for entry in data["outputs"]] == ["recovered"] * 2 + ["short"]
    x = np.load("x.npy")
    assert np.abs(x[:2] - [[1.0, 2.0], [0.5, -3.0]]).max() < 1e-11 and np.isnan(x[2]).all()
    assert "x" not in data["outputs"][0] and data["outputs"][0]["error"] < 1e-10
    assert sorted(p.name for p in net.iterdir()) == ["net.npz", "x.npy", "y.npy"]
    assert main(["invert", "net.npz", "--layer", "1", "--outputs", "y.npy"]) == 0
    text = capsys.readouterr().out
    assert "layer 1 (4 x 2), 3 outputs from y.npy" in text and "       2  recovered" in text
    assert re.search(r"output 0: recovered, error <= \S+, residual <= \S+\n", text)


def test_exact_answers(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("y.npy", [[4.0, 3.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]])
    data = asked(capsys, "invert net.npz --layer 1 --outputs y.npy --exact --out x.npy")
    assert [entry["status"] for entry in data["outputs"]] == ["unique", "unique", "not-in-range"]
    assert data["outputs"][0]["x"] == ["1", "2"] and data["outputs"][2]["x"] is None
    assert Fraction(data["outputs"][2]["distance"][0]) > 0
    np.save("one.npy", [2.0, 0.0, 0.0])
    (entry,) = asked(capsys, "invert net.npz --layer 2 --outputs one.npy --exact")["outputs"]
    assert entry["status"] == "many" and entry["x"] != entry["other"]
    (entry,) = asked(capsys, "invert net.npz --layer 2 --outputs one.npy --exact --domain box:0,0.5")["outputs"]
    assert entry["status"] == "not-in-range"
    assert main(["invert", "net.npz", "--layer", "1", "--outputs", "y.npy", "--exact", "--noise", "0.1"]) == 0
    assert "distance from the range in" in capsys.readouterr().out


def test_what_is_not_in_the_range_has_no_input_and_no_error(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("y.npy", [[4.0, 3.0, 0.0, 0.0], [4.0, 3.0, -1.0, 0.0]])
    for exact in ("", " --exact"):
        data = asked(capsys, f"invert net.npz --layer 1 --outputs y.npy --out x.npy{exact}")
        assert data["outputs"][1]["status"] == "not-in-range" and data["outputs"][1]["error"] is None
        x = np.load("x.npy")
        assert np.abs(x[0] - [1, 2]).max() < 1e-9 and np.isnan(x[1]).all()
        assert main(f"invert net.npz --layer 1 --outputs y.npy{exact}".split()) == 0
        text = capsys.readouterr().out
        assert "no input has this output\n" in text and not re.search("output 1: .*error", text)
        assert main(f"invert net.npz --layer 1 --outputs y.npy --noise 1e-6{exact}".split()) == 0
        assert "no input has this output, within the noise\n" in capsys.readouterr().out
    assert asked(capsys, "invert net.npz --layer 1 --outputs y.npy")["outputs"][1]["x"] == [None, None]


def test_a_failed_write_names_the_file_asked_for(
    net: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", ".x.npy.1.part")

    monkeypatch.setattr(np, "save", refuse)
    assert main(["invert", "net.npz", "--layer", "1", "--outputs", "y.npy", "--out", "x.npy"]) == 2
    assert capsys.readouterr().err == "relutheory: error: x.npy: cannot be written: Permission denied\n"
    assert sorted(p.name for p in net.iterdir()) == ["net.npz", "y.npy"]


def test_many_outputs_are_summed_up(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("y.npy", np.zeros((50, 4)))
    assert main(["invert", "net.npz", "--layer", "1", "--outputs", "y.npy", "--exact"]) == 0
    text = capsys.readouterr().out
    assert "      50  unique" in text and "and 30 more" in text
    np.save("y.npy", np.zeros((0, 4)))
    assert asked(capsys, "invert net.npz --layer 1 --outputs y.npy")["outputs"] == []


def test_biases_are_repaired(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("gap.npz", W1=[[1.0, 0.0], [0.0, 1.0], [-3.0, 0.0], [0.0, -1.0]], b1=[-1.0, 0.0, -1.0, 0.0], W2=np.eye(4))
    data = asked(capsys, "repair gap.npz --out fixed.npz --certificate proof.json")
    assert (data["status"], data["size"], data["optimal"]) == ("repaired", "1", True)
    assert data["written"] == ["proof.json", "fixed.npz"]
    made = load_network("fixed.npz")
    assert decide_injectivity(made.layers[0]).proved and made.readout == load_network("gap.npz").readout
    assert main(["check", "proof.json", "--layer-of", "fixed.npz:1"]) == 0
    capsys.readouterr()
    assert main(["repair", "gap.npz", "--norm", "l1"]) == 0
    assert "l1 norm 1.33333: the least there is" in capsys.readouterr().out


def test_rows_are_appended_and_the_next_layer_does_not_notice(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, "repair net.npz --layer 2 --by rows --domain box:0,1 --out fixed.npz")
    assert data["status"] == "repaired" and len(data["rows"]) == int(data["size"]) == int(data["at_least"])
    old, new = load_network("net.npz"), load_network("fixed.npz")
    layer = new.layers[1]
    assert layer.m == 3 + len(data["rows"]) and decide_injectivity(layer, domain=Box(0, 1, n=4)).proved
    assert new.readout.n == layer.m
    x = np.random.default_rng(0).standard_normal((20, 2))
    np.testing.assert_array_equal(old.forward(x), new.forward(x))


def test_a_network_without_readout_stays_one(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("half.npy", [[1.0], [2.0]])
    data = asked(capsys, "repair half.npy --by rows --out fixed.npz")
    assert (data["size"], data["optimal"]) == ("1", True)
    made = load_network("fixed.npz")
    assert made.readout is None and decide_injectivity(made.layers[0]).proved


def test_where_nothing_helps_nothing_is_written(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("half.npy", [[1.0], [2.0]])
    assert main(["repair", "half.npy", "--out", "fixed.npz"]) == 0
    text = capsys.readouterr().out
    assert "impossible: no bias makes the layer injective" in text and "nothing is written: there is no repair" in text
    assert not Path("fixed.npz").exists()
    data = asked(capsys, "repair half.npy")
    assert data["escape"] == {"d": ["-1"], "u": ["1"]} and data["size"] is None
    assert asked(capsys, "repair net.npz --layer 1")["status"] == "already-injective"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("invert net.npz", "required: --outputs"),
        ("invert net.npz --outputs y.npy", "--layer: net.npz has 2 ReLU layers, say which (1 to 2)"),
        ("invert net.npz --layer 3 --outputs y.npy", "--layer = 3: net.npz has 2 ReLU layers"),
        ("invert net.npz --layer 1 --outputs nope.npy", "nope.npy: no such file"),
        ("invert net.npz --layer 1 --outputs net.npz", "net.npz: must be a .npy file of one array"),
        ("invert net.npz --layer 1 --outputs .", "is not a file"),
        ("invert net.npz --layer 1 --outputs words.npy", "words.npy: numpy cannot read it"),
        ("invert net.npz --layer 2 --outputs y.npy", "y.npy: array of shape (3, 4): outputs must have shape (3,)"),
        ("invert net.npz --layer 1 --outputs text.npy", "text.npy: array of str32: must hold numbers"),
        ("invert net.npz --layer 1 --outputs nan.npy --exact", "row 1 holds NaN or an infinity"),
        ("invert net.npz --layer 1 --outputs y.npy --noise -1", "--noise: '-1': must be a number >= 0"),
        ("invert net.npz --layer 1 --outputs y.npy --noise 1e400", "--noise = inf: must be within the range"),
        ("invert net.npz --layer 1 --outputs y.npy --domain box:0,1", "--domain: needs --exact"),
        ("invert net.npz --layer 1 --outputs y.npy --out x.txt", "x.txt: the name must end in .npy"),
        ("invert net.npz --layer 1 --outputs y.npy --out no/x.npy", "there is no folder"),
        ("repair net.npz --layer 2 --by luck", "invalid choice: 'luck'"),
        ("repair net.npz --layer 2 --norm l2", "invalid choice: 'l2'"),
        ("repair net.npz --layer 2 --out x.npy", "x.npy: the name must end in .npz"),
        ("repair net.npz --layer 2 --out no/x.npz", "there is no folder"),
        ("invert net.npz --layer 1 --outputs y.npy --out y.npy", "--out y.npy: is the file of --outputs"),
        ("invert half.npy --outputs y.npy --out ./half.npy", "--out half.npy: is the file of FILE"),
        ("repair net.npz --layer 2 --out ok.npz --certificate ok.npz", "--certificate ok.npz: is the file of --out"),
        ("repair net.npz --layer 2 --certificate net.npz", "--certificate net.npz: is the file of FILE"),
        ("repair net.npz --layer 2 --out net.npz", "--out net.npz: is the file of FILE"),
        ("repair readout.npz", "readout.npz: has no ReLU layer: its only matrix is a read-out, without ReLU"),
        ("repair readout.npz --layer 1", "readout.npz: has no ReLU layer: its only matrix is a read-out"),
        ("invert readout.npz --outputs y.npy", "readout.npz: has no ReLU layer: its only matrix is a read-out"),
        ("repair nope.npz", "no such file"),
        ("repair net.npz", "--layer: net.npz has 2 ReLU layers"),
        ("repair net.npz --layer 2 --domain box:1,0", "must have lo < hi"),
        ("repair net.npz --layer 2 --time-limit never", "--time-limit: 'never'"),
    ],
)
def test_bad_input_is_one_line(net: Path, capsys: pytest.CaptureFixture[str], line: str, words: str) -> None:
    Path("words.npy").write_text("words")
    np.save("text.npy", np.array(["a"]))
    np.savez("readout.npz", W1=np.ones((1, 2)))
    np.save("half.npy", [[1.0], [2.0]])
    np.save("nan.npy", [[0.0] * 4, [np.nan] * 4])
    before = sorted(net.iterdir())
    try:
        code = main(line.split())
    except SystemExit as end:
        code = end.code
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert re.fullmatch(r"relutheory: error: [^\n]+\n", err) and words in err
    assert sorted(net.iterdir()) == before


@pytest.mark.parametrize("command", ["invert", "repair"])
def test_help_shows_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = capsys.readouterr().out
    assert f"example:\n  relutheory {command} " in text and "--json" in text
