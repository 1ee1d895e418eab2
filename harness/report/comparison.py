"""Our rank correlations beside published ones: text, Markdown, and a figure of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.errors import ScoresError
from harness.report.cells import EN_DASH, MINUS, estimate, number
from harness.report.frames import is_baseline
from harness.report.plain import plain_table
from harness.report.style import COLOURS, PAGE_WIDTH_INCHES, SMALL_POINTS, STYLE

DATASETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16_120": "ImageNet16-120"}
_COEFFICIENTS = {"spearman": "Spearman", "kendall_tau_b": "Kendall τ-b"}
_KEY = "; published (ours less it), * where it lies outside our interval"
_ROW_INCHES = 0.155
_LEGEND_COLUMNS = 2  # beside each other, where there are more conditions than these


def comparison_text(comparison: pd.DataFrame, title: str) -> str:
    """The comparison as plain tables for a terminal, Spearman's first.

    Args:
        comparison: from `harness.studies.published.beside`, of one condition.
        title: printed above, literally.

    Raises:
        ScoresError: a comparison without rows.
    """
    checked = _checked(comparison)
    blocks = [title]
    for coefficient, heading in _COEFFICIENTS.items():
        headings, rows = _rows(checked, coefficient)
        if rows:
            shown = len(headings) - (headings[-1] == "source")  # which is too long for a terminal
            table = plain_table(headings[:shown], [row[:shown] for row in rows], left=headings, ruled_above=[])
            blocks += ["", f"{heading}{_KEY if shown < len(headings) else ''}", "", *table]
    return "\n".join(blocks)


def comparison_markdown(comparison: pd.DataFrame) -> str:
    """The comparison as Markdown tables, Spearman's of all proxies and Kendall's where one is published.

    A published figure has two decimals, or three as soon as one of its source's has.

    Raises:
        ScoresError: a comparison without rows.
    """
    checked = _checked(comparison)
    blocks = []
    for coefficient, name in _COEFFICIENTS.items():
        headings, rows = _rows(checked, coefficient)
        if rows:
            lines = [headings, ["---"] * len(headings), *[[f"`{row[0]}`", *row[1:]] for row in rows]]
            table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
            key = _KEY if headings[-1] == "source" else ""
            blocks.append(f"{name}, 95 % interval{key}.\n\n{table}")
    return "\n\n".join(blocks)


def _checked(comparison: pd.DataFrame) -> pd.DataFrame:
    if comparison.empty:
        raise ScoresError("the comparison holds no rows: there is nothing to show")
    return comparison


def _rows(comparison: pd.DataFrame, coefficient: str) -> tuple[list[str], list[list[str]]]:
    """Headings and cells: the proxy, its n, for each column ours and any published one, and the source of those."""
    chosen = comparison[comparison["coefficient"] == coefficient]
    columns = list(dict.fromkeys(chosen["column"]))
    compared = [column for column in columns if chosen.loc[chosen["column"] == column, "published"].notna().any()]
    headings = ["proxy", "n"]
    for column in columns:
        headings += [_dataset(column), "published"] if column in compared else [_dataset(column)]
    headings += ["source"] if compared else []
    decimals = {source: _decimals(rows["published"]) for source, rows in chosen.groupby("source")}
    rows = []
    for (proxy, _), group in _in_order(chosen).groupby(["proxy", "source"], sort=False):
        by_column = {row["column"]: row for _, row in group.iterrows()}
        cells = [str(proxy), f"{group['n'].max():,}"]
        for column in columns:
            found = by_column.get(column)
            pair = [EN_DASH, EN_DASH] if found is None else _pair(found, decimals[found["source"]])
            cells += pair if column in compared else pair[:1]
        rows.append([*cells, next(iter(group["source"])) or EN_DASH] if compared else cells)
    return headings, rows


def _in_order(chosen: pd.DataFrame) -> pd.DataFrame:
    """The rows with the baselines last; rows of a proxy that lack a source are filed under the source of the others."""
    sources = chosen[chosen["source"] != ""].drop_duplicates("proxy").set_index("proxy")["source"]
    filed = chosen.assign(
        source=chosen["source"].where(chosen["source"] != "", chosen["proxy"].map(sources).fillna(""))
    )
    return pd.concat([filed[~is_baseline(filed)], filed[is_baseline(filed)]])


def _decimals(published: pd.Series) -> int:
    """Two, or three where one of the numbers has a third: trailing zeros are lost in a float, not in its paper."""
    return 2 if np.allclose(published.dropna(), published.dropna().round(2), rtol=0, atol=1e-9) else 3


def _pair(row: pd.Series, decimals: int) -> list[str]:
    """Ours with its interval, and the published one with how much ours is above it."""
    ours = estimate(row["ours"], row["low"], row["high"], minus=MINUS)
    if np.isnan(row["published"]) or np.isnan(row["ours"]):
        return [ours, number(row["published"], decimals, minus=MINUS)]
    difference = number(row["difference"], 2, minus=MINUS)
    signed = difference if difference.startswith(MINUS) else f"+{difference}"
    outside = row["inside"] is False or row["inside"] == "False"
    return [ours, f"{number(row['published'], decimals, minus=MINUS)} ({signed}){'*' if outside else ''}"]


def _dataset(column: str) -> str:
    return DATASETS.get(column.partition("_test")[0].partition("_valid")[0], column)


def comparison_figure(comparison: pd.DataFrame, words: Mapping[str, str]) -> Figure:
    """Spearman's coefficients with intervals, a panel a data set, a colour a condition; diamonds are published.

    Args:
        comparison: from `harness.studies.published.beside`, with a column `condition`.
        words: its conditions, in the order of the legend, as they are called.

    Returns:
        A figure of the width of a page; proxies stand in the order of their first coefficient that is a number (by
        condition, then by column), the highest on top.

    Raises:
        ScoresError: a comparison without any such coefficient.
    """
    chosen = comparison[(comparison["coefficient"] == "spearman") & comparison["ours"].notna()]
    if chosen.empty:
        raise ScoresError("the comparison holds no Spearman coefficient that is a number: there is nothing to draw")
    columns = [name for name in dict.fromkeys(comparison["column"]) if (chosen["column"] == name).any()]
    kinds = [name for name in words if (chosen["condition"] == name).any()]
    places = pd.DataFrame(
        {"condition": chosen["condition"].map(kinds.index), "column": chosen["column"].map(columns.index)}
    )
    first = chosen.loc[places.sort_values(["condition", "column"], kind="stable").index].drop_duplicates("proxy")
    proxies = list(first.sort_values("ours")["proxy"])
    with matplotlib.rc_context(dict(STYLE)):
        row_inches = _ROW_INCHES * max(1.0, len(kinds) / 2)
        legend_inches = 0.15 * -(-(len(kinds) + 1) // _LEGEND_COLUMNS)
        height = 0.6 + legend_inches + row_inches * len(proxies)
        figure = Figure(figsize=(PAGE_WIDTH_INCHES, height), layout="constrained")
        axes = figure.subplots(1, len(columns), sharex=True, sharey=True, squeeze=False)[0]
        for panel, column in zip(axes, columns, strict=True):
            _panel(panel, chosen[chosen["column"] == column], kinds, proxies)
            panel.set_title(_dataset(column))
        axes[0].set_yticks(range(len(proxies)), proxies, fontsize=SMALL_POINTS)
        axes[0].set_ylim(-0.8, len(proxies) - 0.2)
        figure.supxlabel("Spearman's ρ of score and test accuracy, with 95 % interval")
        _legend(figure, axes[0], [words[name] for name in kinds], published=bool(chosen["published"].notna().any()))
    return figure


def _panel(panel: Axes, rows: pd.DataFrame, kinds: Sequence[str], proxies: Sequence[str]) -> None:
    place = {proxy: index for index, proxy in enumerate(proxies)}
    panel.axvline(0, color="#999999", linewidth=0.6)
    panel.set_yticks(range(len(proxies)))
    panel.grid(axis="y")
    panel.tick_params(axis="y", length=0)
    for position, name in enumerate(kinds):
        shift = 0.36 * (len(kinds) - 1 - 2 * position) / len(kinds)
        of_kind = rows[(rows["condition"] == name) & rows["proxy"].isin(place)].drop_duplicates("proxy")
        heights = [place[proxy] + shift for proxy in of_kind["proxy"]]
        colour = COLOURS[position]
        panel.hlines(heights, of_kind["low"], of_kind["high"], color=colour, linewidth=1.0)
        panel.plot(of_kind["ours"], heights, "o", color=colour, markersize=2.6)
    published = rows[rows["published"].notna() & rows["proxy"].isin(place)].drop_duplicates(["proxy", "published"])
    panel.plot(
        published["published"], [place[proxy] for proxy in published["proxy"]],
        "D", markersize=3.4, markerfacecolor="none", markeredgecolor="black", markeredgewidth=0.7, zorder=3,
    )  # fmt: skip


def _legend(figure: Figure, panel: Axes, names: Sequence[str], *, published: bool) -> None:
    handles = [panel.plot([], [], "-o", color=COLOURS[place], markersize=2.6)[0] for place in range(len(names))]
    labels = [f"ours, {name}" for name in names]
    if published:
        handles += panel.plot(
            [], [], "D", markerfacecolor="none", markeredgecolor="black", markersize=3.4, linestyle="none"
        )
        labels.append("published")
    columns = len(labels) if len(names) <= _LEGEND_COLUMNS else _LEGEND_COLUMNS
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, frameon=False)


def agreement_markdown(agreement: pd.DataFrame, words: Mapping[str, str]) -> str:
    """How scores agree between conditions, as a Markdown table.

    Args:
        agreement: from `harness.studies.agreement.agreement_of`.
        words: name of a condition to what it is called.

    Raises:
        ScoresError: an agreement without rows.
    """
    if agreement.empty:
        raise ScoresError("no proxy has scores under two conditions: there is no agreement to show")
    claimed = (agreement["published"] != "").any()
    headings = ["proxy", "scores under", "and under", "n", "Pearson", "without the top 5 %", "Spearman"]
    headings += ["published, Pearson", "source"] if claimed else []
    rules = ["---:" if heading == "n" else "---" for heading in headings]
    rows = []
    for row in agreement.to_dict("records"):
        pairs = [
            estimate(
                float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]), decimals=decimals, minus=MINUS
            )
            for name, decimals in (("pearson", 3), ("spearman", 2))
        ]
        pairs.insert(1, number(float(row["pearson_of_the_rest"]), 3, minus=MINUS))
        cells = [f"`{row['proxy']}`", words[str(row["first"])], words[str(row["second"])], f"{row['n']:,}", *pairs]
        if claimed:
            cells += [f"{row['published']}: {row['verdict']}", row["source"]] if row["published"] else [EN_DASH] * 2
        rows.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in [headings, rules, *rows])
