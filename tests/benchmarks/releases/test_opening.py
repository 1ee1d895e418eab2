"""The official releases: what the clients say, record by record."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks
from benchmarks import TableError
from benchmarks.releases import open_release
from benchmarks.releases.curves import curve_numbers, curves_of, splits_named
from benchmarks.releases.kinds import TOPOLOGY
from tests.benchmarks.releases.official import HPS, SSS, TSS, client, numbers, told_by_the_client


@pytest.mark.parametrize(("name", "space"), [(TSS, "tss"), (SSS, "sss")])
@pytest.mark.parametrize("index", [0, 11, 284])
def test_the_genuine_records_are_what_the_client_says_to_the_last_digit(
    data_folder: Path, name: str, space: str, index: int
) -> None:
    release = open_release(data_folder / name)
    assert numbers(release, index) == told_by_the_client(client(data_folder / name), index, HPS[space])


@pytest.mark.parametrize("key", ["tss", "sss", "1.0 legacy", "1.1 legacy", "1.1 zip"])
def test_single_files_are_what_the_client_says_to_the_last_digit(singles: dict[str, Path], key: str) -> None:
    release, api = open_release(singles[key]), client(singles[key])
    hps = HPS[key if key in HPS else "pth"]
    assert [index for index, _ in release.records()] == [0, 1, 2]
    for index in range(3):
        assert numbers(release, index) == told_by_the_client(api, index, hps)


def test_a_made_folder_is_what_the_client_says(folder: Path, size_folder: Path) -> None:
    for place, space in ((folder, "tss"), (size_folder, "sss")):
        assert numbers(open_release(place), 1) == told_by_the_client(client(place), 1, HPS[space])


def test_the_genuine_records_equal_the_official_table(data_folder: Path, official: benchmarks.Table) -> None:
    release = open_release(data_folder / TSS)
    assert release.architectures == official.keys
    for index in (0, 11, 284):
        found, key = numbers(release, index), [official.keys[index]]
        compared = [name for name in official.column_names if name in found and name.endswith("ep_pct")]
        assert len(compared) == 12
        for name in compared:
            assert found[name] == pytest.approx(official.values(key, name)[0], abs=1e-4)
        per_seed = sorted(official.values(key, f"cifar10_test_200ep_pct_seed{place}")[0] for place in range(3))
        assert per_seed == pytest.approx(sorted(found[f"cifar10_test_200ep_pct_seed{s}"] for s in (777, 888, 999)))


@pytest.mark.parametrize(
    ("index", "dataset", "split", "epochs", "seed", "expected"),
    [  # nats_bench 1.8: get_more_info(index, dataset, hp=epochs, is_random=False or seed) on the genuine slice
        (0, "cifar10", "test", 200, "mean", 85.86333333333334),
        (0, "cifar10", "test", 12, "mean", 69.55),
        (11, "cifar100", "validtest", 200, "mean", 67.53000000000002),
        (11, "cifar10", "valid", 12, "mean", 63.27799998413086),
    ],
)
def test_accuracy_of_the_genuine_slice(
    data_folder: Path, index: int, dataset: str, split: str, epochs: int, seed: Any, expected: float
) -> None:
    release = open_release(data_folder / TSS)
    key = release.architectures[index]
    for named in (index, key):
        assert release.accuracy(named, dataset=dataset, split=split, epochs=epochs, seed=seed) == expected


def test_accuracy_has_no_silent_defaults(folder: Path) -> None:
    release = open_release(folder)
    whole: dict[str, Any] = {"dataset": "cifar10", "split": "test", "epochs": 200, "seed": 777}
    assert (
        release.accuracy(0, **whole)
        == client(folder).get_more_info(0, "cifar10", hp="200", is_random=777)["test-accuracy"]
    )
    for name in whole:
        with pytest.raises(TypeError, match=name):
            release.accuracy(0, **{key: value for key, value in whole.items() if key != name})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"dataset": "cifar-10"}, "unknown data set 'cifar-10'. Did you mean 'cifar10'"),
        ({"dataset": "cifar10-valid"}, "Known: cifar10, cifar100, cifar10half, imagenet16_120"),
        ({"split": "x-test"}, "cifar10 has unknown split 'x-test'"),
        ({"split": "validtest"}, "cifar10 has unknown split 'validtest'.*Known: test, train, valid"),
        ({"epochs": 90}, "unknown number of epochs '90'.*Known: 12, 200"),
        ({"epochs": "200"}, "natsbench-topology: epochs must be a whole number, not the text '200'"),
        ({"epochs": 200.0}, "epochs must be a whole number, not 200.0"),
        ({"epochs": True}, "epochs must be a whole number, not True"),
        ({"seed": 0}, "unknown seed '0'.*Known: 111, 777, 888, 999, mean"),
        ({"seed": "777"}, "seed must be a whole number or 'mean', not the text '777'"),
        ({"seed": None}, "seed must be a whole number or 'mean', not None"),
        ({"seed": False}, "seed must be a whole number or 'mean', not False"),
        ({"seed": 999}, "record 0, field cifar10 after 200 epochs: unknown seed '999'.*Known: 777, 888, mean"),
        ({"architecture": "|none~0|"}, "'|none~0|' is none of its 6 architectures".replace("|", r"\|")),
        ({"architecture": 6}, "there is no record 6; they run from 0 to 5"),
        ({"architecture": -1}, "there is no record -1"),
        ({"architecture": True}, "there is no record True"),
        ({"architecture": 4}, "record 4 is missing"),
    ],
)
def test_what_accuracy_does_not_know_is_an_error(folder: Path, changed: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"architecture": 0, "dataset": "cifar10", "split": "test", "epochs": 200, "seed": "mean"}
    asked |= changed
    with pytest.raises(TableError, match=message):
        open_release(folder).accuracy(asked.pop("architecture"), **asked)


def test_whole_numbers_may_be_numpys(folder: Path) -> None:
    release = open_release(folder)
    asked: dict[str, Any] = {"dataset": "cifar10", "split": "test"}
    found = release.accuracy(np.int64(2), **asked, epochs=np.int32(200), seed=np.int64(777))  # type: ignore[arg-type]
    assert found == release.accuracy(2, **asked, epochs=200, seed=777)
    assert type(release.record(np.int64(2)).index) is int  # type: ignore[arg-type]


def test_facts_of_a_release(folder: Path, size_folder: Path, singles: dict[str, Path]) -> None:
    release = open_release(folder)
    assert (release.kind, release.version, release.path, len(release)) == (TOPOLOGY, "1.0", folder, 6)
    assert release.source.present == {0, 1, 2, 3, 5}
    assert [index for index, _ in release.records(skip={0, 2})] == [1, 3, 5]
    assert open_release(size_folder).kind.space == "natsbench-sizes"
    assert open_release(singles["tss"]).source.present is None
    versions = {key: open_release(path).version for key, path in singles.items() if "." in key}
    assert versions == {"1.0 legacy": "1.0", "1.1 legacy": "1.1", "1.1 zip": "1.1"}


def test_names_without_leading_zeros_are_read_as_the_client_does(copied: Path) -> None:
    (copied / "000003.pickle.pbz2").rename(copied / "3.pickle.pbz2")
    assert open_release(copied).record(3).index == 3
    shutil.copy(copied / "3.pickle.pbz2", copied / "000003.pickle.pbz2")
    with pytest.raises(TableError, match=r"000003\.pickle\.pbz2 and 3\.pickle\.pbz2 are both record 3"):
        open_release(copied)


def test_a_curve_ends_in_the_number_of_its_column(folder: Path) -> None:
    release = open_release(folder)
    curves = curves_of(release.kind, splits_named(["cifar10:test", "cifar100:train"]))
    one = release.record(2)
    values, table = curve_numbers(one, curves), numbers(release, 2)
    assert len(values) == sum(curve.epochs for curve in curves)
    for curve in curves:
        own, values = values[: curve.epochs], values[curve.epochs :]
        assert table.get(curve.name) == (None if math.isnan(own[-1]) else own[-1])
        measured = [place for place, value in enumerate(own) if not math.isnan(value)]
        assert measured == ([] if curve.name not in table else sorted({*range(0, curve.epochs, 25), curve.epochs - 1}))


@pytest.mark.parametrize("name", ["cifar10", "cifar10:dev", "cifar:test", ""])
def test_an_unknown_curve_is_an_error(name: str) -> None:
    with pytest.raises(TableError, match=r"Known: .*"):
        splits_named([name])
