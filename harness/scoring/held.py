"""Scores that come without a pause are written together: a transaction costs as much as many of the cheapest scores."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

    from harness.proxies.registry import Proxy
    from harness.scoring.scorer import Score
    from harness.scoring.store import Store

LONGEST_SECONDS = 0.5
"""For so long scores are held at most while more come without a pause: what a kill loses beside what is computed."""


class Held:
    """Scores on their way into a store; at the end of its block, whatever ends it, they are all there.

    Args:
        store: the store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[tuple[int, str | None], list[tuple[str, Proxy, Score]]] = {}
        self._since = 0.0

    def add(self, setting_id: int, rows: Iterable[tuple[str, Proxy, Score]], machine: str | None) -> None:
        """Hold the scores of a result, and write all that are held if the first has waited for `LONGEST_SECONDS`.

        Args:
            setting_id: number of their setting.
            rows: as `Store.write` takes them.
            machine: name of the machine that made them; None where it is not known.
        """
        now = time.monotonic()
        if not self._rows:
            self._since = now
        self._rows.setdefault((setting_id, machine), []).extend(rows)
        if now - self._since >= LONGEST_SECONDS:
            self.write()

    def write(self) -> None:
        """Write what is held, all of a setting and a machine in one transaction."""
        while self._rows:
            setting_id, machine = which = next(iter(self._rows))
            self._store.write(setting_id, self._rows.pop(which), machine=machine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.write()
