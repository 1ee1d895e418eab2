"""Scores of the space's architectures: every proxy, alone and in processes."""

import math

import pytest
import torch

import harness
from harness.batches import Batch
from harness.proxies.registry import list_proxies
from harness.setting import Setting
from harness.spaces.natsbench_sizes import parse
from harness.spaces.space import completed

SMALL = {"image_size": 8, "classes": 4, "batch_size": 16}
KEYS = ["8:16:24:32:40", "8:8:8:8:8", "16:16:8:8:64"]
EVERY = sorted(entry.name for entry in list_proxies() if entry.function.__module__.startswith("harness."))
OTHER_WIDTHS = {
    "te_nas_condition", "te_nas_regions",
    "nasgraph_degree", "nasgraph_density", "nasgraph_resilience", "nasgraph_wedge",
}  # fmt: skip
"""They measure networks of a width of their own; here the architecture decides the widths."""


@pytest.mark.parametrize("bn", ["train", pytest.param("eval", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_every_proxy_has_a_finite_score_but_those_that_set_a_width(space, tmp_path, bn):
    frame = harness.run(space, KEYS, EVERY, store=tmp_path / "s.sqlite", bn=bn, **SMALL)
    assert len(frame) == len(EVERY) * len(KEYS)
    without = frame[frame["proxy"].isin(OTHER_WIDTHS)]
    assert set(without["status"]) == {"not_applicable"}
    assert without["message"].str.contains("unknown size of this space's networks").all()
    scored = frame[~frame["proxy"].isin(OTHER_WIDTHS)]
    assert set(scored["status"]) == {"ok"}, scored[scored["status"] != "ok"]["message"].tolist()
    assert scored["score"].map(math.isfinite).all()


@pytest.mark.slow
def test_a_run_in_processes_gives_the_scores_of_one_process(space, tmp_path):
    names = ["nasi_trace", "nwot", "az_trainability", "params", "flops"]
    one, two = (
        harness.run(space, KEYS, names, store=tmp_path / f"{workers}.sqlite", workers=workers, **SMALL)
        for workers in (1, 2)
    )
    columns = ["architecture", "proxy", "score", "status"]
    assert one[columns].equals(two[columns])
    assert list(dict.fromkeys(one["architecture"])) == KEYS


def test_sizes_are_scored_in_closed_form(space, tmp_path):
    frame = harness.run(space, KEYS, ["params", "flops"], store=tmp_path / "s.sqlite", classes=100)
    for key, rows in frame.groupby("architecture"):
        found = rows.set_index("proxy")["score"]
        assert (found["params"], found["flops"]) == space.sizes(parse(key), {"classes": 100})


def test_a_setting_is_completed_by_the_sizes_of_the_space_alone(space):
    assert dict(completed(space, Setting(classes=100)).shape) == {"image_size": 32, "channels": 3, "classes": 100}


def test_batches_are_drawn_and_read(space):
    batch = space.batch(completed(space, Setting(batch_size=5, image_size=8, classes=4)))
    assert batch.arguments[0].shape == (5, 3, 8, 8)
    assert set(batch.labels.tolist()) <= set(range(4))
    given = Batch(torch.zeros(2, 1, 9, 9), torch.zeros(2, dtype=torch.long))
    assert space.shape_of(given) == {"channels": 1, "image_size": 9}
