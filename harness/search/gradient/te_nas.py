"""TE-NAS: a supernet is pruned by two numbers of untrained networks (Chen, Gong & Wang, ICLR 2021).

Each round measures, for every operation that is left, the supernet without it, by
- κ, the condition number of the NTK, in networks of three channels with one cell per stage, and
- R, the number of linear regions that 3,000 crops of 3 × 3 pixels lie in, in one cell of one channel,
and removes from each edge the operation whose removal is best by the sum of its two ranks: κ should fall and R rise.
Changes are relative, rounded to three digits and averaged over three draws of the weights.

As in the authors' code, all operations that are left have the same weight, and `none` is removed before the first
round. Ours is that a round draws its weights and crops once, for all operations and for the supernet before it; their
code draws anew for each operation, and measures the supernet again each time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import HarnessError, SearchError
from harness.measurements.finite import finite
from harness.measurements.forward import forward
from harness.measurements.small_networks import CROP_BATCHES, DRAWS, KERNEL_WIDTH, crops
from harness.measurements.trace import logit_sum_gram_exact
from harness.proxies.te_nas import condition_number
from harness.search.gradient.data import CHANNELS, CLASSES
from harness.search.gradient.frozen_activations import RecordedActivations
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step
from harness.search.gradient.relaxation import softmax
from harness.search.gradient.setting import SearchSetting
from harness.setting import Setting
from harness.spaces.mixing import normalise_by_batch
from harness.spaces.space import SearchableSpace
from harness.spaces.supernet import Masks, OperationWeights, Supernet

PRUNED = -1000.0
"""The architecture parameter of an operation that has been pruned, as in the authors' code."""

DIGITS = 3

_GROUP = "cell"


class Place(NamedTuple):
    """An operation on an edge: the group's name, and the row and column of its tables."""

    group: str
    edge: int
    operation: int


class Changes(NamedTuple):
    """Relative changes that the removal of an operation brings, means over the draws.

    Attributes:
        condition: (κ before − κ after) / κ before; larger is better.
        regions: (R before − R after) / R before; smaller is better.
    """

    condition: float
    regions: float


class _Numbers(NamedTuple):
    """κ and R of a supernet, for each draw of the weights."""

    conditions: tuple[float, ...]
    regions: tuple[int, ...]


def remaining(parameters: Parameters, moment: Moment, purpose: str = "") -> Relaxed:
    """Equal weights of the operations that are left on each edge, which alone are computed."""
    relaxed = softmax(parameters, moment)
    return Relaxed(relaxed.weights, active=_left(parameters, moment.kept))


def prune(step: Step) -> float:
    """One round: remove the worst operation of each edge that has more than one; gives the supernet's loss.

    `step.memory` holds of each round and group `condition_by_step/GROUP` and `regions_by_step/GROUP` [T, E, O], the
    `Changes` of each operation; NaN where none was measured.

    Raises:
        SearchError: for too few rounds to leave one operation on each edge, or a supernet that cannot be measured, such
            as one whose kernel is singular.
    """
    left = _left(step.parameters, step.moment.kept)
    rounds = max(int(mask.sum(dim=1).max()) for mask in left.values()) - 1
    setting = step.moment.setting
    coming = (setting.epochs - step.moment.epoch) * (setting.steps_per_epoch or 1) - step.moment.step
    if coming < rounds:
        raise SearchError(
            f"te-nas prunes one operation of each edge in a round: {rounds} rounds are needed, {coming} "
            f"{'is' if coming == 1 else 'are'} left. Take more epochs, of one step each"
        )
    changes = _changes(step, left)
    _remember(step, changes)
    with torch.no_grad():
        for place in worst(changes):
            step.parameters.operations[place.group][place.edge, place.operation] = PRUNED
        return float(step.loss(step.training, remaining(step.parameters, step.moment)))


def worst(changes: Mapping[Place, Changes]) -> list[Place]:
    """For each edge, the operation to remove: that with the smallest sum of its ranks by κ and by R.

    Ranks count different values from 0, by κ from the largest change to the smallest and by R the other way round; for
    the order alone changes are rounded to three significant digits. Of equal sums the one better by κ is removed.
    """
    by_condition = sorted(changes, key=lambda place: _rounded(changes[place].condition), reverse=True)
    by_regions = sorted(changes, key=lambda place: _rounded(changes[place].regions))
    condition_ranks = _dense([changes[place].condition for place in by_condition])
    regions_ranks = _dense([changes[place].regions for place in by_regions])
    ranks = dict(zip(by_condition, condition_ranks, strict=True))
    for place, rank in zip(by_regions, regions_ranks, strict=True):
        ranks[place] += rank
    removed: dict[tuple[str, int], Place] = {}
    for place in sorted(ranks, key=ranks.__getitem__):
        removed.setdefault((place.group, place.edge), place)
    return list(removed.values())


def check(setting: SearchSetting, autocast: bool) -> None:
    """Refuse settings without a meaningful result.

    Raises:
        SearchError: for a warm-up, several stages, or autocast, in whose rounding a condition number has no meaning.
    """
    if setting.alpha_warm_up or len(setting.partial) > 1:
        raise SearchError("te-nas trains no weights: it has no alpha_warm_up and no stages")
    if autocast:
        raise SearchError("autocast does not go with te-nas: bfloat16 rounds the eigenvalues that it divides by")


def _changes(step: Step, left: Masks) -> dict[Place, Changes]:
    """The changes that the removal of each operation brings, on edges that have more than one."""
    candidates = [
        Place(name, edge, operation)
        for name, mask in left.items()
        for edge, row in enumerate(mask.tolist())
        for operation, is_left in enumerate(row)
        if is_left and sum(row) > 1
    ]
    if not candidates:
        return {}
    before, found = _numbers(step, left), {}
    for place in candidates:
        without = {name: mask.clone() for name, mask in left.items()}
        without[place.group][place.edge, place.operation] = False
        after = _numbers(step, without)
        found[place] = Changes(
            _mean_change(before.conditions, after.conditions), _mean_change(before.regions, after.regions)
        )
    return found


def _mean_change(before: Sequence[float], after: Sequence[float]) -> float:
    return fmean(round((one - other) / one, DIGITS) for one, other in zip(before, after, strict=True))


def _numbers(step: Step, left: Masks) -> _Numbers:
    weights = {name: mask / mask.sum(dim=1, keepdim=True) for name, mask in left.items()}
    try:
        conditions = tuple(_condition(network, step.training) for network in _networks(step, left, weights))
        return _Numbers(conditions, tuple(_regions(step, left, weights)))
    except HarnessError as error:
        raise SearchError(f"te-nas cannot measure the supernet at {step.moment.when}: {error}") from error


class _Mixed(nn.Module):
    """A supernet with given operation weights, as a network of images alone."""

    def __init__(self, supernet: Supernet, weights: OperationWeights) -> None:
        super().__init__()
        self.supernet, self._weights = supernet, weights

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.supernet(images, self._weights)
        return logits


def _networks(step: Step, left: Masks, weights: OperationWeights) -> Iterator[nn.Module]:
    for draw in range(DRAWS):
        seed = step.moment.seed_for(f"kernel {draw}")
        supernet = step.space.supernet(
            width=KERNEL_WIDTH, depth=1, classes=CLASSES, channels=CHANNELS,
            init="kaiming_fan_out", seed=seed, operations=left,
        )  # fmt: skip
        yield _Mixed(supernet, weights).to(step.training.inputs)


def _condition(network: nn.Module, batch: Batch) -> float:
    return condition_number(logit_sum_gram_exact(network, forward(network, batch, Setting())))


@torch.no_grad()
def _regions(step: Step, left: Masks, weights: OperationWeights) -> Iterator[int]:
    """Distinct sign patterns of the ReLUs over crops, in the first cell and after it, for each draw."""
    images = crops(step.training.inputs, step.moment.generator("crops"))
    for draw in range(DRAWS):
        seed = step.moment.seed_for(f"regions {draw}")
        supernet = step.space.supernet(
            width=1, depth=1, classes=CLASSES, channels=1, init="kaiming_fan_in", seed=seed, operations=left
        ).to(images)
        cells = supernet.get_submodule("cells")
        assert isinstance(cells, nn.ModuleList)
        thin = _CellAlone(supernet, cells[0])
        patterns = []
        for part in images.tensor_split(CROP_BATCHES):
            with RecordedActivations() as recorded:
                finite(thin(part, weights), "outputs of the cell's ReLUs")
            patterns.append(torch.cat([(outputs > 0).flatten(1) for outputs in recorded.places], dim=1))
        yield len(torch.unique(torch.cat(patterns), dim=0))


class _CellAlone(nn.Module):
    """The first cell of a supernet without a stem, batch norm and ReLU after it."""

    def __init__(self, supernet: Supernet, cell: nn.Module) -> None:
        super().__init__()
        self.supernet, self.cell = supernet, cell
        self.after = nn.Sequential(nn.BatchNorm2d(1), nn.ReLU())
        normalise_by_batch(self.after, affine=False)

    def forward(self, images: Tensor, weights: OperationWeights) -> Tensor:
        outputs: Tensor = self.after(self.cell(images, self.supernet.mixtures(weights)[_GROUP]))
        return outputs


def refuses(space: SearchableSpace) -> str:
    """Why a space cannot be searched: it has no cell of one input, or its nodes choose among their edges.

    TE-NAS's own search of the DARTS space also prunes edges, which is not here.
    """
    supernet = space.supernet({name: size.least for name, size in space.shape.items() if name == "depth"})
    if any(group.inputs is not None for group in supernet.groups.values()):
        return "operations are pruned, not edges, and its nodes choose some of their edges"
    if not isinstance(getattr(supernet, "cells", None), nn.ModuleList) or list(supernet.groups) != [_GROUP]:
        return f"regions are counted in one cell, and its supernet has no `cells` of one group {_GROUP!r}"
    return ""


def _left(parameters: Parameters, kept: Masks) -> dict[str, Tensor]:
    return {name: kept[name] & (alpha.detach().cpu() > PRUNED / 2) for name, alpha in parameters.operations.items()}


def _remember(step: Step, changes: Mapping[Place, Changes]) -> None:
    for field in Changes._fields:
        for name, alpha in step.parameters.operations.items():
            row = torch.full((1, *alpha.shape), math.nan, dtype=torch.float64, device="cpu")
            for place, change in changes.items():
                if place.group == name:
                    row[0, place.edge, place.operation] = getattr(change, field)
            key = f"{field}_by_step/{name}"
            step.memory[key] = torch.cat([step.memory[key], row]) if key in step.memory else row


def _rounded(value: float) -> float:
    """A number of three significant digits."""
    return float(f"{value:.{DIGITS - 1}e}")


def _dense(ordered: Sequence[float]) -> list[int]:
    """Ranks from 0 along a sequence; one that equals its neighbour before has the same."""
    ranks: list[int] = []
    for place, value in enumerate(ordered):
        ranks.append(ranks[-1] + (value != ordered[place - 1]) if ranks else 0)
    return ranks


METHOD = Method(
    name="te-nas",
    summary="operations pruned by how the NTK's condition number and the linear regions change; no training, no labels",
    source="Chen, Gong & Wang, Neural Architecture Search on ImageNet in Four GPU Hours (TE-NAS), ICLR 2021",
    relax=remaining,
    mean=remaining,
    architecture_step=prune,
    deviation=0.0,
    trains_weights=False,
    bounded=False,
    check=check,
    refuses=refuses,
)
