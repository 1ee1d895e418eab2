"""A folder of one search is not taken for searches under several seeds, nor the other way round."""

import json

import pytest

import harness
from harness.search.gradient.checkpoint import CheckpointError
from tests.search.gradient.searches import SPACES, tiny


@pytest.mark.slow
def test_each_kind_of_search_keeps_to_its_own_folder(tmp_path):
    space, setting = SPACES["nasbench201"], tiny("nasi", "nasbench201", epochs=1, steps_per_epoch=1)
    one, several = tmp_path / "one", tmp_path / "several"
    alone = harness.run_search(space, "nasi", setting, data="noise", out=one)
    together = harness.run_searches(space, "nasi", setting, seeds=[0, 1], data="noise", out=several)
    with pytest.raises(CheckpointError, match="holds a search: give another --out folder for searches under several"):
        harness.run_searches(space, "nasi", setting, seeds=[0, 1], data="noise", out=one)
    with pytest.raises(CheckpointError, match="holds searches under several seeds: give another --out folder for one"):
        harness.run_search(space, "nasi", setting, data="noise", out=several)
    made = alone.frame.attrs["provenance"]["search"]
    assert (made["method"], made["seed"], made["setting"]) == ("nasi", "0", json.loads(setting.json()))
    made = together.frame.attrs["provenance"]["search"]
    assert (made["method"], made["seeds"], made["setting"]) == ("nasi", [0, 1], json.loads(setting.json()))
