"""The recorded sides of the ReLUs, how they are kept, and that float32 is rounding once they are."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import harness
from harness.proxies.registry import resolve
from tests.proxies.published_scores import Given
from tests.proxies.relu_sides import RECORDED, keep_sides, recorded, relu_inputs
from tests.sampling import one_in

pytestmark = pytest.mark.kernels

NONE = 1e-12
"""For counts, and for what is computed in float64 whatever the network's precision is."""
OTHER_PASSES = {
    "az_expressivity", "az_progressivity", "az_trainability", "gradsign", "meco", "te_nas_regions", "zen", "zico",
    "l_swag", "zico_bc", "meco_opt", "dextr",
    "nasgraph_degree", "nasgraph_density", "nasgraph_resilience", "nasgraph_wedge",
}  # fmt: skip
"""Of other inputs or another network, of each sample alone, of half the batch: their ReLUs are left as they are."""
BOUNDS = {
    "epe_nas": 1e-3, "fisher": 1e-5, "grad_norm": 1e-5, "grasp": 1e-4, "ntk_condition": 1e-4, "m_grad": 1e-5,
    "m_grasp": 1e-4, "m_trace": 1e-5, "m_condition": 1e-5, "jacob_cov": 1e-6, "knas": 1e-5, "nasi_trace": 1e-5,
    "nasi_constrained": 3e-5, "ntk_trace": 1e-5, "snip": 1e-5, "l2_norm": 1e-6, "linear_regions": NONE, "params": NONE,
    "flops": NONE, "nwot": NONE, "swap": NONE, "synflow": NONE, "logsynflow": NONE, "synflow_bn": NONE,
    "swap_universal": NONE, "near": 1e-4, "rcor": 1e-4, "wrcor": 1e-4, "intrain": 1e-4, "t_cet": 1e-6,
    "eznas_a": 5e-4, "eznas_a_weights": 5e-4,
}  # fmt: skip
"""Three times and more what was measured under the kernels of SSE4.1, AVX2 and AVX-512, with one and two threads."""
CANCELLING = {"plain", "m_snip"}
"""Held to a share of `snip`, the sum of their terms' absolute values."""


@pytest.mark.slow
def test_float32_is_float64_but_for_rounding_where_the_relus_agree(given: Given) -> None:
    """Without that, these move by 1e-4 to 1e-2 in this cell, on every processor by something else."""
    names = [entry.name for entry in resolve("all") if entry.name not in OTHER_PASSES]
    assert set(names) == set(BOUNDS) | CANCELLING
    rounded, exact = (
        harness.score(given.sided(0, dtype=dtype), given.batch(), names) for dtype in (torch.float32, torch.float64)
    )
    for name, bound in BOUNDS.items():
        assert rounded[name].value == pytest.approx(exact[name].value, rel=bound), name
    for name in CANCELLING:
        assert rounded[name].value == pytest.approx(exact[name].value, rel=0, abs=2e-7 * exact["snip"].value), name


@pytest.mark.parametrize("batch", ["x", "x2"])
@pytest.mark.parametrize("cell", one_in(6, range(6)))
def test_the_recorded_inputs_are_zero_within_rounding(cell: int, batch: str, given: Given) -> None:
    """A thousandth of a typical input at most; no other input is so near zero that float64 could mistake its side."""
    inputs = relu_inputs(given.network(cell).double(), given.inputs[batch])
    for relu, places in recorded(cell, batch).items():
        assert float(inputs[relu].flatten()[places].abs().max()) < 1e-3
    assert all(float(values.abs().masked_fill(values == 0, 1).min()) > 1e-10 for values in inputs.values())


def test_a_cell_without_a_row_has_no_recorded_side() -> None:
    assert recorded(2, "x") == {}
    assert sum(len(places) for places in recorded(0, "x").values()) == 28
    assert RECORDED.is_file()


def two_layers() -> nn.Sequential:
    network = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False)).double()
    network[0].weight.data = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    network[2].weight.data = torch.tensor([[3.0, 5.0]], dtype=torch.float64)
    return network


@pytest.mark.parametrize(("side", "slope"), [(True, 3.0), (False, 0.0)])
def test_a_relu_on_the_other_side_has_its_derivative_and_next_to_its_value(side: bool, slope: float) -> None:
    near = 1e-9 if not side else -1e-9
    known = torch.tensor([[near, 2.0]], dtype=torch.float64)
    network = keep_sides(two_layers(), [(known, {"1": torch.tensor([[side, True]])})])
    inputs = known.clone().requires_grad_()
    output = network(inputs)
    assert output.item() == pytest.approx(10, abs=1e-8)
    assert torch.autograd.grad(output.sum(), inputs)[0].tolist() == [[slope, 5.0]]


def test_another_batch_is_left_alone() -> None:
    known = torch.tensor([[1e-9, 2.0]], dtype=torch.float64)
    network = keep_sides(two_layers(), [(known, {"1": torch.tensor([[False, False]])})])
    for other in (2 * known, torch.cat([known, known])):
        assert torch.equal(network(other), two_layers()(other))
    assert not torch.equal(network(known), two_layers()(known))
