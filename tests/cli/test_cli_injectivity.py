"""injectivity and check, on networks whose verdicts are known."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relutheory import ReLULayer, load_network
from relutheory.cli import main

PAIRED = np.array([[2.0, 1.0], [1.0, 1.0], [-4.0, -2.0], [-1.0, -1.0]])  # [B; -DB]
NARROW = np.array([[1.0, 0.0, 2.0, 0.0], [0.0, 1.0, 0.0, -3.0]])  # fewer than 2n rows


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """R^2 -> 4 (injective) -> 2 (not injective) -> affine read-out."""
    path = tmp_path / "net.npz"
    np.savez(path, W1=PAIRED, W2=NARROW, W3=[[1.0, 1.0]])
    return path


def asked(capsys: pytest.CaptureFixture[str], *argv: object) -> Any:
    assert main(["injectivity", *map(str, argv), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_verdict_per_relu_layer(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = asked(capsys, net)
    assert (data["file"], data["domain"]) == (str(net), "R^n")
    first, second = data["layers"]
    assert (first["layer"], first["m"], first["n"], first["status"]) == (1, 4, 2, "injective")
    assert (second["layer"], second["m"], second["n"], second["status"]) == (2, 2, 4, "not-injective")
    assert (first["rigor"], first["witness"], first["closed"]) == ("exact", None, 1.0)
    x, y = ([Fraction(v) for v in second["witness"][name]] for name in "xy")
    layer = load_network(net).layers[1]
    assert x != y and layer.forward_exact(x) == layer.forward_exact(y)


def test_the_text_says_what_the_verdicts_are_about(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["injectivity", str(net)]) == 0
    text = capsys.readouterr().out
    rows = [line.split() for line in text.splitlines() if line.startswith("    ") and line.split()[0].isdigit()]
    assert [row[:4] for row in rows] == [["1", "4", "2", "injective"], ["2", "2", "4", "not-injective"]]
    for words in ("all of its input space R^n", "box:0,inf", "The read-out (1 x 2)", "the same output"):
        assert words in text


def test_one_layer_on_a_domain(net: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (only,) = asked(capsys, net, "--layer", 2)["layers"]
    assert only["layer"] == 2
    square = tmp_path / "square.npy"
    np.save(square, [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    assert asked(capsys, square)["layers"][0]["status"] == "not-injective"
    data = asked(capsys, square, "--domain", "box:0,inf")
    assert (data["domain"], data["layers"][0]["status"]) == ("box:0,inf", "injective")
    assert asked(capsys, square, "--domain", "box:-1/3,0.5")["layers"][0]["status"] == "not-injective"


def test_out_of_budget_is_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, proof = tmp_path / "hard.npy", tmp_path / "proof.json"
    np.save(path, np.random.default_rng(0).standard_normal((60, 12)))
    (layer,) = asked(capsys, path, "--node-limit", 3, "--time-limit", "none", "--certificate", proof)["layers"]
    assert (layer["status"], layer["witness"], layer["certificate"]) == ("undecided", None, None)
    assert 0 <= layer["closed"] < 1
    assert not proof.exists()
    assert main(["injectivity", str(path), "--node-limit", "3", "--certificate", str(proof)]) == 0
    text = capsys.readouterr().out
    assert "undecided within the limits" in text and "no certificate, since nothing was decided" in text


def test_verdicts_do_not_depend_on_jobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "layer.npy"
    np.save(path, np.random.default_rng(1).standard_normal((40, 6)))
    one, two = (asked(capsys, path, "--jobs", jobs)["layers"][0] for jobs in (1, 2))
    assert one["status"] == two["status"] == "injective"


def test_certificates_are_written_and_checked(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = asked(capsys, net, "--certificate", net.with_name("proof.json"))["layers"]
    for k, entry in enumerate(layers, 1):
        path = net.with_name(f"proof.{k}.json")
        assert entry["certificate"] == str(path)
        assert main(["check", str(path), "--layer-of", f"{net}:{k}"]) == 0
        assert capsys.readouterr().out.startswith("VALID: ")
    assert sorted(p.name for p in net.parent.iterdir()) == ["net.npz", "proof.1.json", "proof.2.json"]
    asked(capsys, net, "--layer", 1, "--certificate", net.with_name("single.json"))
    assert net.with_name("single.json").is_file()


def test_a_certificate_of_another_layer_is_refused(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked(capsys, net, "--certificate", net.with_name("proof.json"))
    assert main(["check", str(net.with_name("proof.1.json")), "--layer-of", f"{net}:2", "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["valid"] is False and "another layer" in data["text"]


def test_a_tampered_certificate_is_refused(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked(capsys, net, "--layer", 2, "--certificate", net.with_name("proof.json"))
    path = net.with_name("proof.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    data["proof"]["y"] = data["proof"]["x"]
    path.write_text(json.dumps(data), encoding="utf-8")
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().out.startswith("INVALID: ")


def test_a_certificate_of_a_big_tree_is_matched_with_its_layer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relutheory.core.certificate._COMPRESS", 0)
    net, proof = tmp_path / "net.npy", tmp_path / "proof.json"
    np.save(net, PAIRED)
    asked(capsys, net, "--certificate", proof)
    assert "compressed" in json.loads(proof.read_text(encoding="utf-8"))
    assert main(["check", str(proof), "--layer-of", str(net)]) == 0
    np.save(net, PAIRED[::-1])
    assert main(["check", str(proof), "--layer-of", str(net)]) == 1


def test_numbers_of_any_length_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.npy"
    np.save(path, np.random.default_rng(2).standard_normal((300, 300)) * 10.0 ** np.arange(-150, 150))
    (layer,) = asked(capsys, path, "--time-limit", 20)["layers"]
    assert layer["status"] == "not-injective"
    x, y = ([Fraction(v) for v in layer["witness"][name]] for name in "xy")
    made = ReLULayer(np.load(path))
    assert x != y and made.forward_exact(x) == made.forward_exact(y)
    assert main(["injectivity", str(path)]) == 0


def test_published_networks(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = asked(capsys, real_data / "acasxu" / "ACASXU_run2a_1_1_batch_2000.onnx")["layers"]
    assert [entry["status"] for entry in layers] == ["injective"] + ["not-injective"] * 5
