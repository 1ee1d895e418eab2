"""A progress bar on standard error: done, rate, time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(
    total: int, what: str = "architectures", verb: tuple[str, str] = ("scoring", "scored")
) -> Iterator[Callable[[], None]]:
    """A bar for `total` steps of what is being done; the function inside advances it by one.

    On a terminal it is drawn live; elsewhere (a log file) a line is printed every ten seconds and at the end.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    start = last = time.monotonic()
    done = 0
    bar = Progress(
        TextColumn(f"{verb[0]} {what}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=total, rate="")

    def advance() -> None:
        nonlocal done, last
        done += 1
        now = time.monotonic()
        rate = f"{done / max(now - start, 1e-9) * 60:.1f} a minute"
        bar.update(task, completed=done, rate=rate)
        if bar.disable and (now - last >= 10 or done == total):
            last = now
            left = (total - done) * (now - start) / done
            console.print(f"{verb[1]} {done:,} of {total:,} {what}, {rate}, {left:.0f} s left", highlight=False)

    with bar:
        yield advance
