"""`run`: rows are the direct scores of each class's representative, whoever computes them, when and in what order."""

from __future__ import annotations

import threading
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import harness
from harness.errors import HarnessError, ProxyError, SettingError, SpaceError
from harness.scoring.runner import run
from harness.spaces.image_batches import draw_images
from tests.scoring.runs import CLASS, PROXIES, WRITTEN, Given, bits, scores_of

REPRESENTATIVE = "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|nor_conv_1x1~2|"


# --- what is in the rows ---


def test_a_row_for_each_proxy_and_architecture_in_the_order_given(given: Given, pooled: pd.DataFrame) -> None:
    keys = [str(cell) for cell in given.cells]
    assert list(pooled.columns) == [
        "architecture", "proxy", "score", "status", "seconds", "standard_error", "message",
    ]  # fmt: skip
    assert pooled["architecture"].tolist() == keys * len(PROXIES)
    assert pooled["proxy"].tolist() == [proxy for proxy in PROXIES for _ in keys]
    assert set(pooled["status"]) == {"ok"}
    assert (pooled["seconds"] > 0).all()
    assert (pooled["message"] == "").all()


def test_rows_are_the_direct_score_of_the_representatives_network(given: Given, pooled: pd.DataFrame) -> None:
    setting, found = given.setting, bits(pooled)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for cell in given.cells:
            network = given.space.build(given.space.minimal(cell), setting.shape)
            direct = harness.score(network, draw_images(setting), ["grad_norm", "ntk_trace", "m_trace"])
            for proxy, score in direct.items():
                expected = (score.value.hex(), score.status, score.standard_error.hex(), score.message)
                assert found[str(cell), proxy] == expected
    finally:
        torch.set_num_threads(before)
    errors = pooled.set_index("proxy")["standard_error"]
    assert (errors["ntk_trace"] > 0).all(), "an estimate carries its standard error"
    assert errors["grad_norm"].isna().all()


def test_members_of_a_class_share_a_score_but_not_their_size(given: Given, pooled: pd.DataFrame) -> None:
    one = pooled[pooled["architecture"].isin(CLASS)]
    assert {str(given.space.minimal(given.space.parse(text))) for text in CLASS} == {REPRESENTATIVE}
    for proxy in ("grad_norm", "ntk_trace", "m_trace"):
        assert len(set(scores_of(one, proxy))) == 1
    sizes = [given.space.sizes(cell, given.setting.shape) for cell in given.cells]
    assert scores_of(pooled, "params") == [size.parameters for size in sizes]
    assert scores_of(pooled, "flops") == [size.macs for size in sizes]
    assert len(set(scores_of(one, "params"))) == 2, "the dead end's convolution has parameters"


def test_sizes_are_those_of_the_networks(given: Given, pooled: pd.DataFrame) -> None:
    built = [given.space.build(cell, given.setting.shape) for cell in given.cells]
    assert scores_of(pooled, "params") == [sum(p.numel() for p in network.parameters()) for network in built]


def test_without_merging_every_cell_is_scored_as_it_is_written(
    given: Given, thread: Executor, tmp_path: Path, pooled: pd.DataFrame
) -> None:
    frame = run(
        given.space, [*CLASS, REPRESENTATIVE], ["grad_norm", "params"], setting=given.setting,
        store=tmp_path / "s.sqlite", executor=thread, merge_equal=False,
    )  # fmt: skip
    assert len(set(scores_of(frame, "grad_norm"))) == 4, "weights follow from the architecture's own key"
    merged, own = bits(pooled), bits(frame)
    assert own[REPRESENTATIVE, "grad_norm"] == merged[WRITTEN, "grad_norm"]
    assert all(own[key, "params"] == merged[key, "params"] for key in CLASS)


# --- who computes them ---


def test_two_processes_one_thread_and_another_order_give_the_same_bits(
    given: Given, pooled: pd.DataFrame, thread: Executor, tmp_path: Path
) -> None:
    shuffled = given.cells[4:] + given.cells[3::-1]
    frame = run(
        given.space, shuffled, PROXIES[::-1], setting=given.setting, store=tmp_path / "s.sqlite", executor=thread
    )
    assert frame["architecture"].tolist()[: len(shuffled)] == [str(cell) for cell in shuffled]
    assert bits(frame) == bits(pooled)


def test_one_process_gives_the_same_bits(given: Given, pooled: pd.DataFrame, tmp_path: Path) -> None:
    cells = given.cells[:3]
    frame = run(given.space, cells, PROXIES, setting=given.setting, store=tmp_path / "s.sqlite", workers=1)
    expected = {key: row for key, row in bits(pooled).items() if key[0] in {str(cell) for cell in cells}}
    assert bits(frame) == expected


def test_a_given_executor_is_used_and_not_shut_down(given: Given, thread: Executor, tmp_path: Path) -> None:
    names: list[str] = []

    def where(loss_gradient: Any) -> float:
        names.append(threading.current_thread().name)
        return 1.0

    harness.proxy(source="test")(where)
    thread.submit(lambda: names.append(threading.current_thread().name)).result()
    threads = torch.get_num_threads()
    # closures travel by value: the list of the driver stays as it is, the scores come back
    frame = run(given.space, given.cells[:2], "where", store=tmp_path / "s", executor=thread, setting=given.setting)
    assert frame["score"].tolist() == [1.0, 1.0]
    assert thread.submit(lambda: 42).result() == 42
    assert torch.get_num_threads() == threads
    assert len(names) == 1


def test_the_random_state_of_the_caller_neither_matters_nor_moves(
    given: Given, pooled: pd.DataFrame, thread: Executor, tmp_path: Path
) -> None:
    torch.manual_seed(77)
    before = torch.get_rng_state()
    frame = run(
        given.space, given.cells[:2], PROXIES, setting=given.setting, store=tmp_path / "s.sqlite", executor=thread
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert bits(frame).items() <= bits(pooled).items()


# --- what it takes ---


def test_strings_and_architectures_repeated_or_not(given: Given, thread: Executor, tmp_path: Path) -> None:
    first, second = given.cells[:2]
    arguments: dict[str, Any] = {"setting": given.setting, "store": tmp_path / "s.sqlite", "executor": thread}
    frame = run(given.space, [str(second), first, second, str(first), f" {first} "], "grad_norm", **arguments)
    assert frame["architecture"].tolist() == [str(second), str(first)]
    alone = run(given.space, str(first), "grad_norm", **arguments)
    assert alone["architecture"].tolist() == [str(first)]
    drawn = run(given.space, (cell for cell in (second, first)), ["grad_norm", "grad_norm"], **arguments)
    assert drawn.equals(frame)
    series = run(given.space, pd.Series([str(second), str(first)]), "grad_norm", **arguments)
    assert series.equals(frame)


def test_a_given_batch_is_scored_and_named_by_its_content(given: Given, thread: Executor, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(9)
    batch, other = (
        harness.Batch(torch.rand(5, 1, 6, 6, generator=generator), torch.tensor([0, 1, 2, 0, 1])) for _ in range(2)
    )
    store, cell = tmp_path / "s.sqlite", given.cells[0]
    arguments: dict[str, Any] = {"setting": given.setting, "store": store, "executor": thread}
    frame = run(given.space, [cell], ["grad_norm", "flops"], batch=batch, **arguments)
    again = run(given.space, [cell], ["grad_norm", "flops"], batch=batch, **arguments)
    different = run(given.space, [cell], ["grad_norm", "flops"], batch=other, **arguments)
    assert again.equals(frame)
    assert scores_of(different, "grad_norm") != scores_of(frame, "grad_norm")
    with harness.Store(store) as opened:
        settings = [record.setting for record in opened.runs()]
    expected = replace(
        given.setting, input="given", labels="true", batch_size=5, channels=1, image_size=6, batch_digest=batch.digest()
    )
    assert settings == [expected, expected, replace(expected, batch_digest=other.digest())]
    shape = {"classes": 3, "width": 4, "depth": 1, "channels": 1}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        direct = harness.score(given.space.build(given.space.minimal(cell), **shape), batch, "grad_norm")[
            "grad_norm"
        ].value
    finally:
        torch.set_num_threads(threads)
    assert scores_of(frame, "grad_norm") == [direct]
    assert scores_of(frame, "flops") == [given.space.sizes(cell, image_size=6, **shape).macs]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"workers": 0}, SettingError, "workers must be a whole number from 1, got 0"),
        ({"workers": -1}, SettingError, "workers must be a whole number from 1, got -1"),
        ({"workers": "2"}, SettingError, "workers must be a whole number from 1, got '2'"),
        ({"workers": 1.5}, SettingError, "workers must be a whole number from 1, got 1.5"),
        ({"workers": True}, SettingError, "workers must be a whole number from 1, got True"),
        ({"bacth_size": 8}, SettingError, "unknown setting 'bacth_size'. Did you mean 'batch_size'? Known: "),
        ({"batch_size": 1}, SettingError, "batch_size must be a whole number from 2, got 1"),
        ({"bn": "trian"}, SettingError, "unknown bn 'trian'. Did you mean 'train'?"),
        ({"device": None}, SettingError, "device must be 'cpu'"),
        ({"input": "given"}, SettingError, "needs its batch: pass batch="),
        ({"input": "cifar10", "image_size": 32}, SettingError, "needs the folder of CIFAR-10's binary files"),
        ({"architectures": []}, SpaceError, "no architectures given: nothing to score"),
        ({"architectures": ["|none~0|"]}, SpaceError, "malformed NAS-Bench-201 cell '|none~0|'"),
        ({"architectures": [7]}, SpaceError, "malformed NAS-Bench-201 cell '7'"),
        ({"proxies": "grad_nrom"}, ProxyError, "unknown proxy 'grad_nrom'. Did you mean 'grad_norm'?"),
        ({"proxies": []}, ProxyError, "no proxy given. Known: "),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_bad_arguments_are_named_before_anything_is_made(
    given: Given, tmp_path: Path, arguments: dict[str, Any], error: type[HarnessError], message: str
) -> None:
    store = tmp_path / "s.sqlite"
    call: dict[str, Any] = {"architectures": given.cells, "proxies": "grad_norm", "setting": given.setting, **arguments}
    with pytest.raises(error) as raised:
        run(given.space, call.pop("architectures"), call.pop("proxies"), store=store, **call)
    assert message in str(raised.value)
    assert not store.exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there(given: Given, tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    with pytest.raises(SettingError, match=r"device 'cuda:1' was asked for, but torch sees no CUDA device here"):
        run(given.space, given.cells, "grad_norm", setting=given.setting, store=store, device="cuda:1")
    assert not store.exists()


def test_progress_is_told_on_standard_error(
    given: Given, thread: Executor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments: dict[str, Any] = {"setting": given.setting, "store": tmp_path / "s.sqlite", "executor": thread}
    run(given.space, given.cells, "grad_norm", progress=True, **arguments)
    written = capsys.readouterr()
    assert written.out == ""
    assert "scored 7 of 7 architectures" in written.err
    run(given.space, given.cells, "grad_norm", progress=True, **arguments)
    assert capsys.readouterr().err == "", "nothing to score, nothing to tell"
