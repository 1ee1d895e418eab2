"""Processes that are let go, and killed at a moment that nobody chose."""

from __future__ import annotations

import random
import signal
import subprocess
import time


class RandomKills:
    """Kills processes at random moments of what they take when they are left alone.

    Args:
        longest: seconds that a process takes, at most; learnt anew from each one that ends by itself.

    Attributes:
        killed: number of processes that were killed.
    """

    def __init__(self, longest: float) -> None:
        self._draw, self._longest = random.Random(0), longest
        self.killed = 0

    def end(self, process: subprocess.Popen[str]) -> None:
        """Let a process go that waits for a line and says `begins`; it ends by itself, or is killed."""
        begin(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        start = time.monotonic()
        try:
            process.wait(self._draw.uniform(0, self._longest))
            self._longest = (time.monotonic() - start) * 1.1
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            self.killed += process.wait() == -signal.SIGKILL
        process.communicate()


def begin(process: subprocess.Popen[str]) -> None:
    """Let a process go that waits for a line."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
