"""What is said of an option that a command does not have."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from harness.text.shown import cut, shown

_NAMED = 3


def no_such_option(option: str, context: Any) -> str:
    """A message with the nearest option of the command, and with the commands that have this one.

    Args:
        option: as it was typed, with its dashes.
        context: click's context of the command that was called with it.
    """
    program = context.find_root()
    path = "nasinit" + context.command_path.removeprefix(program.command_path)
    if option in _options(program.command):
        return f"{option} stands before the command: {' '.join(['nasinit', option, *path.split()[1:]])}"
    near = difflib.get_close_matches(cut(option), sorted(_options(context.command)), n=1)
    others = [name for name, command in _below(program.command, "nasinit") if option in _options(command)]
    more = f" and {len(others) - _NAMED} more commands" if len(others) > _NAMED else ""
    hints = [f"Did you mean {near[0]}?"] if near else []
    hints += [f"It is an option of {', '.join(others[:_NAMED])}{more}."] if others else []
    return " ".join([f"{path} has no option {shown(option)}.", *hints, f"Its options: {path} --help"])


def _options(command: Any) -> set[str]:
    """All spellings of a command's options."""
    return {spelling for one in command.params for spelling in (*one.opts, *one.secondary_opts) if spelling[0] == "-"}


def _below(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Path and command of all that can be called."""
    for name, one in getattr(command, "commands", {}).items():
        yield from _below(one, f"{path} {name}")
    if not getattr(command, "commands", {}):
        yield path, command
