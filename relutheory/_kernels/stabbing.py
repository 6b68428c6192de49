"""Lines through ordered vertical segments: the continuous piecewise linear function with fewest pieces in a tube.

Finders: floats, without error bounds.  What they find is measured again elsewhere.
"""

from __future__ import annotations

from relutheory._kernels._jit import kernel


@kernel
def fewest_lines(x, low, high, most, lines, ends):
    """Lines whose continuous union meets the segments [low, high] at x with fewest pieces; their number, or most + 1.

    x : (N,) increasing; low <= high : (N,).  lines : (most, 3) for (reference t, value there, slope) of each piece.
    ends : (most, 2) int64: the last point that a piece touches, and the first one that it misses (N: none); the knot
    to the next piece lies between them.

    Each piece is the line that goes farthest: the steepest one that meets all segments so far where the next segment
    is too high for it, the flattest one where that is too low.  The steepest line touches a low end and then, at q, a
    high end.  The next line may leave it anywhere from q on, so that between q and the missed segment only the high
    ends constrain the next line; and so with sides exchanged.
    """
    N = len(x)
    start, missed_at, side, pieces = 0, 0, 0, 0  # side 1: only low ends count before missed_at; -1: only high ones
    while True:
        if pieces == most:
            return most + 1
        steepest, steep_q, steep_p = 0.0, -1, start  # q: where it touches a high end; p: a low end before
        flattest, flat_q, flat_p = 0.0, -1, start
        missed = 0
        i = start + 1
        while i < N:
            has_low, has_high = i >= missed_at or side > 0, i >= missed_at or side < 0
            if has_low and steep_q >= 0 and low[i] > high[steep_q] + steepest * (x[i] - x[steep_q]):
                missed = 1
                break
            if has_high and flat_q >= 0 and high[i] < low[flat_q] + flattest * (x[i] - x[flat_q]):
                missed = -1
                break
            if has_high and (steep_q < 0 or high[i] < high[steep_q] + steepest * (x[i] - x[steep_q])):
                found = False
                for p in range(steep_p, i):
                    if p >= missed_at or side > 0 or (side == 0 and p >= start):
                        slope = (high[i] - low[p]) / (x[i] - x[p])
                        if not found or slope <= steepest:
                            steepest, steep_p, found = slope, p, True
                if found:
                    steep_q = i
            if has_low and (flat_q < 0 or low[i] > low[flat_q] + flattest * (x[i] - x[flat_q])):
                found = False
                for p in range(flat_p, i):
                    if p >= missed_at or side < 0 or (side == 0 and p >= start):
                        slope = (low[i] - high[p]) / (x[i] - x[p])
                        if not found or slope >= flattest:
                            flattest, flat_p, found = slope, p, True
                if found:
                    flat_q = i
            i += 1
        if missed > 0 or (missed == 0 and steep_q >= 0 and flat_q < 0):
            t, value, slope = x[steep_q], high[steep_q], steepest
        elif missed < 0 or (missed == 0 and flat_q >= 0 and steep_q < 0):
            t, value, slope = x[flat_q], low[flat_q], flattest
        elif steep_q < 0:
            t, value, slope = x[start], low[start] if side > 0 else high[start], 0.0
        else:  # the mean of two lines that go through
            t, slope = x[steep_q], (steepest + flattest) / 2
            value = (high[steep_q] + low[flat_q] + flattest * (t - x[flat_q])) / 2
        lines[pieces, 0], lines[pieces, 1], lines[pieces, 2] = t, value, slope
        ends[pieces, 0], ends[pieces, 1] = steep_q if missed > 0 else flat_q, i
        pieces += 1
        if missed == 0:
            return pieces
        start, missed_at, side = steep_q if missed > 0 else flat_q, i, -missed
