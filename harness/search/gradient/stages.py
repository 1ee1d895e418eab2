"""The next stage of a search in stages: fewer operations per edge, more channels (DrNAS, section 3.3; RADARS)."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.search.gradient.state import SearchTask, State, adam, drawn_parameters, sgd


def advance_stage(task: SearchTask, state: State) -> None:
    """Keep the strongest operations of each edge, and widen the existing weights to more channels.

    The optimiser of the weights starts without momentum; the authors' code copies it together with the channels.
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
    if task.method.renews and stage == len(setting.partial) - 1:
        state.parameters = drawn_parameters(task, supernet.groups, state.kept, stage)
        state.parameter_optimizer = adam(state.parameters, task)


def strongest(weights: Tensor, kept: Tensor, count: int) -> Tensor:
    """Boolean mask [E, O] of the `count` largest weights among the kept ones of each edge; of equal ones the first."""
    ranked = weights.detach().cpu().masked_fill(~kept, -torch.inf).sort(dim=1, descending=True, stable=True).indices
    return torch.zeros_like(kept).scatter(1, ranked[:, :count], True) & kept


def widened(weight: Tensor, shape: torch.Size, generator: torch.Generator) -> Tensor:
    """A weight with more channels: the old ones, then copies of random old ones (net2net, as the authors do)."""
    for axis, (own, wanted) in enumerate(zip(weight.shape, shape, strict=True)):
        if wanted > own:
            copied = torch.randint(own, (wanted - own,), generator=generator, device="cpu")
            places = torch.cat([torch.arange(own, device="cpu"), copied]).to(weight.device)
            weight = weight.index_select(axis, places)
    return weight
