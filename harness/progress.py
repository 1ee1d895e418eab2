"""A progress bar on standard error: steps done, rate, time left."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from harness.text.terminal import inert, inert_output, unwrapped

_WIDTH, _WIDTH_WITH_NOTES = 40, 20
_PATIENCE_SECONDS = 2.0

Advance = Callable[[int], None]
"""A function that is told of so many further steps."""


def unseen(steps: int) -> None:
    """An `Advance` that shows nothing."""


def errors_alone() -> bool:
    """Whether standard error is to have errors alone, as by `nasinit --quiet`: the logger `harness` is set to it."""
    return logging.getLogger("harness").getEffectiveLevel() >= logging.ERROR


@contextmanager
def progress_bar(
    total: int,
    what: str = "architectures",
    verb: tuple[str, str] = ("scoring", "scored"),
    *,
    alike: bool = True,
    every_seconds: float = 10,
    already: int = 0,
) -> Iterator[Callable[..., None]]:
    """A progress bar; the function that it yields advances it by one step, or by `steps`.

    On a terminal it is drawn live; elsewhere (in a log file, in a notebook) lines are printed from time to time and at
    the end. The function takes an optional note, which is shown next to the bar or at the end of the line.

    Args:
        total: number of steps.
        what: name of the steps, in the plural.
        verb: verb for what is done to them, in the present and in the past.
        alike: whether all steps take about the same time, so that a rate and the time left can be shown; if not, only
            the note is shown.
        every_seconds: seconds between two printed lines.
        already: number of steps that were done before the bar was made, which say nothing of its rate.

    Nothing is shown where the logger `harness` is set to say errors alone, as by `nasinit --quiet`.
    """
    if errors_alone():
        yield lambda note="", *, steps=1: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    # in a notebook rich would draw with ipywidgets, which need not be there: lines from time to time do without
    console = Console(file=unwrapped(sys.stderr), force_jupyter=False)
    start = last = time.monotonic()
    done = already
    bar = Progress(
        TextColumn(f"{verb[0]} {what}"),
        BarColumn(_WIDTH if alike else _WIDTH_WITH_NOTES),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", table_column=None if alike else Column(ratio=1, no_wrap=True)),
        *([TimeRemainingColumn()] if alike else []),
        console=console,
        expand=not alike,  # a note is cut to the space that the other columns leave
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),  # output to a file must not be drawn above the bar
    )
    task = bar.add_task("", total=total, completed=already, note="")

    def advance(note: str = "", *, steps: int = 1) -> None:
        nonlocal done, last
        done, note = done + steps, inert(note)
        now = time.monotonic()
        rate = (done - already) / max(now - start, 1e-9)
        known = [f"{rate * 60:,.1f} a minute"] if alike and rate else []
        bar.update(task, completed=done, note=", ".join([*known, *([note] if note else [])]))
        if bar.disable and steps and (now - last >= every_seconds or done == total):
            last = now
            left = [f"{(total - done) / rate:.0f} s left"] if known else []
            told = [f"{verb[1]} {done:,} of {total:,} {what}", *known, *left, *([note] if note else [])]
            console.print(", ".join(told), highlight=False, soft_wrap=True)

    with bar, inert_output():  # the bar takes the place of the streams on a terminal
        yield advance


@contextmanager
def patient_bar(shown: bool, total: int, what: str, verb: tuple[str, str], *, alike: bool = True) -> Iterator[Advance]:
    """A progress bar that is shown once the work has taken two seconds, so that short work shows none.

    Args:
        shown: whether there is to be a bar.
        total: number of steps.
        what: name of the steps, in the plural.
        verb: verb for what is done to them, in the present and in the past.
        alike: whether all steps take about the same time.

    Yields:
        The function that advances it.
    """
    if not shown:
        yield unseen
        return
    start, done = time.monotonic(), 0
    with ExitStack() as opened:
        bar: Callable[..., None] | None = None

        def advance(steps: int) -> None:
            nonlocal bar, done
            if bar is not None:
                bar(steps=steps)
                return
            done += steps
            if time.monotonic() - start >= _PATIENCE_SECONDS and done < total:
                bar = opened.enter_context(progress_bar(total, what, verb, alike=alike, already=done))

        yield advance


@contextmanager
def resampling_bar(shown: bool, total: int) -> Iterator[Advance]:
    """A progress bar over `total` resamples, those of all proxies together, if it is to be shown."""
    with patient_bar(shown, total, "resamples", ("ranking", "ranked")) as advance:
        yield advance
