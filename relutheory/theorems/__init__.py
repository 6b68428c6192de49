"""The catalogue: one module per theorem, the engine that checks them, and its reports."""

from relutheory.theorems.catalogue import bibliography, catalogue, get, reference, select
from relutheory.theorems.theorem import Case, Cite, Evidence, Mutant, Theorem
from relutheory.theorems.verify import Row, verify

__all__ = [
    "Case",
    "Cite",
    "Evidence",
    "Mutant",
    "Row",
    "Theorem",
    "bibliography",
    "catalogue",
    "get",
    "reference",
    "select",
    "verify",
]
