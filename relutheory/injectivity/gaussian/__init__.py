"""When does a Gaussian layer become injective?  Exact counts, and what theory says of the limit."""

from relutheory.injectivity.gaussian.breaking import FullRSB, full_rsb
from relutheory.injectivity.gaussian.euler import expected_euler_characteristic
from relutheory.injectivity.gaussian.finite import expected_collapsing_cells, injective_probability
from relutheory.injectivity.gaussian.lines import ThresholdLine, theory_lines, theory_table, threshold_line

__all__ = [
    "FullRSB",
    "ThresholdLine",
    "expected_collapsing_cells",
    "expected_euler_characteristic",
    "full_rsb",
    "injective_probability",
    "theory_lines",
    "theory_table",
    "threshold_line",
]
