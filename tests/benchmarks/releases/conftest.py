"""Made releases, in each of the official forms."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, CHANNELS, record
from tests.benchmarks.releases.official import pth_record


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
