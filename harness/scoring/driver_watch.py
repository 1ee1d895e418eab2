"""What a worker process does at its start: it leaves Ctrl-C to its driver, ends when that does, and keeps memory."""

from __future__ import annotations

import os
import signal
import threading
import time

from harness.scoring.allocation import keep_memory, kept_by_each


def start_worker(driver: int, workers: int = 1) -> None:
    """Ignore Ctrl-C, which the driver handles, and end when the driver does: a killed driver cannot end its workers.

    Freed memory is kept for the next network, of all workers together some 2 GiB.

    Args:
        driver: process number of the driver.
        workers: number of workers on this machine.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_memory(kept_by_each(workers))
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(1)
    os._exit(1)
