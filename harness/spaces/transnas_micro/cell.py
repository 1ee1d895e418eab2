"""The cell of TransNAS-Bench-101's micro space: NAS-Bench-201's graph with four operations.

Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task Neural Architecture
Search", CVPR 2021. All networks of the space have the same skeleton, `64-41414` in the authors' notation; an
architecture is what follows it there, `1_02_333`.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import SpaceError, unknown
from harness.spaces.nasbench201 import cell as nasbench201
from harness.spaces.nasbench201.cell import EDGES
from harness.spaces.plain_values import bracketed, plain_value, text_of
from harness.text.shown import cut, shown

OPERATIONS = nasbench201.OPERATIONS[:4]
"""The operations by their digits: 0 none, 1 skip_connect, 2 nor_conv_1x1, 3 nor_conv_3x3."""
SKELETON = "64-41414-"
"""The authors' notation of what all networks share: 64 channels after the stem, and five modules."""

_FORM = re.compile(r"([0-9])_([0-9])([0-9])_([0-9])([0-9])([0-9])")
_VALUES = ("(", "[", "array(", "np.array(", "numpy.array(", "list(", "tuple(")
_LONGEST = 500
_READS = "A cell reads 1_02_333, with an operation 0 to 3 for each of the edges 1←0, 2←0, 2←1, 3←0, 3←1, 3←2"


@dataclass(frozen=True, slots=True)
class MicroCell:
    """One architecture: the operations of the six edges in the order 1←0, 2←0, 2←1, 3←0, 3←1, 3←2."""

    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.operations) != len(EDGES):
            raise SpaceError(f"a cell of TransNAS-Bench-101 has {len(EDGES)} operations, got {len(self.operations)}")
        for operation in self.operations:
            if operation not in OPERATIONS:
                raise SpaceError(unknown("operation", operation, OPERATIONS))

    def __str__(self) -> str:
        first, second, third, *last = (OPERATIONS.index(operation) for operation in self.operations)
        return f"{first}_{second}{third}_{last[0]}{last[1]}{last[2]}"


def parse(text: object) -> MicroCell:
    """The cell that a text such as `1_02_333` encodes; the inverse of `str`.

    The authors' name of the whole network, `64-41414-1_02_333`, and six digits as a tuple, a list or an array, or with
    commas in a text, are read too.

    Raises:
        SpaceError: naming the text, the edge and what is allowed there.
    """
    given = bracketed(text_of(text).strip().removeprefix("\ufeff").strip())
    digits = _digits(given.removeprefix(SKELETON))
    if digits is None:
        raise _malformed(text, "it is not six digits in three groups")
    for (target, source), digit in zip(EDGES, digits, strict=True):
        if not 0 <= digit < len(OPERATIONS):
            raise _malformed(text, f"edge {target}←{source} has operation {digit}, allowed are 0 to 3")
    return MicroCell(tuple(OPERATIONS[digit] for digit in digits))


def _digits(given: str) -> list[int] | None:
    """The six whole numbers of a text; None where it is of another form."""
    if match := _FORM.fullmatch(given):
        return [int(digit) for digit in match.groups()]
    if given.startswith(_VALUES) and len(given) <= _LONGEST:
        with contextlib.suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            value = plain_value(ast.parse(given, mode="eval").body)
            if isinstance(value, (tuple, list)) and len(value) == len(EDGES):
                return list(value) if all(type(digit) is int for digit in value) else None
    return None


def all_cells() -> Iterator[MicroCell]:
    """All 4^6 cells; the first edge varies slowest, operations in the order of their digits."""
    return map(MicroCell, itertools.product(OPERATIONS, repeat=len(EDGES)))


def _malformed(text: object, why: str) -> SpaceError:
    return SpaceError(f"malformed TransNAS-Bench-101 cell {shown(str(text), 150)}: {cut(why, 400)}. {_READS}")
