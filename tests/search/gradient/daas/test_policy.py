"""The estimator of the policy against sums over all draws, its Adam, and its running mean."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.search.gradient.daas import daas, policy
from harness.search.gradient.daas.sub_policies import augmented, operation_shares, sub_policies
from harness.search.gradient.data import Normalisation, read_images, split_images
from harness.search.gradient.method import Moment, Parameters, Relaxed, Step
from harness.search.gradient.policy_choices import PLANTED
from harness.search.gradient.setting import SearchSetting
from harness.spaces import open_space
from harness.spaces.group import Group
from harness.spaces.supernet import Supernet
from tests.sampling import one_in

SMALL = {"cell": Group(((1, 0),), ("plain", "squared"))}
SIDE, CLASSES = 8, 10
PAIRS = SearchSetting(
    policy_operations=("invert", "solarize", "posterize"), policy_probabilities=(1.0,), sub_batches=2, batch_size=8,
    momentum=0.0, weight_decay=0.0, gradient_clip=1e9,
)  # fmt: skip
"""Three sub-policies without random numbers of their own, so that all draws can be listed."""


@pytest.fixture(autouse=True)
def _with_kornia() -> None:
    pytest.importorskip("kornia", reason="kornia is not installed (the extra augment has it)")


class Linear(Supernet):
    """One linear layer on the pixels, or on their squares, whichever the edge's operation is."""

    def __init__(self) -> None:
        super().__init__(SMALL)
        source = torch.Generator().manual_seed(3)
        drawn = torch.randn(CLASSES, 3 * SIDE * SIDE, generator=source, dtype=torch.float64)
        self.weight = nn.Parameter(0.05 * drawn)

    def forward(self, inputs: Tensor, weights: Any, edges: Any = None, active: Any = None) -> Tensor:
        flat, (plain, squared) = inputs.flatten(1).to(self.weight.dtype), weights["cell"][0]
        return (plain * flat + squared * flat.square()) @ self.weight.T


def batch(seed: int) -> Batch:
    source = torch.Generator().manual_seed(seed)
    pixels = torch.rand(8, 3, SIDE, SIDE, generator=source, dtype=torch.float64)
    return Batch((pixels - 0.5) / 0.25, torch.randint(CLASSES, (8,), generator=source))


def step_of(
    setting: SearchSetting = PAIRS, *, number: int = 0, seed: int = 0, rate: float = 0.05, memory: Any = None
) -> Step:
    supernet = Linear()
    parameters = Parameters({"cell": torch.zeros(1, 2, dtype=torch.float64).requires_grad_()})
    kept = {"cell": torch.ones(1, 2, dtype=torch.bool)}
    half = torch.full((1, 3, 1, 1), 0.5, dtype=torch.float64)
    return Step(
        open_space("nasbench201"), daas.METHOD, supernet, parameters, {} if memory is None else memory,
        Moment(0, number, seed, setting, SMALL, kept), batch(10), batch(20),
        torch.optim.SGD(supernet.parameters(), rate), torch.optim.Adam(parameters.tensors(), 0.0),
        normalisation=Normalisation(half, half / 2),
    )  # fmt: skip


PLAIN = Relaxed({"cell": torch.tensor([[1.0, 0.0]], dtype=torch.float64)})


def loss_of(weight: Tensor, images: Batch) -> Tensor:
    return nn.functional.cross_entropy(images.inputs.flatten(1) @ weight.T, images.labels)


def part_gradients(number: int, sub_policy: int) -> Tensor:
    """∇_w of the loss of a sub-batch under a sub-policy, from the definition."""
    whole, half = batch(10), slice(4 * number, 4 * number + 4)
    pixels = augmented(whole.inputs[half] * 0.25 + 0.5, sub_policies(PAIRS)[sub_policy], torch.Generator())
    weight = Linear().weight.detach().requires_grad_()
    loss = loss_of(weight, Batch((pixels - 0.5) / 0.25, whole.labels[half]))
    return torch.autograd.grad(loss, weight)[0]


def rewards_of(draw: tuple[int, ...], rate: float) -> tuple[Tensor, float]:
    """Rewards of a joint draw, and the validation loss after its step, from the definition."""
    gradients = [part_gradients(place, number) for place, number in enumerate(draw)]
    ahead = (Linear().weight.detach() - rate * sum(gradients) / len(draw)).requires_grad_()
    loss = loss_of(ahead, batch(20))
    (slope,) = torch.autograd.grad(loss, ahead)
    return torch.stack([(slope * one).sum() for one in gradients]), float(loss.detach())


DRAWS = list(itertools.product(range(3), repeat=2))
THETA = torch.tensor([0.4, -0.3, 0.1], dtype=torch.float64)
BASELINE = -0.1


def by_hand(draw: tuple[int, ...], rewards: Tensor) -> Tensor:
    """Mean over b of (r_b − r̄) (e − π)."""
    shares = THETA.softmax(dim=0)
    parts = []
    for number, reward in zip(draw, rewards, strict=True):
        one = torch.zeros(3, dtype=torch.float64)
        one[number] = 1
        parts.append((reward - BASELINE) * (one - shares))
    return torch.stack(parts).mean(dim=0)


def expectation(rate: float) -> tuple[Tensor, Tensor]:
    """Mean of the estimator over all joint draws, and the gradient by θ of the mean validation loss after the step."""
    theta = THETA.clone().requires_grad_()
    shares = theta.softmax(dim=0)
    mean, loss = torch.zeros(3, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for draw in DRAWS:
        rewards, after = rewards_of(draw, rate)
        probability = shares[list(draw)].prod()
        mean += probability.detach() * by_hand(draw, rewards)
        loss = loss + probability * after
    return mean, torch.autograd.grad(loss, theta)[0]


@pytest.fixture
def plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step draws the path of the plain pixels."""
    relaxed = replace(daas.METHOD, relax=lambda parameters, moment, purpose: PLAIN)
    monkeypatch.setattr(daas, "METHOD", relaxed)


def seen_rewards(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[int], Tensor]]:
    """What the steps hand to the policy: sub-policies and rewards. The policy itself rests."""
    seen: list[tuple[list[int], Tensor]] = []
    monkeypatch.setattr(policy, "ascend", lambda memory, count, chosen, rewards, rate: seen.append((chosen, rewards)))
    return seen


@pytest.mark.usefixtures("plain_path")
def test_rewards_are_those_of_the_definition_for_every_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = seen_rewards(monkeypatch)
    for draw in DRAWS:
        monkeypatch.setattr(policy, "drawn", lambda shares, count, generator, draw=draw: list(draw))
        at = step_of()
        loss = daas.step(at)
        expected = (
            sum(float(loss_of(Linear().weight.detach(), _part(place, number))) for place, number in enumerate(draw)) / 2
        )
        assert loss == pytest.approx(expected, rel=1e-12)
        gradients = [part_gradients(place, number) for place, number in enumerate(draw)]
        torch.testing.assert_close(at.supernet.weight, Linear().weight - 0.05 * sum(gradients) / 2)
        torch.testing.assert_close(seen[-1][1], rewards_of(draw, 0.05)[0], rtol=1e-10, atol=1e-12)
    assert [tuple(chosen) for chosen, _ in seen] == DRAWS


def _part(number: int, sub_policy: int) -> Batch:
    whole, half = batch(10), slice(4 * number, 4 * number + 4)
    pixels = augmented(whole.inputs[half] * 0.25 + 0.5, sub_policies(PAIRS)[sub_policy], torch.Generator())
    return Batch((pixels - 0.5) / 0.25, whole.labels[half])


@pytest.mark.usefixtures("plain_path")
def test_the_mean_of_the_estimator_is_the_sum_over_all_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 steps with random draws of the sub-policies: each entry within three standard errors of the enumeration."""
    seen, steps = seen_rewards(monkeypatch), 400
    for number in range(steps):
        daas.step(step_of(number=number, memory={"policy/logits": THETA.clone()}))
    found = torch.stack([policy.score_gradient(THETA, chosen, rewards - BASELINE) for chosen, rewards in seen])
    expected, _ = expectation(0.05)
    errors = found.std(dim=0) / steps**0.5
    assert bool(((found.mean(dim=0) - expected).abs() < 3 * errors).all())
    assert bool((errors < 0.6 * expected.abs().max()).all())


def test_the_expectation_is_the_gradient_of_the_mean_reward_exactly() -> None:
    """For a fixed ∇L_val, whatever the baseline: Σ π(draw) · estimator over all draws = ∇_θ Σ_k π_k mean_b r_b(k)."""
    rewards = torch.stack([torch.stack([(FIXED * part_gradients(b, k)).sum() for k in range(3)]) for b in range(2)])
    theta = THETA.clone().requires_grad_()
    (expected,) = torch.autograd.grad((theta.softmax(dim=0) * rewards.mean(dim=0)).sum(), theta)
    shares = THETA.softmax(dim=0)
    for baseline in (0.0, BASELINE):
        found = torch.zeros(3, dtype=torch.float64)
        for draw in DRAWS:
            own = torch.stack([rewards[b, k] for b, k in enumerate(draw)])
            found += shares[list(draw)].prod() * policy.score_gradient(THETA, list(draw), own - baseline)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)


FIXED = torch.randn(CLASSES, 3 * SIDE * SIDE, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


@pytest.mark.parametrize("rate", [1e-3, 1e-4])
def test_to_first_order_it_lowers_the_validation_loss_after_the_step(rate: float) -> None:
    """∇_θ E[L_val(w')] by enumeration is −η times the estimator's mean; what is left falls with η."""
    mean, slope = expectation(rate)
    left = (slope / rate + mean).norm() / mean.norm()
    assert float(left) < 300 * rate


def test_the_first_step_gives_the_baseline_and_the_policy_rests() -> None:
    memory: dict[str, Tensor] = {}
    policy.ascend(memory, 3, [0, 1], torch.tensor([1.0, 3.0], dtype=torch.float64), 0.1)
    assert policy.baseline(memory) == pytest.approx(2)
    assert not policy.logits(memory, 3).any()
    policy.ascend(memory, 3, [0, 1], torch.tensor([4.0, 6.0], dtype=torch.float64), 0.1)
    assert policy.baseline(memory) == pytest.approx((0.9 * 0.1 * 2 + 0.1 * 5) / (0.9 * 0.1 + 0.1))
    assert policy.logits(memory, 3).any()


def test_the_policy_moves_by_torchs_adam() -> None:
    memory: dict[str, Tensor] = {}
    theta = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([theta], lr=0.03, betas=(0.5, 0.999))
    source = torch.Generator().manual_seed(0)
    for _ in range(6):
        chosen = torch.randint(4, (3,), generator=source).tolist()
        rewards = torch.randn(3, generator=source, dtype=torch.float64)
        before = policy.baseline(memory)
        if before is not None:
            logs = theta.log_softmax(dim=0)[chosen]
            adam.zero_grad()
            (-((rewards - before) * logs).mean()).backward()
            adam.step()
        policy.ascend(memory, 4, chosen, rewards, 0.03)
    torch.testing.assert_close(policy.logits(memory, 4), theta.detach(), rtol=1e-12, atol=0)
    assert all(isinstance(each, Tensor) and not each.requires_grad for each in memory.values())


def test_draws_have_the_policy_s_probabilities() -> None:
    shares = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)
    counts = torch.tensor(policy.drawn(shares, 20_000, torch.Generator().manual_seed(1))).bincount(minlength=4)
    errors = (20_000 * shares * (1 - shares)).sqrt()
    assert bool(((counts - 20_000 * shares).abs() < 5 * errors).all())


def linear_search(seed: int, steps: int = 80) -> dict[str, float]:
    """A search of a linear layer on the digits: shares of the operations at its end."""
    setting = SearchSetting(
        epochs=1, batch_size=32, steps_per_epoch=steps, image_size=SIDE, policy_lr=0.1, sub_batches=8,
        policy_operations=("color", "contrast", "brightness", PLANTED), policy_probabilities=(1.0,),
    )  # fmt: skip
    split = split_images(read_images("digits", setting, seed), 0.5, seed)
    at, memory = step_of(setting, seed=seed), {}
    parts = (split.batches(part, setting, seed, 0, steps) for part in ("training", "validation"))
    for number, (training, validation) in enumerate(zip(*parts, strict=True)):
        moment = replace(at.moment, step=number)
        here = replace(
            at, memory=memory, moment=moment, training=training, validation=validation,
            normalisation=split.normalisation,
        )  # fmt: skip
        daas.step(here)
    return operation_shares(daas.probabilities(memory, setting))


@pytest.mark.usefixtures("plain_path")
@pytest.mark.parametrize("seed", one_in(3, range(3)))
def test_a_planted_harmful_operation_loses_its_share(seed: int) -> None:
    """Of four operations each has a quarter at first; the others keep more than the planted one."""
    shares = linear_search(seed)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares[PLANTED] < 0.125
    assert min(shares, key=shares.__getitem__) == PLANTED
