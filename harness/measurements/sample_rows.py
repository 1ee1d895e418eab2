"""Whether the rows of a network's layers are its samples: what every rule for single samples takes for granted.

A layer whose weight is also read elsewhere in the forward pass, or whose input has positions or the samples of another
order along its first axis, gives rows that look like single samples and are not. So the claim is tried: with batch norm
in eval mode, which couples no samples, on a few samples of the batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from harness.batches import Batch
from harness.errors import HarnessError, NotApplicable, ran_out_of_memory
from harness.measurements.forward import Forward, recorded_forward, trainable
from harness.measurements.known_rows import rows_are_known
from harness.measurements.layers import uses_batch_statistics
from harness.measurements.preserve import set_modes
from harness.measurements.row_trial import Trial, same_rows
from harness.measurements.single_uses import Arriving, arriving_gradients
from harness.setting import Setting, derived_seed

FEW = 4
"""Samples that are tried."""


class SampleRows(NamedTuple):
    """What a few samples have shown; each reason says why rows are not single samples.

    Attributes:
        parameters: reason by parameter, for those whose gradients by sample a rule would get wrong. A parameter that
            no rule knows is not among them.
        activations: reason why the outputs of activation modules are not rows of samples; empty where they are.
        outputs: outputs [M, K] of M samples by themselves; None where a batch gives others by right, since batch norm
            uses its statistics, or where no such pass was made.
        places: places of these samples in the batch.
        known: whether the rows are samples by what the network is made of, so that nothing was tried and no sum of
            rows need be compared.
    """

    parameters: Mapping[nn.Parameter, str]
    activations: str
    outputs: Tensor | None = None
    places: tuple[int, ...] = ()
    known: bool = False

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
        """Refuse a pass of the batch in which the samples give other outputs than by themselves.

        Raises:
            NotApplicable: saying so.
        """
        if self.outputs is not None and not same_rows(self.outputs, passed.rows[list(self.places)]):
            raise NotApplicable("the network's outputs for a sample depend on the batch that it is in")


READ_GRADIENTS = frozenset(
    {
        "channel_products",
        "sign_agreement",
        "target_logit_gram",
        "logit_sum_gram",
        "ntk_trace_per_sample",
        "logit_jacobian",
    }
)
"""Measurements that read a parameter's gradients by sample; the others read outputs of ReLUs alone."""


def sample_rows(network: nn.Module, batch: Batch, setting: Setting, requested: frozenset[str]) -> SampleRows:
    """Try on a few samples whether the rows of each layer are the samples.

    The samples are drawn by the setting's seed. Each must give the same values whatever samples stand beside it and in
    whatever place; and of an objective of each of them alone, its row of each layer's rule must be autograd's gradient
    of that parameter, the others 0. A network that takes no such small batches is tried by gradients alone, on the
    whole batch. Where none of `READ_GRADIENTS` is `requested`, values alone are compared. A network made of modules
    whose rows are known needs no trial.

    Raises:
        NotApplicable: where the samples are parts of one input, or the network has no gradients.

    Cost: two forward passes and four backward passes of up to four samples, a fifth of a pass of a batch of 64.
    """
    batch.check_independent("a row for each sample")
    if rows_are_known(network, batch):
        return SampleRows({}, "", known=True)
    coupled = any(isinstance(each, _BatchNorm) and uses_batch_statistics(each) for each in network.modules())
    generator = torch.Generator().manual_seed(derived_seed(setting.seed, "sample rows"))
    drawn = torch.randperm(len(batch), generator=generator, device="cpu")[:FEW].tolist()
    with _uncoupled(network):
        gated = "sign_patterns" in requested
        few = passed_alone(network, batch, drawn, setting, gated)
        first = few or recorded_forward(network, batch, setting, watched=False, gated=gated)
        moved = _moved(len(drawn))
        second = few and passed_alone(network, batch, [drawn[place] for place in moved], setting, gated)
        if second and not same_rows(first.rows[moved], second.rows):
            shown = "the network's outputs for a sample depend on the samples beside it"
            return SampleRows(dict.fromkeys(trainable(network).values(), shown), shown)
        alone = first.rows.detach() if few and not coupled else None
        trial = Trial(first, second, moved, {parameter: name for name, parameter in trainable(network).items()})
        relus: dict[int, list[Tensor | None]] = {}
        if not (second and READ_GRADIENTS.isdisjoint(requested)):
            direction = torch.randn(first.rows.shape[1], generator=generator, dtype=torch.float32, device="cpu")
            for place in range(len(drawn)) if few else drawn:
                arriving = _arriving(first, first.rows[place] @ direction.to(first.rows), network)
                trial.judge(place, arriving)
                relus[place] = arriving.activations
        return SampleRows(trial.reasons, trial.relus(relus), alone, tuple(drawn))


def _moved(few: int) -> list[int]:
    """Places of some of a few samples, in another order, with other neighbours."""
    return [2, 3, 0] if few > 3 else list(range(few))[::-1][:2]


def _chosen(batch: Batch, places: Sequence[int]) -> Batch:
    chosen = torch.tensor(places, device=batch.targets.device)
    return Batch([each[chosen] for each in batch.arguments], batch.targets[chosen], problem=batch.problem)


def passed_alone(
    network: nn.Module, batch: Batch, places: Sequence[int], setting: Setting, gated: bool = False
) -> Forward | None:
    """The pass of the few samples at these places; None for a network that takes no batch of that size."""
    try:
        return recorded_forward(network, _chosen(batch, places), setting, watched=False, gated=gated)
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


def _arriving(passed: Forward, objective: Tensor, network: nn.Module) -> Arriving:
    """Gradients of an objective by all layers, ReLUs and trainable parameters."""
    try:
        return arriving_gradients(objective, passed, tuple(trainable(network).values()))
    except RuntimeError as error:  # such as a tensor that was changed in place and that a gradient needs
        if ran_out_of_memory(error):
            raise
        raise NotApplicable(f"the network has no gradients by its parameters: {error}") from error
