"""The Pareto figure: what is drawn and where, words, and that it leaves matplotlib as it was."""

import itertools

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import _pylab_helpers
from matplotlib.colors import to_hex

from harness.errors import HarnessError
from harness.report.figures.pareto import MOST_PROXIES, pareto
from harness.report.figures.style import COLOURS, COLUMN_WIDTH_INCHES, PAGE_WIDTH_INCHES
from harness.report.files import save_figure
from harness.stats import pareto_front
from tests.report.rankings import quantities, trade_off_of


def make_points(n=300, seed=0):
    """Accuracies that rise with a latency within a decade, three of them at chance."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(1, 9, size=n)
    y = 85 + x + generator.normal(size=n) - 0.3 * np.abs(generator.normal(size=n))
    y[:3] = 10.0
    frame = pd.DataFrame({"x": x, "y": y, "on_front": False, "scored": np.arange(n) % 3 == 0})
    frame.loc[pareto_front(x, y), "on_front"] = True
    return frame


def make_picks(points, count):
    rows = points[points["scored"]].sort_values("x")
    chosen = [rows.iloc[place :: 2 * count][["x", "y"]].assign(proxy=f"proxy_{place}") for place in range(count)]
    return pd.concat(chosen, ignore_index=True)


def draw(points, picks, x=None, y=None, title="My table"):
    """The figure, of a latency and an accuracy that differ from the usual in what is given."""
    return pareto(trade_off_of(*quantities(x, y, title), points=points, picks=picks))


def offsets(axes):
    """Of each collection of marks: two of the cloud, then four of the front and of each proxy.

    The four: at their place, at the edge of y, and at the left and the right edge of x.
    """
    return [np.asarray(collection.get_offsets()) for collection in axes.collections]


def grouped(axes):
    marks = offsets(axes)
    return [marks[:2], *(marks[start : start + 4] for start in range(2, len(marks), 4))]


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def words(figure):
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


@pytest.mark.parametrize("count", range(1, MOST_PROXIES + 1))
def test_the_legend_names_the_cloud_the_front_and_every_proxy(count):
    points = make_points()
    figure = draw(points, make_picks(points, count))
    names = [f"proxy_{place}" for place in range(count)]
    assert legend_of(figure) == ["all 300 architectures", "Pareto front", *names]
    assert figure.get_size_inches()[0] == (COLUMN_WIDTH_INCHES if count == 1 else PAGE_WIDTH_INCHES)
    lines = [line for line in figure.axes[0].lines if line.get_drawstyle() == "steps-post"]
    assert [to_hex(line.get_color()).upper() for line in lines[1:]] == list(COLOURS[:count])
    widths = [line.get_linewidth() for line in lines[1:]]
    assert widths == sorted(set(widths), reverse=True), "of lines that coincide all are seen"


def test_points_picks_and_front_lie_where_their_numbers_are():
    points = make_points()
    picks = make_picks(points, 1).iloc[5:]
    picks = picks[picks["y"] > 50]
    axes = draw(points, picks).axes[0]
    (cloud, _), (front, *_), (marks, *edges) = grouped(axes)
    assert sorted(map(tuple, cloud)) == sorted(map(tuple, points.loc[points["y"] > 50, ["x", "y"]].to_numpy()))
    on_front = points[points["on_front"] & (points["y"] > 50)]
    assert sorted(map(tuple, front)) == sorted(map(tuple, on_front[["x", "y"]].to_numpy()))
    assert list(map(tuple, marks)) == list(map(tuple, picks[["x", "y"]].to_numpy()))
    assert [len(edge) for edge in edges] == [0, 0, 0]
    sizes = axes.collections[6].get_sizes()
    assert len(set(sizes[:-1])) == 1
    assert sizes[-1] > sizes[0], "the last pick, the highest score, is drawn larger"


@pytest.mark.parametrize(("x_higher", "end"), [(False, 1), (True, 0)])
def test_lines_are_steps_to_the_loosest_budget(x_higher, end):
    points = make_points()
    picks = pd.DataFrame({"proxy": "mine", "x": [2.0, 4.0, 6.0], "y": [88.0, 87.0, 91.0]})
    axes = draw(points, picks.iloc[::-1] if x_higher else picks, {"higher_is_better": x_higher}).axes[0]
    line = axes.lines[-1]
    x, y = line.get_xdata(), line.get_ydata()
    assert line.get_drawstyle() == "steps-post"
    assert x.tolist() == [*(picks["x"].iloc[::-1] if x_higher else picks["x"]), axes.get_xlim()[end]]
    assert y[-1] == y[-2]


def test_the_front_runs_from_the_tightest_budget_on():
    points = make_points()
    for x_higher in (False, True):
        points["on_front"] = False
        points.loc[pareto_front(-points["x"] if x_higher else points["x"], points["y"]), "on_front"] = True
        line = draw(points, make_picks(points, 1), {"higher_is_better": x_higher}).axes[0].lines[-2]
        x, heights = line.get_xdata()[:-1], line.get_ydata()[:-1]
        assert (np.diff(-x if x_higher else x) > 0).all()
        assert (np.diff(heights) >= 0).all()


@pytest.mark.parametrize("y_higher", [True, False])
def test_the_worst_are_triangles_at_the_edge_and_counted(y_higher):
    points = make_points()
    points.loc[0, ["x", "on_front"]] = [0.01, True]
    if not y_higher:
        points["y"] = 100 - points["y"]
    picks = points.iloc[[1, 50]][["x", "y"]].assign(proxy="mine")
    figure = draw(points, picks, y={"higher_is_better": y_higher})
    axes = figure.axes[0]
    (body, edge), front, (marks, mark_at_edge, *_) = grouped(axes)
    low, high = axes.get_ylim()
    assert len(edge) == 2, "the third lies beside the axis, which spans the others"
    assert axes.get_xlim()[0] > 0.5
    if y_higher:
        assert low < edge[0, 1] < body[:, 1].min()
    else:
        assert high > edge[0, 1] > body[:, 1].max()
    assert (len(marks), len(mark_at_edge)) == (1, 1)
    assert mark_at_edge[0, 1] == edge[0, 1]
    fence = float(words(figure).split(" (3), drawn")[0].split()[-1])
    ticks = axes.get_yticks()
    assert (ticks >= fence).all() if y_higher else (ticks <= fence).all()
    sign, where = ("▾", "below") if y_higher else ("▴", "above")
    assert f"{sign}: {where} " in words(figure)
    assert "(3), drawn at the edge, but for those beside the axis (1)." in words(figure)
    assert len(front[2]) == 1, "that of the front which lies left of the axis"
    assert "◂: marks that lie left of the axis, drawn at its edge: Pareto front 1 (at 0.01)." in words(figure)


@pytest.mark.parametrize("is_log", [False, True])
def test_picks_beside_the_axis_are_marks_at_its_edge_and_counted_by_proxy(is_log):
    points = make_points()
    points.loc[:2, "x"] = [0.012, 0.013, 5000.0]
    if is_log:
        points.loc[3:4, "x"] = [0.5, 20.0]
    at_chance = points.loc[:2, ["x", "y"]]
    inside = points.loc[[50], ["x", "y"]]
    picks = pd.concat(
        [
            at_chance.iloc[:1].assign(proxy="only"),
            pd.concat([at_chance.iloc[:2], inside]).assign(proxy="left"),
            pd.concat([inside, at_chance.iloc[2:]]).assign(proxy="right"),
            inside.assign(proxy="inside"),
        ]
    )
    figure = draw(points, picks)
    axes = figure.axes[0]
    assert axes.get_xscale() == ("log" if is_log else "linear")
    assert axes.get_xlim()[0] > 0.02
    assert axes.get_xlim()[1] < 100
    body = points.loc[points["y"] > 50, "x"]
    proxies = grouped(axes)[2:]
    assert [[len(marks) for marks in proxy] for proxy in proxies] == [
        [0, 0, 1, 0],
        [1, 0, 2, 0],
        [1, 0, 0, 1],
        [1, 0, 0, 0],
    ]
    for x, height in [*proxies[0][2], *proxies[1][2]]:
        assert axes.get_xlim()[0] < x < body.min()
        assert axes.get_ylim()[0] < height < points.loc[points["y"] > 50, "y"].min()
    assert body.max() < proxies[2][3][0, 0] < axes.get_xlim()[1]
    assert axes.lines[-4].get_xdata()[0] == proxies[0][2][0, 0], "the line starts at the mark"
    assert max(axes.collections[8].get_sizes()) > min(axes.collections[12].get_sizes()), "highest of all, drawn larger"
    assert "◂: marks that lie left of the axis, drawn at its edge: only 1 (at 0.012), left 2 (at 0.012 to 0.013)." in (
        words(figure)
    )
    assert "▸: marks that lie right of the axis, drawn at its edge: right 1 (at 5e+03)." in words(figure)
    assert not {"◂", "▸"} & set(words(draw(points, picks.iloc[-1:])))


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        ({}, "log"),
        ({"unit": "pct"}, "linear"),
        ({"higher_is_better": True}, "linear"),
        ({"higher_is_better": True, "unit": "pct"}, "linear"),
    ],
)
def test_only_a_cost_that_is_no_percentage_is_logarithmic(options, scale):
    points = make_points().assign(x=lambda frame: 1 + 98 * (frame["x"] - 1) / 8)
    assert draw(points, make_picks(points, 1), options).axes[0].get_xscale() == scale


@pytest.mark.parametrize(
    ("x_higher", "y_higher", "better"),
    [(False, True, "left and up"), (True, False, "right and down"), (False, False, "left and down")],
)
def test_small_print_says_what_is_better_how_many_were_scored_and_the_source(x_higher, y_higher, better):
    points = make_points()
    figure = draw(
        points,
        make_picks(points, 2),
        {"higher_is_better": x_higher},
        {"higher_is_better": y_higher},
        title="Source: $5 table_x",
    )
    assert words(figure).startswith(f"Better: {better}. Front: no other architecture is better in one")
    assert "its highest score within each budget, among the 100 that were scored;" in words(figure)
    assert words(figure).endswith("Source: $5 table_x.")
    everything = draw(points.assign(scored=True), make_picks(points, 2))
    assert "within each budget, among all; the large mark" in words(everything)


@pytest.mark.parametrize(("n", "rasterised"), [(2000, False), (2001, True)])
def test_a_large_cloud_is_rasterised_and_the_lines_are_not(n, rasterised):
    points = make_points(n)
    axes = draw(points, make_picks(points, 1)).axes[0]
    assert [collection.get_rasterized() for collection in axes.collections[:2]] == [rasterised, rasterised]
    assert not any(collection.get_rasterized() for collection in axes.collections[2:])
    assert not any(line.get_rasterized() for line in axes.lines)


def test_a_vector_figure_of_a_whole_table_stays_small(tmp_path):
    points = make_points(15_625)
    figure = draw(points, make_picks(points.iloc[:50], 4))
    assert save_figure(figure, tmp_path / "figure.svg").stat().st_size < 400_000


@pytest.mark.parametrize("points", [make_points(1), make_points(2), make_points(40).assign(x=3.0, y=5.0)])
def test_few_or_equal_points_can_be_drawn(points, tmp_path):
    figure = draw(points, points.iloc[:1].assign(proxy="mine"))
    assert save_figure(figure, tmp_path / "figure.png").stat().st_size > 1000


@pytest.mark.parametrize("count", range(1, MOST_PROXIES + 1))
def test_nothing_written_overlaps_or_leaves_the_page(count):
    points = make_points()
    x = {"description": "latency of the network for cifar10, one image, on a device with a long name"}
    y = {"description": "cifar10 test accuracy under fast gradient sign attacks of the strength 8 / 255"}
    figure = draw(points, make_picks(points, count), x, y, "Source. " * 20)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    low, high = axes.get_xlim()
    written = [axes.xaxis.label, axes.yaxis.label, *figure.texts, *figure.legends[0].get_texts()]
    written += [
        text for text, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True) if low <= place <= high
    ]
    written += axes.get_yticklabels()
    boxes = [(text.get_text(), text.get_window_extent()) for text in written if text.get_text()]
    page = figure.bbox.padded(1)
    assert [text for text, box in boxes if not (page.contains(*box.min) and page.contains(*box.max))] == []
    assert [
        (text, other_text)
        for (text, box), (other_text, other) in itertools.combinations(boxes, 2)
        if box.padded(-1).overlaps(other.padded(-1))
    ] == []


def test_matplotlibs_global_state_stays():
    before, managers = dict(matplotlib.rcParams), list(_pylab_helpers.Gcf.figs)
    points = make_points()
    draw(points, make_picks(points, 2))
    assert dict(matplotlib.rcParams) == before
    assert list(_pylab_helpers.Gcf.figs) == managers


def test_two_figures_of_the_same_frames_are_the_same_file(tmp_path):
    points = make_points(2500)
    first, second = (draw(points, make_picks(points, 3)) for _ in range(2))
    content = save_figure(first, tmp_path / "first.svg").read_bytes()
    assert save_figure(second, tmp_path / "second.svg").read_bytes() == content


def test_bad_input_is_explained():
    points = make_points()
    with pytest.raises(HarnessError, match="one figure tells at most 4 proxies apart, got 5: proxy_0, proxy_1"):
        draw(points, make_picks(points, 5))


@pytest.mark.parametrize(("x_length", "y_length"), [(40, 200), (82, 200), (128, 128)])
def test_a_label_of_x_fits_next_to_a_label_of_y_of_many_lines(x_length, y_length):
    points = make_points()
    points["x"] = points["x"] * 9000
    x, y = ({"description": ("of_some_words_" * 20)[:length]} for length in (x_length, y_length))
    figure = draw(points, make_picks(points, 1), x, y)
    figure.canvas.draw()
    label = figure.axes[0].xaxis.label.get_window_extent()
    assert label.x0 >= 0
    assert label.x1 <= figure.get_size_inches()[0] * figure.dpi
    low, high = figure.axes[0].get_xlim()
    labels = zip(figure.axes[0].get_xticks(), figure.axes[0].get_xticklabels(), strict=True)
    boxes = [label.get_window_extent() for place, label in labels if low <= place <= high]
    assert all(after.x0 - before.x1 > 2 for before, after in itertools.pairwise(boxes))
