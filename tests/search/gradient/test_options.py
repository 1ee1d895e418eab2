"""The options as transformations of a method: off they are nothing, and what cannot take them refuses in a line."""

import dataclasses
import itertools

import pytest
import torch

from harness.errors import SearchError
from harness.search import METHODS, SearchSetting, run_search
from harness.search.gradient.allowed import ACTIVATIONS, REGULARISERS, SCHEDULES
from harness.search.gradient.method import Parameters
from harness.search.gradient.options import reason_not, with_options
from harness.search.gradient.prime.activation import even_shares, pruning
from harness.search.gradient.prime.projection import distance
from harness.search.gradient.prime.schedule import alpha_steps
from harness.search.gradient.state import initial_state
from harness.search.gradient.task import search_task
from harness.spaces.nasbench201.derivation import GROUPS
from tests.sampling import one_in
from tests.search.gradient.searches import PAIRS, SPACES, alphas, batch, tiny
from tests.search.gradient.test_contract import content, equal, interrupted_and_resumed, without_seconds
from tests.search.gradient.test_table_supernet import separable

SPACE = SPACES["nasbench201"]
OPTIONS = {"regularise": REGULARISERS, "schedule": SCHEDULES, "activation": ACTIVATIONS}
CLIPPED = {"darts", "darts-second-order", "darts-prime", "pc-darts", "e2rnas"}
"""Methods whose operation weights are a softmax of α, and that have no penalty of one."""
REFUSING = {"rsps", "nasi", "nasi-ada", "te-nas", "radars", "daas", "trilevel", "mod-nas"}


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"darts-prime"}))
def test_with_the_options_off_a_method_is_itself(name):
    assert with_options(METHODS[name], SearchSetting()) is METHODS[name]


@pytest.mark.parametrize(("name", "option"), [*itertools.product(sorted(METHODS), OPTIONS)])
def test_each_method_takes_an_option_or_refuses_it_in_one_line(name, option):
    takes = name in CLIPPED if option == "activation" else name not in REFUSING
    takes = takes and (name, option) not in {("dsnas", "regularise"), ("nesbs", "schedule")}
    assert (reason_not(METHODS[name], option) == "") == takes
    setting = SearchSetting(**{option: OPTIONS[option][-1]})
    if takes:
        assert with_options(METHODS[name], setting).name == name
    else:
        with pytest.raises(SearchError, match=f"{name} takes no {option} '{OPTIONS[option][-1]}': it") as raised:
            with_options(METHODS[name], setting)
        assert "\n" not in str(raised.value)


def test_a_refusal_comes_before_anything_is_made(tmp_path):
    setting = tiny("rsps", "nasbench201", regularise="proximity")
    with pytest.raises(SearchError, match="rsps takes no regularise 'proximity': it trains no architecture parameters"):
        run_search(SPACE, "rsps", setting, data="digits", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


COMBINED = [
    ("darts", "nasbench201", {"activation": "clipped", "regularise": "admm", "schedule": "periodic"}),
    pytest.param(
        "darts", "darts", {"activation": "clipped", "regularise": "adjusted_proximity"}, marks=pytest.mark.slow
    ),
    pytest.param("pc-darts", "darts", {"activation": "clipped", "regularise": "admm"}, marks=pytest.mark.slow),
    pytest.param(
        "drnas-progressive", "nasbench201", {"regularise": "proximity", "schedule": "periodic"}, marks=pytest.mark.slow
    ),
    pytest.param("gdas", "nasbench201", {"regularise": "admm", "schedule": "dynamic"}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("method", "space", "options"), COMBINED)
def test_a_search_with_options_goes_on_to_the_same_bits(method, space, options, tmp_path, monkeypatch):
    """The updates of ADMM, the counters and what is pruned lie before and behind the interruption inside an epoch."""
    steps = 12 if space == "nasbench201" else 4
    setting = tiny(
        method, space, epochs=2, steps_per_epoch=steps, schedule_steps=2, alpha_lr=0.1, batch_size=4, **options
    )
    through = run_search(SPACES[space], method, setting, data="digits", out=tmp_path / "through")
    resumed = interrupted_and_resumed(
        SPACES[space], method, setting, tmp_path / "resumed", monkeypatch, after=steps + 3, checkpoint_minutes=0
    )
    assert (resumed.resumed_from, resumed.resumed_steps) == (1, 2)
    once, twice = (content(tmp_path / name) for name in ("through", "resumed"))
    assert equal(without_seconds(once), without_seconds(twice))
    assert resumed.architecture == through.architecture
    assert equal(dict(through.memory), dict(resumed.memory))
    assert bool(through.memory) == (options.get("regularise") == "admm" or "schedule" in options)


def test_options_are_part_of_a_checkpoint(tmp_path):
    setting = tiny("darts", "nasbench201", epochs=1)
    run_search(SPACE, "darts", setting, data="digits", out=tmp_path)
    with pytest.raises(SearchError, match="its regularise is none, asked for is proximity"):
        run_search(SPACE, "darts", setting.changed({"regularise": "proximity"}), data="digits", out=tmp_path)


def clipped_task(space="nasbench201", **changes):
    setting = tiny("darts", space, activation="clipped", **changes)
    return search_task(
        SPACES[space], "darts", setting, preset="laptop", data="digits", seed=0, device="cpu", autocast=False
    )


@pytest.mark.parametrize(("space", "count"), [("nasbench201", 4), ("darts", 7)])
def test_clipped_parameters_begin_at_one_over_the_operations_without_none(space, count):
    state = initial_state(clipped_task(space))
    for name, alpha in state.parameters.operations.items():
        assert state.kept[name].sum(dim=1).tolist() == [count] * len(alpha)
        assert not state.kept[name][:, 0].any()
        torch.testing.assert_close(alpha.detach()[:, 1:], torch.full_like(alpha[:, 1:], 1 / count), atol=6e-4, rtol=0)
        assert alpha.detach()[:, 1:].std() == pytest.approx(1e-4, rel=0.5)


def test_an_operation_at_zero_is_pruned_for_good():
    task = clipped_task(alpha_lr=0.0)
    state = initial_state(task)
    alpha = state.parameters.operations["cell"]
    with torch.no_grad():
        alpha[0, 2], alpha[1, 3] = -0.3, 0.5

    def lift(step):
        with torch.no_grad():
            step.parameters.operations["cell"].add_(torch.where(torch.arange(5) == 4, -1.0, 0.2))
        return 0.0

    images = batch(0)
    step = state.step(task, 0, images, images)
    pruning(lift)(step)
    assert float(alpha.detach()[0, 2]) == 0
    assert float(alpha.detach()[1, 3]) == pytest.approx(0.7)
    assert not alpha.detach()[:, 4].any()
    relaxed = step.method.mean(state.parameters, step.moment)
    assert torch.equal(relaxed.active["cell"], relaxed.weights["cell"] > 0)
    pruning(lift)(step)
    assert float(alpha.detach()[0, 2]) == 0


def test_weights_are_alpha_between_zero_and_one_with_the_gradient_of_those_inside():
    task = clipped_task()
    state = initial_state(task)
    alpha = torch.tensor([[0.3, -0.2, 0.4, 1.7, 0.9]] * 6, requires_grad=True)
    relaxed = task.method.relax(Parameters({"cell": alpha}), state.moment(task, 0), "parameters")
    wanted = torch.tensor([[0, 0, 0.4, 1, 0.9]] * 6)
    torch.testing.assert_close(relaxed.weights["cell"].detach(), wanted)
    (slope,) = torch.autograd.grad(relaxed.weights["cell"].sum(), alpha)
    assert slope[0].tolist() == [0, 0, 1, 0, 1]


def test_an_edge_without_operations_is_none_in_the_cell():
    task = clipped_task()
    state = initial_state(task)
    alpha = state.parameters.operations["cell"]
    with torch.no_grad():
        alpha[2] = 0
        alpha[5] = torch.tensor([0, 0.1, 0.2, 0.6, 0.3])
    images = batch(0)
    chosen = task.method.choose(state.step(task, 0, images, images))
    assert chosen.operations[2] == "none"
    assert chosen.operations[5] == "nor_conv_3x3"
    assert "none" not in (chosen.operations[0], chosen.operations[1])


@pytest.mark.parametrize("space", sorted(SPACES))
def test_nodes_that_normalise_their_sums_do_not_see_the_scale_of_their_weights(space):
    """Batch norm removes a common factor of a node's terms; without it, the factor changes the logits."""
    supernet = SPACES[space].supernet(width=4, depth=3 if space == "darts" else 1, seed=3).double()
    weights = {name: table.detach().abs() for name, table in alphas(supernet.groups, 2, 1.0).items()}
    scaled = {name: 3 * table for name, table in weights.items()}
    inputs = batch(1).inputs
    with torch.no_grad():
        plain = [supernet(inputs, table) for table in (weights, scaled)]
        supernet.normalise_nodes()
        normed = [supernet(inputs, table) for table in (weights, scaled)]
    torch.testing.assert_close(normed[0], normed[1], rtol=1e-3, atol=1e-3)
    assert float((plain[0] - plain[1]).abs().max()) > 0.05


def test_even_shares_are_of_the_kept_operations():
    kept = torch.tensor([[False, True, True], [True, True, True]])
    torch.testing.assert_close(even_shares(kept), torch.tensor([[0, 0.5, 0.5], [1 / 3] * 3]))


LOSSES, _ = separable()
EPOCHS, TABLE_STEPS = 3, 44


@pytest.mark.parametrize(
    ("option", "message"), [({"schedule": "dynamic"}, "'periodic'"), ({"activation": "clipped"}, "no distribution")]
)
def test_on_a_table_what_needs_weights_is_refused(option, message):
    with pytest.raises(SearchError, match=message):
        run_search(SPACE, "darts", tiny("darts", "nasbench201", **option), data=LOSSES)


def ending(seed, **options):
    """Distance to discretisation at the end of a search on a table."""
    setting = tiny("darts", "nasbench201", epochs=EPOCHS, steps_per_epoch=TABLE_STEPS, alpha_lr=0.02, **options)
    found = run_search(SPACE, "darts", setting, data=LOSSES, seed=seed)
    kept = {"cell": torch.ones(6, 5, dtype=torch.bool)}
    assert alpha_steps(found.memory, setting, TABLE_STEPS) == EPOCHS * (4 if "schedule" in options else TABLE_STEPS)
    return distance(found.weights, kept, GROUPS)


@pytest.mark.parametrize("seed", one_in(3, range(3)))
def test_on_a_table_proximity_ends_nearer_to_a_discrete_architecture_with_the_same_steps(seed):
    plain = ending(seed)
    assert ending(seed, regularise="proximity") < 0.6 * plain
    assert ending(seed, regularise="adjusted_proximity") < 0.6 * plain


def test_on_a_table_few_steps_of_alpha_end_far_away_and_proximity_nearer():
    few = {"schedule": "periodic", "schedule_steps": 11}
    assert 2 * ending(0) < ending(0, **few, regularise="proximity") < ending(0, **few)


def test_on_a_table_admm_as_coded_does_not_help_a_softmax():
    """Its Z moves from one operation to the next (`prime.admm`): the search ends farther away than without it."""
    assert ending(0, regularise="admm") > ending(0)


def test_the_pairs_of_the_contract_have_the_method_in_both_spaces():
    assert {space for method, space in PAIRS if method == "darts-prime"} == set(SPACES)


def test_a_step_that_a_term_cannot_join_is_refused():
    own = dataclasses.replace(METHODS["darts"], name="mine", architecture_step=lambda step: 0.0)
    with pytest.raises(SearchError, match="mine takes no regularise 'proximity': its step does not descend"):
        run_search(SPACE, own, tiny("darts", "nasbench201", regularise="proximity"), data="digits")


def test_a_method_of_a_user_is_transformed_too():
    own = dataclasses.replace(METHODS["darts"], name="mine")
    setting = tiny("darts", "nasbench201", regularise="proximity", schedule="periodic", schedule_steps=1)
    found = run_search(SPACE, own, setting, data="digits")
    assert found.memory["schedule/alpha_steps"].tolist() == [2, 2]
