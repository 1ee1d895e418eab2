"""Searches on simplified supernets: who can, that they go on to the same bits, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from harness import table_losses
from harness.errors import CheckpointError, SearchError
from harness.search import SearchSetting, run_search
from harness.search.gradient.memory_bound import MOST_BYTES, step_bytes
from harness.spaces import open_space
from harness.spaces.nasbench201 import NasBench201
from harness.spaces.nasbench201.simplified import SimplifiedCell
from harness.spaces.supernet import Supernet
from tests.sampling import one_in
from tests.search.gradient.searches import CLASSIFYING, SPACES, tiny
from tests.search.gradient.test_contract import content, equal, interrupted_and_resumed, without_seconds

ABLE = {
    "darts",
    "darts-second-order",
    "beta-darts",
    "drnas",
    "drnas-progressive",
    "gdas",
    "snas",
    "pc-darts",
    "radars",
    "darts-prime",
    "e2rnas",
}
REFUSED = {
    "rsps": "trains one path at a time",
    "dsnas": "trains one path at a time",
    "daas": "trains one path at a time",
    "nesbs": "trains one path at a time",
    "nasi": "looks at weights as they are drawn",
    "nasi-ada": "looks at weights as they are drawn",
    "te-nas": "looks at weights as they are drawn",
}


def test_every_method_can_or_says_why_not() -> None:
    assert ABLE | set(REFUSED) == set(CLASSIFYING)


@pytest.mark.parametrize("method", REFUSED)
def test_a_method_without_paths_to_share_is_refused_by_name(method: str) -> None:
    with pytest.raises(SearchError, match=f"^simplify: {method} {REFUSED[method]}.*$"):
        run_search(SPACES["nasbench201"], method, tiny(method, "nasbench201", simplify=True))


@pytest.mark.parametrize("method", one_in(6, sorted(ABLE)))
def test_it_searches_and_goes_on_to_the_same_bits(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space, setting = SPACES["nasbench201"], tiny(method, "nasbench201", simplify=True)
    whole = run_search(space, method, setting, data="digits", out=tmp_path / "whole")
    resumed = interrupted_and_resumed(space, method, setting, tmp_path / "resumed", monkeypatch)
    assert equal(without_seconds(content(tmp_path / "resumed")), without_seconds(content(tmp_path / "whole")))
    assert resumed.architecture == whole.architecture
    plain = run_search(space, method, tiny(method, "nasbench201"), data="digits")
    assert list(plain.log["training_loss"]) != list(whole.log["training_loss"])


@pytest.mark.parametrize("method", one_in(2, ["darts", "pc-darts"]))
def test_it_searches_the_darts_space(method: str) -> None:
    losses = [
        list(run_search(SPACES["darts"], method, tiny(method, "darts", **fields), data="digits").log["training_loss"])
        for fields in ({}, {"simplify": True}, {"simplify": True, "kernel_normalisation": False})
    ]
    assert losses[0] != losses[1] != losses[2] != losses[0]


def test_of_one_path_own_kernels_are_the_plain_search_to_the_bit() -> None:
    plain, own = (
        run_search(SPACES["nasbench201"], "gdas", tiny("gdas", "nasbench201", **fields), data="digits")
        for fields in ({}, {"simplify": True, "kernel_normalisation": False})
    )
    for name, table in plain.weights.items():
        assert torch.equal(own.weights[name], table)
    assert list(own.log["validation_loss"]) == list(plain.log["validation_loss"])


def test_a_checkpoint_is_of_one_of_the_two(tmp_path: Path) -> None:
    space, setting = SPACES["nasbench201"], tiny("darts", "nasbench201", epochs=1)
    run_search(space, "darts", setting, data="digits", out=tmp_path)
    with pytest.raises(CheckpointError, match="its simplify is False, asked for is True"):
        run_search(space, "darts", setting.changed({"simplify": True}), data="digits", out=tmp_path)


def test_stages_and_pruned_operations_stay_simplified(tmp_path: Path) -> None:
    setting = tiny("drnas-progressive", "nasbench201", simplify=True, without=("none",), keep=(4, 2))
    result = run_search(SPACES["nasbench201"], "drnas-progressive", setting, data="digits", out=tmp_path)
    assert "none" not in str(result.architecture)


def test_a_bound_on_memory_sees_the_simplified_supernet() -> None:
    space = SPACES["nasbench201"]
    found = []
    for simplify in (False, True):
        setting = tiny("darts", "nasbench201", epochs=1, batch_size=16, simplify=simplify, memory_mb=1000.0)
        result = run_search(space, "darts", setting, data="digits")
        found.append(int(result.memory[MOST_BYTES]))
        supernet = space.supernet(width=4, depth=1, simplify=simplify)
        assert found[-1] == step_bytes(supernet, (16, 3, 8, 8))
    assert found[1] != found[0]


def test_a_table_has_no_modules_to_share() -> None:
    with pytest.raises(SearchError, match=r"^simplify: .* is a table, which has no modules to share"):
        run_search(
            SPACES["nasbench201"], "darts", tiny("darts", "nasbench201", simplify=True),
            data=table_losses("cifar10_test_200ep_pct"),
        )  # fmt: skip


class Foreign(NasBench201):
    """Somebody else's space, whose supernet is from before supernets could be simplified."""

    name = "foreign-cells"
    made: tuple[str, ...] = ()

    def supernet(self, shape: Any = None, *, init: str = "pytorch", seed: int = 0, partial: int = 1,  # type: ignore[override]
                 operations: Any = None, **sizes: int) -> Supernet:  # fmt: skip
        self.made = (*self.made, *sizes)
        return super().supernet(shape, init=init, seed=seed, partial=partial, operations=operations, **sizes)  # type: ignore[misc,arg-type]


def test_a_space_that_cannot_is_refused_by_name_and_asked_for_nothing_else() -> None:
    space = Foreign()
    run_search(space, "darts", tiny("darts", "nasbench201", epochs=1), data="digits")
    assert space.made
    assert not {"simplify", "kernel_normalisation"} & set(space.made)
    with pytest.raises(SearchError, match="the supernet of foreign-cells cannot share modules between its paths"):
        run_search(space, "darts", tiny("darts", "nasbench201", simplify=True), data="digits")


def test_the_enlarged_space_is_refused_by_name() -> None:
    with pytest.raises(SearchError, match="the supernet of nasbench201-large cannot share modules between its paths"):
        run_search(open_space("nasbench201-large"), "darts", tiny("darts", "nasbench201", simplify=True))


def test_a_setting_says_what_is_wrong() -> None:
    with pytest.raises(SearchError, match="kernel_normalisation is a part of simplify"):
        SearchSetting(kernel_normalisation=False)
    for name in ("simplify", "kernel_normalisation"):
        with pytest.raises(SearchError, match=f"{name} must be True or False, got 1"):
            SearchSetting(**{name: 1})  # type: ignore[arg-type]
    assert SearchSetting(simplify=True).difference(SearchSetting()) == {"simplify": (False, True)}


def test_cells_are_simplified() -> None:
    network = SPACES["nasbench201"].supernet(width=4, depth=1, simplify=True)
    assert sum(isinstance(module, SimplifiedCell) for module in network.modules()) == 3
