"""Searches by gradients, run for a study: one a method and seed, in processes, each in a folder where it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import Table
from harness.engine import close_pool, worker_pool
from harness.errors import HarnessError, RunError
from harness.report.search_curves import FOR_THE_RECORD
from harness.search import find_method
from harness.search.setting import SearchSetting
from harness.spaces import open_space
from harness.studies.study import StudyOptions

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

PRESET = "laptop"


class Run(NamedTuple):
    """One search.

    Attributes:
        method: as `nasinit list searches` names it.
        setting: of the search.
        data: as `harness.search.run_search` takes it.
        seed: of everything that is drawn.
        space: it searches.
    """

    method: str
    setting: SearchSetting
    data: str
    seed: int
    space: str = "nasbench201"

    @property
    def folder(self) -> str:
        """Where its checkpoint and log lie, below the folder of all searches."""
        return f"{self.method}/seed_{self.seed}"


class Outcome(NamedTuple):
    """What a search leaves: its log, and what its method kept (`harness.search.SearchResult.memory`)."""

    log: pd.DataFrame
    memory: Mapping[str, Tensor]


def setting_of(method: str, space: str, **changes: Any) -> SearchSetting:
    """The laptop preset of a method, with what is not None of the changes."""
    preset = find_method(method).setting(space, PRESET)
    return preset.changed({name: value for name, value in changes.items() if value is not None})


def data_of(method: str, images: Path | None) -> str:
    """What a method searches on: noise if it trains nothing, else the images, or digits without any."""
    own = find_method(method).data
    return own if images is None or own == "noise" else str(images)


def run_all(runs: Sequence[Run], folder: Path, workers: int, say: Callable[[str], None]) -> dict[Run, Outcome]:
    """What all searches leave, of which as many run at once as there are workers.

    A search that lies in its folder goes on, or is read if it is over.

    Raises:
        SearchError: as `run_search`; the other searches' checkpoints stay.
    """
    outcomes = {}
    pool = worker_pool(min(workers, len(runs)))
    over = False
    try:
        waiting = {pool.submit(_run, run, folder / run.folder): run for run in runs}
        for done in as_completed(waiting):
            run = waiting[done]
            outcome = _outcome(done, run, folder)
            outcomes[run] = outcome
            last = outcome.log.iloc[-1]
            say(f"{run.method}, seed {run.seed}: {last['architecture']} ({len(outcomes)} of {len(runs)} searches)")
        over = True
    finally:
        close_pool(pool, kill=not over)
    return {run: outcomes[run] for run in runs}


def say_data(options: StudyOptions) -> None:
    """Say where searches that train find no CIFAR-10."""
    if options.data is None:
        options.say(
            "no CIFAR-10 here: the searches that train take scikit-learn's digits, whose outcome says little of "
            "CIFAR-10. Give --data FOLDER (the binary version), or fetch it with nasinit pull cifar10"
        )


def _outcome(done: Future[Outcome], run: Run, folder: Path) -> Outcome:
    try:
        return done.result()
    except HarnessError:
        raise
    except Exception as error:  # a worker that is killed, or whatever torch raises in it
        died = isinstance(error, BrokenProcessPool)
        what = "a worker died (killed, or out of memory)" if died else f"{type(error).__name__}: {error}"
        raise RunError(
            f"{run.method}, seed {run.seed}: {what}. Finished epochs are in {folder}: the same command goes on; "
            "--workers 1 needs less memory"
        ) from error


def _run(run: Run, folder: Path) -> Outcome:
    """In a process: one search."""
    from harness.search import run_search

    result = run_search(open_space(run.space), run.method, run.setting, data=run.data, seed=run.seed, out=folder)
    return Outcome(result.log, result.memory)


def with_record(log: pd.DataFrame, table: Table, columns: Iterable[str], space: str = "nasbench201") -> pd.DataFrame:
    """The log with the tabulated values of each epoch's choice, as columns `…_for_the_record`."""
    opened = open_space(space)
    keys = [opened.key(opened.parse(text)) for text in log["architecture"]]
    return log.assign(**{f"{column}{FOR_THE_RECORD}": table.values(keys, column) for column in columns})
