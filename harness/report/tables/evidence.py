"""The frames of evidence as sheets: comparison, beyond size, top, ceiling."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.report.cells import EN_DASH, decimals_for, estimate, number, p_value
from harness.report.tables.ranking import NAMES, baselines_start
from harness.report.tables.sheet import PROXY, Heading, Sheet

_FEWEST = 10  # architectures, for a coefficient among the best to be shown
CEILING_IS_NO_BOUND = "A score may in principle exceed that: one training against another is no bound."
_TURNED = "Lower values are better: they are turned round, so that a positive coefficient finds them."


def comparison_sheet(
    frame: pd.DataFrame,
    column: str,
    *,
    against: str,
    coefficient: str,
    n: int,
    pairs: int,
    left_out: Sequence[str] = (),
    higher_is_better: bool = True,
) -> Sheet:
    """A row a proxy, the best first: its coefficient, its difference from `against`, and whether they are told apart.

    Args:
        frame: of `harness.evaluation.comparison.Comparison`.
        column: that the proxies rank.
        against: the proxy that they are compared with.
        coefficient: its name.
        n: architectures.
        pairs: of proxies, for which the p-values are corrected.
        left_out: proxies that are in no row.
        higher_is_better: direction of the column.
    """
    rows = []
    for row in frame.to_dict("records"):
        values = [row[f"{coefficient}{end}"] for end in ("", "_low", "_high")]
        difference = [row[f"difference{end}"] for end in ("", "_low", "_high")]
        itself = row["proxy"] == against
        rows.append(
            (
                str(row["proxy"]),
                estimate(*values),
                EN_DASH if itself else estimate(*difference),
                EN_DASH if itself else p_value(float(row["p_holm"])),
                str(row["verdict"]) or EN_DASH,
            )
        )
    notes = [tested(n, pairs), *left_out_of_comparison(left_out), *([] if higher_is_better else [_TURNED])]
    return Sheet.of(
        f"Proxies against {against}, {column}",
        (
            PROXY,
            Heading(NAMES[coefficient], "left"),
            Heading(f"less {against}", "left"),
            "p (Holm)",
            Heading("verdict", "left"),
        ),
        rows,
        notes=tuple(notes),
    )


def tested(n: int, pairs: int) -> str:
    """How n architectures tell so many pairs of proxies apart, in a sentence or two."""
    return (
        f"On the same {n:,} architectures and the same resamples. The interval of a difference is of that pair alone; "
        f"p is corrected for all {pairs:,} pairs of proxies (Holm), and decides at 5 %."
    )


def left_out_of_comparison(names: Sequence[str]) -> list[str]:
    """The sentence on proxies that a comparison leaves out; none where there are none."""
    if not names:
        return []
    listed = ", ".join(names)
    return [f"Left out, with a score for fewer than half of the architectures or always the same: {listed}."]


def beyond_size_sheet(frame: pd.DataFrame, column: str, *, higher_is_better: bool = True) -> Sheet:
    """A row a proxy: Spearman's coefficient, the same with sizes held fixed, and Kendall's tau-b among equal sizes."""
    names = {
        "given_params": "given\nparams",
        "given_flops": "given\nflops",
        "given_both": "given\nboth",
        "among_equals": "τ-b among\nequal params",
    }
    rows = [
        (
            str(row["proxy"]),
            number(float(row["spearman"]), 2),
            *(estimate(*(float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))) for name in names),
        )
        for row in frame.to_dict("records")
    ]
    largest = frame.loc[frame["pairs"].idxmax()]
    notes = [
        "Given a size: the partial rank correlation, what agrees in the ranks after those of the size are regressed "
        f"out. Among equal params: over up to {largest['pairs']:,} pairs in {largest['classes']:,} classes of "
        "architectures with as many parameters."
    ]
    return Sheet.of(
        f"Beyond size: Spearman with {column}",
        (PROXY, "Spearman", *(Heading(text, "left") for text in names.values())),
        rows,
        ruled_above=baselines_start(frame),
        notes=tuple(notes + ([] if higher_is_better else [_TURNED])),
    )


def top_sheets(frame: pd.DataFrame, column: str, *, higher_is_better: bool = True) -> list[Sheet]:
    """Two sheets: what the highest scores are worth, and the correlation among the best.

    Args:
        frame: of `harness.evaluation.beyond_size.top`; coefficients of fewer than 10 architectures are a dash.
        column: that the proxies rank.
        higher_is_better: direction of the column.
    """
    counts = sorted(int(name.removeprefix("best_of_")) for name in frame.columns if name.startswith("best_of_"))
    middle = counts[len(counts) // 2]
    decimals = decimals_for(frame[[f"best_of_{k}" for k in counts]].to_numpy())
    rows = []
    for row in frame.to_dict("records"):
        cells = [number(float(row[f"best_of_{k}"]), decimals) for k in counts]
        cells += [number(float(row[f"regret_of_{middle}"]), decimals)]
        cells += [number(float(row[f"{name}_{middle}"]), 2) for name in ("precision_at", "ndcg_at")]
        rows.append((str(row["proxy"]), *cells, *(_sampled(row, k, decimals) for k in counts[1:])))
    headings = [f"best of\nfirst {k}" for k in counts] + [f"regret\nof {middle}"]
    headings += [f"precision\nat {middle}", f"NDCG\nat {middle}", *(f"first of {k}\nrandom" for k in counts[1:])]
    note = (
        "Best of first k: the best among the k highest scores, ties broken at random, in expectation; regret is how "
        "much worse that is than the best that was scored. First of k random: value of the highest score among k "
        "architectures drawn without replacement, mean ± standard deviation over all such samples, exactly."
    )
    ruled = baselines_start(frame)
    return [
        Sheet.of(f"The highest scores, {column}", (PROXY, *headings), rows, ruled_above=ruled, notes=(note,)),
        _among_the_best(frame, column, higher_is_better=higher_is_better),
    ]


def _among_the_best(frame: pd.DataFrame, column: str, *, higher_is_better: bool) -> Sheet:
    """A row a proxy: Spearman's coefficient among the best few per cent, with how many they are in the heading."""
    shares = [name.removeprefix("spearman_top_") for name in frame.columns if name.startswith("spearman_top_")]
    rows = [
        (
            str(row["proxy"]),
            *(
                number(float(row[f"spearman_top_{share}"]), 2) if row[f"n_top_{share}"] >= _FEWEST else EN_DASH
                for share in shares
            ),
        )
        for row in frame.to_dict("records")
    ]
    headings = tuple(f"best {share} %\n(n {_span(frame[f'n_top_{share}'])})" for share in shares)
    notes = ["n: the architectures that each share is, with those that tie with the last of them."]
    if any((frame[f"n_top_{share}"] < _FEWEST).any() for share in shares):
        notes[0] += f" A dash: fewer than {_FEWEST}, of which a coefficient says nothing."
    return Sheet.of(
        f"Spearman among the best by {column}",
        (PROXY, *headings),
        rows,
        ruled_above=baselines_start(frame),
        notes=tuple(notes + ([] if higher_is_better else [_TURNED])),
    )


def _span(counts: pd.Series) -> str:
    """A count, or the least and the largest where they differ."""
    least, most = int(counts.min()), int(counts.max())
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def ceiling_sheet(
    frame: pd.DataFrame, column: str, *, spearman: float, kendall_tau_b: float, trainings: Sequence[str], n: int
) -> Sheet:
    """A row a proxy: its coefficients, each as a share of that of one training against another, and corrected ones."""
    rows = [
        (
            str(row["proxy"]),
            number(float(row["spearman"]), 2),
            _percent(float(row["spearman_share"])),
            number(float(row["spearman_corrected"]), 2),
            number(float(row["kendall_tau_b"]), 2),
            _percent(float(row["kendall_share"])),
        )
        for row in frame.to_dict("records")
    ]
    note = (
        f"One training against another: Spearman {number(spearman, 3)}, Kendall {number(kendall_tau_b, 3)}, over the "
        f"pairs of {len(trainings)} trainings ({'; '.join(trainings)}) on the scored architectures that both have, at "
        f"least {n:,}. {CEILING_IS_NO_BOUND} Corrected: for attenuation by the noise of the accuracies (Spearman 1904)."
    )
    return Sheet.of(
        f"Against the ceiling, {column}",
        (PROXY, "Spearman", "of ceiling", "corrected for\nattenuation", "Kendall τ-b", "of ceiling "),
        rows,
        ruled_above=baselines_start(frame),
        notes=(note,),
    )


def _sampled(row: dict[object, object], k: int, decimals: int) -> str:
    mean, deviation = (float(str(row[f"sample_{k}{end}"])) for end in ("", "_std"))
    return EN_DASH if mean != mean else f"{number(mean, decimals)} ± {number(deviation, decimals)}"


def _percent(share: float) -> str:
    return EN_DASH if share != share else f"{number(100 * share, 0)} %"
