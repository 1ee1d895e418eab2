"""Identities of costs in float64: what batch norm and cross-entropy make of Z · ∂L/∂Z on wired cells.

They are derived from the definition, not taken from the paper, whose code logs the two sides of the second. CE is the
cross-entropy of an image, H the entropy of its prediction. Batch norm runs with ε = 1e-30: with its usual ε an
operation is not quite scale-invariant.
"""

import pytest
import torch
from torch.nn import functional

from harness.search.gradient.costs import CostRecorder, prediction_entropies
from harness.spaces import open_space
from harness.spaces.darts.supernet import CellSupernet
from harness.spaces.darts.wiring.cell import OPERATIONS
from harness.spaces.darts.wiring.cost import shapes
from harness.spaces.darts.wiring.network import GROUP, groups
from tests.search.gradient.searches import one_step

SPACE = open_space("wiring-minimal")
EDGE_4, SKIP = 4, OPERATIONS.index("skip_connect")
ENDS_IN_NORM = [name for name in OPERATIONS if name not in ("none", "skip_connect")]
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])


@pytest.fixture(autouse=True)
def scale_invariant(monkeypatch):
    norm = functional.batch_norm

    def without_epsilon(inputs, mean, variance, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
        return norm(inputs, mean, variance, weight, bias, training, momentum, 1e-30)

    monkeypatch.setattr(functional, "batch_norm", without_epsilon)


def images(seed=0, count=6):
    source = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 6, 6, generator=source, dtype=torch.float64)


def weights(seed=1, *, skip_on_edge_4=False):
    """Random positive weights Z, [5, 8]."""
    table = torch.rand(5, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.1
    if not skip_on_edge_4:
        table[EDGE_4, SKIP] = 0
    return table.requires_grad_()


def supernet(depth=1, seed=0, **sizes):
    return SPACE.supernet(classes=3, width=4, depth=depth, seed=seed, **sizes).double()


def both_sides(network, table, inputs=None):
    """Σ Z · ∂L/∂Z over all edges and operations, and the mean of CE − H over the images."""
    logits = network(images() if inputs is None else inputs, {GROUP: table})
    loss = functional.cross_entropy(logits, LABELS)
    (slopes,) = torch.autograd.grad(loss, table, retain_graph=True)
    return float((table * slopes).sum().detach()), excess_of(loss, logits)


def excess_of(loss, logits):
    """The mean of CE − H over the images."""
    return float((loss - prediction_entropies(logits).mean()).detach())


def test_1_the_slope_along_an_images_logits_is_ce_minus_h():
    logits = (
        torch.randn(50, 10, generator=torch.Generator().manual_seed(2), dtype=torch.float64).mul(3).requires_grad_()
    )
    labels = torch.arange(50) % 10
    losses = functional.cross_entropy(logits, labels, reduction="none")
    (slopes,) = torch.autograd.grad(losses.sum(), logits)
    torch.testing.assert_close((logits * slopes).sum(dim=1), losses - prediction_entropies(logits), rtol=1e-12, atol=0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("depth", [1, 3])
def test_2_all_costs_together_are_ce_minus_h(seed, depth):
    """Of one cell, and of three that share Z: a cell that only deeper cells read has no cost in all."""
    costs, excess = both_sides(supernet(depth, seed), weights(seed), images(seed))
    assert costs == pytest.approx(excess, rel=1e-9, abs=1e-11)
    assert abs(excess) > 1e-3


def test_2_fails_with_a_skip_on_the_edge_between_the_nodes():
    costs, excess = both_sides(supernet(), weights(skip_on_edge_4=True))
    assert abs(costs - excess) > 1e-3


def test_2_fails_with_a_bias_in_the_classifier():
    torch.manual_seed(0)
    network = CellSupernet(
        groups(2), [(GROUP, shape) for shape in shapes(4, 1, 2)], classes=3, width=4, channels=3, partial=1,
        operations=None,
    ).double()  # fmt: skip
    costs, excess = both_sides(network, weights())
    assert abs(costs - excess) > 1e-3
    with torch.no_grad():
        network.classifier.bias.zero_()
    costs, excess = both_sides(network, weights())
    assert costs == pytest.approx(excess, rel=1e-9, abs=1e-11), "the bias was the only reason"


@pytest.mark.parametrize("name", [*ENDS_IN_NORM, "skip_connect"])
def test_3_no_cost_passes_an_operation_that_ends_in_a_norm(name):
    """⟨∂L/∂x, x⟩ through an operation is 0, as far as it is scale-invariant; through a skip it is the whole cost."""
    from harness.spaces.darts.wiring.network import _operation

    torch.manual_seed(3)
    operation = _operation(name, 4).double().train()
    source = torch.Generator().manual_seed(4)
    inputs = torch.randn(5, 4, 6, 6, generator=source, dtype=torch.float64).requires_grad_()
    outputs = operation(inputs)
    slopes = torch.randn(outputs.shape, generator=source, dtype=torch.float64)
    (back,) = torch.autograd.grad(outputs, inputs, slopes)
    passed, cost = float((back * inputs.detach()).sum()), float((slopes * outputs.detach()).sum())
    assert passed == pytest.approx(cost if name == "skip_connect" else 0, abs=1e-9)
    assert abs(cost) > 1e-2
    assert float(back.abs().max()) > 1e-2, "a gradient passes all the same"


def test_3_edges_that_only_a_deeper_node_reads_have_no_cost_in_all():
    """With node 3 alone as the output, edges 0 and 1 together cost nothing, and the others all of it."""
    network, table = supernet(), weights()
    with torch.no_grad():
        network.classifier.weight[:, :4] = 0  # the channels of node 2
    logits = network(images(), {GROUP: table})
    loss = functional.cross_entropy(logits, LABELS)
    (slopes,) = torch.autograd.grad(loss, table, retain_graph=True)
    by_edge = (table * slopes).sum(dim=1).detach()
    assert float(by_edge[:2].sum()) == pytest.approx(0, abs=1e-12)
    excess = excess_of(loss, logits)
    assert float(by_edge[2:].sum()) == pytest.approx(excess, rel=1e-9)
    assert float(by_edge.abs().min()) > 1e-5, "each alone has one"


def fitted(steps):
    """The supernet at α = 0 without `skip_connect`, after some steps on one batch."""
    mask = torch.ones(5, 8, dtype=torch.bool)
    mask[:, SKIP] = False
    network = supernet(seed=5, operations={GROUP: mask})
    optimizer = torch.optim.SGD(network.parameters(), 0.2, momentum=0.9)
    table = torch.where(mask, 1 / 7, 0.0).double()
    for _ in range(steps):
        optimizer.zero_grad()
        functional.cross_entropy(network(images(), {GROUP: table}), LABELS).backward()
        optimizer.step()
    return network, mask


def test_4_where_ce_falls_below_h_no_edge_is_pruned_by_descent():
    """At equal α, Σ_edges ∂L/∂α_none = −p_none · mean(CE − H), so descent lowers `none` exactly where CE < H.

    That is so on images that are fitted; on other images of the same labels CE stays above H, and `none` rises.
    """
    network, mask = fitted(60)
    for seed, sign in ((0, -1), (9, 1)):
        alpha = torch.zeros(5, 8, dtype=torch.float64).requires_grad_()
        table = alpha.masked_fill(~mask, -torch.inf).softmax(dim=1)
        logits = network(images(seed), {GROUP: table})
        loss = functional.cross_entropy(logits, LABELS)
        (slopes,) = torch.autograd.grad(loss, alpha, retain_graph=True)
        excess = excess_of(loss, logits)
        assert excess * sign > 0
        assert float(slopes[:, 0].sum()) == pytest.approx(-excess / 7, rel=1e-8)


def test_the_recorder_records_both_sides():
    """A step of DARTS on minimal cells without the skip of edge 4."""
    step = one_step("darts", "wiring-minimal")
    step.moment.kept[GROUP][EDGE_4, SKIP] = False
    recorder = CostRecorder(step.memory, step.supernet.groups, 2, 1)
    recorder.add(step)
    for _, rows in recorder.frame().groupby(["part", "images"]):
        if rows["images"].iloc[0] == "all":
            assert rows["cost_nats"].sum() == pytest.approx(rows["cross_entropy_minus_entropy_nats"].iloc[0], rel=1e-9)
