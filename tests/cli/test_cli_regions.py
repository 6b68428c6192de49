"""`relutheory regions`: counts, slices, JSON, pictures, complaints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from relutheory import Box, ReLUNetwork, load_network
from relutheory.cli.main import main
from relutheory.polyhedra import count_regions, restrict


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(0)
    for name, n in (("two", 2), ("four", 4)):
        shapes = [(6, n), (5, 6), (3, 5)]
        arrays = {f"W{i + 1}": rng.standard_normal(shape) for i, shape in enumerate(shapes)}
        np.savez(tmp_path / f"{name}.npz", **arrays, b1=rng.standard_normal(6), b2=rng.standard_normal(5))
    np.save(tmp_path / "plane.npy", np.array([[0.0] * 4, [1, 0, 0, 1], [0, 1, 1, 0]]))
    np.save(tmp_path / "line.npy", np.array([[0.0] * 4, [1, 0, 0, 1]]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:  # type: ignore[type-arg]
    assert main(["regions", *arguments, "--json"]) == 0
    data: dict = json.loads(capsys.readouterr().out)  # type: ignore[type-arg]
    return data


def test_json_says_what_was_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = load_network("two.npz")
    data = answer(capsys, "two.npz", "--linear")
    count = count_regions(net, linear=True, engine="exact")
    assert data["activation_regions"] == count.activation_regions
    assert data["linear_regions"] == count.linear_regions
    assert (data["complete"], data["rigor"], data["engine"], data["domain"]) == (True, "exact", "plane", "R^n")
    assert data["seconds"] >= 0
    boxed = answer(capsys, "two.npz", "--domain", "box:-1,1/2")
    assert boxed["activation_regions"] == count_regions(net, Box(-1, "1/2", n=2), engine="exact").activation_regions
    assert boxed["linear_regions"] is None


def test_slices_and_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = load_network("four.npz")
    plane, line = np.load("plane.npy"), np.load("line.npy")
    assert isinstance(net, ReLUNetwork)
    assert answer(capsys, "four.npz", "--slice", "plane.npy")["activation_regions"] == len(seen(restrict(net, plane)))
    data = answer(capsys, "four.npz", "--line", "line.npy", "--domain", "box:0,2")
    assert data["engine"] == "line"
    # on the line t (1, 0, 0, 1) the box is 0 <= t <= 2
    assert data["activation_regions"] == len(seen(restrict(net, line), Box([0], [2])))
    first = answer(capsys, "four.npz", "--slice", "random:3")
    assert first["activation_regions"] == answer(capsys, "four.npz", "--slice", "random:3")["activation_regions"]


def seen(net, domain=None) -> set:  # type: ignore[no-untyped-def,type-arg]
    from relutheory.polyhedra.exact_tree import exact_regions

    return {region.bits for region in exact_regions(net.layers, domain)}


def test_limits_files_and_processes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = answer(capsys, "four.npz", "--time-limit", "none")["activation_regions"]
    stopped = answer(capsys, "four.npz", "--limit", "3", "--store", "parts.jsonl")
    assert not stopped["complete"]
    assert stopped["rigor"] == "enclosed"
    assert 3 < stopped["activation_regions"] <= whole <= stopped["at_most"]
    assert answer(capsys, "four.npz", "--store", "parts.jsonl", "--jobs", "2")["activation_regions"] == whole
    assert main(["regions", "four.npz", "--limit", "3", "--store", "more.jsonl"]) == 0
    text = capsys.readouterr().out
    assert "at least" in text
    assert "incomplete" in text


def test_text_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regions", "two.npz", "--linear"]) == 0
    text = capsys.readouterr().out
    count = count_regions(load_network("two.npz"), linear=True)
    assert f"activation regions: {count.activation_regions} (at most" in text
    assert f"linear regions: {count.linear_regions}" in text
    assert "exact; engine: plane" in text


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_a_picture_is_written(folder: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    begin = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[ending]
    assert main(["regions", "four.npz", "--slice", "random:1", "--domain", "box:-2,2", "--plot", f"out.{ending}"]) == 0
    assert (folder / f"out.{ending}").read_bytes().startswith(begin)
    assert f"picture in out.{ending}" in capsys.readouterr().out
    assert main(["regions", "two.npz", "--plot", f"whole.{ending}", "--window", "box:-1,1"]) == 0
    assert sorted(path.name for path in folder.glob(f"*.{ending}")) == [f"out.{ending}", f"whole.{ending}"]


def test_a_picture_in_space(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    np.savez("three.npz", W1=rng.standard_normal((4, 3)), b1=rng.standard_normal(4), W2=rng.standard_normal((2, 4)))
    assert main(["regions", "three.npz", "--domain", "box:-1,1", "--plot", "space.png"]) == 0
    assert (folder / "space.png").read_bytes().startswith(b"\x89PNG")
    np.savez("many.npz", W1=rng.standard_normal((20, 3)), b1=rng.standard_normal(20), W2=rng.standard_normal((2, 20)))
    capsys.readouterr()
    assert main(["regions", "many.npz", "--plot", "many.png"]) == 2
    said = capsys.readouterr()
    assert "cannot be seen" in said.err
    assert said.out == ""
    assert not (folder / "many.png").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["two.npz", "--plot", "out.gif"], "--plot = out.gif: must end in .pdf, .png, .svg"),
        (["four.npz", "--plot", "out.png"], "has 4 inputs; choose a plane with --slice"),
        (["four.npz", "--slice", "random:x"], "--slice = random:x: must be random:SEED"),
        (["four.npz", "--slice", "nothing.npy"], "--slice = nothing.npy: is not an .npy file"),
        (["four.npz", "--slice", "line.npy"], "has shape (2, 4), must have (3, 4)"),
        (["four.npz", "--line", "line.npy", "--slice", "plane.npy"], "not allowed with argument"),
        (["two.npz", "--limit", "-1"], "must be an integer >= 0"),
        (["two.npz", "--domain", "box:1,0"], "must have lo < hi"),
        (["two.npz", "--plot", "no/out.png"], "there is no folder no"),
        (["nothing.npz"], "nothing.npz"),
    ],
)
def test_bad_input_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    try:
        code = main(["regions", *arguments])
    except SystemExit as stop:
        code = int(str(stop.code))
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert complaint in said.err
    assert len(said.err.splitlines()) == 1


def test_points_in_a_line_are_no_plane(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("flat.npy", np.array([[0.0] * 4, [1, 1, 1, 1], [2, 2, 2, 2]]))
    assert main(["regions", "four.npz", "--slice", "flat.npy"]) == 2
    assert "must be affinely independent" in capsys.readouterr().err


def test_a_count_without_end_asks_for_a_limit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    np.savez("wide.npz", W1=rng.standard_normal((100, 10)), W2=rng.standard_normal((1, 100)))
    assert main(["regions", "wide.npz"]) == 2
    assert "give --limit or --time-limit" in capsys.readouterr().err
    data = answer(capsys, "wide.npz", "--time-limit", "0.5")
    assert not data["complete"]
    assert data["activation_regions"] <= data["at_most"]
