"""An architecture of the trilevel space: a form, a path of cells and upsamplings, and the choices in each cell.

Wu et al., "Trilevel Neural Architecture Search for Efficient Single Image Super-Resolution", arXiv:2101.06658. The text
`B 0011 00020/2033 33110/4310` has form B; the path 0011, where 0 is a cell and 1 an upsampling; and for each cell the
digits of its five operations and of the four widths between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import SpaceError
from harness.text.shown import cut, shown

FORMS = ("A", "B")
"""A: an upsampling doubles the sides where it stands. B: it keeps them, and the tail enlarges by four."""
OPERATIONS = ("skip", "conv3x3", "residual", "dwsblock")
RATIOS = ("4/12", "6/12", "8/12", "10/12", "1")
"""Width between two operations of a cell, as a part of the network's width."""
FULL = len(RATIOS) - 1
OPERATIONS_OF_CELL = 5
WIDTHS_OF_CELL = OPERATIONS_OF_CELL - 1
CELLS = 5
"""Most cells, of which the first stands before everything else."""
UPSAMPLINGS = 2
"""Most upsamplings; form A has this many, so that it enlarges by four."""
SCALE = 4
"""By how much the networks of the paper enlarge."""

_EXAMPLE = "An architecture reads B 0011 00020/2033 33110/4310"


@dataclass(frozen=True, slots=True)
class CellChoices:
    """The choices of one cell.

    Attributes:
        operations: indices into `OPERATIONS`, five.
        ratios: indices into `RATIOS` for the widths between the operations, four.
    """

    operations: tuple[int, ...]
    ratios: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_indices("operations", self.operations, OPERATIONS_OF_CELL, len(OPERATIONS))
        _check_indices("widths", self.ratios, WIDTHS_OF_CELL, len(RATIOS))

    def __str__(self) -> str:
        return f"{_digits(self.operations)}/{_digits(self.ratios)}"

    def steps(self) -> list[tuple[int, int, int]]:
        """The operations in order, each with the indices of the widths before and after it."""
        ends = between(self.ratios)
        return [(operation, ends[place], ends[place + 1]) for place, operation in enumerate(self.operations)]


@dataclass(frozen=True, slots=True)
class TrilevelArchitecture:
    """One architecture.

    Attributes:
        form: `A` or `B`.
        path: a cell, 0, or an upsampling, 1, in order; it begins with a cell.
        cells: the choices of each cell on the path.
    """

    form: str
    path: tuple[int, ...]
    cells: tuple[CellChoices, ...]

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise SpaceError(f"the form is A or B, got {shown(self.form)}")
        if not isinstance(self.path, tuple) or any(type(step) is not int or step not in (0, 1) for step in self.path):
            raise SpaceError(f"a path has cells, 0, and upsamplings, 1; got {shown(self.path)}")
        why = _wrong_path(self.form, self.path)
        if why:
            raise SpaceError(f"the path {_digits(self.path)} of form {self.form} {why}")
        if len(self.cells) != self.path.count(0) or not all(isinstance(cell, CellChoices) for cell in self.cells):
            raise SpaceError(
                f"the path {_digits(self.path)} has {self.path.count(0)} cells, but there are choices for "
                f"{len(self.cells)}"
            )

    def __str__(self) -> str:
        return " ".join((self.form, _digits(self.path), *map(str, self.cells)))


def between(ratios: Sequence[int]) -> tuple[int, ...]:
    """The widths at the ends of a cell's operations: those between them, and the whole width before and behind."""
    return (FULL, *ratios, FULL)


def paths(form: str) -> list[tuple[int, ...]]:
    """All paths of a form, shorter ones first: 35 of form A and 55 of form B."""
    found: list[tuple[int, ...]] = []
    longest: list[tuple[int, ...]] = [(0,)]
    while longest:
        found += longest
        longest = [
            (*path, step)
            for path in longest
            for step in (0, 1)
            if path.count(step) < (CELLS, UPSAMPLINGS)[step]
        ]  # fmt: skip
    return [path for path in found if not _wrong_path(form, path)]


def parse(text: object) -> TrilevelArchitecture:
    """The architecture that a text such as `B 0011 00020/2033 33110/4310` encodes; the inverse of `str`.

    Raises:
        SpaceError: naming the text and what is wrong with it.
    """
    given = str(text).strip().removeprefix("\ufeff").split()
    if len(given) < 3:
        raise _malformed(text, "it has a form, a path and the choices of each cell, with blanks between")
    form, path, *cells = given
    try:
        return TrilevelArchitecture(form, _numbers(path, "a path"), tuple(map(_parsed_cell, cells)))
    except SpaceError as error:
        raise _malformed(text, str(error)) from None


def _parsed_cell(text: str) -> CellChoices:
    operations, slash, ratios = text.partition("/")
    if not slash:
        raise SpaceError(f"a cell reads 00020/2033, five operations and four widths; got {shown(text)}")
    return CellChoices(_numbers(operations, "operations"), _numbers(ratios, "widths"))


def _numbers(text: str, what: str) -> tuple[int, ...]:
    if not text or any(digit not in "0123456789" for digit in text):
        raise SpaceError(f"{what} are written as digits, got {shown(text)}")
    return tuple(map(int, text))


def _wrong_path(form: str, path: tuple[int, ...]) -> str:
    """What is wrong with a path of a form; empty for a path of the space."""
    cells, upsamplings = path.count(0), path.count(1)
    if not path or path[0] != 0:
        return "must begin with a cell, 0"
    if cells > CELLS or upsamplings > UPSAMPLINGS:
        return f"has {cells} cells and {upsamplings} upsamplings; allowed are up to {CELLS} and {UPSAMPLINGS}"
    if form == "A" and upsamplings != UPSAMPLINGS:
        return f"has {upsamplings} upsamplings; form A has {UPSAMPLINGS}, since they alone enlarge"
    return ""


def _check_indices(name: str, indices: object, count: int, options: int) -> None:
    if not isinstance(indices, tuple) or len(indices) != count:
        raise SpaceError(f"a cell has {count} {name}, got {shown(indices)}")
    if any(type(index) is not int or not 0 <= index < options for index in indices):
        raise SpaceError(f"{name} of a cell are numbers from 0 to {options - 1}, got {shown(indices)}")


def _digits(numbers: tuple[int, ...]) -> str:
    return "".join(map(str, numbers))


def _malformed(text: object, why: str) -> SpaceError:
    return SpaceError(f"malformed trilevel architecture {shown(str(text), 150)}: {cut(why, 400)}. {_EXAMPLE}")
