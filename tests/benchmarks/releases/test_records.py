"""Records of a release that are broken, odd or malicious: named with file, record and field, and never run."""

from __future__ import annotations

import bz2
import math
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import TableError
from benchmarks.releases import open_release
from benchmarks.releases.quantities import columns_of, numbers_of
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS
from tests.benchmarks.releases.official import Malicious, change, numbers

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


def test_no_dependence_on_the_types_of_numpy(folder: Path, tmp_path: Path) -> None:
    """numpy's old and new names of `scalar`, and protocol 2, hold the same numbers."""
    held = pickle.loads(bz2.decompress((folder / "000000.pickle.pbz2").read_bytes()))
    assert isinstance(held["200"]["all_results"][KEY]["params"], np.floating)
    path = made.write_folder(tmp_path / "NATS-tss-v1_0-other-simple", CELLS[:6], [])
    old = pickle.dumps(held, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    (path / "000000.pickle.pbz2").write_bytes(bz2.compress(old))
    assert numbers(open_release(path), 0) == numbers(open_release(folder), 0)
