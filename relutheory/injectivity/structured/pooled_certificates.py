"""Certificates of decisions about pooled layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relutheory.core.certificate import Certificate
from relutheory.core.errors import InputError
from relutheory.injectivity.statements import layer_statement, texts

if TYPE_CHECKING:
    from relutheory.injectivity.structured.pooling import PoolingResult


def certify(result: PoolingResult) -> Certificate:
    """The certificate of a decided pooled layer; raises InputError where nothing was decided."""
    pooled = result.pooled
    proof: dict[str, Any]
    if result.witness is not None:
        proof = {"x": texts(result.witness.x), "y": texts(result.witness.y)}
    elif not result.proved:
        raise InputError("certificate: the pooled layer is undecided, nothing is proved")
    elif result.decision is not None:
        proof = {"by": "representatives", "layer": result.decision.certificate.body()}
    else:
        proof = {"by": "trees", "trees": list(result.trees)}
    statement = {
        "layer": layer_statement(pooled.layer),
        "groups": [list(group) for group in pooled.groups],
        "kind": pooled.kind,
        "p": pooled.p,
        "domain": None,
    }
    return Certificate(claim="pooling-" + result.status.value, statement=statement, proof=proof)
