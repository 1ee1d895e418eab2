"""What `nasinit search` says before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.text.shown import in_epochs

if TYPE_CHECKING:
    from harness.search import Method, SearchSetting
    from harness.search.gradient.data import Images
    from harness.search.gradient.table_supernet import TableLosses
    from harness.spaces.node_split import NodeSplit
    from harness.studies.searches.record import Used


def of_networks(changed: Mapping[str, Any], setting: SearchSetting) -> dict[str, Any]:
    """Those of the options given that are about networks and images, by their names on the command line."""
    names = (
        "batch_size", "image_size", "images", "validation_share", "weight_lr", "memory_mb", "adversarial",
        "adversarial_epsilon", "adversarial_step", *(() if "size" in setting.mgda else ("width", "depth")),
    )  # fmt: skip
    return {f"--{name.replace('_', '-')}": changed[name] for name in names if name in changed}


def say_task(
    chosen: Method,
    space: str,
    preset: str,
    used: Used,
    images: Images | TableLosses | NodeSplit,
    seeds: Sequence[int],
    folder: Path,
) -> None:
    """Print what is searched, where, on what, and against what setting of the paper.

    Args:
        chosen: the method.
        space: name of the space.
        preset: name of the preset.
        used: what the searches use, and how it differs from the paper's.
        images: the images, the values of a table, or the graph.
        seeds: seeds of the searches.
        folder: folder of the outcome.
    """
    from harness.search.gradient.table_supernet import TableLosses as Losses
    from harness.spaces.node_split import NodeSplit as Graph
    from harness.studies.searches.record import changes_in_words

    print(f"{chosen.name}: {chosen.summary}\n    {chosen.source}")
    named = f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    if isinstance(images, Losses):
        print(f"in {space} on the expectation of {images.name}, which the search descends, {named}")
        print(f"{in_epochs(used.setting.epochs)} of {used.setting.steps_per_epoch} steps, into {folder}")
        print("a table supernet, which trains no weights: its result stands beside no search that does")
        return
    if isinstance(images, Graph):
        parts = f"{len(images.training):,} nodes train weights and {len(images.validation):,} choose"
        print(f"in {space} on the graph {used.data}, {used.images:,} nodes, of which {parts}, {named}")
    else:
        height, width = images.pixels.shape[-2:]
        print(f"in {space} on {used.images:,} images of {used.data}, {height} × {width} pixels, {named}")
    print(f"{in_epochs(used.setting.epochs)}, into {folder}")
    data_last = dict(sorted(used.changed.items(), key=lambda item: item[0] == "data"))
    if used.note:
        print(f"the preset paper is not as published: {used.note}")
    if preset == "reduced":
        print(f"the preset reduced: {chosen.presets_in(space).reduced_note}")
    against = "the preset paper" if used.note else "the published setting"
    print(f"against {against}: {changes_in_words(data_last) or 'nothing is changed'}")
