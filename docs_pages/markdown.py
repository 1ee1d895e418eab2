"""Texts of the code as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_<>|\[\]])")


def escaped(text: str) -> str:
    """The text on one line, so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace(r"\<", "&lt;").replace(r"\>", "&gt;")


def code(text: str) -> str:
    """The text as code."""
    return f"`{text}`"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def definitions(entries: Iterable[tuple[str, str]]) -> str:
    """A list of terms, each with its explanation below it, which a narrow screen shows whole."""
    return "\n\n".join(f"{term}\n:   {explanation}" for term, explanation in entries)
