"""Sub-policies: pairs of operations, each with a magnitude and a probability; and what they make of images.

What a sub-policy is, is our reading of DAAS: the pairs of AutoAugment and DADA. Magnitudes and probabilities are fixed,
or discretised: each combination is then a sub-policy of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from harness.search.gradient.daas.operations import draws, transformed
from harness.search.gradient.policy_choices import WITHOUT_MAGNITUDE

if TYPE_CHECKING:
    from harness.search.gradient.setting import SearchSetting


class Applied(NamedTuple):
    """An operation with its magnitude m and the probability p that an image goes through it, each from 0 to 1."""

    operation: str
    magnitude: float
    probability: float

    def __str__(self) -> str:
        graded = "" if self.operation in WITHOUT_MAGNITUDE else f" {self.magnitude:g}"
        return f"{self.operation}{graded} p {self.probability:g}"


SubPolicy = tuple[Applied, ...]
"""Operations that an image goes through one after another; none for an image that stays as it is."""


def pairs(operations: Sequence[str], magnitudes: Sequence[float], probabilities: Sequence[float]) -> list[SubPolicy]:
    """All unordered pairs of different operations with these choices, in the order of the operations.

    With M operations, L magnitudes and P probabilities there are M (M − 1)/2 · (L P)², fewer where operations have no
    magnitude.

    >>> len(pairs(["rotate", "invert", "color"], [0.5], [0.5])), len(pairs(["rotate", "invert"], [0.3, 0.6], [0.2, 1]))
    (3, 8)
    """
    variants = [
        [
            Applied(name, magnitude, probability)
            for magnitude in (magnitudes[:1] if name in WITHOUT_MAGNITUDE else magnitudes)
            for probability in probabilities
        ]
        for name in operations
    ]
    return [(one, other) for first, second in combinations(variants, 2) for one in first for other in second]


def sub_policies(setting: SearchSetting) -> list[SubPolicy]:
    """All sub-policies of a setting (`pairs`); 105 with the default values."""
    return pairs(setting.policy_operations, setting.policy_magnitudes, setting.policy_probabilities)


def name_of(sub_policy: SubPolicy) -> str:
    """A sub-policy in words.

    >>> name_of((Applied("rotate", 0.5, 0.8), Applied("invert", 0.5, 0.1)))
    'rotate 0.5 p 0.8 + invert p 0.1'
    """
    return " + ".join(map(str, sub_policy))


def augmented(pixels: Tensor, sub_policy: SubPolicy, generator: torch.Generator) -> Tensor:
    """Images after a sub-policy: each goes through each operation with its probability.

    Args:
        pixels: images [N, C, H, W] of values from 0 to 1.
        sub_policy: the sub-policy.
        generator: generator on the CPU of all random numbers.

    Returns:
        Images [N, C, H, W] of values from 0 to 1; those that no operation was applied to as they were.
    """
    for operation, magnitude, probability in sub_policy:
        chosen = torch.rand(len(pixels), generator=generator, device="cpu") < probability
        drawn = draws(pixels, generator)
        changed = transformed(operation, pixels, magnitude, drawn)
        pixels = torch.where(chosen.to(pixels.device)[:, None, None, None], changed, pixels)
    return pixels


def operation_shares(policy: Mapping[str, float]) -> dict[str, float]:
    """Probability that one of a sub-policy's two operations, taken at random, is each operation; they add up to 1.

    Args:
        policy: probability of each sub-policy by its name (`name_of`).
    """
    shares: dict[str, float] = {}
    for name, probability in policy.items():
        for part in name.split(" + "):
            operation = part.partition(" ")[0]
            shares[operation] = shares.get(operation, 0.0) + probability / 2
    return shares


def named(policies: Sequence[SubPolicy], probabilities: Tensor) -> dict[str, float]:
    """The probability of each sub-policy by its name."""
    return dict(zip(map(name_of, policies), probabilities.tolist(), strict=True))
