"""Which scale and which limits an axis gets."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from harness.report.figures.accuracy_axis import accuracy_range, set_accuracy_axis
from harness.report.figures.score_axis import score_scale, set_score_axis

GENERATOR = np.random.default_rng(0)
NORMAL = GENERATOR.normal(size=15_625)
LOG_NORMAL = np.exp(3 * GENERATOR.normal(size=15_625))
SCORES = {
    "all equal": (np.full(5, 3.0), "linear"),
    "all zero": (np.zeros(5), "linear"),
    "one score": (np.array([-2.0]), "linear"),
    "two decades": (np.geomspace(1, 100, 50), "linear"),
    "over two decades": (np.geomspace(1, 200, 50), "log"),  # 2.3 in all, 2.2 above the 5 % quantile
    "three decades": (np.geomspace(1, 1000, 50), "log"),
    "600 decades": (np.geomspace(1e-300, 1e300, 50), "log"),
    "heavy tail upward": (LOG_NORMAL, "log"),
    "floor far below": (np.concatenate([np.full(900, 1e-6), LOG_NORMAL]), "log"),
    "floor of zeros": (np.concatenate([np.zeros(900), LOG_NORMAL]), "symlog"),
    "negative over decades": (-LOG_NORMAL, "symlog"),
    "both signs over decades": (LOG_NORMAL * np.sign(NORMAL), "symlog"),
    "both signs, one outlier": (np.append(NORMAL, 1e5), "symlog"),
    "normal around zero": (NORMAL, "linear"),
    "normal far from zero": (NORMAL + 1000, "linear"),
    "magnitudes of a normal": (np.abs(NORMAL), "linear"),
    "uniform from zero": (np.linspace(0, 1, 10_000), "linear"),
    "last digits only": (1 + np.arange(5) * np.finfo(float).eps, "linear"),
}


@pytest.mark.parametrize("name", SCORES)
def test_scale_of_scores(name):
    scores, expected = SCORES[name]
    assert score_scale(scores).kind == expected


@pytest.mark.parametrize("name", SCORES)
def test_every_score_is_in_sight_and_labels_are_few(name):
    scores, _ = SCORES[name]
    figure = Figure(figsize=(1.7, 1.7))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    set_score_axis(axes, scores)
    figure.draw_without_rendering()
    low, high = axes.get_xlim()
    assert low < scores.min()
    assert high > scores.max()
    labels = [label for label in axes.get_xticklabels() if label.get_text() and low <= label.get_position()[0] <= high]
    assert len(labels) <= 6
    assert len(labels) >= (2 if scores.min() < scores.max() and name != "last digits only" else 0)


def test_linear_part_of_symlog_ends_below_the_smallest_of_one_sign():
    scale = score_scale(np.array([0.0, 0.003, 5.0, 700.0]))
    assert scale.kind == "symlog"
    assert_allclose(scale.linear_within, 0.001)


def test_symlog_labels_stand_at_the_same_powers_on_both_sides():
    figure = Figure()
    axes = figure.subplots()
    magnitudes = np.geomspace(1e-2, 1e4, 200)
    set_score_axis(axes, np.concatenate([-10 * magnitudes, magnitudes]))
    ticks = axes.get_xticks()
    assert 0 in ticks
    assert_allclose(np.sort(-ticks), ticks)
    texts = [axes.xaxis.get_major_formatter()(tick) for tick in ticks]
    assert texts[len(texts) // 2] == "0"
    assert texts[0] == texts[-1].replace("{10", "{-10")


def test_accuracies_with_a_tail_end_at_the_fence():
    # NAS-Bench-201 on CIFAR-10 has quartiles 87.6 and 92.2 and one in forty at 10.
    body = np.linspace(85, 94, 1000)
    accuracies = np.concatenate([body, np.full(26, 10.0)])
    shown = accuracy_range(accuracies)
    assert shown.fence is not None
    assert shown.low < shown.edge < shown.fence < 85
    assert shown.fence == round(shown.fence)
    assert shown.high > 94
    assert (accuracies < shown.fence).sum() == 26


@pytest.mark.parametrize(
    "accuracies",
    [
        np.linspace(0, 47, 500),
        np.append(np.linspace(85, 94, 500), 80.0),
        np.append(np.linspace(85, 94, 500), 200.0),
        np.concatenate([np.full(80, 90.0), np.linspace(10, 94, 20)]),
        np.full(5, 90.0),
        np.zeros(3),
    ],
    ids=["no tail", "short tail", "tail above", "half of them equal", "constant", "zero"],
)
def test_without_a_long_tail_everything_is_shown(accuracies):
    shown = accuracy_range(accuracies)
    assert shown.fence is None
    assert shown.low < accuracies.min()
    assert shown.high > accuracies.max()


def test_accuracies_as_shares_have_a_fence_in_their_unit():
    accuracies = np.concatenate([np.linspace(0.85, 0.94, 1000), np.full(26, 0.1)])
    fence = accuracy_range(accuracies).fence
    assert fence is not None
    assert 0.6 < fence < 0.85
    assert len(f"{fence:g}") <= 4


def test_no_tick_stands_below_the_fence():
    axes = Figure().subplots()
    shown = accuracy_range(np.concatenate([np.linspace(85, 94, 1000), np.full(26, 10.0)]))
    set_accuracy_axis(axes, shown)
    assert axes.get_ylim() == (shown.low, shown.high)
    assert min(axes.get_yticks()) >= shown.fence
    assert len(axes.get_yticks()) >= 3


@pytest.mark.parametrize(
    "values",
    [np.concatenate([np.linspace(6, 15, 1000), np.full(26, 90.0)]), np.linspace(6, 15, 100), np.full(5, 3.0)],
    ids=["tail of the worst", "no tail", "constant"],
)
def test_where_lower_is_better_the_axis_is_turned_round(values):
    shown, turned = accuracy_range(values, higher_is_better=False), accuracy_range(-values)
    assert (shown.low, shown.high, shown.edge) == (-turned.high, -turned.low, -turned.edge)
    assert shown.fence == (None if turned.fence is None else -turned.fence)
    assert shown.is_beyond(values).tolist() == turned.is_beyond(-values).tolist()
    assert shown.is_beyond(values).sum() == (values == 90).sum()
    axes = Figure().subplots()
    set_accuracy_axis(axes, shown)
    assert axes.get_ylim() == (shown.low, shown.high)
    assert shown.fence is None or max(axes.get_yticks()) <= shown.fence < shown.edge < shown.high
    assert len(axes.get_yticks()) >= 2
