"""HiGHS: is there z in [-1, 1]^n with fewer than n active rows?  The same big-M program as for Gurobi."""

from __future__ import annotations

import highspy
import numpy as np
from protocol import MARGIN, main, unit_rows


def decide(W: np.ndarray, limit: float) -> bool | None:
    """s_i = 0 forces <w_i, z> <= -MARGIN; at most n - 1 of the s_i may be 1."""
    m, n = W.shape
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", limit)
    solver.addVars(n + m, np.repeat([-1.0, 0.0], [n, m]), np.ones(n + m))
    for i in range(n, n + m):
        solver.changeColIntegrality(i, highspy.HighsVarType.kInteger)
    columns = np.arange(n + m, dtype=np.int32)
    for i, row in enumerate(unit_rows(W)):
        indices = np.append(columns[:n], columns[n + i])
        solver.addRow(-highspy.kHighsInf, -MARGIN, n + 1, indices, np.append(row, -1.0 - MARGIN))
    solver.addRow(-highspy.kHighsInf, n - 1.0, m, columns[n:], np.ones(m))
    solver.run()
    status = highspy.HighsModelStatus
    answers = {status.kOptimal: False, status.kInfeasible: True, status.kUnboundedOrInfeasible: True}
    return answers.get(solver.getModelStatus())


main(decide)
