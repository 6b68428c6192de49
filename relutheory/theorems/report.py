"""Reports on a run of `verify`: one self-contained HTML page, and JSON."""

from __future__ import annotations

import html
import importlib.metadata
import json
import platform
import re
from collections.abc import Iterable, Sequence
from typing import Any

from relutheory.theorems.catalogue import get, reference
from relutheory.theorems.mathsvg import typeset
from relutheory.theorems.pictures import draw
from relutheory.theorems.table import HEADER, as_data, cells, outcome, random_text, summary
from relutheory.theorems.theorem import Theorem
from relutheory.theorems.verify import MutantOutcome, Row

_STYLE = """
body { font: 16px/1.55 Georgia, serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a;
       background: #fff; }
h1, h2, h3, table, summary, .meta { font-family: system-ui, sans-serif; }
h1 { font-size: 1.6rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .3rem; border-top: 1px solid #ccc; padding-top: 1rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
td { overflow-wrap: anywhere; } td:first-child { min-width: 9rem; }
td b, summary { white-space: nowrap; }
.statement { background: #f5f7fa; border-left: 4px solid #35608c; padding: .6rem 1rem; }
.refuted .statement { border-color: #a33; }
.meta { font-size: .85rem; color: #555; } .bad { color: #a00; font-weight: bold; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .75rem; margin: .2rem 0; }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; }
figcaption { font-size: .85rem; color: #555; }
"""


def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that the verdicts rest on."""
    names = ("numpy", "python-flint", "scipy", "sympy")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


def json_report(rows: Sequence[Row], *, seed: int) -> str:
    """The rows as JSON: integers, and rationals as strings "p/q".

    >>> json.loads(json_report([], seed=3))["seed"]
    3
    """
    data = {
        "seed": seed,
        "summary": summary(rows),
        "versions": versions(),
        "rows": [as_data(row) for row in rows],
    }
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def html_report(rows: Sequence[Row], *, seed: int) -> str:
    """The rows as one HTML page that loads nothing from elsewhere: statements, pictures, every number.

    rows : from `verify`.  seed : the one that `verify` was given.  Returns the page as text.
    """
    used = ", ".join(f"{name} {version}" for name, version in versions().items())
    overview = _table(HEADER, ([_link(row.id), *map(html.escape, cells(row)[1:])] for row in rows))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>relutheory: the catalogue, verified</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>The catalogue, verified</h1>\n<p>{html.escape(summary(rows))}.</p>\n"
        f'<p class="meta">Seed {seed}; {html.escape(used)}.</p>\n{overview}\n'
        + "\n".join(_section(row, get(row.id)) for row in rows)
        + "\n</body>\n</html>\n"
    )


def _section(row: Row, theorem: Theorem) -> str:
    """Everything about one statement."""
    kind = "refuted" if theorem.corrected_by else "theorem"
    parts = [
        f'<section id="{row.id}" class="{kind}">\n<h2>{html.escape(theorem.title)}</h2>',
        f'<p class="meta"><code>{row.id}</code>: {theorem.status}; {_outcome(row)}</p>',
        f'<p class="statement">{typeset(theorem.statement)}</p>',
    ]
    if theorem.corrected_by:
        parts.append(f"<p>The corrected statement is {_link(theorem.corrected_by)}.</p>")
    parts.append(_picture(theorem))
    parts.append(_facts(row, theorem))
    if row.failures:
        parts.append('<h3 class="bad">Failures</h3>' + "".join(f"<pre>{html.escape(f)}</pre>" for f in row.failures))
    parts.append("<h3>Cases</h3>" + _cases(row))
    if row.mutants:
        parts.append("<h3>False neighbours, refuted by the same check</h3>" + _mutants(row.mutants))
    return "\n".join(part for part in parts if part) + "\n</section>"


def _facts(row: Row, theorem: Theorem) -> str:
    """Hypotheses, citation, symbolic and random checks."""
    hypotheses = "; ".join(theorem.hypotheses) or "none"
    symbolic = f"{row.symbolic}: {row.symbolic_note}"
    if theorem.proof:
        symbolic += f" (proofs_check/{theorem.proof}.py)"
    facts = {
        "Hypotheses": hypotheses,
        "Source": f"{reference(theorem.cite.key)} ({theorem.cite.locator})",
        "How it was verified": theorem.provenance,
        "Symbolic": symbolic,
        "Random instances": f"{random_text(row)} (decided exactly; the rate at 95 % confidence)",
    }
    return _table((), ([f"<b>{name}</b>", html.escape(text)] for name, text in facts.items()))


def _picture(theorem: Theorem) -> str:
    svg = draw(theorem)
    caption = "Pieces of the plane, numbers of active neurons; red: two points with equal outputs, or x."
    return f"<figure>{svg}<figcaption>{caption}</figcaption></figure>" if svg else ""


def _cases(row: Row) -> str:
    lines = (
        [
            html.escape(f"{case.kind}: {case.name}"),
            _brief(case.evidence.measured),
            _brief(case.evidence.expected),
            f"{case.evidence.verdict.value} ({case.evidence.rigor.value})",
            "" if case.evidence.slack is None else str(case.evidence.slack),
            _exact(
                case.evidence.counterexample
                or case.instance | {"measured": case.evidence.measured, "compared with": case.evidence.expected}
            ),
        ]
        for case in row.cases
    )
    return _table(("case", "measured", "compared with", "verdict", "slack", ""), lines)


def _mutants(mutants: Iterable[MutantOutcome]) -> str:
    lines = []
    for mutant in mutants:
        found = mutant.evidence
        by = '<span class="bad">not refuted</span>' if mutant.refuted_by is None else html.escape(mutant.refuted_by)
        shown = ["", "", ""] if found is None else [
            _brief(found.measured),
            _brief(found.expected),
            _exact(found.counterexample),
        ]  # fmt: skip
        lines.append([f"<b>{html.escape(mutant.name)}</b><br>{html.escape(mutant.change)}", by, *shown])
    return _table(("changed", "refuted by", "the changed claim says", "in fact", ""), lines)


def _brief(text: str) -> str:
    """Text with very long integers shortened; they are whole in the exact data beside it."""
    return html.escape(re.sub(r"\d{40,}", lambda run: f"{run[0][:8]}...({len(run[0])} digits)", text))


def _exact(data: Any) -> str:
    """Exact data, folded away."""
    text = html.escape(json.dumps(data, ensure_ascii=False))
    return f"<details><summary>exact</summary><pre>{text}</pre></details>"


def _outcome(row: Row) -> str:
    return html.escape(outcome(row)) if row.ok else '<span class="bad">FAILED</span>'


def _link(id: str) -> str:
    return f'<a href="#{id}">{id}</a>'


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML."""
    head = "<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in header) + "</tr>\n" if header else ""
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines)
    return f"<table>\n{head}{body}\n</table>"
