"""What all that sends work to the workers of a Dask scheduler has in common."""

from __future__ import annotations

import math
import queue
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from harness.errors import RunError
from harness.scoring.cluster.connection import dashboard, in_workers
from harness.scoring.cluster.workers import Workers

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK_SECONDS = 0.5


class Dispatcher:
    """The scheduler and its workers, as one run sees them.

    Args:
        client: the cluster's client.
    """

    _where_kept: ClassVar[str]
    """Where what was finished is, for the message of a scheduler that was lost."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._run = f"nasinit-{uuid.uuid4().hex}"
        self._address = str(client.scheduler.address)
        self._ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._workers = Workers(client, self._ended.put)
        self._looked = -math.inf
        with self._scheduler_at_hand():
            self._at_start = len(client.nthreads())

    @property
    def workers(self) -> int:
        """Number of tasks that can run at once."""
        return max(1, self._workers.count or self._at_start)

    def introduction(self) -> str:
        """Where the tasks run; for people."""
        return f"Dask: {in_workers(self._at_start)} at {self._address}; {dashboard(self._client)}"

    @contextmanager
    def _scheduler_at_hand(self) -> Iterator[None]:
        """Inside, errors that come from a lost scheduler say so."""
        from distributed import TimeoutError as DaskTimeoutError

        try:
            yield
        except RunError:
            raise
        except Exception as error:
            if self._client.status == "running" and not isinstance(error, (OSError, DaskTimeoutError)):
                raise
            raise self._lost_scheduler() from error

    def _look(self) -> set[str] | None:
        """The addresses of all workers, if it is time to look for them."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return None
        self._check_scheduler()
        present = self._workers.look()
        self._looked = time.monotonic()
        return present

    def _check_scheduler(self) -> None:
        if self._client.status != "running":
            raise self._lost_scheduler()

    def _lost_scheduler(self) -> RunError:
        return RunError(
            f"the Dask scheduler at {self._address} was lost; what was finished is {self._where_kept}: the same call "
            "goes on with a new one"
        )
