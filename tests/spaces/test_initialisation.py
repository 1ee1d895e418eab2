"""Weight initialisation. Oracles: the distributions that the papers state, tested by Kolmogorov and Smirnov's test."""

import math
import re

import pytest
import torch
from scipy import stats
from torch import nn

from harness.errors import SettingError
from harness.setting import INITS
from harness.spaces.initialisation import SCHEMES, initialise, seeded
from harness.spaces.nasbench201 import Cell

CELL = Cell(("nor_conv_3x3", "nor_conv_1x1", "skip_connect", "avg_pool_3x3", "none", "nor_conv_3x3"))
NORMAL = {
    "kaiming_fan_in": lambda fan_in, fan_out: math.sqrt(2 / fan_in),  # He et al. 2015, eq. 10
    "kaiming_fan_out": lambda fan_in, fan_out: math.sqrt(2 / fan_out),  # He et al. 2015, eq. 14
    "xavier": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),  # Glorot & Bengio 2010, eq. 12
    "gaussian": lambda fan_in, fan_out: 1.0,
}


def layers(network):
    return [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]


def fans(layer):
    kernel = math.prod(layer.weight.shape[2:])
    return layer.weight.shape[1] * kernel, layer.weight.shape[0] * kernel


@pytest.fixture(scope="module", params=SCHEMES)
def drawn(request, space):
    return request.param, space.build(CELL, init=request.param, seed=11)


def test_the_setting_offers_exactly_the_schemes():
    assert set(SCHEMES) == set(INITS) == {"pytorch", "orthogonal", *NORMAL}


@pytest.mark.parametrize("scheme", NORMAL)
def test_weights_are_normal_with_the_stated_deviation(space, scheme):
    network = space.build(CELL, init=scheme, seed=11)
    standardised = []
    for layer in layers(network):
        fan_in, fan_out = fans(layer)
        weights = layer.weight.detach().flatten().double() / NORMAL[scheme](fan_in, fan_out)
        standardised.append(weights)
        # The deviation of n normal weights is known to 1 / sqrt(2 n).
        assert abs(weights.std() - 1) < 5 / math.sqrt(2 * len(weights))
    together = torch.cat(standardised).numpy()
    assert len(together) > 200_000
    assert stats.kstest(together, "norm").pvalue > 1e-3


def test_pytorchs_own_weights_and_biases_are_uniform(space):
    # kaiming_uniform_(a=√5): bound √(6 / ((1 + 5) fan_in)) = 1 / √fan_in; torch.nn.Linear's documentation.
    network = space.build(CELL, seed=11)
    scaled = [layer.weight.detach().flatten().double() * math.sqrt(fans(layer)[0]) for layer in layers(network)]
    together = torch.cat(scaled).numpy()
    assert abs(together).max() <= 1 + 1e-6
    assert stats.kstest(together, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    bias = network.classifier.bias.detach()
    assert 0 < bias.abs().max() <= 1 / math.sqrt(64)
    assert len(bias.unique()) == 10


def test_orthogonal_weights_have_orthonormal_rows_or_columns(space):
    # Saxe et al. 2014: of the matrix [outputs, inputs · kernel].
    for layer in layers(space.build(CELL, init="orthogonal", seed=11)):
        matrix = layer.weight.detach().flatten(1).double()
        if matrix.shape[0] > matrix.shape[1]:
            matrix = matrix.T
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(len(matrix), dtype=torch.float64), rtol=0, atol=1e-5)


def test_biases_are_zero_but_for_pytorchs_own(drawn):
    scheme, network = drawn
    assert bool((network.classifier.bias == 0).all()) == (scheme != "pytorch")


def test_norm_layers_keep_scale_one_and_shift_zero(drawn):
    norms = [module for module in drawn[1].modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 1 + 15 * 3 + 2 * 2 + 1
    for norm in norms:
        assert (norm.weight == 1).all()
        assert (norm.bias == 0).all()
        assert (norm.running_mean == 0).all()
        assert (norm.running_var == 1).all()


def test_schemes_differ(space):
    stems = [space.build(CELL, width=4, depth=1, init=scheme).stem[0].weight.flatten()[0].item() for scheme in SCHEMES]
    assert len(set(stems)) == len(SCHEMES)


@pytest.mark.parametrize(
    ("scheme", "hint"),
    [("kaiming_fanin", " Did you mean 'kaiming_fan_in'?"), ("zeros", ""), ("", ""), (None, "")],
)
def test_an_unknown_scheme_is_an_error_that_lists_those_there_are(space, scheme, hint):
    known = "gaussian, kaiming_fan_in, kaiming_fan_out, orthogonal, pytorch, xavier"
    with pytest.raises(SettingError, match=re.escape(f"unknown init {str(scheme)!r}.{hint} ")) as error:
        initialise(nn.Linear(2, 2), scheme)
    assert str(error.value).endswith(f"Known: {known}")
    with pytest.raises(SettingError, match="unknown init"):
        space.build(CELL, init=scheme, width=1, depth=1)


def test_a_block_with_a_seed_draws_as_torch_does_and_leaves_no_trace():
    before = torch.get_rng_state()
    with seeded(5):
        inside = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        assert torch.equal(torch.rand(3), inside)


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_every_derived_seed_can_be_used(seed):
    with seeded(seed):
        assert torch.rand(1).isfinite()
