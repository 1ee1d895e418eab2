"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs_pages.markdown import code, definitions, escaped, table

_WRITTEN = ("--out", "--store", "--to", "--into", "--csv", "--latex", "--markdown")


def commands() -> str:
    """Every command of `nasinit` with all its arguments and options, as its help has them."""
    return "\n\n".join(_section(path, command) for path, command in every_command())


def written_by_default() -> str:
    """What each command writes into the current folder where no option names another place."""
    rows = [
        (code(path), code(option.opts[0]), ", ".join(names))
        for path, command in every_command()
        for option in command.params
        if option.opts[0] in _WRITTEN and (names := _default_names(option))
    ]
    return table(["command", "option", "written if it is not given"], rows)


def _default_names(option: Any) -> list[str]:
    """Default files or folders of an option, as its help has them, in Markdown."""
    if isinstance(option.show_default, str):
        return [escaped(option.show_default)]
    given = option.default if isinstance(option.default, (list, tuple)) else [option.default]
    return [code(str(one)) for one in given if isinstance(one, Path)]


def every_command() -> Iterator[tuple[str, Any]]:
    """Path and command of everything that can be called, in the order of `nasinit --help`."""
    from typer.main import get_command

    from harness.cli import app

    yield from _below(get_command(app), "nasinit")


def _below(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, found in command.commands.items():
        if hasattr(found, "commands"):
            yield from _below(found, f"{path} {name}")
        else:
            yield f"{path} {name}", found


def _section(path: str, command: Any) -> str:
    import typer

    context = typer.Context(command, info_name=path)
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    records = [parameter.get_help_record(context) for parameter in command.params]
    entries = [(code(name), escaped(text) or "–") for name, text in filter(None, records)]
    words = "\n\n".join(map(escaped, inspect.cleandoc(command.help or "").split("\n\n")))
    return f"## {path}\n\n{words}\n\n```text\n{usage}\n```\n\n{definitions(entries)}"
