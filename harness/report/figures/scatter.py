"""Scores against accuracies, a panel a proxy: the figure behind every rank correlation."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from harness.errors import HarnessError, ScoresError, unknown
from harness.evaluation.ranking import Ranking
from harness.progress import patient_bar
from harness.report.figures.accuracy_axis import AccuracyRange, accuracy_range
from harness.report.figures.lines import LABEL_LINE_INCHES, balanced, most_lines, wrapped
from harness.report.figures.page import empty_page
from harness.report.figures.panel import draw_panel, triangle_text
from harness.report.figures.score_axis import thin_ticks
from harness.report.figures.style import COLUMN_WIDTH_INCHES, PAGE_WIDTH_INCHES, SEQUENTIAL, STYLE
from harness.stats.names import BASELINES

_ROW_HEIGHT_INCHES = {1: 2.6, 2: 2.4, 3: 2.05}
_LOWEST_ROW_INCHES = 1.85
_FRAME_HEIGHT_INCHES = 0.25
_BESIDE_PANELS_INCHES, _GAP_INCHES = 1.15, 0.1
_LOG_COLOURS_FROM = 10.0


def scatter(
    ranking: Ranking,
    proxies: Sequence[str] = (),
    *,
    source: str | None = None,
    columns: int | None = None,
    progress: bool = False,
) -> Figure:
    """Score against accuracy, one panel a proxy, coloured by parameters; the baselines come last.

    Above a panel stand its name, Spearman's and Kendall's coefficients with their intervals, and the number of
    architectures. A few very low accuracies do not stretch the axis for all others: they are triangles at its lower
    edge, counted next to n. Points are drawn in a fixed random order, so that no colour lies on top throughout.

    Args:
        ranking: the ranking to draw, from `harness.correlate`.
        proxies: names of the proxies to draw, in addition to the baselines; by default all that have a score.
        source: a sentence on where the numbers come from, for the small print.
        columns: number of panels in a row; by default up to 4, as even as can be.
        progress: whether to draw a progress bar over the panels on standard error.

    Returns:
        A figure 3.3 inches wide for one panel and 6.9 for more, its layout settled; pyplot does not know of it.

    Raises:
        ScoresError: a proxy that is not in the ranking, with the nearest name; or no proxy that has a score.
        HarnessError: `columns` below 1.
    """
    points = ranking.points
    there = ranking.frame["proxy"].tolist()
    for name in proxies:
        if name not in there:
            raise ScoresError(unknown("proxy of these scores", name, there))
    wanted = points["proxy"].isin([*proxies, *BASELINES] if proxies else there)
    points = points[wanted]
    if points.empty:
        raise ScoresError("there is no score to draw")
    rows = ranking.frame[ranking.frame["proxy"].isin(points["proxy"])]
    if columns is not None and columns < 1:
        raise HarnessError(f"columns must be at least 1; got {columns}")
    across = _columns_for(len(rows)) if columns is None else min(columns, len(rows))
    values = points.drop_duplicates("architecture")["accuracy"].to_numpy()
    shown = accuracy_range(values, ranking.higher_is_better)
    colours = _colours(points["parameters"].to_numpy() / 1e6)
    small_print = _small_print(shown, source, len(ranking.seeds))
    with matplotlib.rc_context(dict(STYLE)):
        titles = _titles(rows["proxy"].tolist(), across)
        figure, panels = _empty_panels(len(rows), across, small_print, most_lines(titles))
        by_proxy = dict(list(points.groupby("proxy")))
        names = []
        with patient_bar(progress, len(rows), "panels", ("drawing", "drew")) as advance:
            for axes, (_, row), title in zip(panels, rows.iterrows(), titles, strict=True):
                names.append(draw_panel(axes, by_proxy[row["proxy"]], row, shown, colours, title))
                advance(1)
        label = _label_axes(figure, panels, across, colours, ranking.label)
        _settle_layout(figure, panels, names, label)
    return figure


def _columns_for(panels: int) -> int:
    """Panels in a row: one row up to 3, then 2 × 2, then 3 or 4 across, whichever leaves fewer gaps."""
    if panels <= 3:
        return panels
    if panels == 4:
        return 2
    return 3 if -panels % 3 < -panels % 4 else 4


def _colours(millions: npt.NDArray[np.float64]) -> Normalize:
    """Colours of millions of parameters, by their logarithm where they span over a decade."""
    low, high = float(millions.min()), float(millions.max())
    if low > 0 and high / low > _LOG_COLOURS_FROM:
        return LogNorm(low, high)
    return Normalize(low, high) if low < high else Normalize(0.9 * low, 1.1 * high or 1.0)


def _small_print(shown: AccuracyRange, source: str | None, seeds: int) -> str:
    sentences = ["ρ: Spearman, τ: Kendall’s τ-b, in brackets their bootstrap intervals."]
    if seeds:
        sentences.append(f"ρ and τ are means over {seeds} seeds, a point is an architecture’s mean score.")
    if shown.fence is not None:
        where = "accuracy below" if shown.higher_is_better else "value above"
        sentences.append(f"{triangle_text(shown)}: {where} {shown.fence:g}, drawn at the edge.")
    if source:
        sentences.append(source)
    return " ".join(sentences)


def _titles(names: Sequence[str], across: int) -> list[str]:
    """The names above the panels, in lines."""
    width = COLUMN_WIDTH_INCHES if across == 1 else PAGE_WIDTH_INCHES
    return [wrapped(name, (width - _BESIDE_PANELS_INCHES) / across - _GAP_INCHES, weight="bold") for name in names]


def _empty_panels(count: int, across: int, small_print: str, title_lines: int) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels that share their y-axis, with room for the titles and the small print below them."""
    width = COLUMN_WIDTH_INCHES if across == 1 else PAGE_WIDTH_INCHES
    down = -(-count // across)
    row = _ROW_HEIGHT_INCHES.get(across, _LOWEST_ROW_INCHES) + (title_lines - 1) * LABEL_LINE_INCHES
    body = _FRAME_HEIGHT_INCHES + down * row
    figure = empty_page(width, body, small_print)
    grid = figure.subplots(down, across, sharey=True, squeeze=False)
    for unused in grid.flat[count:]:
        unused.remove()
    return figure, list(grid.flat[:count])


def _label_axes(figure: Figure, panels: list[Axes], across: int, colours: Normalize, column_label: str) -> Text:
    """What the axes and the colours mean: scores below the lowest panels, the others once; returns the y-label."""
    for axes in panels[-across:]:
        axes.set_xlabel("score")
    height = figure.get_size_inches()[1]
    label = figure.supylabel(balanced(column_label, 0.7 * height), fontsize=8, parse_math=False)
    bar = figure.colorbar(
        ScalarMappable(colours, SEQUENTIAL), ax=panels, label="parameters (M)", aspect=height / 0.12, pad=0.02
    )
    bar.outline.set_visible(False)
    if isinstance(colours, LogNorm):
        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda millions, _: f"{millions:g}"))
        bar.ax.yaxis.set_minor_locator(NullLocator())
    return label


def _settle_layout(figure: Figure, panels: list[Axes], names: list[Text], label: Text) -> None:
    """Lay out once, centre the y-label, shrink names wider than their panel, thin ticks, let nothing move."""
    figure.draw_without_rendering()
    for axes, name in zip(panels, names, strict=True):
        share = 0.95 * axes.get_window_extent().width / max(name.get_window_extent().width, 1.0)
        name.set_fontsize(STYLE["axes.titlesize"] * min(1.0, share))
        thin_ticks(axes)
    label.set_y((panels[0].get_position().y1 + panels[-1].get_position().y0) / 2)
    figure.set_layout_engine("none")
