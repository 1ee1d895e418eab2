"""`nasinit report`: what it writes, and what it says of bad input."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import open_table
from harness.evaluation.comparison import compare
from harness.evaluation.ranking import correlate
from harness.scoring.store import Store
from harness.spaces import open_space
from tests.cli.columns import ACCURACY, LATENCY

Run = Callable[..., Any]


@pytest.fixture
def seeded(cells: list[str], tmp_path: Path) -> Path:
    """A table of three trainings and their mean, some of which are missing."""
    generator = np.random.default_rng(0)
    trainings = np.arange(len(cells))[:, None] + generator.normal(size=(len(cells), 3))
    trainings[0, 2] = np.nan
    frame = pd.DataFrame(50 + trainings, columns=[f"{ACCURACY}_seed{seed}" for seed in range(3)])
    frame.insert(0, ACCURACY, frame.mean(axis=1))
    frame.insert(0, "architecture", cells)
    frame.to_csv(path := tmp_path / "seeds.csv", index=False)
    return path


@pytest.fixture(scope="module")
def settings(cells: list[str], tmp_path_factory: pytest.TempPathFactory, nasinit: Run, tiny: tuple[str, ...]) -> Path:
    """A store of three settings, the last of which is the one that a report shows."""
    path = tmp_path_factory.mktemp("settings") / "scores.sqlite"
    same = path.with_name("cells.txt")
    same.write_text("\n".join(cells))
    for options in (("--seed", 1), ("--seed", 2, "--bn", "eval"), ("--seed", 0)):
        ended = nasinit("score", "--architectures", same, "--proxies", "grad_norm", "--store", path, *tiny, *options)
        assert ended.code == 0, ended.err
    return path


def data_of(path: Path) -> Any:
    found = re.search(
        r'<script type="application/json" id="page-data">(.*?)</script>', path.read_text(encoding="utf-8")
    )
    assert found is not None
    return json.loads(found[1])


def test_a_report_holds_the_scores_and_what_made_them(
    nasinit: Run, settings: Path, table: Path, cells: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "report.html"
    ended = nasinit("report", settings, "--table", table, "--resamples", 20, "--title", "Mine", "--out", out)
    assert ended.code == 0, ended.err
    assert f"wrote {out} (0." in ended.out
    text = out.read_text(encoding="utf-8")
    plot = data_of(out)["plot"]
    assert sorted(plot["architectures"]) == sorted(cells)
    assert [proxy["name"] for proxy in plot["proxies"]] == ["grad_norm", "params", "flops"]
    assert "<title>Mine</title>" in text
    for term, value in (("bn", "train"), ("width", "4"), ("run", "3, started "), ("intervals", "percentile bootstrap")):
        assert f"<dt>{term}</dt><dd>{value}" in text
    assert f"--resamples 20 --title Mine --out {out}" in text
    assert "grad_norm (version 1)" in text


def test_the_other_settings_of_a_store_are_named_by_what_differs(
    nasinit: Run, settings: Path, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    assert nasinit("report", settings, "--table", table, "--resamples", 20, "--out", out).code == 0
    text = out.read_text(encoding="utf-8")
    heat = text[text.index('id="stability-table"') :]
    columns = re.findall(r'<th scope="col"><span>(.*?)</span>', heat)
    assert columns == ["bn eval, seed 2", "seed 1"]
    row = re.search(r'<th scope="row">grad_norm</th>(.*?)</tr>', heat)
    assert row is not None
    shown = [float(value.replace("−", "-")) for value in re.findall(r">([−.\d]+)</td>", row[1])]
    with Store(settings) as store:
        frames = [store.frame(number) for number in (3, 2, 1)]
    own, *others = (frame[frame["proxy"] == "grad_norm"].set_index("architecture")["score"] for frame in frames)
    expected = [stats.spearmanr(own, other.reindex(own.index)).statistic for other in others]
    assert shown == pytest.approx(expected, abs=0.0051)
    assert nasinit("report", settings, "--table", table, "--resamples", 20, "--run", 1, "--out", out).code == 0
    assert ">bn eval, seed 2</span>" in out.read_text(encoding="utf-8")
    assert ">seed 0</span>" in out.read_text(encoding="utf-8")


def test_the_ceiling_is_that_of_the_tables_trainings(nasinit: Run, store: Path, seeded: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert nasinit("report", store, "--table", seeded, "--resamples", 20, "--out", out).code == 0
    seeds = pd.read_csv(seeded).iloc[:, 2:]
    pairs = [seeds.iloc[:, [first, second]].dropna().to_numpy() for first, second in ((0, 1), (0, 2), (1, 2))]
    expected = np.mean([stats.spearmanr(pair[:, 0], pair[:, 1]).statistic for pair in pairs])
    text = out.read_text(encoding="utf-8")
    assert f"The dashed line at {expected:.3f} is the ceiling: one training" in text
    assert "the mean over 3 pairs of trainings" in text


@pytest.mark.parametrize("column", [ACCURACY, LATENCY])
def test_the_page_says_what_is_not_told_apart_from_params(
    nasinit: Run, cells: list[str], tmp_path: Path, column: str
) -> None:
    """Where lower is better too, a proxy that finds the best is better."""
    space = open_space("nasbench201")
    sizes = np.array([space.sizes(space.parse(cell)).parameters for cell in cells], dtype=float)
    values = np.arange(float(len(cells)))
    noise = np.random.default_rng(0).normal(0, 0.1, len(cells))
    made = {"best": values, "turned": -values, "size": stats.zscore(sizes) + noise, "flat": np.ones(len(cells))}
    out, table, scores = (tmp_path / name for name in ("report.html", "t.csv", "s.csv"))
    tabulated = values if column == ACCURACY else 50 - values
    pd.DataFrame({"architecture": cells, column: tabulated}).to_csv(table, index=False)
    rows = [pd.DataFrame({"architecture": cells, "proxy": name, "score": row}) for name, row in made.items()]
    pd.concat(rows).to_csv(scores, index=False)
    given = [scores, "--table", table, "--column", column, "--resamples", 200]
    ended = nasinit("report", *given, "--out", out)
    assert ended.code == 0, ended.err
    ranking = correlate(pd.read_csv(scores), open_table(str(table)), column, resamples=200)
    assert ranking.higher_is_better == (column == ACCURACY)
    found = compare(ranking, resamples=200)
    text = unescape(out.read_text(encoding="utf-8"))
    for row in found.frame[found.frame["proxy"] != "params"].to_dict("records"):
        found_row = re.search(rf'data-proxy="{row["proxy"]}">(.*?)</tr>', text, re.DOTALL)
        assert found_row is not None
        value, cell = re.findall(r'<td data-value="(.*?)">(.*?)</td>', found_row[1])[1]
        assert value == repr(row["difference"])
        assert cell.endswith(f">{row['verdict']}</span>")
    verdicts = found.frame.set_index("proxy")["verdict"]
    assert verdicts[["best", "size"]].tolist() == ["better", "not distinguishable"]
    for sentence in found.words:
        assert f"<li>{sentence}</li>" in text
    assert "Spearman less that of params, by a paired bootstrap. On the same 12 architectures" in text
    assert "corrected for all 10 pairs of proxies (Holm)" in text
    assert "always the same: flat." in text
    assert ("turned round, so that a positive difference is better" in text) == (column == LATENCY)


def test_a_comparison_that_is_refused_is_a_line(nasinit: Run, cells: list[str], table: Path, tmp_path: Path) -> None:
    scores, out = tmp_path / "scores.csv", tmp_path / "report.html"
    half = len(cells) // 2
    rows = [f"{cell},{'a' if place < half else 'b'},{place}" for place, cell in enumerate(cells)]
    scores.write_text("\n".join(["architecture,proxy,score", *rows, ""]))
    ended = nasinit("report", scores, "--table", table, "--resamples", 20, "--out", out)
    assert ended.code == 0, ended.err
    text = out.read_text(encoding="utf-8")
    assert "No proxy is compared with another: a comparison with params needs its scores" in text
    assert "against params</button>" not in text


def test_without_a_second_training_there_is_no_ceiling(
    nasinit: Run, store: Path, cells: list[str], tmp_path: Path
) -> None:
    out, mine = tmp_path / "report.html", tmp_path / "mine.csv"
    mine.write_text("\n".join(["architecture,mine", *(f"{cell},{place}" for place, cell in enumerate(cells)), ""]))
    given = ["report", store, "--table", mine, "--column", "mine", "--resamples", 20, "--out", out]
    ended = nasinit(*given)
    assert ended.code == 0, ended.err
    assert "ceiling:" not in out.read_text(encoding="utf-8")


def test_a_csv_of_scores_is_enough_and_says_what_failed(
    nasinit: Run, cells: list[str], table: Path, tmp_path: Path
) -> None:
    scores = tmp_path / "scores.csv"
    rows = [f"{cell},<b>mine</b>,{'' if place == 2 else place}" for place, cell in enumerate(cells)]
    extra = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    assert extra not in cells
    scores.write_text("\n".join(["architecture,proxy,score", *rows, f"{extra},<b>mine</b>,1", ""]))
    out = tmp_path / "report.html"
    ended = nasinit("report", scores, "--table", table, "--resamples", 20, "--out", out)
    assert ended.code == 0, ended.err
    text = out.read_text(encoding="utf-8")
    assert "&lt;b&gt;mine" in text
    assert "<b>mine" not in text
    assert "<td>no score</td><td>1</td>" in text
    assert cells[2] in text
    assert f"Architectures without {ACCURACY}, left out: 1" in text


@pytest.mark.parametrize("proxies", [("a", "b"), ("a",)], ids=["one proxy failed", "all failed"])
def test_a_proxy_without_any_score_is_shown_as_such(
    nasinit: Run, cells: list[str], table: Path, tmp_path: Path, proxies: tuple[str, ...]
) -> None:
    rows = [f"{cell},{name},{'' if name == 'a' else place}" for place, cell in enumerate(cells) for name in proxies]
    scores = tmp_path / "scores.csv"
    scores.write_text("\n".join(["architecture,proxy,score", *rows, ""]))
    out = tmp_path / "report.html"
    ended = nasinit("report", scores, "--table", table, "--resamples", 20, "--out", out)
    assert ended.code == 0, ended.err
    text = out.read_text(encoding="utf-8")
    assert f"<td>no score</td><td>{len(cells)}</td><td>100.0 %</td>" in text
    assert {proxy["name"] for proxy in data_of(out)["plot"]["proxies"]} == {*proxies, "params", "flops"}


def test_what_failed_agrees_with_the_ranking(nasinit: Run, cells: list[str], table: Path, tmp_path: Path) -> None:
    """Infinity, NaN under the status ok, a failure twice, and failures of architectures that the table lacks."""
    outside = [f"|none~0|+|none~0|none~1|+|none~0|none~1|{last}~2|" for last in ("none", "skip_connect")]
    assert not set(outside) & set(cells)
    said = {cells[1]: ("inf", "ok"), cells[2]: ("", "ok"), cells[3]: ("", "error")}
    said |= {cell: ("", "error") for cell in outside}
    rows = [f"{cell},mine,{','.join(said.get(cell, (str(place), 'ok')))}" for place, cell in enumerate(cells + outside)]
    scores = tmp_path / "scores.csv"
    scores.write_text("\n".join(["architecture,proxy,score,status", *rows, f"{cells[3]},mine,,error", ""]))
    out = tmp_path / "report.html"
    ended = nasinit("report", scores, "--table", table, "--resamples", 20, "--out", out)
    assert ended.code == 0, ended.err
    text = out.read_text(encoding="utf-8")
    share = f"{100 / len(cells):.1f} %"
    failures = text[text.index('id="failures-table"') :]
    for status in ("infinite", "no score", "error"):
        assert f"<td>{status}</td><td>1</td><td>{share}</td>" in failures
    assert f">{300 / len(cells):.1f} %</td>" in text[text.index('data-proxy="mine"') :]


def test_a_title_that_is_no_text_is_written_too(nasinit: Run, store: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    ended = nasinit("report", store, "--table", table, "--resamples", 20, "--title", "a\udcffb", "--out", out)
    assert ended.code == 0, ended.err
    assert "<title>a?b</title>" in out.read_text(encoding="utf-8")


def test_what_report_refuses(refused: Callable[..., str], store: Path, table: Path, tmp_path: Path) -> None:
    missing = "no scores at missing.sqlite: `nasinit score --sample 200` makes scores.sqlite"
    assert missing in refused("report", "missing.sqlite", "--table", table)
    Store(tmp_path / "empty.sqlite").close()
    assert "empty.sqlite holds no run yet" in refused("report", tmp_path / "empty.sqlite", "--table", table)
    assert "unknown column 'cifar10'" in refused("report", store, "--table", table, "--column", "cifar10")
    assert "a page is written as .html, .htm; got 'a.pdf'" in refused("report", store, "--out", "a.pdf")
    assert "--resamples must be at least 1" in refused("report", store, "--table", table, "--resamples", 0)
    assert "has no run 9" in refused("report", store, "--table", table, "--run", 9)
    assert not (tmp_path / "report.html").exists()
