"""The recorder of costs: what it records, and that it changes nothing. Oracles: plain slopes, NumPy, the search."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import cross_entropy

from harness.errors import SearchError
from harness.search import run_search
from harness.search.gradient.checkpoint import LOG
from harness.search.gradient.costs import COLUMNS, COSTS, CostRecorder, _update
from harness.search.gradient.table_supernet import TableLosses
from tests.reference import spaces_supernet as reference
from tests.sampling import one_in
from tests.search.gradient.searches import CLASSIFYING, SPACES, one_step, state_of, tiny
from tests.search.gradient.test_contract import DATA, content, equal, interrupted_and_resumed, without_seconds


def recorded(step, every=1):
    recorder = CostRecorder(step.memory, step.supernet.groups, step.moment.setting.epochs, every)
    recorder.add(step)
    return recorder.frame()


def plain_costs(step, images, chosen):
    """Z · ∂/∂Z of the mean loss of the chosen images of a batch, from the plain network; and their logits."""
    weights = step.relaxed("parameters").weights["cell"].detach().requires_grad_()
    logits = reference.nasbench201(state_of(step), images.inputs, {"cell": weights}, depth=1)
    (slopes,) = torch.autograd.grad(cross_entropy(logits[chosen], images.labels[chosen]), weights)
    return (weights * slopes).detach(), logits.detach()


@pytest.mark.parametrize("method", ["darts", "dsnas", "gdas", "drnas"])
def test_costs_of_a_step_are_the_slopes_of_the_plain_network(method):
    step = one_step(method)
    frame = recorded(step)
    active = step.relaxed("parameters").active
    for part in ("training", "validation"):
        images = getattr(step, part)
        _, logits = plain_costs(step, images, slice(None))
        correct = logits.argmax(dim=1) == images.labels
        for kind, chosen in (("all", correct | True), ("correct", correct), ("wrong", ~correct)):
            rows = frame[(frame["part"] == part) & (frame["images"] == kind)]
            if not chosen.any():
                assert rows.empty
                continue
            costs, _ = plain_costs(step, images, chosen)
            computed = torch.ones(6, 5, dtype=torch.bool) if active is None else active["cell"]
            expected = costs[computed].numpy()
            np.testing.assert_allclose(rows["cost_nats"], expected, rtol=1e-6, atol=1e-9)
            losses = cross_entropy(logits[chosen], images.labels[chosen], reduction="none")
            entropies = torch.distributions.Categorical(logits=logits[chosen]).entropy()
            assert rows["cross_entropy_nats"].iloc[0] == pytest.approx(float(losses.mean()), rel=1e-6)
            excess = rows["cross_entropy_minus_entropy_nats"].iloc[0]
            assert excess == pytest.approx(float((losses - entropies).mean()), rel=1e-6, abs=1e-9)
    assert (frame["steps"] == 1).all()
    assert frame["cost_variance"].isna().all()


def test_none_costs_nothing():
    frame = recorded(one_step("darts"))
    assert (frame.loc[frame["operation"] == "none", "cost_nats"] == 0).all()
    assert (frame.loc[frame["operation"] != "none", "cost_nats"] != 0).all()


def test_the_moments_over_steps_are_numpys():
    """Of values far from zero, some of which no step computed."""
    source = np.random.default_rng(0)
    values, computed = 1e6 + source.normal(size=(9, 2, 3)), source.random((9, 2, 3)) < 0.7
    moments = torch.zeros(3, 2, 3, dtype=torch.float64)
    for table, mask in zip(values, computed, strict=True):
        _update(moments, torch.from_numpy(table), torch.from_numpy(mask))
    masked = np.ma.array(values, mask=~computed)
    np.testing.assert_array_equal(moments[0], computed.sum(axis=0))
    np.testing.assert_allclose(moments[1], masked.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(moments[2] / (moments[0] - 1), masked.var(axis=0, ddof=1), rtol=1e-6)


@pytest.mark.parametrize("method", one_in(2, ["darts", "dsnas", "nasi", "pc-darts"]))
def test_a_recorded_search_is_the_search_itself(method, tmp_path):
    setting = tiny(method, "nasbench201", epochs=2, steps_per_epoch=3)
    found = {}
    for name, every in (("alone", 0), ("recorded", 2)):
        result = run_search(SPACES["nasbench201"], method, setting, data=DATA, out=tmp_path / name, record_costs=every)
        found[name] = content(tmp_path / name)
        memory = {key: value for key, value in found[name]["memory"].items() if not key.startswith("costs/")}
        found[name] |= {"identity": {}, "memory": memory}
    assert equal(without_seconds(found["alone"]), without_seconds(found["recorded"]))
    assert not (tmp_path / "alone" / COSTS).exists()
    frame = pd.read_csv(tmp_path / "recorded" / COSTS)
    assert tuple(frame.columns) == COLUMNS
    pd.testing.assert_frame_equal(frame, result.costs)
    assert set(frame["epoch"]) == {1, 2}
    assert frame.loc[(frame["images"] == "all"), "steps"].max() == 2, "steps 1 and 3 of three"


def test_without_recording_there_are_no_costs():
    result = run_search(SPACES["nasbench201"], "rsps", tiny("rsps", "nasbench201", epochs=1), data=DATA)
    assert result.costs is None
    assert not result.memory


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "space"), [("dsnas", "nasbench201"), ("drnas-progressive", "nasbench201"), ("rsps", "darts")]
)
def test_interrupted_anywhere_the_costs_are_the_same_to_the_last_bit(method, space, tmp_path, monkeypatch):
    setting = tiny(method, space, epochs=2, steps_per_epoch=3)
    options = {"record_costs": 1, "data": DATA}
    run_search(SPACES[space], method, setting, out=tmp_path / "through", **options)
    for after in (2, 6):  # inside the first and the second epoch
        folder = tmp_path / f"resumed after {after}"
        interrupted_and_resumed(
            SPACES[space], method, setting, folder, monkeypatch, after=after, checkpoint_minutes=0, **options
        )
        assert (folder / COSTS).read_bytes() == (tmp_path / "through" / COSTS).read_bytes()
        once, twice = (without_seconds(content(one)) for one in (tmp_path / "through", folder))
        assert equal(once, twice)


def test_the_share_of_edges_is_that_of_the_logged_weights(tmp_path):
    setting = tiny("darts", "nasbench201", epochs=3, alpha_lr=0.5)
    result = run_search(SPACES["nasbench201"], "darts", setting, data=DATA, record_costs=2)
    shares = result.costs.groupby("epoch")["edges_not_none"].first()
    for epoch, text in zip(result.log["epoch"], result.log["operation_weights"], strict=True):
        table = np.array(json.loads(text)["cell"])
        assert shares[epoch] == np.mean(table.argmax(axis=1) != 0)


def test_a_folder_keeps_recording_as_it_began(tmp_path):
    setting = tiny("rsps", "nasbench201", epochs=1)
    run_search(SPACES["nasbench201"], "rsps", setting, data=DATA, out=tmp_path, record_costs=1)
    with pytest.raises(SearchError, match="its record_costs is 1, asked for is nothing"):
        run_search(SPACES["nasbench201"], "rsps", setting, data=DATA, out=tmp_path)
    assert (tmp_path / LOG).is_file()


def test_a_table_s_losses_have_no_costs():
    losses = TableLosses("made", torch.rand((5,) * 6, dtype=torch.float64) + 0.1)
    with pytest.raises(SearchError, match="record_costs needs predictions of images"):
        run_search(SPACES["nasbench201"], "darts", tiny("darts", "nasbench201"), data=losses, record_costs=1)


@pytest.mark.parametrize("every", [-1, 1.5, True, math.nan])
def test_the_interval_is_a_whole_number(every):
    with pytest.raises(SearchError, match="record_costs must be a whole number from 0"):
        run_search(SPACES["nasbench201"], "rsps", tiny("rsps", "nasbench201"), data=DATA, record_costs=every)


@pytest.mark.parametrize("name", sorted(set(CLASSIFYING) - {"te-nas"}))
def test_every_method_records(name):
    """TE-NAS, which takes seconds a round, has no step of its own here."""
    setting = tiny(name, "nasbench201", epochs=2, steps_per_epoch=1)
    frame = run_search(SPACES["nasbench201"], name, setting, data=DATA, record_costs=1).costs
    assert set(frame["part"]) == {"training", "validation"}
    assert np.isfinite(frame["cost_nats"]).all()
