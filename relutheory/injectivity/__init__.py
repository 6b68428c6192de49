"""When does a ReLU layer lose information?  Decisions with witnesses and proofs."""

from relutheory.injectivity.decide import InjectivityResult, Stats, Status, decide_injectivity
from relutheory.injectivity.witness import Collision

__all__ = ["Collision", "InjectivityResult", "Stats", "Status", "decide_injectivity"]
