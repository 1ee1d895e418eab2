"""Whether the rows of a network's layers are its samples: what every rule for single samples takes for granted.

A layer whose weight is also read elsewhere in the forward pass, or whose input has positions or the samples of another
order along its first axis, gives rows that look like single samples and are not. So the claim is tried: with batch norm
in eval mode, which couples no samples, on two samples of the batch.
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
from harness.measurements.forward import Activation, Forward, LayerCall, forward, trainable
from harness.measurements.layer_rules import rule_for
from harness.measurements.preserve import set_modes
from harness.measurements.single_uses import Use, arriving_gradients, check_call, outside_of_its_module, summed_rows
from harness.setting import Setting, derived_seed


class SampleRows(NamedTuple):
    """What two samples have shown; each reason says why rows are not single samples.

    Attributes:
        parameters: reason by parameter, for those whose gradients by sample a rule would get wrong. A parameter that
            no rule knows is not among them.
        activations: reason why the outputs of ReLU modules are not rows of samples; empty where they are.
    """

    parameters: Mapping[nn.Parameter, str]
    activations: str

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


def sample_rows(network: nn.Module, batch: Batch, setting: Setting) -> SampleRows:
    """Try on two samples whether the rows of each layer are the samples.

    A sample must give the same values whatever sample stands beside it and in either place; and of an objective of the
    first sample alone, the first row of each layer's rule must be autograd's gradient of that parameter, the others 0.
    A network that takes no batch of two samples is tried by gradients alone, on the whole batch.

    Raises:
        NotApplicable: where the samples are parts of one input, or the network has no gradients.

    Cost: two forward passes and one backward pass of two samples, a twenty-fifth of a pass of a batch of 64.
    """
    batch.check_independent("a row for each sample")
    with _uncoupled(network):
        pair = _passed(network, _pair(batch, 0, 1), setting)
        first = pair or forward(network, batch, setting)
        second = pair and _passed(network, _pair(batch, 2 if len(batch) > 2 else 1, 0), setting)
        if second and not _same(first.rows, second.rows):
            shown = "the network's outputs for a sample depend on the sample beside it"
            return SampleRows(dict.fromkeys(trainable(network).values(), shown), shown)
        return _shown(network, first, second, setting)


def _pair(batch: Batch, one: int, other: int) -> Batch:
    chosen = torch.tensor([one, other], device=batch.targets.device)
    return Batch([each[chosen] for each in batch.arguments], batch.targets[chosen], problem=batch.problem)


def _passed(network: nn.Module, pair: Batch, setting: Setting) -> Forward | None:
    """The pass of two samples; None for a network that takes no batch of two."""
    try:
        return forward(network, pair, setting)
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
    """Whether the first row of `one` is the second row of `other`, within rounding."""
    if one.shape != other.shape or len(one) != 2:
        return False
    scale = float(one.detach()[0].abs().max()) if one.numel() else 0.0
    difference = float((one.detach()[0] - other.detach()[1]).abs().max()) if one.numel() else 0.0
    return difference <= _tolerance(one) * scale


def _tolerance(tensor: Tensor) -> float:
    return min(max(1e4 * torch.finfo(tensor.dtype).eps, 1e-6), 0.1)


def _shown(network: nn.Module, passed: Forward, other: Forward | None, setting: Setting) -> SampleRows:
    """What the gradients of an objective of the first sample show, and the values of ReLUs beside another sample."""
    names = {parameter: name for name, parameter in trainable(network).items()}
    generator = torch.Generator().manual_seed(derived_seed(setting.seed, "sample rows"))
    direction = torch.randn(passed.rows.shape[1], generator=generator, dtype=torch.float32, device="cpu")
    try:
        arriving = arriving_gradients(passed.rows[0] @ direction.to(passed.rows), passed, tuple(names))
    except RuntimeError as error:  # such as a tensor that was changed in place and that a gradient needs
        if ran_out_of_memory(error):
            raise
        raise NotApplicable(f"the network has no gradients by its parameters: {error}") from error
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
    return SampleRows(reasons, _relus(passed, other, arriving.activations))


def _relus(passed: Forward, other: Forward | None, arriving: Sequence[Tensor | None]) -> str:
    if other and len(passed.activations) != len(other.activations):
        return "the network calls its ReLUs more or less often for other samples"
    for place, (call, gradient) in enumerate(zip(passed.activations, arriving, strict=True)):
        alone = gradient is None or float(gradient[1:].norm()) <= _tolerance(gradient) * float(gradient.norm())
        beside = other.activations[place] if other else call
        moved = not (_is_kept(call) and _is_kept(beside) and call.output.ndim > 1)
        if not alone or (other and not moved and not _same(call.output.flatten(1), beside.output.flatten(1))):
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
