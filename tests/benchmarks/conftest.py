"""Fixtures of the tables' tests: a cache and an environment of their own, the data folder, small files."""

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import benchmarks

REPOSITORY = Path(__file__).resolve().parents[2]
DATA_FOLDER = Path(os.environ.get("NASINIT_DATA") or REPOSITORY.parent / "shared" / "data")

HEADER = (
    "index,architecture,isomorph_index,cifar10_test_200ep_pct,cifar10_test_200ep_pct_seed0,cifar10_test_200ep_seeds"
)
ROWS = (
    "0,|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|,0,85.8633,85.62,3",
    "1,|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|,1,93.66,,1",
    "7,|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,7,10,10,2",
)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NASINIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data_home"))  # where a pull would have put files
    monkeypatch.delenv("NASINIT_DATA", raising=False)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of the published data, which is not part of the repository."""
    for name in ("nasbench201_official.csv.gz", "NATS-tss-v1_0-3ffb9-simple"):
        if not (DATA_FOLDER / name).exists():
            pytest.skip(f"{DATA_FOLDER / name} is not here")
    return DATA_FOLDER


@pytest.fixture(scope="session")
def analog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[benchmarks.Table]:
    """AnalogNAS-Bench of the installed distribution, read from its own file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASINIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield benchmarks.open_table("analognasbench")


@pytest.fixture(scope="session")
def official(data_folder: Path) -> benchmarks.Table:
    return benchmarks.open_table(data_folder / "nasbench201_official.csv.gz")


@pytest.fixture
def write_official(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small official-style file of three rows, or of the given header and rows, and returns its path."""

    def write(name: str = "small.csv", header: str = HEADER, rows: tuple[str, ...] = ROWS) -> Path:
        path = tmp_path / name
        content = "\n".join((header, *rows, "")).encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture
def official_folder(write_official, monkeypatch, tmp_path):
    """A data folder with a small official file in it, set as NASINIT_DATA."""
    write_official("nasbench201_official.csv.gz")
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    return tmp_path
