"""What the scores say: rank correlation with accuracy, beside sizes, validation and a second training; claims."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from harness.evaluation.comparison import Comparison, compare
from harness.evaluation.ranking import correlate
from harness.setting import derived_seed
from harness.stats import resampled_coefficients
from harness.stats.intervals import percentile_interval
from harness.studies.restoration_proxies.resampled import Resampled, above_every_proxy
from harness.studies.restoration_proxies.results import coefficients, in_words, of_resampled, ranked_by
from harness.studies.restoration_proxies.scored import ranked_proxies
from harness.studies.samples import LEAST
from harness.studies.sane_proxies.scored import BASELINES, LAYERS_READ, with_rows
from harness.studies.sane_proxies.supernets import KINDS, as_proxies
from harness.studies.searches.claims import OURS, Claimed, verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.evaluation import Table

    FloatArray = NDArray[np.float64]

VALIDATION, AGAIN = "validation accuracy", "another training"
"""In the place of a proxy: accuracy on the validation nodes, and accuracy after the training by another seed."""
AGAINST = ("params", LAYERS_READ)
"""Baselines that all others are compared with."""
_SEED = "_seed"
_CONFIDENCE = 0.95


class Found(NamedTuple):
    """What is found on a graph.

    Attributes:
        coefficients: a row for each column and proxy, as of `harness.studies.restoration_proxies.results.coefficients`.
        against: by the baseline the comparison of all others with it, on the main column.
        again: how far another training's coefficient lies above the best of all scores.
        supernets: from `between_supernets`.
        finished: number of supernets whose scores are there.
    """

    coefficients: pd.DataFrame
    against: Mapping[str, Comparison]
    again: Resampled
    supernets: pd.DataFrame
    finished: int


def columns_of(table: Table) -> list[str]:
    """Columns of the mean accuracies: on the validation nodes, and, which is the main one, on the test nodes."""
    return [name for name in table.column_names if name.endswith("_pct")]


def found_on(scores: pd.DataFrame, supernets: pd.DataFrame, table: Table, *, resamples: int = 1000) -> Found:
    """What the scores of a graph say.

    Args:
        scores: scores of the table's genotypes by proxies, baselines and supernets.
        supernets: the supernets' scores, `harness.studies.sane_proxies.supernets.COLUMNS`.
        table: the table.
        resamples: bootstrap resamples of the genotypes.
    """
    frame = scores[scores["proxy"].isin([*ranked_proxies(scores), *BASELINES])]
    valid, test = columns_of(table)
    rankings = {column: correlate(frame, table, column, resamples=resamples) for column in (test, valid)}
    name = table.facts.name
    parts = [coefficients(rankings, name), ranked_by(VALIDATION, table, valid, test, resamples)]
    for column in (test, valid):
        seeds = [each for each in table.column_names if each.startswith(f"{column}{_SEED}")]
        if len(seeds) > 1:
            parts.append(ranked_by(AGAIN, table, seeds[1], seeds[0], resamples).assign(column=column))
    return Found(
        pd.concat(parts, ignore_index=True),
        {each: compare(rankings[test], each, resamples=resamples) for each in AGAINST if _varies(frame, each)},
        above_every_proxy(scores, table, test, BASELINES, resamples=resamples),
        between_supernets(supernets, resamples=resamples),
        supernets["seed"].nunique(),
    )


def _varies(frame: pd.DataFrame, proxy: str) -> bool:
    return bool(frame.loc[frame["proxy"] == proxy, "score"].nunique() > 1)


def between_supernets(supernets: pd.DataFrame, *, resamples: int = 1000) -> pd.DataFrame:
    """How two supernets rank the same genotypes: `graph`, `kind`, `first`, `second`, `n` and both coefficients.

    The coefficients are `spearman` and `kendall_tau_b`, with `_low` and `_high` over resampled genotypes; NaN where one
    side is the same for all.

    Args:
        supernets: the supernets' scores, of one graph.
        resamples: bootstrap resamples of the genotypes.
    """
    names = ("spearman", "kendall_tau_b")
    rows = []
    for kind in KINDS:
        wide = supernets.pivot(index="architecture", columns="seed", values=kind)
        for first, second in combinations(wide.columns, 2):
            row = {"graph": supernets["graph"].iloc[0], "kind": kind, "first": first, "second": second, "n": len(wide)}
            numbers = [math.nan] * 6
            if len(wide) >= LEAST and wide[first].nunique() > 1 and wide[second].nunique() > 1:
                numbers = _with_intervals(wide[first].to_numpy(), wide[second].to_numpy(), names, resamples)
            keys = [f"{name}{end}" for name in names for end in ("", "_low", "_high")]
            rows.append({**row, **dict(zip(keys, numbers, strict=True))})
    return pd.DataFrame(rows)


def _with_intervals(one: FloatArray, other: FloatArray, names: Sequence[str], resamples: int) -> list[float]:
    generator = np.random.default_rng(derived_seed(0, "sane-proxies", "between supernets"))
    found = resampled_coefficients(one[None], other, generator=generator, resamples=resamples, wanted=names)
    numbers = []
    for place in range(len(names)):
        low, high = percentile_interval(found.values[0, :, place], _CONFIDENCE)
        numbers += [float(found.estimates[0, place]), low, high]
    return numbers


def with_supernets(scores: pd.DataFrame, supernets: pd.DataFrame) -> pd.DataFrame:
    """Scores with those of the supernets as rows of proxies."""
    return with_rows(scores, as_proxies(supernets)) if len(supernets) else scores


def study_claims(found: Mapping[str, Found], supernets: int) -> Iterator[Claimed]:
    """What the study says; all of it is our own question. A coefficient is above 0 where its interval is.

    Args:
        found: from `found_on`, by the name of the table.
        supernets: number of supernets of each graph; where the scores of one are the same for all, it ranks nothing.
    """
    for name, own in found.items():
        test = own.coefficients["column"].iloc[0]
        rows = own.coefficients[own.coefficients["column"] == test].set_index("proxy")
        for kind, words in (
            ("one_shot_accuracy", "accuracy with a supernet's weights"),
            ("log_ratio", "the supernet's operation weights"),
        ):
            yield _of_supernets(
                f"{words} rank{'s' if kind != 'log_ratio' else ''} {name} ({OURS})",
                kind,
                rows,
                whole=own.finished == supernets,
            )
        yield from _against(name, own)
        yield _again(name, own.again)
        yield _agreed(name, own)


def _of_supernets(claim: str, kind: str, rows: pd.DataFrame, *, whole: bool) -> Claimed:
    """Whether the coefficients of all supernets have intervals above 0; one whose scores do not differ has none."""
    there = [row for name, row in rows.iterrows() if str(name).startswith(f"{kind}_")]
    words = ", ".join(in_words(row) for row in there) or "no supernet whose scores differ"
    held = bool(there) and all(row["spearman_low"] > 0 for row in there) if whole else None
    return Claimed(claim, "", f"Spearman with test accuracy {words}", verdict(held))


def _against(name: str, own: Found) -> Iterator[Claimed]:
    """Whether any proxy, and any score of a supernet, ranks better than each baseline."""
    printed = {"params": "the number of parameters", LAYERS_READ: "the number of layers that are read"}
    for baseline, comparison in own.against.items():
        frame = comparison.frame
        of_baseline = frame[frame["proxy"] == baseline].iloc[0]
        others = frame[~frame["proxy"].isin(BASELINES)]
        of_supernet = others["proxy"].str.startswith(tuple(f"{kind}_" for kind in KINDS))
        for kind, part in (("a proxy", others[~of_supernet]), ("a supernet's score", others[of_supernet])):
            claim = f"{kind} ranks {name} better than {printed[baseline]} does ({OURS})"
            if part.empty:
                yield Claimed(claim, "", "no scores that differ", verdict(None))
                continue
            better = int((part["verdict"] == "better").sum())
            yield Claimed(
                claim, "",
                f"{better} of {len(part)} after correction for all pairs; the highest is {part.iloc[0]['proxy']} "
                f"{in_words(part.iloc[0])}, {baseline} {in_words(of_baseline)}, {comparison.n} networks",
                verdict(better > 0),
            )  # fmt: skip


def _again(name: str, ahead: Resampled) -> Claimed:
    claim = f"another training ranks {name} better than every proxy and supernet does ({OURS})"
    if not ahead.best:
        return Claimed(claim, "", "too few second trainings", verdict(None))
    words = f"by {of_resampled(ahead)} against {ahead.best}, the best of all, on {ahead.number} networks trained twice"
    return Claimed(claim, "", words, verdict(ahead.low > 0))


def _agreed(name: str, own: Found) -> Claimed:
    claim = f"two supernets rank {name} alike by the accuracy of their paths ({OURS})"
    rows = own.supernets[own.supernets["kind"] == KINDS[0]] if len(own.supernets) else own.supernets
    if rows.empty or rows["spearman"].isna().all():
        held = None if own.finished < 2 else False
        return Claimed(claim, "", "fewer than two supernets whose scores differ", verdict(held))
    return Claimed(
        claim, "", "Spearman " + ", ".join(in_words(row) for _, row in rows.iterrows()),
        verdict(bool((rows["spearman_low"] > 0).all())),
    )  # fmt: skip
