"""Pool of a study's searches by gradients: one for each method and seed, in processes; each resumes from its folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CheckpointError, DivergedError, HarnessError, RunError
from harness.evaluation import Table
from harness.evaluation.columns import FOR_THE_RECORD, SPACE
from harness.evaluation.matching import column_by_key
from harness.progress import progress_bar
from harness.scoring.engine import close_pool, worker_pool
from harness.search import find_method
from harness.search.gradient.setting import SearchSetting
from harness.spaces import open_space
from harness.studies.options import StudyOptions
from harness.studies.searches.progress import SearchProgress
from harness.studies.searches.runs import Failure, Outcome, Outcomes, Run, Running

if TYPE_CHECKING:
    import pandas as pd

PRESET = "laptop"
_LOOK_SECONDS = 2.0
_LINE_SECONDS = 60.0


def setting_of(method: str, space: str, **changes: Any) -> SearchSetting:
    """The laptop preset of a method, with the changes that are not None."""
    preset = find_method(method).setting(space, PRESET)
    return preset.changed({name: value for name, value in changes.items() if value is not None})


def data_of(method: str, images: Path | None) -> str:
    """Data of a search: noise if the method trains nothing, else the images or, without images, digits."""
    own = find_method(method).data
    return own if images is None or own == "noise" else str(images)


def run_all(
    runs: Sequence[Run],
    folder: Path,
    workers: int,
    say: Callable[[str], None],
    running: Running = Running(),  # noqa: B008 — it does not change
    *,
    progress: bool = True,
) -> Outcomes:
    """Run all searches, as many at once as there are workers, under a progress bar if `progress`.

    An interrupted search goes on from its folder, and a finished one is read. A search that fails does not end the
    others.

    Raises:
        CheckpointError: a folder holds a checkpoint of another search; nothing more is run then.
        RunError: all of the searches failed, or a worker died; the checkpoints stay.
    """
    outcomes = Outcomes({}, {})
    if not runs:
        return outcomes
    pool = worker_pool(min(workers, len(runs)))
    over = False
    try:
        waiting = {pool.submit(_run, run, folder / run.folder, running): run for run in runs}
        _follow(waiting, folder, workers, say, outcomes, progress=progress)
        over = True
    finally:
        close_pool(pool, kill=not over)
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


def _follow(
    waiting: Mapping[Future[Outcome], Run],
    folder: Path,
    workers: int,
    say: Callable[[str], None],
    outcomes: Outcomes,
    *,
    progress: bool,
) -> None:
    """Collect the outcomes as the searches end, under a progress bar over their epochs if `progress`."""
    runs, pending = list(waiting.values()), set(waiting)
    epochs = sum(run.setting.epochs for run in runs)
    bar = (
        progress_bar(epochs, "epochs", ("searching", "searched"), alike=False, every_seconds=_LINE_SECONDS)
        if progress
        else nullcontext(_advance_nothing)
    )
    with bar as advance:
        shown = SearchProgress(runs, folder, workers, advance)
        while pending:
            ended, pending = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for done in ended:
                _file(done, waiting[done], folder, outcomes)
                say(_line(waiting[done], outcomes, len(runs)))
            shown.show({*outcomes.ended, *outcomes.failed})


def _file(done: Future[Outcome], run: Run, folder: Path, outcomes: Outcomes) -> None:
    """Add the result or the failure of a search to the outcomes.

    Raises:
        CheckpointError: the search's folder holds a checkpoint of another search.
        RunError: the search's worker died.
    """
    try:
        outcomes.ended[run] = done.result()
    except CheckpointError:
        raise
    except BrokenProcessPool as error:
        raise RunError(
            f"{run.title}: a worker died (killed, or out of memory). Finished epochs are in {folder}: the same "
            "command goes on; --workers 1 needs less memory"
        ) from error
    except DivergedError as error:
        outcomes.failed[run] = Failure(str(error), diverged=True)
    except Exception as error:  # whatever torch raises in one search says nothing of the others
        reason = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        outcomes.failed[run] = Failure(reason)


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


def _run(run: Run, folder: Path, running: Running) -> Outcome:
    """Run one search; called in a worker process."""
    import torch

    from harness.search import run_search

    torch.set_num_threads(running.threads)
    result = run_search(
        open_space(run.space), run.method, run.setting, data=run.data, seed=run.seed, out=folder,
        device=running.device, autocast=running.autocast, checkpoint_minutes=running.checkpoint_minutes,
    )  # fmt: skip
    return Outcome(result.log, result.memory)
