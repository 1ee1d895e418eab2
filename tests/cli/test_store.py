"""`nasinit store`: merge, import, export, info, check, and `nasinit score --shard`, on the command line."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.proxies import resolve
from harness.scoring.machine import machine_name
from harness.scoring.scorer import DIED, Score
from tests.scoring.store.stores import VERSION_1, content, copy_of_version_1

PROXIES, SEEDS = "grad_norm,ntk_trace,params", "0,2"
COUNT = 3


@pytest.fixture(scope="module")
def shards(nasinit: Callable[..., Any], tiny: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("shards")
    paths = [folder / f"shard-{number}.sqlite" for number in range(1, COUNT + 1)]
    for number, path in enumerate(paths, start=1):
        ended = nasinit(
            "score", "--sample", 7, "--proxies", PROXIES, *tiny, "--seeds", SEEDS, "--shard", f"{number}/{COUNT}",
            "--store", path,
        )  # fmt: skip
        assert ended.code == 0, ended.err
        assert f"shard {number}/{COUNT}: " in ended.out
    return paths


@pytest.fixture(scope="module")
def merged(shards: list[Path], nasinit: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("merged") / "merged.sqlite"
    ended = nasinit("store", "merge", *shards, "--into", path)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == f"{shards[0]}: 18 new scores, 0 that were there, 2 new runs"
    assert ended.out.splitlines()[-1] == f"in {path}"
    return path


def rows(path: Path) -> Any:
    """Scores and runs of a store, without the times at which the runs began."""
    runs, *frames = content(path)
    return [(one.number, one.setting, one.torch, one.proxies, one.size_proxies, one.scored_as) for one in runs], frames


def test_the_union_of_the_shards_is_ranked_and_goes_on(
    merged: Path, nasinit: Callable[..., Any], table: Path, tiny: tuple[str, ...], tmp_path: Path
) -> None:
    path = Path(shutil.copyfile(merged, tmp_path / "s.sqlite"))
    ended = nasinit("correlate", path, "--table", table, "--resamples", 20)
    assert ended.code == 0, ended.err
    assert "runs 1, 2 (" in ended.out
    assert "are finished" not in ended.out
    before = rows(path)[1]
    whole = tmp_path / "whole.csv"
    options = ("--sample", 7, "--proxies", PROXIES, *tiny, "--seeds", SEEDS, "--store", path, "--out", whole)
    assert nasinit("score", *options).code == 0
    assert rows(path)[1] == before * 2, "nothing was computed again: the seconds are equal"
    again = nasinit("store", "merge", path, "--into", merged)
    assert again.out.splitlines()[0] == f"{path}: 0 new scores, 42 that were there, 0 new runs"
    scored = pd.read_csv(whole, float_precision="round_trip")
    assert len(scored) == 42


@pytest.mark.parametrize("end", [".csv", ".csv.gz", ".parquet"])
def test_what_is_exported_comes_back_to_the_last_bit(
    merged: Path, nasinit: Callable[..., Any], table: Path, tmp_path: Path, end: str
) -> None:
    file, into = tmp_path / f"scores{end}", tmp_path / "into.sqlite"
    ended = nasinit("store", "export", merged, "--to", file)
    assert (ended.code, ended.out) == (0, f"wrote {file}: 42 scores\nwrote {file}.json\n")
    described = json.loads((tmp_path / f"scores{end}.json").read_text(encoding="utf-8"))
    assert [setting["seed"] for setting in described["numbers"]["settings"]] == [0, 2]
    frame = pd.read_parquet(file) if end == ".parquet" else pd.read_csv(file)
    assert set(frame["machine"]) == {machine_name("cpu")}
    for added in (42, 0):
        ended = nasinit("store", "import", file, "--into", into)
        assert ended.code == 0, ended.err
        assert ended.out == (
            f"{file}: {added} new scores, {42 - added} that were there, {2 if added else 0} new runs\nin {into}\n"
        )
    assert content(into) == content(merged)
    assert nasinit("store", "merge", merged, "--into", into).out.startswith(f"{merged}: 0 new scores, 42 that were")
    if end != ".parquet":
        ended = nasinit("correlate", file, "--resamples", 20, "--table", table)
        assert ended.code == 0, ended.err
        assert "seeds 0, 2" in ended.out


def test_a_changed_file_is_no_longer_taken_for_what_was_exported(
    merged: Path, nasinit: Callable[..., Any], refused: Callable[..., str], tmp_path: Path
) -> None:
    file, into = tmp_path / "scores.csv", tmp_path / "into.sqlite"
    assert nasinit("store", "export", merged, "--to", file).code == 0
    file.write_text(file.read_text().replace(",ok,", ",ok ,", 1))
    assert "does not say its space: give --space" in refused("store", "import", file, "--into", into)
    assert not into.exists()


def test_a_failed_score_comes_back_with_its_reason(merged: Path, nasinit: Callable[..., Any], tmp_path: Path) -> None:
    path, into = Path(shutil.copyfile(merged, tmp_path / "s.sqlite")), tmp_path / "into.sqlite"
    with harness.Store(path) as store:
        run = store.runs()[0]
        (proxy,) = resolve("ntk_trace")
        cell = next(iter(run.scored_as.values()))
        store.write(run.setting_id, [(cell, proxy, Score(float("nan"), DIED, "= killed – ✓", 0.5))])
    for end in (".csv", ".parquet"):
        assert nasinit("store", "export", path, "--to", tmp_path / f"t{end}").code == 0
        into.unlink(missing_ok=True)
        ended = nasinit("store", "import", tmp_path / f"t{end}", "--into", into)
        assert ended.code == 0, ended.err
        assert content(into) == content(path)
    nasinit("store", "merge", merged, "--into", into)
    assert rows(into)[1] == rows(merged)[1], "a score takes the place of a failure of the machine"


STATED = ("--space", "nasbench201", "--torch", "2.6.0", "--proxy-version", "mine=2")
VALUES = ("--setting", "batch_size=4", "--setting", "bn=eval", "--setting", "width=4")


@pytest.fixture
def foreign(cells: list[str], tmp_path: Path) -> Path:
    path = tmp_path / "foreign.csv"
    lines = [f"{cell},mine,{place}.5,ok,0.25" for place, cell in enumerate(cells)]
    path.write_text("\n".join(["architecture,proxy,score,status,seconds", *lines, ""]))
    return path


def test_a_file_of_unknown_origin_needs_its_setting_and_versions(
    foreign: Path, nasinit: Callable[..., Any], refused: Callable[..., str], tmp_path: Path, cells: list[str]
) -> None:
    into = tmp_path / "into.sqlite"
    command = ("store", "import", foreign, "--into", into)
    for given, named in (
        ((), "give --space"),
        (STATED[:2], "give --torch"),
        (STATED[:4], "which version of mine it is: give --proxy-version mine=1"),
        (STATED, "give --setting NAME=VALUE"),
        ((*STATED, *VALUES), "give --scored-as minimal, as nasinit score does, or --scored-as own"),
        ((*STATED, "--setting", "bathc_size=4"), "Did you mean 'batch_size'?"),
        ((*STATED, "--setting", "width"), "--setting takes NAME=VALUE, got 'width'"),
        ((*STATED, *VALUES, "--setting", "width=5"), "--setting width is given twice"),
        ((*STATED, *VALUES, "--scored-as", "owm"), "Did you mean 'own'?"),
        (("--space", "nasbench", *STATED[2:], *VALUES), "unknown space 'nasbench'"),
    ):
        assert named in refused(*command, *given)
        assert not into.exists()
    ended = nasinit(*command, *STATED, *VALUES, "--scored-as", "own")
    assert ended.code == 0, ended.err
    with harness.Store(into, readonly=True) as store:
        (run,) = store.runs()
        frame = store.frame()
    assert (run.torch, run.proxies, run.space) == ("2.6.0", {"mine": "2"}, "nasbench201")
    assert (run.setting.batch_size, run.setting.bn, run.setting.shape["width"], run.setting.seed) == (4, "eval", 4, 0)
    assert frame["score"].tolist() == [place + 0.5 for place in range(len(cells))]
    assert nasinit(*command, *STATED, *VALUES, "--scored-as", "own").out.startswith(f"{foreign}: 0 new scores")


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("{cell},mine,1,fine,0.1", "has the status 'fine'; known: ok, "),
        ("{cell},mine,,ok,0.1", "is nan after 0.1 seconds, with the status ok"),
        ("{cell},mine,1,died,0.1", "with the status died"),
        ("{cell},mine,1,ok,", "after nan seconds"),
        ("{cell},mine,one,ok,0.1", "has no number in column score"),
        ("{cell},,1,ok,0.1", "has a row without its proxy"),
        ("{cell},mine,7,ok,0.1\n{cell},mine,8,ok,0.1", "is there twice"),
        ("|none~0|,mine,7,ok,0.1", "|none~0|"),
    ],
)
def test_a_row_that_no_score_can_have_is_named(
    refused: Callable[..., str], tmp_path: Path, cells: list[str], row: str, named: str
) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(f"architecture,proxy,score,status,seconds\n{row.format(cell=cells[0])}\n")
    options = (*STATED, *VALUES, "--scored-as", "own")
    assert named in refused("store", "import", file, "--into", tmp_path / "into.sqlite", *options)
    assert not (tmp_path / "into.sqlite").exists()


def test_what_is_no_file_of_scores_is_refused(refused: Callable[..., str], tmp_path: Path, merged: Path) -> None:
    into = ("--into", tmp_path / "into.sqlite")
    (tmp_path / "a.parquet").write_bytes(b"PAR1" * 30)
    assert "is no Parquet file of scores, or damaged" in refused("store", "import", tmp_path / "a.parquet", *into)
    (tmp_path / "a.csv").write_text("architecture,proxy\na,b\n")
    assert "has no column score, status, seconds" in refused("store", "import", tmp_path / "a.csv", *into)
    assert "no scores at" in refused("store", "import", tmp_path / "none.parquet", *into)
    assert "a table of scores is written as .csv, .csv.gz, .parquet" in refused(
        "store", "export", merged, "--to", tmp_path / "a.txt"
    )
    assert "has no run 9" in refused("store", "export", merged, "--run", 9, "--to", tmp_path / "b.csv")
    for command in ("info", "check"):
        assert "there is no store" in refused("store", command, tmp_path / "none.sqlite")


def test_info_says_what_is_in_a_store(merged: Path, nasinit: Callable[..., Any]) -> None:
    ended = nasinit("store", "info", merged)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == f"{merged}: version 2, {merged.stat().st_size:,} bytes"
    assert lines[1].startswith("setting 1: nasbench201, torch ")
    assert lines[2] == "    grad_norm, version 1: 7 scores"
    assert any(line.endswith("setting 2, 7 architectures by grad_norm, ntk_trace, params") for line in lines)
    assert lines[-1] == f"made by {machine_name('cpu')}: 42 scores"


def test_check_names_damaged_and_lost_rows_and_ends_with_1(
    merged: Path, nasinit: Callable[..., Any], refused: Callable[..., str], tmp_path: Path, cells: list[str]
) -> None:
    path = Path(shutil.copyfile(merged, tmp_path / "s.sqlite"))
    ended = nasinit("store", "check", path)
    assert (ended.code, ended.err) == (0, "")
    assert "rows, all as they were written" in ended.out

    def change(statement: str) -> Any:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()
        return nasinit("store", "check", path)

    ended = change("UPDATE made SET checksum = checksum + 1 WHERE setting_id = 2")
    assert ended.code == 1
    assert "damaged: the machine of scores for " in ended.out
    ended = change("UPDATE score SET value = value + 1 WHERE proxy = 'params'")
    assert ended.code == 1
    assert ended.out.count("damaged: the score of params for ") == 14
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (damaged,) = connection.execute("SELECT count(*) + 14 FROM made WHERE setting_id = 2").fetchone()
    assert ended.err.startswith(f"nasinit: {path} is damaged in {damaged} of ")
    assert f"damaged: {damaged - 20} more rows" in ended.out
    ended = change("DELETE FROM score WHERE proxy = 'grad_norm' AND setting_id = 1")
    assert "not as many as there were: scores of grad_norm, version 1, in setting 1" in ended.out
    path.write_bytes(merged.read_bytes()[:-1000])
    ended = nasinit("store", "check", path)
    assert ended.code == 1
    assert ended.err.startswith(f"nasinit: {path} is cut")
    path.write_text("architecture,proxy,score\n" * 200)
    assert str(path) in refused("store", "check", path)


def test_a_store_of_version_1_is_looked_at_as_it_is(nasinit: Callable[..., Any], tmp_path: Path) -> None:
    path = copy_of_version_1(tmp_path)
    assert "version 1 has no checksums" in nasinit("store", "check", path).out
    assert nasinit("store", "info", path).out.startswith(f"{path}: version 1, ")
    assert nasinit("store", "export", path, "--run", 1, "--to", tmp_path / "one.csv").code == 0
    assert path.read_bytes() == VERSION_1.read_bytes()


def test_what_merge_refuses_is_one_line(
    merged: Path, shards: list[Path], refused: Callable[..., str], tmp_path: Path
) -> None:
    path = Path(shutil.copyfile(shards[0], tmp_path / "s.sqlite"))
    assert "is one of the stores to merge" in refused("store", "merge", path, merged, "--into", merged)
    with harness.Store(path) as store:
        (proxy,) = resolve("params")
        key = next(iter(store.frame()["architecture"]))
        store.write(1, [(key, proxy, Score(-1.0, "ok", "", 0.5))])
    before = merged.read_bytes()
    message = refused("store", "merge", path, "--into", merged)
    assert message.startswith("1 score contradicts another: ")
    assert f"params, version 1, of {key}: -1.0 in {path}" in message
    assert merged.read_bytes() == before


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1", "a/4", "1/0"])
def test_what_is_no_shard_is_refused(refused: Callable[..., str], tiny: tuple[str, ...], shard: str) -> None:
    message = refused("score", "--sample", 2, "--proxies", "params", *tiny, "--shard", shard)
    assert f"such as 3/16, got {shard!r}" in message
