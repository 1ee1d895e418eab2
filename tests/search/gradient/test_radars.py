"""RADARS: its policy against exact expectations, its paths, its stages, and its memory."""

import itertools
import math
from dataclasses import replace

import pytest
import torch

from harness.errors import MemoryBoundError, SearchError
from harness.search import METHODS, run_search
from harness.search.gradient import loop as loop_module
from harness.search.gradient import radars
from harness.search.gradient.memory_bound import MemoryBound, bytes_by_number
from harness.search.gradient.method import Parameters
from harness.spaces import open_space
from tests.search.gradient.searches import SPACES, generator, moment, one_step, tiny
from tests.search.gradient.test_table_supernet import separable, share_better

NASBENCH201 = SPACES["nasbench201"]
STAGES = {"partial": (1, 1), "keep": (5, 3)}


def at(step=0, epoch=0, space="nasbench201", **more):
    return moment("radars", space, step=step, epoch=epoch, **more)


def alpha_of(groups, seed=0):
    return Parameters(
        {name: torch.randn(group.shape, generator=generator(seed)).requires_grad_() for name, group in groups.items()}
    )


def test_the_probabilities_of_all_ordered_draws_add_up_to_one():
    alpha = torch.randn(1, 4, generator=generator(), dtype=torch.float64)
    kept = torch.tensor([[True, True, False, True]])
    orders = list(itertools.permutations([0, 1, 3], 2))
    total = sum(math.exp(radars.log_probability(alpha, kept, torch.tensor([order]))) for order in orders)
    assert total == pytest.approx(1, rel=1e-12)


def test_the_probability_of_a_draw_is_that_of_taking_one_after_the_other():
    alpha = torch.tensor([[0.3, -1.0, 2.0], [0.0, 0.5, 1.0]], dtype=torch.float64)
    p = alpha.softmax(dim=1)
    expected = p[0, 2] * p[0, 0] / (1 - p[0, 2]) * p[1, 1] * p[1, 0] / (1 - p[1, 1])
    found = radars.log_probability(alpha, torch.ones(2, 3).bool(), torch.tensor([[2, 0], [1, 0]]))
    assert math.exp(found) == pytest.approx(float(expected), rel=1e-12)


def test_sub_spaces_are_drawn_with_these_probabilities():
    here = at()
    parameters = alpha_of(here.groups)
    counts = torch.zeros(5, 5)
    steps = 3000
    for step in range(steps):
        first, second = radars.subspace(parameters, replace(here, step=step))["cell"][3].tolist()
        counts[first, second] += 1
    row = parameters.operations["cell"].detach()[3:4]
    for order in itertools.permutations(range(5), 2):
        p = math.exp(radars.log_probability(row, torch.ones(1, 5).bool(), torch.tensor([order])))
        assert abs(float(counts[order]) / steps - p) < 5 * math.sqrt(p * (1 - p) / steps)


@pytest.mark.parametrize("space", sorted(SPACES))
def test_a_path_is_of_its_sub_space_and_has_as_many_inputs_as_an_architecture(space):
    here = at(space=space)
    parameters = alpha_of(here.groups)
    drawn = radars.subspace(parameters, here)
    relaxed = radars.path(parameters, here, drawn, "weights")
    for name, group in here.groups.items():
        for edge, row in enumerate(relaxed.weights[name].tolist()):
            assert sum(row) in (0.0, 1.0)
            assert all(place in drawn[name][edge].tolist() for place, weight in enumerate(row) if weight)
        for node in {target for target, _ in group.edges}:
            rows = [row for row, (target, _) in zip(relaxed.weights[name], group.edges, strict=True) if target == node]
            assert sum(float(row.sum()) for row in rows) == (group.inputs or len(rows))


def test_a_step_moves_the_policy_along_the_score_function():
    """The gradient is -(r − b) ∇ log π(sub-space) − 10⁻⁴ ∇ entropy; the first baseline is the first reward itself."""
    memory = {}
    one_step("radars", memory=memory, **STAGES).method.architecture_step(one_step("radars", memory=memory, **STAGES))
    step = one_step("radars", number=1, memory=memory, **STAGES)
    drawn = radars.subspace(step.parameters, step.moment)["cell"]
    before = step.parameters.operations["cell"].detach().clone().requires_grad_()
    loss = step.method.architecture_step(step)
    rewards, weight = float(memory["radars_rewards"]), float(memory["radars_weight"])
    kept = torch.ones_like(before).bool()
    advantage = -loss - rewards / weight
    entropy = torch.distributions.Categorical(logits=before).entropy().sum()
    (-advantage * radars.log_probability(before, kept, drawn) - 1e-4 * entropy).backward()
    moved = before.detach() - step.parameters.operations["cell"].detach()
    torch.testing.assert_close(moved, before.grad, rtol=1e-9, atol=1e-12)
    assert advantage != 0


def test_the_last_stage_is_that_of_darts_with_parameters_of_its_own():
    step = one_step("radars", **STAGES)
    assert radars.prunes(step.moment)
    last = at(epoch=1)
    assert not radars.prunes(last)
    parameters = alpha_of(last.groups)
    torch.testing.assert_close(
        radars.relax(parameters, last, "weights").weights["cell"], parameters.operations["cell"].softmax(dim=1)
    )


def test_the_policy_of_a_perfect_supernet_prunes_to_better_cells():
    losses, _ = separable()
    setting = METHODS["radars"].setting(NASBENCH201, "laptop").changed({"epochs": 18, "alpha_lr": 0.05})
    found = run_search(NASBENCH201, "radars", setting, data=losses)
    assert share_better(losses, found.architecture) < 0.02
    assert (found.weights["cell"] > 0).sum(dim=1).tolist() == [3] * 6


def test_a_search_under_a_bound_that_the_full_supernet_breaks(monkeypatch):
    """No step keeps more than the bound: neither a path, nor the supernet of what is left."""
    setting = tiny("radars", "nasbench201", epochs=3, partial=(1, 1, 1), keep=(5, 4, 2))
    by_number = bytes_by_number(NASBENCH201.supernet(width=4, depth=1), (8, 3, 8, 8))
    full, bound = by_number[-1], (by_number[1] + by_number[-1]) / 2e6
    seen = []
    check = MemoryBound.check

    def checked(self, *arguments):
        check(self, *arguments)
        seen.append(self.most)

    monkeypatch.setattr(MemoryBound, "check", checked)
    run_search(NASBENCH201, "radars", setting.changed({"memory_mb": bound}), data="digits")
    assert 0 < max(seen) <= bound * 1e6 < full
    with pytest.raises(MemoryBoundError):
        run_search(NASBENCH201, "darts", tiny("darts", "nasbench201", memory_mb=bound), data="digits")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keep": (), "partial": (1,)}, "radars prunes in stages: keep needs"),
        ({"keep": (5, 5)}, "radars prunes in stages: keep needs"),
        ({"keep": (5, 3), "partial": (1, 2)}, "radars computes all channels"),
    ],
)
def test_settings_without_pruning_are_refused(changes, message):
    with pytest.raises(SearchError, match=message):
        run_search(NASBENCH201, "radars", tiny("radars", "nasbench201", **changes), data="digits")


@pytest.mark.slow
def test_a_last_stage_that_does_not_fit_is_refused_before_the_first_step(monkeypatch):
    setting = tiny("radars", "nasbench201", epochs=3, partial=(1, 1, 1), keep=(5, 4, 3))
    bytes_ = bytes_by_number(NASBENCH201.supernet(width=4, depth=1), (8, 3, 8, 8))
    between = (bytes_[1] + bytes_[2]) / 2e6
    monkeypatch.setattr(loop_module, "one_step", None)
    with pytest.raises(MemoryBoundError, match=r"the last stage keeps 3 operations of an edge, .*: 2 fit"):
        run_search(NASBENCH201, "radars", setting.changed({"memory_mb": between}), data="digits")
    with pytest.raises(MemoryBoundError, match="not even one fits"):
        run_search(NASBENCH201, "radars", setting.changed({"memory_mb": 1e-3}), data="digits")


def test_the_first_stage_prunes_nothing_and_says_so():
    with pytest.raises(SearchError, match="keep begins with 4 operations of an edge, and 5 are there"):
        run_search(NASBENCH201, "radars", tiny("radars", "nasbench201", keep=(4, 3)), data="digits")


def test_every_stage_keeps_what_the_setting_says(tmp_path, monkeypatch):
    counts, save = [], loop_module.save

    def saved(folder, checkpoint):
        save(folder, checkpoint)
        counts.append(checkpoint.kept["cell"].sum(dim=1).tolist())

    monkeypatch.setattr(loop_module, "save", saved)
    large = open_space("nasbench201-large")
    keep = METHODS["radars"].setting(large, "laptop").keep
    setting = METHODS["radars"].setting(large, "laptop").changed(
        {"epochs": len(keep), "steps_per_epoch": 1, "batch_size": 4, "images": 32, "width": 4, "image_size": 8,
         "evaluation_batches": 1}
    )  # fmt: skip
    run_search(large, "radars", setting, data="digits", out=tmp_path)
    assert counts == [[count] * 6 for count in keep]
