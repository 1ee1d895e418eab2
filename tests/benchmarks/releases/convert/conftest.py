"""A made release, its conversion, and parts so small that there are several."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.releases.convert import convert
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, record
from tests.benchmarks.releases.convert.conversions import COUNT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A topology release of nine architectures, all there; every third has three seeds."""
    place = tmp_path_factory.mktemp("made") / "NATS-tss-v1_0-abcde-simple"
    seeds = [(777, 888, 999) if index % 3 == 0 else (777,) for index in range(COUNT)]
    return made.write_folder(
        place, CELLS[:COUNT], [record(i, CELLS[i], seeds=seeds[i], every=60) for i in range(COUNT)]
    )


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / folder.name))


@pytest.fixture(scope="module")
def converted(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of a conversion that nothing interrupted, with curves."""
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    convert(folder, path, curves=["cifar10:test"])
    return path


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.releases.convert.ROWS", 2)
