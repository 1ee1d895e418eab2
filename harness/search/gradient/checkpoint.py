"""A search on disk: its log, and a checkpoint from which it continues without any difference."""

from __future__ import annotations

import csv
import json
import logging
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from harness.errors import CheckpointError, SearchError
from harness.search.gradient.setting import SearchSetting
from harness.writing import replacing

_LOGGER = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
ACCURACY = "validation_accuracy_pct"
"""A further column of the log of searches on graphs: accuracy of the supernet on the validation nodes, in per cent."""
COLUMNS = (
    "epoch",
    "training_loss",
    "validation_loss",
    "entropy_nats",
    "skip_connections",
    "architecture",
    "seconds",
    "cpu_seconds",
    "operation_weights",
)
"""Columns of the log, which has one row per epoch. Epochs count from 1; losses are means over batches, in nats for
classifiers.

Rows of earlier checkpoints have no CPU seconds and no operation weights.
"""
POLICY = "policy"
"""A further column of searches of a policy: the probability of each sub-policy by its name, as JSON."""

_VERSION = 2
_WITHOUT_PART = 1
"""The version of checkpoints that were written only between epochs, and have no field `part`."""
Row = dict[str, float | int | str]


class Part(NamedTuple):
    """The part of an epoch that is done, where a checkpoint was written inside it.

    Attributes:
        losses: training loss of each step that is done, in nats.
        seconds: seconds that they took.
        cpu_seconds: seconds of processor time that they took; NaN in checkpoints that do not have it.
    """

    losses: list[float]
    seconds: float
    cpu_seconds: float = math.nan


@dataclass(frozen=True)
class Checkpoint:
    """Everything that the following steps depend on.

    Attributes:
        identity: what identifies the search: method, space, setting, seed, data, device.
        epoch: number of finished epochs.
        kept: masks of the operations that are not pruned, by group.
        supernet: the supernet's weights.
        weight_optimizer: state of SGD.
        parameters: α and β by group.
        parameter_optimizer: state of Adam.
        memory: tensors that the method keeps from step to step.
        rows: rows of the log.
        part: losses and seconds of the epoch that is under way; None between two epochs.
    """

    identity: dict[str, str]
    epoch: int
    kept: dict[str, Tensor]
    supernet: dict[str, Tensor]
    weight_optimizer: dict[str, Any]
    parameters: dict[str, dict[str, Tensor]]
    parameter_optimizer: dict[str, Any]
    memory: dict[str, Tensor]
    rows: list[Row]
    part: Part | None = None


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write log and checkpoint, each completely or not at all; the log first, since the checkpoint holds it too.

    Raises:
        SearchError: if one of them cannot be written.
    """
    _write(folder / LOG, lambda path: _write_log(path, checkpoint.rows))
    part = None if checkpoint.part is None else checkpoint.part._asdict()
    content = {"version": _VERSION, **vars(checkpoint), "part": part}
    _write(folder / CHECKPOINT, lambda path: torch.save(content, path))
    _LOGGER.debug("wrote %s after epoch %d", folder / CHECKPOINT, checkpoint.epoch)


def load(folder: Path, identity: Mapping[str, str]) -> Checkpoint | None:
    """The checkpoint in a folder; None where there is none.

    Raises:
        CheckpointError: if the file is not a checkpoint, or belongs to another search; all differences are named.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        _LOGGER.debug("there is no checkpoint %s: the search begins", path)
        return None
    found = read_checkpoint(path)
    _check_identity(path, found.identity, identity)
    _LOGGER.debug("read the checkpoint %s after epoch %d", path, found.epoch)
    return found


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file, of whichever search.

    Raises:
        CheckpointError: if the file is not a checkpoint, or one of another version.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the error below says enough about a file that is no checkpoint
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on arbitrary content the unpickler may raise nearly anything
        reason = str(error).partition("\n")[0]
        raise CheckpointError(f"{path} cannot be read as a checkpoint ({reason}): give another --out folder") from error
    if not _is_checkpoint(content):
        raise CheckpointError(f"{path} is no checkpoint of a search, or of another version: give another --out folder")
    part = content.get("part")
    known = {name: value for name, value in content.items() if name not in ("version", "part")}
    return Checkpoint(**known, part=None if part is None else Part(**part))


def _is_checkpoint(content: object) -> bool:
    """Whether a file's content has a version that is read, and the fields of a checkpoint of that version."""
    if not isinstance(content, dict) or not isinstance(version := content.get("version"), int):
        return False
    names = {"version", *(entry.name for entry in fields(Checkpoint))}
    if version == _WITHOUT_PART:
        names.remove("part")
    elif version != _VERSION or not _is_part(content.get("part")):
        return False
    return set(content) == names and isinstance(content["identity"], dict)


def _is_part(content: object) -> bool:
    return content is None or (isinstance(content, dict) and {*content, *Part._field_defaults} == set(Part._fields))


def check_kind_of_folder(folder: Path, *, several: bool) -> None:
    """Refuse a folder of a single search for searches under several seeds, and the other way round.

    Raises:
        CheckpointError: naming the folder.
    """
    one = (folder / CHECKPOINT).is_file()
    many = any(folder.glob(f"seed_*/{CHECKPOINT}"))
    if (one and several) or (many and not several):
        holds, wanted = ("a search", "searches under several seeds") if one else ("searches under several seeds", "one")
        raise CheckpointError(f"{folder} holds {holds}: give another --out folder for {wanted}")


def _check_identity(path: Path, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    names = dict.fromkeys((*wanted, *found))
    different = [entry for name in names for entry in _differences(name, found.get(name), wanted.get(name))]
    if different:
        told = "; ".join(f"its {name} is {there}, asked for is {here}" for name, there, here in different)
        raise CheckpointError(
            f"{path} is of another search: {told}. Give the same command to go on with it, or another --out folder"
        )


def _differences(name: str, found: str | None, wanted: str | None) -> list[tuple[str, str, str]]:
    """Name and both values of each difference; for settings, field by field.

    A field that an earlier version did not have is as that version had it: the default.
    """
    if found == wanted:
        return []
    if name != "setting" or found is None or wanted is None:
        return [(name, found or "nothing", wanted or "nothing")]
    there, here = json.loads(found), json.loads(wanted)
    earlier = {field: value for field, value in json.loads(SearchSetting().json()).items() if field not in there}
    there |= earlier
    names = [field for field in sorted({*there, *here}) if there.get(field) != here.get(field)]
    if not names and not earlier:
        return [(name, found, wanted)]
    return [(field, str(there.get(field)), str(here.get(field))) for field in names]


def columns_of(rows: Sequence[Row]) -> list[str]:
    """The columns of a log of these rows."""
    return [*COLUMNS, *(name for name in (POLICY, ACCURACY) if any(name in row for row in rows))]


def _write_log(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns_of(rows), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    try:
        with replacing(path) as partial:
            write(partial)
            with partial.open("rb+") as file:  # after a power cut, the new name must not stand for missing content
                os.fsync(file.fileno())
    except (OSError, RuntimeError) as error:  # torch reports a file that it cannot open as RuntimeError
        raise SearchError(f"cannot write {path}: {error}") from error
