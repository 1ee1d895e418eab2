"""The scatter figure: panels, points, words, and that it leaves matplotlib as it was."""

import itertools
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib import _pylab_helpers
from matplotlib.colors import LogNorm
from matplotlib.text import Annotation

from harness.errors import HarnessError, ScoresError
from harness.report.figures.scatter import scatter
from harness.report.figures.style import COLUMN_WIDTH_INCHES, PAGE_WIDTH_INCHES, STYLE
from harness.report.files import save_figure
from tests.report.rankings import ranking_of_scores
from tests.sampling import one_in

N = 200


def scores(count: int, n: int = N) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(1)
    names = ["params", "flops", *(f"proxy_{index}" for index in range(count - 2))][-count:]
    return {name: np.exp(generator.normal(size=n) * (1 + 2 * (index % 2))) for index, name in enumerate(names)}


def panels(figure) -> list:
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def points_in(axes) -> list[int]:
    return [len(collection.get_offsets()) for collection in axes.collections]


def heading(axes) -> str:
    (annotation,) = [child for child in axes.get_children() if isinstance(child, Annotation)]
    return annotation.get_text()


@pytest.mark.parametrize("count", one_in(3, [1, 2, 3, 4, 7, 12]))
def test_a_panel_a_proxy_with_all_its_points(count):
    figure = scatter(ranking_of_scores(scores(count)))
    assert len(panels(figure)) == count
    for axes in panels(figure):
        assert points_in(axes) == [N - N // 40, N // 40]
    assert len(figure.axes) == count + 1
    assert figure.get_size_inches()[0] == (COLUMN_WIDTH_INCHES if count == 1 else PAGE_WIDTH_INCHES)


ACROSS = {1: 1, 3: 3, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 3, 12: 4}
"""Panels beside each other, by their number."""


@pytest.mark.parametrize(("count", "across"), one_in(2, [pytest.param(*each) for each in ACROSS.items()]))
def test_panels_beside_each_other(count, across):
    figure = scatter(ranking_of_scores(scores(count, n=10)))
    assert panels(figure)[0].get_gridspec().ncols == across


@pytest.mark.parametrize(("columns", "across"), [(1, 1), (2, 2), (9, 5)])
def test_columns_can_be_chosen(columns, across):
    figure = scatter(ranking_of_scores(scores(5, n=10)), columns=columns)
    assert panels(figure)[0].get_gridspec().ncols == across


def test_panels_follow_the_ranking():
    ranking = ranking_of_scores(scores(5))
    figure = scatter(replace(ranking, frame=ranking.frame.iloc[::-1]))
    titles = [axes.get_title(loc="left") for axes in panels(figure)]
    assert titles == ["proxy_2", "proxy_1", "proxy_0", "flops", "params"]


def test_only_proxies_with_points_are_drawn():
    ranking = ranking_of_scores(scores(5))
    figure = scatter(replace(ranking, points=ranking.points[ranking.points["proxy"] != "proxy_1"]))
    assert len(panels(figure)) == 4


def test_proxies_can_be_chosen_and_the_baselines_stay():
    figure = scatter(ranking_of_scores(scores(5)), ["proxy_2", "proxy_0"])
    assert [axes.get_title(loc="left") for axes in panels(figure)] == ["params", "flops", "proxy_0", "proxy_2"]


def test_points_lie_where_their_numbers_are():
    ranking = ranking_of_scores(scores(1))
    points = ranking.points
    (axes,) = panels(scatter(ranking))
    drawn, edge = (np.asarray(collection.get_offsets()) for collection in axes.collections)
    expected = points[points["accuracy"] > 50][["score", "accuracy"]].to_numpy()
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, expected))
    assert sorted(edge[:, 0]) == sorted(points.loc[points["accuracy"] == 10, "score"])
    assert np.unique(edge[:, 1]).size == 1
    assert axes.get_ylim()[0] < edge[0, 1] < drawn[:, 1].min()
    millions = axes.collections[0].get_array()
    assert sorted(millions) == sorted(points.loc[points["accuracy"] > 50, "parameters"] / 1e6)


def test_the_order_of_drawing_is_neither_that_of_the_frame_nor_of_chance():
    ranking = ranking_of_scores(scores(1))
    points = ranking.points
    first, again = (np.asarray(panels(scatter(ranking))[0].collections[0].get_offsets()) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, points[points["accuracy"] > 50][["score", "accuracy"]].to_numpy())


def test_headings_say_coefficients_and_counts():
    ranking = ranking_of_scores(scores(1))
    ranking.frame[["kendall_tau_b", "kendall_tau_b_low", "kendall_tau_b_high"]] = [-0.4, -0.5, -0.3]
    (axes,) = panels(scatter(ranking))
    assert heading(axes) == "ρ 0.60 [0.53, 0.66]\nτ −0.40 [−0.50, −0.30]\nn 200, ▾ 5"


def test_small_print_explains_the_triangles_and_names_the_source():
    figure = scatter(ranking_of_scores(scores(1)), source="Source: $5 table_x")
    small_print = " ".join(" ".join(text.get_text() for text in figure.texts).split())
    assert "▾: accuracy below" in small_print
    assert "Source: $5 table_x" in small_print


def test_without_a_tail_there_are_no_triangles():
    ranking = ranking_of_scores(scores(1))
    points = ranking.points
    points["accuracy"] = points["accuracy"].clip(lower=85)
    figure = scatter(ranking)
    assert points_in(panels(figure)[0]) == [N, 0]
    assert heading(panels(figure)[0]).endswith("n 200")
    assert not any("▾" in text.get_text() for text in figure.texts)


def test_each_panel_has_its_own_scale_and_the_accuracies_are_shared():
    spread = np.geomspace(1e-3, 1e6, N)
    signed = spread * (-1) ** np.arange(N)
    figure = scatter(ranking_of_scores({"narrow": np.linspace(5, 9, N), "wide": spread, "signed": signed}))
    assert [axes.get_xscale() for axes in panels(figure)] == ["linear", "log", "symlog"]
    assert len({axes.get_ylim() for axes in panels(figure)}) == 1


@pytest.mark.parametrize(("n", "rasterised"), [(2000, False), (2001, True)])
def test_many_points_are_rasterised(n, rasterised):
    (axes,) = panels(scatter(ranking_of_scores(scores(1, n))))
    assert [collection.get_rasterized() for collection in axes.collections] == [rasterised, rasterised]


def test_a_vector_figure_of_the_whole_table_stays_small(tmp_path):
    figure = scatter(ranking_of_scores(scores(1, 15_625)))
    assert save_figure(figure, tmp_path / "figure.svg").stat().st_size < 400_000


@pytest.mark.parametrize("parameters", [1_000_000, 0])
def test_one_count_of_parameters_for_all_has_a_colourbar(parameters):
    ranking = ranking_of_scores(scores(1))
    figure = scatter(replace(ranking, points=ranking.points.assign(parameters=parameters)))
    norm = panels(figure)[0].collections[0].norm
    assert norm.vmin < norm.vmax


def test_parameters_over_a_decade_are_coloured_by_their_logarithm():
    ranking = ranking_of_scores(scores(1))
    points = ranking.points
    assert isinstance(panels(scatter(ranking))[0].collections[0].norm, LogNorm)
    points["parameters"] = points["parameters"].clip(lower=500_000)
    assert not isinstance(panels(scatter(ranking))[0].collections[0].norm, LogNorm)


@pytest.mark.parametrize("count", one_in(2, [1, 2, 12, 7]))
def test_nothing_written_overlaps_or_leaves_the_page(count):
    names = [*list(scores(count))[:-1], "a_proxy_with_a_very_long_name_indeed"]
    renamed = dict(zip(names, scores(count).values(), strict=True))
    figure = scatter(ranking_of_scores(renamed), source="Source. " * 20)
    figure.draw_without_rendering()
    written = []
    for axes in panels(figure):
        title = next(text for text in axes.get_children() if "".join(getattr(text, "get_text", str)().split()) in names)
        (coefficients,) = [child for child in axes.get_children() if isinstance(child, Annotation)]
        written += [title, coefficients, axes.xaxis.label, axes.xaxis.offsetText]
        written += [
            text
            for text, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
            if axes.get_xlim()[0] <= place <= axes.get_xlim()[1]
        ]
        written += axes.get_yticklabels()
    written += figure.texts
    boxes = [(text.get_text(), text.get_window_extent()) for text in written if text.get_text() and text.get_visible()]
    page = figure.bbox.padded(1)
    outside = [text for text, box in boxes if not (page.contains(*box.min) and page.contains(*box.max))]
    overlaps = [
        (text, other_text)
        for (text, box), (other_text, other) in itertools.combinations(boxes, 2)
        if box.padded(-1).overlaps(other.padded(-1))
    ]
    assert outside == []
    assert overlaps == []


def test_matplotlibs_global_state_stays():
    before = dict(matplotlib.rcParams)
    assert before["font.size"] != STYLE["font.size"]
    managers = list(_pylab_helpers.Gcf.figs)
    state = np.random.get_state()[1].copy()
    scatter(ranking_of_scores(scores(2)))
    assert dict(matplotlib.rcParams) == before
    assert list(_pylab_helpers.Gcf.figs) == managers
    assert np.array_equal(np.random.get_state()[1], state)


def test_two_figures_of_the_same_frames_are_the_same_file(tmp_path):
    ranking = ranking_of_scores(scores(2, 2500))
    first, second = (scatter(ranking) for _ in range(2))
    content = save_figure(first, tmp_path / "first.svg").read_bytes()
    assert save_figure(second, tmp_path / "second.svg").read_bytes() == content
    assert save_figure(first, tmp_path / "again.svg").read_bytes() == content


def test_style_has_its_widths_and_every_key_is_known():
    assert (COLUMN_WIDTH_INCHES, PAGE_WIDTH_INCHES) == (3.3, 6.9)
    assert set(STYLE) <= set(matplotlib.rcParams)
    with matplotlib.rc_context(dict(STYLE)):
        assert matplotlib.rcParams["font.size"] == 8


def test_bad_input_is_explained():
    ranking = ranking_of_scores(scores(2))
    with pytest.raises(ScoresError, match="there is no score to draw"):
        scatter(replace(ranking, points=ranking.points.iloc[:0]))
    with pytest.raises(ScoresError, match=r"unknown proxy of these scores 'parms'\. Did you mean 'params'"):
        scatter(ranking, ["parms"])
    with pytest.raises(HarnessError, match="columns must be at least 1; got 0"):
        scatter(ranking, columns=0)


@pytest.mark.parametrize("columns", [4, 6])
def test_labels_of_ticks_do_not_run_together(columns):
    """Sizes of small networks, in thousands, have long labels; so have powers of ten on both sides of zero."""
    generator = np.random.default_rng(0)
    sizes = generator.uniform(5800, 9300, 60)
    both = np.exp(6 * generator.normal(size=60)) * generator.choice([-1, 1], size=60)
    scores = {"params": sizes, "small": sizes / 1e6, "both": both, "large": np.exp(20 * generator.normal(size=60))}
    names = [f"{name}_{place}" for place in range(2) for name in scores]
    figure = scatter(ranking_of_scores({name: scores[name.split("_")[0]] for name in names}), columns=columns)
    figure.draw_without_rendering()
    for axes in figure.axes[: len(names)]:
        low, high = axes.get_xlim()
        labels = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        boxes = [label.get_window_extent() for place, label in sorted(labels, key=lambda pair: pair[0])
                 if low <= place <= high]  # fmt: skip
        assert boxes, "a tick is left"
        for before, after in itertools.pairwise(boxes):
            assert after.x0 - before.x1 > 2
        below, power = axes.xaxis.label.get_window_extent(), axes.xaxis.offsetText.get_window_extent()
        assert not (axes.get_xlabel() and power.width and below.overlaps(power))
