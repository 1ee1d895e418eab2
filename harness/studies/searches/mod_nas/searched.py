"""The searches of the study, how many edges skip along them, and the gap between supernet and derived network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn

from harness.restoration.crops import Crops
from harness.restoration.protocol import evaluate
from harness.search import run_search
from harness.search.gradient.checkpoint import CHECKPOINT, read_checkpoint
from harness.search.gradient.pairs import drawn_pairs
from harness.spaces.mod_nas import ModNasArchitecture
from harness.spaces.mod_nas.supernet import CHOICES, GROUPS, NONE, SKIP, ModNasSupernet
from harness.studies.searches.mod_nas.sizes import MAIN_SIGMA, problem_of, space_of
from harness.studies.searches.restored.gap import Mixed, kept_gap
from harness.studies.searches.restored.images import StudyImages
from harness.studies.searches.restored.searches import Search

COLLAPSE = ("arm", "seed", "epoch", "skip_share", "none_share", "skip_weight", "none_weight")


class Found(NamedTuple):
    """What a search has found.

    Attributes:
        architecture: the derived architecture.
        weights: final weights by group, [E, O].
        log: the search's log.
        seconds: seconds of the processor.
        loss: the validation loss after the last epoch.
    """

    architecture: ModNasArchitecture
    weights: Mapping[str, Tensor]
    log: pd.DataFrame
    seconds: float
    loss: float


def searched(search: Search, images: StudyImages, out: Path) -> Found:
    """Run a search, go on with it, or read it, in its folder below `out`."""
    space, setting = space_of(search.arm), search.setting
    crops = Crops(images.training, space.problem, space.shape["channels"].default)
    pairs = drawn_pairs(crops, images.name, space, setting, search.seed)
    result = run_search(space, "mod-nas", setting, data=pairs, seed=search.seed, out=search.folder(out))
    assert isinstance(result.architecture, ModNasArchitecture)
    seconds, loss = float(result.log["cpu_seconds"].sum()), float(result.log["validation_loss"].iloc[-1])
    return Found(result.architecture, result.weights, result.log, seconds, loss)


def inherited(search: Search, found: Found, out: Path) -> nn.Module:
    """The derived network with the weights that it has in the supernet of the search."""
    return space_of(search.arm).inherited(_supernet(search, out), found.architecture)


def searches_frame(found: Mapping[Search, Found], images: StudyImages, out: Path) -> pd.DataFrame:
    """A row for each search.

    Returns:
        `arm`, `seed`, `architecture`, `nodes`, `parameters`, `cpu_seconds`, `validation_loss`, and of the first test
        set `supernet_psnr_db` (with the search's own weights), `derived_psnr_db` (the derived network with inherited
        weights, not trained further) and `gap_db`, the former less the latter.
    """
    rows = []
    for search, one in found.items():
        supernet, derived = _gap(search, one, images, out)
        rows.append(
            {
                "arm": search.arm, "seed": search.seed, "architecture": str(one.architecture),
                "nodes": len(one.architecture.nodes),
                "parameters": space_of(search.arm).sizes(one.architecture, width=search.setting.width).parameters,
                "cpu_seconds": one.seconds, "validation_loss": one.loss, "supernet_psnr_db": supernet,
                "derived_psnr_db": derived, "gap_db": supernet - derived,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def collapse_frame(found: Mapping[Search, Found]) -> pd.DataFrame:
    """How much of each search skips: `COLLAPSE`, a row for each epoch (from 1).

    `skip_share` and `none_share` are shares of the edges whose largest weight is that of `skip_connect` or of `none`,
    `skip_weight` and `none_weight` the mean weights of these.
    """
    return pd.DataFrame(
        [row for search, one in found.items() for row in _collapse(search, one)], columns=list(COLLAPSE)
    )


def _collapse(search: Search, found: Found) -> Iterator[tuple[Any, ...]]:
    operations = GROUPS[CHOICES].operations
    skip, none = operations.index(SKIP), operations.index(NONE)
    for epoch, text in zip(found.log["epoch"], found.log["operation_weights"], strict=True):
        table = torch.tensor(json.loads(text)[CHOICES], dtype=torch.float64)
        largest = table.argmax(dim=1)
        shares = (float((largest == each).double().mean()) for each in (skip, none))
        yield search.arm, search.seed, int(epoch), *shares, *(float(table[:, each].mean()) for each in (skip, none))


def _supernet(search: Search, out: Path) -> ModNasSupernet:
    supernet = space_of(search.arm).supernet(width=search.setting.width, depth=search.setting.depth)
    supernet.load_state_dict(read_checkpoint(search.folder(out) / CHECKPOINT).supernet)
    return supernet


def _gap(search: Search, found: Found, images: StudyImages, out: Path) -> tuple[float, float]:
    """PSNR of the supernet and of the derived network on the first test set; kept beside the search."""

    def measured() -> tuple[float, float]:
        tests, problem = next(iter(images.tests.values())), problem_of(MAIN_SIGMA)
        supernet = Mixed(_supernet(search, out), found.weights)
        return evaluate(supernet, tests, problem).psnr, evaluate(inherited(search, found, out), tests, problem).psnr

    return kept_gap(search.folder(out), measured)
