"""The tables of the study of proxies on graph networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from harness.evaluation.matrix import Matrix
from harness.report.cells import estimate, number
from harness.report.tables.sheet import PROXY, Heading, Sheet, groups

SPEARMAN = "Spearman's ρ"


def coefficient_matrix(
    frame: pd.DataFrame,
    images: pd.DataFrame,
    words: Mapping[str, str],
    proxies: Sequence[str],
    validation: Mapping[str, float],
) -> Matrix:
    """Spearman's coefficient with test accuracy: a row a proxy, a column a condition, and image networks last.

    The last row is that of validation accuracy, over all classes.

    Args:
        frame: from `harness.studies.graph_proxies.results.coefficients`.
        images: from `harness.studies.graph_proxies.results.on_images`.
        words: printed name of each condition, by its name.
        proxies: the proxies, in the order of the rows.
        validation: from `harness.studies.graph_proxies.results.of_validation`.
    """
    wide = frame.pivot(index="proxy", columns="condition", values="spearman").reindex(list(proxies))
    columns = {words[name]: wide[name] for name in words if name in wide.columns}
    columns[f"NAS-Bench-201, CIFAR-10, {int(images['n'].max()):,}"] = images.set_index("proxy")["spearman"].reindex(
        list(proxies)
    )
    found = pd.DataFrame(columns, index=pd.Index(list(proxies), name="proxy"))
    found.loc["validation accuracy"] = pd.Series({words[name]: value for name, value in validation.items()})
    return Matrix(found, f"{SPEARMAN} with test accuracy", -1, 1, 2)


def square_matrix(frame: pd.DataFrame, label: str = "Spearman's ρ of the test accuracies of all classes") -> Matrix:
    """Coefficients between data sets, as a matrix with a figure.

    Args:
        frame: a square frame, named by data sets on both sides.
        label: what the numbers are.
    """
    return Matrix(frame.rename_axis(index="data set"), label, -1, 1, 2)


def closed_forms_matrix(frame: pd.DataFrame) -> Matrix:
    """The baselines' coefficients with test accuracy over all classes.

    Args:
        frame: from `harness.studies.graph_proxies.results.of_closed_forms`.
    """
    return Matrix(frame.rename_axis(index="baseline"), f"{SPEARMAN} with test accuracy, all 26,206 classes", -1, 1, 2)


def graph_ranking_sheet(frame: pd.DataFrame, words: str) -> Sheet:
    """Coefficients of all proxies on one graph.

    Args:
        frame: the rows of one condition, from `harness.studies.graph_proxies.results.coefficients`.
        words: printed name of the condition.
    """
    rows = [
        [
            str(row["proxy"]), f"{row['n']:,}",
            *(
                estimate(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]))
                for name in ("spearman", "kendall_tau_b")
            ),
            number(float(row["spearman_valid"]), 2),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [PROXY, "n", SPEARMAN, "Kendall's τ-b", f"{SPEARMAN} with validation"]
    return Sheet.of(f"Rank correlation with test accuracy, {words}", headings, rows)


def gcn_sheet(frame: pd.DataFrame, words: Mapping[str, str]) -> Sheet:
    """What the highest scores are worth, beside the two-layer GCN.

    Args:
        frame: from `harness.studies.graph_proxies.results.beside_gcn`.
        words: printed name of each condition, by its name.
    """
    begins, ruled = groups(frame["condition"])
    rows = [
        [
            words[str(row["condition"])] if first else "", str(row["proxy"]), f"{row['n']:,}",
            number(float(row["chosen_pct"]), 2), number(float(row["chosen_percentile"]), 1),
            f"{float(row['gain']):+.2f}", number(float(row["gcn_place"]), 1),
        ]
        for first, row in zip(begins, frame.to_dict("records"), strict=True)
    ]  # fmt: skip
    gcns = frame.drop_duplicates("condition")
    own = ", ".join(
        f"{words[str(row['condition'])]} {row['gcn_pct']:.2f} ({row['gcn_percentile']:.1f})"
        for row in gcns.to_dict("records")
    )
    notes = (
        "The architecture of the highest score: its test accuracy, the percentage of the whole table that is worse, "
        "and points over the two-layer GCN. Last: the percentage of the scored architectures with a score below the "
        f"GCN's. The GCN's own test accuracy, and the percentage of the table that is worse: {own}.",
    )
    headings: list[Heading | str] = [
        Heading("graph", "left"), PROXY, "n", "test %", "percentile", "over the GCN", "below the GCN's score",
    ]  # fmt: skip
    return Sheet.of("The highest score beside the two-layer GCN", headings, rows, ruled_above=ruled, notes=notes)


def refusals_sheet(frame: pd.DataFrame) -> Sheet:
    """Proxies that have no value on graph networks, and why.

    Args:
        frame: from `harness.studies.graph_proxies.scored.refusals`.
    """
    headings: list[Heading | str] = [PROXY, Heading("why it has no value", "left")]
    return Sheet.of("Proxies that refuse", headings, [[str(row.proxy), str(row.why)] for row in frame.itertuples()])


def agreement_sheets(frame: pd.DataFrame, words: Mapping[str, str]) -> list[Sheet]:
    """Each proxy's scores on one graph against those on another, over all pairs of graphs; none for one graph.

    Args:
        frame: from `harness.studies.graph_proxies.results.between_graphs`.
        words: printed name of each condition, by its name.
    """
    rows = []
    for proxy, part in frame.groupby("proxy", sort=False):
        known = part.dropna(subset="spearman")
        if known.empty:
            continue
        lowest = known.loc[known["spearman"].idxmin()]
        pair = f"{words[str(lowest['first'])]} and {words[str(lowest['second'])]}"
        mean = number(float(known["spearman"].mean()), 2)
        rows.append([str(proxy), mean, number(float(lowest["spearman"]), 2), pair])
    headings: list[Heading | str] = [PROXY, "mean over pairs", "lowest", Heading("between", "left")]
    return [Sheet.of(f"{SPEARMAN} of a proxy's scores on two graphs", headings, rows)] if rows else []
