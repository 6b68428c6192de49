"""One look for all pictures: fonts, line widths, and colours that colour-blind readers can tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INK = "#1a1a1a"
ALERT = "#c1272d"  # what went wrong: lost information, a collision

_SETTINGS: Any = {
    "font.family": "STIXGeneral",  # comes with matplotlib: the same letters on every machine
    "mathtext.fontset": "stix",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "legend.fontsize": 9.0,
    "hatch.linewidth": 0.6,
    "pdf.fonttype": 42,  # real letters in the PDF, which journals ask for
    "savefig.dpi": 300.0,
}


@contextmanager
def paper_style() -> Iterator[None]:
    """The settings of the figures, inside a `with`; matplotlib's own are back afterwards.

    >>> import matplotlib
    >>> with paper_style():
    ...     matplotlib.rcParams["font.size"]
    9.0
    """
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def count_colour(count: int, most: int) -> tuple[float, float, float]:
    """The colour of `count` out of at most `most`: the more, the darker; up to 4 the colours do not depend on `most`.

    >>> ["%.1f" % sum(count_colour(k, 3)) for k in (1, 2, 3)]
    ['2.5', '2.2', '1.8']
    """
    import matplotlib

    red, green, blue, _ = matplotlib.colormaps["YlGnBu"](0.02 + 0.58 * count / max(most, 4))
    return red, green, blue
