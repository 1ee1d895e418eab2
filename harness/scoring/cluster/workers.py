"""The workers of a cluster: each is asked for its versions before it gets a task, whenever it joins."""

from __future__ import annotations

import importlib.metadata
import logging
import platform
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import RunError
from harness.scoring.cluster.work import prepare
from harness.text.shown import listed, reason
from harness.versions import installed

if TYPE_CHECKING:
    from distributed import Client, Future

LOG = logging.getLogger(__name__)
_PACKAGES = ("nasinit", "torch")


class Workers:
    """The workers of a cluster that may compute, and those that were refused.

    A worker with another version of nasinit or torch than this process, or with another Python, gets no task. The
    others first import what scoring needs.

    Args:
        client: the cluster's client.
        on_prepared: called with a future when a worker has imported it all, from another thread.
    """

    def __init__(self, client: Client, on_prepared: Callable[[Future], object]) -> None:
        self._client = client
        self._on_prepared = on_prepared
        self._preparing: dict[str, Future] = {}
        self._refused: dict[str, str] = {}
        self._said_none = False
        self.ready: list[str] = []

    @property
    def count(self) -> int:
        """Number of workers that compute or will do so soon."""
        return len(self.ready) + len(self._preparing)

    def look(self) -> set[str]:
        """Find out which workers are there now; the addresses of all.

        Raises:
            RunError: if there are workers, and all of them are refused.
        """
        present = set(self._client.nthreads())
        self.ready = [address for address in self.ready if address in present]
        self._refused = {address: why for address, why in self._refused.items() if address in present}
        self._collect(present)
        known = {*self.ready, *self._preparing, *self._refused}
        if new := sorted(present - known):
            self._ask(new)
        self._say()
        return present

    def _collect(self, present: set[str]) -> None:
        for address, future in list(self._preparing.items()):
            if address in present and future.status == "pending":
                continue
            del self._preparing[address]
            if address not in present:
                continue
            if future.status == "finished":
                self.ready.append(address)
            elif future.status == "error":
                self._refuse(address, f"it cannot score: {reason(future.exception())}")

    def _ask(self, new: Sequence[str]) -> None:
        theirs = {name: self._answers(new, importlib.metadata.version, name) for name in _PACKAGES}
        theirs["Python"] = self._answers(new, platform.python_version)
        ours = {name: installed(name) for name in _PACKAGES}
        ours["Python"] = platform.python_version()
        for address in new:
            found = {name: _version(answers.get(address)) for name, answers in theirs.items()}
            if None in found.values():  # it left, and is asked again if it is there once more
                continue
            if other := [name for name in ours if not _same(name, str(found[name]), ours[name])]:
                differences = ", ".join(f"{name} {found[name]} (here {ours[name]})" for name in other)
                self._refuse(address, f"it has {differences}")
            else:
                future = self._client.submit(
                    prepare, workers=[address], allow_other_workers=False, pure=False, retries=0
                )
                self._preparing[address] = future
                future.add_done_callback(self._on_prepared)

    def _answers(self, workers: Sequence[str], function: Any, *arguments: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._client.run(function, *arguments, workers=list(workers), on_error="return")
        return found

    def _refuse(self, address: str, why: str) -> None:
        self._refused[address] = why
        LOG.warning("the worker %s gets no task: %s", address, why)

    def _say(self) -> None:
        if not self.count and self._refused:
            raise RunError(
                "no worker of the cluster can be used: "
                + listed([f"{address}: {why}" for address, why in self._refused.items()])
            )
        if not self.count and not self._said_none:
            LOG.warning("the cluster has no workers: waiting for some (Ctrl-C ends the run; the store keeps its rows)")
        self._said_none = not self.count


def _version(answer: object) -> str | None:
    """The version that a worker gave; None if it did not answer."""
    if isinstance(answer, importlib.metadata.PackageNotFoundError):
        return "not installed"
    return answer if isinstance(answer, str) else None


def _same(name: str, theirs: str, ours: str) -> bool:
    """Whether two versions give the same bits; of Python, the first two numbers tell whether code can be sent."""
    return theirs.split(".")[:2] == ours.split(".")[:2] if name == "Python" else theirs == ours
