"""The table of known scores from a store or its export: the cells of a random sample, their scores and reasons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import harness
from benchmarks import open_table
from benchmarks.formats import proxy_scores
from benchmarks.formats.parquet import arrow_floats
from harness.errors import ScoresError
from harness.evaluation.known.building import build_known_table
from harness.evaluation.known.cells import random_part, said_part
from harness.report.files import write_described_parts
from harness.scoring.exporting import exporting
from tests.evaluation.known import made


def test_the_part_is_the_beginning_of_the_random_order() -> None:
    assert random_part("abcd", set("abd")) == ("a", "b")
    assert random_part("abcd", set("abcd")) == tuple("abcd")
    assert random_part("abcd", set("bcd")) == ()
    sample = made.SPACE.sample(50, 0)
    assert made.CELLS[:50] == tuple(map(str, sample))
    assert said_part(4, 4) == "all 4 cells"


def test_a_finished_cell_behind_the_part_is_left_out(known: pd.DataFrame, known_file: Path) -> None:
    """Cells of networks that many cells share would be more likely to be among all that are finished."""
    assert tuple(dict.fromkeys(known["architecture"])) == made.CELLS[: made.FINISHED]
    table = open_table(known_file)
    assert len(table) == made.FINISHED
    assert "40 of 15,625 cells, a random sample without replacement" in table.facts.note
    assert known.attrs["provenance"]["table"] == {
        "name": "nasbench201-proxies", "sha256": table.facts.sha256, "cells": 40, "of_cells": 15_625,
    }  # fmt: skip


def test_scores_are_those_of_the_store(known: pd.DataFrame) -> None:
    for name in made.NAMES:
        own = known[known["proxy"] == name].set_index("architecture")
        expected = np.array([made.score_of(name, key) for key in own.index])
        there = own["status"] == "ok"
        assert own["score"][there].to_numpy() == pytest.approx(expected[there], rel=1e-6)
    failed = known[known["status"] != "ok"]
    assert failed[["architecture", "proxy", "status", "message"]].to_numpy().tolist() == [
        [made.CELLS[made.FAILED], "zen", "not_applicable", "no features"]
    ]
    assert failed["score"].isna().all()


def test_provenance_is_in_the_file(known_file: Path, known: pd.DataFrame) -> None:
    facts = open_table(known_file).facts
    for said in ("torch 2.6.0", "a machine", "seed 0", "input gaussian"):
        assert said in facts.note
    assert known.attrs["provenance"]["torch"] == "2.6.0"
    assert harness.Setting.from_json(known.attrs["setting"]).seed == 0


@pytest.mark.parametrize("name", ["e.csv.gz", "e.parquet"])
def test_an_export_gives_the_same_table(name: str, known_file: Path, tmp_path: Path) -> None:
    with exporting(known_file.with_name("all.sqlite")) as export:
        exported, _ = write_described_parts(export.parts, export.provenance, tmp_path / name)
    build_known_table(exported, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == known_file.read_bytes()


def test_too_few_cells_several_seeds_and_unknown_origins_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScoresError, match="has 2 finished cells at the beginning of the random order; 3 are needed"):
        build_known_table(made.store(tmp_path / "few.sqlite", 2), tmp_path / "k.parquet")
    plain = tmp_path / "plain.csv"
    plain.write_text("architecture,proxy,score,status,seconds\n" + f"{made.CELLS[0]},zen,1,ok,0\n")
    with pytest.raises(ScoresError, match=r"cannot be made a table of known scores: there is no plain\.csv\.json"):
        build_known_table(plain, tmp_path / "k.parquet")
    assert not (tmp_path / "k.parquet").exists()


def test_a_file_that_loses_ranks_is_not_kept(known_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were scores rounded too far, such as to whole numbers, reading them again would find it."""
    monkeypatch.setattr(proxy_scores, "_smallest", lambda numbers: arrow_floats(np.round(numbers)))
    with pytest.raises(ScoresError, match="were not kept in the order of their values"):
        build_known_table(known_file.with_name("all.sqlite"), tmp_path / "k.parquet")
    assert list(tmp_path.iterdir()) == []


def test_unknown_proxies_are_named(known_file: Path) -> None:
    with pytest.raises(ScoresError, match=r"unknown proxy of the known scores 'zne'\. Did you mean 'zen'"):
        harness.known_scores(["zne"], path=known_file)
    with pytest.raises(ScoresError, match=r"write \[name\]"):
        harness.known_scores("zen", path=known_file)
    assert set(harness.known_scores(["zen", "params"], path=known_file)["proxy"]) == {"zen", "params"}
