"""What NASI keeps of each step: enough to make its result again, for any bound, without a pass."""

import numpy as np
import torch

from harness.search import run_search
from harness.studies.searches.nasi.readings import Reading, parameters_after
from tests.search.gradient.searches import SPACES, tiny


def test_the_steps_give_the_result_and_the_weights_that_were_drawn(tmp_path):
    setting = tiny("nasi", "nasbench201", epochs=3, steps_per_epoch=2)
    found = run_search(SPACES["nasbench201"], "nasi", setting, data="noise", out=tmp_path)
    memory = found.memory
    traces, gradients, weights = (
        memory[f"{name}_by_step{group}"] for name, group in (("trace", ""), ("gradient", "/cell"), ("weights", "/cell"))
    )
    assert traces.shape == (6,)
    assert gradients.shape == weights.shape == (6, 6, 5)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(6, 6, dtype=torch.float64), rtol=0, atol=1e-6)
    assert len(np.unique(weights.numpy().round(6), axis=0)) == 6, "each step draws its own"
    reading = Reading(setting.nu, setting.mu, setting.adaptive)
    alpha = torch.from_numpy(parameters_after(traces.numpy(), gradients.numpy(), reading))
    alpha[:, 0] = -torch.inf  # the preset leaves `none` out
    again = alpha.softmax(dim=1)
    torch.testing.assert_close(again, found.weights["cell"].double(), rtol=1e-6, atol=1e-7)
