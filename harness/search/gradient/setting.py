"""The setting of a gradient-based search, with the default values that most searches share."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from typing import Any

from harness.errors import SearchError, unknown
from harness.search.gradient.allowed import CHOICES, MAY_BE_NONE, NOT_NEGATIVE, POSITIVE, SMALLEST
from harness.search.gradient.checks import check_latency, check_mgda, check_number
from harness.search.gradient.policy_choices import OPERATIONS, checked_choices, checked_operations

CHECKPOINT_MINUTES = 10.0
"""Default interval of the checkpoints inside an epoch."""
_ENDS = 2  # temperatures: of the first epoch and of the last


@dataclass(frozen=True)
class SearchSetting:
    """Everything that a search depends on in addition to the method, the space, the data and the seed.

    Args:
        epochs: passes over the images that train the weights.
        batch_size: images of each part in one step.
        width: channels of the supernet's first stage, C.
        depth: for NAS-Bench-201 the cells per stage, N; for DARTS the number of cells.
        image_size: side of the images in pixels, reached by averaging or repeating pixels; None for the data's own.
        images: number of training images in both parts together; None for all. In a preset it is an upper limit.
        validation_share: share of the images that trains the architecture parameters; the rest trains the weights.
        augment: whether natural images are cropped and flipped at random.
        steps_per_epoch: steps per epoch; None for the full batches of the part for the weights.
        evaluation_batches: number of validation batches over which the logged loss is averaged.
        weight_lr: learning rate of the weights (SGD) in the first epoch; it falls as a half cosine.
        weight_lr_min: the learning rate's lower end.
        momentum: momentum of SGD.
        nesterov: whether the momentum is Nesterov's.
        weight_decay: weight decay of the weights.
        gradient_clip: norm to which the weights' gradient is clipped.
        alpha_lr: learning rate of the architecture parameters (Adam with betas 0.5 and 0.999).
        alpha_weight_decay: weight decay of the architecture parameters.
        alpha_warm_up: epochs at the start of each stage in which the architecture parameters are fixed; fewer than the
            stage has.
        temperature: temperatures of the Gumbel-softmax in the first epoch and in the last (GDAS, SNAS, NASI).
        partial: for each stage, operations read 1/partial of the channels (PC-DARTS, progressive DrNAS).
        without: operations that are left out from the start (`none`: DrNAS in the DARTS space, NASI on NAS-Bench-201).
        keep: for each stage, the number of operations that each edge keeps; empty for all (progressive DrNAS, RADARS).
        memory_mb: bound on what a step keeps, in 10⁶ bytes (`harness.search.gradient.memory_bound`); None for none.
        penalty: weight λ of the penalty after the last epoch; it grows linearly from 0 (β-DARTS).
        candidates: number of architectures that are compared to choose one (RSPS).
        nu: ν, the trace above which the objective is penalised (NASI).
        mu: μ, the weight of that penalty (NASI).
        adaptive: whether ν adapts to the traces of earlier steps (NASI-ADA).
        trace_gradient: method for the trace's gradient (NASI): `two_pass`, `double_backward` or `one_pass`.
        regularise: term added to the loss of the architecture parameters: `none`, `proximity`, `adjusted_proximity` or
            `admm` (`harness.search.gradient.prime`).
        rho: ρ, twice the weight of that term.
        schedule: steps in which the architecture parameters move: `every_step`, `periodic`, or `dynamic`, by the Fisher
            information of the weights.
        schedule_steps: s, one step in s moves them (periodic), or one in s + 1 in the long run (dynamic).
        activation: operation weights of α: those of the method (`own`), or α clipped to [0, 1] (`clipped`).
        objective: what the architecture parameters descend in addition to the loss: `none` or `latency`, a predicted
            latency (`harness.search.gradient.latency`).
        latency_column: name of the tabulated latency or energy that is predicted.
        latency_table: name or path of the table that has it, such as one of `nasinit measure latency`; empty for the
            first one of the space that is here.
        latency_model: its predictor: `pairwise`, `linear` or `mlp`.
        latency_samples: number of cells that the predictor is trained on.
        latency_weight: weight λ of the prediction, in nats per unit of the column.
        target_latency: latency T that a multiplier in the place of λ holds the search to, in the unit of the column;
            None for none.
        simplify: whether the convolutions of an edge share one batch norm (TopoNAS, in our reading).
        kernel_normalisation: whether the kernels of a simplified supernet have norm 1 for each output channel.
        policy_operations: operations whose pairs are the sub-policies of augmentations (DAAS).
        policy_magnitudes: magnitudes of an operation in a sub-policy, from 0 to 1; each is a choice of its own.
        policy_probabilities: probabilities that an image goes through an operation, each a choice of its own.
        policy_lr: learning rate of the policy's logits.
        policy_search: what is searched when: `joint`, `sequential` or `fixed` (`harness.search.gradient.daas`).
        sub_batches: number of equal parts of a batch, each with a sub-policy of its own.
        adversarial: images that the weights are trained on: as they are (`none`), or attacked by R+FGSM, with the
            gradient at the disturbed images (`rfgsm`) or at the clean ones (`rfgsm_clean`).
        adversarial_epsilon: ε, the largest disturbance of a pixel in 1/255 of its range.
        adversarial_step: size of the attack's step, as a multiple of ε.
        mgda: objectives that MGDA weighs with the loss (E2RNAS): `robust`, the loss on attacked images, and `size`, the
            expected number of parameters.
        mgda_gradients: whether MGDA's weights are those of gradients as they are (`raw`) or over their norms (`l2`).
        size_bound: bound L on that number of parameters; None for none.
        bound_form: its form: `max`, `max_dropped` or `abs` (`harness.search.gradient.e2rnas`).
        members: number of architectures of an ensemble, n (NESBS).
        draw: how they are drawn from the posterior: `svgd` or `mc` (Monte Carlo).
        diversity: δ of SVGD: above 0 drives the members apart, below 0 draws them together.
        sets: number of drawn ensembles of which the best on the supernet is taken, T.
        likelihood: images c that the mean validation loss counts for in the log likelihood.
        particle_std: standard deviation σ of the density around an architecture in which SVGD moves.
        sparsity: weights of the trilevel search's nodes and operations from their logits: `sparsestmax`, `sparsemax` or
            `softmax`.
        order_weight: weight λ of its order loss; above 0 it shortens the path, below 0 it makes it longer.
        mac_weight: weight of its multiply-adds, as a share of those of the costliest network.
        init: initialisation of the supernet's weights (`harness.spaces.initialisation`).

    Raises:
        SearchError: naming the field, the given value and the allowed values.
    """

    epochs: int = 50
    batch_size: int = 64
    width: int = 16
    depth: int = 5
    image_size: int | None = None
    images: int | None = None
    validation_share: float = 0.5
    augment: bool = True
    steps_per_epoch: int | None = None
    evaluation_batches: int = 50
    weight_lr: float = 0.025
    weight_lr_min: float = 0.001
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 3e-4
    gradient_clip: float = 5.0
    alpha_lr: float = 3e-4
    alpha_weight_decay: float = 1e-3
    alpha_warm_up: int = 0
    temperature: tuple[float, float] = (1.0, 1.0)
    partial: tuple[int, ...] = (1,)
    without: tuple[str, ...] = ()
    keep: tuple[int, ...] = ()
    memory_mb: float | None = None
    penalty: float = 0.0
    candidates: int = 100
    nu: float = 100.0
    mu: float = 2.0
    adaptive: bool = False
    trace_gradient: str = "two_pass"
    regularise: str = "none"
    rho: float = 0.1
    schedule: str = "every_step"
    schedule_steps: int = 10
    activation: str = "own"
    objective: str = "none"
    latency_column: str = ""
    latency_table: str = ""
    latency_model: str = "pairwise"
    latency_samples: int = 1000
    latency_weight: float = 0.0
    target_latency: float | None = None
    simplify: bool = False
    kernel_normalisation: bool = True
    policy_operations: tuple[str, ...] = OPERATIONS
    policy_magnitudes: tuple[float, ...] = (0.5,)
    policy_probabilities: tuple[float, ...] = (0.5,)
    policy_lr: float = 5e-3
    policy_search: str = "joint"
    sub_batches: int = 4
    adversarial: str = "none"
    adversarial_epsilon: float = 2.0
    adversarial_step: float = 1.25
    mgda: tuple[str, ...] = ()
    mgda_gradients: str = "raw"
    size_bound: float | None = None
    bound_form: str = "max"
    members: int = 3
    draw: str = "svgd"
    diversity: float = 0.0
    sets: int = 10
    likelihood: float = 100.0
    particle_std: float = 1.0
    sparsity: str = "sparsestmax"
    order_weight: float = 0.0
    mac_weight: float = 0.0
    init: str = "pytorch"

    def __post_init__(self) -> None:
        for name, smallest in SMALLEST.items():
            value = getattr(self, name)
            if value is None and name in MAY_BE_NONE:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < smallest:
                raise SearchError(f"{name} must be a whole number from {smallest}, got {value!r}")
        for name in (*POSITIVE, *NOT_NEGATIVE):
            value = getattr(self, name)
            check_number(name, value, above=name in POSITIVE)
            object.__setattr__(self, name, float(value))  # 50 and 50.0 are the same setting, in a checkpoint's text too
        self._check_temperature()
        self._check_signed()
        for name in ("memory_mb", "target_latency"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), above=True)
        check_number("validation_share", self.validation_share, above=True, below=1)
        if self.nesterov and self.momentum == 0:
            raise SearchError("nesterov needs a momentum above 0, got 0")
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise SearchError(unknown(name, getattr(self, name), allowed))
        self._check_stages()
        self._check_simplification()
        self._check_policy()
        check_latency(vars(self))
        check_mgda(vars(self))

    def _check_signed(self) -> None:
        for name in ("diversity", "order_weight"):
            check_number(name, getattr(self, name), above=False, signed=True)
            object.__setattr__(self, name, float(getattr(self, name)))

    def _check_policy(self) -> None:
        object.__setattr__(self, "policy_operations", checked_operations(self.policy_operations))
        for name in ("policy_magnitudes", "policy_probabilities"):
            object.__setattr__(self, name, checked_choices(name, getattr(self, name)))

    def _check_simplification(self) -> None:
        for name in ("simplify", "kernel_normalisation"):
            if not isinstance(getattr(self, name), bool):
                raise SearchError(f"{name} must be True or False, got {getattr(self, name)!r}")
        if not (self.simplify or self.kernel_normalisation):
            raise SearchError("kernel_normalisation is a part of simplify: leave it on, or simplify the supernet")

    def _check_temperature(self) -> None:
        if not isinstance(self.temperature, (tuple, list)) or len(self.temperature) != _ENDS:
            raise SearchError(f"temperature must be two numbers, of the first and last epoch; got {self.temperature!r}")
        for value in self.temperature:
            check_number("temperature", value, above=True)
        first, last = self.temperature
        object.__setattr__(self, "temperature", (float(first), float(last)))

    def _check_stages(self) -> None:
        if not self.partial or any(isinstance(k, bool) or not isinstance(k, int) or k < 1 for k in self.partial):
            raise SearchError(f"partial must be whole numbers from 1, one per stage, got {self.partial!r}")
        if self.keep and len(self.keep) != len(self.partial):
            raise SearchError(f"keep must be one number per stage ({len(self.partial)}), or none; got {self.keep!r}")
        if any(isinstance(count, bool) or not isinstance(count, int) or count < 1 for count in self.keep):
            raise SearchError(f"keep must be whole numbers from 1, one per stage, got {self.keep!r}")
        if any(later > earlier for earlier, later in pairwise(self.keep)):
            raise SearchError(
                f"keep must not rise from stage to stage, since what is pruned is gone; got {self.keep!r}"
            )
        if self.epochs < len(self.partial):
            raise SearchError(f"{len(self.partial)} stages need as many epochs, got {self.epochs}")
        shortest = self.epochs // len(self.partial)
        if self.alpha_warm_up >= shortest:
            raise SearchError(
                f"alpha_warm_up must be less than the epochs of the shortest stage ({shortest}), or its architecture "
                f"parameters never move; got {self.alpha_warm_up}: take more epochs or a shorter warm-up"
            )

    @property
    def left_out(self) -> tuple[str, ...]:
        """Operations left out from the start: `without`, and `none` where a clipped weight of it has no gradient."""
        return (*self.without, "none") if self.activation == "clipped" else self.without

    def stage(self, epoch: int) -> int:
        """The stage of an epoch. Stages are equally long, or the first ones are one epoch longer."""
        return epoch * len(self.partial) // self.epochs

    def warms_up(self, epoch: int) -> bool:
        """Whether the architecture parameters are fixed in an epoch."""
        before = sum(self.stage(other) == self.stage(epoch) for other in range(epoch))
        return before < self.alpha_warm_up

    def learning_rate(self, epoch: int, epochs: int | None = None) -> float:
        """The weights' learning rate: a half cosine from `weight_lr` to `weight_lr_min` (Loshchilov & Hutter 2017).

        It ends with the epochs that train the weights, if their number is given, or with all.
        """
        share = (1 + math.cos(math.pi * min(epoch / (epochs or self.epochs), 1.0))) / 2
        return self.weight_lr_min + (self.weight_lr - self.weight_lr_min) * share

    def changed(self, changes: Mapping[str, Any]) -> SearchSetting:
        """The setting with other values of some fields.

        Raises:
            SearchError: for a name that is not a field (with the nearest name).
        """
        known = [entry.name for entry in fields(self)]
        for name in changes:
            if name not in known:
                raise SearchError(unknown("field of a search's setting", name, known))
        return replace(self, **changes)

    def difference(self, other: SearchSetting) -> dict[str, tuple[Any, Any]]:
        """Fields in which the two settings differ, each with both values, that of `other` first."""
        pairs = {entry.name: (getattr(other, entry.name), getattr(self, entry.name)) for entry in fields(self)}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def json(self) -> str:
        """The setting as one line of JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)


def checkpoint_seconds(minutes: float) -> float:
    """Seconds from one checkpoint to the next inside an epoch; SearchError for what is no number from 0."""
    if isinstance(minutes, bool) or not isinstance(minutes, (int, float)) or not 0 <= minutes < math.inf:
        raise SearchError(f"checkpoint_minutes must be a number from 0, got {minutes!r}")
    return 60 * minutes
