"""Networks of the jigsaw and the room layout task, against plain arithmetic and measured sizes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

import benchmarks
import harness
from harness.batches import Batch
from harness.errors import ScoresError
from harness.evaluation.matching import check_space
from harness.measurements import size
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import completed, tabulated_space
from harness.spaces.transnas_micro import parse
from tests.reference import spaces_transnas_micro_network as reference
from tests.spaces.transnas_micro.test_network import perturb_norms

JIGSAW, LAYOUT = open_space("transnas-micro-jigsaw"), open_space("transnas-micro-room-layout")
CELLS = tuple(map(parse, ("1_02_333", "0_00_000", "2_31_013")))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("side", [48, 50])
def test_nine_tiles_pass_the_backbone_each_by_itself(side: int, training: bool) -> None:
    images = torch.randn(3, 2, side, side, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for cell in CELLS:
        network = JIGSAW.build(cell, {"width": 2, "depth": 1, "channels": 2, "classes": 5}).double()
        state = {name: tensor.clone() for name, tensor in perturb_norms(network).train(training).state_dict().items()}
        weight, wide = state["classifier.weight"], 2 * 8
        assert weight.shape == (5, 9 * wide)
        expected = state["classifier.bias"]
        for place in range(9):
            top, left = (16 * number for number in divmod(place, 3))
            part = {
                **state,
                "classifier.weight": weight[:, place * wide : (place + 1) * wide],
                "classifier.bias": torch.zeros(5, dtype=torch.float64),
            }
            tile = images[:, :, top : top + 16, left : left + 16]
            expected = expected + reference.logits(str(cell), part, tile, depth=1, training=training)
        torch.testing.assert_close(network(images), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", ["transnas-micro-jigsaw", "transnas-micro-room-layout"])
def test_the_closed_form_is_what_networks_measure(name: str) -> None:
    space = open_space(name)
    shape = {"width": 2, "depth": 2, "image_size": 49, "classes": 4}
    for cell in CELLS:
        network = space.build(cell, shape)
        batch = Batch(torch.zeros(2, 3, 49, 49), torch.zeros(2, dtype=torch.long))
        assert space.sizes(cell, shape) == (size.parameter_count(network), size.macs(network, batch)), str(cell)


def test_the_sizes_are_those_of_the_tasks() -> None:
    assert {name: dimension.default for name, dimension in JIGSAW.shape.items()} == {
        "image_size": 192, "channels": 3, "classes": 1000, "width": 64, "depth": 2,
    }  # fmt: skip
    assert LAYOUT.shape["classes"].default == 9
    scenes = open_space("transnas-micro")
    assert LAYOUT.sizes(CELLS[0]) == scenes.sizes(CELLS[0], classes=9)


def test_the_layouts_batch_has_numbers_as_targets_that_follow_from_the_seed() -> None:
    drawn = [
        LAYOUT.batch(completed(LAYOUT, Setting(batch_size=5, shape={"image_size": 8}, seed=seed))) for seed in (0, 0, 1)
    ]
    assert drawn[0].targets.shape == (5, 9)
    assert drawn[0].targets.is_floating_point()
    assert torch.equal(drawn[0].targets, drawn[1].targets)
    assert not torch.equal(drawn[0].targets, drawn[2].targets)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side"), [("transnas-micro-jigsaw", 48), ("transnas-micro-room-layout", 32)])
def test_the_tasks_networks_are_scored_and_ranked_by_their_column(name: str, side: int) -> None:
    """A jigsaw network runs its cells nine times, which some proxies do not take; they say so."""
    proxies = ["grad_norm", "snip", "synflow", "jacob_cov", "nwot", "zico", "meco", "params", "epe_nas", "near"]
    frame = harness.run(
        open_space(name), CELLS[::2], proxies, batch_size=4, width=4, depth=1, image_size=side, classes=9, seed=1
    ).set_index("proxy")
    assert set(frame["status"]) <= {"ok", "not_applicable"}, frame["message"].unique()
    assert (frame.loc[["grad_norm", "snip", "synflow", "jacob_cov", "zico", "params"], "status"] == "ok").all()
    assert (frame.loc["epe_nas", "status"] == "ok").all() == (name == "transnas-micro-jigsaw")


def test_scores_of_a_task_join_the_table_of_the_cells_with_their_own_sizes(published_data: Path) -> None:
    path = published_data / "tables" / "transnasbench101_micro.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    table = benchmarks.open_table("transnasbench101-micro", path=path)
    cells = JIGSAW.sample(5, seed=2)
    frame = pd.DataFrame({"architecture": map(str, cells), "proxy": "mine", "score": [3.0, 1.0, 4.0, 1.5, 9.0]})
    frame.attrs["space"] = JIGSAW.name
    points = harness.correlate(frame, table, "jigsaw_test_10ep_best_pct", resamples=10).points
    found = points.drop_duplicates("architecture").set_index("architecture")["parameters"]
    assert found.to_dict() == {str(cell): JIGSAW.sizes(cell).parameters for cell in cells}
    assert tabulated_space(JIGSAW) == tabulated_space(LAYOUT) == tabulated_space(open_space("transnas-micro"))


def test_scores_of_a_task_are_about_the_space_of_the_cells() -> None:
    frame = pd.DataFrame({"architecture": map(str, JIGSAW.sample(2)), "proxy": "mine", "score": [3.0, 1.0]})
    frame.attrs["space"] = JIGSAW.name
    check_space(frame, "the scores", "transnas-micro", "the table")
    with pytest.raises(ScoresError, match="about the space transnas-micro-jigsaw, the table about nasbench201"):
        check_space(frame, "the scores", "nasbench201", "the table")
