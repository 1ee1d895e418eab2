"""What a worker process does at its start: it leaves Ctrl-C to its driver, and ends when that does."""

from __future__ import annotations

import os
import signal
import threading
import time


def start_worker(driver: int) -> None:
    """Ignore Ctrl-C, which the driver handles, and end when the driver does: a killed driver cannot end its workers.

    Args:
        driver: process number of the driver.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(1)
    os._exit(1)
