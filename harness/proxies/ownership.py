"""Whose code a module is: the user's own, which may change between two runs, or an installed package's."""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig
from types import ModuleType

_HARNESS = ("harness", "benchmarks")


def is_own(name: str | None) -> bool:
    """Whether a module of that name is the user's own code.

    Own are the main module, modules without a file outside packages that are installed, and those whose file lies
    neither in the standard library nor in a folder where packages are installed; so a package installed as editable is
    own. This package never is.
    """
    if name is None or name.partition(".")[0] in _HARNESS:
        return name is None
    module = sys.modules.get(name)
    if name == "__main__" or module is None:
        return name not in sys.stdlib_module_names
    file = _file(module)
    package = name.rpartition(".")[0]
    if package in sys.modules and (file is None or not os.path.isabs(file)):  # made by the package's code
        return is_own(package)
    return is_own_file(file, name)


@functools.lru_cache(maxsize=10_000)
def is_own_file(file: str | None, name: str) -> bool:
    """Whether a module's file is the user's own; None is that of a module without a file."""
    if file is None:
        return name.partition(".")[0] not in sys.stdlib_module_names
    real = os.path.realpath(file)
    if {"site-packages", "dist-packages"}.intersection(real.split(os.sep)):
        return False
    return not any(real.startswith(folder) for folder in _installed_folders())


def own_modules() -> list[str]:
    """Names of the user's own modules that are loaded and can be imported by their names."""
    return [
        name
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and module.__name__ == name != "__main__" and is_own(name)
    ]


def _file(module: ModuleType) -> str | None:
    """The module's file, or the folder of a package without one."""
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        return file
    return next((str(folder) for folder in getattr(module, "__path__", ())), None)


@functools.cache
def _installed_folders() -> tuple[str, ...]:
    paths = [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple({os.path.realpath(path) + os.sep for path in paths if path})
