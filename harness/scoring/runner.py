"""Score many architectures in processes, one representative per class, into a store that survives a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import SettingError, SpaceError, check_whole
from harness.proxies.registry import Proxy, resolve
from harness.scoring.store import Store
from harness.scoring.versions import installed
from harness.setting import NOISE, Setting
from harness.spaces.space import changed
from harness.text.shown import shown

if TYPE_CHECKING:
    import pandas as pd

    from harness.batches import Batch
    from harness.scoring.engine import Engine, ScoringTask
    from harness.scoring.scorer import Score
    from harness.spaces.space import Architecture, Space

DEFAULT_STORE = "scores.sqlite"
MissingKeys = dict[tuple[Proxy, ...], list[str]]
"""Architecture keys by the proxies whose scores they lack."""


def run(
    space: Space,
    architectures: Iterable[Architecture | str],
    proxies: str | Proxy | Iterable[str | Proxy] = "all",
    *,
    setting: Setting | None = None,
    batch: Batch | None = None,
    data: str | Path | None = None,
    store: str | Path = DEFAULT_STORE,
    workers: int = 1,
    merge_equal: bool = True,
    retry_failed: bool = False,
    executor: Executor | None = None,
    progress: bool = False,
    **changes: object,
) -> pd.DataFrame:
    """Scores of many architectures; those that are in the store already are not computed again.

    Args:
        space: a space from `open_space`.
        architectures: architectures of the space, or their strings.
        proxies: names of proxies, or what `harness.list_proxies` returns; `all` for all except the exhaustive ones.
        setting: setting of all scores; by default that of the space.
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
        progress: whether to draw a progress bar on standard error.
        **changes: fields of the setting to replace, as in `run(..., bn="eval", seed=1)`.

    Returns:
        One row for each proxy and architecture, in the given order: architecture, proxy, score, status, seconds,
        standard_error, message. A failed score is NaN, and its status gives the reason.

    Raises:
        HarnessError: for an unknown proxy, a malformed architecture, a bad setting, or a store that cannot be used.
    """
    chosen = resolve(proxies)
    if not isinstance(setting, (Setting, type(None))):
        raise SettingError(f"setting must be a harness.Setting, got {shown(setting)}")
    if not isinstance(data, (str, Path, type(None))):
        raise SettingError(f"data must be the path of a folder, got {shown(data)}")
    setting = changed(space, setting or Setting(input=space.inputs[0]), changes)
    _check_device(setting)
    check_whole("workers", workers, 1, SettingError)
    members = _parsed(space, architectures)
    setting, batch = _with_batch(space, setting, batch, None if data is None else Path(data))
    scored_as = {key: str(space.minimal(architecture)) if merge_equal else key for key, architecture in members.items()}
    with Store(store) as opened:
        setting_id = opened.setting_id(space.name, setting, installed("torch"))
        number = opened.begin_run(setting_id, chosen, scored_as)
        own, shared = list(members), list(dict.fromkeys(scored_as.values()))
        sizes = _missing(opened, setting_id, {entry: own for entry in chosen if entry.only_size}, retry_failed)
        _write_sizes(opened, setting_id, space, members, sizes, setting)
        wanted = {entry: own if entry.reads_size else shared for entry in chosen if not entry.only_size}
        groups = _missing(opened, setting_id, wanted, retry_failed)
        if groups:
            engine = _engine(workers, executor)
            _score_missing(opened, setting_id, space, groups, setting, batch, engine, progress)
        return opened.frame(number)


def _parsed(space: Space, architectures: Iterable[Architecture | str]) -> dict[str, Architecture]:
    """Architectures by key, without repetitions, in the given order."""
    given = [architectures] if isinstance(architectures, str) else architectures
    cells = (space.parse(str(item)) for item in given)
    members = {str(cell): cell for cell in cells}
    if not members:
        raise SpaceError("no architectures given: nothing to score")
    return members


def _with_batch(space: Space, setting: Setting, batch: Batch | None, data: Path | None) -> tuple[Setting, Batch]:
    """The batch, and the setting with the batch's digest where the seed alone does not determine it."""
    if batch is None:
        if setting.input == "given":
            raise SettingError("a setting with input 'given' needs its batch: pass batch=harness.Batch(inputs, labels)")
        drawn = space.batch(setting, data)
        setting = replace(setting, batch_size=len(drawn))  # a graph has a fixed number of nodes
        return (setting if setting.input in NOISE else replace(setting, batch_digest=drawn.digest())), drawn
    if batch.problem.classes != space.problem.classes:
        raise SettingError(
            f"the space {space.name} has the problem {space.problem.name}, but the batch has {batch.problem.name}"
        )
    changes = {"input": "given", "labels": "true", "batch_size": len(batch), "batch_digest": batch.digest()}
    return changed(space, setting, {**changes, **space.shape_of(batch)}), batch


def _write_sizes(
    store: Store,
    setting_id: int,
    space: Space,
    members: Mapping[str, Architecture],
    groups: MissingKeys,
    setting: Setting,
) -> None:
    """Write the scores of proxies that depend on size alone, from each architecture's own closed form."""
    from harness.scoring.scorer import size_score

    rows: list[tuple[str, Proxy, Score]] = []
    for entries, keys in groups.items():
        for key in keys:
            sizes = space.sizes(members[key], setting.shape)
            rows.extend((key, entry, size_score(entry, sizes)) for entry in entries)
    if rows:
        store.write(setting_id, rows)


def _missing(store: Store, setting_id: int, wanted: Mapping[Proxy, Sequence[str]], retry_failed: bool) -> MissingKeys:
    """Architecture keys by the proxies whose scores they still lack; `wanted` has the keys for each proxy."""
    lacking: dict[str, list[Proxy]] = {}
    for entry, keys in wanted.items():
        finished = store.finished(setting_id, entry, retry_failed=retry_failed)
        for key in keys:
            if key not in finished:
                lacking.setdefault(key, []).append(entry)
    groups: MissingKeys = {}
    for key, entries in lacking.items():
        groups.setdefault(tuple(entries), []).append(key)
    return groups


def _score_missing(
    store: Store,
    setting_id: int,
    space: Space,
    groups: MissingKeys,
    setting: Setting,
    batch: Batch,
    engine: Engine,
    progress: bool,
) -> None:
    from harness.progress import progress_bar

    tasks = [task for entries, keys in groups.items() for task in _tasks(space, keys, setting, entries, batch)]
    by_name = {entry.name: entry for entries in groups for entry in entries}
    bar: AbstractContextManager[Callable[[], None]] = (
        progress_bar(len(tasks)) if progress else nullcontext(lambda: None)
    )
    with bar as advance:
        for task, outcome in engine.outcomes(tasks):
            store.write(setting_id, [(task.key, by_name[name], score) for name, score in outcome.items()])
            advance()


def _engine(workers: int, executor: Executor | None) -> Engine:
    from harness.scoring.engine import Engine, worker_pool

    if executor is not None:
        return Engine(lambda: executor, workers, owned=False)
    return Engine(lambda: worker_pool(workers), workers)


def _tasks(
    space: Space, keys: Sequence[str], setting: Setting, entries: Sequence[Proxy], batch: Batch
) -> list[ScoringTask]:
    import cloudpickle

    from harness.scoring.engine import ScoringTask
    from harness.scoring.travelling import packed

    names = tuple(entry.name for entry in entries)
    sent = packed(space, entries)
    given = cloudpickle.dumps(batch.on("cpu"))
    return [ScoringTask(sent.space, key, setting, names, sent.by_name, given, sent.by_value) for key in keys]


def _check_device(setting: Setting) -> None:
    import torch

    if setting.device.startswith("cuda") and not torch.cuda.is_available():
        raise SettingError(f"device {setting.device!r} was asked for, but torch sees no CUDA device here: use 'cpu'")
