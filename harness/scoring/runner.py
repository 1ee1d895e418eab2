"""Score many architectures: in processes, one representative a class, into a store that a kill cannot spoil."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ProxyError, SettingError, SpaceError, check_whole
from harness.proxies.registry import Proxy, resolve
from harness.scoring.store import Store
from harness.setting import NOISE, Setting
from harness.spaces.space import changed

if TYPE_CHECKING:
    import pandas as pd

    from harness.batches import Batch
    from harness.scoring.engine import Engine, Task
    from harness.scoring.scorer import Score
    from harness.spaces.space import Architecture, Space

DEFAULT_STORE = "scores.sqlite"
Groups = dict[tuple[Proxy, ...], list[str]]
"""Architecture keys by the proxies that they lack."""


def run(
    space: Space,
    architectures: Iterable[Architecture | str],
    proxies: str | Iterable[str] = "all",
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
    """Scores of many architectures, from the store where they are there already.

    Args:
        space: from `open_space`.
        architectures: of the space, or their strings.
        proxies: names, or `all` but the exhaustive ones.
        setting: of every score.
        batch: scored on it; by default the setting says how the batch is drawn.
        data: folder of CIFAR-10's binary files, for the setting's input `cifar10`.
        store: SQLite file; what is in it is not computed again, and a killed run goes on with the same call.
        workers: processes, one torch thread each. The scores do not depend on it.
        merge_equal: score architectures that are the same network, weight for weight, once: the smallest of them
            (`minimal`), whose row all get. Proxies that read a size (`params`, `flops`, or one's own) are always scored
            on each architecture as it is written. False does so for all proxies.
        retry_failed: compute scores anew whose status is not `ok`. Those that the machine failed (`died`,
            `out_of_memory`) are always tried again.
        executor: any `concurrent.futures.Executor` (a cluster's, say) instead of processes on this machine; `workers`
            then says how many tasks it runs at once. Threads of one process take turns: torch's state is global.
        progress: draw a progress bar on standard error.
        **changes: fields of the setting to replace, as in `run(..., bn="eval", seed=1)`.

    Returns:
        A row for each proxy and architecture, in the order given: architecture, proxy, score, status, seconds,
        standard_error, message. A failed score is NaN and its status says why.

    Raises:
        HarnessError: for an unknown proxy, a malformed architecture, a bad setting, or a store that cannot be used.
    """
    chosen = resolve(proxies)
    setting = changed(space, setting or Setting(input=space.inputs[0]), changes)
    _check_device(setting)
    check_whole("workers", workers, 1, SettingError)
    members = _parsed(space, architectures)
    setting, batch = _with_batch(space, setting, batch, None if data is None else Path(data))
    scored_as = {key: str(space.minimal(architecture)) if merge_equal else key for key, architecture in members.items()}
    with Store(store) as opened:
        setting_id = opened.setting_id(space.name, setting, _torch_version())
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
    """Architectures by key, without repetitions, in the order given."""
    given = [architectures] if isinstance(architectures, str) else architectures
    cells = (space.parse(str(item)) for item in given)
    members = {str(cell): cell for cell in cells}
    if not members:
        raise SpaceError("no architectures given: nothing to score")
    return members


def _with_batch(space: Space, setting: Setting, batch: Batch | None, data: Path | None) -> tuple[Setting, Batch]:
    """The batch, and the setting that names its content where the seed alone does not."""
    if batch is None:
        if setting.input == "given":
            raise SettingError("a setting with input 'given' needs its batch: pass batch=harness.Batch(inputs, labels)")
        drawn = space.batch(setting, data)
        setting = replace(setting, batch_size=len(drawn))  # a graph has the nodes that it has
        return (setting if setting.input in NOISE else replace(setting, batch_digest=drawn.digest())), drawn
    if batch.problem.classes != space.problem.classes:
        raise SettingError(
            f"the space {space.name} is about {space.problem.name}; the batch about {batch.problem.name}"
        )
    changes = {"input": "given", "labels": "true", "batch_size": len(batch), "batch_digest": batch.digest()}
    return changed(space, setting, {**changes, **space.shape_of(batch)}), batch


def _write_sizes(
    store: Store,
    setting_id: int,
    space: Space,
    members: Mapping[str, Architecture],
    groups: Groups,
    setting: Setting,
) -> None:
    """Rows of the proxies that follow from the closed form of each architecture's own size."""
    from harness.scoring.scorer import size_score

    rows: list[tuple[str, Proxy, Score]] = []
    for entries, keys in groups.items():
        for key in keys:
            sizes = space.sizes(members[key], setting.shape)
            rows.extend((key, entry, size_score(entry, sizes)) for entry in entries)
    if rows:
        store.write(setting_id, rows)


def _missing(store: Store, setting_id: int, wanted: Mapping[Proxy, Sequence[str]], retry_failed: bool) -> Groups:
    """Keys by the set of proxies that they still lack; `wanted` says which keys each proxy needs."""
    lacking: dict[str, list[Proxy]] = {}
    for entry, keys in wanted.items():
        finished = store.finished(setting_id, entry, retry_failed=retry_failed)
        for key in keys:
            if key not in finished:
                lacking.setdefault(key, []).append(entry)
    groups: Groups = {}
    for key, entries in lacking.items():
        groups.setdefault(tuple(entries), []).append(key)
    return groups


def _score_missing(
    store: Store,
    setting_id: int,
    space: Space,
    groups: Groups,
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


def _tasks(space: Space, keys: Sequence[str], setting: Setting, entries: Sequence[Proxy], batch: Batch) -> list[Task]:
    import cloudpickle

    from harness.scoring.engine import Task

    names = tuple(entry.name for entry in entries)
    try:
        pickled = cloudpickle.dumps(list(entries))
    except Exception as error:  # a function of the user's may refer to anything
        raise ProxyError(
            f"one of the proxies {', '.join(names)} refers to something that cannot be sent to a worker process "
            f"({error}): make it inside the function"
        ) from error
    where, given = cloudpickle.dumps(space), cloudpickle.dumps(batch.on("cpu"))
    return [Task(where, key, setting, names, pickled, given) for key in keys]


def _check_device(setting: Setting) -> None:
    import torch

    if setting.device.startswith("cuda") and not torch.cuda.is_available():
        raise SettingError(f"device {setting.device!r} was asked for, but torch sees no CUDA device here: use 'cpu'")


def _torch_version() -> str:
    from importlib.metadata import version

    return version("torch")
