"""Batches: arguments of a network, and targets of its outputs, which a score is computed on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from harness.errors import NotApplicable, SettingError
from harness.problem import CLASSIFICATION, REGRESSION, Problem


@dataclass(frozen=True, init=False, eq=False, repr=False, slots=True)
class Batch:
    """A batch of N samples: arguments of a network, and targets that its outputs are compared with.

    Args:
        arguments: arguments of the network: one tensor [N, ...] of floating point, such as images [N, C, H, W], or
            several tensors of any type whose first axis counts the samples.
        targets: the classes of the samples, whole numbers [N], or floating point values [N, ...] of the outputs' shape.
        independent: whether a sample's output depends on its own rows alone (except by batch norm). For a graph whose
            nodes are the samples it is False: its arguments, whose first axis may have any length, are never split.
        problem: the problem that the network is trained for; by default `CLASSIFICATION` for whole numbers as targets
            and `REGRESSION` for floating point.

    Raises:
        SettingError: for fewer than two samples, targets of another length or type, or numbers that are not finite.
    """

    arguments: tuple[Tensor, ...]
    targets: Tensor
    independent: bool
    problem: Problem

    def __init__(
        self,
        arguments: Tensor | Sequence[Tensor],
        targets: Tensor,
        *,
        independent: bool = True,
        problem: Problem | None = None,
    ) -> None:
        several = isinstance(arguments, (list, tuple))
        for name, value in (
            ("arguments", tuple(arguments) if several else (arguments,)),
            ("targets", targets),
            ("independent", independent),
        ):
            object.__setattr__(self, name, value)
        self._check_arguments()
        object.__setattr__(self, "arguments", tuple(each.detach() for each in self.arguments))
        object.__setattr__(self, "targets", targets.detach())
        usual = REGRESSION if targets.is_floating_point() else CLASSIFICATION
        object.__setattr__(self, "problem", problem or usual)
        self._check_targets()

    def _check_arguments(self) -> None:
        tensors = [*self.arguments, self.targets]
        if not self.arguments or not all(isinstance(each, Tensor) for each in tensors):
            raise SettingError(
                "a batch holds torch tensors: the network's arguments [N, ...] and targets [N]; "
                f"got {' and '.join(type(each).__name__ for each in tensors)}"
            )
        for each in tensors:
            if each.layout != torch.strided or each.is_meta or each.is_quantized:
                raise SettingError(f"a batch holds dense tensors with values, got {each.layout} on {each.device}")
        inexact = [each for each in self.arguments if each.is_floating_point()]
        if not inexact or (self.independent and inexact[0].ndim < 2):
            first = (inexact or self.arguments)[0]
            raise SettingError(f"inputs must be floating point of shape [N, ...], got {_shape(first)} {first.dtype}")
        count = self._count()
        if count < 2:
            raise SettingError(
                f"a batch needs at least 2 samples, got {count}: batch statistics and Gram matrices are not defined on "
                "one"
            )
        for each in self.arguments if self.independent else ():
            if each.ndim < 1 or len(each) != count:
                raise SettingError(
                    f"every argument has a row for each of {count} samples; got one of shape {_shape(each)}. Where the "
                    "samples are parts of one input, give independent=False"
                )
        if not all(bool(each.isfinite().all()) for each in inexact):
            raise SettingError("inputs hold NaN or infinity: no score can be computed on them")

    def _count(self) -> int:
        counted = self.arguments[0] if self.independent else self.targets
        return len(counted) if counted.ndim else 0

    def _check_targets(self) -> None:
        count, targets = self._count(), self.targets
        if not self.problem.classes:
            fits = targets.is_floating_point() and targets.ndim > 0 and len(targets) == count
            if not fits or not bool(targets.isfinite().all()):
                raise SettingError(
                    f"targets of {self.problem.name} are finite floating point numbers of shape [{count}, ...], "
                    f"got {_shape(targets)} {targets.dtype}"
                )
            return
        whole = not (targets.is_floating_point() or targets.is_complex())
        if targets.shape != (count,) or not whole:
            raise SettingError(
                f"labels must be whole numbers of shape [{count}], got {_shape(targets)} {targets.dtype}"
            )
        if int(targets.min()) < 0:
            raise SettingError(f"labels must not be negative, got {int(targets.min())}")

    def __len__(self) -> int:
        return len(self.targets)

    def __repr__(self) -> str:
        given = ", ".join(map(_shape, self.arguments))
        return f"Batch of {self.problem.name}: {given} to targets {_shape(self.targets)}"

    @property
    def inputs(self) -> Tensor:
        """The only floating point argument.

        Raises:
            NotApplicable: where the network takes several floating point arguments.
        """
        return self.arguments[self.place_of_inputs()]

    @property
    def labels(self) -> Tensor:
        """The classes of the samples, [N].

        Raises:
            NotApplicable: where the targets are not classes.
        """
        if not self.problem.classes:
            raise NotApplicable(f"this reads the classes of the samples; the targets of {self.problem.name} are values")
        return self.targets

    def place_of_inputs(self) -> int:
        """Index of `inputs` among the arguments.

        Raises:
            NotApplicable: where the network takes several floating point arguments.
        """
        places = [place for place, each in enumerate(self.arguments) if each.is_floating_point()]
        if len(places) > 1:
            raise NotApplicable(f"this reads one floating point input; the network takes {len(places)}")
        return places[0]

    @property
    def only_argument(self) -> Tensor:
        """The argument of a network with only one.

        Raises:
            NotApplicable: where the network takes several arguments.
        """
        if len(self.arguments) > 1:
            raise NotApplicable(f"this feeds the network one tensor; it takes {len(self.arguments)}")
        return self.arguments[0]

    @property
    def whole(self) -> Tensor | tuple[Tensor, ...]:
        """What a supernet takes: the only argument, or all of them as a tuple."""
        return self.arguments[0] if len(self.arguments) == 1 else self.arguments

    def smallest(self) -> tuple[Tensor, ...]:
        """Arguments of the smallest possible call: the first sample's, or all where samples are not independent."""
        return tuple(each[:1] for each in self.arguments) if self.independent else self.arguments

    def check_independent(self, reads: str) -> None:
        """Refuse a batch whose samples are parts of one input.

        Args:
            reads: name of the quantity that needs single samples, for the message.

        Raises:
            NotApplicable: where a sample's output depends on the others.
        """
        if not self.independent:
            raise NotApplicable(f"{reads} needs samples that do not see each other; these are parts of one input")

    def part(self, start: int, stop: int) -> Batch:
        """The samples from `start` to before `stop`, at least two.

        Raises:
            NotApplicable: where samples are not independent.
        """
        self.check_independent("a part of the batch")
        arguments = [each[start:stop] for each in self.arguments]
        return Batch(arguments, self.targets[start:stop], problem=self.problem)

    def split(self, most: int) -> list[Batch]:
        """The samples in order, in parts of up to `most` samples whose sizes differ by at most one.

        Raises:
            NotApplicable: where samples are not independent.
        """
        self.check_independent("a part of the batch")
        ends = [0]
        for indices in torch.arange(len(self), device="cpu").tensor_split(math.ceil(len(self) / most)):
            ends.append(ends[-1] + len(indices))
        return [self.part(start, stop) for start, stop in pairwise(ends)]

    def on(self, device: torch.device | str) -> Batch:
        """The batch on a device; the batch itself if it is there already."""
        if all(each.device == torch.device(device) for each in (*self.arguments, self.targets)):
            return self
        arguments = [each.to(device) for each in self.arguments]
        return Batch(arguments, self.targets.to(device), independent=self.independent, problem=self.problem)

    def like(self, parameter: Tensor | None) -> Batch:
        """The batch on the device of `parameter`, with floating point in its dtype; the batch itself for None."""
        if parameter is None:
            return self

        def converted(each: Tensor) -> Tensor:
            found = each.to(parameter.device, parameter.dtype if each.is_floating_point() else each.dtype)
            return found.clone() if found.is_inference() else found  # one of inference mode has no gradients

        targets = converted(self.targets.to(torch.long) if self.problem.classes else self.targets)
        return Batch(
            [converted(each) for each in self.arguments], targets, independent=self.independent, problem=self.problem
        )

    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the batch's content and shapes."""
        sha = hashlib.sha256(" ".join(f"{_shape(each)} {each.dtype}" for each in self.arguments).encode())
        for tensor in (*self.arguments, self.targets.long() if self.problem.classes else self.targets):
            # as bytes: numpy has no bfloat16
            sha.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
        return sha.hexdigest()[:16]


def _shape(tensor: Tensor) -> str:
    return f"[{', '.join(str(size) for size in tensor.shape)}]"
