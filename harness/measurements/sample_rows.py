"""Whether the rows of a network's layers are its samples: what every rule for single samples takes for granted.

A layer whose weight is also read elsewhere in the forward pass, or whose input has positions or the samples of another
order along its first axis, gives rows that look like single samples and are not. So the claim is tried: with batch norm
in eval mode, which couples no samples, on a few samples of the batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from harness.batches import Batch
from harness.errors import HarnessError, NotApplicable, ran_out_of_memory
from harness.measurements.forward import Activation, Forward, LayerCall, recorded_forward, trainable
from harness.measurements.known_rows import rows_are_known
from harness.measurements.layer_rules import rule_for
from harness.measurements.layers import uses_batch_statistics
from harness.measurements.preserve import set_modes
from harness.measurements.single_uses import (
    Arriving,
    Use,
    arriving_gradients,
    check_call,
    outside_of_its_module,
    summed_rows,
)
from harness.setting import Setting, derived_seed

FIRST, SECOND = (0, 1, 2, 3), (2, 3, 0)
"""Samples of the two passes: other neighbours, other places, another number."""


class SampleRows(NamedTuple):
    """What a few samples have shown; each reason says why rows are not single samples.

    Attributes:
        parameters: reason by parameter, for those whose gradients by sample a rule would get wrong. A parameter that
            no rule knows is not among them.
        activations: reason why the outputs of ReLU modules are not rows of samples; empty where they are.
        outputs: outputs [M, K] of the first M samples by themselves; None where a batch gives others by right, since
            batch norm uses its statistics, or where no such pass was made.
    """

    parameters: Mapping[nn.Parameter, str]
    activations: str
    outputs: Tensor | None = None

    def check(self, parameters: Iterable[nn.Parameter]) -> None:
        """Refuse parameters whose rows are not single samples.

        Raises:
            NotApplicable: with the reason of the first of them.
        """
        for parameter in parameters:
            if parameter in self.parameters:
                raise NotApplicable(self.parameters[parameter])

    def check_activations(self) -> None:
        """Refuse outputs of ReLUs that are not rows of samples.

        Raises:
            NotApplicable: with the reason.
        """
        if self.activations:
            raise NotApplicable(self.activations)

    def check_outputs(self, passed: Forward) -> None:
        """Refuse a pass of the batch in which the first samples give other outputs than by themselves.

        Raises:
            NotApplicable: saying so.
        """
        if self.outputs is None:
            return
        shared = min(len(passed.rows), len(self.outputs))
        if not _same(self.outputs[:shared], passed.rows[:shared]):
            raise NotApplicable("the network's outputs for a sample depend on the batch that it is in")


READ_GRADIENTS = frozenset(
    {"channel_products", "sign_agreement", "target_logit_gram", "logit_sum_gram", "ntk_trace_per_sample"}
)
"""Measurements that read a parameter's gradients by sample; the others read outputs of ReLUs alone."""


def sample_rows(network: nn.Module, batch: Batch, setting: Setting, requested: frozenset[str]) -> SampleRows:
    """Try on a few samples whether the rows of each layer are the samples.

    A sample must give the same values whatever samples stand beside it and in whatever place; and of an objective of
    the first sample alone, the first row of each layer's rule must be autograd's gradient of that parameter, the others
    0. A network that takes no such small batches is tried by gradients alone, on the whole batch. Where none of
    `READ_GRADIENTS` is `requested`, values alone are compared. A network made of modules whose rows are known needs no
    trial.

    Raises:
        NotApplicable: where the samples are parts of one input, or the network has no gradients.

    Cost: two forward passes and one backward pass of up to four samples, a thirteenth of a pass of a batch of 64.
    """
    batch.check_independent("a row for each sample")
    if rows_are_known(network, batch):
        return SampleRows({}, "")
    coupled = any(isinstance(each, _BatchNorm) and uses_batch_statistics(each) for each in network.modules())
    with _uncoupled(network):
        first_places = FIRST[: len(batch)]
        second_places = [place for place in SECOND if place < len(batch)] if len(batch) > 2 else [1, 0]
        few = _passed(network, _chosen(batch, first_places), setting)
        first = few or recorded_forward(network, batch, setting, watched=False)
        second = few and _passed(network, _chosen(batch, second_places), setting)
        if second and not _same(first.rows[second_places], second.rows):
            shown = "the network's outputs for a sample depend on the samples beside it"
            return SampleRows(dict.fromkeys(trainable(network).values(), shown), shown)
        outputs = first.rows.detach() if few and not coupled else None
        if second and READ_GRADIENTS.isdisjoint(requested):
            return SampleRows({}, _relus(first, second, second_places, None), outputs)
        names = {parameter: name for name, parameter in trainable(network).items()}
        arriving = _arriving(first, tuple(names), setting)
        relus = _relus(first, second, second_places, arriving.activations)
        return SampleRows(_parameters(first, names, arriving), relus, outputs)


def _chosen(batch: Batch, places: Sequence[int]) -> Batch:
    chosen = torch.tensor(places, device=batch.targets.device)
    return Batch([each[chosen] for each in batch.arguments], batch.targets[chosen], problem=batch.problem)


def _passed(network: nn.Module, few: Batch, setting: Setting) -> Forward | None:
    """The pass of a few samples; None for a network that takes no batch of that size."""
    try:
        return recorded_forward(network, few, setting, watched=False)
    except HarnessError:
        raise
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        return None


@contextmanager
def _uncoupled(network: nn.Module) -> Iterator[None]:
    """Inside, batch norm is in eval mode; one that has no running statistics gets a mean of 0 and a variance of 1."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    modes = [module.training for module in norms]
    bare = [module for module in norms if module.running_mean is None]
    try:
        set_modes(network, "eval")
        for module in bare:
            like = next(p for p in (module.weight, *network.parameters()) if p is not None)
            module.running_mean = torch.zeros(module.num_features, dtype=like.dtype, device=like.device)
            module.running_var = torch.ones_like(module.running_mean)
        yield
    finally:
        for module in bare:
            module.running_mean = module.running_var = None
        for module, training in zip(norms, modes, strict=True):
            module.train(training)


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same rows, within rounding."""
    if one.shape != other.shape:
        return False
    one, other = one.detach(), other.detach()
    scale = float(one.abs().max()) if one.numel() else 0.0
    difference = float((one - other).abs().max()) if one.numel() else 0.0
    return difference <= _tolerance(one) * scale


def _tolerance(tensor: Tensor) -> float:
    return min(max(1e4 * torch.finfo(tensor.dtype).eps, 1e-6), 0.1)


def _arriving(passed: Forward, parameters: tuple[nn.Parameter, ...], setting: Setting) -> Arriving:
    """Gradients of an objective of the first sample alone."""
    generator = torch.Generator().manual_seed(derived_seed(setting.seed, "sample rows"))
    direction = torch.randn(passed.rows.shape[1], generator=generator, dtype=torch.float32, device="cpu")
    try:
        return arriving_gradients(passed.rows[0] @ direction.to(passed.rows), passed, parameters)
    except RuntimeError as error:  # such as a tensor that was changed in place and that a gradient needs
        if ran_out_of_memory(error):
            raise
        raise NotApplicable(f"the network has no gradients by its parameters: {error}") from error


def _parameters(passed: Forward, names: Mapping[nn.Parameter, str], arriving: Arriving) -> dict[nn.Parameter, str]:
    """Reasons by parameter, where the rows of the rules are not the gradients of the first sample alone."""
    gradients = dict(zip(names, arriving.parameters, strict=True))
    largest = max((float(each.norm()) for each in gradients.values() if each is not None), default=0.0)
    uses, reasons = _known_uses(passed.calls, len(passed.batch))
    outside = set(passed.uncalled.values())
    for parameter, gradient in gradients.items():
        if gradient is not None and parameter in outside:
            reasons[parameter] = outside_of_its_module(names[parameter])
        elif gradient is not None and parameter in uses:
            rows = summed_rows(uses[parameter], passed.calls, arriving.calls)
            if rows is None or not _are_of_the_first(rows, gradient, largest):
                reasons[parameter] = (
                    f"the rows of the layer of {names[parameter]!r} are not the gradients of single samples: the "
                    "network reads the parameter elsewhere too, or the rows are not the samples"
                )
    return reasons


def _relus(
    passed: Forward, other: Forward | None, places: Sequence[int], arriving: Sequence[Tensor | None] | None
) -> str:
    """Why outputs of ReLUs are not rows of samples: by their values beside other samples, and by their gradients.

    Args:
        passed: the first pass.
        other: the second pass, with the samples at `places` of the first.
        places: places of the second pass's samples in the first.
        arriving: gradients at the ReLUs of an objective of the first sample; None where none were made.
    """
    if other and len(passed.activations) != len(other.activations):
        return "the network calls its ReLUs more or less often for other samples"
    gradients = arriving or [None] * len(passed.activations)
    for place, (call, gradient) in enumerate(zip(passed.activations, gradients, strict=True)):
        alone = gradient is None or float(gradient[1:].norm()) <= _tolerance(gradient) * float(gradient.norm())
        beside = other.activations[place] if other else call
        moved = not (_is_kept(call) and _is_kept(beside) and call.output.ndim > 1)
        if other and not moved:
            of_samples = len(call.output) == len(passed.batch)
            alone = alone and of_samples and _same(call.output[places], beside.output)
        if not alone:
            return (
                f"the rows of ReLU {call.name!r} are not the samples: a sample gives others beside another sample, or "
                "in another place"
            )
    return ""


def _is_kept(call: Activation) -> bool:
    return call.output._version == call.version


def _known_uses(
    calls: Sequence[LayerCall], samples: int
) -> tuple[dict[nn.Parameter, list[Use]], dict[nn.Parameter, str]]:
    """Uses of the parameters that have a rule, and the reasons why the rule does not fit some of them.

    A proxy that selects a parameter without a rule refuses it by itself.
    """
    uses: dict[nn.Parameter, list[Use]] = {}
    reasons: dict[nn.Parameter, str] = {}
    for index, call in enumerate(calls):
        with suppress(NotApplicable):
            rule_for(call.name, call.module)
            own = dict(call.module.named_parameters(recurse=False))
            try:
                check_call(call, samples)
            except NotApplicable as error:
                reasons.update(dict.fromkeys(own.values(), str(error)))
            else:
                for name, parameter in own.items():
                    uses.setdefault(parameter, []).append(Use(index, name))
    return {each: found for each, found in uses.items() if each not in reasons}, reasons


def _are_of_the_first(rows: Tensor, gradient: Tensor, largest: float) -> bool:
    """Whether the first row is the gradient, and the others 0; `largest` is the largest norm of any gradient."""
    tolerance = _tolerance(gradient)
    size = float(gradient.norm())
    allowed = tolerance * size + tolerance**2 * largest
    if not math.isfinite(size + largest + float(rows.norm())):
        return True  # what reads the gradients finds that they are not finite
    return float((rows[0] - gradient.flatten()).norm()) <= allowed and float(rows[1:].norm()) <= allowed
