"""Signs of pre-activations with error bounds, and products of masked matrices."""

from __future__ import annotations

import numpy as np

from relutheory._kernels._jit import kernel

_U = 2.0**-53
_TINY = 2.0**-1072


@kernel
def filter_layer(Wt, b, x, e, bits, out, error, undecided):  # type: ignore[no-untyped-def]
    """Signs of Wx + b for the k points known as x +- e; the proof is in `relutheory.activation.patterns`.

    Wt : (n, m) transposed weights; b : (m,); x, e : (k, n) values and error bounds.  Written to: bits (k, m)
    uint8; out, error (k, m), the ReLU's value and its error bound; undecided (k,) bool, set where some sign
    stays open.
    """
    n, m = Wt.shape
    magnitude = np.empty(m)
    carried = np.empty(m)
    terms = np.empty(m)
    for p in range(x.shape[0]):
        for i in range(m):
            out[p, i] = b[i]
            magnitude[i] = abs(b[i])
            carried[i] = 0.0
            terms[i] = 0.0
        for j in range(n):
            value, spread = x[p, j], e[p, j]
            if value == 0.0 and spread == 0.0:
                continue
            size = abs(value)
            for i in range(m):
                w = Wt[j, i]
                out[p, i] += w * value
                magnitude[i] += abs(w) * size
                carried[i] += abs(w) * spread
                terms[i] += w != 0.0
        for i in range(m):
            grow = 4.0 * (terms[i] + 4.0) * _U
            bound = grow * (magnitude[i] + carried[i]) + carried[i] + terms[i] * _TINY
            active = out[p, i] > bound
            # after an overflow the bound is infinite, and says nothing
            if not active and not (out[p, i] <= -bound and bound < np.inf):
                undecided[p] = True
            bits[p, i] = active
            error[p, i] = bound if active else 0.0
            if not active:
                out[p, i] = 0.0


@kernel
def masked_product(W, b, before, bits, A, c):  # type: ignore[no-untyped-def]
    """J(WA) and J(Wc + b) for each of the k points, J the diagonal of its bits.

    W : (m, h); b : (m,); bits : (k, m); A : (k, h, n) and c : (k, h), zero where the bits `before`, (k, h),
    are.  Returns arrays (k, m, n) and (k, m).
    """
    k, h, n = A.shape
    m = W.shape[0]
    product = np.zeros((k, m, n))
    shift = np.zeros((k, m))
    for p in range(k):
        for i in range(m):
            if bits[p, i]:
                shift[p, i] = b[i]
                for j in range(h):
                    w = W[i, j]
                    if before[p, j] and w != 0.0:
                        shift[p, i] += w * c[p, j]
                        for d in range(n):
                            product[p, i, d] += w * A[p, j, d]
    return product, shift
