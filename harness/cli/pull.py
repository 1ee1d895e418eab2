"""`nasinit pull`: download public data, check it, and keep it whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import offered
from harness.errors import RunError, SettingError
from harness.progress import errors_alone

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from benchmarks.pull.pulling import ProgressBar

_EVERY_SECONDS = 10
_LONGEST = 3600


class InterruptedPull(RunError):
    """A download that the user stopped; nothing of it is kept."""


def pull(
    name: Annotated[
        str,
        typer.Argument(
            help="data to download",
            metavar="nasbench201|cifar10",
            autocompletion=offered.those("nasbench201", "cifar10"),
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(help="folder for the data; by default that of NASINIT_DATA, else the user's data folder"),
    ] = None,
    url: Annotated[str | None, typer.Option(help="address of a mirror to download from")] = None,
    sha256: Annotated[str | None, typer.Option(help="SHA-256 that the downloaded file must have")] = None,
    from_: Annotated[Path | None, typer.Option("--from", help="a file that you downloaded by other means")] = None,
    timeout: Annotated[float, typer.Option(help="seconds to wait for a server that sends nothing")] = 30.0,
) -> None:
    """Download and check NAS-Bench-201's test accuracies (2 MB) as a table, or CIFAR-10's binary archive (170 MB).

    The accuracies are from a third party's extract of NATS-Bench (github.com/v-tao/nats-bench-landscape). No checksum
    of it is published, and its repository states no licence; the numbers are NATS-Bench's (MIT). The extract is checked
    by its content, also against the independent trainings of analog-nasbench; without that package, give --sha256.
    """
    from benchmarks.pull import pulling as pulls

    if not 0 < timeout <= _LONGEST:
        raise SettingError(f"--timeout must be above 0 and at most {_LONGEST:,} seconds, got {timeout:g}")
    source = pulls.source(name)
    folder = pulls.pulled_folder() if to is None else to
    try:
        with _progress_bar() as progress:
            pulled = pulls.pull(
                source, folder, url=url, sha256=sha256, file=from_, timeout=timeout, progress=progress, say=print
            )
    except pulls.PullError as error:
        raise RunError(str(error)) from error
    except KeyboardInterrupt as error:
        raise InterruptedPull(f"interrupted; nothing of {name} was kept, and the same command begins anew") from error
    if pulled.sha256 is not None:
        origin = f"origin: {source.origin}\n" if source.origin else ""
        print(f"wrote {pulled.path}: {source.title}\n{origin}licence: {source.licence}")


@contextmanager
def _progress_bar() -> Iterator[ProgressBar]:
    """A progress bar of bytes on standard error; where that is no terminal, a line every ten seconds."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal or errors_alone())
    with bar:
        yield _Bytes(bar, console)


class _Bytes:
    """Shows the progress of a pooch download on a bar that appears with the first byte."""

    def __init__(self, bar: Progress, console: Console) -> None:
        self.total = 0
        self._bar, self._console = bar, console
        self._task = bar.add_task("", visible=False)
        self._come, self._last = 0, time.monotonic()

    def update(self, count: int, /) -> None:
        self._come += count
        self._bar.update(self._task, visible=True, total=self.total or None, completed=self._come)
        now = time.monotonic()
        if self._bar.disable and not errors_alone() and now - self._last >= _EVERY_SECONDS:
            self._last = now
            of = f" of {self.total / 1e6:,.1f}" if self.total else ""
            self._console.print(f"fetched {self._come / 1e6:,.1f}{of} MB", highlight=False)

    def reset(self) -> None:
        self._come = 0

    def close(self) -> None:
        self._bar.refresh()
