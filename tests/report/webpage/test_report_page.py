"""`harness.report_page`: one call writes the whole page, from results."""

from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import HarnessError, ScoresError
from harness.evaluation.comparison import compare
from harness.evaluation.evidence import Evidence
from harness.evaluation.ranking import Ranking
from harness.report.webpage.content import Content
from harness.report.webpage.rendering import page
from harness.report.webpage.report_page import report_page
from tests.report.webpage.pages import ceiling_at, ordinary


@pytest.fixture
def ranking() -> Ranking:
    return ordinary().ranking


def failures(ranking: Ranking) -> pd.DataFrame:
    """The scores that were ranked, as a run returns them: those that failed among them."""
    points = ranking.points[["proxy", "architecture", "score"]]
    missing = set(points["architecture"]) - set(points.loc[points["proxy"] == "failing", "architecture"])
    failed = pd.DataFrame({"proxy": "failing", "architecture": sorted(missing), "score": np.nan, "status": "error"})
    return pd.concat([points.assign(status="ok"), failed], ignore_index=True)


def test_a_ranking_and_a_path_are_enough(ranking: Ranking, tmp_path: Path) -> None:
    written = harness.report_page(ranking, tmp_path / "new" / "a.html")
    assert written == tmp_path / "new" / "a.html"
    text = written.read_text(encoding="utf-8")
    assert f"<title>Training-free proxies against {ranking.label}</title>" in text
    content = Content(ranking, comparison=compare(ranking))
    assert text == page(content, title=f"Training-free proxies against {ranking.label}")


def test_what_is_given_is_shown(ranking: Ranking, tmp_path: Path) -> None:
    other = replace(ranking, column="latency_ms")
    given = {
        "evidence": Evidence(ranking, comparison=compare(ranking, "good"), ceiling=ceiling_at(0.91)),
        "scores": failures(ranking),
        "settings": {"seed 1": ranking.points},
        "facts": {"Mine": {"who": "me"}},
    }
    text = report_page([ranking, other], tmp_path / "a.htm", title="A title", **given).read_text(encoding="utf-8")
    for part in (
        "<title>A title</title>",
        ">against good</button>",
        "The dashed line at 0.910 is the ceiling",
        "<td>error</td><td>9</td><td>15.0 %</td>",
        "<span>seed 1</span>",
        "<span>latency_ms</span>",
        "<dt>who</dt><dd>me</dd>",
    ):
        assert part in text


def test_why_nothing_is_compared_with_params_is_said(ranking: Ranking, tmp_path: Path) -> None:
    without = replace(ranking, frame=ranking.frame[ranking.frame["proxy"] != "params"])
    text = unescape(report_page(without, tmp_path / "a.html").read_text(encoding="utf-8"))
    assert "No proxy is compared with another: unknown proxy of this ranking 'params'" in text
    few = ranking.points.groupby("proxy").head(2)
    text = report_page(replace(ranking, points=few), tmp_path / "a.html").read_text(encoding="utf-8")
    reason = "a comparison with params needs its scores"
    assert f"No proxy is compared with another: {reason}" in text
    evidence = Evidence(ranking, left_out={"comparison": reason})
    text = report_page(ranking, tmp_path / "a.html", evidence=evidence).read_text(encoding="utf-8")
    assert f"No proxy is compared with another: {reason}." in text
    text = report_page(ranking, tmp_path / "a.html", evidence=Evidence(ranking)).read_text(encoding="utf-8")
    assert "No proxy is compared" not in text, "it was not asked for"


def test_what_is_refused(ranking: Ranking, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"a page is written as \.html, \.htm; got"):
        report_page(ranking, tmp_path / "a.pdf")
    with pytest.raises(ScoresError, match="there is no ranking to show"):
        report_page([], tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []
