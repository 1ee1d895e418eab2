"""Searches by gradients on the workers of a Dask cluster, whether these see the folder of the searches or not."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.scoring.cluster.whole_tasks import TaskEnd, WholeTasks
from harness.search.gradient.checkpoint import CHECKPOINT, LOG
from harness.search.gradient.costs import COSTS
from harness.studies.searches.one_search import run_one
from harness.studies.searches.runs import Outcome, Run, Running
from harness.writing import partial_path, remove_left, replacing, temporary_folder

if TYPE_CHECKING:
    from distributed import Client

_SEEN = "seen-by-workers"
_FILES = (CHECKPOINT, LOG, COSTS)


class _Sent(NamedTuple):
    """What a worker returns: the outcome, and the search's files where it does not see the folder."""

    outcome: Outcome
    files: Mapping[str, bytes]


class ClusterSearches:
    """Searches on a cluster; see `WholeTasks` for the death of workers.

    A worker that sees the folder of the searches works there: when it dies, the next one goes on from its checkpoint.
    A worker that does not see it works in a temporary folder, from the checkpoint that is here if there is one, and
    sends the files of the finished search back.

    Args:
        client: the cluster's client.
        runs: the searches.
        folder: folder of all searches.
        running: how they run.
        sign: file in the folder, by which a worker knows that it sees it.
    """

    def __init__(self, client: Client, runs: Sequence[Run], folder: Path, running: Running, sign: Path) -> None:
        self._runs, self._folder, self._running, self._sign = runs, folder, running, sign
        self._tasks = WholeTasks(client, run_on_worker, self._arguments, len(runs), self._reached)

    @property
    def workers(self) -> int:
        """Number of searches that can run at once."""
        return self._tasks.workers

    def introduction(self) -> str:
        """Where the searches run; for people."""
        return self._tasks.introduction()

    def ends(self) -> Generator[TaskEnd[Outcome] | None]:
        """The ends of the searches, whose files are then here; None from time to time.

        Raises:
            RunError: when the scheduler is lost, or when no worker can be used.
            OSError: when files cannot be written here.
        """
        for end in self._tasks.ends():
            if end is None:
                yield None
            elif end.result is None:
                yield TaskEnd(end.place, None, end.error)
            else:
                self._keep(self._folder_of(end.place), end.result.files)
                yield TaskEnd(end.place, end.result.outcome, None)

    def _folder_of(self, place: int) -> Path:
        return self._folder / self._runs[place].folder

    def _arguments(self, place: int) -> tuple[Run, Path, Running, Path, Mapping[str, bytes]]:
        return self._runs[place], self._folder_of(place), self._running, self._sign, _read(self._folder_of(place))

    def _reached(self, place: int) -> object:
        """When a search's checkpoint was written last; None without one."""
        with suppress(OSError):
            return (self._folder_of(place) / CHECKPOINT).stat().st_mtime_ns
        return None

    @staticmethod
    def _keep(folder: Path, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            with replacing(folder / name) as partial:
                partial.write_bytes(content)


@contextmanager
def searches_on_cluster(
    client: Client, runs: Sequence[Run], folder: Path, running: Running
) -> Iterator[ClusterSearches]:
    """Searches on a cluster; a sign lies in their folder as long as the block lasts.

    Raises:
        OSError: if the folder cannot be written in.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    remove_left(folder / _SEEN)
    sign = partial_path(folder / _SEEN)
    sign.touch()
    try:
        yield ClusterSearches(client, runs, folder, running, sign)
    finally:
        sign.unlink(missing_ok=True)


def run_on_worker(run: Run, folder: Path, running: Running, sign: Path, files: Mapping[str, bytes]) -> _Sent:
    """Run one search; called on a worker.

    Args:
        run: the search.
        folder: its folder on the machine of the driver.
        running: how it runs.
        sign: file that is there where the worker sees the driver's folder.
        files: the files of the search that the driver has.
    """
    from harness.scoring.scorer import ONE_AT_A_TIME

    with ONE_AT_A_TIME:  # torch's thread count belongs to the process, and a worker may have several threads
        if sign.is_file():
            return _Sent(run_one(run, folder, running), {})
        with temporary_folder() as own:
            for name, content in files.items():
                (own / name).write_bytes(content)
            return _Sent(run_one(run, own, running), _read(own))


def _read(folder: Path) -> dict[str, bytes]:
    """The files of a search in its folder, those that are there."""
    return {name: (folder / name).read_bytes() for name in _FILES if (folder / name).is_file()}
