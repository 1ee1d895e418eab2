"""Any network: each value is that of plain autograd, or the network is refused by name; never a wrong number.

Oracle: `tests/reference/proxies_any_network.py`. Networks: `tests/proxies/random_networks.py`.
"""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import nn

import harness
from harness.proxies.registry import list_proxies
from tests.proxies.random_networks import CLASSES, SAMPLES, SIDE, SIMPLE, UNUSUAL, Network, random_network
from tests.reference.proxies_any_network import ONE_SAMPLE_AT_A_TIME, PROXIES, Measured
from tests.sampling import one_in

EVERY_PROXY = [entry.name for entry in list_proxies()]
REFUSALS = ("not_applicable", "not_finite")
PART = 20
"""Networks in one test."""


def given(seed: int) -> harness.Batch:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (SAMPLES,), generator=generator)
    return harness.Batch(torch.randn(SAMPLES, 3, SIDE, SIDE, generator=generator, dtype=torch.float64), labels)


def prepared(network: nn.Module, bn: str) -> nn.Module:
    network.eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(bn == "train")
    return network


def wrong(network: nn.Module, batch: harness.Batch, bn: str, counts: Counter[str] | None = None) -> list[str]:
    """What is wrong with the scores of a network, a line for each."""
    scores = harness.score(network, batch, EVERY_PROXY, bn=bn)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    coupled = any(bn == "train" or module.running_mean is None for module in norms)
    oracle = Measured(prepared(network, bn), batch.inputs, batch.labels, coupled)
    lines = []
    for name, score in scores.items():
        if score.status != "ok":
            if score.status not in REFUSALS or not score.message:
                lines.append(f"{name}: {score.status} {score.message}")
            continue
        if name not in PROXIES or (coupled and name in ONE_SAMPLE_AT_A_TIME):
            continue
        torch.set_default_dtype(torch.float64)  # a constant that a network makes is of its weights' type
        try:
            expected = getattr(oracle, name)()
        finally:
            torch.set_default_dtype(torch.float32)
        if counts is not None:
            counts[name] += 1
        if score.value != pytest.approx(expected, rel=1e-6, abs=1e-11):
            lines.append(f"{name}: {score.value} for {expected}")
    return lines


@pytest.mark.parametrize(
    ("kind", "bn"), one_in(3, [pytest.param(kind, bn) for kind in (*SIMPLE, *UNUSUAL) for bn in ("train", "eval")])
)
def test_a_block_of_each_kind_is_scored_right_or_refused(kind: str, bn: str) -> None:
    torch.manual_seed(0)
    network = Network([{**SIMPLE, **UNUSUAL}[kind](), SIMPLE["plain"]()]).double()
    assert wrong(network, given(0), bn) == []


@pytest.mark.parametrize("kind", SIMPLE)
def test_nothing_is_refused_that_every_proxy_is_defined_on(kind: str) -> None:
    torch.manual_seed(0)
    network = Network([SIMPLE[kind](), SIMPLE["plain"]()]).double()
    scores = harness.score(network, given(0), list(PROXIES), bn="eval")
    refused = {name: score.message for name, score in scores.items() if score.status != "ok"}
    assert refused == {}


def check(part: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(part * PART, (part + 1) * PART):
        blocks, network = random_network(seed)
        bn = ("train", "eval")[seed % 2]
        assert wrong(network, given(seed), bn, counts) == [], f"seed {seed}, {bn}: {blocks}"
    assert set(counts) == set(PROXIES), "each proxy has a value for some of these networks"


@pytest.mark.parametrize("part", range(1))
def test_random_networks(part: int) -> None:
    check(part)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(1, 260))
def test_many_random_networks(part: int) -> None:
    check(part)
