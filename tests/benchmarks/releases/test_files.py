"""Single files and folders of a release: malicious, cut, renamed or mixed up, each an error that says so."""

from __future__ import annotations

import pickle
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from benchmarks import TableError
from benchmarks.releases import open_release
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, CHANNELS, record
from tests.benchmarks.releases.official import HPS, Malicious, client, numbers, pth_record, told_by_the_client


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
    with pytest.raises(TableError, match="architectures of natsbench-sizes, not NAS-Bench-201's"):
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
    with pytest.raises(TableError, match=r"field 200: it is missing; .*a record of natsbench-sizes among those"):
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
    with pytest.raises(TableError, match="a record of natsbench-sizes among those of natsbench-topology"):
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
