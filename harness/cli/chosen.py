"""The architectures and sizes that options name, for commands that build networks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli import options
from harness.errors import SettingError, SpaceError
from harness.text.shown import shown

if TYPE_CHECKING:
    from harness.spaces.space import Architecture, Space


def sizes_by_name(sizes: list[str] | None) -> dict[str, int]:
    """Sizes by name; SettingError for a text that is not NAME=NUMBER."""
    found = {}
    for text in sizes or []:
        name, equals, number = text.partition("=")
        if not (name and equals and number.strip().isdecimal()):
            raise SettingError(f"--size takes NAME=NUMBER, such as channels=1, got {shown(text)}")
        found[name.strip()] = int(number)
    return found


def check_choice(sample: int | None, whole: bool, file: Path | None, table: str | None, *, optional: bool) -> None:
    """Refuse several choices of architectures, and none unless it is `optional`."""
    choices = {
        "--sample": sample is not None,
        "--all": whole,
        "--architectures": file is not None,
        "--table": table is not None,
    }
    given = [name for name, chosen in choices.items() if chosen]
    if len(given) != 1 and not (optional and not given):
        raise SettingError(
            "give one of --sample N, --all, --architectures FILE and --table NAME; "
            f"got {' and '.join(given) or 'none of them'}"
        )


def architectures_of_table(table: str | None, space: Space | None) -> tuple[list[Architecture], Space]:
    """The architectures of a table, if one is given, and the space; nothing else of the table is read."""
    from harness.spaces import open_space

    if table is None:
        return [], space or open_space(options.DEFAULT_SPACE)
    from harness.evaluation import open_table
    from harness.evaluation.matching import space_of, table_architectures

    opened = open_table(table)
    found = space_of(opened)
    print(f"table: {opened.facts.title} ({opened.facts.path or 'in the package'})")
    if space is not None and space.name != found.name:
        raise SettingError(
            f"--table {table} is of the space {found.name!r}, not of --space {space.name}: leave one out"
        )
    return table_architectures(opened), found if space is None else space


def chosen_architectures(
    space: Space, sample: int | None, file: Path | None, of_table: Sequence[Architecture], seed: int
) -> Sequence[Architecture]:
    """A sample, the architectures of a table or of a file, or the whole space."""
    from harness.spaces.listed import all_architectures

    if sample is not None:
        return space.sample(sample, seed)
    if of_table:
        return of_table
    return all_architectures(space) if file is None else _from_file(space, file)


def _from_file(space: Space, file: Path) -> list[Architecture]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpaceError(f"cannot read architectures from {file}: {error}") from error
    cells = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                cells.append(space.parse(line.strip()))
            except SpaceError as error:
                raise SpaceError(f"{file}, line {number}: {error}") from error
    if not cells:
        raise SpaceError(f"{file} holds no architecture: expected one a line")
    return cells
