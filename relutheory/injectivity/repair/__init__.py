"""The smallest change that makes a layer injective."""

from relutheory.injectivity.repair.repairing import Repair, Repaired, repair_injectivity

__all__ = ["Repair", "Repaired", "repair_injectivity"]
