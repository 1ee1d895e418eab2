"""What the searches by gradients of a study ran on, and what they changed of the published settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from harness.search import find_method
from harness.search.gradient.data import Images, read_images, with_images
from harness.search.gradient.presets import PUBLISHED_DATA
from harness.search.gradient.setting import SearchSetting
from harness.studies.searches.runs import Failure, Run


class Used(NamedTuple):
    """What the searches of a method really run on.

    Attributes:
        data: `cifar10`, `digits` or `noise`.
        folder: name of the folder of CIFAR-10; None for other data.
        images: how many.
        setting: with that number.
        changed: name to the values in the published setting and in this one, data included.
        note: what of the published setting was not published.
    """

    data: str
    folder: str | None
    images: int
    setting: SearchSetting
    changed: dict[str, tuple[Any, Any]]
    note: str


def used_by(run: Run, images: Images | None = None) -> Used:
    """What a search runs on.

    Args:
        run: the search.
        images: that it trains on; None to read them.

    Raises:
        SearchError: images that do not fit its setting.
    """
    images = read_images(run.data, run.setting, run.seed, at_most=True) if images is None else images
    setting = with_images(run.setting, images)
    presets = find_method(run.method).presets_in(run.space)
    data = {} if images.name == PUBLISHED_DATA else {"data": (PUBLISHED_DATA, images.name)}
    folder = Path(run.data).name if images.name == PUBLISHED_DATA else None
    changed = {**data, **setting.difference(presets.paper)}
    return Used(images.name, folder, len(images), setting, changed, presets.note)


def by_method(runs: Sequence[Run]) -> dict[str, Used]:
    """What each method's searches run on."""
    first: dict[str, Run] = {}
    for run in runs:
        first.setdefault(run.method, run)
    return {method: used_by(run) for method, run in first.items()}


def in_a_line(used: Used) -> str:
    """What a search changes of the published setting."""
    return "; ".join([changes_in_words(used.changed), *([used.note] if used.note else [])])


def changes_in_words(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """Name by name the value in the published setting and in this one."""
    return ", ".join(f"{name} {_in_words(name, old)} -> {_in_words(name, new)}" for name, (old, new) in changed.items())


def _in_words(name: str, value: object) -> str:
    whole = "the data's own" if name == "image_size" else "all"
    return whole if value is None else str(value)


def searches_record(
    runs: Sequence[Run], used: Mapping[str, Used], failed: Mapping[Run, Failure]
) -> dict[str, dict[str, Any]]:
    """By method, for `study.json`: data, seeds, what failed, what differs from the paper, and the whole setting."""
    return {
        method: {
            "data": {"name": entry.data, "folder": entry.folder, "images": entry.images},
            "seeds": [run.seed for run in runs if run.method == method],
            "failed": {str(run.seed): failure.reason for run, failure in failed.items() if run.method == method},
            "changed_from_paper": entry.changed,
            "not_as_published": entry.note,
            "setting": asdict(entry.setting),
        }
        for method, entry in used.items()
    }
