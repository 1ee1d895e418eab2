"""Equality of TransNAS-Bench-101 cells as networks: equal outputs and gradients, weight for weight.

The rule is that of `harness.spaces.nasbench201.same_network` with one difference. `skip_connect` from a cell's input
has weights of its own in the cells that halve the side, so it is contracted there nowhere; cells that are one network
by that are one network in the other cells of the skeleton too. There are 1,666 networks among the 4,096 cells. The
authors state no such classes and trained every cell.
"""

from __future__ import annotations

from functools import cache

from harness.spaces.nasbench201.same_network import form_of
from harness.spaces.transnas_micro.cell import MicroCell, all_cells
from harness.spaces.transnas_micro.cost import parameter_count


def minimal(cell: MicroCell) -> MicroCell:
    """The cell with the fewest parameters that is the same network; of several, the first by its digits.

    The convolutions that it lacks do not reach the output, so they have no gradient.
    """
    return _minimal_cells()[cell]


@cache
def _minimal_cells() -> dict[MicroCell, MicroCell]:
    """The minimal cell of every cell."""
    forms = {cell: form_of(cell.operations, skips_with_weights=True) for cell in all_cells()}
    smallest: dict[str, MicroCell] = {}
    for cell in sorted(forms, key=_size):  # stable: ties stay in the order of the digits
        smallest.setdefault(forms[cell], cell)
    return {cell: smallest[form] for cell, form in forms.items()}


def _size(cell: MicroCell) -> int:
    return parameter_count(cell, classes=2, width=2, depth=2, channels=1)
