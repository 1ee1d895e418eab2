"""The figure of searches' logs."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors

from harness.errors import HarnessError
from harness.report.figures.search_curves import search_curves
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES


def log(epochs=4, record=True, shift=0.0):
    frame = pd.DataFrame(
        {
            "epoch": np.arange(1, epochs + 1),
            "validation_loss": 2.0 - 0.1 * np.arange(epochs) + shift,
            "entropy_nats": 1.6 - 0.2 * np.arange(epochs),
            "skip_connections": np.minimum(np.arange(epochs), 6),
        }
    )
    return frame.assign(cifar10_test_200ep_pct_for_the_record=90.0 - np.arange(epochs)) if record else frame


def test_every_panel_draws_its_column_of_every_run():
    runs = [("darts", log()), ("beta-darts", log(shift=0.5))]
    figure = search_curves(runs, record_label="CIFAR-10 test accuracy (%)")
    assert figure.get_figwidth() == PAGE_WIDTH_INCHES
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0] == "Validation loss (nats)"
    assert titles[3] == "CIFAR-10 test accuracy (%)"
    assert [axes.get_ylabel() for axes in figure.axes] == ["", "", "", "for the record"]
    columns = ["validation_loss", "entropy_nats", "skip_connections", "cifar10_test_200ep_pct_for_the_record"]
    for axes, column in zip(figure.axes, columns, strict=True):
        for line, (_, run) in zip(axes.get_lines(), runs, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), run[column])
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["darts", "beta-darts"]


def test_seeds_of_one_method_look_alike_and_methods_do_not():
    figure = search_curves([("a", log()), ("b", log()), ("a", log(shift=1))])
    shades = [colors.to_hex(line.get_color()).upper() for line in figure.axes[0].get_lines()]
    assert shades == [COLOURS[0], COLOURS[1], COLOURS[0]]
    assert len(figure.legends[0].get_texts()) == 2


def test_searches_of_other_lengths_share_the_axis():
    figure = search_curves([("a", log(4, record=False)), ("b", log(8, record=False))])
    assert len(figure.axes) == 3
    for line in figure.axes[0].get_lines():
        assert line.get_xdata()[-1] == 100
    assert figure.axes[0].get_xlabel() == "Share of the search (%)"


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "there is no search to draw"),
        ([("a", log().drop(columns="entropy_nats"))], "the log of a lacks: entropy_nats"),
        ([("a", log(0))], "the log of a has no rows"),
    ],
)
def test_what_cannot_be_drawn_is_refused(runs, message):
    with pytest.raises(HarnessError, match=message):
        search_curves(runs)
