"""The optional packages of image restoration."""

from __future__ import annotations

from importlib.util import find_spec

from harness.errors import SettingError


def check_installed(package: str, purpose: str) -> None:
    """Refuse to go on without a package of the extra `restoration`.

    Args:
        package: name of the package as it is imported, such as `skimage`.
        purpose: what needs it, for the message.

    Raises:
        SettingError: naming the extra that has it.
    """
    if find_spec(package) is None:
        raise SettingError(f"{purpose} needs {package}: pip install 'nasinit[restoration]'")
