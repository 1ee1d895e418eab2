"""The command line when it does not go to the end: proxies that fail, a full disk, an interrupt."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness


def test_a_proxy_that_fails_everywhere_makes_a_failed_run(
    nasinit: Callable[..., Any], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "hopeless.py").write_text(
        "import harness\n@harness.proxy(source='me')\ndef hopeless(parameter_count):\n    raise ValueError('no idea')\n"
        "@harness.proxy(source='me')\ndef fine(parameter_count):\n    return parameter_count\n"
    )
    out = tmp_path / "s.csv"
    ended = nasinit(
        "score", "--sample", 3, "--load", tmp_path / "hopeless.py", "--proxies", "hopeless,fine",
        "--store", tmp_path / "s.sqlite", "--out", out, *tiny,
    )  # fmt: skip
    assert ended.code == 1
    assert ended.err == "nasinit: no architecture has a score by hopeless\n"
    assert "hopeless: 3 error, first |" in ended.out
    assert "ValueError: no idea" in ended.out
    frame = pd.read_csv(out)
    assert frame["status"].tolist() == ["error"] * 3 + ["ok"] * 3, "nothing is lost: the CSV holds what there is"
    again = nasinit(
        "score", "--sample", 3, "--load", tmp_path / "hopeless.py", "--proxies", "hopeless,fine",
        "--store", tmp_path / "s.sqlite", *tiny,
    )  # fmt: skip
    assert again.code == 1, "the same command fails in the same way, from the store"


@pytest.mark.slow
def test_a_full_disk(program: str, nasinit: Callable[..., Any], tiny: tuple[str, ...], tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    arguments = ["score", "--sample", "120", "--proxies", "params,grad_norm", "--store", str(store), *tiny]
    assert nasinit(*arguments[:4], "params", *arguments[5:]).code == 0
    limit = store.stat().st_size + 6 * 4096  # of which the record of the run takes five

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    # without bytecode: the limit would cut compiled files in the repository short
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, preexec_fn=full, env=environment)
    assert ended.returncode == 1, ended.stderr
    assert f"nasinit: cannot write the store {store}: " in ended.stderr
    assert "Free some space, then run the same command again" in ended.stderr
    assert "Traceback" not in ended.stderr
    with harness.Store(store) as opened:
        before = opened.frame()
    counts = before["proxy"].value_counts().to_dict()
    assert counts["params"] == 120
    assert 0 < counts["grad_norm"] < 120
    assert set(before["status"]) == {"ok"}
    again = nasinit(*arguments)
    assert again.code == 0, again.err
    with harness.Store(store) as opened:
        after = opened.frame()
    assert len(after) == 240
    kept = after.merge(before, on=["architecture", "proxy"], suffixes=("", "_before"))
    assert len(kept) == len(before)
    assert kept["seconds"].equals(kept["seconds_before"]), "what was there is not computed again"


def _interruptible() -> None:
    """A shell's background job, such as a run of the tests may be, hands on an interrupt that is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_keeps_the_results(program: str, tiny: tuple[str, ...], tmp_path: Path) -> None:
    """Ctrl-C on a terminal reaches the driver and its workers alike."""
    store, log = tmp_path / "s.sqlite", tmp_path / "log"
    (tmp_path / "slow.py").write_text(
        "import time\nimport harness\n@harness.proxy(source='me')\ndef slow(loss_gradient):\n"
        f"    time.sleep(0.2)\n    with open({str(log)!r}, 'a') as file:\n        file.write('.')\n    return 1.0\n"
    )
    command = [program, "score", "--sample", "60", "--load", "slow.py", "--proxies", "slow", "--store", str(store)]
    with open(tmp_path / "out", "w") as out, open(tmp_path / "err", "w") as err:
        driver = subprocess.Popen(
            [*command, *tiny], cwd=tmp_path, stdout=out, stderr=err, start_new_session=True, preexec_fn=_interruptible
        )
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end and driver.poll() is None and not (log.exists() and log.stat().st_size >= 4):
            time.sleep(0.05)
        assert driver.poll() is None, (tmp_path / "err").read_text()
        os.killpg(driver.pid, signal.SIGINT)
        code = driver.wait(timeout=30)
    finally:
        if driver.poll() is None:
            driver.kill()
            driver.wait()
    message = (tmp_path / "err").read_text()
    assert code == 130, message
    *progress, last = message.splitlines()
    assert last == "nasinit: interrupted; what was finished is kept, and the same command goes on"
    assert all(line.startswith(("scored ", "nasinit: about ")) for line in progress), message  # on a busy machine
    with harness.Store(store) as opened:
        frame = opened.frame()
    assert 2 <= len(frame) < 60
    assert set(frame["status"]) == {"ok"}
