"""Certificates of general position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relutheory.core.certificate import Certificate
from relutheory.core.errors import InputError
from relutheory.core.exact import primitive
from relutheory.core.kernel_vector import orthogonal_vector
from relutheory.injectivity.statements import layer_statement, texts
from relutheory.networks import ReLULayer

if TYPE_CHECKING:
    from relutheory.injectivity.general_position import GeneralPosition


def certify(found: GeneralPosition) -> Certificate:
    """The certificate of a decided question; raises InputError where there is none."""
    layer = found.layer
    if layer is None or not (found.proved or found.refuted):
        raise InputError("certificate: general position is undecided, nothing is proved; give more time_limit")
    from proofs_check.structure_certificates import MOST_STEPS, steps

    if found.dependent is not None:
        claim, proof = "not-general-position", _dependency(layer, found.dependent)
    else:
        if steps(layer.m, layer.n) > MOST_STEPS:
            raise InputError(f"certificate: {layer.m} rows in R^{layer.n} have too many subsets to be checked again")
        claim, proof = "general-position", {}
    return Certificate(claim, {"layer": layer_statement(layer), "domain": None}, proof)


def _dependency(layer: ReLULayer, rows: tuple[int, ...]) -> dict[str, Any]:
    """Integers, not all zero, that make the sum of the rows zero."""
    columns = zip(*(layer.weight.row(i) for i in rows), strict=True)
    multipliers = orthogonal_vector([primitive(column) for column in columns], len(rows))
    assert multipliers is not None, "the rows were proved to be dependent"
    return {"rows": list(rows), "multipliers": texts(multipliers)}
