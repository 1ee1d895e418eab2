"""Values from files that are not trusted as text for messages: short, on one line, and without raising errors."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 80
"""Largest number of characters of a value in a message."""

_ATOMS = (str, bytes, int, float, type(None))


def shown(value: object) -> str:
    """The value's `repr`, shortened; where that fails, the name of its type."""
    given: object = value
    if isinstance(value, (str, bytes)):
        given = value[: LONGEST + 1]  # the rest, perhaps megabytes, need not be escaped
    try:
        return cut(repr(given))
    except Exception as error:  # such as an integer of 5,000 digits, or lists nested 5,000 deep
        return f"a value of type {type(value).__name__} that cannot be shown ({type(error).__name__})"


def plain(value: object) -> str:
    """A name from a file without quotation marks, shortened; line ends and control characters are escaped."""
    if not isinstance(value, str):
        return shown(value)
    return cut("".join(c if c.isprintable() else repr(c)[1:-1] for c in value[: LONGEST + 1]))


def reason(error: Exception) -> str:
    """The error's type and message, shortened, since it may hold a value of the file; the type alone if that fails."""
    try:
        return f"{type(error).__name__}: {cut(str(error))}"
    except Exception:  # `str` of a KeyError calls its key's `repr`
        return type(error).__name__


def cut(text: str) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def named(value: object) -> object:
    """Text of a value for messages that compare it with known names."""
    return plain(value) if isinstance(value, _ATOMS) else shown(value)
