"""Threads of one process give the processes' rows; size readers are each architecture's own; odd batches."""

from __future__ import annotations

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

import harness
from harness.errors import ScoresError, SettingError
from harness.proxies import registry
from harness.scoring.store import Store
from harness.setting import Setting

SMALL: dict[str, Any] = {"width": 4, "depth": 1, "batch_size": 4, "image_size": 8, "classes": 3}
MERGED = (
    "|none~0|+|nor_conv_1x1~0|none~1|+|skip_connect~0|none~1|none~2|",
    "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.load_builtin()
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))


def test_threads_take_turns_and_give_the_same_bits(tmp_path: Path) -> None:
    space = harness.open_space("nasbench201")
    values = {}
    for threads in (1, 3):
        with ThreadPoolExecutor(threads) as executor:
            frame = harness.run(
                space, space.sample(24), ["nasi_trace"], store=tmp_path / f"{threads}.sqlite", executor=executor,
                workers=threads, **SMALL,
            )  # fmt: skip
        values[threads] = frame["score"].tolist()
    assert values[1] == values[3]


def test_a_proxy_that_reads_a_size_gets_each_architectures_own(tmp_path: Path) -> None:
    @harness.proxy(source="me")
    def count(parameter_count: int, loss_gradient: Any) -> float:
        return parameter_count

    space = harness.open_space("nasbench201")
    assert len({space.minimal(space.parse(text)) for text in MERGED}) == 1
    with ThreadPoolExecutor(1) as executor:
        frame = harness.run(
            space, MERGED, ["count", "params", "nasi_trace"], store=tmp_path / "s.sqlite", executor=executor, **SMALL
        )
    wide = frame.pivot(index="architecture", columns="proxy", values="score")
    assert wide["count"].tolist() == wide["params"].tolist()
    assert wide["params"].nunique() == 2
    assert wide["nasi_trace"].nunique() == 1


@pytest.mark.parametrize("shape", [(4, 3, 8, 16), (4, 3, 64)])
def test_a_batch_that_is_not_of_square_images_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    space = harness.open_space("nasbench201")
    batch = harness.Batch(torch.randn(shape), torch.zeros(4, dtype=torch.long))
    with pytest.raises(SettingError, match=r"square images \[N, C, H, H\]"):
        harness.run(space, MERGED, "params", batch=batch, store=tmp_path / "s.sqlite")


def test_a_stored_setting_of_fewer_fields_still_gives_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a release writes that knows no `probes` is read by one that does."""
    path = tmp_path / "s.sqlite"
    space = harness.open_space("nasbench201")
    text = Setting.json
    with monkeypatch.context() as earlier:
        earlier.setattr(Setting, "json", lambda setting: text(setting).replace('"probes": 4, ', ""))
        harness.run(space, MERGED, "params", store=path, **SMALL)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert "probes" not in connection.execute("SELECT setting FROM setting").fetchone()[0]
    with Store(path) as store:
        assert len(store.frame()) == 2


def test_failed_scores_are_kept_or_computed_anew_when_asked(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"

    @harness.proxy(source="me")
    def touchy(loss_gradient: Any) -> float:
        if not allowed.exists():
            raise OSError("not now")
        return 1.0

    space = harness.open_space("nasbench201")
    arguments: dict[str, Any] = {"store": tmp_path / "s.sqlite", **SMALL}
    statuses = []
    for retry in (False, False, True):
        with ThreadPoolExecutor(1) as executor:
            frame = harness.run(space, MERGED[:1], "touchy", executor=executor, retry_failed=retry, **arguments)
        statuses.append(frame["status"].item())
        allowed.touch()
    assert statuses == ["error", "error", "ok"]


def test_an_uneven_ranking_says_so_and_counts_are_refused() -> None:
    import pandas as pd

    import benchmarks

    table = benchmarks.open_table("analognasbench")
    cells = [str(cell) for cell in harness.open_space("nasbench201").sample(6)]
    rows = [("mine", cell, number) for number, cell in enumerate(cells)] + [("other", cell, 1.0) for cell in cells[:4]]
    frame = pd.DataFrame(rows, columns=["proxy", "architecture", "score"])
    ranking = harness.correlate(frame, table, resamples=10)
    assert ranking.uneven.startswith("Not on the same architectures: other 4; the others 6.")
    assert ranking.label == "CIFAR-10 test accuracy, 200 epochs (%)"
    assert harness.correlate(frame[frame["proxy"] == "mine"], table, resamples=10).uneven == ""
    for bad in ({"seed": -1}, {"resamples": 0}, {"resamples": 2.5}):
        with pytest.raises(ScoresError, match="must be a whole number from"):
            harness.correlate(frame, table, **bad)  # type: ignore[arg-type]
