"""When does a random layer become injective?  Exact decisions about samples, exact counts, and what theory says."""

from relutheory.injectivity.gaussian.brackets import RatioBracket, collision_ratios, first_moment_ratio
from relutheory.injectivity.gaussian.breaking import FullRSB, full_rsb
from relutheory.injectivity.gaussian.decisions import OutOfTime, TooManyCells, decide_layers, least_active
from relutheory.injectivity.gaussian.ensembles import Ensemble, ensemble_names, find_ensemble
from relutheory.injectivity.gaussian.euler import expected_euler_characteristic
from relutheory.injectivity.gaussian.finite import expected_collapsing_cells, injective_probability
from relutheory.injectivity.gaussian.fits import Extrapolation, HalfPoint
from relutheory.injectivity.gaussian.lines import ThresholdLine, theory_lines, theory_table, threshold_line
from relutheory.injectivity.gaussian.montecarlo import (
    ThresholdEstimate,
    ThresholdPoint,
    estimate_threshold,
)

__all__ = [
    "Ensemble",
    "Extrapolation",
    "FullRSB",
    "HalfPoint",
    "OutOfTime",
    "RatioBracket",
    "ThresholdEstimate",
    "ThresholdLine",
    "ThresholdPoint",
    "TooManyCells",
    "collision_ratios",
    "decide_layers",
    "ensemble_names",
    "estimate_threshold",
    "expected_collapsing_cells",
    "expected_euler_characteristic",
    "find_ensemble",
    "first_moment_ratio",
    "full_rsb",
    "injective_probability",
    "least_active",
    "theory_lines",
    "theory_table",
    "threshold_line",
]
