"""The contract that every registered proxy keeps."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch
from harness.measurements import MEASUREMENTS
from harness.proxies.registry import list_proxies, resolve
from harness.scoring.scorer import Score, score_network
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images

SIZE = {"params", "flops"}
GRADIENT = {"grad_norm", "nasi_trace", "nasi_constrained", "knas", "m_grad"}
TRACE = {"ntk_trace", "ntk_trace_exact", "ntk_trace_per_sample", "m_trace"}
CONDITION = {"ntk_condition", "ntk_condition_exact", "m_condition", "te_nas_condition"}
WEIGHTS = {"l2_norm"}
SENSITIVITY = {"snip", "plain", "grasp", "fisher", "m_snip", "m_grasp"}
FLOW = {"synflow", "logsynflow", "synflow_bn"}
CORRELATION = {"jacob_cov", "epe_nas"}
PATTERNS = {"nwot", "rcor", "wrcor", "t_cet"}
REGIONS = {"linear_regions", "swap", "swap_universal", "te_nas_regions"}
SAMPLE_GRADIENTS = {"gradsign", "zico", "zico_bc", "l_swag"}
FEATURES = {"zen", "az_expressivity", "az_progressivity", "az_trainability", "meco", "meco_opt", "dextr"}
RANKS = {"near", "intrain"}
GRAPH = {"nasgraph_degree", "nasgraph_density", "nasgraph_resilience", "nasgraph_wedge"}
SIGNS = {"eznas_a", "eznas_a_weights"}
FISHER = {"vkdnw", "vkdnw_code", "vkdnw_single"}
SIGNED = {"plain", "grasp", "jacob_cov", "nwot", "nasi_constrained"}
NEED_INPUTS = CORRELATION | {"zen", "zico", "zico_bc", "l_swag", "t_cet", "az_expressivity", "az_progressivity"}
"""Defined where the inputs reach the logits."""
NEED_ONE_INPUT = {"dextr"}
"""Defined where a single one does: after pools alone, batch norm over one small image leaves nothing."""
TIED_TO_PLACES = {"ntk_trace", "zico", "zico_bc", "l_swag", "near", "te_nas_regions"}
"""Tied to the places in the batch: by its sign vectors, halves, runs of rows, or the images that crops are of."""
OWN_WEIGHTS = GRAPH | {
    "zen", "az_expressivity", "az_progressivity", "az_trainability", "te_nas_condition", "te_nas_regions",
}  # fmt: skip
"""Measured with weights of their own draw: those of the network do not matter."""
OWN_INPUTS_OR_NONE = SIZE | WEIGHTS | FLOW | FEATURES | GRAPH
"""Of the batch they read its shape at most."""
DOUBLED = {
    1: GRADIENT
    | (SENSITIVITY - {"fisher"})
    | FISHER
    | {"m_trace", "linear_regions", "swap", "intrain", "eznas_a_weights"},  # means, roots of means, patterns
    math.sqrt(2): {"eznas_a"},  # a norm over samples
    2: {"ntk_trace_exact", "ntk_trace_per_sample", "gradsign"},  # sums over samples
    4: {"epe_nas"},  # a sum over pairs of samples of a class
    0.25: {"fisher"},  # mean of squares of what a sample adds to the mean loss
}
"""By what the score of a batch is multiplied when every sample comes twice, which leaves batch norm's statistics."""
NEED_DIFFERENT_SAMPLES = CONDITION | PATTERNS | {"zico", "zico_bc", "l_swag"}
"""Kernels of distinct samples, and halves that differ: not defined where every sample comes twice."""
NEED_MORE_SAMPLES = {"swap_universal"}
"""Refused for these six, whose 64 patterns all occur; `test_swap_universal.py` has the contract for more."""
OTHERWISE = {"jacob_cov", "ntk_trace", "te_nas_regions", "near"}
"""Zero eigenvalues count 1/k each; sign vectors, crops and runs of rows are drawn anew for another batch size."""
EVERY = sorted(entry.name for entry in list_proxies() if entry.function.__module__.startswith("harness."))

DEGENERATE = {
    "all none": "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "all skip": "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
    "disconnected": "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|nor_conv_3x3~1|none~2|",
    "one convolution": "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|",
    "only pools": "|avg_pool_3x3~0|+|avg_pool_3x3~0|avg_pool_3x3~1|+|avg_pool_3x3~0|avg_pool_3x3~1|avg_pool_3x3~2|",
}
CELL = "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


def test_every_proxy_is_filed_somewhere() -> None:
    of_gradients = GRADIENT | SENSITIVITY | SAMPLE_GRADIENTS | FISHER | SIGNS
    of_kernels = TRACE | CONDITION | CORRELATION
    of_the_network = SIZE | WEIGHTS | FLOW | GRAPH
    of_activations = PATTERNS | REGIONS | FEATURES | RANKS
    assert of_gradients | of_kernels | of_the_network | of_activations == set(EVERY)


def test_every_proxy_says_what_it_makes_of_its_batch() -> None:
    groups = [OWN_INPUTS_OR_NONE, *DOUBLED.values(), NEED_DIFFERENT_SAMPLES, NEED_MORE_SAMPLES, OTHERWISE]
    assert set().union(*groups) == set(EVERY)
    assert sum(len(group) for group in groups) == len(EVERY)


def small(cell: str = CELL, dtype: torch.dtype = torch.float64) -> nn.Module:
    space = open_space("nasbench201")
    return space.build(space.parse(cell), classes=4, width=4, depth=1, seed=2).to(dtype)


def scored(
    cell: str,
    given: Batch,
    names: Iterable[str],
    *,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
    **options: Any,
) -> dict[str, Score]:
    """Scores of a small network of a cell, as a run makes them: other sizes of the architecture can be built."""
    space = open_space("nasbench201")
    rebuild = functools.partial(space.build, space.parse(cell), classes=4)
    setting = Setting(input="given", batch_size=len(given), **options)
    return score_network(small(cell, dtype).to(device), given, resolve(names), setting, rebuild)


@functools.cache
def usual(bn: str = "train") -> dict[str, Score]:
    """Scores of the usual cell on the usual batch, with which many tests compare others."""
    return scored(CELL, batch(), EVERY, bn=bn)


def batch(size: int = 6) -> Batch:
    return draw_images(Setting(batch_size=size, classes=4, image_size=8))


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_scoring_twice_gives_the_same_bits(bn: str) -> None:
    first, second = usual(bn), scored(CELL, batch(), EVERY, bn=bn)
    for name in EVERY:
        assert first[name]._replace(seconds=0) == pytest.approx(second[name]._replace(seconds=0), abs=0, nan_ok=True)


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_the_order_of_the_batch_does_not_matter(bn: str) -> None:
    given = batch()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    plain = usual(bn)
    permuted = scored(CELL, Batch(given.inputs[order], given.labels[order]), EVERY, bn=bn)
    for name in sorted(set(EVERY) - TIED_TO_PLACES - NEED_MORE_SAMPLES):
        assert permuted[name].value == pytest.approx(plain[name].value, rel=1e-9), name


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_a_batch_in_which_every_sample_comes_twice(bn: str) -> None:
    given = batch()
    once = usual(bn)
    twice = scored(CELL, Batch(given.inputs.repeat(2, 1, 1, 1), given.labels.repeat(2)), EVERY, bn=bn)
    for factor, names in DOUBLED.items():
        for name in sorted(names):
            assert twice[name].value == pytest.approx(factor * once[name].value, rel=1e-9), name
    for name in sorted(NEED_DIFFERENT_SAMPLES):
        assert (once[name].status, twice[name].status) == ("ok", "not_applicable"), name
    assert twice["jacob_cov"].value == pytest.approx(-len(given) / 1e-5, rel=1e-3)


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_only_some_proxies_read_what_the_batch_holds(bn: str) -> None:
    given = batch()
    plain = usual(bn)
    other = scored(CELL, Batch(given.inputs.flip(3) / 2 + given.inputs.flip(0), (given.labels + 1) % 4), EVERY, bn=bn)
    same = {name for name in EVERY if other[name].value == plain[name].value}
    # counts that are at their bound for any batch of this size
    assert same - {"linear_regions", "swap"} == OWN_INPUTS_OR_NONE


@pytest.mark.parametrize("bn", ["train", "eval"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_network_that_is_not_finite_has_no_score_but_sizes_and_those_of_own_weights(value: float, bn: str) -> None:
    space = open_space("nasbench201")
    network: Any = small()
    with torch.no_grad():
        network.stem[1].bias.fill_(value)
        network.cells[0].layers[0].op[1].weight.fill_(value)
    rebuild = functools.partial(space.build, space.parse(CELL), classes=4)
    scores = score_network(network, batch(), resolve(EVERY), Setting(input="given", batch_size=6, bn=bn), rebuild)
    for name in EVERY:
        allowed = "ok" if name in SIZE | OWN_WEIGHTS else "not_finite"
        assert scores[name].status == allowed, (name, scores[name])
        assert scores[name].status == "ok" or re.search("NaN|inf|nan", scores[name].message), scores[name]


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_float32_is_near_float64(bn: str) -> None:
    double = usual(bn)
    single = scored(CELL, batch(), EVERY, dtype=torch.float32, bn=bn)
    for name in sorted(set(EVERY) - NEED_MORE_SAMPLES):
        # a condition number κ is known to a share of κ·eps
        slack = 1e-3 + (1e-6 * abs(double[name].value) if name in CONDITION else 0)
        assert single[name].value == pytest.approx(double[name].value, rel=slack), name


def test_asking_for_one_or_for_all_gives_the_same_bits() -> None:
    together = usual()
    for name in EVERY:
        alone = scored(CELL, batch(), [name])[name]
        assert alone._replace(seconds=0) == pytest.approx(together[name]._replace(seconds=0), abs=0, nan_ok=True), name


@pytest.mark.parametrize("bn", ["train", "eval"])
@pytest.mark.parametrize("cell", DEGENERATE)
def test_degenerate_cells_give_a_finite_value_or_a_named_failure(cell: str, bn: str) -> None:
    for name, score in scored(DEGENERATE[cell], batch(), EVERY, bn=bn).items():
        if score.status == "ok":
            assert math.isfinite(score.value), name
        else:
            assert math.isnan(score.value), name
            assert score.status in ("not_applicable", "not_finite"), score
            assert score.message, name
        if name in NEED_INPUTS:
            assert (score.status == "ok") == (cell not in ("all none", "disconnected")), (name, score)
        elif name in NEED_ONE_INPUT:
            unreached = cell in ("all none", "disconnected") or (cell == "only pools" and bn == "train")
            assert (score.status == "ok") == (not unreached), (name, score)
        elif name in PATTERNS:  # defined where the ReLUs tell all samples apart
            assert (score.status == "ok") == (cell != "all none"), (name, score)
        elif name not in CONDITION | NEED_MORE_SAMPLES:
            assert score.status == "ok", (name, score)


@pytest.mark.parametrize("name", sorted((TRACE | GRADIENT | WEIGHTS | SENSITIVITY | FLOW) - SIGNED))
def test_traces_and_norms_are_not_negative_and_conditions_at_most_minus_one(name: str) -> None:
    scores = usual()
    assert scores[name].value >= 0
    assert all(scores[condition].value <= -1 for condition in CONDITION)


def test_nasi_trace_is_the_squared_norm_and_grad_norm_the_sum_over_layers(ntk: ModuleType) -> None:
    network, given = small().train(), batch()
    double = Batch(given.inputs.double(), given.labels)
    gradient = ntk.loss_gradient(network, double.inputs, double.labels)
    layers = [name for name in ntk.convolutions_and_linear(network) if name.endswith("weight")]
    scores = harness.score(network, double, ["nasi_trace", "grad_norm"])
    assert scores["nasi_trace"].value == pytest.approx(sum(float((g**2).sum()) for g in gradient.values()), rel=1e-12)
    assert scores["grad_norm"].value == pytest.approx(
        sum(float((gradient[name] ** 2).sum()) ** 0.5 for name in layers), rel=1e-12
    )


def test_m_trace_and_condition_numbers_follow_from_their_grams(ntk: ModuleType) -> None:
    network, given = small(), batch()
    inputs = given.inputs.double()
    scores = harness.score(network, given, ["m_trace", "m_condition", "ntk_condition", "ntk_condition_exact"])
    network.train()
    target = ntk.gram(
        ntk.per_sample_rows(network, inputs, lambda f: f.gather(1, given.labels[:, None]).sum()),
        ntk.convolutions_and_linear(network),
    )
    total = ntk.gram(ntk.per_sample_rows(network, inputs, lambda f: f.sum()), ntk.called_weight(network))
    coupled = ntk.gram(
        {name: j.sum(dim=1) for name, j in ntk.jacobian(network, inputs).items()}, ntk.called_weight(network)
    )
    assert scores["m_trace"].value == pytest.approx(float(target.trace() / 6) ** 0.5, rel=1e-9)
    for name, gram in {"m_condition": target, "ntk_condition": total, "ntk_condition_exact": coupled}.items():
        values = torch.linalg.svdvals(gram)
        assert -scores[name].value == pytest.approx(float(values[0] / values[-1]), rel=1e-6), name


def test_in_eval_mode_only_the_bias_of_the_classifier_is_left() -> None:
    """The figure of the first hour, at the benchmark's size: a target logit's gradient by its own bias is 1."""
    cell = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    space = open_space("nasbench201")
    scores = harness.score(space.build(space.parse(cell)), draw_images(Setting(batch_size=8)), ["m_trace"], bn="eval")
    assert scores["m_trace"].value == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("name", EVERY)
def test_the_docstring_says_source_range_and_cost(name: str) -> None:
    (entry,) = (entry for entry in list_proxies() if entry.name == name)
    text = entry.function.__doc__ or ""
    assert entry.summary.endswith(".")
    assert "Returns:" in text
    assert "Cost:" in text
    assert entry.source
    assert set(entry.needs) <= set(MEASUREMENTS)


def test_a_gpu_is_near_the_cpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    plain = scored(CELL, batch(), EVERY)
    there = scored(CELL, batch(), EVERY, device="cuda")
    for name in sorted(set(EVERY) - NEED_MORE_SAMPLES):
        assert there[name].value == pytest.approx(plain[name].value, rel=1e-6), name
