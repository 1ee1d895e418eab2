"""What stands behind a ranking: proxy against proxy, beyond size, what the highest scores are worth, the ceiling."""

from __future__ import annotations

import pandas as pd

from harness.evaluation.beyond_size import BeyondSize
from harness.evaluation.ceiling import Ceiling
from harness.evaluation.comparison import Comparison
from harness.evaluation.ranking import Ranking
from harness.evaluation.top import Top
from harness.report.cells import EN_DASH, decimals_for, number, p_value, spread
from harness.report.frames import baselines_start
from harness.report.tables.ranking import NAMES
from harness.report.tables.sheet import PROXY, Cell, Heading, Sheet, estimated

_FEWEST = 10  # architectures, for a coefficient among the best to be shown
CEILING_IS_NO_BOUND = "A score may in principle exceed that: one training against another is no bound."
_FLIPPED = "Lower values are better: they are turned round, so that a positive coefficient finds them."
_BEYOND = {
    "given_params": "given\nparams",
    "given_flops": "given\nflops",
    "given_both": "given\nboth",
    "among_equals": "τ-b among\nequal params",
}


def comparison_sheet(comparison: Comparison) -> Sheet:
    """A row a proxy, the best first: its coefficient, its difference from one of them, and whether they are told apart.

    Args:
        comparison: the proxies compared with each other, from `harness.evaluation.comparison.compare`.
    """
    against, ranking = comparison.against, comparison.ranking
    rows: list[list[Cell | str]] = []
    for row in comparison.frame.to_dict("records"):
        itself = row["proxy"] == against
        difference = EN_DASH if itself else estimated(row, "difference")
        p = EN_DASH if itself else p_value(float(row["p_holm"]))
        verdict = str(row["verdict"]) or EN_DASH
        rows.append([str(row["proxy"]), estimated(row, comparison.coefficient), difference, p, verdict])
    headings = [NAMES[comparison.coefficient], f"less {against}"]
    return Sheet.of(
        f"Proxies against {against}, {ranking.column}",
        (
            PROXY,
            *(Heading(text, "point") for text in headings),
            Heading("p (Holm)", latex="$p$ (Holm)"),
            Heading("verdict", "left"),
        ),
        rows,
        notes=(tested(comparison), *left_out_of_comparison(comparison), *_flipped(ranking), *_of_means(ranking)),
    )


def tested(comparison: Comparison) -> str:
    """How the proxies of a comparison are told apart, in a sentence or two."""
    return (
        f"On the same {comparison.n:,} architectures and the same resamples. The interval of a difference is of that "
        f"pair alone; p is corrected for all {len(comparison.pairs):,} pairs of proxies (Holm), and decides at 5 %."
    )


def left_out_of_comparison(comparison: Comparison) -> list[str]:
    """The sentence on proxies that a comparison leaves out; none where there are none."""
    listed = ", ".join(comparison.left_out)
    said = f"Left out, with a score for fewer than half of the architectures or always the same: {listed}."
    return [said] if listed else []


def beyond_size_sheet(beyond_size: BeyondSize) -> Sheet:
    """A row a proxy: Spearman's coefficient, the same with sizes held fixed, and Kendall's tau-b among equal sizes.

    Args:
        beyond_size: partial correlations, from `harness.evaluation.beyond_size.beyond_size`.
    """
    frame, ranking = beyond_size.frame, beyond_size.ranking
    rows: list[list[Cell | str]] = [
        [str(row["proxy"]), number(float(row["spearman"]), 2), *(estimated(row, name) for name in _BEYOND)]
        for row in frame.to_dict("records")
    ]
    largest = frame.loc[frame["pairs"].idxmax()]
    note = (
        "Given a size: the partial rank correlation, what agrees in the ranks after those of the size are regressed "
        f"out. Among equal params: over up to {largest['pairs']:,} pairs in {largest['classes']:,} classes of "
        "architectures with as many parameters."
    )
    return Sheet.of(
        f"Beyond size: Spearman with {ranking.column}",
        (PROXY, "Spearman", *(Heading(text, "point") for text in _BEYOND.values())),
        rows,
        ruled_above=baselines_start(frame),
        notes=(note, *_flipped(ranking), *_of_means(ranking)),
    )


def top_sheets(top: Top) -> list[Sheet]:
    """Three sheets: what the highest scores are worth, NASLib's measures of them, and the correlation among the best.

    Args:
        top: measures of the highest scores, from `harness.evaluation.top.top`; a coefficient of fewer than 10
            architectures is shown as a dash.
    """
    frame = top.frame
    counts = sorted(int(name.removeprefix("best_of_")) for name in frame.columns if name.startswith("best_of_"))
    middle = counts[len(counts) // 2]
    decimals = decimals_for(frame[[f"best_of_{k}" for k in counts]].to_numpy())
    rows = []
    for row in frame.to_dict("records"):
        cells = [number(float(row[f"best_of_{k}"]), decimals) for k in counts]
        cells += [number(float(row[f"regret_of_{middle}"]), decimals)]
        cells += [number(float(row[f"{name}_{middle}"]), 2) for name in ("precision_at", "ndcg_at")]
        rows.append((str(row["proxy"]), *cells, *(_sampled(row, k, decimals) for k in counts[1:])))
    headings = [*(f"best of\nfirst {k}" for k in counts), f"regret\nof {middle}", f"precision\nat {middle}"]
    headings += [f"NDCG\nat {middle}", *(f"first of {k}\nrandom" for k in counts[1:])]
    note = (
        "Best of first k: the best among the k highest scores, ties broken at random, in expectation; regret is how "
        "much worse that is than the best that was scored. First of k random: value of the highest score among k "
        "architectures drawn without replacement, mean ± standard deviation over all such samples, exactly."
    )
    title, ruled = f"The highest scores, {top.ranking.column}", baselines_start(frame)
    return [
        Sheet.of(title, (PROXY, *headings), rows, ruled_above=ruled, notes=(note,)),
        _by_rank(frame, top.ranking, counts[1:]),
        _among_the_best(frame, top.ranking),
    ]


def _by_rank(frame: pd.DataFrame, ranking: Ranking, counts: list[int]) -> Sheet:
    """A row a proxy: NASLib's measures of the k highest scores, and VKDNW's NDCG where the values are percentages."""
    names = {"P": "precision_at", "KT": "kendall_at", "BR": "best_rank_at", "WR": "worst_rank_at"}
    columns = [[number(value, 3) for value in frame[f"{name}_{k}"]] for k in counts for name in names.values()]
    headings = [f"{short}@{k}" for k in counts for short in names]
    note = (
        "P@k: share of the k highest scores that are among the k best; KT@k: Kendall's τ-b among the k highest scores; "
        "BR@k and WR@k: the best and the worst rank among them by value, over n, so that lower is better. Ties in "
        "scores are broken at random, in expectation; in KT@k those with the last are all in."
    )
    if frame["ndcg_of_powers"].notna().any():
        columns.append([number(value, 3) for value in frame["ndcg_of_powers"]])
        headings.append(f"nDCG\n(P {_span(frame['ndcg_of_powers_k'])})")
        note += (
            " nDCG: gain 2^accuracy − 1, accuracy in percent, of the first P ranks (Tybl & Neumann 2025, P of 1,000): "
            "a point doubles the gain, so it tells the very best apart, and depends on which architectures are there."
        )
    return Sheet.of(
        f"The first k by rank, {ranking.column}",
        (PROXY, *headings),
        zip(map(str, frame["proxy"]), *columns, strict=True),
        ruled_above=baselines_start(frame),
        notes=(note, *_of_means(ranking)),
    )


def _among_the_best(frame: pd.DataFrame, ranking: Ranking) -> Sheet:
    """A row a proxy: Spearman's coefficient among the best few per cent, with how many they are in the heading."""
    shares = [name.removeprefix("spearman_top_") for name in frame.columns if name.startswith("spearman_top_")]
    few = {share: frame[f"n_top_{share}"] < _FEWEST for share in shares}
    columns = [[number(value, 2) for value in frame[f"spearman_top_{share}"].mask(few[share])] for share in shares]
    note = "n: the architectures that each share is, with those that tie with the last of them."
    if any(counts.any() for counts in few.values()):
        note += f" A dash: fewer than {_FEWEST}, of which a coefficient says nothing."
    return Sheet.of(
        f"Spearman among the best by {ranking.column}",
        (PROXY, *(f"best {share} %\n(n {_span(frame[f'n_top_{share}'])})" for share in shares)),
        zip(map(str, frame["proxy"]), *columns, strict=True),
        ruled_above=baselines_start(frame),
        notes=(note, *_flipped(ranking), *_of_means(ranking)),
    )


def ceiling_sheet(ceiling: Ceiling) -> Sheet:
    """A row a proxy: its coefficients, each as a share of that of one training against another, and corrected ones.

    Args:
        ceiling: the agreement of trainings with each other, from `harness.evaluation.ceiling.ceiling`.
    """
    rows = [
        (
            str(row["proxy"]),
            number(float(row["spearman"]), 2),
            _percent(float(row["spearman_share"])),
            number(float(row["spearman_corrected"]), 2),
            number(float(row["kendall_tau_b"]), 2),
            _percent(float(row["kendall_share"])),
        )
        for row in ceiling.frame.to_dict("records")
    ]
    trainings = ceiling.trainings
    note = (
        f"One training against another: Spearman {number(ceiling.spearman, 3)}, Kendall "
        f"{number(ceiling.kendall_tau_b, 3)}, over the pairs of {len(trainings)} trainings ({'; '.join(trainings)}) on "
        f"the scored architectures that both have, at least {ceiling.n:,}. {CEILING_IS_NO_BOUND} Corrected: for "
        "attenuation by the noise of the accuracies (Spearman 1904)."
    )
    return Sheet.of(
        f"Against the ceiling, {ceiling.ranking.column}",
        (PROXY, "Spearman", "of ceiling", "corrected for\nattenuation", "Kendall τ-b", "of ceiling"),
        rows,
        ruled_above=baselines_start(ceiling.frame),
        notes=(note,),
    )


def _of_means(ranking: Ranking) -> list[str]:
    return [ranking.of_mean_scores] if ranking.of_mean_scores else []


def _flipped(ranking: Ranking) -> list[str]:
    return [] if ranking.higher_is_better else [_FLIPPED]


def _span(counts: pd.Series) -> str:
    """A count, or the least and the largest where they differ."""
    least, most = int(counts.min()), int(counts.max())
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _sampled(row: dict[object, object], k: int, decimals: int) -> str:
    mean, deviation = (float(str(row[f"sample_{k}{end}"])) for end in ("", "_std"))
    return spread(mean, deviation, decimals)


def _percent(share: float) -> str:
    return EN_DASH if share != share else f"{number(100 * share, 0)} %"
