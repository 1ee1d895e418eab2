"""How a study was made: the command, the settings, the table, the versions."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.evaluation import Table
from harness.setting import Setting

_VERSIONS = ("nasinit", "torch", "numpy", "scipy", "pandas")


def record(settings: Mapping[str, Setting], table: Table | None, **facts: Any) -> str:
    """JSON text of what made a study's outcome.

    Args:
        settings: of its scores, by name.
        table: the published numbers, named with their SHA-256; None for a study that reads none.
        **facts: whatever else decides the outcome.

    Returns:
        An object whose `command` is the command line as it was given, null where the study was called from Python.
    """
    called = Path(sys.argv[0]).stem == "nasinit"
    content = {
        "command": shlex.join(["nasinit", *sys.argv[1:]]) if called else None,
        **facts,
        "settings": {key: asdict(setting) for key, setting in settings.items()},
        **({} if table is None else {"table": _named(table)}),
        "environment": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cpu": _cpu_name(),
            "cpus": os.cpu_count(),
            **{package: version(package) for package in _VERSIONS},
        },
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _cpu_name(described: Path = Path("/proc/cpuinfo")) -> str | None:
    """The processor's name as Linux has it, or what Python knows; None where neither says."""
    try:
        lines = described.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or None


def _named(table: Table) -> dict[str, str | None]:
    return {"name": table.facts.name, "title": table.facts.title, "sha256": table.facts.sha256}
