"""Names of any length: every text of a figure lies inside it, whole, and none lies on another."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from harness.evaluation.ablation import Ablation
from harness.evaluation.matrix import Matrix
from harness.evaluation.published import BesidePublished
from harness.report.figures.beside_published import beside_published
from harness.report.figures.critical_difference import critical_difference
from harness.report.figures.heat_map import heat_map
from harness.report.figures.loss_and_saving import loss_and_saving
from harness.report.figures.pareto import pareto
from harness.report.figures.scatter import scatter
from tests.report.rankings import comparison_of, quantities, ranking_of_scores, trade_off_of
from tests.sampling import one_in

NAMES = (
    ("underscores", 3, 5), ("words", 64, 5), ("underscores", 64, 1), ("underscores", 120, 5), ("one word", 64, 5),
    ("wide", 64, 5), ("one word", 120, 1),
)  # fmt: skip
"""Kind, length and number of the names."""
_TOUCH = 1.0  # pixels by which two texts may meet


def named(kind: str, length: int, which: int) -> str:
    """A name of that length; equal lengths of one kind differ in their last letters."""
    pattern = {
        "words": "score of the network ",
        "underscores": "my_own_proxy_of_networks_",
        "one word": "mnopqrstuv",
        "wide": "WM@%",
    }[kind]
    end = f"{which:02d}"
    return (pattern * length)[: length - len(end)].strip() + end


def names(kind: str, length: int, count: int) -> list[str]:
    return [named(kind, length, which) for which in range(count)]


def a_scatter(kind: str, length: int, count: int) -> Figure:
    generator = np.random.default_rng(0)
    scores = {name: generator.normal(size=50) for name in names(kind, length, count)}
    return scatter(ranking_of_scores(scores, label=named(kind, length, 99)), source=named(kind, length, 98))


def a_critical_difference(kind: str, length: int, count: int) -> Figure:
    found = names(kind, length, count)
    values = np.linspace(0.9, 0.1, count)
    verdicts = ["better", "", "worse", *["not distinguishable"] * count][:count]
    frame = pd.DataFrame(
        {
            "proxy": found, "verdict": verdicts, "spearman": values, "spearman_low": values - 0.1,
            "spearman_high": values + 0.05,
        }
    )  # fmt: skip
    ranking = ranking_of_scores({found[0]: np.arange(9.0)}, label=named(kind, length, 99))
    groups = [tuple(found[:2])]
    return critical_difference(
        comparison_of(frame, groups=groups, against=found[min(1, count - 1)], ranking=ranking, left_out=(found[0],))
    )


def a_pareto(kind: str, length: int, count: int) -> Figure:
    count = min(count, 4)
    x, y = quantities({"description": named(kind, length, 97)}, {"description": named(kind, length, 98)})
    generator = np.random.default_rng(0)
    points = pd.DataFrame(
        {"x": generator.uniform(1, 9, 40), "y": generator.uniform(80, 95, 40), "on_front": False, "scored": True}
    )
    points.loc[:3, "on_front"] = True
    picks = pd.concat(
        [
            points.loc[place : place + 2, ["x", "y"]].assign(proxy=name)
            for place, name in enumerate(names(kind, length, count))
        ]
    )
    return pareto(trade_off_of(x, y, points=points, picks=picks))


def a_heat_map(kind: str, length: int, count: int) -> Figure:
    found = names(kind, length, count)
    values = np.linspace(-1, 1, count * count).reshape(count, count)
    return heat_map(Matrix(pd.DataFrame(values, index=found, columns=found), named(kind, length, 99), -1, 1, 2))


def a_beside_published(kind: str, length: int, count: int) -> Figure:
    rows = [
        {
            "condition": condition, "proxy": name, "column": column, "coefficient": "spearman", "n": 40, "ours": 0.5,
            "low": 0.4, "high": 0.7, "published": 0.55, "difference": -0.05, "inside": True, "source": "",
        }
        for condition in ("a", "b", "c")
        for column in ("cifar10_test_200ep_pct", named(kind, length, 99))
        for name in names(kind, length, count)
    ]  # fmt: skip
    words = {condition: named(kind, length, place) for place, condition in enumerate("abc")}
    return beside_published(BesidePublished(pd.DataFrame(rows), words))


def a_loss_and_saving(kind: str, length: int, count: int) -> Figure:
    rows = [
        {
            "proxy": name, "setting": "half", "difference": -0.1, "difference_low": -0.2, "difference_high": 0.0,
            "seconds_ratio": 0.5,
        }
        for name in names(kind, length, count)
    ]  # fmt: skip
    return loss_and_saving(Ablation(pd.DataFrame(rows), {}), {named(kind, length, 99): [("half", "8")]})


FIGURES = {
    "scatter": a_scatter,
    "critical difference": a_critical_difference,
    "pareto": a_pareto,
    "heat map": a_heat_map,
    "beside published": a_beside_published,
    "loss and saving": a_loss_and_saving,
}


def drawn_texts(figure: Figure) -> list[Text]:
    """The texts that a drawing of the figure shows."""
    found: list[Text] = []
    draw = Text.draw

    def noted(text: Text, renderer: Any) -> None:
        if text.get_visible() and text.get_text().strip():
            found.append(text)
        draw(text, renderer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", noted)
        FigureCanvasAgg(figure).draw()
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("name", "kind", "length", "count"), one_in(5, [pytest.param(name, *each) for name in FIGURES for each in NAMES])
)
def test_every_text_is_inside_and_none_on_another(name: str, kind: str, length: int, count: int) -> None:
    figure = FIGURES[name](kind, length, count)
    texts = drawn_texts(figure)
    width, height = figure.get_size_inches() * figure.dpi
    boxes = {}
    for text in texts:
        box = text.get_window_extent()
        inside = box.x0 > -_TOUCH and box.y0 > -_TOUCH and box.x1 < width + _TOUCH and box.y1 < height + _TOUCH
        assert inside, f"{text.get_text()!r} at {box} is not inside {width:.0f} × {height:.0f}"
        boxes[text] = box
    for (one, first), (other, second) in combinations(boxes.items(), 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        down = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert across <= _TOUCH or down <= _TOUCH, f"{one.get_text()!r} lies on {other.get_text()!r}"


@pytest.mark.parametrize("name", FIGURES)
def test_no_letter_of_a_long_name_is_left_out(name: str) -> None:
    figure = FIGURES[name]("underscores", 64, 4)
    letters = ["".join(text.get_text().split()) for text in drawn_texts(figure)]
    for wanted in names("underscores", 64, 4):
        assert any(wanted in text for text in letters), wanted
