"""Values from outside as text for messages: short, on one line, and without raising errors.

`benchmarks/shown.py` and `harness/text/shown.py` are the same text: neither package may import the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

LONGEST: Final = 80
"""Largest number of characters of a value in a message."""
LONGEST_ARCHITECTURE: Final = 500
"""The same of an architecture: a genotype of DARTS is shown whole."""
LONGEST_LIST: Final = 2000
"""Largest number of characters of a list of names in a message."""

_ATOMS = (str, bytes, int, float, type(None))


def shown(value: object, longest: int = LONGEST) -> str:
    """The value's `repr`, shortened; where that fails, the name of its type."""
    given: object = value
    if isinstance(value, (str, bytes)):
        given = value[: longest + 1]  # the rest, perhaps megabytes, need not be escaped
    try:
        return cut(repr(given), longest)
    except Exception as error:  # such as an integer of 5,000 digits, or lists nested 5,000 deep
        return f"a value of type {type(value).__name__} that cannot be shown ({type(error).__name__})"


def plain(value: object, longest: int = LONGEST) -> str:
    """A name without quotation marks, shortened; line ends and control characters are escaped."""
    if not isinstance(value, str):
        return shown(value, longest)
    return cut("".join(c if c.isprintable() else repr(c)[1:-1] for c in value[: longest + 1]), longest)


def reason(error: Exception) -> str:
    """The error's type and message, shortened, since it may hold a value of the file; the type alone if that fails."""
    try:
        return f"{type(error).__name__}: {cut(str(error))}"
    except Exception:  # `str` of a KeyError calls its key's `repr`
        return type(error).__name__


def cut(text: str, longest: int = LONGEST) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def listed(names: Iterable[object]) -> str:
    """Names with commas, each shortened; of very many only the first, and the number of the others.

    >>> listed(["grad_norm", "params"])
    'grad_norm, params'
    """
    given = list(names)
    texts: list[str] = []
    length = 0
    for name in given:
        text = plain(name) if isinstance(name, str) else shown(name)
        length += len(text) + 2
        if length > LONGEST_LIST:
            return f"{', '.join(texts)} and {len(given) - len(texts):,} others"
        texts.append(text)
    return ", ".join(texts)


def named(value: object) -> object:
    """Text of a value for messages that compare it with known names."""
    return plain(value) if isinstance(value, _ATOMS) else shown(value)


def in_epochs(epochs: int) -> str:
    """The length of a training in words.

    >>> in_epochs(1), in_epochs(12)
    ('1 epoch', '12 epochs')
    """
    return f"{epochs} epoch{'s' * (epochs != 1)}"


def in_time(seconds: float) -> str:
    """A length of time as text, rounded.

    >>> in_time(50), in_time(1500), in_time(3.4 * 3600)
    ('50 s', '25 min', '3.4 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
