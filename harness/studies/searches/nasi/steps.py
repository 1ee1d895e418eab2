"""The recorded steps of NASI's searches: from their folders or from a study's file, and into a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.errors import SearchError
from harness.search.gradient.checkpoint import CHECKPOINT, Checkpoint, read_checkpoint
from harness.search.gradient.nasi_bound import TRACES
from harness.spaces.nasbench201.cell import EDGES, OPERATIONS
from harness.studies.searches.nasi.readings import FloatArray

GROUP = "cell"
GRADIENTS, WEIGHTS = f"gradient_by_step/{GROUP}", f"weights_by_step/{GROUP}"
STEPS_FILE = "nasi_steps.csv.gz"
COLUMNS = tuple(f"{operation}~{source}>{target}" for target, source in EDGES for operation in OPERATIONS)
WEIGHT_COLUMNS = tuple(f"{name}_weight" for name in COLUMNS)
_FIXED = ("seed", "step", "trace")


class Steps(NamedTuple):
    """The steps of one search.

    Attributes:
        seed: seed of the search.
        traces: trace ‖∇θ L‖² of each step, [T].
        gradients: its gradient by α, [T, E, O].
        weights: Gumbel-softmax weights of the operations, [T, E, O]; None where they were not kept.
    """

    seed: int
    traces: FloatArray
    gradients: FloatArray
    weights: FloatArray | None = None

    def windows(self, count: int) -> list[tuple[FloatArray, FloatArray]]:
        """Traces and gradients of the whole windows of `count` steps, one after another."""
        starts = range(0, len(self.traces) - count + 1, count)
        return [(self.traces[start : start + count], self.gradients[start : start + count]) for start in starts]


def read_steps(path: Path) -> tuple[list[Steps], list[str]]:
    """The steps of the finished searches in a folder, or of a file of steps; and a note on each search left out.

    Args:
        path: a folder of `nasinit search --seeds`, or a file that `write_steps` wrote.

    Raises:
        SearchError: neither of them; a search of another space, by another method or without `none`; searches whose
            settings differ.
        CheckpointError: a file that is no checkpoint.
    """
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        raise SearchError(f"--steps {path} is neither a folder of nasinit search --seeds nor a file of steps")
    return steps_of_frame(_read_frame(path), path), []


def steps_frame(found: Iterable[Steps]) -> pd.DataFrame:
    """Every step of every search: `seed`, `step`, `trace`, the gradient and the weight by edge and operation.

    Gradients and weights are float32, as the searches compute them. Weights that were not kept are NaN.
    """
    parts = []
    for one in found:
        count = len(one.traces)
        weights = np.full((count, len(COLUMNS)), np.nan) if one.weights is None else one.weights.reshape(count, -1)
        values = np.hstack([one.gradients.reshape(count, -1), weights]).astype(np.float32)
        frame = pd.DataFrame(values, columns=[*COLUMNS, *WEIGHT_COLUMNS])
        frame = frame.assign(seed=one.seed, step=range(1, count + 1), trace=one.traces)
        frame = frame[[*_FIXED, *COLUMNS, *WEIGHT_COLUMNS]]
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def steps_of_frame(frame: pd.DataFrame, path: Path) -> list[Steps]:
    """The steps of a frame that `steps_frame` made; `path` names its file in messages.

    Raises:
        SearchError: a frame without the columns of steps, or with a value that is not finite.
    """
    missing = [name for name in (*_FIXED, *COLUMNS) if name not in frame]
    if missing:
        raise SearchError(f"--steps {path} is no file of NASI's steps: it has no column {missing[0]!r}")
    told = [name for name in (*_FIXED, *COLUMNS) if not pd.api.types.is_numeric_dtype(frame[name])]
    if told or frame.empty or not np.isfinite(frame[[*_FIXED, *COLUMNS]].to_numpy(dtype=float)).all():
        raise SearchError(f"--steps {path} is no file of NASI's steps: each value must be a finite number")
    found = []
    for seed, run in frame.groupby("seed"):
        has = set(WEIGHT_COLUMNS) <= set(frame.columns) and not run[list(WEIGHT_COLUMNS)].isna().to_numpy().any()
        weights = _table(run, WEIGHT_COLUMNS) if has else None
        found.append(Steps(int(str(seed)), run["trace"].to_numpy(dtype=float), _table(run, COLUMNS), weights))
    return found


def merged(before: Sequence[Steps], after: Sequence[Steps]) -> list[Steps]:
    """The steps of both, by seed; of a seed in both, those of `after`."""
    by_seed = {one.seed: one for one in (*before, *after)}
    return [by_seed[seed] for seed in sorted(by_seed)]


def _of_folder(folder: Path) -> tuple[list[Steps], list[str]]:
    found: list[Steps] = []
    notes: list[str] = []
    setting: tuple[str, str] | None = None
    for place in sorted(folder.glob(f"seed_*/{CHECKPOINT}")):
        checkpoint = read_checkpoint(place)
        own = _checked_setting(place, checkpoint)
        if setting is not None and own != setting[0]:
            raise SearchError(f"{place} has another setting than {setting[1]}: give searches of one setting")
        setting = (own, str(place))
        wanted, seed = json.loads(own)["epochs"], int(checkpoint.identity["seed"])
        if checkpoint.epoch < wanted:
            notes.append(f"seed {seed} is not finished ({checkpoint.epoch} of {wanted} epochs) and left out")
            continue
        memory = {name: value.numpy() for name, value in checkpoint.memory.items()}
        found.append(Steps(seed, memory[TRACES], memory[GRADIENTS], memory.get(WEIGHTS)))
    if not found:
        told = f": {'; '.join(notes)}" if notes else ""
        raise SearchError(f"--steps {folder} has no finished search of nasinit search --seeds{told}")
    return sorted(found, key=lambda one: one.seed), notes


def _checked_setting(path: Path, checkpoint: Checkpoint) -> str:
    """The setting of a search of NASI in the whole space, as JSON.

    Raises:
        SearchError: for another search.
    """
    identity = checkpoint.identity
    if not identity["method"].startswith("nasi") or identity["space"] != "nasbench201":
        raise SearchError(
            f"{path} is a search by {identity['method']} in {identity['space']}; they must be NASI's in nasbench201"
        )
    if json.loads(identity["setting"])["without"]:
        raise SearchError(f"{path} left operations out; the steps must be of the whole space (--without nothing)")
    return identity["setting"]


def _read_frame(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, float_precision="round_trip")
    except (OSError, EOFError, ValueError) as error:  # pandas raises ValueErrors for what is no CSV, zlib OSErrors
        reason = str(error).partition("\n")[0]
        raise SearchError(f"--steps {path} cannot be read as a file of NASI's steps ({reason})") from error


def _table(run: pd.DataFrame, columns: Sequence[str]) -> FloatArray:
    """Columns as [T, E, O], the float32 values that they are the text of."""
    values = run[list(columns)].to_numpy(dtype=np.float32).astype(np.float64, order="C")
    return values.reshape(-1, len(EDGES), len(OPERATIONS))  # in C's order, since sums depend on it to the last bit
