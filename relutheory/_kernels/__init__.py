"""Compiled kernels: arrays in, arrays out, nothing of relutheory imported.

Only these files import numba.  A kernel may call a kernel of another file here, because the cache is keyed by a
hash of both (see `_jit`, which finds them by their import statements: `from relutheory._kernels.NAME import ...`).
"""
