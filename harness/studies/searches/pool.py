"""A study's searches by gradients: one for each method and seed, in processes; each resumes from its folder."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CheckpointError, DivergedError, HarnessError, RunError
from harness.evaluation import Table
from harness.evaluation.columns import FOR_THE_RECORD, SPACE
from harness.evaluation.matching import column_by_key
from harness.progress import progress_bar
from harness.scoring.cluster.connection import connected
from harness.scoring.cluster.whole_tasks import TaskEnd
from harness.scoring.engine import close_pool, worker_pool
from harness.scoring.shards import checked_shard, dealt
from harness.search import find_method
from harness.search.gradient.setting import SearchSetting
from harness.spaces import open_space
from harness.studies.options import StudyOptions
from harness.studies.searches.one_search import run_one
from harness.studies.searches.progress import SearchProgress
from harness.studies.searches.runs import PRESET, Failure, Outcome, Outcomes, Run, Running

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

LOG = logging.getLogger(__name__)
SEARCHES = "searches"
"""Folder of a study's searches, in that of its results."""
_LOOK_SECONDS = 2.0
_LINE_SECONDS = 60.0


def setting_of(method: str, space: str, preset: str = PRESET, **changes: Any) -> SearchSetting:
    """The setting of a method's preset, with the changes that are not None."""
    setting = find_method(method).setting(space, preset)
    return setting.changed({name: value for name, value in changes.items() if value is not None})


def data_of(method: str, images: Path | None) -> str:
    """Data of a search: noise if the method trains nothing, else the images or, without images, digits."""
    own = find_method(method).data
    return own if images is None or own == "noise" else str(images)


def search_all(runs: Sequence[Run], options: StudyOptions) -> Outcomes:
    """Run all searches of a study into `out/searches`: in processes of this machine, or on the workers of a cluster.

    Raises:
        CheckpointError: as `run_all`.
        RunError: as `run_all`, or if no scheduler answers.
        SettingError: if Dask distributed is needed and not installed.
    """
    folder = options.out / SEARCHES
    with connected(options.scheduler) as client:
        where = f"{options.workers} at once" if client is None else "on a cluster"
        options.say(f"{len(runs)} searches by gradients, {where}, into {folder}")
        return run_all(runs, folder, options.workers, options.say, progress=options.progress, client=client)


def of_shard(runs: Sequence[Run], options: StudyOptions) -> list[Run]:
    """The searches of the shard of a study, or all of them where it has none."""
    return list(runs) if options.shard is None else dealt(runs, checked_shard(options.shard))


def say_searches_of_shard(options: StudyOptions) -> None:
    """Print where the searches of a shard are, and how the study is made of all shards."""
    options.say(
        f"\nThe searches of this shard are in {options.out / 'searches'}. When those of all shards are in one such "
        "folder, the same command without --shard makes the study."
    )


def run_all(
    runs: Sequence[Run],
    folder: Path,
    workers: int,
    say: Callable[[str], None],
    running: Running = Running(),  # noqa: B008 — it does not change
    *,
    progress: bool = True,
    client: Client | None = None,
) -> Outcomes:
    """Run all searches, as many at once as there are workers, under a progress bar if `progress`.

    An interrupted search goes on from its folder, and a finished one is read. A search that fails does not end the
    others.

    Args:
        runs: the searches.
        folder: folder of all searches, with a folder for each.
        workers: number of processes of this machine; without effect on a cluster.
        say: function that prints a line.
        running: how they run.
        progress: whether to draw a progress bar.
        client: client of a Dask cluster, on whose workers the searches run; None for processes of this machine.

    Raises:
        CheckpointError: a folder holds a checkpoint of another search; nothing more is run then.
        RunError: all of the searches failed, or a worker of this machine died; the checkpoints stay.
    """
    outcomes = Outcomes({}, {})
    if not runs:
        return outcomes
    if client is None:
        with closing(_on_processes(runs, folder, workers, running)) as ends:
            _follow(runs, ends, folder, workers, say, outcomes, progress=progress)
    else:
        from harness.studies.searches.on_cluster import searches_on_cluster

        with searches_on_cluster(client, runs, folder, running) as tasks, closing(tasks.ends()) as ends:
            LOG.info("%s", tasks.introduction())
            _follow(runs, ends, folder, tasks.workers, say, outcomes, progress=progress)
    if not outcomes.ended:
        first = next(run for run in runs if run in outcomes.failed)
        raise RunError(f"every search failed. {first.title}: {outcomes.failed[first].reason}")
    if outcomes.failed:
        say(_advice(outcomes.failed))
    return Outcomes(
        {run: outcomes.ended[run] for run in runs if run in outcomes.ended},
        {run: outcomes.failed[run] for run in runs if run in outcomes.failed},
    )


def say_data(options: StudyOptions) -> None:
    """Print that searches train on digits, if CIFAR-10 is not available."""
    if options.data is None:
        options.say(
            "no CIFAR-10 here: the searches that train take scikit-learn's digits, whose outcome says little of "
            "CIFAR-10. Give --data FOLDER (the binary version), or fetch it with nasinit pull cifar10"
        )


def with_record(log: pd.DataFrame, table: Table, columns: Iterable[str], space: str = SPACE) -> pd.DataFrame:
    """The log with tabulated values of each epoch's architecture as columns `…_for_the_record`; NaN if not tabulated.

    Args:
        log: log of a search, with a column `architecture`; the search itself never sees the values.
        table: a table of the space, whose architectures may be written in any form.
        columns: names of columns of the table.
        space: name of the space.

    Raises:
        TableError: an unknown column, or what `harness.evaluation.matching.column_by_key` refuses.
    """
    opened = open_space(space)
    keys = [opened.key(opened.parse(text)) for text in log["architecture"]]
    found = {}
    for column in columns:
        values = column_by_key(table, column).values
        found[f"{column}{FOR_THE_RECORD}"] = [values.get(key, math.nan) for key in keys]
    return log.assign(**found)


def tabulated(frame: pd.DataFrame, table: Table, columns: Iterable[str]) -> pd.DataFrame:
    """The frame of finished searches with the table's values of each `architecture`; NaN in rows of another `space`.

    Raises:
        TableError: an unknown column, or a cell that the table lacks.
    """
    space, here = open_space(table.facts.space), frame["space"] == table.facts.space
    keys = [space.key(space.parse(text)) for text in frame.loc[here, "architecture"]]
    found = frame.copy()
    for column in columns:
        found[column] = math.nan
        found.loc[here, column] = table.values(keys, column)
    return found


def _on_processes(
    runs: Sequence[Run], folder: Path, workers: int, running: Running
) -> Generator[TaskEnd[Outcome] | None]:
    """The ends of the searches in processes of this machine, in the order in which they come; None from time to time.

    Raises:
        RunError: a worker died.
    """
    pool = worker_pool(min(workers, len(runs)))
    over = False
    try:
        waiting = {pool.submit(run_one, run, folder / run.folder, running): place for place, run in enumerate(runs)}
        pending = set(waiting)
        while pending:
            ended, pending = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for done in ended:
                place, error = waiting[done], done.exception()
                if isinstance(error, BrokenProcessPool):
                    raise RunError(
                        f"{runs[place].title}: a worker died (killed, or out of memory). Finished epochs are in "
                        f"{folder}: the same command goes on; --workers 1 needs less memory"
                    ) from error
                yield TaskEnd(place, done.result() if error is None else None, error)
            yield None
        over = True
    finally:
        close_pool(pool, kill=not over)


def _follow(
    runs: Sequence[Run],
    ends: Iterable[TaskEnd[Outcome] | None],
    folder: Path,
    workers: int,
    say: Callable[[str], None],
    outcomes: Outcomes,
    *,
    progress: bool,
) -> None:
    """Collect the outcomes as the searches end, under a progress bar over their epochs if `progress`."""
    epochs = sum(run.setting.epochs for run in runs)
    bar = (
        progress_bar(epochs, "epochs", ("searching", "searched"), alike=False, every_seconds=_LINE_SECONDS)
        if progress
        else nullcontext(_advance_nothing)
    )
    with bar as advance:
        shown, looked = SearchProgress(runs, folder, workers, advance), time.monotonic()
        for found in ends:
            if found is not None:
                _file(runs[found.place], found, outcomes)
                say(_line(runs[found.place], outcomes, len(runs)))
            elif time.monotonic() - looked < _LOOK_SECONDS:
                continue
            looked = time.monotonic()
            shown.show({*outcomes.ended, *outcomes.failed})


def _file(run: Run, end: TaskEnd[Outcome], outcomes: Outcomes) -> None:
    """Add the result or the failure of a search to the outcomes.

    Raises:
        CheckpointError: the search's folder holds a checkpoint of another search.
    """
    if end.result is not None:
        outcomes.ended[run] = end.result
        if end.result.remark:
            LOG.warning("%s: %s", run.title, end.result.remark)
    elif isinstance(end.error, CheckpointError):
        raise end.error
    elif isinstance(end.error, DivergedError):
        outcomes.failed[run] = Failure(str(end.error), diverged=True)
    else:  # whatever torch raises in one search says nothing of the others
        known = isinstance(end.error, HarnessError)
        outcomes.failed[run] = Failure(str(end.error) if known else f"{type(end.error).__name__}: {end.error}")


def _line(run: Run, outcomes: Outcomes, count: int) -> str:
    """A line on the result of a search, and on how many searches are finished."""
    over = f"({len(outcomes.ended) + len(outcomes.failed)} of {count} searches)"
    if run in outcomes.failed:
        return f"{run.title} failed: {outcomes.failed[run].reason} {over}"
    return f"{run.title}: {outcomes.ended[run].log.iloc[-1]['architecture']} {over}"


def _advice(failed: Mapping[Run, Failure]) -> str:
    return (
        f"failed: {'; '.join(run.title for run in failed)}. The other searches are whole. The same command tries these "
        "again, from their last checkpoints; one that diverged does so again with the same seed, so for others give "
        "another --seed and another --out"
    )


def _advance_nothing(note: str = "", *, steps: int = 1) -> None:
    """Take the place of a progress bar that is not shown."""
