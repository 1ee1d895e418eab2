"""Zen-NAS, AZ-NAS and MeCo against their authors' own code, on given weights and inputs of six real cells."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from harness.measurements.cell_spectra import CellSpectra, spectra_of
from harness.measurements.channel_correlations import correlations_of
from harness.measurements.own_weights import given_tensors
from harness.measurements.pooled_change import change_of
from harness.proxies.az_nas import az_expressivity, az_progressivity, az_trainability
from harness.proxies.meco import meco
from harness.proxies.zen_nas import zen
from tests.proxies.published_scores import LOW_RANK, Given

pytestmark = pytest.mark.kernels
SLOW = [pytest.param(index, marks=pytest.mark.slow) for index in range(1, 6)]


@pytest.fixture(scope="session")
def spectra(given: Given) -> Callable[[int], CellSpectra]:
    """In float64, with the ReLUs on the sides of the authors' float32.

    The signs are those that torch draws after `manual_seed(0)`, for the last cell first, as in the authors' run.
    """
    shapes = [(64, 16, 32, 32)] * 5 + [(64, 32, 16, 16)] * 6 + [(64, 64, 8, 8)] * 6

    @functools.cache
    def measured(index: int) -> CellSpectra:
        network = given.sided(index)
        generator = torch.Generator().manual_seed(0)
        signs = [torch.bernoulli(torch.full(shape, 0.5), generator=generator) * 2 - 1 for shape in reversed(shapes)]
        inputs = given.inputs["x"].double()
        return spectra_of(network, given_tensors(network), inputs, lambda shape: signs.pop())

    return measured


@pytest.mark.parametrize("index", [0, *SLOW])
def test_zen_is_that_of_az_nas_and_naslib(index: int, given: Given) -> None:
    network = given.network(index)
    value = zen(change_of(network, given_tensors(network), given.inputs["x"], given.inputs["x2"]))
    assert value == pytest.approx(given.score("AZ-NAS", "zen", index), rel=1e-5)
    if index < 2:
        assert value == pytest.approx(given.score("NASLib", "zen", index), rel=1e-5)


@pytest.mark.parametrize("index", [0, *SLOW[:-1]])
def test_components_are_those_of_az_nas(index: int, given: Given, spectra: Callable[[int], CellSpectra]) -> None:
    for name, component in {"az_nas.expressivity": az_expressivity, "az_nas.progressivity": az_progressivity}.items():
        published = given.score("AZ-NAS", name, index)
        assert component(spectra(index)) == pytest.approx(published, rel=1e-4), name
    published = given.score("AZ-NAS", "az_nas.trainability", index)
    assert az_trainability(spectra(index)) == pytest.approx(published, rel=1e-5)


@pytest.mark.slow
def test_low_rank_is_minus_infinity_in_float32_only(given: Given, spectra: Callable[[int], CellSpectra]) -> None:
    """AZ-NAS's two entropies are −infinity there, because float32 gives a positive matrix negative eigenvalues.

    After the second reduction the smallest share is about 1e-10, below what float32 resolves; it came out as −2e-8, and
    the logarithm of −2e-8 + 1e-8 is NaN. In float64 the shares are positive and the entropy is an ordinary one. The
    trainability, which takes no logarithm, agrees.
    """
    measured = spectra(LOW_RANK)
    for name in ("expressivity", "progressivity"):
        assert given.score("AZ-NAS", f"az_nas.{name}", LOW_RANK) == -math.inf
    assert 0 < az_expressivity(measured) < az_expressivity(spectra(0))
    least = [float(values[0] / values.sum()) for values in measured.eigenvalues]
    assert all(0 < share < 1e-9 for share in least[12:])
    assert min(least[:12]) > 1e-6
    published = given.score("AZ-NAS", "az_nas.trainability", LOW_RANK)
    assert az_trainability(measured) == pytest.approx(published, rel=1e-5)


class AuthorsNesting(nn.Module):
    """MeCo's network: a container around the stem and around each stage, which its hooks count once more."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        cells = list(network.get_submodule("cells").children())
        self.stem = nn.Sequential(network.get_submodule("stem"))
        self.body = nn.ModuleList(
            [nn.Sequential(*cells[:5]), cells[5], nn.Sequential(*cells[6:11]), cells[11], nn.Sequential(*cells[12:])]
        )
        self.lastact, self.classifier = network.get_submodule("lastact"), network.get_submodule("classifier")

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.stem(inputs)
        for part in self.body:
            features = part(features)
        logits: Tensor = self.classifier(self.lastact(features).mean(dim=(2, 3)))
        return logits


@pytest.mark.parametrize("index", [0, *SLOW[:1]])
def test_meco_is_the_authors_on_a_network_nested_like_theirs(index: int, given: Given) -> None:
    """Their input of one image is x's first. The release's nesting, which is ours, lacks four of their containers."""
    plain, image = given.network(index), given.inputs["x"][:1]
    nested = AuthorsNesting(plain).train()
    published = given.score("MeCo", "meco_script", index)
    assert meco(correlations_of(nested, given_tensors(nested), image)) == pytest.approx(published, rel=1e-4)
    assert published * 0.97 < meco(correlations_of(plain, given_tensors(plain), image)) < published
