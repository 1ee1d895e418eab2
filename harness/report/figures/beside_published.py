"""Our rank correlations beside published ones: a figure."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from harness.errors import ScoresError
from harness.evaluation.columns import dataset_title
from harness.evaluation.published import BesidePublished
from harness.report.figures.lines import LABEL_LINE_INCHES, LegendLayout, legend_layout, most_lines, wrapped
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_ROW_INCHES = 0.165
_NAME_INCHES, _GAP_INCHES, _BETWEEN_INCHES = 1.5, 0.15, 0.03
_WITH_DECIMALS = 4  # panels; decimals of more of them would touch
_LEGEND_COLUMNS = 2  # beside each other, where there are more conditions than these


def beside_published(found: BesidePublished) -> Figure:
    """Spearman's coefficients with intervals, a panel a data set, a colour a condition; diamonds are published.

    Args:
        found: from `harness.studies.rank.rank_study.compared`.

    Returns:
        A figure of the width of a page; proxies stand in the order of their first coefficient that is a number (by
        condition, then by column), the highest on top.

    Raises:
        ScoresError: a comparison without any such coefficient.
    """
    comparison, words = found.frame, found.words
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
    labels = [wrapped(name, _NAME_INCHES) for name in proxies]
    room = (PAGE_WIDTH_INCHES - _NAME_INCHES) / len(columns) - _GAP_INCHES
    titles = [wrapped(dataset_title(column), room, weight="bold") for column in columns]
    entries = [f"ours, {words[name]}" for name in kinds]
    entries += [found.reference] if chosen["published"].notna().any() else []
    across = len(entries) if len(kinds) <= _LEGEND_COLUMNS else _LEGEND_COLUMNS
    legend = legend_layout(entries, PAGE_WIDTH_INCHES, across)
    with matplotlib.rc_context(dict(STYLE)):
        row_inches = max(
            _ROW_INCHES * max(1.0, len(kinds) / 2), _BETWEEN_INCHES + LABEL_LINE_INCHES * most_lines(labels)
        )
        height = 0.5 + LABEL_LINE_INCHES * most_lines(titles) + legend.inches + row_inches * len(proxies)
        figure = Figure(figsize=(PAGE_WIDTH_INCHES, height), layout="constrained")
        axes = figure.subplots(1, len(columns), sharex=True, sharey=True, squeeze=False)[0]
        for panel, column, title in zip(axes, columns, titles, strict=True):
            _panel(panel, chosen[chosen["column"] == column], kinds, proxies)
            panel.set_title(title, parse_math=False)
        if len(columns) > _WITH_DECIMALS:
            axes[0].xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes[0].set_yticks(range(len(proxies)), labels, parse_math=False)
        axes[0].set_ylim(-0.8, len(proxies) - 0.2)
        figure.supxlabel("Spearman's ρ of score and test accuracy, with 95 % interval")
        _legend(figure, axes[0], len(kinds), legend)
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


def _legend(figure: Figure, panel: Axes, kinds: int, layout: LegendLayout) -> None:
    handles = [panel.plot([], [], "-o", color=COLOURS[place], markersize=2.6)[0] for place in range(kinds)]
    if len(layout.labels) > kinds:
        handles += panel.plot(
            [], [], "D", markerfacecolor="none", markeredgecolor="black", markersize=3.4, linestyle="none"
        )
    legend = figure.legend(handles, layout.labels, loc="outside upper center", ncols=layout.columns, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
