"""The recursions of full replica symmetry breaking on a uniform grid: one pass down the levels, one pass up.

All sums are of positive terms where it matters, so that values that differ by many orders of magnitude stay right.
"""

from __future__ import annotations

import math

from relutheory._kernels._jit import fused_kernel


@fused_kernel
def smooth(values, weights, radius, padded, out):
    """Convolve with a symmetric stencil; beyond its ends the function is constant.

    values, out : (N,).  weights : (>= radius + 1,) from the middle.  padded : (>= N + 2 radius,) scratch.
    """
    n = len(values)
    for j in range(radius):
        padded[j] = values[0]
        padded[radius + n + j] = values[n - 1]
    for j in range(n):
        padded[radius + j] = values[j]
        out[j] = weights[0] * values[j]
    for s in range(1, radius + 1):
        weight = weights[s]
        left, right = padded[radius - s :], padded[radius + s :]
        for j in range(n):
            out[j] += weight * (left[j] + right[j])


@fused_kernel
def downwards(x, f, slope, weights, radii, padded, scratch):
    """f_i = ln(G_i * exp(x_i f_{i+1}))/x_i and its derivative, for i = k - 2, ..., 0.

    x : (k,).  f, slope : (k, N), the last rows given.  weights : (k, w) stencils of G_i.  radii : (k,).  scratch :
    (2, N).
    """
    for i in range(len(x) - 2, -1, -1):
        for j in range(f.shape[1]):
            scratch[0, j] = math.exp(x[i] * f[i + 1, j])
        smooth(scratch[0], weights[i], radii[i], padded, f[i])
        for j in range(f.shape[1]):
            scratch[0, j] *= slope[i + 1, j]
        smooth(scratch[0], weights[i], radii[i], padded, slope[i])
        for j in range(f.shape[1]):
            slope[i, j] /= f[i, j]
            f[i, j] = math.log(f[i, j]) / x[i]


@fused_kernel
def upwards(x, f, slope, weights, radii, padded, scratch, p, squares):
    """P_{i+1} = exp(x_i f_{i+1}) (G_i * (P_i exp(-x_i f_i))), and the sums of P_i f_i'^2.

    p : (N,), P_0; afterwards P_{k-1}.  squares : (k,), output.  At the end scratch[0] is P_{k-1} exp(-x_{k-1} f_{k-1}).
    """
    k = len(x)
    for i in range(k):
        total = 0.0
        for j in range(len(p)):
            total += p[j] * slope[i, j] * slope[i, j]
            scratch[0, j] = p[j] * math.exp(-x[i] * f[i, j])
        squares[i] = total
        if i < k - 1:
            smooth(scratch[0], weights[i], radii[i], padded, scratch[1])
            for j in range(len(p)):
                p[j] = scratch[1, j] * math.exp(x[i] * f[i + 1, j])
