"""injectivity --domain ball:r, and the check of its certificates."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relutheory.cli import main


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """One layer of three neurons in the plane, injective on the ball of radius 2 and not on larger ones."""
    path = tmp_path / "net.npz"
    np.savez(path, W1=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], b1=[2.0, 2.0, 2.0], W2=[[1.0, 1.0, 1.0]], b2=[0.0])
    return path


def asked(capsys: pytest.CaptureFixture[str], *argv: object) -> Any:
    assert main(["injectivity", *map(str, argv), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("radius", "status"), [("2", "injective"), ("3/2", "injective"), ("2.000001", "not-injective")]
)
def test_a_verdict_on_a_ball(
    net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], radius: str, status: str
) -> None:
    proof = tmp_path / "proof.json"
    data = asked(capsys, net, "--domain", f"ball:{radius}", "--certificate", proof)
    (layer,) = data["layers"]
    assert data["domain"] == f"ball:{Fraction(radius)}"
    assert layer["status"] == status and layer["rigor"] == "exact"
    assert layer["method"] == ("outer polytope" if status == "injective" else "inner collision")
    if status == "not-injective":
        for name in "xy":
            assert sum(Fraction(v) ** 2 for v in layer["witness"][name]) <= Fraction(radius) ** 2
    assert main(["check", str(proof), "--layer-of", f"{net}:1"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("VALID") and "on a ball in R^2" in text
    stated = json.loads(proof.read_text())
    stated["domain"]["radius"] = "1/1000"
    proof.write_text(json.dumps(stated))
    assert main(["check", str(proof)]) == 1
    assert "digest differs" in capsys.readouterr().out


def test_the_text_names_the_ball(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["injectivity", str(net), "--domain", "ball:1/3"]) == 0
    text = capsys.readouterr().out
    assert "on the ball of radius 1/3 around 0" in text and "outer polytope" in text


@pytest.mark.parametrize("domain", ["ball:0", "ball:-1", "ball:inf", "ball:nan", "ball:", "ball:1,2", "ball", "bal:1"])
def test_other_balls_are_refused(net: Path, capsys: pytest.CaptureFixture[str], domain: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["injectivity", str(net), "--domain", domain])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert f"--domain: '{domain}': must be box:lo,hi or ball:r" in error and error.count("\n") == 1
