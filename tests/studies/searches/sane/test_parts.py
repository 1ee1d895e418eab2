"""The parts of the study of SANE.

Oracles: the ranges of the authors' code, arithmetic by hand, and files that were cut.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.errors import SettingError
from harness.spaces import open_space
from harness.spaces.sane.splits import random_split
from harness.studies.searches.sane import kept
from harness.studies.searches.sane.designs import FULL, HIDDEN, QUICK, USUAL, drawn_settings, human_designs
from harness.studies.searches.sane.kept import Trainings, read_trainings
from harness.studies.searches.sane.searched import CODE, largest_gap
from harness.studies.searches.sane.summary import BEST, FOUND, RANDOM, TUNED, Group, study_claims, table_frame
from harness.training.nodes import NodeAccuracy, NodeTraining

TEXT = "gcn||gcn||gcn||skip||skip||skip||l_max"


def accuracy(validation: float, test: float) -> NodeAccuracy:
    return NodeAccuracy(validation, test, 3, test - 1, 0.5)


def test_human_designs_are_architectures_of_the_space_with_and_without_jumping_knowledge() -> None:
    found = human_designs(5)
    assert list(found)[:4] == ["GCN", "GCN-JK", "GraphSAGE", "GraphSAGE-JK"]
    read = {name: open_space("sane").parse(text).read for name, text in found.items()}  # type: ignore[attr-defined]
    assert all(read[name] == ((True,) * 3 if name.endswith("-JK") else (False, False, True)) for name in read)


def test_hyper_parameters_are_drawn_from_the_ranges_of_the_code() -> None:
    drawn = drawn_settings(FULL, "cora SANE", 0)
    assert drawn == drawn_settings(FULL, "cora SANE", 0) != drawn_settings(FULL, "cora random", 0)
    assert len(set(drawn)) == len(drawn) == 50
    assert {each.hidden for each in drawn} == set(HIDDEN)
    assert {each.optimizer for each in drawn} == {"adam", "adagrad"}
    assert {each.activation for each in drawn} == {"relu", "elu"}
    assert all(1e-3 <= each.learning_rate <= 1e-2 and 1e-5 <= each.weight_decay <= 1e-3 for each in drawn)
    assert {each.input_dropout for each in drawn} | {each.output_dropout for each in drawn} == {
        0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6,
    }  # fmt: skip
    assert {each.epochs for each in drawn_settings(USUAL, "", 0)} == {USUAL.training.epochs}


def trainings(path: Path, monkeypatch: pytest.MonkeyPatch, *, works: bool = True) -> Trainings:
    def trained(*given: Any, seed: int) -> NodeAccuracy:
        assert works, "it is there already"
        return accuracy(70 + seed, 60)

    monkeypatch.setattr(kept, "train_nodes", trained)
    return Trainings(path, random_split(30, 4, 2, 0), lambda text, setting: None, lambda line: None)  # type: ignore[arg-type,return-value]


def test_a_training_that_is_there_is_read_and_one_that_was_cut_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, setting = tmp_path / "trainings.csv", NodeTraining()
    first = trainings(path, monkeypatch).seeds(TEXT, setting, 3)
    assert trainings(path, monkeypatch, works=False).seeds(TEXT, setting, 3) == first == [
        accuracy(70, 60), accuracy(71, 60), accuracy(72, 60),
    ]  # fmt: skip
    whole = path.read_text()
    path.write_text(whole[:-9])
    assert len(read_trainings(path)) == 2
    assert trainings(path, monkeypatch).seeds(TEXT, setting, 3) == first
    assert path.read_text() == whole
    ended = trainings(path, monkeypatch, works=False)
    ended.finished = True
    assert ended.seeds(TEXT, setting, 5) == first, "those that are not there are not made"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SettingError, match="holds no trainings of this study: give another --out"):
        read_trainings(path)


def test_the_table_has_means_and_deviations() -> None:
    groups = [Group("cora", "human", "GCN", TEXT, [accuracy(80, 70), accuracy(82, 74)])]
    (row,) = table_frame(groups).to_dict("records")
    assert (row["trainings"], row["test_pct_mean"], row["validation_pct_mean"]) == (2, 72, 81)
    assert row["test_pct_std"] == pytest.approx(8**0.5)


def claims(found: list[float], drawn: list[float], last: float, unfinished: tuple[str, ...] = ()) -> dict[str, str]:
    genotypes = pd.DataFrame(
        [{"graph": "cora", "kind": FOUND, "test_pct": each} for each in found]
        + [{"graph": "cora", "kind": RANDOM, "test_pct": each} for each in drawn]
    )
    supernets = pd.DataFrame(
        {
            "graph": "cora",
            "setting": CODE,
            "epoch": [1, 2],
            "validation_accuracy_pct": [99.0, last],
            "majority_pct": 30.0,
            "largest_gap": 0.001,
        }
    )
    table = table_frame([Group("cora", FOUND, name, TEXT, [accuracy(80, 70)] * 2) for name in (BEST, TUNED)])
    return {
        claim.claim: f"{claim.verdict}: {claim.ours}" for claim in study_claims(table, genotypes, supernets, unfinished)
    }


def test_claims_follow_from_the_intervals_and_the_last_epoch() -> None:
    better = "searched architectures are more accurate than random ones: cora"
    learns = "by the setting of the authors' code the supernet learns: cora (our own question)"
    close = claims([86.0, 87.0, 85.0], [86.0, 85.0, 86.5], 30.0)
    assert close[better].startswith("not shown: points of test accuracy, means of 3 and 3 architectures: +0.17 [-")
    assert close[learns].startswith("not shown: 30.00 % of the validation nodes after 2 epochs")
    far = claims([86.0, 87.0, 85.0], [76.0, 75.0, 76.5], 30.5)
    assert far[better].startswith("shown: ")
    assert far[learns].startswith("shown: ")
    assert claims([86.0], [85.0], 31.0)[better].startswith("not finished: 1 searched and 1 random architectures")
    assert claims([86.0, 87.0], [75.0, 76.0], 31.0, ("cora",))[better].startswith("not finished")
    assert far["the accuracy of SANE on Cora"] == "not testable here: 70.00 ± 0.00"


def test_the_gap_is_that_of_the_edge_whose_largest_weight_is_farthest_from_equal_ones() -> None:
    assert largest_gap({"node": [[0.25, 0.5, 0.25], [0.4, 0.3, 0.3]], "skip": [[0.6, 0.4]]}) == pytest.approx(1 / 6)


@pytest.mark.slow
def test_the_study_in_small_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    import harness

    outcome = harness.run_study("sane-table", tmp_path, quick=True, say=lambda _: None)
    table = outcome.frame
    assert set(table["kind"]) <= {"human", RANDOM, FOUND}
    assert set(table["graph"]) == {"noise-0"}
    files = {file.name: file.read_bytes() for file in tmp_path.glob("*.csv")}
    made = read_trainings(tmp_path / "trainings.csv")
    human = made[(made["architecture"] == human_designs(1)["GCN"]) & (made["setting"] == QUICK.training.json())]
    assert table.set_index("name").loc["GCN", "test_pct_mean"] == pytest.approx(human["test_pct"].mean())

    def never(*given: Any, **named: Any) -> None:
        raise AssertionError("everything is there")

    monkeypatch.setattr(kept, "train_nodes", never)
    harness.run_study("sane-table", tmp_path, quick=True, finished=True, say=lambda _: None)
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.csv")} == files


@pytest.mark.slow
def test_what_is_over_is_shown_without_the_rest(tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    import harness

    with pytest.raises(SettingError, match="no training is over in"):
        harness.run_study("sane-table", tmp_path, quick=True, finished=True, say=lambda _: None)
    harness.run_study("sane-table", tmp_path, quick=True, say=lambda _: None)
    path = tmp_path / "trainings.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:4]))  # of three trainings, both of one design
    outcome = harness.run_study("sane-table", tmp_path, quick=True, finished=True, say=lambda _: None)
    assert outcome.frame[["name", "trainings"]].to_numpy().tolist() == [["GCN", 2], ["GCN-JK", 1]]
    assert outcome.record["unfinished"] == ["noise-0"]
    assert set(outcome.frames["claims"]["verdict"]) == {"not finished", "not shown", "not testable here"}


def test_a_graph_that_is_not_here_is_said_before_anything_runs(tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    import harness

    with pytest.raises(SettingError, match="the data set cora is not here"):
        harness.run_study("sane-table", tmp_path / "out", data=str(tmp_path), say=lambda _: None)
    assert not (tmp_path / "out").exists()
