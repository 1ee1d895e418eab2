"""The store: what goes in comes out."""

from __future__ import annotations

import math
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import StoreError, StoreWriteError
from harness.proxies import Proxy
from harness.scoring.scorer import DIED, ERROR, NOT_APPLICABLE, NOT_FINITE, OK, OUT_OF_MEMORY, Score
from harness.scoring.store import store as store_module
from harness.scoring.store.file import place_new
from harness.setting import Setting
from tests.scoring.store.stores import CELLS, fill

NAN = math.nan


@pytest.mark.parametrize(
    "score",
    [
        Score(1 / 3, OK, "", 0.1, 2 / 3),
        Score(-5e-324, OK, "", 0.0),
        Score(1.7976931348623157e308, OK, "", 1e-9, 5e-324),
        Score(NAN, NOT_FINITE, "the value is inf", 2.0),
        Score(NAN, ERROR, "ValueError: a 'quoted'\nmessage; – ✓ \x00 %s", 3.0),
        Score(NAN, OUT_OF_MEMORY, "", 4.0),
        Score(NAN, DIED, "killed", 0.0),
        Score(NAN, NOT_APPLICABLE, "no ReLU", 0.0, NAN),
    ],
    ids=lambda score: score.status,
)
def test_every_field_comes_back_bit_for_bit(path: Path, proxies: list[Proxy], score: Score) -> None:
    with harness.Store(path) as store:
        setting_id = store.setting_id("nasbench201", Setting(), "2.6.0")
        store.begin_run(setting_id, proxies[:1], {"cell": "cell"})
        store.write(setting_id, [("cell", proxies[0], score)])
    with harness.Store(path) as store:
        (row,) = store.frame().to_dict("records")
    assert (row.pop("architecture"), row.pop("proxy")) == ("cell", "grad_norm")
    expected = {"score": score.value, **score._asdict()}
    del expected["value"]
    assert {name: repr(value) for name, value in row.items()} == {name: repr(expected[name]) for name in row}
    assert set(row) == set(expected)


@pytest.mark.parametrize("value", [-0.0, 7, -(2**60) - 1])
def test_a_number_that_sqlite_keeps_in_another_form_is_no_damage(
    path: Path, proxies: list[Proxy], value: float
) -> None:
    with harness.Store(path) as store:
        setting_id = store.setting_id("nasbench201", Setting(), "2.6.0")
        store.begin_run(setting_id, proxies[:1], {"cell": "cell"})
        store.write(setting_id, [("cell", proxies[0], Score(value, OK, "", value, value))])
    with harness.Store(path) as store:
        (row,) = store.frame().to_dict("records")
    assert [row[name].hex() for name in ("score", "seconds", "standard_error")] == [(value + 0.0).hex()] * 3


def test_a_message_that_is_no_text_is_kept_in_another_spelling(path: Path, proxies: list[Proxy]) -> None:
    # os.fsdecode gives half surrogate pairs for file names that are not UTF-8: an OSError's message may hold them
    with harness.Store(path) as store:
        setting_id = store.setting_id("nasbench201", Setting(), "2.6.0")
        store.begin_run(setting_id, proxies[:1], {"cell": "cell"})
        store.write(setting_id, [("cell", proxies[0], Score(NAN, ERROR, "no file caf\udce9", 0.0))])
        assert store.frame()["message"].tolist() == [r"no file caf\udce9"]


def test_one_transaction_a_result(path: Path, proxies: list[Proxy]) -> None:
    setting_id = fill(path, proxies)

    def broken() -> Any:
        yield "cell four", proxies[0], Score(4.0, OK, "", 0.0)
        raise RuntimeError("in the middle of a result")

    reader = sqlite3.connect(path)
    count = "SELECT count(*) FROM score"
    with harness.Store(path) as store:
        rows = [("cell four", proxy, Score(4.0, OK, "", 0.0)) for proxy in proxies]
        store.write(setting_id, rows)
        assert reader.execute(count).fetchone() == (12,), "another process sees a result as soon as it is written"
        with pytest.raises(RuntimeError, match="in the middle"):
            store.write(setting_id, broken())
        with pytest.raises(StoreWriteError, match="NOT NULL"):  # the second row breaks the result: neither stays
            store.write(setting_id, [rows[0], ("cell five", proxies[0], Score(1.0, OK, "", NAN))])
        assert reader.execute(count).fetchone() == (12,)
        store.write(setting_id, [("cell six", proxies[0], Score(6.0, OK, "", 0.0))])
        assert reader.execute(count).fetchone() == (13,), "a result that failed does not hold up the next"
    reader.close()


def test_a_commit_that_is_held_up_leaves_no_open_transaction(
    path: Path, proxies: list[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting_id = fill(path, proxies)
    monkeypatch.setattr(store_module, "PATIENCE", 0.05)
    reader = sqlite3.connect(path, isolation_level=None)
    with harness.Store(path) as store:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM score").fetchone()
        row = ("cell four", proxies[0], Score(4.0, OK, "", 0.0))
        with pytest.raises(StoreWriteError, match="locked"):
            store.write(setting_id, [row])
        reader.execute("COMMIT")
        store.write(setting_id, [row])
        assert "cell four" in store.finished(setting_id, proxies[0])
    reader.close()


def test_a_row_written_again_is_replaced(path: Path, proxies: list[Proxy]) -> None:
    setting_id = fill(path, proxies)
    with harness.Store(path) as store:
        store.write(setting_id, [("cell two", proxies[0], Score(-1.0, OK, "again", 9.0, 0.5))])
        frame = store.frame().set_index(["proxy", "architecture"])
    assert len(frame) == 9
    row = frame.loc["grad_norm", "cell two"]
    assert (row["score"], row["message"], row["seconds"], row["standard_error"]) == (-1.0, "again", 9.0, 0.5)
    assert frame["score"].drop(("grad_norm", "cell two")).tolist() == [0.0, 2.0, *[0.0, 1.0, 2.0] * 2]


def test_runs_are_listed_with_what_they_were_asked_for(path: Path, proxies: list[Proxy]) -> None:
    fill(path, proxies)
    other = Setting(bn="eval", seed=3)
    fill(path, proxies[::-1], CELLS[::-1], other)
    with harness.Store(path) as store:
        first, second = store.runs()
    assert (first.number, second.number) == (1, 2)
    assert (first.space, first.torch, first.setting) == ("nasbench201", "2.6.0", Setting())
    assert second.setting == other
    assert list(second.proxies.items()) == [(proxy.name, proxy.version) for proxy in proxies[::-1]]
    assert second.size_proxies == {"params"}
    assert list(second.scored_as) == list(CELLS[::-1])
    assert first.started <= second.started
    assert first.started.endswith("+00:00")


def test_the_frame_of_a_run_stands_in_the_order_asked_for(path: Path, proxies: list[Proxy]) -> None:
    fill(path, proxies)
    fill(path, proxies[1::-1], ("cell three", "cell one"))
    with harness.Store(path) as store:
        last, first = store.frame(), store.frame(1)
        assert store.frame(2).equals(last)
    assert list(last.columns) == ["architecture", "proxy", "score", "status", "seconds", "standard_error", "message"]
    assert list(zip(last["proxy"], last["architecture"], strict=True)) == [
        ("params", "cell three"),
        ("params", "cell one"),
        ("grad_norm", "cell three"),
        ("grad_norm", "cell one"),
    ]
    assert first["proxy"].drop_duplicates().tolist() == ["grad_norm", "params", "ntk_trace"]
    assert first["architecture"].tolist() == list(CELLS) * 3


def test_a_frame_holds_only_what_is_finished_and_members_get_their_representatives_row(
    path: Path, proxies: list[Proxy]
) -> None:
    grad_norm, params, _ = proxies
    with harness.Store(path) as store:
        setting_id = store.setting_id("nasbench201", Setting(), "2.6.0")
        store.begin_run(setting_id, [grad_norm, params], {"a": "rep", "b": "rep", "c": "unfinished"})
        assert store.frame().empty
        assert store.frame()["score"].dtype == float
        store.write(setting_id, [("rep", grad_norm, Score(1.5, OK, "", 0.0)), ("b", params, Score(7.0, OK, "", 0.0))])
        found = store.frame()[["architecture", "proxy", "score"]].to_numpy().tolist()
    assert found == [["a", "grad_norm", 1.5], ["b", "grad_norm", 1.5], ["b", "params", 7.0]]


def test_settings_torch_versions_and_proxy_versions_are_kept_apart(path: Path, proxies: list[Proxy]) -> None:
    proxy = proxies[0]
    newer = Proxy(proxy.name, proxy.function, proxy.source, "99", proxy.needs)
    with harness.Store(path) as store:
        ids = [
            store.setting_id(space, setting, torch)
            for space, setting, torch in (
                ("nasbench201", Setting(), "2.6.0"),
                ("nasbench201", Setting(seed=1), "2.6.0"),
                ("nasbench201", Setting(), "2.7.0"),
                ("darts", Setting(), "2.6.0"),
            )
        ]
        assert len(set(ids)) == 4
        assert store.setting_id("nasbench201", Setting(), "2.6.0") == ids[0]
        store.write(ids[0], [("cell", proxy, Score(1.0, OK, "", 0.0))])
        assert store.finished(ids[0], proxy) == {"cell"}
        assert not store.finished(ids[0], newer)
        assert not any(store.finished(other, proxy) for other in ids[1:])
        store.write(ids[0], [("cell", newer, Score(2.0, OK, "", 0.0))])
        for version, value in ((proxy, 1.0), (newer, 2.0)):
            store.begin_run(ids[0], [version], {"cell": "cell"})
            assert store.frame()["score"].tolist() == [value]


def test_only_what_the_machine_failed_is_tried_again(path: Path, proxies: list[Proxy]) -> None:
    with harness.Store(path) as store:
        setting_id = store.setting_id("nasbench201", Setting(), "2.6.0")
        for status in (OK, NOT_FINITE, NOT_APPLICABLE, OUT_OF_MEMORY, ERROR, DIED):
            store.write(setting_id, [(status, proxies[0], Score(NAN, status, "", 0.0))])
        assert store.finished(setting_id, proxies[0]) == {OK, NOT_FINITE, NOT_APPLICABLE, ERROR}


def test_a_setting_that_is_not_there(path: Path, proxies: list[Proxy]) -> None:
    fill(path, proxies)
    with harness.Store(path) as store:
        with pytest.raises(StoreWriteError, match="has no setting 2"):
            store.write(2, [("cell", proxies[0], Score(1.0, OK, "", 0.0))])
        with pytest.raises(StoreWriteError, match="has no setting 0"):
            store.begin_run(0, proxies, {"cell": "cell"})
        assert store.finished(2, proxies[0]) == set()
        assert len(store.frame()) == 9


def test_runs_that_are_not_there(path: Path, proxies: list[Proxy]) -> None:
    with harness.Store(path) as store:
        assert store.runs() == []
        with pytest.raises(StoreError, match="holds no run yet"):
            store.frame()
    fill(path, proxies)
    with harness.Store(path) as store:
        for number in (0, 2, -1):
            with pytest.raises(StoreError, match=rf"has no run {number}; it holds runs 1 to 1"):
                store.frame(number)


@pytest.mark.parametrize("name", ["a b.sqlite", "50%20#?&.sqlite", "ячейки", "caf\udce9.sqlite", ":memory:", "-"])
def test_a_store_of_any_name(tmp_path: Path, proxies: list[Proxy], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill(Path(name), proxies)
    assert os.listdir(tmp_path) == [name]
    with harness.Store(tmp_path / name, readonly=True) as store:
        assert len(store.frame()) == 9


def test_a_file_system_without_hard_links(path: Path, proxies: list[Proxy], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    fill(path, proxies)
    assert os.listdir(path.parent) == [path.name]
    partial = path.with_name("partial")
    partial.touch()
    with pytest.raises(FileExistsError):
        place_new(partial, path)
    with harness.Store(path) as store:
        assert len(store.frame()) == 9
