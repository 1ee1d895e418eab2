"""The figure of searches' logs."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from harness.errors import HarnessError
from harness.report.figures.search_curves import search_curves
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES
from tests.sampling import one_in

RECORD = "cifar10_test_200ep_pct_for_the_record"
LABEL = "CIFAR-10 test accuracy after 200 epochs (%)"
LONG = (
    "darts, preset laptop, with a name that goes on and on over what was changed in its setting, and why, and by whom"
)


def log(epochs=4, record=True, shift=0.0):
    frame = pd.DataFrame(
        {
            "epoch": np.arange(1, epochs + 1),
            "validation_loss": 2.0 - 0.1 * np.arange(epochs) + shift,
            "entropy_nats": 1.6 - 0.2 * np.arange(epochs),
            "skip_connections": np.minimum(np.arange(epochs), 6),
        }
    )
    return frame.assign(**{RECORD: 90.0 - np.arange(epochs)}) if record else frame


def titles(figure):
    return [" ".join(axes.get_title(loc="left").split()) for axes in figure.axes]


def test_every_panel_draws_its_column_of_every_run():
    runs = [("darts", log()), ("beta-darts", log(shift=0.5))]
    figure = search_curves(runs, record_label="CIFAR-10 test accuracy (%)")
    assert figure.get_figwidth() == PAGE_WIDTH_INCHES
    assert titles(figure)[0] == "Validation loss"
    assert titles(figure)[3] == "CIFAR-10 test accuracy (%)"
    assert [axes.get_ylabel() for axes in figure.axes] == ["", "", "", "for the record"]
    columns = ["validation_loss", "entropy_nats", "skip_connections", RECORD]
    for axes, column in zip(figure.axes, columns, strict=True):
        for line, (_, run) in zip(axes.get_lines(), runs, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), run[column])
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["darts", "beta-darts"]
    assert legend.get_title().get_text() == "", "nothing is a mean here"


def test_seeds_of_one_name_become_their_mean_and_a_band():
    figure = search_curves([("a", log()), ("b", log()), ("a", log(shift=1))])
    lines = figure.axes[0].get_lines()
    assert [colors.to_hex(line.get_color()).upper() for line in lines] == [COLOURS[0], COLOURS[1]]
    np.testing.assert_allclose(lines[0].get_ydata(), log(shift=0.5)["validation_loss"])
    (band,) = figure.axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((1.7, 3.0))
    assert len(figure.legends[0].get_texts()) == 2
    assert figure.legends[0].get_title().get_text().startswith("Lines of several runs are their mean")


def test_a_run_that_was_cut_short_is_drawn_by_itself():
    figure = search_curves([("a", log(4)), ("a", log(4)), ("a", log(3))])
    assert len(figure.axes[0].get_lines()) == 3
    assert not figure.axes[0].collections


def test_searches_of_other_lengths_share_the_axis():
    figure = search_curves([("a", log(4, record=False)), ("b", log(8, record=False))])
    assert len(figure.axes) == 3
    for line in figure.axes[0].get_lines():
        assert line.get_xdata()[-1] == 100
    assert figure.axes[0].get_xlabel() == "Share of the search (%)"


def test_more_than_three_names_have_a_row_each():
    names = [f"method {number}" for number in range(12)]
    runs = [(name, log(shift=seed / 10)) for name in names for seed in range(2)]
    runs = [(name, run.assign(skip_connections=0) if name == names[0] else run) for name, run in runs]
    figure = search_curves(runs, record_label=LABEL)
    assert len(figure.axes) == 12 * 4
    assert not figure.legends
    for place, name in enumerate(names):
        row = figure.axes[4 * place : 4 * place + 4]
        assert [text.get_text() for text in row[0].texts] == [f"{name} (2 runs)"]
        assert [len(axes.get_lines()) for axes in row] == [1, 1, 1, 1]
        np.testing.assert_allclose(row[0].get_lines()[0].get_ydata(), log(shift=0.05)["validation_loss"])
        assert row[2].get_ylim() == figure.axes[2].get_ylim(), "rows can be compared"
        assert row[2].get_ylim() == (-0.25, 3.25)
    assert titles(figure)[3] == f"{LABEL}, for the record"
    assert figure.get_supxlabel().startswith("Lines of several runs are their mean")


def test_a_method_that_trains_nothing_has_no_validation_loss():
    nothing = log().assign(validation_loss=np.nan)
    alone = search_curves([("nasi", nothing)])
    assert titles(alone)[0] == "Entropy of the operation weights (nats)"
    assert len(alone.axes) == 3
    beside = search_curves([("nasi", nothing), ("darts", log())])
    assert len(beside.axes[0].get_lines()) == 1
    assert [text.get_text() for text in beside.legends[0].get_texts()] == ["nasi", "darts"]
    rows = search_curves([("nasi", nothing), *((name, log()) for name in "abc")])
    assert [text.get_text() for text in rows.axes[0].texts] == ["trains no weights", "nasi"]
    assert not rows.axes[0].get_lines()


def drawn_words(figure):
    """Each text with letters, with its box in pixels: left, bottom, right, top; without the blank lines at its end."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    found = []
    for text in figure.findobj(Text):
        lines = text.get_text().split("\n")
        written = len("\n".join(lines).rstrip().split("\n"))
        if text.get_visible() and any(letter.isalpha() for letter in text.get_text()):
            box = text.get_window_extent(canvas.get_renderer())
            bottom = box.y0 + box.height * (len(lines) - written) / len(lines)
            found.append((text.get_text().rstrip(), (box.x0, bottom, box.x1, box.y1)))
    return found


@pytest.mark.parametrize(
    ("names", "epochs"),
    one_in(2, [pytest.param(*each) for each in ((1, [1]), (1, [20]), (3, [20, 50]), (12, [20, 50]))]),
)
def test_nothing_is_clipped_and_no_names_overlap(names, epochs):
    lengths = itertools.cycle(epochs)
    runs = [(f"{number} {LONG}" if number % 2 == 0 else f"m_{number}$", log(next(lengths))) for number in range(names)]
    figure = search_curves([*runs, *runs], record_label=f"{LABEL}, NAS-Bench-201, the official results")
    found = drawn_words(figure)
    width, height = figure.canvas.get_width_height()
    for text, (left, bottom, right, top) in found:
        assert left >= -1, text
        assert right <= width + 1, text
        assert bottom >= -1, text
        assert top <= height + 1, text
    everything = figure.get_tightbbox()  # of the numbers on the axes too, in inches
    assert everything.x0 >= -0.01
    assert everything.y0 >= -0.01
    assert everything.x1 <= figure.get_figwidth() + 0.01
    assert everything.y1 <= figure.get_figheight() + 0.01
    for (one, box), (other, beside) in itertools.combinations(found, 2):
        across = min(box[2], beside[2]) - max(box[0], beside[0])
        along = min(box[3], beside[3]) - max(box[1], beside[1])
        assert across < 1 or along < 1, (one, other)


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
