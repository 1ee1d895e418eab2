"""The table supernet: exact expectations, and every search that looks at a supernet by its loss runs on it."""

import itertools

import pytest
import torch

from harness.errors import SearchError
from harness.search import METHODS, run_search
from harness.search.gradient.table_supernet import TableLosses, TableSupernet, expected, without_images
from harness.spaces.group import Group
from harness.spaces.nasbench201.cell import EDGES, OPERATIONS
from harness.spaces.nasbench201.derivation import GROUPS
from tests.reference.table_expectation import expectation
from tests.sampling import one_in
from tests.search.gradient.searches import CLASSIFYING, SPACES, generator
from tests.search.gradient.test_contract import content, equal, interrupted_and_resumed, without_seconds

EDGES_OF_SMALL = ((1, 0), (2, 0), (2, 1))
SMALL = {"cell": Group(EDGES_OF_SMALL, ("a", "b"))}
TRAINING = sorted(name for name, method in CLASSIFYING.items() if method.trains_weights and method.policy is None)
ONE_PATH = {"dsnas", "gdas", "rsps"}
"""Searches whose step computes one operation on each edge, and has no gradient by the others."""
SPACE = SPACES["nasbench201"]


def cube(edges, operations, seed=0):
    return 0.1 + torch.rand((operations,) * edges, generator=generator(seed), dtype=torch.float64)


def separable(seed=1):
    """Losses that add up over the edges, so that the best cell is the best operation of each edge."""
    parts = torch.rand(len(EDGES), len(OPERATIONS), generator=generator(seed), dtype=torch.float64)
    losses = torch.zeros((len(OPERATIONS),) * len(EDGES), dtype=torch.float64)
    for edge, row in enumerate(parts):
        losses += row.view([-1 if axis == edge else 1 for axis in range(len(EDGES))])
    best = "+".join(
        "|" + "|".join(f"{OPERATIONS[int(parts[edge].argmin())]}~{source}" for edge, source in inputs) + "|"
        for inputs in ([(e, s) for e, (t, s) in enumerate(EDGES) if t == target] for target in (1, 2, 3))
    )
    return TableLosses("parts of a test", losses / losses.max()), best


def table_supernet():
    return TableSupernet(SMALL, cube(3, 2))


def loss_of(supernet, weights, **more):
    logits = supernet(torch.zeros(4, 3, 1, 1), {"cell": weights}, **more)
    return torch.nn.functional.cross_entropy(logits, torch.zeros(4, dtype=torch.long))


def value_of(supernet, weights, **more):
    return float(loss_of(supernet, weights, **more).detach())


def test_the_expectation_is_the_sum_over_all_cells():
    values = cube(4, 3)
    weights = torch.randn(4, 3, generator=generator(), dtype=torch.float64).softmax(dim=1)
    by_cell = {cell: float(values[cell]) for cell in itertools.product(range(3), repeat=4)}
    assert float(expected(values, weights)) == pytest.approx(expectation(by_cell, weights.tolist()), rel=1e-14)


def test_several_quantities_at_once():
    values = torch.stack([cube(3, 2, 1), cube(3, 2, 2)], dim=-1)
    weights = torch.randn(3, 2, generator=generator(), dtype=torch.float64).softmax(dim=1)
    each = [float(expected(values[..., one], weights)) for one in range(2)]
    assert expected(values, weights).tolist() == pytest.approx(each, rel=1e-14)


def test_one_hot_weights_give_the_cell_s_own_loss():
    supernet = table_supernet()
    for cell in itertools.product(range(2), repeat=3):
        weights = torch.nn.functional.one_hot(torch.tensor(cell), 2).double()
        assert value_of(supernet, weights) == pytest.approx(float(supernet.losses[cell]), rel=1e-12)


def test_the_gradient_by_alpha_is_that_of_the_expected_loss():
    supernet = table_supernet()
    alpha = torch.randn(3, 2, generator=generator(5), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda one: loss_of(supernet, one.softmax(dim=1)), alpha)


def test_operations_that_are_not_kept_or_not_active_count_as_zero():
    weights = torch.full((3, 2), 0.5, dtype=torch.float64)
    only_b = torch.tensor([[False, True]] * 3)
    wanted = 0.125 * float(table_supernet().losses[1, 1, 1])
    assert value_of(table_supernet(), weights, active={"cell": only_b}) == pytest.approx(wanted)
    pruned = TableSupernet(SMALL, cube(3, 2), {"cell": only_b})
    assert value_of(pruned, weights) == pytest.approx(wanted)


def share_better(losses, cell):
    """Share of all cells that have a lower loss than this one."""
    value = losses.losses[tuple(OPERATIONS.index(one) for one in cell.operations)]
    return float((losses.losses < value).double().mean())


@pytest.mark.parametrize("method", one_in(5, sorted({*TRAINING} - ONE_PATH)))
def test_every_search_that_moves_all_operations_finds_the_best_of_separable_losses(method):
    losses, best = separable()
    changes = {"alpha_lr": 0.05, "alpha_warm_up": 0, "steps_per_epoch": 16, "schedule": "every_step", "mgda": ()}
    setting = METHODS[method].setting(SPACE, "laptop").changed(changes)
    found = run_search(SPACE, method, setting, data=losses)
    assert str(found.architecture) == best
    assert found.log["validation_loss"].iloc[-1] < float(losses.losses.mean())


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(ONE_PATH))
def test_searches_that_see_one_path_at_a_time_find_a_cell_of_the_better_half(method):
    losses, _ = separable()
    setting = METHODS[method].setting(SPACE, "laptop").changed({"alpha_lr": 0.05})
    assert share_better(losses, run_search(SPACE, method, setting, data=losses).architecture) < 0.5


def test_a_search_on_a_table_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    losses, _ = separable()
    setting = METHODS["snas"].setting(SPACE, "laptop").changed({"epochs": 3, "steps_per_epoch": 4})
    run_search(SPACE, "snas", setting, data=losses, out=tmp_path / "whole")
    interrupted_and_resumed(SPACE, "snas", setting, tmp_path / "parts", monkeypatch, data=losses)
    whole, parts = (without_seconds(content(tmp_path / name)) for name in ("whole", "parts"))
    assert equal(whole, parts)


def test_other_losses_are_another_search(tmp_path):
    setting = METHODS["darts"].setting(SPACE, "laptop").changed({"epochs": 1, "steps_per_epoch": 2})
    losses, _ = separable()
    run_search(SPACE, "darts", setting, data=losses, out=tmp_path)
    with pytest.raises(SearchError, match="data"):
        run_search(SPACE, "darts", setting, data=separable(seed=2)[0], out=tmp_path)


@pytest.mark.parametrize("method", sorted(name for name, method in METHODS.items() if not method.trains_weights))
def test_a_search_that_measures_untrained_networks_is_refused(method):
    with pytest.raises(SearchError, match="untrained"):
        run_search(SPACE, method, data=separable()[0])


def test_losses_of_another_space_are_refused():
    with pytest.raises(SearchError, match="edges and operations"):
        run_search(SPACE, "darts", data=TableLosses("small", cube(3, 2)))
    with pytest.raises(SearchError, match="edges and operations"):
        run_search(SPACES["darts"], "darts", data=separable()[0])


@pytest.mark.parametrize(
    "losses",
    [
        torch.zeros(2, 2, dtype=torch.float64),
        torch.tensor([[1.0, float("nan")], [1, 1]]),
        torch.ones(2, 3),
        torch.tensor(1.0),
    ],
)
def test_what_is_no_loss_is_refused(losses):
    with pytest.raises(SearchError, match="losses of cells"):
        TableLosses("wrong", losses)


def test_the_setting_has_the_steps_that_images_would_give():
    laptop = METHODS["darts"].setting(SPACE, "laptop")
    assert without_images(laptop).steps_per_epoch == 4096 // 2 // laptop.batch_size
    assert without_images(METHODS["darts"].setting(SPACE, "paper")).steps_per_epoch == 25_000 // 64
    assert without_images(without_images(laptop)) == without_images(laptop)


def test_the_groups_of_the_space_are_those_of_the_losses():
    assert separable()[0].supernet(GROUPS).groups == GROUPS
