"""Stores of older releases, which had a setting for each GPU: their scores are of the device `cuda`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness
from harness.proxies import Proxy
from harness.proxies.registry import resolve
from harness.scoring.scorer import OK, Score
from harness.scoring.store import merging, rows
from harness.setting import Setting

SPACE, TORCH = "nasbench201", "2.6.0"


@pytest.fixture
def proxy() -> Proxy:
    return resolve(["zen"])[0]


def old_store(path: Path, device: str, scores: dict[str, float], proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in which the setting's text names one GPU, as older releases wrote it."""
    text = Setting().json().replace('"device": "cpu"', f'"device": "{device}"')
    with monkeypatch.context() as patch:
        patch.setattr(Setting, "json", lambda setting: text)
        patch.setattr(rows.SettingRow, "identity", property(lambda row: row[:3]))
        with harness.Store(path) as store:
            number = store.setting_id(SPACE, Setting(), TORCH)
            store.begin_run(number, [proxy], {key: key for key in scores})
            for key, value in scores.items():
                store.write(number, [(key, proxy, Score(value, OK, "", 0.5))], machine=f"a machine with {device}")
    return path


def test_a_run_goes_on_in_an_old_store(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = old_store(tmp_path / "old.sqlite", "cuda:1", {"a": 1.0}, proxy, monkeypatch)
    with harness.Store(path) as store:
        number = store.setting_id(SPACE, Setting(device="cuda"), TORCH)
        assert store.finished(number, proxy) == {"a"}


@pytest.mark.parametrize("devices", [("cuda:0", "cuda:1"), ("cuda:1", "cuda"), ("cuda", "cuda:1")])
def test_scores_of_several_gpus_are_merged_under_one_setting(
    devices: tuple[str, str], tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores: tuple[dict[str, float], ...] = ({"a": 1.0, "b": 2.0}, {"b": 2.0, "c": 3.0})
    stores = [
        old_store(tmp_path / f"{place}.sqlite", device, own, proxy, monkeypatch)
        for place, (device, own) in enumerate(zip(devices, scores, strict=True))
    ]
    into = tmp_path / "all.sqlite"
    first, second = merging.merge_stores(stores, into)
    assert ((first.added, first.there), (second.added, second.there)) == ((2, 0), (1, 1))
    assert [one.added for one in merging.merge_stores(stores, into)] == [0, 0]
    with harness.Store(into) as store:
        number = store.setting_id(SPACE, Setting(device="cuda"), TORCH)
        assert store.finished(number, proxy) == {"a", "b", "c"}
        with store.reading() as contents:
            assert len(contents.rows.settings()) == 1
            found = contents.rows.looked_through()
            machines: Any = contents.origins.of(number, ["a", "c"])
        assert (found.damaged, found.uneven) == (0, [])
        assert [run.setting_id for run in store.runs()] == [number, number]
    assert [set(machines[key].values()) for key in ("a", "c")] == [{f"a machine with {device}"} for device in devices]


def test_scores_of_a_gpu_and_of_a_processor_stay_apart(
    tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = [
        old_store(tmp_path / f"{device[:4]}.sqlite", device, {"a": value}, proxy, monkeypatch)
        for device, value in (("cuda:0", 1.0), ("cpu", 2.0))
    ]
    merging.merge_stores(stores, tmp_path / "all.sqlite")
    with harness.Store(tmp_path / "all.sqlite", readonly=True) as store, store.reading() as contents:
        assert len(contents.rows.settings()) == 2
