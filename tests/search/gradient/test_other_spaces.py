"""Searches in spaces that no paper searches: with and without settings of their own, and one without a supernet."""

from __future__ import annotations

import pytest

from harness.errors import SearchError, SpaceError
from harness.search import METHODS, find_method, run_search
from harness.spaces import _BUILT_IN, open_space
from harness.spaces.nasbench201 import NasBench201
from harness.spaces.searches import SearchPreset, SearchPresets
from harness.spaces.space import SearchableSpace


class Renamed(NasBench201):
    """NAS-Bench-201's cells as somebody else's space, which states no settings of its own."""

    name = "renamed-cells"


class Stating(NasBench201):
    """NAS-Bench-201's cells as a space that states its settings."""

    name = "stating-cells"
    searches = SearchPresets(
        "stating-cells",
        {"width": 24, "epochs": 9},
        {"epochs": 2},
        {"gdas": SearchPreset({"temperature": (5.0, 1.0)}, {"epochs": 3}, "recalled, not checked")},
    )


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_a_setting_for_it_and_says_what_it_is(name: str) -> None:
    presets = find_method(name).presets_in(Renamed())
    assert (presets.paper.width, presets.paper.depth) == (16, 5)
    assert presets.note == "the paper has no renamed-cells; these are DARTS's values"
    assert presets.laptop.epochs < presets.paper.epochs


def test_what_a_space_states_is_taken_and_what_it_does_not_is_said() -> None:
    gdas, snas = (find_method(name).presets_in(Stating()) for name in ("gdas", "snas"))
    assert (gdas.paper.width, gdas.paper.epochs, gdas.paper.temperature) == (24, 9, (5.0, 1.0))
    assert (gdas.laptop.epochs, gdas.laptop.temperature, gdas.note) == (3, (5.0, 1.0), "recalled, not checked")
    assert (snas.paper.width, snas.paper.temperature, snas.laptop.epochs) == (24, (1.0, 1.0), 2)
    assert snas.note == "the paper has no stating-cells; these are the space's own values"


def test_a_stated_value_that_no_setting_has_is_refused() -> None:
    class Misspelt(NasBench201):
        name = "misspelt-cells"
        searches = SearchPresets("misspelt-cells", {"epoch": 9})

    with pytest.raises(SearchError, match=r"unknown field of a search's setting 'epoch'\. Did you mean 'epochs'"):
        find_method("darts").presets_in(Misspelt())


def test_a_registered_space_is_listed_with_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import harness.spaces

    monkeypatch.setattr(harness.spaces, "_registered", {"stating-cells": Stating()})
    assert list(find_method("gdas").presets) == ["nasbench201", "darts", "nasbench201-large", "stating-cells"]


def test_our_spaces_state_a_setting_for_every_method() -> None:
    spaces = [space for space in map(open_space, _BUILT_IN) if isinstance(space, SearchableSpace)]
    for space in spaces:
        able = {name for name, method in METHODS.items() if not method.reason_not_in(space)}
        assert set(space.searches.by_method) == able, space.name  # type: ignore[attr-defined]
    assert {space.name for space in spaces} == {
        "nasbench201",
        "darts",
        "nasbench201-large",
        "trilevel",
        "mod-nas",
        "sane",
    }


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
