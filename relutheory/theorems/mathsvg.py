"""Prose with LaTeX between dollar signs as HTML; formulas become inline SVG: the page needs nothing else."""

from __future__ import annotations

import functools
import html

_SIZE, _EM = 10.0, 9.0  # size of the outlines, and the part of it that fills one em of the text around


def typeset(text: str) -> str:
    """`text` as HTML, its formulas as inline SVG with the LaTeX source as their label.

    text : prose in which $...$ is LaTeX within matplotlib's mathtext.  Raises ValueError for other LaTeX.

    >>> typeset("a < b"), typeset("$x$").startswith('<svg role="img" aria-label="x"')
    ('a &lt; b', True)
    """
    parts = text.split("$")
    if len(parts) % 2 == 0:
        raise ValueError(f"an odd number of dollar signs in {text!r}")
    return "".join(_formula(part) if k % 2 else html.escape(part) for k, part in enumerate(parts))


@functools.cache
def _formula(latex: str) -> str:
    """One formula as an SVG that sits on the baseline of the line of text, in its colour and size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    path = TextPath((0, 0), f"${latex}$", size=_SIZE, prop=FontProperties(math_fontfamily="cm"))
    box = path.get_extents()
    width, height = box.x1 + 0.4, box.y1 - box.y0
    commands = {1: "M", 2: "L", 3: "Q", 4: "C"}
    outline = []
    for vertices, code in path.iter_segments(curves=True, simplify=False):
        if code == path.CLOSEPOLY:
            outline.append("Z")
        else:
            pairs = zip(vertices[::2], vertices[1::2], strict=True)
            outline.append(commands[int(code)] + " ".join(f"{x:.2f} {-y:.2f}" for x, y in pairs))
    return (
        f'<svg role="img" aria-label="{html.escape(latex)}" '
        f'viewBox="0 {-box.y1:.2f} {width:.2f} {height:.2f}" '
        f'style="width:{width / _EM:.3f}em;height:{height / _EM:.3f}em;vertical-align:{box.y0 / _EM:.3f}em">'
        f'<path fill="currentColor" d="{"".join(outline)}"/></svg>'
    )
