"""What a few samples show of the rows of layers and ReLUs: their values beside others, and gradients of one alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import torch
from torch import Tensor, nn

from harness.errors import NotApplicable
from harness.measurements.activation_calls import Activation
from harness.measurements.forward import Forward, LayerCall
from harness.measurements.layer_rules import rule_for
from harness.measurements.layers import LAYERS
from harness.measurements.single_uses import (
    Arriving,
    Use,
    check_call,
    is_within_rounding,
    outside_of_its_module,
    rounding,
    summed_rows,
)


def same_rows(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same rows, within rounding."""
    if one.shape != other.shape:
        return False
    one, other = one.detach(), other.detach()
    scale = float(one.abs().max()) if one.numel() else 0.0
    difference = float((one - other).abs().max()) if one.numel() else 0.0
    return difference <= rounding(one.dtype) * scale


class Trial:
    """The passes of a few samples, and what is wrong with the rows of each layer and ReLU.

    Args:
        passed: the first pass.
        other: the second pass, of some samples of the first in another order; None where none was made.
        places: places of the second pass's samples in the first.
        names: names of the trainable parameters.
    """

    def __init__(
        self, passed: Forward, other: Forward | None, places: Sequence[int], names: Mapping[nn.Parameter, str]
    ) -> None:
        self._passed = passed
        self._other = other
        self._places = list(places)
        self._names = names
        self._uses, self.reasons = _known_uses(passed.calls, len(passed.batch))
        self._compare_calls()

    def _compare_calls(self) -> None:
        """Find layers of which a sample gets other rows beside other samples."""
        calls = self._passed.calls
        others: Sequence[LayerCall | None] = self._other.calls if self._other else [None] * len(calls)
        if len(others) != len(calls):
            shown = "the network calls its layers more or less often for other samples"
            self.reasons.update({each: shown for call in calls for each in _own(call)})
            return
        for call, beside in zip(calls, others, strict=True):
            if beside and not self._as_beside(call, beside):
                self.reasons.update(dict.fromkeys(_own(call), self._not_samples(call)))

    def _as_beside(self, call: LayerCall, beside: LayerCall) -> bool:
        """Whether what a layer reads and gives for a sample is the same beside other samples."""
        pairs = []
        if call.inputs is not None and beside.inputs is not None:
            kept = call.inputs._version == call.version and beside.inputs._version == beside.version
            pairs += [(call.inputs, beside.inputs)] if kept else []
        if call.output is not None and beside.output is not None:
            kept = call.output._version == call.output_version and beside.output._version == beside.output_version
            pairs += [(call.output, beside.output)] if kept else []
        rows = len(self._passed.batch)
        return all(one.ndim == 0 or len(one) != rows or same_rows(one[self._places], other) for one, other in pairs)

    def judge(self, place: int, arriving: Arriving) -> None:
        """Find what is not right in the gradients of an objective of the sample at one place alone."""
        gradients = dict(zip(self._names, arriving.parameters, strict=True))
        largest = max((float(each.norm()) for each in gradients.values() if each is not None), default=0.0)
        calls, outside = self._passed.calls, set(self._passed.uncalled.values())
        for parameter, gradient in gradients.items():
            if gradient is not None and parameter in outside:
                self.reasons[parameter] = outside_of_its_module(self._names[parameter])
            elif gradient is not None and parameter in self._uses and parameter not in self.reasons:
                rows = summed_rows(self._uses[parameter], calls, arriving.calls)
                if rows is None or not _are_of(place, rows, gradient, largest):
                    self.reasons[parameter] = (
                        f"the rows of the layer of {self._names[parameter]!r} are not the gradients of single samples: "
                        "the network reads the parameter elsewhere too, or the rows are not the samples"
                    )
        for call, gradient in zip(calls, arriving.calls, strict=True):
            is_seen = isinstance(call.module, LAYERS) and not _has_rule(call) and gradient is not None
            if is_seen and not _is_alone(gradient, place):
                self.reasons.update(dict.fromkeys(_own(call), self._not_samples(call)))

    def _not_samples(self, call: LayerCall) -> str:
        layer = call.name or "the network itself"
        return (
            f"the rows of layer {layer!r} are not the samples: a sample gives others beside another sample, or in "
            "another place"
        )

    def relus(self, arriving: Mapping[int, Sequence[Tensor | None]]) -> str:
        """Why outputs of ReLUs are not rows of samples: by their values beside other samples, and by their gradients.

        GELUs and SiLUs that were recorded are tried, too.

        Args:
            arriving: gradients at the ReLUs of an objective of one sample alone, by the sample's place.
        """
        passed, other = self._passed, self._other
        calls = (*passed.activations, *passed.gates)
        others = (*other.activations, *other.gates) if other else calls
        if len(calls) != len(others):
            return "the network calls its ReLUs more or less often for other samples"
        for number, (call, beside) in enumerate(zip(calls, others, strict=True)):
            alone = all(_is_alone(found[number], place) for place, found in arriving.items())
            moved = not (_is_kept(call) and _is_kept(beside) and call.output.ndim > 1)
            if other and not moved:
                of_samples = len(call.output) == len(passed.batch)
                alone = alone and of_samples and same_rows(call.output[self._places], beside.output)
            if not alone:
                return (
                    f"the rows of {call.kind} {call.name!r} are not the samples: a sample gives others beside another "
                    "sample, or in another place"
                )
        return ""


def _own(call: LayerCall) -> list[nn.Parameter]:
    return [each for each in call.module._parameters.values() if each is not None]


def _has_rule(call: LayerCall) -> bool:
    with suppress(NotApplicable):
        rule_for(call.name, call.module)
        return True
    return False


def _is_kept(call: Activation) -> bool:
    return call.output._version == call.version


def _is_alone(gradient: Tensor | None, place: int) -> bool:
    """Whether a gradient is 0 in all rows but that of one place."""
    if gradient is None:
        return True
    others = torch.cat([gradient[:place], gradient[place + 1 :]]) if gradient.ndim else gradient
    return float(others.norm()) <= rounding(gradient.dtype) * float(gradient.norm())


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


def _are_of(place: int, rows: Tensor, gradient: Tensor, largest: float) -> bool:
    """Whether the row at a place is the gradient, and the others 0.

    Args:
        place: place of the sample that the objective reads.
        rows: gradients by sample [N, size].
        gradient: autograd's gradient of the parameter.
        largest: the largest norm of any parameter's gradient.
    """
    size = float(gradient.norm())
    others = torch.cat([rows[:place], rows[place + 1 :]])
    return is_within_rounding(rows[place] - gradient.flatten(), size, largest) and is_within_rounding(
        others, size, largest
    )
