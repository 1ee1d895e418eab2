"""Score many architectures in processes, one representative per class, into a store that survives a kill."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import SettingError
from harness.proxies.registry import Proxy, resolve
from harness.scoring.devices import placed
from harness.scoring.engines import check_workers, open_engine
from harness.scoring.machine import machine_name
from harness.scoring.row_keys import RowKeys, marked_key, parsed, row_keys
from harness.scoring.seeds import common_start, frame_over_seeds, with_seeds
from harness.scoring.shards import checked_shard, only, shard_of
from harness.scoring.store import Store
from harness.setting import NOISE, Setting, SettingKeywords
from harness.spaces.space import changed
from harness.text.shown import shown
from harness.versions import installed

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client
    from typing_extensions import Unpack

    from harness.batches import Batch
    from harness.scoring.cluster.engine import ClusterEngine
    from harness.scoring.engine import Engine, ScoringTask
    from harness.scoring.scorer import Score
    from harness.scoring.trial import TrialEngine
    from harness.spaces.space import Architecture, Space

LOG = logging.getLogger(__name__)
DEFAULT_STORE = "scores.sqlite"
_SIZES = 10_000
"""Architectures whose sizes are written at once."""


@dataclass(frozen=True)
class _Condition:
    """A setting with its number in the store, and the batch that it describes."""

    number: int
    setting: Setting
    batch: Batch


def run(
    space: Space,
    architectures: Iterable[Architecture | str],
    proxies: str | Proxy | Iterable[str | Proxy] = "all",
    *,
    setting: Setting | None = None,
    seeds: Iterable[int] | None = None,
    batch: Batch | None = None,
    data: str | Path | None = None,
    store: str | Path = DEFAULT_STORE,
    workers: int = 1,
    merge_equal: bool = True,
    retry_failed: bool = False,
    executor: Executor | None = None,
    shard: tuple[int, int] | None = None,
    client: Client | None = None,
    devices: Sequence[str] | None = None,
    workers_per_device: int | None = None,
    progress: bool = False,
    **changes: Unpack[SettingKeywords],
) -> pd.DataFrame:
    """Scores of many architectures; those that are in the store already are not computed again.

    Args:
        space: a space from `open_space`.
        architectures: architectures of the space, or their strings.
        proxies: names of proxies, or what `harness.list_proxies` returns; `all` for all except the exhaustive ones.
        setting: setting of all scores; by default that of the space.
        seeds: seeds under each of which every architecture is scored, such as `range(5)`; by default the setting's
            only seed. Each of them decides what the setting's seed does: the weights, the batch and the probes.
        batch: the batch to score on; by default it is drawn as the setting says.
        data: folder of CIFAR-10's binary files, for the setting's input `cifar10`.
        store: SQLite file of the scores. Scores in it are not computed again, and the same call continues a killed run.
        workers: number of processes, with one torch thread each. The scores do not depend on it.
        merge_equal: whether architectures that are the same network, weight for weight, are scored once: the smallest
            of them (`minimal`) is scored, and all get its row. Proxies that read a size (`params`, `flops`, or a user's
            own, by itself or of the network) are always scored on each architecture as it is written; with False, all
            proxies are.
        retry_failed: whether to compute scores again whose status is not `ok`. Scores that failed because of the
            machine (`died`, `out_of_memory`) are always computed again.
        executor: any `concurrent.futures.Executor` (of a cluster, for example) instead of processes on this machine;
            `workers` is then the number of tasks that it runs at once. Threads of one process take turns, since torch's
            state is global.
        shard: which part to score, such as `(3, 16)` for the third of sixteen parts of equal cost; by default all. The
            parts together are the whole request, to the last bit; a store that has the rows of all of them
            (`nasinit store merge`) has the request, and the same call without `shard` computes nothing.
        client: a `distributed.Client`, to compute on the workers of its Dask cluster instead. Workers may die, be
            killed and join late; one with another version of nasinit or torch gets no task.
        devices: GPUs that compute, such as `["cuda:0", "cuda:2"]`; by default the setting's device, where `cuda` is all
            that torch sees. Each process uses one of them. All rows are of the device `cuda`, so that a run goes on
            with other GPUs; the store knows which made a score.
        workers_per_device: number of processes that share a GPU; by default `workers` processes are spread over the
            GPUs, and where that is 1, a short trial finds the fastest number.
        progress: whether to draw a progress bar on standard error.
        **changes: fields of the setting to replace, as in `run(..., bn="eval", seed=1)`, and sizes, as in
            `run(..., width=4)`; sizes of a space that is not built in go by `shape={"hidden": 8}`.

    Returns:
        One row for each proxy and architecture, in the given order: architecture, proxy, score, status, seconds,
        standard_error, message. A failed score is NaN, and its status gives the reason. With `seeds` these rows stand
        one seed after the other, with a column `seed`; those of one seed are the rows of a run with `seed`. With
        `shard` they are those of the shard's architectures.

    Raises:
        HarnessError: for an unknown proxy, a malformed architecture, a bad setting, or a store that cannot be used.

    >>> import tempfile
    >>> from harness.spaces import open_space
    >>> space = open_space("nasbench201")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     frame = run(space, space.sample(2), "params", seeds=range(3), store=f"{folder}/scores.sqlite")
    >>> len(frame), frame["seed"].tolist()
    (6, [0, 0, 1, 1, 2, 2])
    """
    if isinstance(space, str) or not hasattr(space, "minimal"):
        raise SettingError(f"a space is one of harness.open_space, got {shown(space)}")
    chosen = resolve(proxies)
    if not isinstance(setting, (Setting, type(None))):
        raise SettingError(f"setting must be a harness.Setting, got {shown(setting)}")
    if not isinstance(data, (str, Path, type(None))):
        raise SettingError(f"data must be the path of a folder, got {shown(data)}")
    setting = changed(space, setting or Setting(input=space.inputs[0]), changes)
    check_workers(workers, executor, client)
    setting, placement = placed(
        setting, devices, workers, workers_per_device, elsewhere=executor is not None or client is not None
    )
    part = None if shard is None else checked_shard(shard)
    members = parsed(space, architectures)
    folder = None if data is None else Path(data)
    settings = [setting] if seeds is None else with_seeds(setting, seeds, changes)
    given = [_with_batch(space, one, batch, folder) for one in settings]
    keys = row_keys(space, members, merge_equal)
    mine, taken = (members, keys) if part is None else shard_of(space, members, keys, given[0][0].shape, part)
    with Store(store) as opened:
        conditions = [
            _Condition(opened.setting_id(space.name, one, installed("torch")), one, drawn) for one, drawn in given
        ]
        started = common_start() if len(conditions) > 1 else None
        numbers = [
            opened.begin_run(one.number, chosen, keys.scored_as, started=started, own_sizes=not keys.by_user_code)
            for one in conditions
        ]
        tasks = [
            task
            for condition in conditions
            for task in _missing_tasks(opened, condition, space, mine, taken, chosen, retry_failed)
        ]
        if tasks:
            engine = open_engine(placement, executor, client)
            asked = len(mine) * len(conditions)
            _score_missing(opened, conditions, chosen, tasks, asked, engine, executor is client is None, progress)
        if seeds is None:
            frame = opened.frame(numbers[0])
        else:
            frame = frame_over_seeds(opened, numbers, [condition.setting.seed for condition in conditions])
    return frame if part is None else only(frame, mine)


def _with_batch(space: Space, setting: Setting, batch: Batch | None, data: Path | None) -> tuple[Setting, Batch]:
    """The batch, and the setting with the batch's digest where the seed alone does not determine it."""
    if batch is None:
        if setting.input == "given":
            raise SettingError("a setting with input 'given' needs its batch: pass batch=harness.Batch(inputs, labels)")
        drawn = space.batch(setting, data)
        setting = replace(setting, batch_size=len(drawn))  # a graph has a fixed number of nodes
        if setting.input in NOISE:
            return setting, drawn
        sizes = {**setting.shape, **space.shape_of(drawn)}  # a data set decides the sizes of its inputs
        return changed(space, setting, {"batch_digest": drawn.digest(), "shape": sizes}), drawn
    if batch.problem.classes != space.problem.classes:
        raise SettingError(
            f"the space {space.name} has the problem {space.problem.name}, but the batch has {batch.problem.name}"
        )
    changes = {"input": "given", "labels": "true", "batch_size": len(batch), "batch_digest": batch.digest()}
    return changed(space, setting, {**changes, **space.shape_of(batch)}), batch


def _missing_tasks(
    store: Store,
    condition: _Condition,
    space: Space,
    members: Mapping[str, Architecture],
    keys: RowKeys,
    chosen: Sequence[Proxy],
    retry_failed: bool,
) -> list[ScoringTask]:
    """Tasks for the scores that a store lacks in one condition; those that follow from closed forms are written."""
    import cloudpickle

    own, shared = keys.own, keys.shared
    wanted = {entry: own if entry.reads_size else shared for entry in chosen}
    groups: dict[tuple[Proxy, ...], dict[str, str]] = {}
    missing = store.missing(condition.number, wanted, retry_failed=retry_failed)
    _log_missing(condition.setting.seed, wanted, missing)
    for entries, rows in missing.items():
        closed = () if keys.by_user_code else tuple(entry for entry in entries if entry.only_size)
        if closed:
            _write_sizes(store, condition, space, members, closed, rows)
        if others := tuple(entry for entry in entries if entry not in closed):
            groups.setdefault(others, {}).update((row, keys.texts[row]) for row in rows)
    batch = cloudpickle.dumps(condition.batch.on("cpu")) if groups else b""
    return [task for entries, texts in groups.items() for task in _tasks(space, texts, condition, entries, batch)]


def _log_missing(
    seed: int, wanted: Mapping[Proxy, Sequence[str]], missing: Mapping[tuple[Proxy, ...], Sequence[str]]
) -> None:
    """Log for each proxy how many scores are in the store, and how many are to be made."""
    if LOG.isEnabledFor(logging.DEBUG):
        for entry, rows in wanted.items():
            lacking = sum(len(some) for entries, some in missing.items() if entry in entries)
            LOG.debug("seed %d, %s: %d scores in the store, %d to make", seed, entry.name, len(rows) - lacking, lacking)


def _write_sizes(
    store: Store,
    condition: _Condition,
    space: Space,
    members: Mapping[str, Architecture],
    entries: Sequence[Proxy],
    keys: Sequence[str],
) -> None:
    """Write the scores of proxies that depend on size alone, from each architecture's own closed form."""
    from harness.scoring.scorer import size_score

    for start in range(0, len(keys), _SIZES):
        rows: list[tuple[str, Proxy, Score]] = []
        for key in keys[start : start + _SIZES]:
            sizes = space.sizes(members[key], condition.setting.shape)
            rows.extend((key, entry, size_score(entry, sizes)) for entry in entries)
        store.write(condition.number, rows, machine=machine_name("cpu"))


def _score_missing(
    store: Store,
    conditions: Sequence[_Condition],
    chosen: Sequence[Proxy],
    tasks: Sequence[ScoringTask],
    asked: int,
    engine: Engine | ClusterEngine | TrialEngine,
    here: bool,
    progress: bool,
) -> None:
    from harness.scoring.held import Held
    from harness.scoring.run_progress import run_progress, spread, timed_count

    by_name = {entry.name: entry for entry in chosen}
    numbers = {condition.setting: condition.number for condition in conditions}
    what = "architectures" if len(conditions) == 1 else "architectures and seeds"
    if len({(task.key, task.fingerprint, task.setting) for task in tasks}) < len(tasks):
        what = "parts of architectures"  # some proxies are scored by themselves
    elif len(tasks) > asked:
        what = "networks"  # of some architectures also the smallest that is the same network, for other proxies
    LOG.debug("%s %s to score by passes over networks", f"{len(tasks):,}", what)
    timed = timed_count(len(tasks), engine.workers) if progress else 0
    held = Held(store)
    with run_progress(len(tasks), what, engine, timed) if progress else nullcontext(lambda scores: None) as advance:
        with held:
            for task, outcome in engine.outcomes(spread(tasks, timed)):
                row = marked_key(task.key, task.fingerprint)
                place = task.setting.device if task.device is None else task.device.place
                scores = [(row, by_name[name], score) for name, score in outcome.items()]
                held.add(numbers[task.setting], scores, machine_name(place) if here else None)
                if not engine.more_at_hand:
                    held.write()
                advance(outcome.values())


def _tasks(
    space: Space, texts: Mapping[str, str], condition: _Condition, entries: Sequence[Proxy], batch: bytes
) -> list[ScoringTask]:
    """A task for each architecture; `texts` are the architectures by the key of their rows, `batch` is pickled."""
    from harness.scoring.engine import ScoringTask
    from harness.scoring.travelling import packed

    names = tuple(entry.name for entry in entries)
    sent = packed(space, entries)
    return [
        ScoringTask(
            sent.space, text, condition.setting, names, sent.by_name, batch, sent.by_value,
            fingerprint=row[len(text) + 1 :], own_space=sent.own_space,
        )
        for row, text in texts.items()
    ]  # fmt: skip
