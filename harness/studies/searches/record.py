"""Record of a study's searches by gradients: data, settings, and differences from the published settings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from harness.search import find_method
from harness.search.gradient.data import Images, parts_of, with_images
from harness.search.gradient.pairs import images_for
from harness.search.gradient.presets import PUBLISHED_DATA
from harness.search.gradient.setting import SearchSetting
from harness.spaces import open_space
from harness.spaces.node_split import NodeSplit
from harness.studies.searches.runs import Failure, Run


class Used(NamedTuple):
    """The data and setting that the searches of a method really use.

    Attributes:
        data: `cifar10`, `digits` or `noise`, or the name of a graph.
        folder: name of the folder of CIFAR-10; None for other data.
        images: number of training images, or of the nodes of a graph.
        setting: setting of the search, with that number of images.
        changed: changed fields by name, data included: the value in the published setting and in this one.
        note: parts of the published setting that are not published.
    """

    data: str
    folder: str | None
    images: int
    setting: SearchSetting
    changed: dict[str, tuple[Any, Any]]
    note: str


def used_by(run: Run, images: Images | NodeSplit | None = None) -> Used:
    """The data and setting that a search really uses.

    Args:
        run: the search.
        images: images that the search trains on, or its graph; None to read them.

    Raises:
        SearchError: images that do not fit the setting.
    """
    presets = find_method(run.method).presets_in(run.space)
    if isinstance(images, NodeSplit):
        drawn = {} if images.name == presets.data else {"data": (presets.data, images.name)}
        changed = {**drawn, **run.setting.difference(presets.paper)}
        return Used(images.name, None, len(images.features), run.setting, changed, presets.note)
    if images is None:
        images = images_for(open_space(run.space), run.data, run.setting, run.seed, at_most=True)
    setting = with_images(run.setting, images)
    data = {} if images.name == presets.data else {"data": (presets.data, images.name)}
    folder = Path(run.data).name if images.name == PUBLISHED_DATA else None
    changed = {**data, **setting.difference(presets.paper)}
    return Used(images.name, folder, len(images), setting, changed, presets.note)


def by_method(runs: Sequence[Run]) -> dict[str, Used]:
    """The data and setting of each method's searches, by method and preset (`Run.name`)."""
    first: dict[str, Run] = {}
    for run in runs:
        first.setdefault(run.name, run)
    return {name: used_by(run) for name, run in first.items()}


def in_a_line(used: Used) -> str:
    """One line on the differences of a search from the published setting."""
    return "; ".join([changes_in_words(used.changed), *([used.note] if used.note else [])])


def changes_in_words(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """Changes as text: name, value in the published setting, and value in this one."""
    return ", ".join(f"{name} {_in_words(name, old)} -> {_in_words(name, new)}" for name, (old, new) in changed.items())


def _in_words(name: str, value: object) -> str:
    whole = "the data's own" if name == "image_size" else "all"
    return whole if value is None else str(value)


def searches_record(
    runs: Sequence[Run], used: Mapping[str, Used], failed: Mapping[Run, Failure]
) -> dict[str, dict[str, Any]]:
    """Record for `study.json`, by `Run.name`: data, seeds, failures, differences from the paper, the whole setting."""
    return {
        name: {
            "data": {"name": entry.data, "folder": entry.folder, "images": entry.images},
            "seeds": [run.seed for run in runs if run.name == name],
            "failed": {str(run.seed): failure.reason for run, failure in failed.items() if run.name == name},
            "changed_from_paper": entry.changed,
            "not_as_published": entry.note,
            "setting": asdict(entry.setting),
        }
        for name, entry in used.items()
    }


class Spent(NamedTuple):
    """What an epoch of a search takes, by its record.

    Attributes:
        steps: number of steps.
        images: number of training images of the search, in both parts; NaN where the record does not have it.
    """

    steps: int
    images: float


def spent_by(entry: Mapping[str, Any]) -> Spent:
    """The steps of an epoch and the number of images, from a method's entry in `study.json`."""
    setting, data = entry["setting"], entry["data"]
    images = data["images"] if isinstance(data, Mapping) else setting["images"]
    if setting["steps_per_epoch"] is not None:
        return Spent(setting["steps_per_epoch"], math.nan if images is None else images)
    training, _ = parts_of(images, setting.get("validation_share", 0.5))
    return Spent(training // setting["batch_size"], images)
