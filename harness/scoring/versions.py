"""The versions that a score may depend on."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed(package: str) -> str:
    """Version of an installed distribution; `not installed` where Python runs it from a folder."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


__version__ = installed("nasinit")
