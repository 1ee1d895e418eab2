"""One panel of the scatter figure: points, the triangles at the edge, and the lines above."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.text import Text

from harness.report.cells import MINUS, estimate
from harness.report.figures.accuracy_axis import AccuracyRange, set_accuracy_axis
from harness.report.figures.score_axis import set_score_axis
from harness.report.figures.style import LINE_POINTS, LINE_SPACING, SEQUENTIAL, SMALL_POINTS

RASTERISED_ABOVE = 2000
"""Points above which a vector figure holds them as an image."""
_DRAW_ORDER_SEED = 0
_HEADING_GAP_POINTS = 3.0


def draw_panel(
    axes: Axes, points: pd.DataFrame, ranking_row: pd.Series, shown: AccuracyRange, colours: Normalize, title: str
) -> Text:
    """Draw one proxy's points and write its name, coefficients and counts above them.

    Args:
        axes: empty; the y-axis may be shared with other panels.
        points: one row an architecture, columns `score`, `accuracy`, `parameters`, finite.
        ranking_row: of a checked ranking frame.
        shown: the values on the axis; those beyond its fence become triangles at the edge.
        colours: of millions of parameters.
        title: the proxy's name, in lines that fit.

    Returns:
        The proxy's name as it stands above the panel.
    """
    order = np.random.default_rng(_DRAW_ORDER_SEED).permutation(len(points))
    scores, accuracies, parameters = points[["score", "accuracy", "parameters"]].to_numpy()[order].T
    set_accuracy_axis(axes, shown)
    set_score_axis(axes, scores)
    is_beyond = shown.is_beyond(accuracies)
    heights = shown.clamped(accuracies)
    area = float(np.clip(120 / np.sqrt(len(points)), 1.2, 12.0))
    for chosen, marker, size in ((~is_beyond, "o", area), (is_beyond, shown.triangle, max(area, 4.0))):
        axes.scatter(
            scores[chosen],
            heights[chosen],
            s=size,
            c=parameters[chosen] / 1e6,
            marker=marker,
            cmap=SEQUENTIAL,
            norm=colours,
            alpha=0.6 if len(points) > RASTERISED_ABOVE else 0.85,
            linewidths=0,
            rasterized=len(points) > RASTERISED_ABOVE,
        )
    beyond = f", {triangle_text(shown)} {is_beyond.sum():,}" if is_beyond.any() else ""
    return _write_heading(axes, ranking_row, beyond, title)


def triangle_text(shown: AccuracyRange) -> str:
    """The triangle for points beyond the fence, as a character."""
    return "▾" if shown.higher_is_better else "▴"


def _write_heading(axes: Axes, row: pd.Series, beyond: str, title: str) -> Text:
    """The proxy's name, and below it in small print its coefficients and how many architectures there are."""
    lines = [
        f"ρ {estimate(row['spearman'], row['spearman_low'], row['spearman_high'], minus=MINUS)}",
        f"τ {estimate(row['kendall_tau_b'], row['kendall_tau_b_low'], row['kendall_tau_b_high'], minus=MINUS)}",
        f"n {row['n']:,}{beyond}",
    ]
    axes.annotate(
        "\n".join(lines),
        (0, 1),
        xytext=(0, _HEADING_GAP_POINTS),
        xycoords="axes fraction",
        textcoords="offset points",
        verticalalignment="bottom",
        fontsize=SMALL_POINTS,
        linespacing=LINE_SPACING,
        annotation_clip=False,
    )
    return axes.set_title(title, pad=_HEADING_GAP_POINTS + len(lines) * LINE_POINTS + 1, parse_math=False)
