"""The tables of RESULTS.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from cases import Case
from environments import HERE, PEERS, Answer

INTRODUCTION = """\
Compare ratios (time of the peer / time of relutheory), not seconds. relutheory: one thread, exact, median of
five warm calls, or the first call where that takes over 10 s. Peers: one call, default settings and all
cores, start-up outside the clock, at most {limit} s (data-depth
150 s for Gaussian 48,8, Gurobi 300 s for 70,10). Gurobi and HiGHS look for a z with fewer than n active
rows, the others at least 1e-4 below zero (unit rows, |z| <= 1): "not injective" is then right up to rounding,
"injective" means that no z with that margin exists. Where the right answer is not known beforehand, answers
are compared with the proved one of relutheory."""
WORDS = {True: "injective", False: "not injective", None: "not known"}


class Notes:
    """Numbered reasons, each said once."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def number(self, text: str) -> int:
        """The number of `text`, new or old."""
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1


def machine() -> str:
    """This machine by its cores."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def seconds(value: float) -> str:
    """A time with two significant digits, with a unit that suits it."""
    if value < 1e-3:
        return f"{value * 1e6:.2g} µs" if value < 99.5e-6 else f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.2g} ms" if value < 99.5e-3 else f"{value * 1e3:.0f} ms"
    return f"{value:.2g} s" if value < 99.5 else f"{value:.0f} s"


def cell(answer: Answer, right: bool | None, limit: float, notes: Notes) -> str:
    """One solver on one case: its answer and its time, or why there is none."""
    if answer.problem is not None:
        return f"skipped [{notes.number(answer.problem)}]"
    if answer.injective is None:
        return f"> {limit:g} s"
    text = f"{WORDS[answer.injective]}, {seconds(answer.seconds)}"
    return text if right in (None, answer.injective) else f"**WRONG**: {text}"


def ratio(peer: Answer, ours: Answer, right: bool | None) -> str:
    """How many times longer the peer takes; a dash where one of the two has no right answer."""
    if peer.problem or ours.problem or ours.injective is None or ours.injective is not right:
        return "-"
    if peer.injective is None:
        return f"> {peer.seconds / ours.seconds:,.0f}"
    value = peer.seconds / ours.seconds
    return "-" if peer.injective is not right else f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def decision_row(
    case: Case, ours: Answer, peers: dict[str, Answer], limits: dict[str, float], limit: float, notes: Notes
) -> list[str]:
    """A row of the main table; `limits` are the seconds that the peers had, `limit` those of relutheory."""
    right = ours.injective if case.injective is None else case.injective
    known = WORDS[case.injective]
    nodes = ours.extra.get("nodes")
    row = [case.name, known, cell(ours, right, limit, notes), "-" if nodes is None else f"{nodes:,}"]
    for peer, answer in peers.items():
        row += [cell(answer, right, limits[peer], notes), ratio(answer, ours, right)]
    return row


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def pins(peers: Sequence[str]) -> list[str]:
    """The pinned package of each peer, numpy left out."""
    lines = [line for peer in peers for line in (HERE / "requirements" / f"{peer}.txt").read_text().splitlines()]
    return [line for line in lines if "==" in line and not line.startswith("numpy")]


def page(decisions: list[list[str]], costs: list[list[str]], peers: Sequence[str], limit: float, notes: Notes) -> str:
    """The whole of RESULTS.md."""
    head = ["W", "right answer", "relutheory", "nodes"]
    for peer in peers:
        head += [PEERS[peer], "ratio"]
    parts = [
        "# Is x -> ReLU(Wx) injective? relutheory beside its peers",
        f"Written by `python benchmarks/injectivity.py`: one run, {', '.join([machine(), *pins(peers)])}.",
        "Activation regions have a page of their own, [RESULTS-regions.md](RESULTS-regions.md), and so have "
        "many random\nlayers at a time, decisions per second and what executors cost, "
        "[RESULTS-threshold.md](RESULTS-threshold.md).",
        INTRODUCTION.format(limit=f"{limit:g}"),
        table(head, decisions),
    ]
    if notes.texts:
        parts.append("\n".join(f"[{i}] {text}  " for i, text in enumerate(notes.texts, 1)))
    parts += ["## What else it costs", table(["what", "measured"], costs)]
    return "\n\n".join(parts) + "\n"
