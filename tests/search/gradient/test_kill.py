"""A search that is killed, for real, goes on with the same call and ends with the same bits."""

import subprocess
import sys
import textwrap
import time

import pandas as pd
import torch

from harness.search import run_search
from harness.search.gradient.checkpoint import CHECKPOINT, LOG
from tests.search.gradient.searches import SPACES, tiny

EPOCHS, FIRST = 16, 2
SCRIPT = textwrap.dedent("""
    import sys
    import torch
    import harness
    from harness.search import SearchSetting, run_search

    torch.set_num_threads(1)
    changes = eval(sys.argv[1])
    space = harness.open_space("nasbench201")
    run_search(space, "drnas-progressive", SearchSetting(**changes), data="digits", out="out")
""")


def rows(folder):
    try:
        return len((folder / LOG).read_text().splitlines()) - 1
    except OSError:
        return 0


def test_killed_and_resumed_is_bit_equal_to_once_through(tmp_path):
    """Progressive DrNAS: Dirichlet draws, data order, Adam, SGD, and a stage that begins on the way."""
    setting = tiny("drnas-progressive", "nasbench201", epochs=EPOCHS)
    command = [sys.executable, "-c", SCRIPT, repr(vars(setting))]
    driver = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 400  # a busy machine may take minutes to import torch
    while rows(tmp_path / "out") < FIRST and driver.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    began = rows(tmp_path / "out") >= FIRST
    driver.kill()
    printed = driver.communicate()[0]
    assert began, printed
    assert driver.returncode == -9, printed
    kept = torch.load(tmp_path / "out" / CHECKPOINT, weights_only=True)["epoch"]
    assert FIRST - 1 <= kept < EPOCHS
    again = run_search(SPACES["nasbench201"], "drnas-progressive", setting, data="digits", out=tmp_path / "out")
    assert again.resumed_from == kept
    through = run_search(SPACES["nasbench201"], "drnas-progressive", setting, data="digits", out=tmp_path / "through")
    logs = [pd.read_csv(tmp_path / name / LOG, dtype=str).drop(columns="seconds") for name in ("out", "through")]
    pd.testing.assert_frame_equal(*logs)
    killed, whole = (torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("out", "through"))
    assert killed["rows"][-1]["architecture"] == str(through.architecture)
    for kind in ("operations", "edges"):
        assert killed["parameters"][kind].keys() == whole["parameters"][kind].keys()
        for name, table in whole["parameters"][kind].items():
            assert torch.equal(killed["parameters"][kind][name], table)
    assert killed["supernet"].keys() == whole["supernet"].keys()
    assert all(torch.equal(killed["supernet"][name], weight) for name, weight in whole["supernet"].items())
