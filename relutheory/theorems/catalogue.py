"""The catalogue: every module of this package that defines a THEOREM."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
import re
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from relutheory.core.errors import InputError
from relutheory.theorems.theorem import Theorem

_FOLDER = Path(__file__).parent


@functools.cache
def catalogue() -> MappingProxyType[str, Theorem]:
    """All theorems by id, sorted.

    Returns a read-only mapping.  Raises ValueError when two modules define the same id.

    >>> "inj.layer-criterion" in catalogue()
    True
    """
    package = __package__ or "relutheory.theorems"
    names = sorted(info.name for info in pkgutil.iter_modules([str(_FOLDER)]))
    modules = [importlib.import_module(f"{package}.{name}") for name in names]
    return MappingProxyType(collect(module.THEOREM for module in modules if hasattr(module, "THEOREM")))


def collect(theorems: Iterable[Theorem]) -> dict[str, Theorem]:
    """The theorems by id, sorted; a repeated id is a ValueError."""
    found: dict[str, Theorem] = {}
    for theorem in theorems:
        if theorem.id in found:
            raise ValueError(f"two theorems have the id {theorem.id!r}")
        found[theorem.id] = theorem
    return dict(sorted(found.items()))


def get(id: str) -> Theorem:
    """The theorem with this id.

    Raises InputError, naming close matches, when there is none.

    >>> get("inj.layer-criterion").room
    'inj'
    """
    return _theorem(id)


def select(names: Iterable[str] | None = None) -> list[Theorem]:
    """The theorems with these ids or in these rooms, each once, sorted by id; all of them for None.

    >>> [t.room for t in select(["act"])]
    ['act', 'act']
    """
    chosen: set[str] = set()
    for name in [names] if isinstance(names, str) else names or ():
        members = {t.id for t in catalogue().values() if t.room == name}
        chosen |= members or {_theorem(name).id}
    return [t for t in catalogue().values() if not chosen or t.id in chosen]


def bibliography() -> dict[str, str]:
    """The entries of refs.bib by key, as text.

    >>> "puthawala2022" in bibliography()
    True
    """
    text = (_FOLDER / "refs.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{([^,\s]+),\n(.*?)^\}", text, flags=re.MULTILINE | re.DOTALL)
    return {key: " ".join(body.split()) for key, body in entries}


def reference(key: str) -> str:
    """One line for a bibliography key: authors, title, where, year.

    >>> reference("xuzhang2024").split(". ")[1]
    'arXiv 2107.12530, Neurocomputing, 2024'
    """
    fields = dict(re.findall(r"(\w+) = \{(.*?)\}(?:,|$)", bibliography()[key]))
    where = ", ".join(fields[k] for k in ("note", "journal", "year") if k in fields)
    return f"{fields['author']}: {fields['title']}. {where}".replace("--", "-")


def _theorem(id: str) -> Theorem:
    known = catalogue()
    if id in known:
        return known[id]
    rooms = sorted({t.room for t in known.values()})
    close = difflib.get_close_matches(id, [*known, *rooms], n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(close)}?" if close else f"the rooms are {', '.join(rooms)}"
    raise InputError(f"theorem = {id!r}: is not in the catalogue; {hint}")
