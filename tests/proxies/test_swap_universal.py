"""Universal SWAP against plain loops, its identities, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch
from tests.proxies.test_contract import CELL, batch, scored
from tests.reference import proxies_patterns as reference
from tests.vision_models import INPUTS, MODELS

GATED = [name for name, made in MODELS.items() if any(isinstance(each, nn.GELU) for each in made().modules())]


def given(samples: int = 16, seed: int = 0) -> Batch:
    images = torch.randn(samples, *INPUTS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Batch(images, torch.arange(samples) % 10)


class Mixed(nn.Module):
    """Convolutions with all three activations, SiLU in place, and one of the others or a function."""

    def __init__(self, last: nn.Module | None = None) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 2, 5, stride=3), nn.ReLU(), nn.Conv2d(2, 2, 1, bias=False), nn.GELU(), nn.Conv2d(2, 2, 3),
            nn.SiLU(inplace=True),
        )  # fmt: skip
        self.last, self.head = last or nn.Identity(), nn.Linear(2, 10)

    def forward(self, images: Tensor) -> Tensor:
        out: Tensor = self.head(self.last(self.layers(images)).mean((2, 3)))
        return out


def score_of(network: nn.Module, samples: Batch, proxy: str = "swap_universal") -> harness.Score:
    return harness.score(network, samples, [proxy])[proxy]


@pytest.mark.parametrize("name", ["mixed", *GATED])
def test_signs_are_counted_like_a_set(name: str) -> None:
    torch.manual_seed(0)
    network = (Mixed() if name == "mixed" else MODELS[name]()).double().eval()
    columns = set(zip(*reference.any_signs(network, given().inputs), strict=True))
    assert {sign for column in columns for sign in column} >= {-1, 1}
    assert score_of(network, given()).value == len(columns)


def test_a_layer_of_any_of_the_three_has_the_same_count() -> None:
    """GELU and SiLU have the sign of their input, and ReLU is 0 where they are negative."""
    counts = []
    for activation in (nn.ReLU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.SiLU(inplace=True)):
        torch.manual_seed(0)
        layers = nn.Sequential(nn.Flatten(), nn.Linear(768, 300), activation, nn.Linear(300, 10)).double()
        counts.append(score_of(layers, given(8)).value)
    assert len(set(counts)) == 1
    assert 100 < counts[0] < 256


def test_gelus_far_below_zero_have_the_sign_0_and_are_counted_so() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Flatten(), nn.Linear(768, 3000), nn.GELU(), nn.Linear(3000, 10))
    with torch.no_grad():
        layers[1].weight.mul_(40)
    samples = Batch(given(8).inputs.float(), given(8).labels)
    columns = set(zip(*reference.any_signs(layers, samples.inputs), strict=True))
    assert any(0 in column for column in columns)
    assert len(columns) > 2**8
    assert score_of(layers, samples).value == len(columns)


class OwnGelu(nn.GELU):
    """One's own name for a GELU."""


def test_a_subclass_is_a_module_of_its_kind() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Flatten(), nn.Linear(768, 30), nn.GELU(), nn.Linear(30, 10)).double()
    plain = score_of(layers, given(8)).value
    layers[2] = OwnGelu()
    assert score_of(layers, given(8)).value == plain


def test_of_relus_alone_it_is_swap_and_has_its_contract() -> None:
    samples, both = batch(12), ["swap", "swap_universal"]
    plain = scored(CELL, samples, both)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(3))
    permuted = scored(CELL, Batch(samples.inputs[order], samples.labels[order]), both)
    twice = scored(CELL, Batch(samples.inputs.repeat(2, 1, 1, 1), samples.labels.repeat(2)), both)
    other = scored(CELL, batch(13), both)
    for found in (plain, permuted, twice, other):
        assert found["swap_universal"].value == found["swap"].value
    assert plain["swap"].value == permuted["swap"].value == twice["swap"].value != other["swap"].value


def test_a_batch_that_bounds_the_count_is_refused() -> None:
    score = score_of(MODELS[GATED[0]]().double(), given(2))
    assert score.status == "not_applicable"
    assert "all of the 4 sign patterns" in score.message
    torch.manual_seed(0)
    both = nn.Sequential(
        nn.Flatten(), nn.Linear(768, 60), nn.ReLU(), nn.Linear(60, 60), nn.GELU(), nn.Linear(60, 10)
    )  # fmt: skip
    mixed = score_of(both.double(), given(2))
    assert mixed.status == "not_applicable"
    assert "the 7 sign patterns" in mixed.message


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (nn.ReLU6(), "hardtanh 128"),
        (nn.Tanh(), "tanh 128"),
        (type("Own", (nn.Module,), {"forward": lambda self, x: functional.gelu(x)})(), "gelu 128"),
        (type("Twice", (nn.GELU,), {"forward": lambda self, x: functional.gelu(x) + 1})(), "gelu 128"),
    ],
)
def test_other_activations_and_functions_are_refused_by_name(last: nn.Module, message: str) -> None:
    score = score_of(Mixed(last).double(), given())
    assert score.status == "not_applicable"
    assert message in score.message


def test_what_is_changed_in_place_or_has_rows_of_other_samples_is_refused() -> None:
    class InPlace(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.add_(1)

    class Rolled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gelu = nn.GELU()

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.gelu(x.roll(1, 0)).roll(-1, 0)
            return out

    assert "was changed in place" in score_of(Mixed(InPlace()).double(), given()).message
    assert "rows of GELU 'last.gelu' are not the samples" in score_of(Mixed(Rolled()).double(), given()).message


def test_a_network_without_any_of_the_three_has_no_score() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(768, 10)).double()
    assert "no nn.ReLU, nn.GELU or nn.SiLU module" in score_of(network, given()).message
