"""reg.hanin-rolnick: the mean number of kinks along a line, and of regions in a cube.

One neuron on the line.  Its pre-activation without bias, z, is piecewise linear in x with slopes of at most G, and it
vanishes where z(x) = -t for the bias t.  On a piece from x to x + l with slope g the values fill an interval of length
|g| l, so that, with a density of at most C, the mean number of solutions there is at most C |g| l.

A cube of side s in R^n.  The part of a region in the cube is a polytope with a vertex, in the inside of a face of
dimension k of the cube, where k neurons vanish; almost surely no more of them do, as the k + 1 biases for which they
would at some point of the face are the image of a set of dimension k.  So at most 2^k regions share the vertex.  The
biases for which k given neurons vanish at x are a function of x, neuron after neuron, whose derivatives are the
gradients of these neurons where those before them are off.  By the area formula the mean number of vertices is at most
the integral over the face of the determinant, at most G^k, times the density, at most C^k.  With u = s G C >= 1:
sum over k of C(n, k) 2^(n-k) faces, C(N, k) choices, 2^k regions, u^k.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.steps import Step, equal, follows
from proofs_check.zaslavsky import binomial

DIMENSIONS = range(1, 6)


def check(regions_at_a_vertex: int = 2, T: int = 4, density: int = 1) -> list[Step]:
    """The steps of the proof.

    regions_at_a_vertex : the base of their number, 2^k.  T : the constant, over G C.  density : of the biases on the
    line, over C.
    """
    return [*line(density), *determinant(), *cube(regions_at_a_vertex, T)]


def line(density: int) -> list[Step]:
    """The means over the bias on pieces, C |g| l each with |g| <= G, add up to at most G C |I|."""
    G, C = sp.symbols("G C", nonnegative=True)
    steps = []
    for pieces in range(1, 5):
        slopes, lengths = (sp.symbols(f"{name}1:{pieces + 1}", nonnegative=True) for name in "gl")
        mean = sum((density * C * g * l for g, l in zip(slopes, lengths, strict=True)), sp.Integer(0))
        facts = [(C * l, G - g) for g, l in zip(slopes, lengths, strict=True)]
        spare = G * C * sum(lengths) - mean
        steps.append(Step(f"mean number of kinks, pieces 1 to {pieces}: at most G C |I|", follows(spare, facts)))
    return steps


def determinant() -> list[Step]:
    """|det| of two gradients is at most the product of their norms."""
    a, b, c, d = sp.symbols("a b c d", real=True)
    spare = (a**2 + b**2) * (c**2 + d**2) - (a * d - b * c) ** 2
    return [Step("|g|^2 |h|^2 - det(g, h)^2 = <g, h>^2", equal(spare, (a * c + b * d) ** 2))]


def cube(base: int, T: int) -> list[Step]:
    """The sum over the faces is at most (T u N)^n / n! for u >= 1 and N >= n."""
    u, v, M = sp.symbols("u v M", nonnegative=True)
    N = sp.Symbol("N")
    steps = []
    for n in DIMENSIONS:
        terms = [sp.binomial(n, k) * 2 ** (n - k) * base**k * binomial(N, k) for k in range(n + 1)]
        total = sum((term * u**k for k, term in enumerate(terms)), sp.Integer(0))
        even = 2**n * sum((sp.binomial(n, k) * binomial(N, k) * u**k for k in range(n + 1)), sp.Integer(0))
        powers = [sp.Poly(sp.expand((1 + v) ** n - (1 + v) ** k), v).coeffs() for k in range(n)]
        rest = sp.Poly(sp.expand((2 * (n + M)) ** n - sp.prod([n + M + i for i in range(1, n + 1)])), M)
        bound = (T * u * N) ** n / sp.factorial(n)
        steps += [
            Step(f"n = {n}: 2^(n-k) 2^k = 2^n in every term", equal(total, even)),
            Step(f"n = {n}: u^k <= u^n for u = 1 + v", all(value >= 0 for row in powers for value in row)),
            Step(
                f"n = {n}: the C(n, k) C(N, k) sum to C(N + n, n)",
                equal(sum(sp.binomial(n, k) * binomial(N, k) for k in range(n + 1)), binomial(N + n, n)),
            ),
            Step(f"n = {n}: (N + 1) ... (N + n) <= (2 N)^n for N = n + M", all(value >= 0 for value in rest.coeffs())),
            Step(
                f"n = {n}: (2 u)^n (2 N)^n / n! = (T u N)^n / n!",
                equal((2 * u) ** n * (2 * N) ** n / sp.factorial(n), bound),
            ),
        ]
    return steps
