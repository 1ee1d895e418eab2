"""Variants of NASI's passes: each changes what it says, and its steps have the trace and the gradient of that."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

import harness
from harness.batches import Batch
from harness.errors import SearchError
from harness.search.gradient.method import Moment
from harness.search.gradient.setting import SearchSetting
from harness.studies.searches.nasi import variants as module
from harness.studies.searches.nasi.traces import relaxed_and_discrete
from harness.studies.searches.nasi.variants import (
    LOSSES,
    VARIANTS,
    Variant,
    WithoutNorm,
    small_batch,
    small_supernet,
    variant_steps,
)

BASE = VARIANTS["base"]


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    for name, value in {"WIDTH": 4, "DEPTH": 1, "BATCH": 4, "SIDE": 8}.items():
        monkeypatch.setattr(module, name, value)


def gradients_of(variant, seed=0):
    """The gradient of the variant's loss by every weight, at the first step."""
    supernet = small_supernet(variant, seed)
    kept = {"cell": torch.tensor(supernet.kept["cell"])}
    moment = Moment(0, 0, seed, SearchSetting(temperature=(variant.temperature,) * 2), supernet.groups, kept)
    batch = small_batch(variant, moment, None)
    weights = torch.from_numpy(variant_steps(variant, seed, count=1).weights[0]).float()
    loss = LOSSES[variant.loss](supernet(batch.inputs, {"cell": weights}), batch.labels, moment.generator("signs"))
    names, parameters = zip(*supernet.named_parameters(), strict=True)
    found = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    return supernet, dict(zip(names, found, strict=True))


@pytest.mark.parametrize("name", ["base", "kaiming", "squared", "logits", "signs", "tau 5", "uniform", "hard"])
def test_the_trace_is_the_squared_gradient(name):
    _, gradients = gradients_of(VARIANTS[name])
    expected = sum(float(part.double().square().sum()) for part in gradients.values())
    assert variant_steps(VARIANTS[name], 0, count=1).traces[0] == pytest.approx(expected, rel=1e-4)


def test_the_theorys_trace_is_by_omega():
    """W = ω/√fan-in: each layer's share is divided by its fan-in, and biases are as they are."""
    supernet, gradients = gradients_of(VARIANTS["ntk"])
    expected = 0.0
    for name, part in gradients.items():
        weight = supernet.get_parameter(name)
        fan_in = weight[0].numel() if weight.ndim > 1 else 1
        expected += float(part.double().square().sum()) / fan_in
    assert variant_steps(VARIANTS["ntk"], 0, count=1).traces[0] == pytest.approx(expected, rel=1e-4)
    wide = small_supernet(VARIANTS["ntk"], 0).stem[0].weight
    assert float(wide.detach().std()) == pytest.approx(27**-0.5, rel=0.2)


@pytest.mark.parametrize(("name", "counted"), [("weights", "weight"), ("cells", "cells.")])
def test_only_what_is_counted_is_in_the_trace(name, counted):
    supernet, gradients = gradients_of(VARIANTS[name])
    norms = {key for key, module_ in supernet.named_modules() if isinstance(module_, torch.nn.BatchNorm2d)}
    expected = 0.0
    for key, part in gradients.items():
        holder = key.rpartition(".")[0]
        counts = holder not in norms if counted == "weight" else ".layers." in key
        expected += counts * float(part.double().square().sum())
    whole = sum(float(part.double().square().sum()) for part in gradients.values())
    assert 0 < expected < whole
    assert variant_steps(VARIANTS[name], 0, count=1).traces[0] == pytest.approx(expected, rel=1e-4)


def test_without_norm_only_scale_and_shift_are_left():
    inputs, scale, shift = torch.randn(2, 3, 4, 4), torch.randn(3), torch.randn(3)
    with WithoutNorm():
        found = functional.batch_norm(inputs, None, None, scale, shift, True)
        plain = functional.batch_norm(inputs, None, None, training=True)
    torch.testing.assert_close(found, inputs * scale[None, :, None, None] + shift[None, :, None, None])
    assert plain is inputs


@pytest.mark.parametrize("name", ["base", "ntk", "no norm", "hard"])
def test_the_gradient_is_that_of_the_trace(name, monkeypatch):
    """In float64 against a central difference of the trace by α."""
    variant, moves = VARIANTS[name], 1e-6
    monkeypatch.setattr(module, "small_supernet", lambda *given, plain=small_supernet: plain(*given).double())
    batches = small_batch
    monkeypatch.setattr(
        module,
        "small_batch",
        lambda *given: Batch(batches(*given).inputs.double(), batches(*given).labels),
    )
    steps = variant_steps(variant, 3, count=1)
    relax = module._RELAXATIONS[variant.relaxation]

    def trace_at(edge, operation, by):
        def moved(parameters, moment, purpose):
            alpha = parameters.operations["cell"] + by * functional.one_hot(
                torch.tensor(5 * edge + operation), 30
            ).view(6, 5)
            return relax(dataclasses.replace(parameters, operations={"cell": alpha}), moment, purpose)

        monkeypatch.setitem(module._RELAXATIONS, variant.relaxation, moved)
        return variant_steps(variant, 3, count=1).traces[0]

    if name == "hard":  # its gradient is the straight-through one and no derivative
        assert np.isfinite(steps.gradients).all()
        return
    for edge, operation in ((0, 3), (3, 0), (5, 4)):
        slope = (trace_at(edge, operation, moves) - trace_at(edge, operation, -moves)) / (2 * moves)
        assert steps.gradients[0, edge, operation] == pytest.approx(slope, rel=0.05)


def test_steps_follow_from_the_seed_and_differ_from_each_other():
    one, again, other = (variant_steps(BASE, seed, count=2) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.gradients, again.gradients)
    assert not np.array_equal(one.weights[0], one.weights[1])
    assert not np.array_equal(one.traces, other.traces)


def test_what_is_removed_is_never_drawn_and_what_is_hard_is_one_operation():
    assert not variant_steps(VARIANTS["none removed"], 0, count=1).weights[0, :, 0].any()
    hard = variant_steps(VARIANTS["hard"], 0, count=1).weights[0]
    np.testing.assert_array_equal(np.sort(hard, axis=1), [[0, 0, 0, 0, 1]] * 6)
    np.testing.assert_allclose(variant_steps(VARIANTS["uniform"], 0, count=1).weights, 0.2, rtol=1e-6)


def test_new_weights_change_later_steps_alone():
    same, redrawn = (variant_steps(variant, 0, count=2).traces for variant in (BASE, VARIANTS["redrawn"]))
    assert same[0] == redrawn[0]
    assert same[1] != redrawn[1]


def test_a_variant_of_images_needs_them():
    with pytest.raises(SearchError, match="takes CIFAR-10 images"):
        variant_steps(VARIANTS["images"], 0, count=1)


def test_every_variant_says_what_it_changes():
    assert [name for name, variant in VARIANTS.items() if not variant.words] == ["base"]
    plain = {dataclasses.replace(variant, words="") for variant in VARIANTS.values()}
    assert len(plain) == len(VARIANTS)
    assert VARIANTS["base"] == Variant()


def test_the_discrete_network_is_the_cell_with_the_supernets_weights():
    frame = relaxed_and_discrete(3, 0)
    assert frame["draw"].tolist() == [0, 1, 2]
    assert (frame[["relaxed", "discrete"]] > 0).all(axis=None)
    assert harness.open_space("nasbench201")
