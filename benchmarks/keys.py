"""Architecture strings as keys of a table: which space a key is written for, by the form of its text alone.

Whether a key is a whole architecture, and whether two keys are one, is for the space to say: the tables know none, and
`harness.evaluation.matching` asks it when scores are joined.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import TableError

KEY = "architecture"
WIDTHS = tuple(str(width) for width in range(8, 65, 8))
"""Channels of a layer in NATS-Bench's size space."""

_SHOWN = 100
_CALL = r"([A-Za-z_]\w*\s*=\s*)?([A-Za-z_]\w*\.)*(Genotype|Configuration)\s*\(.*\)"
_FORMS: Mapping[str, re.Pattern[str]] = {
    "nasbench201": re.compile(r"\|.+\|"),
    "natsbench-sizes": re.compile(":".join([f"({'|'.join(WIDTHS)})"] * 5)),
    "darts": re.compile(rf"\s*({_CALL}|\[.*\]|\(.*\)|\{{.*\}})\s*", re.DOTALL),
}


def quoted(key: str) -> str:
    """A key as messages quote it: whole, or its beginning where it is longer than 100 characters."""
    return repr(key) if len(key) <= _SHOWN else f"{key[:_SHOWN]!r}…"


def space_of_key(key: str) -> str:
    """Space that a key is written for, by its form alone; empty where it has none of the known forms.

    >>> space_of_key("8:16:24:32:64"), space_of_key("|none~0|+|none~0|none~1|"), space_of_key("[[(0, 4), (1, 3)], []]")
    ('natsbench-sizes', 'nasbench201', 'darts')
    """
    return next((space for space, form in _FORMS.items() if form.fullmatch(key)), "")


def space_of_keys(path: Path, column: str, keys: Sequence[str], space: str = "") -> str:
    """The one space that all keys of a table are written for, by their form; empty where the first has no known form.

    Keys of an empty space may be those of a space that the tables know nothing of: whoever joins them asks the spaces.

    Args:
        path: the file that holds the keys, for messages.
        column: name of the column of keys, for messages.
        keys: one or more, as the file holds them.
        space: name of the space that all keys must be of; empty for the space of the first key.

    Raises:
        TableError: an empty key, one of another form than the first, or of another space than the table's; names file,
            row (from 0) and column.

    """
    wanted = space or space_of_key(keys[0])
    form = _FORMS.get(wanted)
    for row, key in enumerate(keys):
        if (not form.fullmatch(key)) if form is not None else not key or space_of_key(key):
            raise TableError(f"{path}: row {row}, column {column!r}: {quoted(key)} {_fault(key, row, wanted)}")
    return wanted


def _fault(key: str, row: int, wanted: str) -> str:
    """What is wrong with a key that is not written for the space `wanted`."""
    if space := space_of_key(key):
        origin = "row 0" if row else "this table"
        other = f"the space {wanted}" if wanted else "another"
        return f"is of the space {space}, but {origin} is of {other}: a table is about one space, so split the file"
    return (
        "is no architecture of a known space, or is cut. Known: NAS-Bench-201 cells (|none~0|+|none~0|none~1|+…), "
        "DARTS genotypes (Genotype(normal=[('sep_conv_3x3', 0), …) and NATS-Bench sizes (8:16:24:32:64)"
    )
