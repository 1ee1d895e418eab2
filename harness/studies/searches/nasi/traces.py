"""The approximate trace against the exact one, and that of relaxed networks against that of discrete ones."""

from __future__ import annotations

import pandas as pd
import torch

from harness.search.gradient.method import Moment, Parameters
from harness.search.gradient.nasi import squared_norm
from harness.search.gradient.relaxation import gumbel_softmax, one_hot
from harness.search.gradient.setting import SearchSetting
from harness.studies.kinds import Condition
from harness.studies.options import StudyOptions
from harness.studies.samples import scored_sample
from harness.studies.searches.nasi.cells import short_name
from harness.studies.searches.nasi.steps import GROUP
from harness.studies.searches.nasi.variants import VARIANTS, small_batch, small_supernet

APPROXIMATE, EXACT = "nasi_trace", "ntk_trace_exact"
SMALL = {"width": 4, "depth": 1, "batch_size": 8, "image_size": 16}
"""Sizes at which the exact trace, a backward pass for each sample and class, is affordable."""
MODES = {
    mode: Condition(f"batch norm in {mode} mode", {"input": "gaussian", "labels": "random", "bn": mode, **SMALL})
    for mode in ("train", "eval")
}
"""Conditions of the comparison by batch norm's mode."""


def approximate_and_exact(sample: int, options: StudyOptions) -> pd.DataFrame:
    """NASI's approximation ‖∇θ L‖² and the NTK's exact trace of random cells: `mode`, `architecture`, and both.

    Cells with a score that failed are left out. Scores in the study's store are not computed again.
    """
    parts = []
    for mode, condition in MODES.items():
        frame = scored_sample(condition, (APPROXIMATE, EXACT), sample, options)
        both = frame.pivot(index="architecture", columns="proxy", values="score").dropna().reset_index()
        both.insert(0, "mode", mode)
        parts.append(both.rename_axis(columns=None)[["mode", "architecture", APPROXIMATE, EXACT]])
    return pd.concat(parts, ignore_index=True)


def relaxed_and_discrete(draws: int, seed: int) -> pd.DataFrame:
    """The trace of the relaxed supernet and of the discrete network of the strongest operations, draw by draw.

    Both have the same weights and the same batch; the discrete network is the supernet with one operation an edge.

    Args:
        draws: number of draws of Gumbel noise, each with a batch of its own.
        seed: seed of the weights, the batches and the noise.

    Returns:
        `draw`, `cell` (in short), `relaxed` and `discrete`.

    Cost: one forward and one backward pass of the small supernet and one of a discrete network a draw.
    """
    base = VARIANTS["base"]
    supernet = small_supernet(base, seed)
    kept = {GROUP: torch.tensor(supernet.kept[GROUP])}
    rows = []
    for number in range(draws):
        moment = Moment(0, number, seed, SearchSetting(), supernet.groups, kept)
        batch = small_batch(base, moment, None)
        start = Parameters({GROUP: torch.zeros(supernet.groups[GROUP].shape)})
        weights = gumbel_softmax(start, moment, "trace").weights[GROUP]
        chosen = weights.argmax(dim=1)
        row: dict[str, object] = {"draw": number, "cell": short_name(chosen.tolist())}
        for name, table in (("relaxed", weights), ("discrete", one_hot(chosen, weights))):
            loss = torch.nn.functional.cross_entropy(supernet(batch.inputs, {GROUP: table}), batch.labels)
            parameters = dict(supernet.named_parameters())
            found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True, materialize_grads=True)
            row[name] = squared_norm(dict(zip(parameters, found, strict=True)))
        rows.append(row)
    return pd.DataFrame(rows)
