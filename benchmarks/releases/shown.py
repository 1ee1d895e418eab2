"""Values of files that are not trusted, as text for a message: short, on one line, and never an error."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 80
"""Characters of a value that a message shows."""

_ATOMS = (str, bytes, int, float, type(None))


def shown(value: object) -> str:
    """The value as Python writes it, cut where it is long; what cannot be written so is named by its type."""
    given: object = value
    if isinstance(value, (str, bytes)):
        given = value[: LONGEST + 1]  # the rest, perhaps megabytes, is not even escaped
    try:
        return cut(repr(given))
    except Exception as error:  # a whole number of 5,000 digits, lists within lists 5,000 deep
        return f"a value of type {type(value).__name__} that cannot be shown ({type(error).__name__})"


def plain(value: object) -> str:
    """A name from a file without quotation marks, cut where it is long; line ends and control characters escaped."""
    if not isinstance(value, str):
        return shown(value)
    return cut("".join(c if c.isprintable() else repr(c)[1:-1] for c in value[: LONGEST + 1]))


def reason(error: Exception) -> str:
    """The error's type and message; a message may hold a value of the file, so it is cut, and its absence borne."""
    try:
        return f"{type(error).__name__}: {cut(str(error))}"
    except Exception:  # KeyError writes its key as `repr` does
        return type(error).__name__


def cut(text: str) -> str:
    """The beginning of a text, with a mark where there was more."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def named(value: object) -> object:
    """The value itself where it is a short one, else a text that stands for it, for messages that compare names."""
    return plain(value) if isinstance(value, _ATOMS) else shown(value)
