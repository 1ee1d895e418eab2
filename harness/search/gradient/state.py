"""The state of a running search, which its epochs change: new, or from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from harness.errors import SearchError, unknown
from harness.search.gradient.checkpoint import Checkpoint, Part, Row
from harness.search.gradient.data import Split
from harness.search.gradient.graphs import GraphParts
from harness.search.gradient.memory_bound import MemoryBound
from harness.search.gradient.method import Method, Moment, Parameters, Step
from harness.search.gradient.setting import SearchSetting
from harness.search.gradient.table_supernet import TableLosses
from harness.setting import derived_seed

if TYPE_CHECKING:
    from harness.batches import Batch
    from harness.prediction.predictor import Predictor
    from harness.spaces.group import Group
    from harness.spaces.space import SearchableSpace
    from harness.spaces.supernet import Supernet

Spent = tuple[float, float]
"""Seconds by the clock, and seconds of processor time of the process."""


@dataclass(frozen=True)
class SearchTask:
    """The fixed inputs of a search.

    Attributes:
        space: the space to search.
        method: the search method.
        setting: the setting of the search.
        split: the training images in two parts, or the graph with its parts.
        seed: seed of all random draws.
        device: device of the supernet.
        autocast: whether passes run in bfloat16 where torch considers it safe.
        bound: bound on the bytes of its steps; None for none.
        table: losses of all cells, which a table supernet shows in the place of images; None for a real supernet.
        record_costs: costs of operations are recorded at every so many steps; 0 for none.
        predictor: the predictor of its objective; None where that is the loss alone.
    """

    space: SearchableSpace
    method: Method
    setting: SearchSetting
    split: Split | GraphParts
    seed: int
    device: torch.device
    autocast: bool
    bound: MemoryBound | None = None
    table: TableLosses | None = None
    record_costs: int = 0
    predictor: Predictor | None = None

    def identity(self) -> dict[str, str]:
        """The values that must be equal in a checkpoint for the search to continue from it."""
        return {
            "method": self.method.name,
            "space": self.space.name,
            "seed": str(self.seed),
            "data": self.split.identity,
            "device": str(self.device),
            "autocast": str(self.autocast),
            "setting": self.setting.json(),
            **({"record_costs": str(self.record_costs)} if self.record_costs else {}),
            **({} if self.predictor is None else {"predictor": self.predictor.digest()}),
        }

    @property
    def inputs(self) -> tuple[int, ...]:
        """Shape of a batch of images, [N, channels, H, W], or of a graph's features, [n, f]."""
        return self.split.shape(self.setting)

    def supernet(self, stage: int, kept: dict[str, Tensor] | None) -> Supernet:
        """The untrained supernet of a stage with the kept operations.

        What is trained in float32 on a CPU lies in the supernet's fast layout: with the channels last, batch norm sums
        its statistics in float32, and gradients are up to 0.8 % from their float64 value instead of 0.1 % (ReLUs near
        zero change sides). That is far below the noise of a batch, but not below the differences that NASI looks at.
        """
        setting = self.setting
        names = ("simplify", "kernel_normalisation") if setting.simplify else ()
        known: dict[str, Any] = dict(self.split.sizes(setting, self.space))
        if setting.init != "pytorch":
            known["init"] = setting.init  # otherwise the supernet's own
        supernet = self.space.supernet(
            seed=self.seed,
            partial=setting.partial[stage],
            operations=kept,
            **known,
            **{name: getattr(setting, name) for name in names},
        ).to(self.device)
        if self.table is not None:
            return self.table.supernet(supernet.groups, kept).to(self.device)
        fast = self.method.trains_weights and self.device.type == "cpu" and not self.autocast
        if fast:
            supernet.to(memory_format=supernet.fast_layout)  # type: ignore[call-overload]
        if setting.activation == "clipped":
            supernet.normalise_nodes()
        return supernet


@dataclass
class State:
    """What the steps of a search change.

    Attributes:
        supernet: the supernet with its current weights.
        kept: masks of the operations that are not pruned, by group.
        parameters: the architecture parameters.
        weight_optimizer: the optimiser of the weights.
        parameter_optimizer: Adam of the architecture parameters.
        memory: tensors that the method keeps from step to step.
        rows: rows of the log.
        epoch: number of finished epochs.
        losses: training loss of each step that is done in the epoch under way.
        seconds: seconds of these steps that an earlier process took.
        cpu_seconds: seconds of processor time of these.
    """

    supernet: Supernet
    kept: dict[str, Tensor]
    parameters: Parameters
    weight_optimizer: torch.optim.Optimizer
    parameter_optimizer: torch.optim.Adam
    memory: dict[str, Tensor] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def moment(self, task: SearchTask, step: int) -> Moment:
        """Epoch, step and seed of a step of this epoch."""
        return Moment(
            self.epoch, step, task.seed, task.setting, self.supernet.groups, self.kept,
            task.split.steps(task.setting),
        )  # fmt: skip

    def step(self, task: SearchTask, number: int, training: Batch, validation: Batch) -> Step:
        """The step with that number in this epoch."""
        return Step(
            task.space, task.method, self.supernet, self.parameters, self.memory, self.moment(task, number),
            training, validation, self.weight_optimizer, self.parameter_optimizer, task.autocast, task.bound,
            task.split.normalisation,
        )  # fmt: skip

    def checkpoint(self, task: SearchTask, spent: Spent = (0.0, 0.0)) -> Checkpoint:
        """The whole state as a checkpoint; `spent` are the seconds of the epoch under way, if one is."""
        return Checkpoint(
            identity=task.identity(),
            epoch=self.epoch,
            kept=self.kept,
            supernet=self.supernet.state_dict(),
            weight_optimizer=self.weight_optimizer.state_dict(),
            parameters={
                kind: {name: table.detach() for name, table in tables.items()}
                for kind, tables in (("operations", self.parameters.operations), ("edges", self.parameters.edges))
            },
            parameter_optimizer=self.parameter_optimizer.state_dict(),
            memory=self.memory,
            rows=self.rows,
            part=Part(self.losses, *spent) if self.losses else None,
        )


def initial_state(task: SearchTask) -> State:
    """The state before the first epoch: weights from the seed, α and β from a narrow normal distribution."""
    supernet = task.supernet(0, None)
    kept = _kept_at_first(task, supernet.groups)
    if task.setting.left_out:
        supernet = task.supernet(0, kept)
    if task.bound is not None and task.setting.keep:
        task.bound.check_stage(supernet, task.inputs, task.setting.keep[-1])
    parameters = drawn_parameters(task, supernet.groups, kept)
    return State(supernet, kept, parameters, weight_optimizer(supernet, task), adam(parameters, task))


def drawn_parameters(
    task: SearchTask, groups: Mapping[str, Group], kept: Mapping[str, Tensor], stage: int = 0
) -> Parameters:
    """Architecture parameters from a narrow normal distribution, by the seed and the stage that they are for."""
    purposes = ("parameters",) if stage == 0 else ("parameters", str(stage))
    generator = torch.Generator().manual_seed(derived_seed(task.seed, "search", *purposes))

    def drawn(*shape: int) -> Tensor:
        values = task.method.deviation * torch.randn(*shape, generator=generator, dtype=torch.float32, device="cpu")
        return values.to(task.device).requires_grad_()

    operations = {name: drawn(*group.shape) for name, group in groups.items()}
    if task.method.start is not None:
        for name, alpha in operations.items():
            alpha.detach().add_(task.method.start(kept[name]).to(alpha))
    edges = {name: drawn(len(group.edges)) for name, group in groups.items()}
    return Parameters(operations, edges if task.method.edge_parameters else {})


def _kept_at_first(task: SearchTask, groups: Mapping[str, Group]) -> dict[str, Tensor]:
    """Boolean masks by group, [E, O], of all operations except those that the setting leaves out."""
    kept = {}
    for name, group in groups.items():
        for left_out in task.setting.without:
            if left_out not in group.operations:
                raise SearchError(f"without: {unknown('operation', left_out, group.operations)}")
        row = torch.tensor([operation not in task.setting.left_out for operation in group.operations], device="cpu")
        kept[name] = row.repeat(len(group.edges), 1)
        if task.setting.keep and task.setting.keep[0] < int(row.sum()):
            raise SearchError(
                f"keep begins with {task.setting.keep[0]} operations of an edge, and {int(row.sum())} are there: the "
                "first stage prunes nothing"
            )
    return kept


def resumed_state(task: SearchTask, checkpoint: Checkpoint) -> State:
    """The state that a checkpoint holds: after its last epoch, or inside the next one."""
    part = checkpoint.part
    under_way = checkpoint.epoch - 1 if part is None else checkpoint.epoch
    supernet = task.supernet(task.setting.stage(under_way), checkpoint.kept)
    supernet.load_state_dict(checkpoint.supernet)
    parameters = Parameters(
        **{
            kind: {name: table.detach().to(task.device).requires_grad_() for name, table in tables.items()}
            for kind, tables in checkpoint.parameters.items()
        }
    )
    state = State(
        supernet, checkpoint.kept, parameters, weight_optimizer(supernet, task), adam(parameters, task),
        checkpoint.memory, checkpoint.rows, checkpoint.epoch, *(part or ()),
    )  # fmt: skip
    state.weight_optimizer.load_state_dict(checkpoint.weight_optimizer)
    state.parameter_optimizer.load_state_dict(checkpoint.parameter_optimizer)
    return state


def weight_optimizer(supernet: Supernet, task: SearchTask) -> torch.optim.Optimizer:
    """The optimiser of the weights, SGD or the method's Adam."""
    if not task.method.adam:
        return sgd(supernet, task.setting)
    return torch.optim.Adam(
        supernet.parameters(), task.setting.weight_lr, weight_decay=task.setting.weight_decay
    )  # fmt: skip


def sgd(supernet: Supernet, setting: SearchSetting) -> torch.optim.SGD:
    """SGD of the weights."""
    options: dict[str, Any] = {"weight_decay": setting.weight_decay, "nesterov": setting.nesterov}
    return torch.optim.SGD(supernet.parameters(), setting.weight_lr, setting.momentum, **options)


def adam(parameters: Parameters, task: SearchTask) -> torch.optim.Adam:
    """The optimiser of the architecture parameters."""
    setting = task.setting
    return torch.optim.Adam(
        parameters.tensors(), setting.alpha_lr, betas=task.method.betas, weight_decay=setting.alpha_weight_decay
    )
