"""Kernels and gradients against a double loop over samples and outputs, and against torch.func, in float64."""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev

from harness.batches import Batch
from harness.measurements.forward import forward
from harness.measurements.preserve import preserved
from harness.measurements.session import Session
from harness.setting import Setting

EXACT = {"rtol": 1e-9, "atol": 1e-12}


def measured(network: nn.Module, batch: Batch, bn: str, *names: str, **changes: object) -> list[object]:
    setting = Setting(input="given", batch_size=len(batch), bn=bn, **changes)  # type: ignore[arg-type]
    with preserved(network, bn=bn, seed=0):
        session = Session(network, batch, setting)
        return [session.value(name) for name in names]


def in_mode(network: nn.Module, bn: str) -> nn.Module:
    return network.train(bn == "train")


def test_loss_gradient_is_the_mean_losses(network: nn.Module, batch: Batch, bn: str, ntk: ModuleType) -> None:
    (gradients,) = measured(network, batch, bn, "loss_gradient")
    expected = ntk.loss_gradient(in_mode(network, bn), batch.inputs, batch.labels)
    assert list(gradients) == list(expected)
    for name, gradient in expected.items():
        torch.testing.assert_close(gradients[name], gradient, **EXACT)


def test_exact_trace_is_the_double_loops(network: nn.Module, batch: Batch, bn: str, ntk: ModuleType) -> None:
    (trace,) = measured(network, batch, bn, "ntk_trace_exact")
    expected = ntk.trace(ntk.jacobian(in_mode(network, bn), batch.inputs))
    assert trace == pytest.approx(expected, rel=1e-9)


def test_exact_trace_is_that_of_torch_func(network: nn.Module, batch: Batch, bn: str) -> None:
    (trace,) = measured(network, batch, bn, "ntk_trace_exact")
    in_mode(network, bn)
    parameters = {name: parameter.detach() for name, parameter in network.named_parameters()}
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}

    def logits(parameters: dict[str, Tensor]) -> Tensor:
        return functional_call(without_statistics(network), (parameters, buffers), (batch.inputs.clone(),))

    jacobians = jacrev(logits)(parameters)
    assert trace == pytest.approx(float(sum((j**2).sum() for j in jacobians.values())), rel=1e-9)


def without_statistics(network: nn.Module) -> nn.Module:
    """In train mode batch norm would write its statistics inside the transform; turn that off."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.training:
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    return network


def test_exact_gram_is_the_double_loops(network: nn.Module, batch: Batch, bn: str, ntk: ModuleType) -> None:
    (gram,) = measured(network, batch, bn, "logit_sum_gram_exact")
    rows = {name: j.sum(dim=1) for name, j in ntk.jacobian(in_mode(network, bn), batch.inputs).items()}
    torch.testing.assert_close(gram, ntk.gram(rows, ntk.called_weight(network)), **EXACT)


def test_per_sample_trace_uses_a_copy_of_the_weights_a_sample(
    network: nn.Module, batch: Batch, bn: str, ntk: ModuleType
) -> None:
    (trace,) = measured(network, batch, bn, "ntk_trace_per_sample")
    in_mode(network, bn)
    expected = sum(
        ntk.trace(ntk.per_sample_rows(network, batch.inputs.clone(), lambda logits, k=k: logits[:, k].sum()))
        for k in range(3)
    )
    assert trace == pytest.approx(expected, rel=1e-9)


def test_grams_use_a_copy_of_the_weights_a_sample(network: nn.Module, batch: Batch, bn: str, ntk: ModuleType) -> None:
    target, total = measured(network, batch, bn, "target_logit_gram", "logit_sum_gram")
    in_mode(network, bn)
    rows = ntk.per_sample_rows(network, batch.inputs.clone(), lambda f: f.gather(1, batch.labels[:, None]).sum())
    torch.testing.assert_close(target, ntk.gram(rows, ntk.convolutions_and_linear(network)), **EXACT)
    rows = ntk.per_sample_rows(network, batch.inputs.clone(), lambda f: f.sum())
    torch.testing.assert_close(total, ntk.gram(rows, ntk.called_weight(network)), **EXACT)


def test_in_eval_mode_per_sample_and_exact_agree(network: nn.Module, batch: Batch) -> None:
    exact, per_sample, gram_exact, gram = measured(
        network, batch, "eval", "ntk_trace_exact", "ntk_trace_per_sample", "logit_sum_gram_exact", "logit_sum_gram"
    )
    assert per_sample == pytest.approx(exact, rel=1e-9)
    torch.testing.assert_close(gram, gram_exact, **EXACT)


def test_in_train_mode_the_coupling_matters(networks_by_kind: dict[str, nn.Module], batch: Batch) -> None:

    exact, per_sample = measured(
        networks_by_kind["nasbench201"], batch, "train", "ntk_trace_exact", "ntk_trace_per_sample"
    )
    assert abs(per_sample - exact) > 0.05 * exact


def test_the_estimate_is_unbiased(network: nn.Module, batch: Batch, bn: str) -> None:
    """The mean of 100 probes lies within four of its own standard errors of the exact trace."""
    estimate, exact = measured(network, batch, bn, "ntk_trace_estimate", "ntk_trace_exact", probes=100)
    assert 0 < estimate.standard_error < 0.2 * exact
    assert abs(estimate - exact) < 4 * estimate.standard_error


def test_the_estimates_standard_error_is_that_of_its_probes(
    networks_by_kind: dict[str, nn.Module], batch: Batch
) -> None:
    """Over 60 seeds the spread of estimates is what they say of themselves, within 25 %."""

    network = networks_by_kind["plain"]
    estimates = [measured(network, batch, "train", "ntk_trace_estimate", probes=16, seed=seed)[0] for seed in range(60)]
    spread = torch.tensor(estimates, dtype=torch.float64).std()
    stated = torch.tensor([estimate.standard_error for estimate in estimates], dtype=torch.float64)
    assert float(stated.square().mean().sqrt()) == pytest.approx(float(spread), rel=0.25)


def test_mean_squared_error_is_half_the_squared_distance(batch: Batch) -> None:
    """By hand: logits (1, 0) and (0, 3) with labels 0 and 0 give (0 + (1 + 9)) / 2 / 2 = 2.5."""
    network = nn.Linear(2, 2, bias=False).double()
    network.weight.data = torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    given = Batch(torch.eye(2, dtype=torch.float64), torch.tensor([0, 0]))
    passed = forward(network, given, Setting(input="given", batch_size=2, loss="mean_squared_error"))
    assert passed.loss.item() == 2.5
