"""A progress bar on standard error: steps done, rate, time left."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.text.terminal import inert, inert_output, unwrapped

_WIDTH, _WIDTH_WITH_NOTES = 40, 20


@contextmanager
def progress_bar(
    total: int,
    what: str = "architectures",
    verb: tuple[str, str] = ("scoring", "scored"),
    *,
    alike: bool = True,
    every_seconds: float = 10,
) -> Iterator[Callable[..., None]]:
    """A progress bar; the function that it yields advances it by one step, or by `steps`.

    On a terminal it is drawn live; elsewhere (in a log file) lines are printed from time to time and at the end. The
    function takes an optional note, which is shown next to the bar or at the end of the line.

    Args:
        total: number of steps.
        what: name of the steps, in the plural.
        verb: verb for what is done to them, in the present and in the past.
        alike: whether all steps take about the same time, so that a rate and the time left can be shown; if not, only
            the note is shown.
        every_seconds: seconds between two printed lines.

    Nothing is shown where the logger `harness` is set to say errors alone, as by `nasinit --quiet`.
    """
    if logging.getLogger("harness").getEffectiveLevel() >= logging.ERROR:
        yield lambda note="", *, steps=1: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    console = Console(file=unwrapped(sys.stderr))
    start = last = time.monotonic()
    done = 0
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
    task = bar.add_task("", total=total, note="")

    def advance(note: str = "", *, steps: int = 1) -> None:
        nonlocal done, last
        done, note = done + steps, inert(note)
        now = time.monotonic()
        known = [f"{done / max(now - start, 1e-9) * 60:.1f} a minute"] if alike else []
        bar.update(task, completed=done, note=", ".join([*known, *([note] if note else [])]))
        if bar.disable and steps and (now - last >= every_seconds or done == total):
            last = now
            left = [f"{(total - done) * (now - start) / done:.0f} s left"] if alike else []
            told = [f"{verb[1]} {done:,} of {total:,} {what}", *known, *left, *([note] if note else [])]
            console.print(", ".join(told), highlight=False, soft_wrap=True)

    with bar, inert_output():  # the bar takes the place of the streams on a terminal
        yield advance
