"""How many workers share a GPU: a trial with engines whose speeds are given, on a clock of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import pytest

from harness.scoring.engine import Engine, ScoringTask, TaskScores
from harness.scoring.scorer import OK, OUT_OF_MEMORY, Score
from harness.scoring.trial import TrialEngine
from harness.setting import Setting


class Stub(Engine):
    """Finishes tasks at a given rate, on a clock that only it moves; with too many workers, some lack memory."""

    def __init__(self, workers: int, rate: float, clock: list[float], memory: int) -> None:
        super().__init__(lambda: pytest.fail("no pool is opened"), workers)
        self._rate, self._clock, self._lacking = rate, clock, workers > memory

    def outcomes(self, tasks: Sequence[ScoringTask]) -> Iterator[tuple[ScoringTask, TaskScores]]:
        self._clock[0] += 10  # workers start
        for place, task in enumerate(tasks):
            self._clock[0] += 1 / self._rate
            status = OUT_OF_MEMORY if self._lacking and place % 3 == 0 else OK
            yield task, {"x": Score(1.0 if status == OK else math.nan, status, "", 0.0)}


def tasks(count: int) -> list[ScoringTask]:
    return [ScoringTask(b"", str(number), Setting(), ("x",), b"", b"") for number in range(count)]


def tried(
    count: int, rate: Callable[[int], float], devices: int = 1, most: int = 16, memory: int = 99
) -> tuple[list[int], list[tuple[ScoringTask, TaskScores]]]:
    """Workers of each engine that was given tasks, and what came out."""
    opened: list[int] = []
    clock = [0.0]

    def open_engine(workers: int) -> Engine:
        opened.append(workers)
        return Stub(workers, rate(workers), clock, memory)

    engine = TrialEngine(open_engine, devices, most=most, clock=lambda: clock[0])
    found = list(engine.outcomes(tasks(count)))
    return opened[1:], found


@pytest.mark.parametrize(
    ("rate", "devices", "expected"),
    [
        (lambda workers: 1.0, 1, [1, 2, 1]),
        (lambda workers: min(workers, 4), 1, [1, 2, 4, 8, 4]),
        (lambda workers: min(workers, 4), 2, [2, 4, 8, 4]),
        (lambda workers: workers, 1, [1, 2, 4, 8, 16, 16]),
        (lambda workers: {1: 3, 2: 2}[workers], 1, [1, 2, 1]),
    ],
)
def test_the_processes_are_doubled_while_that_pays(
    rate: Callable[[int], float], devices: int, expected: list[int]
) -> None:
    opened, found = tried(10_000, rate, devices)
    assert opened == expected
    assert sorted(int(task.key) for task, _ in found) == list(range(10_000)), "each is scored once"


def test_few_tasks_are_not_tried() -> None:
    assert tried(39, lambda workers: workers)[0] == [1]
    assert tried(50, lambda workers: workers)[0] == [1, 1]


def test_no_more_processes_than_the_machine_has_processors() -> None:
    assert tried(10_000, lambda workers: workers, devices=2, most=9)[0] == [2, 4, 8, 8]
    assert tried(10_000, lambda workers: workers, devices=4, most=2)[0] == [4, 4]


def test_what_lacked_memory_among_many_is_scored_again_among_fewer() -> None:
    opened, found = tried(10_000, lambda workers: workers, memory=2)
    assert opened == [1, 2, 4, 2]
    assert sorted(int(task.key) for task, _ in found) == list(range(10_000))
    assert {scores["x"].status for _, scores in found} == {OK}


def test_what_lacks_memory_alone_has_that_status() -> None:
    _, found = tried(30, lambda workers: workers, memory=0)
    assert sum(scores["x"].status == OUT_OF_MEMORY for _, scores in found) == 10
