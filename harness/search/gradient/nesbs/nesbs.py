"""NESBS: an ensemble drawn from the posterior over architectures (Shu, Chen, Dai and Low, UAI 2022; arXiv 2109.02533).

First a supernet is trained on uniformly drawn paths (`alpha_warm_up` epochs); then its weights rest, and the posterior
p_α ascends the evidence lower bound (`harness.search.gradient.nesbs.posterior`). At the end T sets of n
architectures are drawn, by Monte Carlo or by SVGD with regularised diversity, and the set is taken whose averaged
predictions are best on a validation batch of the supernet. What the search calls its architecture is the most probable
one. Members are trained by `harness.training`, and their averaged predictions judged by `harness.stats.ensembles`.

Of the paper the abstracts were read, and two re-implementations' descriptions. Adam's values (rate 0.01, betas 0.9 and
0.999, weight decay 3e-4, 20 epochs), n = 3 and T = 10 are those of the code of bq-nes, which calls the former the
paper's; where a file of this folder says reading, it is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.search.gradient.bilevel import first_order
from harness.search.gradient.method import Method, Step
from harness.search.gradient.nesbs.draws import MEMBERS, Draw, best_set, drawn_sets, members_in, packed
from harness.search.gradient.nesbs.posterior import penalty, posterior, relax

if TYPE_CHECKING:
    from harness.spaces.space import Architecture


def choose(step: Step) -> Architecture:
    """The most probable architecture; after the last epoch the drawn set goes into the memory."""
    moment, setting = step.moment, step.moment.setting
    probabilities = posterior(step.parameters, moment).weights
    if moment.epoch == setting.epochs - 1:
        sets = drawn_sets(
            step.space, probabilities, moment.groups, moment.kept,
            Draw(setting.members, setting.draw, setting.diversity, setting.particle_std),
            setting.sets, moment.generator("ensembles"),
        )  # fmt: skip
        step.memory[MEMBERS] = packed(best_set(step, sets))
    kept = {name: mask.to(probabilities[name].device) for name, mask in moment.kept.items()}
    return step.space.derive(probabilities, None, kept)


METHOD = Method(
    name="nesbs",
    summary="a posterior over architectures on a supernet of uniform paths, from which an ensemble is drawn",
    source="Shu et al., Neural Ensemble Search via Bayesian Sampling, UAI 2022",
    relax=relax,
    mean=posterior,
    architecture_step=first_order,
    penalty=penalty,
    choose=choose,
    deviation=0.0,
    betas=(0.9, 0.999),
    in_turn=True,
    members=members_in,
    reads=("members", "draw", "diversity", "sets", "likelihood", "particle_std"),
)
