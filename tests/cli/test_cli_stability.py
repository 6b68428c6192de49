"""stability, on networks whose constants are known."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proofs_check.certificates import check_file
from relutheory.cli import stability
from relutheory.cli.arguments import Parser
from relutheory.core.errors import InputError

EYES = np.vstack([np.eye(2), -np.eye(2)])
NARROW = np.array([[1.0, 0.0, 2.0, 0.0], [0.0, 3.0, 0.0, 0.0]])  # not injective; its largest singular value is 3


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """R^2 -> 4 (injective) -> 2 (not injective) -> affine read-out."""
    path = tmp_path / "net.npz"
    np.savez(path, W1=EYES, W2=NARROW, W3=[[1.0, 1.0]])
    return path


def run(*argv: object) -> int:
    parser = Parser(prog="relutheory")
    stability.add(parser.add_subparsers())
    args = parser.parse_args(["stability", *map(str, argv)])
    code: int = args.run(args)
    return code


def asked(capsys: pytest.CaptureFixture[str], *argv: object) -> Any:
    assert run(*argv, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_the_constants_of_each_layer(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, net, "--time-limit", "none")
    assert (data["file"], data["domain"]) == (str(net), "R^n")
    first, second = data["layers"]
    assert (first["m"], first["n"], first["squared"], first["rigor"]) == (4, 2, ["1/2", "1/2"], "exact")
    assert first["m0_squared"] == ["1", "1"] and first["complete"]
    assert first["bounds"]["m0/2"] == 0.5 and first["bounds"]["m0/sqrt(2)"] == first["lower"]
    assert first["bounds"]["m0/sqrt(2m)"] == pytest.approx(1 / np.sqrt(8))
    assert first["upper_lipschitz"]["squared"] == ["1", "1"]
    assert (second["lower"], second["upper"], second["squared"]) == (0.0, 0.0, ["0", "0"])
    assert second["upper_lipschitz"]["upper"] == 3.0


def test_the_witness_is_exact(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (first,) = asked(capsys, net, "--layer", 1, "--seed", 5)["layers"]
    x, y = ([Fraction(v) for v in first["witness"][name]] for name in "xy")
    outputs = [[max(v, 0) for p in point for v in (p, -p)] for point in (x, y)]
    above, below = (sum((a - b) ** 2 for a, b in zip(*ends, strict=True)) for ends in (outputs, (x, y)))
    assert 2 * above == below
    assert len(first["cell"]["active"]) == 2


def test_the_text_has_a_row_per_layer_and_says_what_it_is(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(net, "--starts", 2) == 0
    text = capsys.readouterr().out
    rows = [line.split() for line in text.splitlines() if line.split()[:1] in (["1"], ["2"])]
    assert rows[0][:10] == ["1", "4", "2", "1", "0.35355", "0.5", "0.70710", "0.70710", "0.70711", "1"]
    assert rows[1][:10] == ["2", "2", "4", "0", "0", "0", "0", "0", "0", "3"]
    for words in ("kappa^2 = 1/2", "layer 2: kappa = 0, not injective", "on R^n"):
        assert words in text


def test_a_domain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "corner.npy"
    np.save(path, [[1.0, 0.0], [0.0, 1.0]])
    assert asked(capsys, path)["layers"][0]["squared"] == ["0", "0"]
    data = asked(capsys, path, "--domain", "box:0,inf")
    assert data["domain"] == "box:0,inf"
    assert data["layers"][0]["squared"] == ["1", "1"]  # one cell
    assert data["layers"][0]["upper"] == 1.0


def test_out_of_time_is_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "large.npy"
    np.save(path, np.random.default_rng(0).standard_normal((110, 10)))
    (layer,) = asked(capsys, path, "--time-limit", 0.5)["layers"]
    assert not layer["complete"] and 0 <= layer["lower"] <= layer["upper"]
    assert run(path, "--time-limit", "0.5") == 0
    text = capsys.readouterr().out
    assert "*1" in text and "out of time" in text


def test_bad_arguments(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="--layer = 3"):
        run(net, "--layer", 3)
    for argv in (["--domain", "box:1,0"], ["--time-limit", "-1"], ["--starts", "x"]):
        with pytest.raises(SystemExit) as end:
            run(net, *argv)
        assert end.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_certificates_are_written_and_accepted(net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kappa, lip = tmp_path / "kappa.json", tmp_path / "lip.json"
    first, second = asked(capsys, net, "--certificate", kappa, "--lip-certificate", lip)["layers"]
    assert first["certificate"] == str(tmp_path / "kappa.1.json") and second["certificate"] is None
    assert [layer["upper_lipschitz"]["certificate"] for layer in (first, second)] == [
        str(tmp_path / f"lip.{k}.json") for k in (1, 2)
    ]
    claims = {name: check_file(tmp_path / name).text for name in ("kappa.1.json", "lip.1.json", "lip.2.json")}
    assert [text.split(" for ")[0] for text in claims.values()] == [
        f"VALID: |f(x) - f(y)|^2 {bound} |x - y|^2" for bound in (">= 1/2", "<= 1", "<= 9")
    ]
    assert run(net, "--certificate", kappa) == 0
    text = capsys.readouterr().out
    assert f"layer 1: certificate in {tmp_path / 'kappa.1.json'}" in text and "layer 2: no certificate" in text
    with pytest.raises(InputError, match="another file"):
        run(net, "--certificate", kappa, "--lip-certificate", kappa)
    with pytest.raises(InputError, match="no folder"):
        run(net, "--certificate", tmp_path / "no" / "such.json")


def test_a_ball(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "raised.npz"
    np.savez(path, W1=EYES, b1=[0.0, 0.0, -0.5, 0.0], W2=[[1.0] * 4], b2=[0.0])  # 0 > x > -1/2 is not seen
    assert asked(capsys, path)["layers"][0]["squared"] == ["0", "0"]
    data = asked(capsys, path, "--domain", "ball:1/3", "--certificate", tmp_path / "proof.json")
    assert data["domain"] == "ball:1/3"
    assert data["layers"][0]["squared"] == ["0", "0"] and data["layers"][0]["certificate"] is None
    np.savez(path, W1=EYES, b1=[1.0, 1.0, 0.0, 0.0], W2=[[1.0] * 4], b2=[0.0])
    data = asked(capsys, path, "--domain", "ball:1/3", "--certificate", tmp_path / "proof.json")
    assert data["layers"][0]["squared"] == ["1", "1"]  # rows 0 and 1 are active on all of the ball
    assert ">= 1 |x - y|^2" in check_file(tmp_path / "proof.json").text
