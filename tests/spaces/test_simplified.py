"""Simplified supernets of both spaces: shared batch norm, unit kernels.

Oracles: the edges as a plain loop with one convolution after the other (tests/reference), the plain supernet where the
two must agree, finite differences.
"""

from __future__ import annotations

import inspect
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from harness.spaces.merging import summed_kernels, unit_kernels, unit_pointwise
from harness.spaces.simplifiable import SimplifiableSpace, simplifiable
from harness.studies.searches.nasi.variants import WithoutNorm
from tests.reference import spaces_simplified as simplified
from tests.spaces.supernets import (
    CELLS,
    DEPTHS,
    REFERENCES,
    SHAPES,
    SPACES,
    edge_weights,
    generator,
    gradients,
    images,
    mask,
    positive,
    supernet,
)

MIXES = {"nasbench201": simplified.nasbench201, "darts": simplified.darts}
CONVOLUTIONS = {"nasbench201": slice(2, 4), "darts": slice(4, 8)}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "edges": {"edges": True},
    "partial edges": {"partial": 2, "width": 8, "edges": True},
    "pruned": {"operations": True},
    "own kernels": {"kernel_normalisation": False},
}
OFTEN = ("plain", "partial edges")
"""Cases that run by default; the others are with the slow tests."""
of_each_space = pytest.mark.parametrize("name", MIXES)


def assert_equal(found: Tensor, expected: Tensor, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@of_each_space
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case in OFTEN else [pytest.mark.slow]) for case in CASES]
)
def test_logits_and_all_gradients_are_the_plain_loops(name: str, case: str) -> None:
    options = dict(CASES[case])
    edges = edge_weights(name) if options.pop("edges", False) else None
    operations = mask(name) if options.pop("operations", False) else None
    network = supernet(name, simplify=True, operations=operations, **options)
    weights, parameters = positive(name), dict(network.named_parameters())
    kept = weights if operations is None else {group: weights[group] * operations[group] for group in weights}
    expected = REFERENCES[name](
        parameters, images(), kept, depth=DEPTHS[name], edges=edges, partial=options.get("partial", 1),
        mix=MIXES[name](options.get("kernel_normalisation", True)),
    )  # fmt: skip
    found = network(images(), weights, edges)
    assert_equal(found, expected)
    tensors = [*weights.values(), *(edges or {}).values(), *parameters.values()]
    for one, other in zip(gradients(found, tensors), gradients(expected, tensors), strict=True):
        assert_equal(one, other, 1e-8)


@of_each_space
def test_without_batch_norm_sharing_alone_changes_nothing(name: str) -> None:
    plain, own = supernet(name), supernet(name, simplify=True, kernel_normalisation=False)
    weights = positive(name)
    with WithoutNorm():
        found, expected = own(images(), weights), plain(images(), weights)
    assert_equal(found / expected.abs().max(), expected / expected.abs().max(), 1e-12)
    by_weights = [gradients(logits, list(weights.values())) for logits in (found, expected)]
    for one, other in zip(*by_weights, strict=True):
        assert_equal(one / other.abs().max(), other / other.abs().max(), 1e-12)
    assert not torch.allclose(own(images(), weights), plain(images(), weights), rtol=0.01), "one batch norm is another"


def with_unit_kernels(name: str) -> Any:
    """The plain supernet whose kernels before the last batch norm of each operation have norm 1."""
    network = supernet(name)
    named = dict(network.named_parameters())
    with torch.no_grad():
        for key, kernel in named.items():
            if ".layers." not in key or "skip_connect" in key:
                continue
            if name == "nasbench201":
                kernel.copy_(unit_kernels(kernel))
            elif key.endswith(("sep_conv_3x3.op.6.weight", "sep_conv_5x5.op.6.weight")):
                kernel.copy_(unit_pointwise(kernel, named[key.replace("op.6", "op.5")]))
            elif "dil_conv" in key and key.endswith("op.2.weight"):
                kernel.copy_(unit_pointwise(kernel, named[key.replace("op.2", "op.1")]))
    return network


@of_each_space
@pytest.mark.parametrize("asked", [False, True], ids=["no gradient", "gradient by the weights"])
def test_one_operation_an_edge_is_that_of_the_plain_supernet(name: str, asked: bool) -> None:
    edges, operations = SHAPES[name]
    source = generator(7)
    weights = {
        group: functional.one_hot(torch.randint(operations, (edges,), generator=source), operations).double()
        for group in CELLS[name]
    }
    tables = {group: table.requires_grad_(asked) for group, table in weights.items()}
    own, plain = supernet(name, simplify=True), with_unit_kernels(name)
    found, expected = own(images(), tables), plain(images(), tables)
    assert_equal(found, expected, 1e-10)
    if asked:  # where no convolution is chosen, the weights of an edge's convolutions sum to zero
        for group, one, other in zip(
            tables, gradients(found, list(tables.values())), gradients(expected, list(tables.values())), strict=True
        ):
            without = tables[group].detach()[:, CONVOLUTIONS[name]].sum(dim=1) == 0
            assert without.any()
            assert_equal(one[without], other[without], 1e-8)


@of_each_space
def test_where_the_weights_sum_to_zero_the_gradient_is_that_to_one_side(name: str) -> None:
    network = supernet(name, simplify=True)
    weights = {group: table.detach().clone() for group, table in positive(name).items()}
    group, columns = CELLS[name][0], range(SHAPES[name][1])[CONVOLUTIONS[name]]
    weights[group][1, CONVOLUTIONS[name]] = 0.0
    step = 1e-7

    def loss(tables: dict[str, Tensor]) -> Tensor:
        return network(images(), tables).square().sum()

    start = weights[group].requires_grad_()
    (found,) = torch.autograd.grad(loss({**weights, group: start}), start)
    for column in columns:
        ahead = start.detach().clone()
        ahead[1, column] = step
        with torch.no_grad():
            slope = (loss({**weights, group: ahead}) - loss({**weights, group: start.detach()})) / step
        assert float(slope) == pytest.approx(float(found[1, column]), rel=1e-4, abs=1e-4)


@of_each_space
@pytest.mark.parametrize("normalise", [True, False])
def test_the_gradient_by_alpha_is_that_of_finite_differences(name: str, normalise: bool) -> None:
    network = supernet(name, width=2, depth=1, simplify=True, kernel_normalisation=normalise)
    network.requires_grad_(False)
    source = generator(8)
    group = CELLS[name][-1]  # of one cell, DARTS's is a reduction
    alpha = torch.randn(SHAPES[name], generator=source, dtype=torch.float64).requires_grad_()
    rest = {other: torch.ones(SHAPES[name], dtype=torch.float64) for other in CELLS[name]}

    def loss(values: Tensor) -> Tensor:
        return network(images(2, 4), {**rest, group: values.softmax(dim=1)}).square().sum()

    assert torch.autograd.gradcheck(loss, alpha, eps=1e-7, atol=1e-5, rtol=1e-4, fast_mode=True)


@of_each_space
def test_the_scale_of_a_kernel_counts_only_without_normalisation(name: str) -> None:
    weights = positive(name)
    logits = {}
    for normalise, factor in product([True, False], [1.0, 3.0]):
        network = supernet(name, simplify=True, kernel_normalisation=normalise)
        with torch.no_grad():
            for key, kernel in network.named_parameters():
                if ".layers." in key and key.endswith(("nor_conv_3x3.weight", "dil_conv_5x5.op.2.weight")):
                    kernel.mul_(factor)
        logits[normalise, factor] = network(images(), weights)
    assert_equal(logits[True, 3.0], logits[True, 1.0])
    assert not torch.allclose(logits[False, 3.0], logits[False, 1.0], rtol=0.01)


@of_each_space
def test_weights_keep_their_names_and_values(name: str) -> None:
    space = SPACES[name]
    plain, own = (space.supernet(width=4, depth=DEPTHS[name], simplify=simplify, seed=5) for simplify in (False, True))
    assert list(plain.state_dict()) == list(own.state_dict())
    assert all(torch.equal(plain.state_dict()[key], kernel) for key, kernel in own.state_dict().items())


@of_each_space
def test_a_supernet_is_simplified_only_where_it_is_asked_for(name: str) -> None:
    space = SPACES[name]
    weights = positive(name)
    shape = {"width": 4, "depth": DEPTHS[name]}
    default, plain = space.supernet(**shape).double(), space.supernet(**shape, kernel_normalisation=False).double()
    assert torch.equal(default(images(), weights), plain(images(), weights))
    assert not torch.allclose(
        space.supernet(**shape, simplify=True).double()(images(), weights), plain(images(), weights)
    )


@of_each_space
def test_it_is_a_simplifiable_space(name: str) -> None:
    space = SPACES[name]
    assert simplifiable(space)
    wanted = inspect.signature(SimplifiableSpace.supernet).parameters
    assert {key: each.default for key, each in inspect.signature(space.supernet).parameters.items()} == {
        key: each.default for key, each in wanted.items() if key != "self"
    }


def test_unit_kernels_have_norm_one_and_zeros_stay_zeros() -> None:
    kernels = torch.randn(5, 3, 3, 3, generator=generator(), dtype=torch.float64)
    kernels[2] = 0
    kernels.requires_grad_()
    units = unit_kernels(kernels)
    norms = torch.linalg.vector_norm(units.detach(), dim=(1, 2, 3))
    assert_equal(norms, torch.tensor([1.0, 1, 0, 1, 1], dtype=torch.float64), 1e-12)
    (gradient,) = torch.autograd.grad((units * torch.arange(3.0)[:, None, None]).sum(), kernels)
    assert gradient.isfinite().all()
    assert_equal((gradient * kernels).sum(dim=(1, 2, 3)).detach(), torch.zeros(5, dtype=torch.float64), 1e-10)


def test_unit_pointwise_kernels_make_the_composed_convolution_unit() -> None:
    pointwise = torch.randn(4, 4, 1, 1, generator=generator(), dtype=torch.float64)
    depthwise = torch.randn(4, 1, 5, 5, generator=generator(1), dtype=torch.float64)
    dense = unit_pointwise(pointwise, depthwise) * depthwise.transpose(0, 1)
    assert_equal(torch.linalg.vector_norm(dense, dim=(1, 2, 3)), torch.ones(4, dtype=torch.float64), 1e-12)
    assert unit_pointwise(torch.zeros_like(pointwise), depthwise).abs().max() == 0


def test_of_white_inputs_a_unit_kernel_gives_unit_variance() -> None:
    kernels = (
        torch.randn(3, 4, 3, 3, generator=generator(), dtype=torch.float64)
        * torch.tensor([1.0, 9, 0.1])[:, None, None, None]
    )
    white = torch.randn(64, 4, 34, 34, generator=generator(1), dtype=torch.float64)
    variance = functional.conv2d(white, unit_kernels(kernels)).var(dim=(0, 2, 3))
    assert_equal(variance, torch.ones(3, dtype=torch.float64), 0.03)


def test_summed_kernels_are_the_sum_of_the_convolutions() -> None:
    shares = torch.rand(2, 3, generator=generator(), dtype=torch.float64)
    kernels = [torch.randn(6, 3, side, side, generator=generator(side), dtype=torch.float64) for side in (1, 3, 5)]
    inputs = torch.randn(2, 3, 7, 6, generator=generator(9), dtype=torch.float64)
    expected = sum(
        torch.cat(
            [
                shares[edge, path] * part
                for edge, part in enumerate(functional.conv2d(inputs, kernel, padding="same").chunk(2, 1))
            ],
            1,
        )
        for path, kernel in enumerate(kernels)
    )
    assert isinstance(expected, Tensor)
    assert_equal(functional.conv2d(inputs, summed_kernels(shares, kernels), padding="same"), expected, 1e-12)
