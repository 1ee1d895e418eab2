"""Scores under several seeds of the weights: each seed's own, and their mean by architecture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ScoresError
from harness.evaluation.checked_scores import check_frame, check_frames
from harness.evaluation.matching import Matched, matched_scores
from harness.scoring.seeds import SEED
from harness.text.shown import plain

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from harness.spaces.space import Space


class MatchedSeeds(NamedTuple):
    """Scores under one seed or several, by the keys of their architectures.

    Attributes:
        matched: the scores of one seed; of several, each architecture's mean, which is NaN where a seed of the proxy
            has no score of it. Its rows are those of the first score, or of the first one that is missing.
        seeds: labels of the seeds, in the order of the scores; empty for scores of one seed.
        scores: the scores of each seed: `architecture` (its key), `proxy`, `score` (NaN if missing), `seed`; without
            rows for scores of one seed.
    """

    matched: Matched
    seeds: tuple[str, ...]
    scores: pd.DataFrame


def frames_by_seed(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each seed by its label; empty for scores that name no seed, or only one.

    Raises:
        ScoresError: no frame, or some rows name a seed and others do not.
    """
    check_frame(frame)
    if SEED not in frame.columns or frame[SEED].nunique(dropna=False) < 2:
        return {}
    if frame[SEED].isna().any():
        place = int(frame[SEED].isna().to_numpy().argmax())
        raise ScoresError(f"row {place} (from 0) of the scores names no seed, but others do: fill the column {SEED!r}")
    labels = _labels(frame)
    if len(set(labels)) < 2:
        return {}
    return {label: _alike(frame[labels == label], frame) for label in dict.fromkeys(labels)}


def each_seed_alone(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Frames by label, where a frame of several seeds stands as one for each of them.

    Raises:
        ScoresError: something else than frames by label; some rows of a frame name a seed and others do not.
    """
    check_frames(frames)
    found: dict[str, pd.DataFrame] = {}
    for label, frame in frames.items():
        of_seeds = frames_by_seed(frame)
        found.update({f"{label}, seed {seed}": part for seed, part in of_seeds.items()} or {label: frame})
    return found


def matched_over_seeds(frame: pd.DataFrame, space: Space) -> MatchedSeeds:
    """The scores of a frame by the keys of the space, under one seed or several.

    Args:
        frame: the scores; a column `seed` tells several seeds apart.
        space: space of the architectures.

    Raises:
        ScoresError: what `matched_scores` refuses for the scores of one seed, or rows without a seed among others.
        SpaceError: a text that is no architecture of the space.
    """
    import numpy as np
    import pandas as pd

    parts = frames_by_seed(frame)
    if not parts:
        return MatchedSeeds(matched_scores(frame, space), (), pd.DataFrame())
    labels = _labels(frame)
    found = {label: matched_scores(part, space) for label, part in parts.items()}
    every = pd.concat(
        [one.scores.assign(seed=label, row=np.flatnonzero(labels == label)[one.rows]) for label, one in found.items()],
        ignore_index=True,
    )
    of_proxy = every.groupby("proxy")[SEED].transform("nunique")
    grouped = every.groupby(["architecture", "proxy"])
    missing = every["score"].isna()
    whole = (grouped[SEED].transform("size") == of_proxy) & ~missing.groupby(
        [every["architecture"], every["proxy"]]
    ).transform("any")
    every["mean"] = grouped["score"].transform("mean").where(whole)
    leading = every.assign(missing=missing).sort_values("missing", ascending=False, kind="stable")
    chosen = leading.drop_duplicates(["architecture", "proxy"]).set_index(["architecture", "proxy"])
    order = pd.MultiIndex.from_frame(every[["architecture", "proxy"]].drop_duplicates())
    chosen = chosen.loc[order].reset_index()
    means = pd.DataFrame({"architecture": chosen["architecture"], "proxy": chosen["proxy"], "score": chosen["mean"]})
    matched = Matched(
        means,
        {key: item for one in found.values() for key, item in one.architectures.items()},
        {key: text for one in reversed(found.values()) for key, text in one.written.items()},
        tuple(dict.fromkeys(text for one in found.values() for text in one.repeated)),
        chosen["row"].to_numpy(),
    )
    return MatchedSeeds(matched, tuple(found), every[["architecture", "proxy", "score", SEED]])


def _alike(part: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """A part of a frame that carries what the frame carries."""
    part.attrs = dict(frame.attrs)
    return part


def _labels(frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """The label of each row's seed."""
    import numpy as np

    return np.array([_label(seed) for seed in frame[SEED].tolist()], dtype=object)


def _label(seed: object) -> str:
    """A seed as text; whole numbers are one seed as integers, as floats of a column with gaps, and as texts.

    >>> _label(3), _label(3.0), _label("3"), _label(" 3.0"), _label("first")
    ('3', '3', '3', '3', 'first')
    """
    text = str(seed).strip()
    whole = re.fullmatch(r"([+-]?\d+)(\.0*)?", text)
    return plain(str(int(whole[1])) if whole else text)
