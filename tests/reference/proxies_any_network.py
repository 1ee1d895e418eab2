"""Proxies of a network of any kind by plain autograd: passes of a copy, one for each quantity, no hooks but gates.

Imports nothing under test. `network` is in float64 and in the modes that it shall be measured in; it is copied for each
quantity.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

NORMS = (nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm, nn.LayerNorm)
LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


def trained(network: nn.Module) -> dict[str, nn.Parameter]:
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


def owner(network: nn.Module, name: str) -> nn.Module:
    return network.get_submodule(name.rpartition(".")[0])


def weights(network: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of convolutions and linear layers, and other matrices; no norm layer, bias or vector."""
    found = {}
    for name, parameter in trained(network).items():
        of_layer = isinstance(owner(network, name), LAYERS) and name.endswith("weight")
        matrix = sum(size > 1 for size in parameter.shape) > 1 and not isinstance(owner(network, name), NORMS)
        if of_layer or matrix:
            found[name] = parameter
    return found


def gradients(value: Tensor, parameters: dict[str, nn.Parameter], **options: bool) -> dict[str, Tensor]:
    if not value.requires_grad:
        return {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    found = torch.autograd.grad(value, list(parameters.values()), allow_unused=True, **options)
    return {
        name: torch.zeros_like(parameter) if each is None else each
        for (name, parameter), each in zip(parameters.items(), found, strict=True)
    }


def loss(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(network(x.clone()), y)


class Measured:
    """All values that plain autograd gives of one network on one batch.

    Args:
        network: network in float64, in its modes.
        x: inputs [N, ...].
        y: labels [N].
        coupled: whether batch norm couples the samples, so that rows of single samples are no plain gradients.
    """

    def __init__(self, network: nn.Module, x: Tensor, y: Tensor, coupled: bool) -> None:
        self.network, self.x, self.y, self.coupled = network, x, y, coupled

    def copied(self) -> nn.Module:
        return copy.deepcopy(self.network)

    def params(self) -> float:
        return float(sum(each.numel() for each in trained(self.network).values()))

    def l2_norm(self) -> float:
        return sum(math.sqrt(float((each.detach() ** 2).sum())) for each in weights(self.network).values())

    def _of_loss(self) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
        network = self.copied()
        every = gradients(loss(network, self.x, self.y), trained(network))
        chosen = {name: each.detach() for name, each in weights(network).items()}
        return chosen, {name: every[name] for name in chosen}, every

    def grad_norm(self) -> float:
        return sum(float(each.norm()) for each in self._of_loss()[1].values())

    def snip(self) -> float:
        chosen, found, _ = self._of_loss()
        return sum(float((chosen[name] * each).abs().sum()) for name, each in found.items())

    def plain(self) -> float:
        chosen, found, _ = self._of_loss()
        return sum(float((chosen[name] * each).sum()) for name, each in found.items())

    def m_snip(self) -> float:
        return abs(self.plain())

    def nasi_trace(self) -> float:
        return sum(float((each**2).sum()) for each in self._of_loss()[2].values())

    def knas(self) -> float:
        return self.nasi_trace()

    def m_grad(self) -> float:
        return math.sqrt(self.nasi_trace())

    def grasp(self) -> float:
        network = self.copied()
        chosen = weights(network)
        first = gradients(loss(network, self.x, self.y), chosen, create_graph=True)
        second = gradients(sum((each.detach() * each).sum() for each in first.values()), chosen)
        return -sum(float((chosen[name].detach() * each).sum()) for name, each in second.items())

    def m_grasp(self) -> float:
        return abs(self.grasp())

    def zico(self) -> float:
        rows = []
        for part in (slice(0, len(self.x) // 2), slice(len(self.x) // 2, None)):
            network = self.copied()
            found = gradients(loss(network, self.x[part], self.y[part]), weights(network))
            rows.append([each.numpy().ravel() for each in found.values()])
        total = 0.0
        for layer in zip(*rows, strict=True):
            deviation, mean = np.std(np.stack(layer), axis=0), np.abs(np.stack(layer)).mean(axis=0)
            ratios = mean[deviation > 0] / deviation[deviation > 0]
            if ratios.sum() > 0:
                total += math.log(ratios.sum())
        return total

    def _flow(self, keep: bool) -> list[tuple[Tensor, Tensor]]:
        network = self.copied()
        with torch.no_grad():
            for tensor in (*network.parameters(), *network.buffers()):
                if tensor.is_floating_point():
                    tensor.copy_(tensor.abs())
        for parent in [] if keep else list(network.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.BatchNorm2d):
                    setattr(parent, name, nn.Identity())
        chosen = weights(network)
        found = gradients(network(torch.ones_like(self.x[:1])).sum(), chosen)
        return [(chosen[name].detach(), each) for name, each in found.items()]

    def synflow(self) -> float:
        return sum(float((w * g).abs().sum()) for w, g in self._flow(keep=False))

    def synflow_bn(self) -> float:
        return sum(float((w * g).abs().sum()) for w, g in self._flow(keep=True))

    def logsynflow(self) -> float:
        return sum(float((w * (1 + g.abs()).log()).sum()) for w, g in self._flow(keep=False))

    def fisher(self) -> float:
        network = self.copied()
        gates: list[tuple[Tensor, int]] = []

        def gated(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
            channel = output.ndim - 1 if isinstance(module, nn.Linear) else 1
            gate = torch.ones(len(output), output.shape[channel], dtype=torch.float64, requires_grad=True)
            gates.append((gate, module.weight.numel() // output.shape[channel]))
            shape = [len(output) if axis == 0 else -1 if axis == channel else 1 for axis in range(output.ndim)]
            return output * gate.reshape(shape)

        for module in network.modules():
            if isinstance(module, LAYERS) and module.weight.requires_grad:
                module.register_forward_hook(gated)
        value = loss(network, self.x, self.y)
        passed = list(gates)  # a checkpointed layer that is called again adds more
        found = torch.autograd.grad(value, [gate for gate, _ in passed], allow_unused=True)
        pairs = zip(passed, found, strict=True)
        return sum(size * float((each**2).mean(0).sum()) / 2 for (_, size), each in pairs if each is not None)

    def _jacobian(self) -> np.ndarray:
        x = self.x.clone().requires_grad_()
        (found,) = torch.autograd.grad(self.copied()(x).sum(), x)
        return found.flatten(1).numpy()

    def jacob_cov(self) -> float:
        values = np.linalg.eigvalsh(np.corrcoef(self._jacobian()))
        return -sum(math.log(v + 1e-5) + 1 / (v + 1e-5) for v in values)

    def epe_nas(self) -> float:
        correlation = np.abs(np.corrcoef(self._jacobian())) + 1e-5
        labels = self.y.numpy()
        return sum(
            abs(float(np.log(correlation[np.ix_(labels == label, labels == label)]).sum())) for label in set(labels)
        )

    def _codes(self) -> Tensor:
        network, codes = self.copied(), []
        for module in network.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(lambda m, given, out: codes.append(out.detach().clone().flatten(1) > 0))
        network(self.x.clone())
        return torch.cat(codes, dim=1)

    def nwot(self) -> float:
        bits = self._codes()
        kernel = np.array([[float((a == b).sum()) for b in bits] for a in bits])
        return float(np.linalg.slogdet(kernel)[1])

    def swap(self) -> float:
        return float(len({tuple(unit) for unit in self._codes().T.tolist()}))

    def linear_regions(self) -> float:
        return float(len({tuple(sample) for sample in self._codes().tolist()}))

    def gradsign(self) -> float:
        chosen: dict[str, nn.Parameter] = {}
        totals: dict[str, Tensor] = {}
        for n in range(len(self.x)):
            network = self.copied()
            chosen = weights(network)
            for name, each in gradients(loss(network, self.x[n : n + 1], self.y[n : n + 1]), chosen).items():
                totals[name] = totals.get(name, 0) + each.sign()
        return sum(float(each.abs().sum()) for each in totals.values())

    def _rows(self, objective: Callable[[Tensor], Tensor], names: list[str]) -> Tensor:
        """[N, P]: the gradient of each sample's objective, which maps the outputs [N, K] to [N]."""
        network = self.copied()
        values = objective(network(self.x.clone()))
        parameters = {name: each for name, each in trained(network).items() if name in names}
        return torch.stack(
            [
                torch.cat([g.flatten() for g in gradients(value, parameters, retain_graph=True).values()])
                for value in values
            ]
        )

    def ntk_trace_exact(self) -> float:
        names = list(trained(self.network))
        outputs = self.copied()(self.x).shape[1]
        return sum(float((self._rows(lambda f, k=k: f[:, k], names) ** 2).sum()) for k in range(outputs))

    def ntk_trace_per_sample(self) -> float:
        return self.ntk_trace_exact()

    def m_trace(self) -> float:
        return math.sqrt(float((self._target_rows() ** 2).sum()) / len(self.x))

    def m_condition(self) -> float:
        return condition(self._target_rows())

    def _target_rows(self) -> Tensor:
        names = [name for name in trained(self.network) if isinstance(owner(self.network, name), LAYERS)]
        return self._rows(lambda f: f.gather(1, self.y[:, None])[:, 0], names)

    def ntk_condition_exact(self) -> float:
        names = [name for name in trained(self.network) if name.rpartition(".")[2] == "weight"]
        return condition(self._rows(lambda f: f.sum(1), names))

    def ntk_condition(self) -> float:
        return self.ntk_condition_exact()


def condition(rows: Tensor) -> float:
    """−κ of the Gram matrix of the rows."""
    values = torch.linalg.svdvals(rows) ** 2
    return -float(values[0] / values[-1])


ONE_SAMPLE_AT_A_TIME = ("gradsign", "m_trace", "m_condition", "ntk_condition", "ntk_trace_per_sample")
"""Proxies whose rows are plain gradients only where batch norm couples no samples."""

PROXIES = tuple(name for name in vars(Measured) if not name.startswith("_") and name != "copied")
