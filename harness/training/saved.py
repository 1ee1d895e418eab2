"""Trainings on disk: a file that belongs to one training alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from harness.errors import CheckpointError
from harness.writing import replacing

FILE = "training.pt"
_VERSION = 1


def write_training(path: Path, identity: Mapping[str, str], content: Mapping[str, Any]) -> None:
    """Write a training, completely or not at all."""
    with replacing(path) as partial:
        torch.save({"version": _VERSION, "identity": dict(identity), **content}, partial)


def read_training(path: Path, identity: Mapping[str, str]) -> dict[str, Any]:
    """The content of a file that holds the training of that identity.

    Raises:
        CheckpointError: for another training, or a file that holds none.
    """
    content = training_content(path)
    found = content["identity"]
    for name, wanted in identity.items():
        if found.get(name) != wanted:
            raise CheckpointError(
                f"{path} is of another training: its {name} is {found.get(name)}, asked for is {wanted}. Give another "
                "folder"
            )
    return content


def training_content(path: Path) -> dict[str, Any]:
    """The content of a file that holds whichever training.

    Raises:
        CheckpointError: for a file that holds none.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on arbitrary content the unpickler may raise nearly anything
        raise CheckpointError(f"{path} cannot be read as a training: give another folder") from error
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise CheckpointError(f"{path} is no training, or one of another version: give another folder")
    return content
