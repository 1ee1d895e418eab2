"""What a differentiable search is: a record of a few functions, and what one step of it can see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from harness.batches import Batch
from harness.errors import SearchError, unknown
from harness.search.gradient.setting import SearchSetting
from harness.setting import derived_seed

if TYPE_CHECKING:
    from harness.spaces.group import EdgeWeights, Group, Masks, OperationWeights
    from harness.spaces.space import Architecture, SearchableSpace
    from harness.spaces.supernet import Supernet


@dataclass(frozen=True)
class Parameters:
    """The architecture parameters of a search.

    Attributes:
        operations: α by group, [E, O]: edges and operations.
        edges: β by group, [E]; empty but for PC-DARTS.
    """

    operations: dict[str, Tensor]
    edges: dict[str, Tensor] = field(default_factory=dict)

    def tensors(self) -> list[Tensor]:
        """All of them, in a fixed order."""
        return [*self.operations.values(), *self.edges.values()]


@dataclass(frozen=True)
class Relaxed:
    """What a supernet's pass takes instead of one architecture.

    Attributes:
        weights: by group [E, O], the weight of each operation on each edge.
        edges: by group [E], factors of the edges' outputs; None for ones.
        active: by group, Boolean [E, O]: the operations that are computed; None for all.
    """

    weights: OperationWeights
    edges: EdgeWeights | None = None
    active: Masks | None = None


@dataclass(frozen=True)
class Moment:
    """When a step happens, and so what is drawn in it: the same (seed, epoch, step) draw the same.

    Attributes:
        epoch: from 0.
        step: of the epoch, from 0.
        seed: of the search.
        setting: of the search.
        groups: the supernet's.
        kept: by group, Boolean [E, O]: the operations that were not pruned.
    """

    epoch: int
    step: int
    seed: int
    setting: SearchSetting
    groups: Mapping[str, Group]
    kept: Masks

    @property
    def progress(self) -> float:
        """The share of the epochs that are over, from 0 to below 1."""
        return self.epoch / self.setting.epochs

    @property
    def temperature(self) -> float:
        """τ of a Gumbel-softmax: linear over the epochs, from the setting's first value to its last."""
        first, last = self.setting.temperature
        return first + (last - first) * self.epoch / max(self.setting.epochs - 1, 1)

    @property
    def when(self) -> str:
        """Epoch and step as people count them, from 1."""
        return f"epoch {self.epoch + 1}, step {self.step + 1}"

    def seed_for(self, purpose: str) -> int:
        """A seed for one purpose of this step."""
        return derived_seed(self.seed, "search", purpose, str(self.epoch), str(self.step))

    def generator(self, purpose: str) -> torch.Generator:
        """A generator on the CPU for one purpose of this step."""
        return torch.Generator().manual_seed(self.seed_for(purpose))


Relax = Callable[[Parameters, Moment, str], Relaxed]
"""Parameters, moment and the purpose of the draw (the weights' step and the parameters' draw on their own)."""


@dataclass(frozen=True)
class Step:
    """What one step of a search can see: no accuracy, no table, no test image.

    Attributes:
        space: whose supernet it is.
        method: the search.
        supernet: with its weights as they are now.
        parameters: the architecture parameters, leaves that take gradients.
        memory: what the method keeps from step to step; it goes into the checkpoint.
        moment: epoch, step and seed.
        training: a batch of the half that trains the weights.
        validation: a batch of the half that trains the architecture parameters.
        weight_optimizer: SGD of the weights.
        parameter_optimizer: Adam of the architecture parameters.
        autocast: whether passes run in bfloat16 where torch deems it safe.
    """

    space: SearchableSpace
    method: Method
    supernet: Supernet
    parameters: Parameters
    memory: dict[str, Tensor]
    moment: Moment
    training: Batch
    validation: Batch
    weight_optimizer: torch.optim.SGD
    parameter_optimizer: torch.optim.Adam
    autocast: bool = False

    def relaxed(self, purpose: str) -> Relaxed:
        """What the parameters stand for in this step."""
        return self.method.relax(self.parameters, self.moment, purpose)

    def loss(self, batch: Batch, relaxed: Relaxed, weights: Mapping[str, Tensor] | None = None) -> Tensor:
        """Mean cross-entropy of the supernet on a batch, with its own weights or those given by name."""
        arguments = (batch.inputs, relaxed.weights, relaxed.edges, relaxed.active)
        with torch.autocast(batch.inputs.device.type, torch.bfloat16, enabled=self.autocast):
            logits = (
                self.supernet(*arguments)
                if weights is None
                else torch.func.functional_call(self.supernet, dict(weights), arguments)
            )
            return functional.cross_entropy(logits, batch.labels)

    def objective(self, loss: Tensor) -> Tensor:
        """The validation loss with what the method adds to it."""
        return loss if self.method.penalty is None else loss + self.method.penalty(self.parameters, self.moment)

    def descend(self, gradients: list[Tensor]) -> None:
        """One step of Adam on the architecture parameters."""
        for parameter, gradient in zip(self.parameters.tensors(), gradients, strict=True):
            parameter.grad = gradient
        self.parameter_optimizer.step()
        self.parameter_optimizer.zero_grad()


@dataclass(frozen=True)
class Presets:
    """The settings of one method in one space.

    Attributes:
        paper: the published setting.
        laptop: what ends in minutes on two cores.
        note: what of `paper` was not published, or not for this space; empty where all was.
    """

    paper: SearchSetting
    laptop: SearchSetting
    note: str = ""


@dataclass(frozen=True)
class Method:
    """A differentiable search, in the words of its paper.

    Attributes:
        name: as on the command line.
        summary: what it does, in a line.
        source: the publication.
        relax: how architecture parameters become operation weights in a step.
        mean: the weights that are discretised and whose entropy is logged: those of `relax` without its noise.
        presets: by space.
        architecture_step: one step of the parameters, which gives the loss that it saw; None where they stay.
        penalty: what is added to the loss of that step.
        choose: how the architecture is chosen where it is not the one that `mean` discretises to.
        deviation: of the normal distribution that α is drawn from.
        edge_parameters: whether each edge has a parameter too.
        trains_weights: whether the supernet's weights are trained.
        data: what it searches on where nothing else is given.
        check: raises a `SearchError` for a setting, with autocast or without, that the method cannot run.
    """

    name: str
    summary: str
    source: str
    relax: Relax
    mean: Callable[[Parameters, Moment], Relaxed]
    presets: Mapping[str, Presets]
    architecture_step: Callable[[Step], float] | None
    penalty: Callable[[Parameters, Moment], Tensor] | None = None
    choose: Callable[[Step], Architecture] | None = None
    deviation: float = 1e-3
    edge_parameters: bool = False
    trains_weights: bool = True
    data: str = "digits"
    check: Callable[[SearchSetting, bool], None] | None = None

    def setting(self, space: str, preset: str) -> SearchSetting:
        """The setting of a preset in a space.

        Raises:
            SearchError: for an unknown preset, or a space that the method has no presets for.
        """
        if space not in self.presets:
            raise SearchError(f"{self.name}: {unknown('space of a search', space, self.presets)}")
        if preset not in ("paper", "laptop"):
            raise SearchError(unknown("preset", preset, ("paper", "laptop")))
        found: SearchSetting = getattr(self.presets[space], preset)
        return found
