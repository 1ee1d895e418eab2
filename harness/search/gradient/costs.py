"""The cost of each operation on each edge of a search, Z · ∂L/∂Z, over its epochs (Xie et al., AISTATS 2021).

Z is an operation's weight and L the mean cross-entropy of a batch. `none` costs nothing, so an edge grows where its
other operations cost less than nothing. What is recorded lies in the search's memory, and so in its checkpoints.

Legend: T epochs, E edges and O operations of a group; batches of both parts, of all images, or of those that the
supernet classifies correctly or wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from harness.search.gradient.method import Relaxed, Step

if TYPE_CHECKING:
    import pandas as pd

    from harness.batches import Batch
    from harness.spaces.group import Group, OperationWeights

COSTS = "costs.csv"
PARTS = ("training", "validation")
IMAGES = ("all", "correct", "wrong")
COLUMNS = (
    "epoch", "part", "images", "group", "target", "source", "operation", "steps", "cost_nats", "cost_variance",
    "cross_entropy_nats", "cross_entropy_minus_entropy_nats", "edges_not_none",
)  # fmt: skip
"""Columns of the costs: a row for each epoch, part, kind of images, edge and operation that some step computed.

`cost_nats` and `cost_variance` are mean and variance over the `steps`; the cross-entropy of the images, and that minus
the entropy of the predictions, are means over images. `edges_not_none` is the share of the group's edges whose largest
weight, after the epoch, is not that of `none`.
"""
_KEY = "costs/"
_LOSSES = f"{_KEY}losses"
_NONE = "none"


class CostRecorder:
    """Records the costs of a search at every n-th step of an epoch, from the first one on, before the step is made.

    The costs of a step are those at the weights that the step begins with, for the operation weights that its
    architecture step draws. They change nothing of the search.

    Cost: at a recorded step, two forward passes and up to four backward passes that reach no network weight.

    Args:
        memory: memory of the search, in which what is recorded is kept; records that it holds already go on.
        groups: groups of the supernet's edges, by name.
        epochs: number of epochs of the search, T.
        every: n, at least 1.
    """

    def __init__(self, memory: dict[str, Tensor], groups: Mapping[str, Group], epochs: int, every: int) -> None:
        self._memory, self._groups, self._every = memory, dict(groups), every
        if _LOSSES not in memory:
            shape = (epochs, len(PARTS), len(IMAGES))
            memory[_LOSSES] = _zeros(3, *shape)
            for name, group in groups.items():
                memory[f"{_KEY}{name}"] = _zeros(3, *shape, *group.shape)
                memory[_not_none(name)] = _zeros(epochs)

    def add(self, step: Step) -> None:
        """Record the costs of a step, on its batches of both parts."""
        if step.moment.step % self._every:
            return
        relaxed = step.relaxed("parameters")
        for place, batch in enumerate((step.training, step.validation)):
            for images, sums in _sums(step, batch, relaxed).items():
                epoch, kind = step.moment.epoch, IMAGES.index(images)
                losses = self._memory[_LOSSES][:, epoch, place, kind]
                losses[0] += sums.images
                losses[1:] += sums.losses
                for name, costs in sums.costs.items():
                    moments = self._memory[f"{_KEY}{name}"][:, epoch, place, kind]
                    _update(moments, costs / sums.images, _computed(name, step, relaxed))

    def close(self, epoch: int, weights: OperationWeights) -> None:
        """Record, after an epoch (from 0), the share of edges whose largest weight is not that of `none`."""
        for name, table in weights.items():
            operations = self._groups[name].operations
            chosen = [operations[place] for place in table.argmax(dim=1).tolist()]
            share = sum(operation != _NONE for operation in chosen) / len(chosen)
            self._memory[_not_none(name)][epoch] = share

    def frame(self) -> pd.DataFrame:
        """What is recorded so far, with the columns `COLUMNS`."""
        import pandas as pd

        return pd.DataFrame(list(_rows(self._memory, self._groups)), columns=list(COLUMNS))

    def write(self, folder: Path) -> None:
        """Write the frame to `costs.csv` in a folder, completely or not at all."""
        from harness.writing import replacing

        with replacing(folder / COSTS) as partial:
            self.frame().to_csv(partial, index=False, lineterminator="\n")


class _Sums(NamedTuple):
    """Sums over images of one kind.

    Attributes:
        images: number of images.
        losses: cross-entropy, and cross-entropy minus the entropy of the prediction, in nats.
        costs: Z · ∂/∂Z of the sum of their cross-entropies, by group [E, O].
    """

    images: int
    losses: Tensor
    costs: dict[str, Tensor]


def _sums(step: Step, batch: Batch, relaxed: Relaxed) -> dict[str, _Sums]:
    """The sums on a batch by kind of images, without kinds that no image is of."""
    weights = {name: table.detach().requires_grad_() for name, table in relaxed.weights.items()}
    edges = None if relaxed.edges is None else {name: table.detach() for name, table in relaxed.edges.items()}
    with torch.enable_grad():
        logits = step.logits(batch, Relaxed(weights, edges, relaxed.active))
        logits = logits if logits.dtype == torch.float64 else logits.float()
        losses = functional.cross_entropy(logits, batch.labels, reduction="none")
    excesses = losses.detach() - prediction_entropies(logits.detach())
    correct = logits.argmax(dim=1) == batch.labels
    found: dict[str, _Sums] = {}
    for images, mask in (("correct", correct), ("wrong", ~correct)):
        if bool(mask.any()):
            slopes = torch.autograd.grad(
                losses[mask].sum(), list(weights.values()), retain_graph=True, allow_unused=True, materialize_grads=True
            )
            costs = {
                name: (table.detach() * slope).double().cpu()
                for (name, table), slope in zip(weights.items(), slopes, strict=True)
            }
            own = torch.stack([losses.detach()[mask], excesses[mask]]).double().sum(dim=1).cpu()
            found[images] = _Sums(int(mask.sum()), own, costs)
    first, *others = found.values()
    if not others:
        return {"all": first, **found}
    costs = {name: first.costs[name] + others[0].costs[name] for name in weights}
    return {"all": _Sums(first.images + others[0].images, first.losses + others[0].losses, costs), **found}


def prediction_entropies(logits: Tensor) -> Tensor:
    """Entropies H = −Σ_k p_k log p_k of the predictions p = softmax(logits), [N], of logits [N, K], in nats."""
    logs = logits.log_softmax(dim=1)
    return -(logs.exp() * logs).sum(dim=1)


def _computed(group: str, step: Step, relaxed: Relaxed) -> Tensor:
    """Boolean mask [E, O] of the operations that the step's pass computes."""
    kept = step.moment.kept[group].cpu()
    return kept if relaxed.active is None else kept & relaxed.active[group].cpu()


def _update(moments: Tensor, values: Tensor, computed: Tensor) -> None:
    """Add values [E, O] to counts, means and sums of squared deviations [3, E, O], where computed (Welford 1962)."""
    counts, means, squares = moments
    counts += computed
    change = torch.where(computed, values - means, 0.0)
    means += change / counts.clamp(min=1)
    squares += change * torch.where(computed, values - means, 0.0)


def _rows(memory: Mapping[str, Tensor], groups: Mapping[str, Group]) -> Iterator[tuple[Any, ...]]:
    for epoch in range(memory[_LOSSES].shape[1]):
        for place, part in enumerate(PARTS):
            for kind, images in enumerate(IMAGES):
                count, *sums = memory[_LOSSES][:, epoch, place, kind].tolist()
                if not count:
                    continue
                losses = [total / count for total in sums]
                for name, group in groups.items():
                    share = float(memory[_not_none(name)][epoch])
                    tables = memory[f"{_KEY}{name}"][:, epoch, place, kind].tolist()
                    for edge, column, steps, mean, variance in _entries(*tables):
                        target, source = group.edges[edge]
                        yield (
                            epoch + 1, part, images, name, target, source, group.operations[column], steps, mean,
                            variance, *losses, share,
                        )  # fmt: skip


def _entries(
    counts: list[list[float]], means: list[list[float]], squares: list[list[float]]
) -> Iterator[tuple[int, int, int, float, float]]:
    """Edge, operation, number of steps, mean and variance of the operations that some step computed."""
    for edge, row in enumerate(counts):
        for column, count in enumerate(row):
            if count:
                variance = squares[edge][column] / (count - 1) if count > 1 else float("nan")
                yield edge, column, int(count), means[edge][column], variance


def _not_none(group: str) -> str:
    return f"{_KEY}{group}/not none"


def _zeros(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64, device="cpu")
