"""What the scores say: rank correlation with PSNR, beside sizes, validation and a second training; claims."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from harness.evaluation.comparison import Comparison, compare
from harness.evaluation.ranking import Ranking, correlate
from harness.studies.restoration_proxies.resampled import Resampled
from harness.studies.restoration_proxies.scored import ranked_proxies
from harness.studies.samples import LEAST
from harness.studies.searches.claims import OURS, Claimed, verdict

if TYPE_CHECKING:
    from harness.evaluation import Table

VALIDATION, AGAIN = "validation PSNR", "another training"
"""In the place of a proxy: PSNR on the held-out images, and on the same images after the training by another seed."""
BASELINES = ("params", "flops")
_PSNR = "_psnr_db"
_ENDS = ("", "_low", "_high")


def psnr_columns(table: Table) -> list[str]:
    """Columns of PSNR, means over the trainings: of the held-out images first, then of the test sets."""
    return [name for name in table.column_names if name.endswith(_PSNR)]


def main_column(table: Table) -> str:
    """The column of PSNR on the first test set, by which proxies are judged."""
    return psnr_columns(table)[1]


def rankings_of(scores: pd.DataFrame, table: Table, *, resamples: int = 1000) -> dict[str, Ranking]:
    """The ranking of all ranked proxies by each column of PSNR.

    Args:
        scores: scores of the table's architectures, with `params` and `flops`.
        table: the table.
        resamples: bootstrap resamples of the architectures.
    """
    frame = scores[scores["proxy"].isin([*ranked_proxies(scores), *BASELINES])]
    return {column: correlate(frame, table, column, resamples=resamples) for column in psnr_columns(table)}


def coefficients(rankings: Mapping[str, Ranking], name: str) -> pd.DataFrame:
    """A row for each column and proxy: `table`, `column`, `proxy`, `n`, `spearman`, `kendall_tau_b` and intervals.

    Args:
        rankings: from `rankings_of`.
        name: name of the table.
    """
    wanted = ["proxy", "n", *(f"{each}{end}" for each in ("spearman", "kendall_tau_b") for end in _ENDS)]
    parts = []
    for column, ranking in rankings.items():
        part = ranking.frame[wanted].copy()
        part.insert(0, "column", column)
        part.insert(0, "table", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def known_values(table: Table, *, resamples: int = 1000) -> pd.DataFrame:
    """What validation, and another training, know of each column: rows as of `coefficients`.

    Validation PSNR is that of the same trainings. Another training ranks those architectures alone that were trained
    twice, by one training each; NaN for fewer than three.

    Args:
        table: the table.
        resamples: bootstrap resamples of the architectures.
    """
    valid, *tests = psnr_columns(table)
    parts = [ranked_by(VALIDATION, table, valid, column, resamples) for column in tests]
    for column in psnr_columns(table):
        seeds = [name for name in table.column_names if name.startswith(f"{column}_seed")]
        if len(seeds) > 1:
            parts.append(ranked_by(AGAIN, table, seeds[1], seeds[0], resamples).assign(column=column))
    return pd.concat(parts, ignore_index=True)


def ranked_by(words: str, table: Table, known: str, column: str, resamples: int) -> pd.DataFrame:
    """The coefficients of one column of a table with another, as of `coefficients`; NaN for fewer than three values.

    Args:
        words: what stands in the place of a proxy.
        table: the table.
        known: name of the column that ranks.
        column: name of the column that is ranked.
        resamples: bootstrap resamples of the architectures.
    """
    frame = pd.DataFrame({"architecture": table.keys, "proxy": words, "score": table.values(table.keys, known)})
    frame = frame.dropna(subset="score")
    if len(frame) < LEAST:
        names = [f"{each}{end}" for each in ("spearman", "kendall_tau_b") for end in _ENDS]
        row = {"table": table.facts.name, "column": column, "proxy": words, "n": len(frame)}
        return pd.DataFrame([{**row, **dict.fromkeys(names, math.nan)}])
    ranking = correlate(frame, table, column, resamples=resamples)
    found = coefficients({column: ranking}, table.facts.name)
    return found[found["proxy"] == words]


def agreement(found: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Spearman's coefficients of each proxy with PSNR in both spaces: `proxy`, and a column for each table.

    Args:
        found: from `coefficients`, of both tables.
        columns: the column that each table is ranked by.
    """
    own = pd.concat([part[part["column"] == columns[str(name)]] for name, part in found.groupby("table", sort=False)])
    return own.pivot(index="proxy", columns="table", values="spearman")[list(columns)].dropna().reset_index()


def against_params(ranking: Ranking, *, resamples: int = 1000) -> Comparison:
    """The paired comparison of all proxies with the number of parameters."""
    return compare(ranking, "params", resamples=resamples)


def study_claims(
    comparisons: Mapping[str, Comparison], again: Mapping[str, Resampled], between: Resampled
) -> Iterator[Claimed]:
    """What the study says; all of it is our own question. A number is above 0 where its interval is.

    Args:
        comparisons: from `against_params`, by the name of the table.
        again: from `harness.studies.restoration_proxies.resampled.above_every_proxy`, by the name of the table.
        between: from `harness.studies.restoration_proxies.resampled.between_spaces`.
    """
    for name, comparison in comparisons.items():
        frame = comparison.frame
        of_params = frame[frame["proxy"] == "params"].iloc[0]
        others = frame[~frame["proxy"].isin(BASELINES)]
        best = others.iloc[0]
        better = int((others["verdict"] == "better").sum())
        yield Claimed(
            f"a proxy ranks {name} better than the number of parameters does ({OURS})", "",
            f"{better} of {len(others)} after correction for all pairs; the highest is {best['proxy']} "
            f"{in_words(best)}, parameters {in_words(of_params)}, {comparison.n} networks",
            verdict(better > 0),
        )  # fmt: skip
        ahead = again[name]
        yield Claimed(
            f"another training ranks {name} better than every proxy does ({OURS})", "",
            f"by {of_resampled(ahead)} against {ahead.best}, the best of all, on {ahead.number} networks trained twice"
            if ahead.best else "too few second trainings",
            verdict(ahead.low > 0 if ahead.best else None),
        )  # fmt: skip
    yield Claimed(
        f"proxies that rank one space well rank the other well ({OURS})", "",
        f"Spearman {of_resampled(between)} over the coefficients of {between.number} proxies, networks resampled"
        if math.isfinite(between.value) else "too few proxies with scores on all networks of both",
        verdict(between.low > 0 if math.isfinite(between.low) else None),
    )  # fmt: skip


def of_resampled(found: Resampled) -> str:
    """A number above or below none, with its interval."""
    return f"{found.value:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def in_words(row: pd.Series) -> str:
    """Spearman's coefficient of a row of `coefficients` or of a comparison, with its interval."""
    return f"{row['spearman']:.2f} ({row['spearman_low']:.2f} to {row['spearman_high']:.2f})"
