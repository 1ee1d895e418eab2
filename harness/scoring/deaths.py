"""What is known of tasks whose workers died, and what is given up of them."""

from __future__ import annotations

import math
from collections import Counter

from harness.scoring.scorer import DIED, Score
from harness.scoring.watching import Step
from harness.setting import Setting

MOST_DEATHS = 2
"""Workers that may die at one step of a task, before the proxies that need the step are given up."""
What = tuple[str, Setting]
"""An architecture's string and a setting, by which the tasks of one run differ."""


class Deaths:
    """Workers that died while one task ran alone on them, by the step that it was at."""

    def __init__(self) -> None:
        self._deaths: Counter[tuple[What, Step]] = Counter()
        self._given_up: dict[What, dict[str, Score]] = {}  # of tasks that still run

    def names_left(self, what: What, names: tuple[str, ...], step: Step | None) -> tuple[str, ...]:
        """Count the death of a task's worker; the names of the proxies that are still to be computed.

        Args:
            what: the task.
            names: names of the proxies that were to be computed.
            step: the step that the task began last; None if it began none.
        """
        step = step or Step("", names)
        self._deaths[what, step] += 1
        if self._deaths[what, step] < MOST_DEATHS:
            return names
        self._given_up.setdefault(what, {}).update(_died(step))
        return tuple(name for name in names if name not in step.proxies)

    def given_up(self, what: What) -> dict[str, Score]:
        """Scores of the proxies that were given up of a task, by name; they are forgotten here."""
        return self._given_up.pop(what, {})


def _died(step: Step) -> dict[str, Score]:
    doing = step.doing and f", while {step.doing}"
    message = f"the worker process died {MOST_DEATHS} times on this architecture alone{doing}: killed, or out of memory"
    return {name: Score(math.nan, DIED, message, 0.0) for name in step.proxies}
