"""Gurobi: is there z in [-1, 1]^n with fewer than n active rows?  A big-M program, default settings."""

from __future__ import annotations

import gurobipy as gp
import numpy as np
from protocol import MARGIN, main, unit_rows

ENV = gp.Env(params={"OutputFlag": 0})  # licence start-up, outside the clock


def decide(W: np.ndarray, limit: float) -> bool | None:
    """s_i = 0 forces <w_i, z> <= -MARGIN; at most n - 1 of the s_i may be 1."""
    m, n = W.shape
    model = gp.Model(env=ENV)
    model.Params.TimeLimit = limit
    z = model.addVars(n, lb=-1.0, ub=1.0).values()
    s = model.addVars(m, vtype=gp.GRB.BINARY).values()
    for row, active in zip(unit_rows(W).tolist(), s, strict=True):
        model.addLConstr(gp.LinExpr(row, z) - (1.0 + MARGIN) * active <= -MARGIN)
    model.addLConstr(gp.quicksum(s) <= n - 1)
    model.optimize()
    return {gp.GRB.OPTIMAL: False, gp.GRB.INFEASIBLE: True, gp.GRB.INF_OR_UNBD: True}.get(model.Status)


main(decide)
