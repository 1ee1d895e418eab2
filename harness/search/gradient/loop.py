"""The loop of every gradient-based search: steps, epochs, log and checkpoint. It sees no table and no accuracy."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.errors import DivergedError, SearchError
from harness.search.gradient.checkpoint import (
    ACCURACY,
    CHECKPOINT,
    POLICY,
    Row,
    check_kind_of_folder,
    columns_of,
    load,
    save,
)
from harness.search.gradient.costs import CostRecorder
from harness.search.gradient.data import Images
from harness.search.gradient.graphs import GraphParts, check_learnt
from harness.search.gradient.memory_bound import MOST_BYTES
from harness.search.gradient.method import Method, Step
from harness.search.gradient.relaxation import entropy
from harness.search.gradient.result import SearchResult
from harness.search.gradient.setting import CHECKPOINT_MINUTES, SearchSetting
from harness.search.gradient.stages import advance_stage
from harness.search.gradient.state import SearchTask, Spent, State, initial_state, resumed_state
from harness.search.gradient.steps import accuracy_on_graph, evaluate, one_step, steps_of_epoch
from harness.search.gradient.table_supernet import TableLosses
from harness.search.gradient.task import checkpoint_seconds, search_task
from harness.text.presented import PROVENANCE
from harness.versions import made_with
from harness.writing import make_folder

if TYPE_CHECKING:
    from harness.prediction.predictor import Predictor
    from harness.spaces.node_split import NodeSplit
    from harness.spaces.space import Architecture, Space

LOG = logging.getLogger(__name__)

_SKIP = "skip_connect"


def run_search(
    space: Space,
    method: str | Method,
    setting: SearchSetting | None = None,
    *,
    preset: str = "laptop",
    data: str | Path | Images | TableLosses | NodeSplit | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    device: str = "cpu",
    autocast: bool = False,
    checkpoint_minutes: float = CHECKPOINT_MINUTES,
    record_costs: int = 0,
    predictor: Predictor | None = None,
    progress: bool = False,
) -> SearchResult:
    """Run a gradient-based search; the same arguments give the same search on the same machine.

    Args:
        space: a space from `open_space`, with a supernet.
        method: a name from `nasinit list searches`, or a `Method` of the user's own.
        setting: the setting of the search; by default that of the preset.
        preset: `laptop`, `reduced` (where there is one) or `paper`; ignored where a setting is given.
        data: `digits`, `noise`, the folder of CIFAR-10's binary files, or `Images`; by default the method's own choice.
            With `TableLosses` the search descends the exact expectation of a tabulated loss (`harness.table_losses`).
            For a space of graph networks a file such as FOLDER/cora.npz, `noise`, or a `NodeSplit`, and no default.
        seed: seed of the weights, the architecture parameters, the split, the order of images and all noise. The
            global random state is neither used nor changed.
        out: folder for `checkpoint.pt` and `log.csv`, written after every epoch and, in a long epoch, at an interval.
            If it holds a checkpoint of this search, the search continues from the step after it, with a result equal
            to the last bit to that of an uninterrupted one. None writes nothing.
        device: device of the supernet: `cpu`, `cuda` or `cuda:1`.
        autocast: whether passes run in bfloat16 where torch considers it safe.
        checkpoint_minutes: minutes after which a step in the middle of an epoch writes a checkpoint too, so that a
            killed search loses no more; 0 for every step.
        record_costs: at every so many steps of an epoch the cost of each operation on each edge is recorded, into
            `costs.csv` (`harness.search.gradient.costs`); the search stays the same. 0 records none.
        predictor: a predictor from `harness.latency_predictor`, for a setting with the objective `latency`.
        progress: whether to draw a progress bar on standard error.

    Raises:
        SearchError: for an unknown method, preset or data, a setting that does not fit the method or the data, a folder
            that cannot be written in, or a checkpoint of another search; on a graph, for a supernet that at the end is
            no better than naming the most frequent class.
        DivergedError: when a loss is NaN or infinite, with the step and the last checkpoint.
    """
    task = search_task(
        space, method, setting, preset=preset, data=data, seed=seed, device=device, autocast=autocast,
        record_costs=record_costs, predictor=predictor,
    )  # fmt: skip
    folder = None if out is None else Path(out)
    saving = _Saving(folder, checkpoint_seconds(checkpoint_minutes))
    setting, steps = task.setting, task.split.steps(task.setting)
    if folder is not None:
        check_kind_of_folder(folder, several=False)
        make_folder(folder, "--out", SearchError)
    found = None if folder is None else load(folder, task.identity())
    state = initial_state(task) if found is None else resumed_state(task, found)
    LOG.debug("%s, seed %d: %d epochs and %d steps are done", task.method.name, seed, state.epoch, len(state.losses))
    before = (state.epoch, len(state.losses))
    recorder = _recorder(task, state)
    architecture = None
    with _progress(progress, (setting.epochs - before[0]) * steps - before[1]) as advance:
        while state.epoch < setting.epochs:
            architecture = _epoch(task, state, steps, advance, saving, recorder)
            if recorder is not None and folder is not None:
                recorder.write(folder)
            saving.write(task, state)
    if architecture is None:  # the checkpoint is that of the last epoch
        architecture = space.parse(str(state.rows[-1]["architecture"]))
    if isinstance(task.split, GraphParts):
        check_learnt(task.split.graph, state.rows[-1])
    result = _result(task, state, architecture, *before)
    if recorder is not None:
        result = replace(result, costs=recorder.frame())
    if result.remark:
        LOG.warning("%s, seed %s: %s", task.method.name, seed, result.remark)
    return result


class _Saving:
    """Writes the checkpoints of a search: after each epoch, and inside one when the interval is over.

    Args:
        folder: folder of the search; None writes nothing.
        interval: seconds from one checkpoint to the next inside an epoch.
    """

    def __init__(self, folder: Path | None, interval: float) -> None:
        self.folder, self._interval, self._last = folder, interval, time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the interval since the last checkpoint is over."""
        return self.folder is not None and time.monotonic() - self._last >= self._interval

    def write(self, task: SearchTask, state: State, spent: Spent = (0.0, 0.0)) -> None:
        """Write a checkpoint; `spent` are the seconds of the epoch under way, if one is."""
        if self.folder is not None:
            save(self.folder, state.checkpoint(task, spent))
            self._last = time.monotonic()


def _recorder(task: SearchTask, state: State) -> CostRecorder | None:
    """The recorder of the search's costs; None where none are recorded."""
    if not task.record_costs:
        return None
    return CostRecorder(state.memory, state.supernet.groups, task.setting.epochs, task.record_costs)


def _epoch(
    task: SearchTask,
    state: State,
    steps: int,
    advance: Callable[[], None],
    saving: _Saving,
    recorder: CostRecorder | None,
) -> Architecture:
    """Run one epoch, or what is left of it, and add its row to the log; gives the architecture chosen after it."""
    setting, epoch, spent = task.setting, state.epoch, _stopwatch((state.seconds, state.cpu_seconds))
    if epoch and not state.losses and setting.stage(epoch) != setting.stage(epoch - 1):
        advance_stage(task, state)
    for group in state.weight_optimizer.param_groups:
        group["lr"] = setting.learning_rate(epoch, setting.alpha_warm_up if task.method.in_turn else None)
    moves = not setting.warms_up(epoch)
    for step in steps_of_epoch(task, state, steps):
        if recorder is not None:
            recorder.add(step)
        state.losses.append(one_step(step, moves=moves))
        _remember_most(task, state)
        if not math.isfinite(state.losses[-1]):
            raise _diverged(state.losses[-1], step, saving.folder)
        if saving.is_due:
            saving.write(task, state, spent())
        advance()
    validation, last = evaluate(task, state)
    _remember_most(task, state)
    if task.method.trains_weights and not math.isfinite(validation):
        raise _diverged(validation, last, saving.folder)
    relaxed = task.method.mean(state.parameters, last.moment)
    kept = {name: mask.to(task.device) for name, mask in state.kept.items()}
    choose = task.method.choose
    architecture = task.space.derive(relaxed.weights, relaxed.edges, kept) if choose is None else choose(last)
    if recorder is not None:
        recorder.close(epoch, relaxed.weights)
    seconds, cpu_seconds = spent()
    row: Row = {
        "epoch": epoch + 1,
        "training_loss": math.fsum(state.losses) / len(state.losses),
        "validation_loss": validation,
        "entropy_nats": entropy(relaxed.weights, divided=setting.activation == "clipped"),
        "skip_connections": str(architecture).count(_SKIP),
        "architecture": str(architecture),
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "operation_weights": _weights_text(relaxed.weights),
    }
    state.rows.append(row | _further(task, state, last))
    LOG.debug("%s", ", ".join(f"{name} {value}" for name, value in state.rows[-1].items()))
    state.epoch, state.losses, state.seconds, state.cpu_seconds = epoch + 1, [], 0.0, 0.0
    return architecture


def _further(task: SearchTask, state: State, last: Step) -> Row:
    """What only some searches log: the policy, or the accuracy on the nodes of a graph."""
    found: Row = {}
    if isinstance(task.split, GraphParts):
        found[ACCURACY] = accuracy_on_graph(last)
    if task.method.policy is not None:
        shares = task.method.policy(state.memory, task.setting)
        found[POLICY] = json.dumps({name: round(share, 6) for name, share in shares.items()})
    return found


def _remember_most(task: SearchTask, state: State) -> None:
    """Keep the largest number of bytes of a step so far, of earlier processes too; nothing without a bound."""
    if task.bound is not None:
        most = max(task.bound.most, int(state.memory.get(MOST_BYTES, 0)))
        state.memory[MOST_BYTES] = torch.tensor(most, dtype=torch.int64)


def _stopwatch(before: Spent) -> Callable[[], Spent]:
    """What gives the seconds by the clock and of the processor since now, added to those before."""
    start = time.monotonic() - before[0], time.process_time() - before[1]
    return lambda: (time.monotonic() - start[0], time.process_time() - start[1])


def _weights_text(weights: Mapping[str, Tensor]) -> str:
    """The operation weights as JSON, to a millionth."""
    return json.dumps(
        {name: [[round(one, 6) for one in row] for row in table.tolist()] for name, table in weights.items()}
    )


def _diverged(loss: float, step: Step, folder: Path | None) -> DivergedError:
    kept = "there is no checkpoint" if folder is None else f"the last checkpoint is {folder / CHECKPOINT}"
    if folder is not None and not (folder / CHECKPOINT).is_file():
        kept = "the first epoch was not over, so there is no checkpoint"
    return DivergedError(
        f"{step.method.name}: the loss is {loss} at {step.moment.when}; {kept}. "
        "A smaller weight_lr or alpha_lr, or a smaller gradient_clip, may help"
    )


def _result(task: SearchTask, state: State, architecture: Architecture, epochs: int, steps: int) -> SearchResult:
    import pandas as pd

    relaxed = task.method.mean(state.parameters, state.moment(task, 0))
    weights = {name: table.detach().cpu() for name, table in relaxed.weights.items()}
    log = pd.DataFrame(state.rows, columns=columns_of(state.rows))
    log.attrs[PROVENANCE] = made_with(search={**task.identity(), "setting": json.loads(task.setting.json())})
    memory, remark = dict(state.memory), task.method.remark
    told = "" if remark is None else remark(memory, task.setting)
    policy = None if task.method.policy is None else task.method.policy(memory, task.setting)
    texts = () if task.method.members is None else task.method.members(memory)
    members = tuple(map(task.space.parse, texts))
    return SearchResult(architecture, log, weights, epochs, steps, memory, told, policy=policy, members=members)


def _progress(shown: bool, steps: int) -> AbstractContextManager[Callable[[], None]]:
    from harness.progress import progress_bar

    return progress_bar(steps, "steps", ("searching", "searched")) if shown else nullcontext(lambda: None)
