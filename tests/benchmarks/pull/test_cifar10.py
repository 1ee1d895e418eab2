"""CIFAR-10's archive: what is unpacked from it, and what keeps an archive from being unpacked."""

import gzip
import io
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from benchmarks import TableError
from benchmarks.pull import cifar10
from benchmarks.pull.cifar10 import SIZES, TEST, TEXTS, TRAINING, check_folder, unpack

RECORD = 3073
IMAGES = 20
SMALL = dict.fromkeys(SIZES, IMAGES * RECORD)
ORIGIN = "https://example.org/cifar.tar.gz, SHA-256 0123"


def batch(seed: int) -> bytes:
    """Images of each class twice, each pixel from the seed and its place."""
    pixels = bytes((seed + place * 7) % 251 for place in range(RECORD - 1))
    return b"".join(bytes([image % 10]) + pixels for image in range(IMAGES))


CONTENT = {name: batch(seed) for seed, name in enumerate((*TRAINING, TEST))} | dict.fromkeys(TEXTS, b"airplane\n")


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def whole() -> list[tuple[tarfile.TarInfo, bytes]]:
    files = [member(f"cifar-10-batches-bin/{name}", content) for name, content in CONTENT.items()]
    return [member("cifar-10-batches-bin/", type=tarfile.DIRTYPE), *files]


def archive(members: list[tuple[tarfile.TarInfo, bytes]], format_: int = tarfile.USTAR_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=format_) as file:
        for info, content in members:
            file.addfile(info, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def small(tmp_path: Path) -> Callable[[bytes], Path]:
    """Unpacks an archive of small batches below a folder of its own."""

    def unpacked(content: bytes) -> Path:
        (tmp_path / "inner").mkdir()
        file, target = tmp_path / "inner" / "fetched", tmp_path / "inner" / cifar10.FOLDER
        file.write_bytes(content)
        unpack(file, target, ORIGIN, sizes=SMALL)
        return target

    return unpacked


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_eight_files_come_out_as_they_went_in(small, format_):
    target = small(archive(whole(), format_))
    assert {path.name: path.read_bytes() for path in target.iterdir()} == CONTENT
    check_folder(target, sizes=SMALL)


def test_the_members_may_stand_in_any_order_and_the_folder_be_left_out(small):
    assert len(list(small(archive(whole()[:0:-1])).iterdir())) == 8


def test_the_sizes_are_those_of_the_data_set():
    assert set(SIZES.values()) == {10_000 * RECORD}
    assert len(SIZES) + len(TEXTS) == 8


def changed(name: str, content: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [
        member(info.name, content) if info.name.endswith(name) else (info, old) for info, old in whole()
    ]  # fmt: skip


def with_label(content: bytes, label: int) -> bytes:
    return bytes([label]) + content[1:]


def instead(name: str, **fields: object) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [member(info.name, **fields) if info.name.endswith(name) else (info, old) for info, old in whole()]


LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}
HOSTILE = {
    "a path upwards": (
        [*whole(), member("cifar-10-batches-bin/../../evil", b"x")],
        "a member 'cifar-10-batches-bin/..",
    ),
    "an upward path to a known name": (
        [member("../cifar-10-batches-bin/test_batch.bin", CONTENT[TEST]), *whole()],
        "a member '../cifar-10-batches-bin/test_batch.bin'",
    ),
    "an absolute path": ([member("/tmp/evil", b"x"), *whole()], "it has a member '/tmp/evil'"),
    "another file": ([*whole(), member("cifar-10-batches-bin/more.bin", b"x")], "'cifar-10-batches-bin/more.bin'"),
    "another folder": ([*whole(), member("evil", type=tarfile.DIRTYPE)], "it has a member 'evil'"),
    "a file where the folder goes": ([member("cifar-10-batches-bin", b"x"), *whole()], "'cifar-10-batches-bin'"),
    "a link": (instead("readme.html", **LINK), "readme.html' is not a plain file but a link or device"),
    "a hard link": (instead("readme.html", **{**LINK, "type": tarfile.LNKTYPE}), "is not a plain file"),
    "a link for the folder": ([member("cifar-10-batches-bin", **LINK), *whole()], "a member 'cifar-10-batches-bin'"),
    "a device": (instead("readme.html", type=tarfile.CHRTYPE, devmajor=1, devminor=5), "is not a plain file"),
    "a pipe": (instead("readme.html", type=tarfile.FIFOTYPE), "is not a plain file"),
    "a member twice": ([*whole(), whole()[2]], "data_batch_2.bin' is there twice"),
    "a member less": (whole()[:4] + whole()[5:], "lacks data_batch_4.bin: it is cut, or not CIFAR-10's binary"),
    "a text less": (whole()[:-1], "lacks readme.html"),
    "a batch too short": (changed("data_batch_3.bin", CONTENT[TEST][:-1]), "data_batch_3.bin has 61,459 bytes"),
    "a text too long": (changed("batches.meta.txt", b"x" * 65_537), "batches.meta.txt has 65,537 bytes; CIFAR-10's is"),
    "a label above 9": (
        changed(TEST, with_label(CONTENT[TEST], 10)),
        "test_batch.bin should hold as many images of each of 10 classes, and have by label 0: 1, 1: 2",
    ),
    "labels above 9 beside ten equal classes": (
        changed(TEST, b"".join(bytes([image if image < 10 else 200]) * RECORD for image in range(IMAGES))),
        "8: 1, 9: 1, 200: 10",
    ),
    "classes of other sizes": (changed(TRAINING[4], with_label(CONTENT[TRAINING[4]], 3)), "by label 0: 9, 1: 10"),
    "nothing": ([], "lacks data_batch_1.bin"),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_another_archive_is_refused_and_writes_nothing_elsewhere(small, tmp_path, fault):
    members, message = HOSTILE[fault]
    with pytest.raises(TableError) as caught:
        small(archive(members))
    assert message in str(caught.value)
    assert str(caught.value).startswith(ORIGIN)
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]
    assert {path.name for path in (tmp_path / "inner").iterdir()} == {"fetched", cifar10.FOLDER}
    assert {path.name for path in (tmp_path / "inner" / cifar10.FOLDER).iterdir()} <= set(CONTENT)


WHOLE = archive(whole())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a tar archive compressed by gzip"),
        (b"<!DOCTYPE html>", "is not a tar archive compressed by gzip"),
        (gzip.compress(b"no tar" * 500), "is not a tar archive compressed by gzip"),
        (WHOLE[:5], "is not a tar archive compressed by gzip"),
        (WHOLE[: len(WHOLE) // 2], "is cut or damaged"),
        (WHOLE[:100] + b"\xff" * 100 + WHOLE[200:], "is cut or damaged|is not a tar archive"),
    ],
    ids=["nothing", "a page", "no tar in it", "five bytes", "half", "damaged"],
)
def test_what_is_no_archive_is_said_to_be_none(small, content, message):
    with pytest.raises(TableError, match=message) as caught:
        small(content)
    assert str(caught.value).startswith(ORIGIN)


@pytest.mark.parametrize("length", range(0, len(WHOLE), 37))
def test_a_cut_archive_gives_all_or_an_error(tmp_path, length):
    (tmp_path / "fetched").write_bytes(WHOLE[:length])
    complaint = ""
    try:
        unpack(tmp_path / "fetched", tmp_path / "out", ORIGIN, sizes=SMALL)
    except TableError as error:
        complaint = str(error)
    come = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert complaint.startswith(ORIGIN) or come == CONTENT


def test_a_folder_is_checked_by_its_sizes_and_labels(small):
    target = small(WHOLE)
    check = partial(check_folder, target, sizes=SMALL)
    (target / TEST).write_bytes(with_label(CONTENT[TEST], 4))
    with pytest.raises(TableError, match=r"is not CIFAR-10: test_batch\.bin"):
        check()
    (target / TEST).write_bytes(CONTENT[TEST][:RECORD])
    with pytest.raises(TableError, match=r"test_batch\.bin has 3,073 bytes, CIFAR-10's 61,460"):
        check()
    (target / TEST).unlink()
    with pytest.raises(TableError, match=r"lacks test_batch\.bin"):
        check()
