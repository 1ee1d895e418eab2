"""TE-NAS: its two numbers by plain loops, its ranks by their definition, and what it refuses."""

import pytest
import torch

from harness.errors import SearchError
from harness.measurements.small_networks import crops
from harness.search import METHODS, SearchSetting, run_search
from harness.search.gradient import te_nas
from harness.search.gradient.te_nas import PRUNED, Changes, Place, prune, worst
from harness.spaces.nasbench201.cell import EDGES, OPERATIONS
from tests.reference import te_nas as reference
from tests.search.gradient.searches import SPACES, one_step, tiny

SPACE = SPACES["nasbench201"]
CELLS = [
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_3x3~1|nor_conv_1x1~2|",
    "|skip_connect~0|+|avg_pool_3x3~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|skip_connect~2|",
]


def a_step(**changes):
    """A step in float32 whose operations are all there but `none`, as in the first round."""
    step = one_step("te-nas", epochs=3, steps_per_epoch=1, **changes)
    with torch.no_grad():
        for alpha in step.parameters.operations.values():
            alpha.zero_()
            alpha[:, OPERATIONS.index("none")] = PRUNED
    step.supernet.float()
    for batch in (step.training, step.validation):
        object.__setattr__(batch, "arguments", (batch.inputs.float(),))
    return step


def only(cell):
    """The mask [E, O] that leaves a cell's operations alone."""
    operations = [term.split("~")[0] for node in cell.split("+") for term in node.strip("|").split("|")]
    mask = torch.zeros(len(EDGES), len(OPERATIONS), dtype=torch.bool)
    for edge, operation in enumerate(operations):
        mask[edge, OPERATIONS.index(operation)] = True
    return {"cell": mask}


@pytest.mark.parametrize("cell", CELLS)
def test_with_one_operation_an_edge_the_regions_are_those_of_the_cell(cell):
    step, left = a_step(), only(cell)
    weights = {"cell": left["cell"].float()}
    found = list(te_nas._regions(step, left, weights))
    parts = list(crops(step.training.inputs, step.moment.generator("crops")).split(1000))
    for draw, regions in enumerate(found):
        seed = step.moment.seed_for(f"regions {draw}")
        supernet = SPACE.supernet(
            width=1, depth=1, classes=10, channels=1, init="kaiming_fan_in", seed=seed, operations=left
        )
        kernels = {
            int(name.split(".")[3]): weight.detach()
            for name, weight in supernet.named_parameters()
            if name.startswith("cells.0.layers.")
        }
        assert regions == reference.regions(cell, kernels, parts)
    assert max(found) > 1


def test_the_condition_number_is_that_of_plain_backward_passes():
    step = a_step()
    left = {"cell": torch.ones(6, 5, dtype=torch.bool)}
    left["cell"][:, 0] = False
    weights = {"cell": left["cell"] / 4}
    for network in te_nas._networks(step, left, weights):
        found = te_nas._condition(network, step.training)
        assert found == pytest.approx(reference.condition_number(network, step.training.inputs), rel=1e-3)


@pytest.mark.slow
def test_a_round_removes_from_each_edge_what_its_measured_changes_say():
    step = a_step()
    start = te_nas._left(step.parameters, step.moment.kept)
    before = te_nas._numbers(step, start)
    changes = {}
    for edge in range(6):
        for operation in range(1, 5):
            left = {"cell": start["cell"].clone()}
            left["cell"][edge, operation] = False
            after = te_nas._numbers(step, left)
            means = [
                sum(round((one - other) / one, 3) for one, other in zip(*pair, strict=True)) / 3
                for pair in zip(before, after, strict=True)
            ]
            changes[Place("cell", edge, operation)] = Changes(*means)
    loss = prune(step)
    with torch.no_grad():
        assert loss == float(step.loss(step.training, te_nas.remaining(step.parameters, step.moment)))
    gone = start["cell"] & (step.parameters.operations["cell"].detach() == PRUNED)
    assert {Place("cell", *place) for place in gone.nonzero().tolist()} == set(by_definition(changes))
    for field in Changes._fields:
        (table,) = step.memory[f"{field}_by_step/cell"]
        assert bool(table[:, 0].isnan().all())
        for place, change in changes.items():
            assert float(table[place.edge, place.operation]) == pytest.approx(getattr(change, field))


def by_definition(changes):
    """The removed places: of each edge the one that the fewest different values beat, by κ and by R together."""

    def beaten(place):
        by_condition = {each.condition for each in changes.values() if each.condition > changes[place].condition}
        by_regions = {each.regions for each in changes.values() if each.regions < changes[place].regions}
        return len(by_condition) + len(by_regions), -changes[place].condition

    edges = sorted({place.edge for place in changes})
    return [min((place for place in changes if place.edge == edge), key=beaten) for edge in edges]


def test_ranks_are_of_different_values_and_their_sum_decides_on_each_edge():
    changes = {
        Place("cell", 0, 1): Changes(0.50, 0.10),  # ranks 0 and 2
        Place("cell", 0, 2): Changes(0.20, -0.30),  # 1 and 0: removed
        Place("cell", 1, 1): Changes(0.20, 0.10),  # 1 and 2
        Place("cell", 1, 3): Changes(-0.40, 0.00),  # 2 and 1: the same sum, and the worse κ
    }
    assert set(worst(changes)) == {Place("cell", 0, 2), Place("cell", 1, 1)}


@pytest.mark.parametrize("seed", range(20))
def test_ranks_of_many_changes_are_those_of_the_definition(seed):
    source = torch.Generator().manual_seed(seed)
    values = torch.randint(-5, 6, (6, 4, 2), generator=source) / 10
    changes = {
        Place("cell", edge, operation): Changes(*values[edge, operation].tolist())
        for edge in range(6)
        for operation in range(4)
    }
    assert set(worst(changes)) == set(by_definition(changes))


@pytest.mark.slow
def test_three_rounds_leave_one_operation_and_four_are_no_more():
    three, four = (
        run_search(SPACE, "te-nas", tiny("te-nas", "nasbench201", epochs=epochs, steps_per_epoch=1), data="noise")
        for epochs in (3, 4)
    )
    assert three.architecture == four.architecture
    assert "none" not in str(three.architecture)
    assert three.log["entropy_nats"].tolist() == pytest.approx([1.0986, 0.6931, 0.0], abs=1e-4)
    assert four.memory["regions_by_step/cell"][3].isnan().all()


@pytest.mark.parametrize(
    ("space", "changes", "message"),
    [
        ("nasbench201", {"epochs": 2, "steps_per_epoch": 1}, "3 rounds are needed, 2 are left. Take more epochs"),
        ("nasbench201", {"without": ()}, "4 rounds are needed, 3 are left"),
        ("nasbench201", {"alpha_warm_up": 1}, "no alpha_warm_up and no stages"),
        ("darts", {}, "te-nas cannot search darts: operations are pruned, not edges"),
    ],
)
def test_what_it_cannot_do_is_said(space, changes, message):
    setting = tiny("te-nas", "nasbench201", **{"epochs": 3, "steps_per_epoch": 1, **changes})
    with pytest.raises(SearchError, match=message):
        run_search(SPACES[space], "te-nas", setting, data="noise")


def test_autocast_is_refused():
    with pytest.raises(SearchError, match="autocast does not go with te-nas"):
        METHODS["te-nas"].check(SearchSetting(), True)
