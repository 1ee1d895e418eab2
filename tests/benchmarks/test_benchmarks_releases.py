"""The official releases: what the clients say, record by record, and every way in which a file can be wrong."""

from __future__ import annotations

import bz2
import math
import os
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats_bench
import numpy as np
import pytest

import benchmarks
from benchmarks import TableError
from benchmarks.releases import Release, open_release
from benchmarks.releases.curves import curve_numbers, curves_of, splits_named
from benchmarks.releases.kinds import DATASETS, SPLITS, TOPOLOGY
from benchmarks.releases.quantities import columns_of, numbers_of
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, CHANNELS, record

TSS, SSS = "NATS-tss-v1_0-3ffb9-simple", "NATS-sss-v1_0-50262-simple"
V1_0 = {"less": {"cifar10": [], "cifar100": [], "ImageNet16-120": []}, "full": {}}


def pth_record(index: int, version: str = "1.1") -> dict[str, Any]:
    """A record of NAS-Bench-201; before 1.1 its 12-epoch training was on `cifar10-valid` alone."""
    kept = record(index, CELLS[index], made.PTH)
    if version == "1.0":
        less = kept["less"]
        less["dataset_seed"] = {"cifar10-valid": less["dataset_seed"]["cifar10-valid"]}
        less["all_results"] = {key: value for key, value in less["all_results"].items() if key[0] == "cifar10-valid"}
    return kept


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A topology release of six architectures; the record of 4 is missing."""
    place = tmp_path_factory.mktemp("made") / "NATS-tss-v1_0-abcde-simple"
    return made.write_folder(place, CELLS[:6], [record(index, CELLS[index]) for index in (0, 1, 2, 3, 5)])


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / folder.name))


@pytest.fixture(scope="module")
def size_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made") / "NATS-sss-v1_0-abcde-simple"
    return made.write_folder(place, CHANNELS[:3], [record(index, CHANNELS[index], made.SIZE) for index in range(3)])


@pytest.fixture(scope="module")
def singles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same three records in each of the single-file containers."""
    place = tmp_path_factory.mktemp("single")
    tss = made.whole(CELLS[:3], [record(index, CELLS[index]) for index in range(3)])
    sss = made.whole(CHANNELS[:3], [record(index, CHANNELS[index], made.SIZE) for index in range(3)])
    old = made.whole(CELLS[:3], [pth_record(index, "1.0") for index in range(3)])
    new = made.whole(CELLS[:3], [pth_record(index) for index in range(3)])
    return {
        "tss": made.dump(place / "NATS-tss-v1_0-abcde.pickle.pbz2", tss),
        "sss": made.dump(place / "NATS-sss-v1_0-abcde.pickle.pbz2", sss),
        "1.0 legacy": made.save_torch(place / "NAS-Bench-201-v1_0-e61699.pth", old, legacy=True),
        "1.1 legacy": made.save_torch(place / "NAS-Bench-201-v1_1-096897.pth", new, legacy=True),
        "1.1 zip": made.save_torch(place / "renamed.pth", new, legacy=False),
    }


def client(path: Path) -> Any:
    """The release's own client, reading the same files by its own means."""
    if path.suffix == ".pth":
        import torch
        from nas_201_api import NASBench201API

        return NASBench201API(torch.load(path, weights_only=False), verbose=False)
    space = "tss" if "tss" in path.name else "sss"
    return nats_bench.create(str(path), space, fast_mode=path.is_dir(), verbose=False)


def told_by_the_client(api: Any, index: int, trainings: dict[str, int]) -> dict[str, float]:
    """Every number of a record by the name of its column, each asked of the client's public methods."""
    told: dict[str, float] = {"index": index}
    keys = {"train": "train", "x-valid": "valid", "x-test": "test"}
    for hp, epochs in trainings.items():
        for split in SPLITS:
            info = api.query_meta_info_by_index(index, hp)
            dataset = split.client_dataset
            if dataset not in info.get_dataset_names():
                told[f"{DATASETS_OURS[dataset]}_{epochs}ep_seeds"] = 0
                continue
            key = keys.get(
                split.client_set, "test" if dataset.startswith("cifar10-") or dataset == "cifar10" else "valtest"
            )
            told[f"{DATASETS_OURS[dataset]}_{epochs}ep_seeds"] = len(info.get_dataset_seeds(dataset))
            for seed in (False, *info.get_dataset_seeds(dataset)):
                found = api.get_more_info(index, dataset, hp=hp, is_random=seed)
                suffix = "" if seed is False else f"_seed{seed}"
                name = f"{split.dataset}_{split.name}_{epochs}ep"
                told[f"{name}_pct{suffix}"] = found[f"{key}-accuracy"]
                told[f"{name}_nats{suffix}"] = found[f"{key}-loss"]
                if seed is False:
                    told[f"{DATASETS_OURS[dataset]}_{epochs}ep_train_s"] = found["train-all-time"]
    for ours, dataset in DATASETS.items():
        if ours != "cifar10half":
            costs = api.get_cost_info(index, dataset, hp=list(trainings)[-1])
            prefix = "" if ours == "cifar10" else f"{ours}_"
            told[f"{prefix}params"] = round(costs["params"] * 1e6)
            told[f"{prefix}macs"] = round(costs["flops"] * 1e6)
            told[f"{ours}_latency_ms"] = costs["latency"] * 1000
    return told


DATASETS_OURS = {client_name: ours for ours, client_name in DATASETS.items()}
HPS = {"tss": {"12": 12, "200": 200}, "sss": {"01": 1, "12": 12, "90": 90}, "pth": {"12": 12, "200": 200}}


def numbers(release: Release, index: int) -> dict[str, float]:
    found = dict(zip((c.name for c in columns_of(release.kind)), numbers_of(release.record(index)), strict=True))
    return {"index": index} | {name: value for name, value in found.items() if not math.isnan(value)}


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
    assert open_release(size_folder).kind.space == "natsbench-size"
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


def change(path: Path, index: int, edit: Callable[[Any], object]) -> Path:
    """Edit what a record's file holds."""
    file = path / f"{index:06d}.pickle.pbz2"
    held = pickle.loads(bz2.decompress(file.read_bytes()))
    edit(held)
    made.dump(file, held)
    return file


KEY = ("cifar10", 777)


def of(held: Any, **fields: Any) -> Any:
    """The 200-epoch training on CIFAR-10 with seed 777, with the fields set."""
    one = held["200"]["all_results"][KEY]
    one.update(fields)
    return one


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda r: r.pop("200"), "field 200: it is missing; there are: 12"),
        (lambda r: r["12"].update(arch_index=3), "field 12, arch_index: it is record 3, filed as 1"),
        (lambda r: r["200"].update(arch_str=CELLS[2]), "field 200, arch_str: it is .*, but the meta file has"),
        (lambda r: r["200"].update(arch_index=True), "field 200, arch_index: it holds bool, not int"),
        (lambda r: r["200"].pop("dataset_seed"), "field 200, dataset_seed: it is missing"),
        (lambda r: r["200"].update(dataset_seed={}), "field 200, dataset_seed: it is empty"),
        (lambda r: r["200"]["dataset_seed"].update(cifar10=[777, 555]), "dataset_seed: cifar10 has unknown seed '555'"),
        (lambda r: r["200"]["dataset_seed"].update(cifar10=[777, 777]), r"cifar10 has \[777, 777\], not a list"),
        (lambda r: r["200"]["dataset_seed"].update(svhn=[777]), "dataset_seed: unknown data set 'svhn'"),
        (lambda r: r["200"]["all_results"].pop(KEY), r"all_results: it lacks the training \('cifar10', 777\)"),
        (lambda r: r["200"].update(all_results=[]), "field 200, all_results: it holds list, not dict"),
        (lambda r: r["200"]["all_results"].update({KEY: 5}), "200, cifar10, seed 777: it holds int, not a mapping"),
        (lambda r: of(r).pop("eval_acc1es"), "field 200, cifar10, seed 777, eval_acc1es: it is missing"),
        (lambda r: of(r, epochs=12), "epochs: it is 12, where a training '200' has 200"),
        (lambda r: of(r, latency=[]), "latency: it is an empty list"),
        (lambda r: of(r, params="many"), "params: it holds str, not int or float"),
        (lambda r: of(r, params=0.1293064), "field 200, cifar10, params: 0.12930.* million is not a whole number"),
        (lambda r: of(r)["eval_acc1es"].update({"ori-test@199": 101.0}), "accuracy is .*, not a percentage"),
        (lambda r: of(r)["eval_acc1es"].update({"ori-test@199": -1.0, "ori-test@0": 1}), "seed 777: it holds -1.0"),
        (lambda r: of(r)["eval_acc1es"].update({"ori-test@199": "90"}), "seed mean: cannot be read .TypeError"),
        (lambda r: of(r)["eval_losses"].update({"ori-test@199": math.inf}), "it holds inf, not a finite number"),
        (lambda r: of(r)["eval_losses"].pop("ori-test@199"), "KeyError: 'ori-test@199'"),
        (lambda r: of(r)["eval_acc1es"].update({"ori-test@199": 10**400}), "field 200, cifar10, ori-test, seed"),
        (lambda r: of(r)["eval_acc1es"].update({"ori-test@199": math.nan}), "after the last epoch is NaN"),
        (lambda r: of(r)["train_acc1es"].update({199: math.nan}), "train, seed mean: the accuracy after .* is NaN"),
        (lambda r: of(r, eval_names=[]), "seed 777, eval_names: it lacks 'ori-test', of which there are measurements"),
        (lambda r: of(r, eval_names=["ori-tset"]), "eval_names: unknown set 'ori-tset'. Did you mean 'ori-test'"),
        (lambda r: of(r, eval_names=["x-valid", "ori-test"]), "eval_names: unknown set 'x-valid'"),
        (lambda r: of(r, eval_names=[["ori-test"]]), r"eval_names: unknown set \"\['ori-test'\]\""),
        (lambda r: of(r, eval_names=["ori-test", "ori-test"]), "eval_names: .*, not each set once"),
        (lambda r: of(r, train_times=None), "seed 777, train_times: it is None, but other seeds have times"),
        (lambda r: r["200"].update(arch_str="x" * 900_000), "arch_str: it is 'x{79}…, but the meta file has"),
        (lambda r: of(r)["train_acc1es"].pop(199), "field 200, cifar10, train: cannot be read .KeyError: 199"),
    ],
)
def test_a_broken_record_names_file_record_and_field(copied: Path, edit: Any, message: str) -> None:
    file = change(copied, 1, edit)
    release = open_release(copied)
    with pytest.raises(TableError, match=message) as raised:
        numbers_of(release.record(1))
    assert str(raised.value).startswith(f"{file}, record 1, field ")
    assert len(numbers_of(release.record(2))) == len(columns_of(release.kind))


def test_a_record_that_cannot_be_read_does_not_stop_the_others(copied: Path) -> None:
    file = copied / "000001.pickle.pbz2"
    file.write_bytes(file.read_bytes()[:-100])
    change(copied, 2, lambda r: r.pop("12"))
    found = dict(open_release(copied).records())
    assert [index for index, one in found.items() if isinstance(one, TableError)] == [1, 2]
    assert re.search(r"000001\.pickle\.pbz2 is cut or damaged", str(found[1]))
    assert re.search(r"000002\.pickle\.pbz2, record 2, field 12: it is missing", str(found[2]))


def test_accuracies_a_rounding_above_100_are_100(copied: Path) -> None:
    change(copied, 1, lambda r: r["200"]["all_results"][KEY]["eval_acc1es"].update({"ori-test@199": 100.00000001}))
    asked: dict[str, Any] = {"dataset": "cifar10", "split": "test", "epochs": 200}
    assert open_release(copied).accuracy(1, **asked, seed=777) == 100.0


def test_contradicting_sizes_are_seed_888s_as_the_client_takes_them(copied: Path) -> None:
    change(copied, 1, lambda r: r["200"]["all_results"][KEY].update(params=0.5))
    change(copied, 2, lambda r: without_888(r)["all_results"][KEY].update(params=0.5))
    release = open_release(copied)
    assert numbers(release, 1)["params"] == 129306
    assert "params" not in numbers(release, 2)
    assert "cifar10_latency_ms" not in numbers(release, 2)
    assert "cifar10_test_200ep_pct" in numbers(release, 2)


def without_888(held: Any) -> Any:
    """The 200-epoch training with seed 999 in place of 888 on CIFAR-10."""
    results = held["200"]
    results["dataset_seed"]["cifar10"] = [777, 999]
    results["all_results"]["cifar10", 999] = results["all_results"].pop(("cifar10", 888))
    return results


def test_a_latency_that_is_not_known_is_missing(copied: Path) -> None:
    def unknown(held: Any) -> None:
        for (dataset, _), one in held["200"]["all_results"].items():
            if dataset == "cifar10":
                one["latency"] = None

    change(copied, 1, unknown)
    found = numbers(open_release(copied), 1)
    assert "cifar10_latency_ms" not in found
    assert "cifar100_latency_ms" in found


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.system, (f"touch {self.mark}",)


def test_a_malicious_record_is_named_and_not_run(copied: Path, tmp_path: Path) -> None:
    change(copied, 1, lambda r: r.update(extra=Malicious(tmp_path / "run")))
    with pytest.raises(TableError, match=r"000001\.pickle\.pbz2 asks for (posix|nt)\.system, .*nothing of it was run"):
        open_release(copied).record(1)
    assert not (tmp_path / "run").exists()


def test_a_malicious_list_of_architectures_is_not_run(copied: Path, tmp_path: Path) -> None:
    made.dump(copied / "meta.pickle.pbz2", {"meta_archs": Malicious(tmp_path / "run")})
    with pytest.raises(TableError, match=r"meta\.pickle\.pbz2 asks for"):
        open_release(copied)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("form", ["pbz2", "legacy", "zip"])
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_malicious_single_file_is_not_run(tmp_path: Path, form: str, where: str) -> None:
    mark = tmp_path / "run"
    maker = record if form == "pbz2" else (lambda index, _: pth_record(index))
    held = made.whole(CELLS[:2], [maker(index, CELLS[index]) for index in range(2)])
    held = {"extra": Malicious(mark), **held} if where == "first" else {**held, "extra": Malicious(mark)}
    path = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
    if form == "pbz2":
        path = made.dump(tmp_path / "NATS-tss-v1_0-abcde.pickle.pbz2", held)
    else:
        made.save_torch(path, held, legacy=form == "legacy")
    with pytest.raises(TableError, match=r"asks for (posix|nt)\.system"):
        list(open_release(path).records())
    assert not mark.exists()


@pytest.mark.parametrize("key", ["tss", "1.1 legacy", "1.1 zip"])
def test_a_cut_single_file_is_an_error_wherever_it_is_cut(singles: dict[str, Path], tmp_path: Path, key: str) -> None:
    content = singles[key].read_bytes()
    cut = tmp_path / singles[key].name
    for share in (0, 0.001, 0.3, 0.6, 0.9):
        cut.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(TableError, match=re.escape(str(cut))):
            list(open_release(cut).records())


def test_a_zip_file_that_is_not_torchs(tmp_path: Path) -> None:
    path = tmp_path / "archive.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "text")
    with pytest.raises(TableError, match=r"a zip file with 0 members data\.pkl"):
        open_release(path)
    path.write_bytes(pickle.dumps({"meta_archs": []}, protocol=2))
    with pytest.raises(TableError, match=r"is not from torch.save"):
        open_release(path)


def test_an_archive_folder_is_read_past_its_weights_with_the_order_of_the_release(
    singles: dict[str, Path], tmp_path: Path
) -> None:
    import torch

    archive = tmp_path / "NAS-Bench-201-v1_1-archive"
    archive.mkdir()
    for index in range(2):
        held = pth_record(index)
        weights = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).state_dict()
        held["full"]["all_results"]["cifar10", 777]["net_state_dict"] = weights
        made.save_torch(archive / f"{index:06d}-FULL.pth", held, legacy=index == 0)
    with pytest.raises(TableError, match=r"holds no list of its architectures: put the release's NAS-Bench-201-v1_1"):
        open_release(archive)
    told = told_by_the_client(client(singles["1.1 legacy"]), 1, HPS["pth"])
    order = made.write_folder(tmp_path / "NATS-tss-v1_0-abcde-simple", CELLS[:3], [])
    for named in (singles["1.1 legacy"], order / "meta.pickle.pbz2"):
        release = open_release(archive, order=named)
        assert (release.version, len(release), release.source.present) == ("1.1", 3, {0, 1})
        assert numbers(release, 1) == told
    shutil.copy(singles["1.1 zip"], tmp_path / "NAS-Bench-201-v1_1-096897.pth")
    assert numbers(open_release(archive), 1) == told
    other = made.write_folder(tmp_path / "NATS-sss-v1_0-abcde-simple", CHANNELS[:3], [])
    with pytest.raises(TableError, match="architectures of natsbench-size, not NAS-Bench-201's"):
        open_release(archive, order=other / "meta.pickle.pbz2")


def test_an_archive_without_a_version_in_its_name_has_that_of_its_records(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    made.save_torch(archive / "000000-FULL.pth", pth_record(0, "1.0"), legacy=True)
    made.save_torch(archive / "000001-FULL.pth", pth_record(1, "1.1"), legacy=True)
    order = made.write_folder(tmp_path / "order", CELLS[:3], []) / "meta.pickle.pbz2"
    release = open_release(archive, order=order)
    assert release.version == "1.0"
    with pytest.raises(TableError, match=r"field less, dataset_seed: it is of version 1.1, the release of 1.0"):
        release.record(1)


def test_versions_that_contradict_the_name(singles: dict[str, Path], tmp_path: Path) -> None:
    wrong = Path(shutil.copy(singles["1.1 legacy"], tmp_path / "NAS-Bench-201-v1_0-e61699.pth"))
    with pytest.raises(TableError, match=r"is named as version 1.0, but its record 0 is of version 1.1"):
        open_release(wrong)
    mixed = made.whole(CELLS[:2], [pth_record(0, "1.1"), pth_record(1, "1.0")])
    path = made.save_torch(tmp_path / "NAS-Bench-201-v1_1-096897.pth", mixed, legacy=True)
    found = dict(open_release(path).records())
    assert "it is of version 1.0, the release of 1.1" in str(found[1])


def test_two_releases_in_one_folder(copied: Path, size_folder: Path, singles: dict[str, Path]) -> None:
    shutil.copy(size_folder / "000002.pickle.pbz2", copied / "000002.pickle.pbz2")
    with pytest.raises(TableError, match=r"field 200: it is missing; .*a record of natsbench-size among those"):
        open_release(copied).record(2)
    stray = Path(shutil.copy(size_folder / "000002.pickle.pbz2", copied / "000006.pickle.pbz2"))
    with pytest.raises(TableError, match=r"holds 000006\.pickle\.pbz2, but its list has the 6 architectures"):
        open_release(copied)
    stray.unlink()
    shutil.copy(singles["1.1 zip"], copied / "000001-FULL.pth")
    with pytest.raises(TableError, match=r"two releases, such as 000000\.pickle\.pbz2 and 000001-FULL\.pth"):
        open_release(copied)


def test_a_single_file_with_anothers_records(tmp_path: Path) -> None:
    held = made.whole(CELLS[:2], [record(index, CHANNELS[index], made.SIZE) for index in range(2)])
    path = made.dump(tmp_path / "NATS-tss-v1_0-abcde.pickle.pbz2", held)
    with pytest.raises(TableError, match="a record of natsbench-size among those of natsbench-topology"):
        open_release(path)


def test_records_under_the_wrong_index_of_a_single_file(tmp_path: Path) -> None:
    path = tmp_path / "NATS-tss-v1_0-abcde.pickle.pbz2"
    held = made.whole(CELLS[:2], [])
    for infos, message in (
        ({"a": record(0, CELLS[0])}, "there is a record 'a' of 2"),
        ({2: record(2, CELLS[2])}, "there is a record 2 of 2"),
        ({1: record(0, CELLS[0])}, "record 1, field 12, arch_index: it is record 0, filed as 1"),
        ({}, "holds no records in the field arch2infos"),
    ):
        made.dump(path, {**held, "arch2infos": infos})
        with pytest.raises(TableError, match=message):
            open_release(path)
    made.dump(path, {**held, "arch2infos": {0: record(0, CELLS[0]), 5: record(5, CELLS[5])}})
    found = dict(open_release(path).records())
    assert "record 5 is none of the 2" in str(found[5])
    made.dump(path, {**held, "arch2infos": {0: record(0, CELLS[0]), "b": record(1, CELLS[1])}})
    with pytest.raises(TableError, match="a record is filed under 'b', not an index"):
        list(open_release(path).records())


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ([], "no meta file of NATS-Bench: the field meta_archs is missing"),
        ({"total_archs": 2}, "the field meta_archs is missing"),
        ({"meta_archs": "text", "total_archs": 4}, "meta_archs is not a list of architecture strings"),
        ({"meta_archs": [], "total_archs": 0}, "meta_archs is not a list of architecture strings"),
        ({"meta_archs": [CELLS[0], 1], "total_archs": 2}, "meta_archs is not a list of architecture strings"),
        ({"meta_archs": [CELLS[0], CELLS[0]], "total_archs": 2}, "has the architecture .* twice"),
        ({"meta_archs": [CELLS[0], CHANNELS[0]], "total_archs": 2}, "of no known space; known: .*8:8:8:8:8"),
        ({"meta_archs": list(CELLS[:2]), "total_archs": 3}, "total_archs is 3, but meta_archs has 2"),
    ],
)
def test_a_list_of_architectures_that_is_none(tmp_path: Path, meta: object, message: str) -> None:
    made.dump(tmp_path / "meta.pickle.pbz2", meta)
    with pytest.raises(TableError, match=rf"meta\.pickle\.pbz2.*{message}"):
        open_release(tmp_path)


def test_paths_that_are_no_release(tmp_path: Path, copied: Path, folder: Path) -> None:
    (tmp_path / "text.txt").write_text("text")
    (copied / "meta.pickle.pbz2").unlink()
    full = Path(shutil.copytree(folder, tmp_path / "other" / "NATS-tss-v1_0-abcde-full"))
    for path, message in (
        (full, "holds the trained weights as well; give NATS-Bench's folder that ends in -simple"),
        (tmp_path / "none", "there is no file or folder .*none. Known are NATS-Bench's folder"),
        (tmp_path / "text.txt", r"its name ends in neither \.pickle\.pbz2 nor \.pth"),
        (tmp_path, "is no official release. It holds NATS-tss-v1_0-abcde-simple: give one of these"),
        (copied, r"lacks meta\.pickle\.pbz2, the list of its architectures"),
        (folder / "000000.pickle.pbz2", "If it is one record of a release in a folder, give the folder"),
        (folder / "meta.pickle.pbz2", "holds no records in the field arch2infos"),
    ):
        with pytest.raises(TableError, match=message):
            open_release(path)


def test_a_record_that_decompresses_without_end_is_refused(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.releases.containers.LARGEST", 10_000)
    with pytest.raises(TableError, match="holds more than 10,000 bytes, which no record"):
        open_release(copied).record(1)


def test_no_dependence_on_the_types_of_numpy(folder: Path, tmp_path: Path) -> None:
    """numpy's old and new names of `scalar`, and protocol 2, hold the same numbers."""
    held = pickle.loads(bz2.decompress((folder / "000000.pickle.pbz2").read_bytes()))
    assert isinstance(held["200"]["all_results"][KEY]["params"], np.floating)
    path = made.write_folder(tmp_path / "NATS-tss-v1_0-other-simple", CELLS[:6], [])
    old = pickle.dumps(held, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    (path / "000000.pickle.pbz2").write_bytes(bz2.compress(old))
    assert numbers(open_release(path), 0) == numbers(open_release(folder), 0)
