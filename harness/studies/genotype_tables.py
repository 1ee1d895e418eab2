"""DARTS genotypes as tables: size, printed error, scores, and the percentiles of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.evaluation import PUBLISHED_GENOTYPES
from harness.spaces import open_space

SPACE = "darts"
EVALUATION = {"width": 36, "depth": 20}
"""The CIFAR-10 network of the papers, whose size they print."""
_MILLION = 1e6


class Named(NamedTuple):
    """A genotype and what it is called; the error is what its paper prints, in per cent."""

    name: str
    kind: str
    architecture: str
    error: float = float("nan")
    error_std: float = float("nan")


def published() -> list[Named]:
    """The genotypes that papers found."""
    return [
        Named(entry.name, "published", entry.key(), entry.cifar10_error, entry.cifar10_error_std)
        for entry in PUBLISHED_GENOTYPES
    ]


def found(log: pd.DataFrame) -> list[Named]:
    """The last choice of each search of a log with `method` and `seed`."""
    last = log.groupby(["method", "seed"], sort=False).tail(1)
    return [
        Named(f"{row['method']}, seed {row['seed']}", "found here", str(row["architecture"]))
        for row in last.to_dict("records")
    ]


def table_of(named: Sequence[Named], scores: pd.DataFrame) -> pd.DataFrame:
    """A row a genotype: its name, kind, size of the papers' network, published error, text, and its scores."""
    space = open_space(SPACE)
    values = _wide(scores).to_dict("index")
    rows = []
    for item in named:
        genotype = space.parse(item.architecture)
        rows.append(
            {
                "genotype": item.name,
                "kind": item.kind,
                "params_m": space.parameter_count(genotype, **EVALUATION) / _MILLION,
                "skip_connections": item.architecture.count("skip_connect"),
                "published_error_pct": item.error,
                "published_error_std_pct": item.error_std,
                "architecture": str(genotype),
                **{str(proxy): score for proxy, score in values[space.key(genotype)].items()},
            }
        )
    return pd.DataFrame(rows)


def percentiles(named: Sequence[Named], scores: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """By genotype and proxy: the share in per cent of the others that score less, ties by half.

    Args:
        named: the rows.
        scores: of these.
        others: of the genotypes that they are held against; only proxies that these have are columns.
    """
    space = open_space(SPACE)
    ours, theirs = _wide(scores), _wide(others)
    shared = [name for name in ours.columns if name in theirs.columns and theirs[name].notna().any()]
    values = ours.to_dict("index")
    rows = {}
    for item in named:
        own = values[space.key(space.parse(item.architecture))]
        rows[item.name] = {name: _percentile(own[name], theirs[name].dropna().to_numpy()) for name in shared}
    return pd.DataFrame.from_dict(rows, orient="index", columns=shared)


def markdown(table: pd.DataFrame, places: pd.DataFrame, among: str) -> str:
    """Two tables: the genotypes, and the percentiles of their scores."""
    lines = [
        "| genotype | params (M), C = 36, 20 cells | skip connections | published CIFAR-10 error (%) |",
        "| --- | ---: | ---: | ---: |",
    ]
    for row in table.to_dict("records"):
        error, deviation = row["published_error_pct"], row["published_error_std_pct"]
        printed = "–" if np.isnan(error) else f"{error:.2f} ± {deviation:.2f}"
        lines.append(f"| {row['genotype']} | {row['params_m']:.2f} | {row['skip_connections']} | {printed} |")
    lines += ["", f"Percentile of each score among {among}, ties by half.", ""]
    lines += [f"| proxy | {' | '.join(places.index)} |", f"| --- |{' ---: |' * len(places)}"]
    for name in places.columns:
        cells = ["–" if np.isnan(value) else f"{value:.0f}" for value in places[name]]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _wide(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores by the genotype's key and the proxy, NaN where there is none."""
    space = open_space(SPACE)
    keys = {text: space.key(space.parse(text)) for text in scores["architecture"].unique()}
    frame = scores.assign(key=scores["architecture"].map(keys)).drop_duplicates(["key", "proxy"])
    wide: pd.DataFrame = frame.pivot(index="key", columns="proxy", values="score")
    return wide[[name for name in dict.fromkeys(scores["proxy"]) if name in wide.columns]]


def _percentile(value: float, others: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    if np.isnan(value):
        return float("nan")
    return 100 * float(np.mean(others < value) + np.mean(others == value) / 2)
