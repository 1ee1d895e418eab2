"""The searches of the study, what is sparse along them, and the gap between supernet and derived network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn

from harness.restoration.crops import Crops
from harness.restoration.protocol import evaluate
from harness.search import run_search
from harness.search.gradient.checkpoint import CHECKPOINT, read_checkpoint
from harness.search.gradient.pairs import drawn_pairs
from harness.search.gradient.relaxation import entropy
from harness.search.gradient.sparsestmax import sparsemax, sparsestmax
from harness.search.gradient.trilevel import CHOICES, LOGITS, NODES, WIDTHS, radius_after
from harness.spaces.trilevel.notation import TrilevelArchitecture
from harness.spaces.trilevel.supernet import TrilevelSupernet
from harness.studies.searches.restored.gap import Mixed, kept_gap
from harness.studies.searches.restored.images import StudyImages
from harness.studies.searches.restored.searches import Search
from harness.studies.searches.trilevel.sizes import MAIN, small_space

SPARSITIES = ("softmax", "sparsemax", "sparsestmax")


class Found(NamedTuple):
    """What a search has found.

    Attributes:
        architecture: the derived architecture.
        weights: final weights by group, [E, O]; of widths the probabilities.
        logits: logits after each epoch by group, [epochs, E, O].
        seconds: seconds of the processor.
        loss: the validation loss after the last epoch.
    """

    architecture: TrilevelArchitecture
    weights: Mapping[str, Tensor]
    logits: Mapping[str, Tensor]
    seconds: float
    loss: float


def searched(search: Search, images: StudyImages, out: Path) -> Found:
    """Run a search, go on with it, or read it, in its folder below `out`."""
    space, setting = small_space(), search.setting
    crops = Crops(images.training, space.problem, space.shape["channels"].default)
    pairs = drawn_pairs(crops, images.name, space, setting, search.seed)
    result = run_search(
        space, "trilevel", setting, data=pairs, seed=search.seed, out=search.folder(out)
    )  # fmt: skip
    assert isinstance(result.architecture, TrilevelArchitecture)
    logits = {name.removeprefix(LOGITS): table for name, table in result.memory.items() if name.startswith(LOGITS)}
    log = result.log
    return Found(
        result.architecture, result.weights, logits, float(log["cpu_seconds"].sum()),
        float(log["validation_loss"].iloc[-1]),
    )  # fmt: skip


def inherited(search: Search, found: Found, out: Path) -> nn.Module:
    """The derived network with the weights that it has in the supernet of the search."""
    return small_space().inherited(_supernet(search, out), found.architecture)


def searches_frame(found: Mapping[Search, Found], images: StudyImages, out: Path) -> pd.DataFrame:
    """A row for each search.

    Returns:
        `arm`, `sparsity`, `order_weight`, `seed`, `architecture`, `cells`, `upsamplings`, `parameters`, `cpu_seconds`,
        `validation_loss`, and of the first test set `supernet_psnr_db` (with the search's own weights, each width the
        most probable one), `derived_psnr_db` (the derived network with inherited weights, not trained further) and
        `gap_db`, the former less the latter.
    """
    rows = []
    for search, one in found.items():
        supernet, derived = _gap(search, one, images, out)
        setting = search.setting
        rows.append(
            {
                "arm": search.arm, "sparsity": setting.sparsity, "order_weight": setting.order_weight,
                "seed": search.seed, "architecture": str(one.architecture),
                "cells": one.architecture.path.count(0), "upsamplings": one.architecture.path.count(1),
                "parameters": small_space().sizes(one.architecture).parameters, "cpu_seconds": one.seconds,
                "validation_loss": one.loss, "supernet_psnr_db": supernet, "derived_psnr_db": derived,
                "gap_db": supernet - derived,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def sparsity_frame(found: Mapping[Search, Found]) -> pd.DataFrame:
    """Supports and entropies of three functions of the same logits along the searches of the main arm.

    Returns:
        A row for each seed, epoch (from 1), group (`nodes`, `operations`) and function: `radius` of sparsestmax after
        the epoch, `support` (weights above 0, mean over rows) and `entropy_nats` (mean over rows).
    """
    return pd.DataFrame(
        [row for search, one in found.items() if search.arm == MAIN for row in _along(search, one)],
        columns=["seed", "epoch", "radius", "group", "function", "support", "entropy_nats"],
    )


def _along(search: Search, found: Found) -> Iterator[tuple[int, int, float, str, str, float, float]]:
    for group in (NODES, CHOICES):
        for epoch, logits in enumerate(found.logits[group]):
            radius = radius_after(search.setting, epoch)
            for function, weights in _weighed(logits, radius).items():
                support = float((weights > 0).sum(dim=1).double().mean())
                yield search.seed, epoch + 1, radius, group, function, support, entropy({group: weights})


def _weighed(logits: Tensor, radius: float) -> dict[str, Tensor]:
    values: Sequence[Tensor] = (logits.softmax(dim=1), sparsemax(logits), sparsestmax(logits, radius))
    return dict(zip(SPARSITIES, values, strict=True))


def _supernet(search: Search, out: Path) -> TrilevelSupernet:
    supernet = small_space().supernet(width=search.setting.width)
    supernet.load_state_dict(read_checkpoint(search.folder(out) / CHECKPOINT).supernet)
    return supernet


def _gap(search: Search, found: Found, images: StudyImages, out: Path) -> tuple[float, float]:
    """PSNR of the supernet and of the derived network on the first test set; kept beside the search."""

    def measured() -> tuple[float, float]:
        hard = torch.zeros_like(found.weights[WIDTHS]).scatter(1, found.weights[WIDTHS].argmax(dim=1, keepdim=True), 1)
        tests, problem = next(iter(images.tests.values())), small_space().problem
        supernet = Mixed(_supernet(search, out), {**found.weights, WIDTHS: hard})
        return evaluate(supernet, tests, problem).psnr, evaluate(inherited(search, found, out), tests, problem).psnr

    return kept_gap(search.folder(out), measured)
