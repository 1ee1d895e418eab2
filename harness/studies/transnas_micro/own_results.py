"""Whether scores of a task's own network rank the task better than those of a classifier of scenes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from harness.evaluation import Table
from harness.evaluation.comparison import verdict as told_apart
from harness.stats import resampled_coefficients
from harness.stats.intervals import percentile_interval
from harness.stats.names import BASELINES, COEFFICIENTS
from harness.stats.paired import holm, p_value_of_no_difference
from harness.studies.samples import LEAST
from harness.studies.searches.claims import OURS, Claimed, verdict
from harness.studies.transnas_micro.own import CLAIMED

_INTERVALS = tuple(f"{name}{end}" for name in ("own", "scene", "difference") for end in ("", "_low", "_high"))
_COLUMNS = ("pool", "task", "proxy", "n", *_INTERVALS, "p", "agreement", "p_holm", "verdict")
_MEANS = ("pool", "task", "proxies", "n", *_INTERVALS[-3:])


@dataclass(frozen=True)
class OwnResults:
    """Whether scores of a task's own network rank it better than those of the scene classifier of the same cells.

    Attributes:
        frame: a row for each pool, task and proxy that both networks have scores of, but `params` and `flops`: `n`,
            Spearman's coefficients with the task's test value `own` and `scene` with `_low` and `_high`, `difference`
            (own less scene) with its interval, `p` of no difference, `agreement`, Spearman's coefficient between the
            two scores, `p_holm` corrected for all rows of the pool, and `verdict`: `better`, `worse` or
            `not distinguishable`.
        means: a row for each pool and task: the mean `difference` over its proxies with its interval, `proxies`
            and `n`.
    """

    frame: pd.DataFrame
    means: pd.DataFrame


def beside_scene(
    own: Mapping[str, pd.DataFrame],
    scene: pd.DataFrame,
    table: Table,
    columns: Mapping[str, str],
    pools: Mapping[str, Sequence[str]],
    *,
    resamples: int = 1000,
) -> OwnResults:
    """Scores of each task's own network beside those of scene classifiers, on the same cells and resamples of cells.

    A proxy is compared on a task if each of its scores is there for at least half of the cells and varies; all proxies
    of a task on the cells that all of them have scored.

    Args:
        own: by task, scores of its own network, as `harness.run` returns them.
        scene: scores of the scene classifiers.
        table: the table of the tasks.
        columns: by task, the column of its test value.
        pools: keys of the cells of each pool.
        resamples: bootstrap resamples of the cells.
    """
    rows, means = [], []
    for pool, keys in pools.items():
        of_pool: list[dict[str, Any]] = []
        for task, frame in own.items():
            both = _common(frame, scene, keys)
            if both is None:
                continue
            found, mean = _differences(both, table.values(list(both.index), columns[task]), resamples)
            of_pool += [{"pool": pool, "task": task, **row} for row in found]
            means.append({"pool": pool, "task": task, **mean})
        adjusted = holm([row["p"] for row in of_pool])
        rows += [
            {**row, "p_holm": p, "verdict": told_apart(float(row["difference"]), p)}
            for row, p in zip(of_pool, adjusted.tolist(), strict=True)
        ]
    return OwnResults(pd.DataFrame(rows, columns=list(_COLUMNS)), pd.DataFrame(means, columns=list(_MEANS)))


def _common(own: pd.DataFrame, scene: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame | None:
    """Scores of both networks on cells that have all, columns (network, proxy); None where nothing can be compared."""
    wide = {
        name: frame.pivot(index="architecture", columns="proxy", values="score")
        for name, frame in (("own", own), ("scene", scene))
    }
    there = wide["own"].index[wide["own"].index.isin(keys) & wide["own"].index.isin(wide["scene"].index)]
    wide = {name: frame.loc[there] for name, frame in wide.items()}
    proxies = [
        name
        for name in scene["proxy"].unique()
        if name not in BASELINES and all(name in part and part[name].notna().mean() >= 0.5 for part in wide.values())
    ]
    both = pd.concat({name: part[proxies] for name, part in wide.items()}, axis=1).dropna()
    varying = [name for name in proxies if all(both[part][name].nunique() > 1 for part in wide)]
    if not varying or len(both) < LEAST:
        return None
    return both.loc[:, [(part, name) for part in wide for name in varying]]


def _differences(
    both: pd.DataFrame, values: npt.ArrayLike, resamples: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A row for each proxy, and the mean over the proxies, all on the same resamples."""
    found = resampled_coefficients(
        both.to_numpy().T, values, generator=np.random.default_rng(0), resamples=resamples, wanted=["spearman"]
    )
    place, count = COEFFICIENTS.index("spearman"), both.shape[1] // 2
    estimates, drawn = found.estimates[:, place], found.values[:, :, place]
    difference, spread = estimates[:count] - estimates[count:], drawn[:count] - drawn[count:]
    rows: list[dict[str, Any]] = [
        {
            "proxy": proxy, "n": len(both),
            **dict(_interval("own", estimates[number], drawn[number])),
            **dict(_interval("scene", estimates[count + number], drawn[count + number])),
            **dict(_interval("difference", difference[number], spread[number])),
            "p": p_value_of_no_difference(float(difference[number]), spread[number]),
            "agreement": float(both["own"][proxy].corr(both["scene"][proxy], "spearman")),
        }
        for number, proxy in enumerate(both["own"].columns)
    ]  # fmt: skip
    mean = dict(_interval("difference", difference.mean(), spread.mean(axis=0)))
    return rows, {"proxies": count, "n": len(both), **mean}


def own_claims(found: OwnResults) -> Iterator[Claimed]:
    """What the study says of each task, among networks without dead branches; all of it is our own question."""
    frame, means = (part[part["pool"] == CLAIMED].set_index("task") for part in (found.frame, found.means))
    for task, mean in means.iterrows():
        rows = frame.loc[[task]]
        of_task = f"{int(mean['proxies'])} proxies, {int(mean['n'])} networks"
        yield Claimed(
            f"in the mean over proxies, scores of the network of {task} rank it better than those of a classifier of "
            f"scenes ({OURS})",
            "",
            f"a difference of {_in_words(mean)}, {of_task}",
            verdict(bool(mean["difference_low"] > 0)),
        )
        better, worse = (int((rows["verdict"] == one).sum()) for one in ("better", "worse"))
        most = rows.loc[rows["difference"].to_numpy() == rows["difference"].max()].iloc[0]
        yield Claimed(
            f"some proxy ranks {task} better by the scores of its own network ({OURS})",
            "",
            f"{better} of {len(rows)} better, {worse} worse after correction for all tasks; most gains "
            f"{most['proxy']}, {_in_words(most)}",
            verdict(better > 0),
        )


def _in_words(row: pd.Series[Any]) -> str:
    value, low, high = (float(row[f"difference{end}"]) for end in ("", "_low", "_high"))
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f})"


def _interval(name: str, value: float, drawn: npt.NDArray[np.float64]) -> Iterator[tuple[str, Any]]:
    low, high = percentile_interval(drawn, 0.95)
    yield from ((name, float(value)), (f"{name}_low", low), (f"{name}_high", high))
