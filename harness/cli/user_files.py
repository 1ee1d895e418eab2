"""Python files of the user's own: they are run as they are, with the user's rights, here and in every worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from harness.errors import SettingError
from harness.text.shown import plain, shown

if TYPE_CHECKING:
    from harness.scoring.models import ModelList

MODELS = "MODELS"
"""Name of the dictionary in a file of models."""


def load_file(file: Path, option: str) -> ModuleType:
    """Run a Python file, so that workers get its functions by value.

    Modules next to the file can be imported, after all others.

    Args:
        file: the file, which is trusted.
        option: the option that names it, for messages.

    Raises:
        SettingError: a file that does not exist, is no Python file, or raises an error.
    """
    import importlib.util

    import cloudpickle

    if not os.path.isfile(file):
        raise SettingError(f"{option} {plain(str(file))}: there is no such file")
    name = f"loaded_{file.stem}"  # a file random.py must not stand in for the module random
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise SettingError(f"{option} {file}: not a Python file (its name must end in .py)")
    if (folder := str(file.resolve().parent)) not in sys.path:
        sys.path.append(folder)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    cloudpickle.register_pickle_by_value(module)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # the user's file may raise anything, and may call exit()
        raise SettingError(f"{option} {file}: {type(error).__name__}: {error}") from error
    return module


def models_of(space: str) -> ModelList | None:
    """The models of a Python file that --space names; None for the name of a space.

    Raises:
        SettingError: a file that cannot be run, or has no dictionary of models.
        SpaceError: for models that `harness.model_list` refuses.
    """
    if not space.endswith(".py"):
        return None
    from harness.scoring.models import CLASSES, INPUTS, model_list

    module = load_file(Path(space), "--space")
    models = getattr(module, MODELS, None)
    if not isinstance(models, Mapping):
        given = "there is none" if models is None else f"it is {shown(models)}"
        raise SettingError(
            f"--space {space}: a file of models has a dictionary {MODELS} of functions by name, such as "
            f"{MODELS} = {{'mine': lambda: MyNet()}}; {given}"
        )
    return model_list(models, inputs=getattr(module, "INPUTS", INPUTS), classes=getattr(module, "CLASSES", CLASSES))
