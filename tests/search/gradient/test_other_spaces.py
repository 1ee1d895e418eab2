"""Searches in a space that no paper searches: one of one's own with a supernet, and one without."""

from __future__ import annotations

import pytest

from harness.errors import SpaceError
from harness.search import METHODS, find_method, run_search
from harness.spaces import open_space
from harness.spaces.nasbench201 import NasBench201


class Renamed(NasBench201):
    """NAS-Bench-201's cells as somebody else's space."""

    name = "renamed-cells"


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_a_setting_for_it_and_says_what_it_is(name: str) -> None:
    presets = find_method(name).presets_in(Renamed())
    assert (presets.paper.width, presets.paper.depth) == (16, 5)
    assert presets.note == "the paper has no renamed-cells; these are DARTS's values"
    assert presets.laptop.epochs < presets.paper.epochs


def test_a_search_runs_in_it() -> None:
    setting = find_method("darts").setting(Renamed(), "laptop").changed(
        {"epochs": 1, "width": 4, "depth": 1, "image_size": 8, "images": 64, "batch_size": 8, "steps_per_epoch": 2}
    )  # fmt: skip
    result = run_search(Renamed(), "darts", setting)
    assert Renamed().parse(str(result.architecture)) == result.architecture


def test_a_space_without_a_supernet_is_refused_in_a_sentence() -> None:
    sizes = open_space("natsbench-sizes")
    with pytest.raises(SpaceError, match="the space natsbench-sizes has no supernet: no gradient-based search"):
        run_search(sizes, "darts")
