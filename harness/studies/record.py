"""Record of how a study was made: command, settings, table, versions."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.scoring.machine import cpu_name
from harness.scoring.provenance import command
from harness.setting import Setting
from harness.text.shown import reason

if TYPE_CHECKING:
    from harness.evaluation import Table

MADE = "made.json"
"""File that says what began the trainings of a folder: machine, versions and day."""
_VARIABLES = ("NASINIT_DATA",)
_VERSIONS = ("nasinit", "torch", "numpy", "scipy", "pandas", "scikit-learn")


def record(settings: Mapping[str, Setting], table: Table | None, *, data: Path | None = None, **facts: Any) -> str:
    """Record of a study as JSON text.

    Args:
        settings: settings of the scores, by the name of their condition.
        table: the table, which is recorded with its SHA-256; None for a study that reads no table.
        data: folder of CIFAR-10 that the study had, which is named in the command even where it was found by itself.
        **facts: everything else that decides the results.

    Returns:
        An object whose `command` is the command line as it was given, null where the study was called from Python.
    """
    content = {
        "command": command(data),
        **facts,
        "settings": {key: setting.flat() for key, setting in settings.items()},
        **({} if table is None else {"table": _named(table)}),
        "environment": environment(),
    }
    return json_text(content)


def json_text(content: Mapping[str, Any]) -> str:
    """An object as indented JSON, with a line break at its end."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def environment() -> dict[str, Any]:
    """The machine, the folder of data files, and the versions of packages, on which the numbers may depend."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpu": cpu_name(),
        "cpus": os.cpu_count(),
        # the folder's name alone: where it lies says nothing of the numbers, and of a user's machine too much
        **{name: Path(os.environ[name]).name for name in _VARIABLES if os.environ.get(name)},
        **{package: version(package) for package in _VERSIONS},
    }


def write_made(folder: Path) -> None:
    """Write down what begins the trainings of a folder, unless that is there already."""
    if not (folder / MADE).is_file():
        day = datetime.now(timezone.utc).date().isoformat()
        (folder / MADE).write_text(json_text({"begun": day, **environment()}), encoding="utf-8")


def made_by(folder: Path) -> dict[str, Any]:
    """What began the trainings of a folder.

    Raises:
        SettingError: for a file that is not there, or is no such record.
    """
    try:
        return dict(json.loads((folder / MADE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SettingError(f"{folder / MADE} does not say what made the trainings: {reason(error)}") from error


def _named(table: Table) -> dict[str, str | None]:
    return {"name": table.facts.name, "title": table.facts.title, "sha256": table.facts.sha256}
