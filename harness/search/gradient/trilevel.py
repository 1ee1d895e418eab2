"""Trilevel search: a path, its operations and its widths at once, made to choose by sparsestmax.

Wu et al., "Trilevel Neural Architecture Search for Efficient Single Image Super-Resolution", 2021 (arXiv:2101.06658).
The paper was not seen. What follows is a repository derived from its authors' code: weights of nodes and operations
by sparsestmax, whose radius r grows from 0 to 1; widths by Gumbel-softmax made one-hot, at temperature 1; each
step of the architecture parameters and of the weights on the sum of three losses, at drawn, at all and at the least
widths; before that, epochs of weights alone, on all, least and two times random widths; Adam for both; an order loss
λ Σ (γ_last - γ_first) over the paths that reach the end of the tree, γ the raw logits of the nodes, which pulls later
nodes down where λ > 0; and a term for the multiply-adds, 2/7 with all widths and the operations' weights, 5/7 with
drawn widths and even weights.

Ours: r is 1 from the beginning of the last epoch on, so that the last row of a log is that of a network that is chosen;
multiply-adds count as a share of those of the costliest network, so that their weight has a scale, and their weight
stays as it is, where that code doubles or halves it after a validation; the order loss counts once a step, not once a
width; the learning rate falls as a cosine. Operations and nodes whose weight is 0 are not computed: sparsestmax has no
gradient there. With `sparsity` softmax or sparsemax the same search shows what sparsestmax is for.

Legend: r radius; J nodes; α, γ logits of operations and of nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from harness.errors import SearchError
from harness.search.gradient.bilevel import by_parameters
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step
from harness.search.gradient.relaxation import gumbel, one_hot
from harness.search.gradient.sparsestmax import sparsemax, sparsestmax
from harness.search.gradient.trilevel_terms import mac_share, order_loss

if TYPE_CHECKING:
    from harness.search.gradient.setting import SearchSetting
    from harness.spaces.space import SearchableSpace

NODES, CHOICES, WIDTHS = "nodes", "operations", "widths"
LOGITS = "logits/"
"""Begins the names, in the memory of a search, of the logits of each group after each epoch: float64 [epochs, E, O]."""
_RANDOM = 2
"""Passes at random widths while the weights are trained alone."""
_SPARSITIES: Mapping[str, Callable[[Tensor, float], Tensor]] = {
    "sparsestmax": sparsestmax,
    "sparsemax": lambda logits, _: sparsemax(logits),
    "softmax": lambda logits, _: logits.softmax(dim=-1),
}


def radius(moment: Moment) -> float:
    """Radius at a step: 0 until the architecture parameters move, then linear, 1 in the last epoch."""
    return _radius(moment.setting, moment.epoch + moment.step / moment.steps)


def radius_after(setting: SearchSetting, epoch: int) -> float:
    """Radius at the end of an epoch, counted from 0."""
    return _radius(setting, epoch + 1)


def _radius(setting: SearchSetting, epochs: float) -> float:
    growing = max(setting.epochs - setting.alpha_warm_up - 1, 1)
    return min(max((epochs - setting.alpha_warm_up) / growing, 0.0), 1.0)


def relax(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """Sparse weights of nodes and operations, and drawn widths."""
    logits = parameters.operations[WIDTHS]
    noisy = (logits.log_softmax(dim=1) + gumbel(logits, moment.generator(f"gumbel {purpose}"))).softmax(dim=1)
    hard = one_hot(noisy.argmax(dim=1), noisy)
    return _relaxed(parameters, moment, hard + (noisy - noisy.detach()), hard)


def mean(parameters: Parameters, moment: Moment) -> Relaxed:
    """Sparse weights of nodes and operations, and the probabilities of the widths."""
    return Relaxed({**_sparse(parameters, moment), WIDTHS: parameters.operations[WIDTHS].softmax(dim=1)})


def step(at: Step) -> float:
    """One step of the architecture parameters, unless they warm up, and one of the weights; gives its mean loss.

    Cost: three forward and backward passes of both, or four of the weights alone.
    """
    moment = at.moment
    warms_up = moment.setting.warms_up(moment.epoch)
    if not warms_up:
        relaxed = at.relaxed("parameters")
        loss = torch.stack([at.loss(at.validation, each) for each in (relaxed, *_ends(relaxed))]).sum()
        if not bool(loss.isfinite()):
            return float(loss.detach())
        at.descend(by_parameters(at.objective(loss + _terms(at, relaxed)), at.parameters))
    with torch.no_grad():
        relaxed = at.relaxed("weights")
        ends = _ends(relaxed)
        shown = [*ends, *(_random(at, relaxed, number) for number in range(_RANDOM))] if warms_up else [relaxed, *ends]
    at.weight_optimizer.zero_grad()
    total = 0.0
    for each in shown:
        loss = at.loss(at.training, each)
        torch.autograd.backward(loss)
        total += float(loss.detach())
    nn.utils.clip_grad_norm_(at.supernet.parameters(), moment.setting.gradient_clip)
    at.weight_optimizer.step()
    _remember(at)
    return total / len(shown)


def check(setting: SearchSetting, autocast: bool) -> None:
    """Refuse settings that this search does not have.

    Raises:
        SearchError: for operations left out, stages, or autocast.
    """
    if setting.without or setting.keep or len(setting.partial) > 1:
        raise SearchError("trilevel has no stages and leaves no operation out: its sparse weights do")
    if autocast:
        raise SearchError("autocast does not go with trilevel: bfloat16 rounds images to less than their 8 bits")


def refuses(space: SearchableSpace) -> str:
    """Why a space cannot be searched: it has no tree of nodes with widths."""
    groups = set(space.supernet().groups)
    return "" if groups == {NODES, CHOICES, WIDTHS} else "its supernet is no tree of cells with operations and widths"


def _sparse(parameters: Parameters, moment: Moment) -> dict[str, Tensor]:
    weigh, r = _SPARSITIES[moment.setting.sparsity], radius(moment)
    return {name: weigh(parameters.operations[name], r) for name in (NODES, CHOICES)}


def _relaxed(parameters: Parameters, moment: Moment, widths: Tensor, hard: Tensor) -> Relaxed:
    weights = {**_sparse(parameters, moment), WIDTHS: widths}
    active = {name: weights[name].detach() > 0 for name in (NODES, CHOICES)} | {WIDTHS: hard.bool()}
    return Relaxed(weights, active=active)


def _with_widths(relaxed: Relaxed, chosen: Tensor) -> Relaxed:
    """The relaxed architecture with fixed widths, given by their places [E]."""
    assert relaxed.active is not None
    hard = one_hot(chosen, relaxed.weights[WIDTHS].detach())
    return Relaxed({**relaxed.weights, WIDTHS: hard}, active={**relaxed.active, WIDTHS: hard.bool()})


def _ends(relaxed: Relaxed) -> tuple[Relaxed, Relaxed]:
    """The relaxed architecture with all and with the least widths."""
    table = relaxed.weights[WIDTHS]
    first = torch.zeros(len(table), dtype=torch.long, device=table.device)
    return _with_widths(relaxed, first + table.shape[1] - 1), _with_widths(relaxed, first)


def _random(at: Step, relaxed: Relaxed, number: int) -> Relaxed:
    table = relaxed.weights[WIDTHS]
    generator = at.moment.generator(f"widths {number}")
    return _with_widths(relaxed, torch.randint(table.shape[1], (len(table),), generator=generator).to(table.device))


def _terms(at: Step, relaxed: Relaxed) -> Tensor:
    """The order loss and the multiply-adds, each by its weight."""
    setting, nodes = at.moment.setting, at.moment.groups[NODES].operations
    terms = setting.order_weight * order_loss(at.parameters.operations[NODES][0], nodes)
    if setting.mac_weight:
        terms = terms + setting.mac_weight * mac_share(at.space, at.moment, relaxed.weights)
    return terms


def _remember(at: Step) -> None:
    moment = at.moment
    if moment.step + 1 == moment.steps:
        for name, table in at.parameters.operations.items():
            empty = torch.full((moment.setting.epochs, *table.shape), torch.nan, dtype=torch.float64, device="cpu")
            at.memory.setdefault(LOGITS + name, empty)[moment.epoch] = table.detach().double().cpu()


METHOD = Method(
    name="trilevel",
    summary="path, operations and widths at once: sparsestmax that grows one-hot, hard Gumbel widths (our reading)",
    source="Wu et al., Trilevel Neural Architecture Search for Efficient Single Image Super-Resolution, 2021",
    relax=relax,
    mean=mean,
    architecture_step=step,
    data="photographs",
    bounded=False,
    joint=True,
    classifies=False,
    adam=True,
    reads=("sparsity", "order_weight", "mac_weight"),
    check=check,
    refuses=refuses,
)
