"""The next stage of a progressive search: fewer operations an edge, more of the channels (DrNAS, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.search.gradient.state import State, Task, sgd


def advance_stage(task: Task, state: State) -> None:
    """Keep the strongest operations of each edge, and read more channels with the weights that there are.

    The optimiser of the weights starts without momentum, where the authors' code copies it with the channels.
    """
    setting, stage = task.setting, task.setting.stage(state.epoch)
    if setting.keep:
        weights = task.method.mean(state.parameters, state.moment(task, 0)).weights
        state.kept = {name: strongest(table, state.kept[name], setting.keep[stage]) for name, table in weights.items()}
    old = state.supernet.state_dict()
    generator = state.moment(task, 0).generator("wider")
    supernet = task.supernet(stage, state.kept)
    with torch.no_grad():
        for name, weight in supernet.named_parameters():
            weight.copy_(widened(old[name], weight.shape, generator))
    state.supernet, state.weight_optimizer = supernet, sgd(supernet, setting)


def strongest(weights: Tensor, kept: Tensor, count: int) -> Tensor:
    """Boolean [E, O]: on each edge the `count` largest weights among those kept; of equal ones the first."""
    ranked = weights.detach().cpu().masked_fill(~kept, -torch.inf).sort(dim=1, descending=True, stable=True).indices
    return torch.zeros_like(kept).scatter(1, ranked[:, :count], True) & kept


def widened(weight: Tensor, shape: torch.Size, generator: torch.Generator) -> Tensor:
    """A weight with more channels: the old ones, then copies of old ones drawn at random (net2net, as the authors)."""
    for axis, (own, wanted) in enumerate(zip(weight.shape, shape, strict=True)):
        if wanted > own:
            copied = torch.randint(own, (wanted - own,), generator=generator)
            places = torch.cat([torch.arange(own), copied]).to(weight.device)
            weight = weight.index_select(axis, places)
    return weight
