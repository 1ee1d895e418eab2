"""Scoring that writes down what it is about to do, so that what kills its process is known afterwards."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from harness.measurements.session import Session
    from harness.proxies.registry import Proxy


class Step(NamedTuple):
    """A step of scoring.

    Attributes:
        doing: what is done, in words; empty before the first measurement, while the network is built.
        proxies: names of the proxies that have no score without it.
    """

    doing: str
    proxies: tuple[str, ...]


def begin(path: Path, step: Step) -> None:
    """Write to a file that a step begins, where there is space; what a process has written stays when it is killed."""
    with contextlib.suppress(OSError):
        path.write_text(json.dumps(step))


def last_step(path: Path) -> Step | None:
    """The step that the file's writer began last; None where it began none."""
    try:
        doing, proxies = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return Step(doing, tuple(proxies))


class WatchedSession:
    """A session that says which measurement it is about to make.

    Args:
        session: the session.
        proxies: the proxies that are scored in it.
        watch: called before every step.
    """

    def __init__(self, session: Session, proxies: Sequence[Proxy], watch: Callable[[Step], object]) -> None:
        from harness.measurements.session import closure

        self._session = session
        self._watch = watch
        self._readers = {entry.name: closure(entry.needs, session.own) for entry in proxies}
        self._made: set[str] = set()
        self.seconds, self.call_own = session.seconds, session.call_own

    def value(self, name: str) -> Any:
        """The measurement of that name, as `Session.value` gives it, made in the same order."""
        for step in self._order(name):
            if step not in self._made:
                readers = tuple(proxy for proxy, needs in self._readers.items() if step in needs)
                self._watch(Step(f"it made the measurement {step}", readers))
                self._session.value(step)
                self._made.add(step)
        return self._session.value(name)

    def _order(self, name: str) -> Iterator[str]:
        """The measurements that a session makes for this one, itself the last."""
        from harness.measurements import GIVEN
        from harness.measurements.session import read_by

        if name not in GIVEN:
            for need in read_by(name, self._session.own):
                yield from self._order(need)
            yield name
