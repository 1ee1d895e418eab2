"""The settings of a gradient-based search in a space: as its paper has them, and two that take less compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import SearchError, unknown
from harness.search.gradient.setting import SearchSetting
from harness.spaces.searches import SearchPreset, SearchPresets
from harness.spaces.space import Space, searchable

PUBLISHED_DATA = "cifar10"
"""Data of all published searches of image classifiers."""

_LAPTOP: Mapping[str, Any] = {
    "epochs": 10, "image_size": 16, "images": 2048, "augment": False, "evaluation_batches": 5, "alpha_lr": 0.01,
}  # fmt: skip
"""What a laptop takes less of, in a space that states no settings."""

_WEIGHTS_FIRST = frozenset({"nesbs"})
"""Searches that train the weights in the epochs of the warm-up alone."""


@dataclass(frozen=True)
class Presets:
    """The settings of one method in one space.

    Attributes:
        paper: the published setting.
        laptop: a smaller setting that ends in minutes on two cores.
        note: values of `paper` that are not published, or not for this space; empty where all are.
        reduced: a setting between the two, of a quarter of an hour of one core or more; None where there is none.
        reduced_note: how `reduced` was chosen.
        data: data of the published search.
    """

    paper: SearchSetting
    laptop: SearchSetting
    note: str = ""
    reduced: SearchSetting | None = None
    reduced_note: str = ""
    data: str = PUBLISHED_DATA

    @property
    def settings(self) -> dict[str, SearchSetting]:
        """The settings by the name of their preset, those that there are."""
        found = {name: getattr(self, name) for name in PRESETS}
        return {name: setting for name, setting in found.items() if setting is not None}


PRESETS = ("paper", "reduced", "laptop")


def preset_setting(method: str, space: Space, preset: str) -> SearchSetting:
    """The setting of a method's preset in a space.

    Raises:
        SearchError: for an unknown preset, one that the method does not have in this space, and what `presets` refuses.
        SpaceError: for a space without a supernet.
    """
    if preset not in PRESETS:
        raise SearchError(unknown("preset", preset, PRESETS))
    found = presets(method, space).settings
    if preset not in found:
        raise SearchError(f"{method} has no preset {preset!r} in {space.name}: take {' or '.join(found)}")
    return found[preset]


def presets(method: str, space: Space) -> Presets:
    """The presets that a space states for a method, or for all; else DARTS's values with the space's own sizes.

    Args:
        method: name of the method.
        space: a space with a supernet; what it states is its attribute `searches` (`harness.spaces.searches`).

    Raises:
        SpaceError: for a space without a supernet.
        SearchError: for a value that the space states and no setting can have.
    """
    found = searchable(space)
    stated, whose = getattr(found, "searches", None), "the space's own"
    if not isinstance(stated, SearchPresets) or stated.space != found.name:
        own = {size: found.shape[size].default for size in ("width", "depth") if size in found.shape}
        stated, whose = SearchPresets(found.name, own, _LAPTOP), "DARTS's"
    without = SearchPreset(note=f"the paper has no {found.name}; these are {whose} values")
    chosen = stated.by_method.get(method, without)
    paper = SearchSetting().changed({**stated.paper, **chosen.paper})
    laptop = paper.changed({**stated.laptop, **chosen.laptop})
    reduced = None if chosen.reduced is None else paper.changed({**stated.reduced, **chosen.reduced})
    if method in _WEIGHTS_FIRST:
        paper, laptop = (_with_warm_up(setting) for setting in (paper, laptop))
    return Presets(paper, laptop, chosen.note, reduced, "" if reduced is None else stated.reduced_note, stated.data)


def _with_warm_up(setting: SearchSetting) -> SearchSetting:
    """The setting with half of its epochs as warm-up, where it has none."""
    return setting.changed({"alpha_warm_up": setting.alpha_warm_up or setting.epochs // 2})
