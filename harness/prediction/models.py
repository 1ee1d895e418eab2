"""Trained models of one kind, for several quantities side by side: what they predict, and their digest.

Legend: N architectures, D entries of an encoding, T quantities, H units of a hidden layer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

KINDS = ("linear", "pairwise", "mlp")


@dataclass(frozen=True, eq=False)
class Models:
    """Models of T quantities.

    Attributes:
        kind: `linear`, `pairwise` or `mlp`.
        parameters: their numbers by name, float64, the first axis T; none has a gradient.
    """

    kind: str
    parameters: Mapping[str, Tensor]

    def predict(self, codes: Tensor) -> Tensor:
        """The predictions [N, T] at encodings [N, D], float64, with a gradient to the encodings."""
        return _PREDICTIONS[self.kind]({name: value.to(codes.device) for name, value in self.parameters.items()}, codes)

    def only(self, place: int) -> Models:
        """The model of one quantity."""
        return Models(self.kind, {name: value[place : place + 1].clone() for name, value in self.parameters.items()})

    def digest(self) -> str:
        """A digest of the kind and of all numbers."""
        found = hashlib.sha256(self.kind.encode())
        for name, value in sorted(self.parameters.items()):
            found.update(name.encode() + repr(tuple(value.shape)).encode())
            found.update(value.detach().cpu().contiguous().numpy().tobytes())
        return found.hexdigest()[:16]


def _linear(parameters: Mapping[str, Tensor], codes: Tensor) -> Tensor:
    return codes @ parameters["weights"].T + parameters["constants"]


def _pairwise(parameters: Mapping[str, Tensor], codes: Tensor) -> Tensor:
    products = torch.einsum("ni,tij,nj->nt", codes, parameters["products"], codes)
    return _linear(parameters, codes) + products


def _mlp(parameters: Mapping[str, Tensor], codes: Tensor) -> Tensor:
    layers = sum(name.startswith("weight") for name in parameters)
    values = codes.expand(len(parameters["means"]), *codes.shape)  # [T, N, D]
    for layer in range(layers):
        values = torch.baddbmm(parameters[f"bias{layer}"][:, None], values, parameters[f"weight{layer}"])
        values = values.relu() if layer < layers - 1 else values
    return values[:, :, 0].T * parameters["deviations"] + parameters["means"]


_PREDICTIONS: Mapping[str, Callable[[Mapping[str, Tensor], Tensor], Tensor]] = {
    "linear": _linear, "pairwise": _pairwise, "mlp": _mlp,
}  # fmt: skip
