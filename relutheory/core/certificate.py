"""Certificates: what was proved, and all that a stranger needs to check it, as one JSON file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relutheory.core.errors import reject

FORMAT = "relutheory certificate"
VERSION = 1
_COMPRESS = 1_000_000  # bytes of JSON from which a certificate is stored compressed (inside JSON still)


def digest(statement: dict[str, Any]) -> str:
    """SHA-256 of a statement's canonical JSON: it ties the proof to the numbers it is about.

    >>> digest({"layer": 1})[:12]
    'a0c622eeb9e5'
    """
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Certificate:
    """A claim, the statement it is about (layer and domain, exact numbers as strings) and its proof.

    claim : "injective", "not-injective", "lower-lipschitz" or "upper-lipschitz".
    statement : {"layer": {"n", "W", "b"}, "domain": {"A", "b", "inside"}, {"center", "radius"} or None}, and the
    "bound", a square, for the Lipschitz claims.
    proof : {"x", "y"} for a collision; {"circuits", "forced", "tree"} for injectivity; {"kind", "circuits", "pairs"}
    and, by kind, {"tree", "always", "always_least"} for a bound; with "outer", {"A", "b"}, for a ball
    (proofs_check/certificates.py and stability_certificates.py say what they mean and check them).
    Claims about general position and pooled layers: see proofs_check/structure_certificates.py; about layers with
    square roots in their biases: proofs_check/root_certificates.py.

    >>> statement = {"layer": {"W": [["1"]], "b": ["0"]}, "domain": None}
    >>> json.loads(Certificate("not-injective", statement, {"x": ["-1"], "y": ["-2"]}).to_json())["claim"]
    'not-injective'
    """

    claim: str
    statement: dict[str, Any]
    proof: dict[str, Any] = field(repr=False)

    def body(self) -> dict[str, Any]:
        """The whole certificate as the object that is written, for one that is part of another's proof."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "claim": self.claim,
            **self.statement,
            "digest": digest(self.statement),
            "proof": self.proof,
        }

    def to_json(self) -> str:
        """The whole certificate as JSON text, compressed where it is long."""
        text = json.dumps(self.body(), separators=(",", ":"))
        if len(text) < _COMPRESS:
            return text
        packed = base64.b64encode(zlib.compress(text.encode(), 6)).decode()
        return json.dumps({"format": FORMAT, "version": VERSION, "compressed": packed})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the certificate; the file is complete or not there at all.  Raises InputError where it cannot be."""
        target = Path(path)
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        except OSError as error:
            reject("path", str(path), f"cannot be written: {error.strerror}")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self.to_json() + "\n")
            os.chmod(name, 0o644)
            os.replace(name, target)
        except OSError as error:
            Path(name).unlink(missing_ok=True)
            reject("path", str(path), f"cannot be written: {error.strerror}")
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
