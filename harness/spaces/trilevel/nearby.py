"""Architectures of the trilevel space that differ in one choice, and representatives of those that are one network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.errors import SpaceError
from harness.spaces.listed import changed_once
from harness.spaces.trilevel.notation import (
    FULL,
    OPERATIONS,
    OPERATIONS_OF_CELL,
    RATIOS,
    UPSAMPLINGS,
    WIDTHS_OF_CELL,
    CellChoices,
    TrilevelArchitecture,
)

IDENTITY = CellChoices((0,) * OPERATIONS_OF_CELL, (FULL,) * WIDTHS_OF_CELL)
"""A cell whose operations do nothing, so that it multiplies its input by 1.2."""


def neighbours_of(architecture: TrilevelArchitecture) -> list[TrilevelArchitecture]:
    """All architectures one change away, in a fixed order; see `Trilevel.neighbours`."""
    found = dict.fromkeys((*_other_cells(architecture), *_other_paths(architecture)))
    found.pop(architecture, None)
    return list(found)


def without_identities(cell: CellChoices) -> CellChoices:
    """The cell with every operation that does nothing, `skip` between equal widths, behind all others."""
    steps = [step for step in cell.steps() if not (step[0] == 0 and step[1] == step[2])]
    idle = len(cell.operations) - len(steps)
    operations = (*(operation for operation, _, _ in steps), *[0] * idle)
    ratios = (*(after for _, _, after in steps), *[FULL] * idle)
    return CellChoices(operations, ratios[:-1])


def _other_cells(architecture: TrilevelArchitecture) -> Iterator[TrilevelArchitecture]:
    """Another operation, or another width, in one cell."""
    for place, cell in enumerate(architecture.cells):
        others = [CellChoices(each, cell.ratios) for each in changed_once(cell.operations, range(len(OPERATIONS)))]
        others += [CellChoices(cell.operations, each) for each in changed_once(cell.ratios, range(len(RATIOS)))]
        for other in others:
            yield replace(architecture, cells=_with(architecture.cells, place, [other], 1))


def _other_paths(architecture: TrilevelArchitecture) -> Iterator[TrilevelArchitecture]:
    """The other form; two steps exchanged; an upsampling, or a cell that does nothing, more or less."""
    form, path, cells = architecture.form, architecture.path, architecture.cells
    candidates = [("B" if form == "A" else "A", path, cells)]
    candidates += [
        (form, _with(path, place, [path[place + 1], path[place]], 2), cells) for place in range(len(path) - 1)
    ]
    for place in range(len(path) + 1):
        own = path[:place].count(0)
        candidates.append((form, _with(path, place, [1], 0), cells))
        candidates.append((form, _with(path, place, [0], 0), _with(cells, own, [IDENTITY], 0)))
        if path[place : place + 1] == (1,):
            candidates.append((form, _with(path, place, [], 1), cells))
        elif path[place : place + 1] == (0,) and cells[own] == IDENTITY:
            candidates.append((form, _with(path, place, [], 1), _with(cells, own, [], 1)))
    for candidate in candidates:
        if candidate[1].count(1) <= UPSAMPLINGS:
            try:
                yield TrilevelArchitecture(*candidate)
            except SpaceError:
                continue  # the space has no such path


def _with(values: tuple, place: int, new: list, replaced: int) -> tuple:  # type: ignore[type-arg]
    """The values with others in the place of the `replaced` ones from `place` on."""
    return (*values[:place], *new, *values[place + replaced :])
