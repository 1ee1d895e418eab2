"""A gradient-based search as a record of a few functions, and the data that one of its steps can see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.batches import Batch
from harness.errors import SpaceError
from harness.problem import NODE_CLASSIFICATION
from harness.search.gradient.graphs import drawing
from harness.search.gradient.presets import Presets, preset_setting, presets
from harness.search.gradient.setting import SearchSetting
from harness.setting import derived_seed
from harness.spaces import open_space, openable_spaces
from harness.spaces.space import SearchableSpace, searchable

if TYPE_CHECKING:
    from harness.search.gradient.data import Normalisation
    from harness.search.gradient.memory_bound import MemoryBound
    from harness.spaces.group import EdgeWeights, Group, Masks, OperationWeights
    from harness.spaces.space import Architecture, Space
    from harness.spaces.supernet import Supernet


@dataclass(frozen=True)
class Parameters:
    """The architecture parameters of a search.

    Attributes:
        operations: α by group, [E, O] for E edges and O operations.
        edges: β by group, [E]; empty except for PC-DARTS.
    """

    operations: dict[str, Tensor]
    edges: dict[str, Tensor] = field(default_factory=dict)

    def tensors(self) -> list[Tensor]:
        """All parameters, in a fixed order."""
        return [*self.operations.values(), *self.edges.values()]


@dataclass(frozen=True)
class Relaxed:
    """A relaxed architecture: the weights that a supernet's pass takes instead of one architecture.

    Attributes:
        weights: weight of each operation on each edge, by group, [E, O].
        edges: factors of the edges' outputs, by group, [E]; None for ones.
        active: Boolean masks of the operations that are computed, by group, [E, O]; None for all.
    """

    weights: OperationWeights
    edges: EdgeWeights | None = None
    active: Masks | None = None


@dataclass(frozen=True)
class Moment:
    """A point in time of a search. All random draws of a step follow from (seed, epoch, step).

    Attributes:
        epoch: number of the epoch, from 0.
        step: number of the step in the epoch, from 0.
        seed: seed of the search.
        setting: setting of the search.
        groups: groups of the supernet's edges, by name.
        kept: Boolean masks of the operations that are not pruned, by group, [E, O].
        steps: number of steps of an epoch.
    """

    epoch: int
    step: int
    seed: int
    setting: SearchSetting
    groups: Mapping[str, Group]
    kept: Masks
    steps: int = 1

    @property
    def progress(self) -> float:
        """Share of finished epochs, from 0 to below 1."""
        return self.epoch / self.setting.epochs

    @property
    def done(self) -> float:
        """Share of the search that is over at the end of this step, from above 0 to 1."""
        return (self.epoch + (self.step + 1) / self.steps) / self.setting.epochs

    @property
    def temperature(self) -> float:
        """Temperature τ of a Gumbel-softmax: linear over the epochs, from the setting's first value to its last."""
        first, last = self.setting.temperature
        return first + (last - first) * self.epoch / max(self.setting.epochs - 1, 1)

    @property
    def when(self) -> str:
        """Epoch and step as text, counted from 1."""
        return f"epoch {self.epoch + 1}, step {self.step + 1}"

    def seed_for(self, purpose: str) -> int:
        """A seed for one purpose of this step."""
        return derived_seed(self.seed, "search", purpose, str(self.epoch), str(self.step))

    def generator(self, purpose: str) -> torch.Generator:
        """A CPU generator for one purpose of this step."""
        return torch.Generator().manual_seed(self.seed_for(purpose))


Relax = Callable[[Parameters, Moment, str], Relaxed]
"""Arguments: parameters, moment, and the purpose of the draw, since each kind of step draws by itself."""


@dataclass(frozen=True)
class Step:
    """The data that one step of a search can see: no accuracy, no table, no test image.

    Attributes:
        space: the space of the supernet.
        method: the search method.
        supernet: the supernet with its current weights.
        parameters: the architecture parameters, leaves that require gradients.
        memory: tensors that the method keeps from step to step; they are saved in the checkpoint.
        moment: epoch, step and seed.
        training: a batch of the part that trains the weights.
        validation: a batch of the part that trains the architecture parameters.
        weight_optimizer: SGD of the weights, or Adam (`Method.adam`).
        parameter_optimizer: Adam of the architecture parameters.
        autocast: whether passes run in bfloat16 where torch considers it safe.
        bound: bound on the bytes that a pass may keep, checked before it runs; None for none.
        normalisation: how the images of both batches are normalised; None for values that are used as they are.
    """

    space: SearchableSpace
    method: Method
    supernet: Supernet
    parameters: Parameters
    memory: dict[str, Tensor]
    moment: Moment
    training: Batch
    validation: Batch
    weight_optimizer: torch.optim.Optimizer
    parameter_optimizer: torch.optim.Adam
    autocast: bool = False
    bound: MemoryBound | None = None
    normalisation: Normalisation | None = None

    def relaxed(self, purpose: str) -> Relaxed:
        """The relaxed architecture of the parameters in this step."""
        return self.method.relax(self.parameters, self.moment, purpose)

    def logits(self, batch: Batch, relaxed: Relaxed, weights: Mapping[str, Tensor] | None = None) -> Tensor:
        """Logits [N, K] of the supernet on a batch, with its own weights or the given weights by name.

        Raises:
            MemoryBoundError: a pass that would keep more bytes than the search may.
        """
        if len(batch.arguments) == 1:
            return self.logits_of(batch.inputs, relaxed, weights)
        seed = self.moment.seed_for(f"dropout {'training' if batch is self.training else 'validation'}")
        with drawing(seed, batch.targets.device):
            return self._logits(batch.whole, relaxed, weights)

    def logits_of(self, inputs: Tensor, relaxed: Relaxed, weights: Mapping[str, Tensor] | None = None) -> Tensor:
        """Logits [N, K] of inputs, by which they can be differentiated, as a batch cannot; otherwise as `logits`."""
        if self.bound is not None:
            self.bound.check(self.supernet, inputs.shape, relaxed.active)
        return self._logits(inputs, relaxed, weights)

    def _logits(
        self, inputs: Tensor | tuple[Tensor, ...], relaxed: Relaxed, weights: Mapping[str, Tensor] | None
    ) -> Tensor:
        arguments = (inputs, relaxed.weights, relaxed.edges, relaxed.active)
        with torch.autocast(self.training.targets.device.type, torch.bfloat16, enabled=self.autocast):
            found: Tensor = (
                self.supernet(*arguments)
                if weights is None
                else torch.func.functional_call(self.supernet, dict(weights), arguments)
            )
            return found

    def loss(self, batch: Batch, relaxed: Relaxed, weights: Mapping[str, Tensor] | None = None) -> Tensor:
        """The problem's own loss of these logits: the mean cross-entropy, or that of restored images."""
        with torch.autocast(batch.targets.device.type, torch.bfloat16, enabled=self.autocast):
            return self.space.problem.loss(None, self.logits(batch, relaxed, weights), batch.targets)

    def objective(self, loss: Tensor) -> Tensor:
        """The validation loss with the method's penalty."""
        return loss if self.method.penalty is None else loss + self.method.penalty(self.parameters, self.moment)

    def descend(self, gradients: list[Tensor]) -> None:
        """One step of Adam on the architecture parameters."""
        for parameter, gradient in zip(self.parameters.tensors(), gradients, strict=True):
            parameter.grad = gradient
        self.parameter_optimizer.step()
        self.parameter_optimizer.zero_grad()


@dataclass(frozen=True)
class Method:
    """A gradient-based search method, in the words of its paper.

    Attributes:
        name: name on the command line.
        summary: one line on what the method does.
        source: the publication.
        relax: makes operation weights from architecture parameters in a step.
        mean: gives the weights that are discretised and whose entropy is logged: those of `relax` without noise.
        architecture_step: one step of the architecture parameters, which returns its loss; None where they are fixed.
        penalty: term that is added to the loss of that step.
        after_weights: sees each step of the weights, and the norm of their gradient before it is clipped.
        choose: chooses the architecture; None where it is derived from `mean`.
        deviation: standard deviation of the normal distribution that α is drawn from.
        start: mean of that distribution [E, O] from the mask of the kept operations; None for 0.
        edge_parameters: whether each edge has a parameter too.
        trains_weights: whether the supernet's weights are trained.
        renews: whether the architecture parameters are drawn anew for the last stage.
        data: the data to search on where none is given.
        one_path: whether every step computes one operation on each edge.
        bounded: whether its steps keep what one pass saves, the weights, their gradients and their momentum, and no
            more, so that a bound on memory holds.
        joint: whether `architecture_step` is the whole step: it trains the weights too, returns their loss, and looks
            itself at which epochs warm up.
        policy: gives the probability of each sub-policy of augmentations by its name, from the memory of a search and
            its setting; None for a search of none.
        reads: fields of the setting that this search reads, and most others do not.
        check: raises a `SearchError` for a setting, with or without autocast, that the method cannot run.
        refuses: why the method cannot search a space, empty where it can; None for a method of every space.
        remark: a warning on a finished search from its memory and its setting, empty where there is none.
        betas: betas of the Adam of the architecture parameters.
        in_turn: whether the weights are trained in the epochs of the warm-up alone, and rest while the architecture
            parameters move.
        members: gives the texts of a drawn ensemble from the memory of a finished search; None for a search of one.
        classifies: whether it searches image classifiers; otherwise networks whose targets are images.
        adam: whether Adam trains the weights, in the place of SGD.
        graphs: whether the method searches networks of one graph too, whose samples are never looked at by themselves.
    """

    name: str
    summary: str
    source: str
    relax: Relax
    mean: Callable[[Parameters, Moment], Relaxed]
    architecture_step: Callable[[Step], float] | None
    penalty: Callable[[Parameters, Moment], Tensor] | None = None
    after_weights: Callable[[Step, Tensor], None] | None = None
    choose: Callable[[Step], Architecture] | None = None
    deviation: float = 1e-3
    start: Callable[[Tensor], Tensor] | None = None
    edge_parameters: bool = False
    trains_weights: bool = True
    renews: bool = False
    data: str = "digits"
    one_path: bool = False
    bounded: bool = True
    joint: bool = False
    policy: Callable[[Mapping[str, Tensor], SearchSetting], Mapping[str, float]] | None = None
    reads: tuple[str, ...] = ()
    check: Callable[[SearchSetting, bool], None] | None = None
    refuses: Callable[[SearchableSpace], str] | None = None
    remark: Callable[[Mapping[str, Tensor], SearchSetting], str] | None = None
    betas: tuple[float, float] = (0.5, 0.999)
    in_turn: bool = False
    members: Callable[[Mapping[str, Tensor]], tuple[str, ...]] | None = None
    classifies: bool = True
    adam: bool = False
    graphs: bool = False

    def setting(self, space: str | Space, preset: str) -> SearchSetting:
        """The setting of a preset in a space.

        Raises:
            SearchError: for an unknown preset.
            SpaceError: for an unknown space, or one without a supernet.
        """
        return preset_setting(self.name, open_space(space) if isinstance(space, str) else space, preset)

    def presets_in(self, space: str | Space) -> Presets:
        """The presets in a space; where no paper searches it by this method, DARTS's values with the space's own sizes.

        Args:
            space: its name, or the space itself.

        Raises:
            SpaceError: for an unknown space, or one without a supernet.
        """
        return presets(self.name, open_space(space) if isinstance(space, str) else space)

    @property
    def presets(self) -> dict[str, Presets]:
        """The presets in each space that the method can search, by its name."""
        return {space.name: self.presets_in(space) for space in _searchable_spaces() if not self.reason_not_in(space)}

    def reason_not_in(self, space: SearchableSpace) -> str:
        """Why the method cannot search a space; empty where it can."""
        if space.problem is NODE_CLASSIFICATION and not self.graphs:
            return "it is for batches of images, and the samples of this space are the nodes of one graph"
        if self.classifies != space.problem.classes:
            wanted = "image classifiers" if self.classifies else "restoring networks"
            return f"it searches {wanted}, and the space is for {space.problem.name}"
        return "" if self.refuses is None else self.refuses(space)


def _searchable_spaces() -> list[SearchableSpace]:
    """The spaces that gradient-based searches can search."""
    found = []
    for space in openable_spaces():
        with suppress(SpaceError):
            found.append(searchable(space))
    return found
