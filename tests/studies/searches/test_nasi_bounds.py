"""NASI's outcome follows from what its steps gave, for its own bound and for others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import benchmarks
from harness.search import SearchSetting, run_search
from harness.spaces import open_space
from harness.studies.searches.nasi_bounds import GRADIENTS, TRACES, Bound, bounds_table, parameters_after, steps_table

COLUMN = "cifar10_test_200ep_pct"
TINY = SearchSetting(epochs=2, steps_per_epoch=3, batch_size=8, width=4, depth=1, image_size=8, images=32,
                     evaluation_batches=1)  # fmt: skip


@pytest.mark.parametrize("adaptive", [False, True])
def test_the_steps_give_what_the_search_found(adaptive: bool) -> None:
    """With a ν that some traces pass and others do not."""
    space = open_space("nasbench201")
    free = run_search(space, "nasi", replace(TINY, nu=1e9), seed=1).memory
    setting = replace(TINY, nu=float(free[TRACES].median()), adaptive=adaptive)
    found = run_search(space, "nasi", setting, seed=1)
    traces, gradients = found.memory[TRACES].numpy(), found.memory[GRADIENTS].numpy()
    assert traces.shape == (6,)
    assert 0 < (traces > setting.nu).sum() < 6
    assert traces.sum() == pytest.approx(float(found.memory["traces"]), rel=1e-15)
    np.testing.assert_allclose(traces, free[TRACES].numpy(), err_msg="a step depends on no other")
    alpha = parameters_after(traces, gradients, Bound("", setting.nu, setting.mu, adaptive))
    weights = torch.from_numpy(alpha).softmax(dim=1)
    torch.testing.assert_close(weights, found.weights["cell"].double(), rtol=1e-6, atol=0)
    assert str(space.derive({"cell": weights})) == str(found.architecture)


def test_a_bound_turns_or_leaves_out_what_lies_above() -> None:
    traces = np.array([1.0, 200.0])
    gradients = np.zeros((2, 6, 5))
    gradients[0, 0, 1], gradients[1, 0, 2] = 2.0, 4.0
    turned = parameters_after(traces, gradients, Bound("", 100, 2))
    left_out = parameters_after(traces, gradients, Bound("", 100, 1))
    own = parameters_after(traces[::-1], gradients[::-1], Bound("", np.inf, 2, own_norm=True))
    largest = parameters_after(traces[::-1], gradients[::-1], Bound("", np.inf, 2))
    assert list(turned[0, 1:3]) == [0.5, -0.5]
    assert list(left_out[0, 1:3]) == [0.5, 0.0]
    assert list(own[0, 1:3]) == [0.5, 0.5]
    assert list(largest[0, 1:3]) == [0.25, 0.5]


def test_the_table_looks_up_every_choice() -> None:
    memories = []
    for seed in range(2):
        generator = torch.Generator().manual_seed(seed)
        gradients = torch.rand(4, 6, 5, generator=generator, dtype=torch.float64)
        memories.append({TRACES: torch.tensor([1.0, 2.0, 300.0, 4.0], dtype=torch.float64), GRADIENTS: gradients})
    table = benchmarks.open_table("analognasbench")
    frame = bounds_table(memories, table, [COLUMN], [2, 4])
    row = frame[(frame["bound"] == "no bound, each step by its own norm") & (frame["steps"] == 4)].iloc[0]
    space = open_space("nasbench201")
    values = []
    for memory in memories:
        steps = memory[GRADIENTS]
        alpha = sum(step / step.norm() for step in steps) / 4
        values.append(table.values([space.key(space.derive({"cell": alpha.softmax(1)}))], COLUMN)[0])
    assert row[f"{COLUMN}_mean"] == pytest.approx(np.mean(values))
    assert row["above_nu0"] == 0
    assert frame[frame["nu"] == 100]["above_nu0"].tolist() == [0, 0.25, 0, 0.25]
    written = steps_table(memories, [5, 6])
    assert list(written.columns[:4]) == ["seed", "step", "trace", "none~0>1"]
    assert written.shape == (8, 33)
    assert pd.Series(written["seed"]).tolist() == [5] * 4 + [6] * 4


def test_where_every_step_is_left_out_there_is_no_choice() -> None:
    memory = {TRACES: torch.full((3,), 1e9, dtype=torch.float64), GRADIENTS: torch.ones(3, 6, 5, dtype=torch.float64)}
    frame = bounds_table([memory], benchmarks.open_table("analognasbench"), [COLUMN], [3])
    row = frame[frame["bound"] == "steps above 100 left out"].iloc[0]
    assert (row["runs"], row["choices"]) == (0, "")
    assert np.isnan(row[f"{COLUMN}_mean"])
