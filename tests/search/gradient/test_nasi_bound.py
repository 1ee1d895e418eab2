"""The bound on NASI's trace, and the warning where a search descends what it should ascend."""

import dataclasses
import logging

import pytest
import torch

from harness import run_searches
from harness.search import METHODS, run_search
from harness.search.gradient.nasi_bound import nu_by_step, remark_on_descent
from tests.search.gradient.searches import SPACES, tiny

SPACE = SPACES["nasbench201"]


def test_an_adaptive_bound_is_the_mean_of_the_first_and_of_the_traces_before():
    traces = torch.tensor([4.0, 10.0, 1.0])
    assert nu_by_step(traces, 100.0, adaptive=False).tolist() == [100, 100, 100]
    assert nu_by_step(traces, 100.0, adaptive=True).tolist() == [100, 104 / 2, 114 / 3]


@pytest.mark.parametrize("nu_of_median", [0.99, 1.01])
@pytest.mark.parametrize("mu", [1.0, 2.0])
def test_a_search_that_mostly_descends_says_so(tmp_path, caplog, mu, nu_of_median):
    """Five steps, ν on either side of the third largest trace; the log has the remark, and so has the result."""
    setting = tiny("nasi", "nasbench201", epochs=1, steps_per_epoch=5, mu=mu)
    median = float(run_search(SPACE, "nasi", setting).memory["trace_by_step"].median())
    with caplog.at_level(logging.WARNING, logger="harness"):
        found = run_search(SPACE, "nasi", setting.changed({"nu": nu_of_median * median}))
    descends = mu > 1 and nu_of_median < 1
    assert found.remark.startswith("60% of the steps have a trace above ν, where μ = 2 descends it") == descends
    assert [record.getMessage() for record in caplog.records] == [f"nasi, seed 0: {found.remark}"] * descends
    assert (found.remark == "") != descends


@pytest.mark.slow
def test_each_of_several_searches_says_so_once(tmp_path, caplog):
    setting = tiny("nasi-ada", "nasbench201", epochs=1, steps_per_epoch=3, mu=2.0, nu=0.0, adaptive=False)
    with caplog.at_level(logging.WARNING, logger="harness"):
        run_searches(SPACE, "nasi-ada", setting, seeds=[0, 3])
    assert sorted(record.getMessage()[:16] for record in caplog.records) == ["nasi-ada, seed 0", "nasi-ada, seed 3"]


def test_without_steps_there_is_nothing_to_say():
    setting = tiny("nasi", "nasbench201", mu=2.0)
    assert remark_on_descent({}, setting) == ""
    assert remark_on_descent({"trace_by_step": torch.zeros(0)}, setting) == ""


def test_what_is_left_out_is_never_drawn_and_never_chosen():
    """The preset of NAS-Bench-201 leaves `none` out; with it put back, it has a weight again."""
    setting = tiny("nasi-ada", "nasbench201")
    assert (setting.without, setting.nu, setting.mu, setting.adaptive) == (("none",), 1000.0, 1.0, True)
    fixed = METHODS["nasi"].setting("nasbench201", "paper")
    assert (fixed.without, fixed.mu, fixed.adaptive) == (("none",), 1.0, False)
    assert fixed.nu == pytest.approx(2**0.5 * 10 / 0.1)
    without = run_search(SPACE, "nasi-ada", setting).memory["weights_by_step/cell"][:, :, 0]
    within = run_search(SPACE, "nasi-ada", dataclasses.replace(setting, without=())).memory["weights_by_step/cell"]
    assert not without.any()
    assert (within[:, :, 0] > 0).all()
