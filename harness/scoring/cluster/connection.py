"""A connection to a Dask scheduler."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import RunError, SettingError
from harness.text.shown import reason, shown

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 30
_CLOSE_SECONDS = 2


@contextmanager
def connected(scheduler: str | None) -> Iterator[Client | None]:
    """A client of a scheduler, closed at the end of the block; None where no scheduler is given.

    Args:
        scheduler: address, such as tcp://host:8786, or the path of a scheduler file; None for none.

    Raises:
        SettingError: if Dask distributed is not installed, or the text is neither an address nor a file.
        RunError: if no scheduler answers there.
    """
    if scheduler is None:
        yield None
        return
    client = _client(scheduler)
    try:
        yield client
    finally:
        with suppress(Exception):  # the scheduler may be lost
            client.close(timeout=_CLOSE_SECONDS)


def _client(scheduler: str) -> Client:
    if find_spec("distributed") is None:
        raise SettingError("--scheduler needs Dask distributed: pip install 'nasinit[cluster]'")
    from distributed import Client

    address = _address(scheduler)
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it would log, is raised
    try:
        return Client(address, timeout=_CONNECT_SECONDS)
    except Exception as error:  # Dask raises what its parts raise: OSError, ValueError, TimeoutError
        raise RunError(f"no Dask scheduler answers at {shown(address)}: {reason(error)}") from error


def check_scheduler(scheduler: str | None) -> str | None:
    """The scheduler as it was given; what is neither an address nor a file is refused."""
    if scheduler is not None and ":" not in scheduler and not Path(scheduler).is_file():
        raise SettingError(
            f"--scheduler takes an address, such as tcp://host:8786, or a scheduler file; {shown(scheduler)} is neither"
        )
    return scheduler


def _address(scheduler: str) -> str:
    """The address in a scheduler file, or the text itself if it is an address."""
    check_scheduler(scheduler)
    file = Path(scheduler)
    if not file.is_file():
        return scheduler
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingError(f"{file} is no scheduler file of Dask: {reason(error)}") from error


def dashboard(client: Client) -> str:
    """Where the scheduler shows its dashboard, or why it has none; for people."""
    try:
        if client.run_on_scheduler(find_spec, "bokeh") is None:
            return "no dashboard: the scheduler has no bokeh"
    except Exception as error:  # whatever the scheduler's Python raises
        return f"no dashboard: {reason(error)}"
    return f"dashboard: {client.dashboard_link}"


def in_workers(count: int) -> str:
    """A number of workers in words."""
    return f"{count} worker{'s' * (count != 1)}"
