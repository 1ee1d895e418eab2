"""The trilevel search. Oracles: sparsestmax, sums over paths and places one by one, and the derived networks."""

from __future__ import annotations

import dataclasses
import itertools
import math
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from harness.batches import Batch
from harness.errors import SearchError, SpaceError
from harness.search import METHODS, run_search
from harness.search.gradient import trilevel
from harness.search.gradient.checkpoint import CHECKPOINT
from harness.search.gradient.data import Images
from harness.search.gradient.method import Moment, Parameters, Step
from harness.search.gradient.sparsestmax import sparsestmax
from harness.search.gradient.trilevel import CHOICES, NODES, WIDTHS, radius, relax
from harness.search.gradient.trilevel_terms import mac_share, order_loss
from harness.spaces import open_space
from harness.spaces.trilevel.small import SmallTrilevel
from harness.spaces.trilevel.supernet import groups_of, nodes_of
from tests.search.gradient.test_contract import content, equal, interrupted_and_resumed, without_seconds

METHOD = METHODS["trilevel"]


class Tiny(SmallTrilevel):
    """The small space with two cells, so that a step takes little."""

    name = "trilevel-small"
    cells = 2


SPACE = Tiny()
GROUPS = groups_of(nodes_of(2, 1))


def setting(**changes):
    sizes = {
        "epochs": 3,
        "alpha_warm_up": 1,
        "steps_per_epoch": 2,
        "batch_size": 2,
        "width": 8,
        "evaluation_batches": 1,
    }
    return METHOD.setting(SPACE, "laptop").changed({**sizes, "image_size": None, "images": None, **changes})


def pairs(count=16, side=4):
    source = torch.Generator().manual_seed(0)
    large = torch.rand(count, 1, 2 * side, 2 * side, generator=source)
    return Images("pairs", torch.nn.functional.avg_pool2d(large, 2), large)


def moment(epoch=1, step=0, **changes):
    kept = {name: torch.ones(group.shape, dtype=torch.bool) for name, group in GROUPS.items()}
    return Moment(epoch, step, 0, setting(**changes), GROUPS, kept, 2)


def logits(seed=1, scale=0.1):
    source = torch.Generator().manual_seed(seed)
    tables = {
        name: scale * torch.randn(group.shape, generator=source, dtype=torch.float64) for name, group in GROUPS.items()
    }
    return Parameters({name: table.requires_grad_() for name, table in tables.items()})


def test_the_radius_grows_from_0_to_1_and_is_1_in_the_last_epoch():
    found = [
        radius(moment(epoch, step, epochs=5, alpha_warm_up=2)) for epoch, step in itertools.product(range(5), (0, 1))
    ]
    assert found == [0, 0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1]
    assert radius(moment(5, 0, epochs=5, alpha_warm_up=2)) == 1


@pytest.mark.parametrize("sparsity", ["sparsestmax", "sparsemax", "softmax"])
def test_nodes_and_operations_are_sparse_and_widths_are_one_of_each(sparsity):
    parameters, at = logits(), moment(1, 1, epochs=4, sparsity=sparsity)
    relaxed = relax(parameters, at, "weights")
    for name in (NODES, CHOICES):
        plain = parameters.operations[name]
        expected = (
            plain.softmax(dim=1) if sparsity == "softmax" else sparsestmax(plain, 0.25 * (sparsity != "sparsemax"))
        )
        assert torch.equal(relaxed.weights[name], expected)
        assert torch.equal(relaxed.active[name], expected > 0)
    widths = relaxed.weights[WIDTHS]
    assert sorted(set(widths.detach().flatten().tolist())) == pytest.approx([0, 1])
    (gradient,) = torch.autograd.grad((widths * torch.arange(5.0)).sum(), parameters.operations[WIDTHS])
    assert bool(gradient.any())
    assert torch.equal(relax(parameters, at, "weights").active[WIDTHS], relaxed.active[WIDTHS])


def test_widths_are_drawn_by_their_probabilities():
    parameters = logits()
    parameters.operations[WIDTHS] = torch.tensor([[0.0, 1.0, 2.0, -1.0, 0.5]] * 4000)
    drawn = relax(parameters, moment(), "weights").active[WIDTHS].double().mean(dim=0)
    torch.testing.assert_close(drawn, parameters.operations[WIDTHS][0].double().softmax(dim=0), rtol=0, atol=0.03)


def test_the_order_loss_is_the_sum_of_differences_along_complete_paths():
    nodes = GROUPS[NODES].operations
    values = dict(zip(nodes, torch.randn(len(nodes), dtype=torch.float64), strict=True))
    complete = [path for path in nodes if (path.count("0"), path.count("1")) == (2, 1)]
    slow = sum(values[path[: end + 1]] - values[path[:end]] for path in complete for end in range(1, len(path)))
    torch.testing.assert_close(order_loss(torch.stack(list(values.values())), nodes), slow)
    assert len(complete) == 2


def test_multiply_adds_of_chosen_weights_are_those_of_the_networks():
    """Even weights of the operations give the mean over all operations at each place, since places add up."""
    source = torch.Generator().manual_seed(2)
    at, most = moment(), 0
    for _ in range(4):
        chosen = {
            name: torch.randint(group.shape[1], group.shape[:1], generator=source) for name, group in GROUPS.items()
        }
        hot = {name: torch.eye(GROUPS[name].shape[1], dtype=torch.float64)[row] for name, row in chosen.items()}

        def macs(own, widths, hot=hot):
            table = torch.eye(5, dtype=torch.float64)[widths]
            return SPACE.sizes(SPACE.derive({**hot, CHOICES: own, WIDTHS: table}), width=8, image_size=1).macs

        full = torch.full_like(chosen[WIDTHS], 4)
        base = macs(hot[CHOICES], chosen[WIDTHS])
        even = base
        for place in range(len(hot[CHOICES])):
            others = []
            for kind in range(4):
                other = hot[CHOICES].clone()
                other[place] = torch.eye(4, dtype=torch.float64)[kind]
                others.append(macs(other, chosen[WIDTHS]))
            even += sum(others) / 4 - base
        share = float(mac_share(SPACE, at, hot))
        ratio = (2 / 7 * macs(hot[CHOICES], full) + 5 / 7 * even) / share
        most = most or ratio
        assert ratio == pytest.approx(most, rel=1e-12)
    last = torch.eye(5)[[nodes_of(2, 1).index((0, 0, 1))]]
    dear = SPACE.derive({NODES: last, CHOICES: torch.eye(4)[[2] * 15], WIDTHS: torch.eye(5)[[4] * 12]})
    costliest = SPACE.sizes(dear, width=8, image_size=20).macs
    assert most == pytest.approx(costliest / 20**2, rel=1e-12)


def step_with(at, parameters):
    supernet = SPACE.supernet(width=8).double()
    supernet.tail.conv.weight.data.normal_(generator=torch.Generator().manual_seed(3))
    images = pairs(2)
    batch = Batch(images.pixels.double(), images.labels.double())
    adam = torch.optim.Adam(supernet.parameters(), 1e-3)
    moving = torch.optim.SGD(parameters.tensors(), 1.0)
    return Step(SPACE, METHOD, supernet, parameters, {}, at, batch, batch, adam, moving)


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_step_descends_the_sum_of_three_losses_and_its_terms(epoch):
    """Without the masks of what is computed, and with the widths written out."""
    parameters, at = logits(), moment(epoch, 1, epochs=4, order_weight=0.1, mac_weight=0.2)
    step = step_with(at, parameters)
    relaxed = relax(parameters, at, "parameters")
    total = 0.1 * order_loss(parameters.operations[NODES][0], GROUPS[NODES].operations)
    total = total + 0.2 * mac_share(SPACE, at, relaxed.weights)
    ends = (torch.eye(5, dtype=torch.float64)[[place] * len(GROUPS[WIDTHS].edges)] for place in (0, 4))
    for widths in (relaxed.weights[WIDTHS], *ends):
        outputs = step.supernet(step.validation.inputs, {**relaxed.weights, WIDTHS: widths})
        total = total + (outputs - step.validation.targets).abs().mean()
    expected = torch.autograd.grad(total, parameters.tensors())
    before = [table.detach().clone() for table in parameters.tensors()]
    trilevel.step(step)
    for gradient, old, table in zip(expected, before, parameters.tensors(), strict=True):
        torch.testing.assert_close(old - table.detach(), gradient, rtol=1e-9, atol=1e-12)


def test_while_the_parameters_warm_up_the_weights_alone_move():
    parameters = logits()
    step = step_with(moment(0), parameters)
    before = [table.detach().clone() for table in (*parameters.tensors(), *step.supernet.parameters())]
    trilevel.step(step)
    after = [table.detach() for table in (*parameters.tensors(), *step.supernet.parameters())]
    assert [torch.equal(old, new) for old, new in zip(before[:3], after[:3], strict=True)] == [True] * 3
    assert not all(torch.equal(old, new) for old, new in zip(before[3:], after[3:], strict=True))


@pytest.mark.parametrize(
    ("after", "options"), [pytest.param(1, {}, marks=pytest.mark.slow), (4, {"checkpoint_minutes": 0})]
)
def test_it_is_the_same_once_through_and_interrupted_and_ends_as_its_network(after, options, tmp_path, monkeypatch):
    through = run_search(SPACE, "trilevel", setting(), data=pairs(), out=tmp_path / "through")
    resumed = interrupted_and_resumed(
        SPACE, "trilevel", setting(), tmp_path / "resumed", monkeypatch, after=after, data=pairs(), **options
    )
    assert resumed.architecture == through.architecture
    once, twice = (content(tmp_path / name) for name in ("through", "resumed"))
    assert equal(without_seconds(once), without_seconds(twice))
    recorded = once["memory"]["logits/nodes"]
    assert recorded.shape == (3, 1, 5)
    assert torch.equal(recorded[-1].float(), once["parameters"]["operations"]["nodes"])
    assert list(through.log["epoch"]) == [1, 2, 3]
    assert all(row.max() == 1 for name in (NODES, CHOICES) for row in through.weights[name])
    supernet = SPACE.supernet(width=8)
    supernet.load_state_dict(torch.load(tmp_path / "through" / CHECKPOINT, weights_only=True)["supernet"])
    widths = torch.zeros(GROUPS[WIDTHS].shape).scatter(1, through.weights[WIDTHS].argmax(dim=1, keepdim=True), 1)
    inputs = pairs().pixels
    derived = SPACE.inherited(supernet, through.architecture)
    torch.testing.assert_close(
        supernet(inputs, {**through.weights, WIDTHS: widths}), derived(inputs), rtol=0, atol=1e-6
    )


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.search.gradient.test_trilevel import KILLED, SPACE, pairs, run_search, setting
run_search(SPACE, "trilevel", setting(**KILLED), data=pairs(), out="out", checkpoint_minutes=0)
"""
KILLED = {"epochs": 4, "steps_per_epoch": 12}


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on_to_the_same_bits(tmp_path):
    """For real, inside an epoch in which all three levels move."""
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parents[3])]
    driver = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 400  # a busy machine may take minutes to import torch
    while driver.poll() is None and time.monotonic() < end:
        path = tmp_path / "out" / CHECKPOINT
        kept = torch.load(path, weights_only=True) if path.is_file() else {"epoch": 0, "part": None}
        if kept["epoch"] >= 1 and kept["part"] is not None:
            break
        time.sleep(0.01)
    driver.kill()
    printed = driver.communicate()[0]
    assert driver.returncode == -9, printed
    resumed = run_search(SPACE, "trilevel", setting(**KILLED), data=pairs(), out=tmp_path / "out")
    assert resumed.resumed_from >= 1
    through = run_search(SPACE, "trilevel", setting(**KILLED), data=pairs(), out=tmp_path / "through")
    assert resumed.architecture == through.architecture
    once, twice = (content(tmp_path / name) for name in ("out", "through"))
    assert equal(without_seconds(once), without_seconds(twice))


@pytest.mark.slow
def test_an_order_weight_decides_the_length_where_the_loss_hardly_does():
    lengths = {}
    for weight in (-1.0, 1.0):
        changes = {"alpha_lr": 0.3, "order_weight": weight, "steps_per_epoch": 3}
        found = run_search(SPACE, "trilevel", setting(**changes), data=pairs())
        lengths[weight] = len(found.architecture.path)
    assert lengths[1.0] == 1 < lengths[-1.0]


def test_what_it_cannot_search_is_refused():
    with pytest.raises(
        SearchError, match="trilevel cannot search nasbench201: it searches restoring networks, and the"
    ):
        run_search(open_space("nasbench201"), "trilevel")
    with pytest.raises(SearchError, match="darts cannot search trilevel-small: it searches image classifiers, and the"):
        run_search(SPACE, "darts")
    with pytest.raises(SearchError, match="trilevel has no stages and leaves no operation out"):
        run_search(SPACE, "trilevel", setting(without=("skip",)), data=pairs())
    with pytest.raises(SearchError, match="autocast does not go with trilevel"):
        run_search(SPACE, "trilevel", setting(), data=pairs(), autocast=True)
    with pytest.raises(SearchError, match="record_costs needs predictions of classes"):
        run_search(SPACE, "trilevel", setting(), data=pairs(), record_costs=1)
    with pytest.raises(SearchError, match="--data takes photographs, or a set of images as FOLDER/Set5"):
        run_search(SPACE, "trilevel", setting(), data="digits")
    with pytest.raises(SpaceError, match="partial must be 1"):
        SPACE.supernet(partial=2)


def test_photographs_give_crops_and_the_small_ones_that_belong_to_them():
    pytest.importorskip("skimage", reason="scikit-image is not installed (the extra restoration has it)")
    from harness.search.gradient.pairs import images_for

    one, same, other = (images_for(SPACE, "photographs", setting(image_size=6, images=5), seed) for seed in (0, 0, 1))
    assert one.pixels.shape == (5, 1, 6, 6)
    assert one.labels.shape == (5, 1, 12, 12)
    assert one.digest() == same.digest() != other.digest()
    means = (each.mean(dim=(1, 2, 3)) for each in (one.pixels, one.labels))
    torch.testing.assert_close(*means, rtol=0, atol=0.02)


def test_the_note_says_that_the_paper_was_not_seen():
    presets = METHOD.presets_in("trilevel-small")
    assert "the paper was not seen" in presets.note
    assert math.isclose(presets.paper.weight_lr, 1e-4)
    assert dataclasses.asdict(METHOD.presets["trilevel"].paper) == dataclasses.asdict(presets.paper)
