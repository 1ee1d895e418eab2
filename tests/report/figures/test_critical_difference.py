"""The critical-difference figure: what is drawn is what the frame holds."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import colors

from harness.report.figures.critical_difference import _lanes, critical_difference
from harness.report.figures.style import COLOURS, COLUMN_WIDTH_INCHES
from tests.report.rankings import comparison_of, ranking_of, ranking_row

RANKING = ranking_of(pd.DataFrame([ranking_row("nwot", 0.5, 5)]))


def draw(frame, groups=(), brief=False, **others):
    return critical_difference(comparison_of(frame, groups=groups, **others), brief=brief)


def frame_of(count=5):
    values = np.linspace(0.9, 0.1, count)
    verdicts = ["better", "", *["not distinguishable"] * (count - 3), "worse"]
    names = ["nwot", "params", *[f"proxy_{place}" for place in range(count - 3)], "zen"]
    return pd.DataFrame(
        {
            "proxy": names,
            "verdict": verdicts,
            "spearman": values,
            "spearman_low": values - 0.1,
            "spearman_high": values + 0.05,
        }
    )


def test_every_proxy_has_a_dot_an_interval_and_the_colour_of_its_verdict():
    frame = frame_of()
    axes, _ = draw(frame).axes
    lines = axes.get_lines()
    intervals, dots = lines[::2], lines[1::2]
    for place, (interval, dot) in enumerate(zip(intervals, dots, strict=True)):
        assert interval.get_xdata().tolist() == frame.loc[place, ["spearman_low", "spearman_high"]].tolist()
        assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (frame.loc[place, "spearman"], place)
    shades = [colors.to_hex(dot.get_color()).upper() for dot in dots]
    assert shades[0] == COLOURS[2]
    assert shades[1] == "#000000"
    assert shades[-1] == COLOURS[1]
    assert [label.get_text() for label in axes.get_yticklabels()] == frame["proxy"].tolist()
    low, high = axes.get_ylim()
    assert low > high, "the best stands on top"


def test_a_bar_a_group_spans_its_rows():
    groups = [("nwot", "params"), ("params", "proxy_0", "proxy_1"), ("proxy_1", "zen")]
    figure = draw(frame_of(), groups, brief=True)
    bars = figure.axes[1].get_lines()
    spans = [(round(bar.get_ydata()[0]), round(bar.get_ydata()[1])) for bar in bars]
    assert spans == [(0, 1), (1, 3), (3, 4)]
    assert [bar.get_xdata()[0] for bar in bars] == [0, 1, 0]
    assert figure.get_figwidth() == COLUMN_WIDTH_INCHES
    assert "1,234 architectures, 1 pairs, Holm" in [text.get_text() for text in figure.texts]
    assert figure.axes[0].get_xlabel() == "Spearman's ρ"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "better than params",
        "not distinguishable from params",
        "worse than params",
    ]


def test_forty_proxies_fit_without_overlapping_names():
    figure = draw(frame_of(40))
    renderer = figure.canvas.get_renderer()
    boxes = [label.get_window_extent(renderer) for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0


def test_bars_share_a_lane_only_where_they_do_not_meet():
    assert _lanes([(0, 1, 2), (1, 2), (2, 3), (3, 4), (5, 6)]) == [
        (0, 0, 2),
        (1, 1, 2),
        (2, 2, 3),
        (0, 3, 4),
        (0, 5, 6),
    ]


def words(figure):
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def test_the_axis_and_the_small_print_say_what_is_compared_and_how():
    figure = draw(frame_of(), ranking=replace(RANKING, title="A table"))
    assert " ".join(figure.axes[0].get_xlabel().split()) == f"Spearman with {RANKING.label}"
    assert words(figure) == (
        "1,234 architectures that all have scores, A table. 95 % bootstrap intervals. A bar joins proxies of which no "
        "two are told apart: paired bootstrap, corrected for all 1 pairs (Holm), at 5 %."
    )
    lower = ranking_of(RANKING.frame, higher_is_better=False)
    figure = draw(frame_of(), left_out=("flat",), ranking=lower)
    assert "Lower values are better: coefficients are turned round. Left out, with a score for fewer" in words(figure)
