"""What a type checker says of a user's script: misspelt keywords are errors, and right ones are not."""

from __future__ import annotations

from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
import pytest
from mypy import api

import harness
from harness.errors import HarnessError, SettingError
from harness.evaluation.ablation import LossKeywords
from harness.evaluation.comparison import DiagramKeywords
from harness.evaluation.matrix import Matrix
from harness.evaluation.predictors import LearningCurveKeywords
from harness.evaluation.ranking import ScatterKeywords
from harness.report.figures.critical_difference import critical_difference
from harness.report.figures.learning_curves import learning_curves
from harness.report.figures.loss_and_saving import loss_and_saving
from harness.report.figures.scatter import scatter
from harness.report.figures.search_curves import search_curves
from harness.report.presenters import FIGURES, figure_of
from harness.search.gradient.result import CurvesKeywords
from harness.setting import OptionalSizes, Setting, SettingKeywords, SizeKeywords
from harness.spaces import _BUILT_IN
from harness.studies.options import StudyKeywords, StudyOptions
from tests.report.rankings import ranking_of_scores

ROOT = Path(__file__).parent.parent
RIGHT = """
import harness
import nasinit
from benchmarks import open_table

space = harness.open_space("nasbench201")
setting = harness.Setting(width=8, depth=None, bn="eval", shape={"hidden": 3})
frame = harness.run(space, space.sample(4), "nwot", setting=setting, seed=1, width=4, shape={"depth": 1})
network = space.build(space.sample(1)[0], width=4)
ranking = nasinit.correlate(frame, open_table("nasbench201"))
ranking.plot(proxies=["nwot"], columns=2)
harness.compare(ranking).plot(brief=True)
harness.run_study("bn-mode", "out", quick=True, data="cifar")
reveal_type(ranking.frame)
reveal_type(harness.run)
"""
WRONG = {
    'harness.run(space, space.sample(4), "nwot", widht=3)': "widht",
    'harness.run(space, space.sample(4), "nwot", width="3")': "width",
    "space.build(space.sample(1)[0], widht=3)": "widht",
    "harness.Setting(widht=3)": "widht",
    "ranking.plot(proxeis=[])": "proxeis",
    "harness.compare(ranking).plot(breif=True)": "breif",
    'harness.run_study("bn-mode", "out", quikc=True)': "quikc",
    "harness.correlate(frame, table, colunm=3)": "colunm",
    "nasinit.open_spcae": "open_spcae",
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """What mypy prints of the right script, and of the wrong lines, run outside of the repository."""
    folder = tmp_path_factory.mktemp("user")
    lines = [*RIGHT.splitlines(), 'table = open_table("nasbench201")', *WRONG]
    (folder / "script.py").write_text("\n".join(lines) + "\n")
    (folder / "mypy.ini").write_text(f"[mypy]\nmypy_path = {ROOT}\n")
    told, problems, _ = api.run(
        [
            "--config-file", str(folder / "mypy.ini"), "--cache-dir", str(ROOT / ".mypy_cache" / "user"),
            "--strict", "--no-color-output", "--hide-error-context", str(folder / "script.py"),
        ]
    )  # fmt: skip
    assert not problems
    return told, lines


def of_line(told: str, number: int) -> str:
    return "\n".join(line for line in told.splitlines() if f"script.py:{number}:" in line)


@pytest.mark.slow
def test_a_right_script_has_its_types(checked: tuple[str, list[str]]) -> None:
    told, lines = checked
    errors = [line for line in told.splitlines() if "error:" in line]
    wrong = range(len(lines) - len(WRONG) + 1, len(lines) + 1)
    assert {int(line.split(":")[1]) for line in errors} == set(wrong), told
    assert 'Revealed type is "pandas' in of_line(told, lines.index("reveal_type(ranking.frame)") + 1)
    assert "'width'?: int | None" in of_line(told, lines.index("reveal_type(harness.run)") + 1)


@pytest.mark.parametrize("line", WRONG)
@pytest.mark.slow
def test_a_misspelt_keyword_is_an_error(line: str, checked: tuple[str, list[str]]) -> None:
    told, lines = checked
    assert f'"{WRONG[line]}"' in of_line(told, lines.index(line) + 1)


def test_the_keywords_of_a_setting_are_its_fields_and_the_sizes_of_the_built_in_spaces() -> None:
    sizes = {name for space in _BUILT_IN for name in harness.open_space(space).shape}
    assert set(get_type_hints(SizeKeywords)) == set(get_type_hints(OptionalSizes)) == sizes
    known = {field.name: field.type for field in fields(Setting)}
    hints = SettingKeywords.__annotations__
    assert set(hints) == {*known, *sizes}
    given = {name: entry.annotation for name, entry in signature(Setting.__init__).parameters.items()}
    assert all(hints[name].__forward_arg__ == given[name] for name in known)


def test_the_keywords_of_a_study_are_its_options() -> None:
    assert set(get_type_hints(StudyKeywords)) == {field.name for field in fields(StudyOptions)} - {"out"}


@pytest.mark.parametrize(
    ("keywords", "draw", "first"),
    [
        (ScatterKeywords, scatter, "ranking"),
        (DiagramKeywords, critical_difference, "comparison"),
        (LossKeywords, loss_and_saving, "ablation"),
        (CurvesKeywords, search_curves, "searches"),
        (LearningCurveKeywords, learning_curves, "predictions"),
    ],
)
def test_the_keywords_of_a_figure_are_its_options(keywords: Any, draw: Any, first: str) -> None:
    assert set(get_type_hints(keywords)) == set(signature(draw).parameters) - {first}


def test_results_whose_figure_has_no_options_take_none() -> None:
    with_options = {"Ranking", "Comparison", "Ablation", "SearchResult", "SearchSeeds", "Predictions"}
    for kind, draw in FIGURES.items():
        assert (len(signature(draw).parameters) > 1) == (kind.__name__ in with_options)
        assert ("options" in signature(kind.plot).parameters) == (kind.__name__ in with_options)


def test_at_run_time_the_nearest_keyword_is_named() -> None:
    space = harness.open_space("nasbench201")
    with pytest.raises(SettingError, match=r"'widht'\. Did you mean 'width'"):
        harness.run(space, space.sample(1), "params", widht=3)
    with pytest.raises(SettingError, match=r"'widht'\. Did you mean 'width'"):
        space.build(space.sample(1)[0], widht=3)
    with pytest.raises(SettingError, match=r"'widht'\. Did you mean 'width'"):
        harness.run(space, space.sample(1), "params", shape={"widht": 3})
    with pytest.raises(SettingError, match=r"'quikc'\. Did you mean 'quick'"):
        harness.run_study("bn-mode", "out", quikc=True)


def test_at_run_time_the_nearest_option_of_a_figure_is_named() -> None:
    matrix, ranking = Matrix(pd.DataFrame({"a": [1.0]}), "share", 0, 1), ranking_of_scores({"nwot": np.arange(9.0)})
    with pytest.raises(HarnessError, match=r"unknown option of this figure 'brief'\. Known: none"):
        figure_of(matrix, brief=True)
    with pytest.raises(HarnessError, match=r"'proxeis'\. Did you mean 'proxies'"):
        ranking.plot(proxeis=["nwot"])
