"""A cell's ReLUs share their output while the cell runs, and are plain ReLUs otherwise.

Oracle: the same cell with PyTorch's own ReLUs.
"""

import copy
import io
import pickle
import threading

import pytest
import torch
from torch import nn

from harness.spaces.nasbench201 import Cell
from harness.spaces.nasbench201.network import CellModule, NodeReLU

CELL = Cell(("nor_conv_3x3", "nor_conv_1x1", "nor_conv_3x3", "nor_conv_1x1", "nor_conv_3x3", "nor_conv_1x1"))


def images(seed=0):
    return torch.randn(3, 2, 5, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def cell():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return CellModule(CELL.operations, 2).double()


def plain(cell):
    """The same cell, each edge with a ReLU of PyTorch's."""
    other = copy.deepcopy(cell)
    for layer in other.layers:
        layer.op[0] = nn.ReLU()
    return other


def gradients(cell, inputs):
    leaf = inputs.clone().requires_grad_()
    return torch.autograd.grad(cell(leaf).square().sum(), [leaf, *cell.parameters()])


def outputs_of_relus(cell, inputs):
    outputs = []
    handles = [
        module.register_forward_hook(lambda module, given, output: outputs.append(output))
        for module in cell.modules()
        if isinstance(module, NodeReLU)
    ]
    cell(inputs)
    for handle in handles:
        handle.remove()
    return outputs


def test_a_cell_gives_what_plain_relus_give(cell):
    torch.testing.assert_close(cell(images()), plain(cell)(images()), rtol=0, atol=0)
    for found, expected in zip(gradients(cell, images()), gradients(plain(cell), images()), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)


def test_six_relus_of_three_nodes_keep_three_outputs_and_none_outlives_the_pass(cell):
    first = outputs_of_relus(cell, images())
    assert (len(first), len({id(output) for output in first})) == (6, 3)
    second = outputs_of_relus(cell, images())
    assert {id(output) for output in first}.isdisjoint(id(output) for output in second)


def test_an_edge_called_by_itself_reads_its_input_anew(cell):
    inputs = images()
    edge, other = cell.layers[0].op[0], cell.layers[1].op[0]
    before = edge(inputs)
    inputs.neg_()
    assert torch.equal(edge(inputs), inputs.relu())
    assert edge(inputs) is not other(inputs)
    assert not torch.equal(edge(inputs), before)


def test_a_pass_without_a_graph_does_not_cut_the_next(cell):
    leaf = images().requires_grad_()
    for module in (cell, cell.layers[0], cell.layers[0].op[0]):
        with torch.no_grad():
            assert not module(leaf).requires_grad
        assert module(leaf).requires_grad


def test_a_hook_without_a_graph_does_not_cut_its_own_pass(cell):
    """It reads a node's ReLU before the edges do, inside the cell's pass."""

    @torch.no_grad()
    def peek(module, given):
        cell.layers[1].op[0](given[0])

    expected = gradients(cell, images())
    cell.layers[0].register_forward_pre_hook(peek)
    for found, wanted in zip(gradients(cell, images()), expected, strict=True):
        assert torch.equal(found, wanted)


def test_an_input_changed_between_passes_is_read_anew(cell):
    inputs = images()
    cell(inputs)
    inputs.copy_(images(seed=1))
    assert torch.equal(cell(inputs), plain(cell)(images(seed=1)))


@pytest.mark.parametrize("hooked", range(6))
def test_a_hook_that_changes_an_output_changes_no_other_edge(cell, hooked):
    """Edges after it compute anew, and an edge before it cannot be differentiated with a wrong value."""

    def double(module, given, output):
        return output.mul_(2)

    other = plain(cell)
    for each in (cell, other):
        each.layers[hooked].op[0].register_forward_hook(double)
    assert torch.equal(cell(images()), other(images()))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        gradients(cell, images())


def test_an_exception_midway_leaves_nothing(cell):
    def fail(module, given):
        raise ValueError("midway")

    handle = cell.layers[4].register_forward_pre_hook(fail)
    inputs = images()
    with pytest.raises(ValueError, match="midway"):
        cell(inputs)
    handle.remove()
    assert cell.layers[0].op[0](inputs) is not cell.layers[1].op[0](inputs)
    assert torch.equal(cell(inputs), plain(cell)(inputs))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_share_with_nobody(cell, copied):
    leaf = images().requires_grad_()
    cell.layers[0](leaf)
    twin = copied(cell)
    assert torch.equal(twin(leaf), cell(leaf))
    first, second = outputs_of_relus(twin, leaf), outputs_of_relus(cell, leaf)  # both alive, so that no id comes again
    assert {id(output) for output in first}.isdisjoint(id(output) for output in second)


def test_a_saved_module_comes_back(cell):
    file = io.BytesIO()
    torch.save(cell, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(images()), cell(images()))


def test_inference_mode_gives_the_same(cell):
    expected = cell(images())
    inputs = images()
    with torch.inference_mode():
        assert torch.equal(cell(inputs), expected)
        inputs = images()
        assert torch.equal(cell(inputs), expected)
    assert torch.equal(cell(inputs.clone()), expected)


def test_two_threads_on_one_module_do_not_meet(cell):
    """The first waits in the middle of its pass until the second has gone through with the same input and no graph."""
    cell.eval()
    leaf = images().requires_grad_()
    expected = cell(leaf)
    reached, passed = threading.Event(), threading.Event()
    found = {}

    def wait(module, given, output):
        if threading.current_thread().name == "first":
            reached.set()
            assert passed.wait(timeout=20)

    def run(name):
        if name == "second":
            assert reached.wait(timeout=20)
            with torch.no_grad():
                found[name] = cell(leaf)
            passed.set()
        else:
            found[name] = cell(leaf)

    cell.layers[0].op[0].register_forward_hook(wait)
    threads = [threading.Thread(target=run, args=(name,), name=name) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert torch.equal(found["first"], expected)
    assert torch.equal(found["second"], expected)
    assert found["first"].requires_grad
    assert not found["second"].requires_grad
