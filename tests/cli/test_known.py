"""`nasinit correlate --against-known` and `--pool`, `nasinit store table`, and the known proxies on the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from benchmarks.readers import proxy_scores
from harness.evaluation.known import scores as known_module
from tests.evaluation.known import made

Run = Callable[..., Any]
ACCURACY = "cifar10_test_200ep_pct"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.table(tmp_path_factory.mktemp("known"))


@pytest.fixture
def packaged(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small table in place of the package's."""
    known_module._packaged.cache_clear()
    monkeypatch.setattr(proxy_scores, "FILE", built)
    yield built
    known_module._packaged.cache_clear()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Scores of a user's proxy, and a table of accuracies."""
    keys = list(made.CELLS[: made.FINISHED + 5])
    accuracies = made.accuracies(keys)
    frame = pd.DataFrame({"architecture": keys, "proxy": "mine", "score": [made.score_of("nwot", key) for key in keys]})
    frame.to_csv(tmp_path / "mine.csv", index=False)
    table = tmp_path / "table.csv"
    pd.DataFrame({"architecture": keys, ACCURACY: accuracies.to_numpy()}).to_csv(table, index=False)
    return tmp_path / "mine.csv", table


def test_a_proxy_against_the_known_ones(nasinit: Run, packaged: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    scores, table = files
    ended = nasinit(
        "correlate", scores, "--table", table, "--column", ACCURACY, "--resamples", 20, "--against-known",
        "--csv", tmp_path / "out" / "r.csv", "--markdown", tmp_path / "out" / "r.md",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "mine against the known proxies" in ended.out
    assert "mine ranks as nwot (|ρ| ≥ 0.9995): one number in other words." in ended.out
    assert "40 of 15,625 cells, a random sample" in " ".join(ended.out.split())
    written = pd.read_csv(tmp_path / "out" / "r_known.csv")
    assert written["known"].tolist() == list(made.NAMES)
    assert "Place among the known proxies" in (tmp_path / "out" / "r.md").read_text(encoding="utf-8")


def test_cells_that_the_table_lacks_are_one_line(nasinit: Run, packaged: Path, files: tuple[Path, Path]) -> None:
    scores, table = files
    frame = pd.read_csv(scores)
    frame.iloc[-4:].to_csv(scores, index=False)
    ended = nasinit("correlate", scores, "--table", table, "--column", ACCURACY, "--against-known")
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1
    assert "0 of the 4 scored cells" in ended.err


@pytest.mark.slow
def test_the_page_shows_the_known_proxies(
    nasinit: Run, packaged: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    scores, table = files
    page = tmp_path / "page.html"
    for option, shown in ((), True), (("--no-against-known",), False):
        ended = nasinit(
            "report", scores, "--table", table, "--column", ACCURACY, "--resamples", 20, "--out", page, *option
        )
        assert ended.code == 0, ended.err
        text = page.read_text(encoding="utf-8")
        assert ("Against the known proxies" in text) is shown
    assert nasinit("report", scores, "--table", table, "--column", ACCURACY, "--resamples", 20, "--out", page).code == 0
    text = page.read_text(encoding="utf-8")
    section = text.split('<section id="known"')[1].split("</section>")[0]
    for name in made.NAMES:
        assert f'data-value="{name}"' in section
    assert "the same number" in section


def test_a_table_is_made_of_a_store(nasinit: Run, built: Path, tmp_path: Path) -> None:
    ended = nasinit("store", "table", built.with_name("all.sqlite"), "--to", tmp_path / "k.parquet")
    assert ended.code == 0, ended.err
    assert "4 proxies on 40 of 15,625 cells" in ended.out
    assert (tmp_path / "k.parquet").read_bytes() == built.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gone.sqlite", "--to", "k.parquet"), "there is no store gone.sqlite"),
        (("gone.sqlite", "--to", "k.csv"), "k.csv"),
    ],
)
def test_what_cannot_be_made_a_table_is_one_line(nasinit: Run, arguments: tuple[str, ...], said: str) -> None:
    ended = nasinit("store", "table", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1


def test_pools_by_name(nasinit: Run, files: tuple[Path, Path]) -> None:
    scores, table = files
    ended = nasinit("correlate", scores, "--table", table, "--column", ACCURACY, "--pool", "valid", "--resamples", 20)
    assert ended.code == 0, ended.err
    assert "the 9,445 cells without dead branches" in " ".join(ended.out.split())
    ended = nasinit("correlate", scores, "--table", table, "--column", ACCURACY, "--pool", "vaild")
    assert (ended.code, ended.err.count("Did you mean 'valid'")) == (2, 1)


def test_scores_are_not_offered_as_accuracies(nasinit: Run, packaged: Path, files: tuple[Path, Path]) -> None:
    from harness.cli import offered

    assert "zen_score" not in offered.COLUMNS("z")
    assert "nasbench201-proxies" in offered.TABLES("nasbench201-p")
    ended = nasinit("correlate", files[0], "--column", "zen_score")
    assert (ended.code, "no accuracy: nothing ranks by it" in ended.err) == (2, True)
    assert harness.known_scores()["architecture"].nunique() == made.FINISHED
