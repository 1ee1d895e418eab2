"""How a study was made: the command, the settings, the table, the versions."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import Table
from harness.setting import Setting

_VERSIONS = ("nasinit", "torch", "numpy", "scipy", "pandas")


def record(settings: Mapping[str, Setting], table: Table, **facts: Any) -> str:
    """JSON text of what made a study's outcome.

    Args:
        settings: of its scores, by name.
        table: the published numbers, named with their SHA-256.
        **facts: whatever else decides the outcome.

    Returns:
        An object whose `command` is the command line as it was given, null where the study was called from Python.
    """
    called = Path(sys.argv[0]).stem == "nasinit"
    content = {
        "command": shlex.join(["nasinit", *sys.argv[1:]]) if called else None,
        **facts,
        "settings": {key: asdict(setting) for key, setting in settings.items()},
        "table": {"name": table.facts.name, "title": table.facts.title, "sha256": table.facts.sha256},
        "environment": {"python": platform.python_version(), **{package: version(package) for package in _VERSIONS}},
    }
    return json.dumps(content, indent=2) + "\n"
