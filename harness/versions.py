"""The versions that numbers may depend on, and that everything made here carries."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any


def installed(package: str) -> str:
    """Version of an installed distribution; `not installed` where Python runs it from a folder."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


__version__ = installed("nasinit")


def made_with(**facts: Any) -> dict[str, Any]:
    """What made some numbers, as a frame carries it: `nasinit` and `python`, the versions that ran; and the facts.

    Args:
        **facts: what else decides the numbers, such as `settings`, `table`, `bootstrap`.
    """
    return {"nasinit": __version__, "python": platform.python_version(), **facts}
