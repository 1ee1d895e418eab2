"""Zen-NAS and AZ-NAS, which draw weights of their own, against plain loops in float64."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import harness
from harness.batches import Batch
from harness.measurements.cell_spectra import random_signs, spectra_of
from harness.measurements.own_weights import given_tensors, redrawn_tensors
from harness.measurements.pooled_change import change_of, pooled_features
from harness.measurements.preserve import preserved
from harness.proxies.az_nas import az_expressivity, az_progressivity, az_trainability
from harness.proxies.zen_nas import zen
from tests.reference import proxies_features as reference

CELL_KINDS = ("nasbench201", "dead edge", "darts")
POOLED_KINDS = ("nasbench201", "dead edge", "darts", "in place", "group norm")


@pytest.mark.parametrize("name", POOLED_KINDS)
def test_zen_is_the_change_before_the_pooling(name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str) -> None:
    network = kind(name, bn)
    noise = torch.randn(batch.inputs.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(8))
    tensors = given_tensors(network)
    value = zen(change_of(network, tensors, batch.inputs, noise))
    assert value == pytest.approx(reference.zen(network, FEATURES[name](network), batch.inputs, noise), rel=1e-9)


def _nasbench201_features(network: Any) -> Callable[[Tensor], Tensor]:
    def features(inputs: Tensor) -> Tensor:
        outputs = network.stem(inputs)
        for cell in network.cells:
            outputs = cell(outputs)
        return network.lastact(outputs)

    return features


def _darts_features(network: Any) -> Callable[[Tensor], Tensor]:
    def features(inputs: Tensor) -> Tensor:
        before = last = network.stem(inputs)
        for cell in network.cells:
            before, last = last, cell(before, last)
        return last

    return features


def _in_place_features(network: Any) -> Callable[[Tensor], Tensor]:
    def features(inputs: Tensor) -> Tensor:
        outputs = torch.relu(network.norm(network.a(inputs)))
        return torch.relu(outputs + network.b(outputs))

    return features


def _group_norm_features(network: Any) -> Callable[[Tensor], Tensor]:
    return lambda inputs: torch.relu(network.other(network.b(torch.relu(network.norm(network.a(inputs))))))


FEATURES: dict[str, Callable[[Any], Callable[[Tensor], Tensor]]] = {
    "nasbench201": _nasbench201_features,
    "dead edge": _nasbench201_features,
    "darts": _darts_features,
    "in place": _in_place_features,
    "group norm": _group_norm_features,
}


@pytest.mark.parametrize("name", ["shared", "plain", "perceptron"])
def test_zen_says_that_there_is_no_global_average_pooling(
    name: str, kind: Callable[..., nn.Module], batch: Batch
) -> None:
    """`shared` has a functional tanh between its last module and the mean, `plain` pools to 2 × 2."""
    score = harness.score(kind(name), batch, ["zen"])["zen"]
    assert score.status == "not_applicable"
    assert "global average pooling" in score.message


def test_the_features_are_found_behind_a_pooling_module_and_a_hidden_layer(batch: Batch) -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 5),
        nn.ReLU(),
        nn.Linear(5, 3),
    ).double()
    features = pooled_features(network, given_tensors(network), batch.inputs)
    torch.testing.assert_close(features, network[:2](batch.inputs))


@pytest.mark.parametrize("name", CELL_KINDS)
def test_spectra_are_those_of_loops_over_positions(
    name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str
) -> None:
    network: Any = kind(name, bn)
    inputs = torch.randn(3, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(8))
    generator = torch.Generator().manual_seed(4)
    spectra = spectra_of(network, given_tensors(network), inputs, lambda shape: random_signs(shape, generator))
    features = [network.stem(inputs)]
    previous = features[0]
    for cell in network.cells:
        features.append(cell(previous, features[-1]) if name == "darts" else cell(features[-1]))
        previous = features[-2]
    entropies = [reference.entropy(feature) for feature in features]
    assert az_expressivity(spectra) == pytest.approx(sum(entropies), rel=1e-9)
    gains = [after - before for before, after in itertools.pairwise(entropies)]
    assert az_progressivity(spectra) == pytest.approx(min(gains), rel=1e-7, abs=1e-9)
    generator = torch.Generator().manual_seed(4)
    terms = []
    for before, after in itertools.pairwise(features):
        signs = random_signs(after.shape, generator).double()
        norm = reference.jacobian_norm(before, after, signs)
        terms.append(2 - norm - 1 / (norm + 1e-6))
    assert az_trainability(spectra) == pytest.approx(sum(terms) / len(terms), rel=1e-9)


def test_random_signs_are_the_bits_that_are_drawn() -> None:
    signs = random_signs(torch.Size([3, 5, 7]), torch.Generator().manual_seed(2))
    drawn = torch.randint(2**8, (14,), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    bits = [int(byte) >> place & 1 for byte in drawn for place in range(8)]
    assert signs.dtype == torch.float32
    assert signs.flatten().tolist() == [2 * bit - 1 for bit in bits[:105]]


@pytest.mark.parametrize("name", ["in place", "shared", "plain", "perceptron"])
def test_spectra_need_cells(name: str, kind: Callable[..., nn.Module], batch: Batch) -> None:
    for score in harness.score(kind(name), batch, ["az_expressivity", "az_trainability"]).values():
        assert score.status == "not_applicable"
        assert "no module list called `cells`" in score.message


def test_a_cell_that_does_not_divide_its_side_has_no_blocks(kind: Callable[..., nn.Module], batch: Batch) -> None:
    score = harness.score(kind("nasbench201"), batch, ["az_trainability"])["az_trainability"]
    assert score.status == "not_applicable"
    assert "maps sides [3, 3] to [2, 2]" in score.message


def test_a_cell_may_change_its_input_in_place(batch: Batch) -> None:
    class Chain(nn.Module):
        def __init__(self, inplace: bool) -> None:
            super().__init__()
            self.cells = nn.ModuleList(
                nn.Sequential(nn.ReLU(inplace=inplace), nn.Conv2d(3, 3, 3, padding=1)) for _ in range(3)
            )
            self.head = nn.Linear(3, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            for cell in self.cells:
                inputs = cell(inputs)
            return self.head(inputs.mean(dim=(2, 3)))

    names = ["az_expressivity", "az_progressivity", "az_trainability"]
    plain, changed = (harness.score(Chain(inplace).double(), batch, names) for inplace in (False, True))
    assert {score.status for score in plain.values()} == {"ok"}
    assert [score.value for score in changed.values()] == [score.value for score in plain.values()]


def test_an_identity_cell_has_nothing_to_train(batch: Batch) -> None:
    class Identities(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cells = nn.ModuleList([nn.Identity(), nn.Identity()])
            self.head = nn.Linear(3, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            for cell in self.cells:
                inputs = cell(inputs)
            return self.head(inputs.mean(dim=(2, 3)))

    scores = harness.score(Identities().double(), batch, ["az_progressivity", "az_trainability"])
    assert scores["az_progressivity"].value == 0
    assert scores["az_trainability"].status == "not_applicable"
    assert "cell 1 of 2 passes gradients on unchanged" in scores["az_trainability"].message


def test_a_list_of_cells_that_is_no_chain_is_refused(batch: Batch) -> None:
    class Parallel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cells = nn.ModuleList([nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)])
            self.head = nn.Linear(3, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            return self.head(sum(cell(inputs) for cell in self.cells).mean(dim=(2, 3)))

    score = harness.score(Parallel().double(), batch, ["az_trainability"])["az_trainability"]
    assert score.status == "not_applicable"
    assert "no chain" in score.message


def test_redrawn_weights_have_their_scheme_and_leave_the_networks(kind: Callable[..., nn.Module]) -> None:
    network = kind("in place")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    wide = nn.Conv2d(64, 128, 3).double()
    for scheme, deviation in {"gaussian": 1.0, "kaiming_fan_in": (2 / (64 * 9)) ** 0.5}.items():
        drawn = redrawn_tensors(wide, scheme, torch.Generator().manual_seed(0))
        weight = drawn["weight"].detach()
        assert float(weight.std()) == pytest.approx(deviation, rel=0.02)
        assert abs(float(weight.mean())) < 0.02 * deviation
        assert drawn["weight"].dtype == torch.float64
        assert not drawn["bias"].any()
    tensors = redrawn_tensors(network, "gaussian", torch.Generator().manual_seed(0))
    assert set(tensors) == set(before)
    assert tensors["norm.weight"].tolist() == [1.0] * 4
    assert tensors["norm.bias"].tolist() == tensors["norm.running_mean"].tolist() == [0.0] * 4
    assert tensors["norm.running_var"].tolist() == [1.0] * 4
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_a_shared_layer_is_drawn_once(batch: Batch) -> None:
    layer = nn.Linear(4, 4)
    network = nn.Sequential(layer, nn.ReLU(), layer)
    tensors = redrawn_tensors(network, "gaussian", torch.Generator().manual_seed(0))
    assert set(tensors) == {"0.weight", "0.bias"}


def test_own_weights_follow_from_the_seed_alone(kind: Callable[..., nn.Module], batch: Batch) -> None:
    names = ["zen", "az_expressivity", "az_progressivity", "az_trainability"]
    network = kind("nasbench201")
    batch = Batch(torch.nn.functional.pad(batch.inputs, (0, 2, 0, 2)), batch.labels)  # 8 x 8 halves twice
    first = harness.score(network, batch, names, seed=1)
    assert {score.status for score in first.values()} == {"ok"}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3)
    rescaled = harness.score(network, Batch(batch.inputs + 1, batch.labels), names, seed=1)
    other = harness.score(network, batch, names, seed=2)
    for name in names:
        assert rescaled[name].value == first[name].value
        assert other[name].value != first[name].value


def test_the_shared_pass_survives_passes_with_other_weights(kind: Callable[..., nn.Module], batch: Batch) -> None:
    """The graph of the shared forward pass is used after the own-weight passes, and gives the same bits."""
    alone = harness.score(kind("nasbench201"), batch, ["nasi_trace"])["nasi_trace"]
    names = ["swap", "zen", "az_trainability", "meco", "gradsign", "zico", "nasi_trace"]
    assert harness.score(kind("nasbench201"), batch, names)["nasi_trace"].value == alone.value


def test_running_statistics_of_other_passes_do_not_reach_zen(kind: Callable[..., nn.Module], batch: Batch) -> None:
    network = kind("nasbench201")
    with preserved(network, bn="train", seed=0):
        first = change_of(network, given_tensors(network), batch.inputs, batch.inputs.flip(0))
        second = change_of(network, given_tensors(network), batch.inputs, batch.inputs.flip(0))
    assert first == second
