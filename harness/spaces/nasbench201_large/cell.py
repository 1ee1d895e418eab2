"""A cell of NAS-Bench-201's graph with one of 21 operations on each edge."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import SpaceError, unknown
from harness.spaces.nasbench201 import cell as nasbench201
from harness.spaces.nasbench201.cell import EDGES, FORM, operations_of_text, text_of_operations
from harness.spaces.nasbench201_large.convolutions import FACTORISED
from harness.spaces.plain_values import text_of
from harness.text.shown import cut, shown

OPERATIONS = (*nasbench201.OPERATIONS, "max_pool_3x3", "nor_conv_5x5", *FACTORISED)
"""NAS-Bench-201's five operations in its order, then sixteen more."""


@dataclass(frozen=True, slots=True)
class LargeCell:
    """One architecture: the operations of the six edges in the order 1←0, 2←0, 2←1, 3←0, 3←1, 3←2."""

    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.operations) != len(EDGES):
            raise SpaceError(f"a nasbench201-large cell has {len(EDGES)} operations, got {len(self.operations)}")
        for operation in self.operations:
            if operation not in OPERATIONS:
                raise SpaceError(unknown("operation", operation, OPERATIONS))

    def __str__(self) -> str:
        return text_of_operations(self.operations)


def parse(text: object) -> LargeCell:
    """The cell that a string in NAS-Bench-201's form encodes; the inverse of `str`. Blanks around `+` are ignored.

    Raises:
        SpaceError: naming the string, the position and what is expected there.
    """

    def malformed(why: str) -> SpaceError:
        return SpaceError(
            f"malformed nasbench201-large cell {shown(str(text), 150)}: {cut(why, 500)}. A cell reads {FORM}"
        )

    return LargeCell(operations_of_text(text_of(text).strip().removeprefix("\ufeff").strip(), OPERATIONS, malformed))
