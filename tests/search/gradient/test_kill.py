"""A search that is killed, for real, goes on with the same call and ends with the same bits."""

import subprocess
import sys
import textwrap
import time

import pandas as pd
import pytest
import torch

from harness.search import run_search
from harness.search.gradient.checkpoint import CHECKPOINT, LOG
from tests.search.gradient.searches import SPACES, tiny

EPOCHS, FIRST = 16, 2
STEPS = 200
SCRIPT = textwrap.dedent("""
    import sys
    import torch
    import harness
    from harness.search import SearchSetting, run_search

    method, changes, minutes, threads = eval(sys.argv[1])
    torch.set_num_threads(threads)
    space, setting = harness.open_space("nasbench201"), SearchSetting(**changes)
    run_search(space, method, setting, data="digits", out="out", checkpoint_minutes=minutes)
""")


def rows(folder):
    try:
        return len((folder / LOG).read_text().splitlines()) - 1
    except OSError:
        return 0


def steps_done(folder):
    """Steps of the first epoch in the checkpoint."""
    path = folder / CHECKPOINT
    part = torch.load(path, weights_only=True)["part"] if path.is_file() else None
    return 0 if part is None else len(part["losses"])


def killed(folder, method, setting, minutes, is_time):
    """Start the search in a process and kill it when it is time."""
    command = [sys.executable, "-c", SCRIPT, repr((method, vars(setting), minutes, torch.get_num_threads()))]
    driver = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 400  # a busy machine may take minutes to import torch
    while not is_time() and driver.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    began = is_time()
    driver.kill()
    printed = driver.communicate()[0]
    assert began, printed
    assert driver.returncode == -9, printed


@pytest.mark.slow
def test_killed_and_resumed_is_bit_equal_to_once_through(tmp_path):
    """Progressive DrNAS: Dirichlet draws, data order, Adam, SGD, and a stage that begins on the way."""
    setting = tiny("drnas-progressive", "nasbench201", epochs=EPOCHS)
    killed(tmp_path, "drnas-progressive", setting, 10, lambda: rows(tmp_path / "out") >= FIRST)
    kept = torch.load(tmp_path / "out" / CHECKPOINT, weights_only=True)["epoch"]
    assert FIRST - 1 <= kept < EPOCHS
    again = run_search(SPACES["nasbench201"], "drnas-progressive", setting, data="digits", out=tmp_path / "out")
    assert again.resumed_from == kept
    through = run_search(SPACES["nasbench201"], "drnas-progressive", setting, data="digits", out=tmp_path / "through")
    logs = [
        pd.read_csv(tmp_path / name / LOG, dtype=str).drop(columns=["seconds", "cpu_seconds"])
        for name in ("out", "through")
    ]
    pd.testing.assert_frame_equal(*logs)
    assert_equal_to_the_last_bit(tmp_path)
    assert rows_of(tmp_path / "out")[-1]["architecture"] == str(through.architecture)


@pytest.mark.slow
def test_killed_in_the_middle_of_an_epoch_it_loses_no_step_before_the_last_checkpoint(tmp_path):
    setting = tiny("gdas", "nasbench201", epochs=1, steps_per_epoch=STEPS)
    killed(tmp_path, "gdas", setting, 0, lambda: 3 <= steps_done(tmp_path / "out") < STEPS)
    kept = steps_done(tmp_path / "out")
    assert 3 <= kept < STEPS
    again = run_search(SPACES["nasbench201"], "gdas", setting, data="digits", out=tmp_path / "out")
    assert (again.resumed_from, again.resumed_steps) == (0, kept)
    through = run_search(SPACES["nasbench201"], "gdas", setting, data="digits", out=tmp_path / "through")
    assert again.architecture == through.architecture
    pd.testing.assert_frame_equal(
        again.log.drop(columns=["seconds", "cpu_seconds"]), through.log.drop(columns=["seconds", "cpu_seconds"])
    )
    assert_equal_to_the_last_bit(tmp_path)


@pytest.mark.slow
def test_what_a_schedule_and_a_regulariser_keep_is_bit_equal_after_a_kill(tmp_path):
    """DARTS-PRIME with ADMM and clipped weights: threshold, moving average, counters, Z and U, what is pruned."""
    setting = tiny(
        "darts-prime", "nasbench201", epochs=1, steps_per_epoch=STEPS // 2, regularise="admm", activation="clipped",
        schedule_steps=2, alpha_lr=0.05,
    )  # fmt: skip
    killed(tmp_path, "darts-prime", setting, 0, lambda: 40 <= steps_done(tmp_path / "out") < STEPS // 2)
    kept = steps_done(tmp_path / "out")
    again = run_search(SPACES["nasbench201"], "darts-prime", setting, data="digits", out=tmp_path / "out")
    assert (again.resumed_from, again.resumed_steps) == (0, kept)
    through = run_search(SPACES["nasbench201"], "darts-prime", setting, data="digits", out=tmp_path / "through")
    assert_equal_to_the_last_bit(tmp_path)
    assert again.architecture == through.architecture
    assert again.memory.keys() == through.memory.keys()
    for name, one in through.memory.items():
        assert torch.allclose(again.memory[name].double(), one.double(), rtol=0, atol=0, equal_nan=True), name
    assert int(through.memory["admm/steps"]) >= 10


@pytest.mark.slow
def test_a_policy_of_augmentations_is_bit_equal_after_a_kill(tmp_path):
    """DAAS: logits, their Adam, the running mean of rewards, the draws of sub-policies and of augmentations."""
    setting = tiny("daas", "nasbench201", epochs=1, steps_per_epoch=STEPS // 2, policy_lr=0.05)
    killed(tmp_path, "daas", setting, 0, lambda: 20 <= steps_done(tmp_path / "out") < STEPS // 2)
    kept = steps_done(tmp_path / "out")
    again = run_search(SPACES["nasbench201"], "daas", setting, data="digits", out=tmp_path / "out")
    assert (again.resumed_from, again.resumed_steps) == (0, kept)
    through = run_search(SPACES["nasbench201"], "daas", setting, data="digits", out=tmp_path / "through")
    assert_equal_to_the_last_bit(tmp_path)
    assert again.architecture == through.architecture
    assert again.policy == through.policy
    assert again.memory.keys() == through.memory.keys()
    assert all(torch.equal(again.memory[name], one) for name, one in through.memory.items())
    assert int(through.memory["policy/step"]) == STEPS // 2 - 1


def rows_of(folder):
    return torch.load(folder / CHECKPOINT, weights_only=True)["rows"]


def assert_equal_to_the_last_bit(folder):
    """Parameters and weights of the search that was killed, in `out`, and of the one in `through`."""
    resumed, whole = (torch.load(folder / name / CHECKPOINT, weights_only=True) for name in ("out", "through"))
    for kind in ("operations", "edges"):
        assert resumed["parameters"][kind].keys() == whole["parameters"][kind].keys()
        for name, table in whole["parameters"][kind].items():
            assert torch.equal(resumed["parameters"][kind][name], table)
    assert resumed["supernet"].keys() == whole["supernet"].keys()
    assert all(torch.equal(resumed["supernet"][name], weight) for name, weight in whole["supernet"].items())
