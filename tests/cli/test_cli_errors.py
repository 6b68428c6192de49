"""Bad input: one line on stderr, exit code 2, nothing written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from relutheory.cli import main
from relutheory.cli.output import approximate, write_text

ROOT = Path(__file__).resolve().parents[2]
BAD = {
    "": "required: COMMAND",
    "frob": "invalid choice: 'frob'",
    "list --frob": "unrecognized arguments: --frob",
    "show": "required: ID",
    "show inj.bia": "did you mean inj.bias",
    "verify zzz": "is not in the catalogue; the rooms are",
    "verify --jobs 0": "--jobs: '0': must be an integer >= 1",
    "verify --trials -3": "--trials: '-3': must be an integer >= 0",
    "verify --seed x": "--seed: 'x': must be an integer >= 0",
    "verify --report nowhere/report.html": "nowhere/report.html: there is no folder",
    "verify --report .": "is a folder",
    "injectivity nope.npz": "no such file",
    "injectivity .": "is not a file",
    "injectivity words.txt": "unknown kind of file",
    "injectivity broken.onnx": "broken.onnx",
    "injectivity nan.npy": "must be finite",
    "injectivity model.pt": "a pickle can run any program",
    "injectivity net.npz --layer 3": "--layer = 3",
    "injectivity net.npz --layer 0": "--layer: '0': must be an integer >= 1",
    "injectivity net.npz --jobs -2": "--jobs: '-2'",
    "injectivity net.npz --time-limit -1": "--time-limit: '-1': must be a number of seconds >= 0",
    "injectivity net.npz --time-limit nan": "--time-limit: 'nan'",
    "injectivity net.npz --node-limit 1.5": "--node-limit: '1.5'",
    "injectivity net.npz --domain cube": "must be box:lo,hi",
    "injectivity net.npz --domain box:1": "must be box:lo,hi",
    "injectivity net.npz --domain box:a,1": "must be box:lo,hi",
    "injectivity net.npz --domain box:nan,1": "must be box:lo,hi",
    "injectivity net.npz --domain box:1,1": "must have lo < hi",
    "injectivity net.npz --domain box:inf,inf": "must have lo < hi",
    "injectivity net.npz --certificate nowhere/c.json": "there is no folder",
    "injectivity net.npz --certificate .": "is a folder",
    "check nope.json": "no such file",
    "check net.npz --layer-of nope.npz": "no such file",
    "check net.npz --layer-of net.npz": "name one as net.npz:K",
    "check net.npz --layer-of net.npz:3": "K must be from 1 to 2",
    "figures": "required: --out",
    "figures layer_wedge --out figs": "did you mean layer_wedges",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", W1=[[1.0], [-1.0]], W2=[[1.0, 1.0]], W3=[[1.0]])
    np.save("nan.npy", [[np.nan]])
    for name in ("words.txt", "broken.onnx", "model.pt"):
        Path(name).write_text("words")
    return tmp_path


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    before = sorted(folder.iterdir())
    try:
        code = main(line.split())
    except SystemExit as end:  # argparse leaves this way
        code = end.code
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert re.fullmatch(r"relutheory: error: [^\n]+\n", err)
    assert BAD[line] in err
    assert sorted(folder.iterdir()) == before


def test_a_file_that_is_no_certificate_is_invalid(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("words.txt", "net.npz"):
        assert main(["check", name]) == 1
        assert capsys.readouterr().out.startswith("INVALID: ")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "list",
        "show",
        "verify",
        "injectivity",
        "stability",
        "invert",
        "repair",
        "convolution",
        "threshold",
        "limit",
        "approximate",
        "regions",
        "check",
        "figures",
    ],
)
def test_every_help_has_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as end:
        main([*command.split(), "--help"])
    text = capsys.readouterr().out
    assert end.value.code == 0
    assert re.search(rf"example:\n  relutheory {command or 'verify'}\b", text)
    assert not command or "--json" in text


def test_abbreviated_options_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["injectivity", "net.npz", "--time", "3"])
    assert "unrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "relutheory: interrupted\n"),
        (MemoryError(), 2, "relutheory: error: not enough memory\n"),
        (OSError(28, "No space left on device"), 2, "relutheory: error: [Errno 28] No space left on device\n"),
    ],
)
def test_failures_become_a_line_and_a_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, line: str
) -> None:
    def fail(data: object) -> None:
        raise error

    monkeypatch.setattr("relutheory.cli.list_.print_json", fail)
    assert main(["list", "--json"]) == code
    assert capsys.readouterr().err == line


def test_a_reader_who_goes_away_is_no_error() -> None:
    command = f'"{sys.executable}" -m relutheory show inj.bias | true; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("141", "")


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    write_text(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(target, "new \ud800")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_numbers_of_any_size_can_be_read() -> None:
    from fractions import Fraction

    assert [approximate(Fraction(v)) for v in ("0", "-3", "100000", "1/8")] == ["0", "-3", "1e+5", "0.125"]
    assert approximate(Fraction(10) ** 5000) == "1e+5000"
