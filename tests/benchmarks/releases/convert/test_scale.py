"""A release of full size: 15,625 records made from the official table, converted, killed in the middle, gone on."""

from __future__ import annotations

import bz2
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import Table
from benchmarks.formats.compact import read_compact
from benchmarks.releases.kinds import SPLITS
from tests.benchmarks import release_files as made

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads its peak memory in /proc"),
]

GIBIBYTE = 2**20  # kilobytes, as /proc counts
SEEDS = (777, 888, 999)
PROGRAM = (
    "import re, sys\n"
    "from pathlib import Path\n"
    "from harness.cli import main\n"
    "try:\n"
    "    main()\n"
    "finally:\n"
    "    print('peak', re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1])\n"
)


def command(source: Path, to: Path) -> list[str]:
    return [sys.executable, "-c", PROGRAM, "convert", str(source), "--to", str(to)]


def peak_of_single_file(folder: Path, count: int) -> int:
    """Peak memory, in kilobytes, of converting one file with as many records of genuine size and one to three seeds."""
    generator = np.random.default_rng(count)
    source = folder / "NATS-tss-v1_0-abcde.pickle.pbz2"
    held = (
        made.record(index, made.CELLS[index], seeds=SEEDS[: int(generator.integers(1, 4))], every=1)
        for index in range(count)
    )
    infos = {next(iter(one.values()))["arch_index"]: one for one in held}
    whole = {
        "meta_archs": list(made.CELLS),
        "total_archs": len(made.CELLS),
        "arch2infos": infos,
        "evaluated_indexes": set(infos),
    }
    with bz2.open(source, "wb", 1) as file:
        pickle.dump(whole, file, protocol=4)
    assert len(pickle.dumps(infos[0], protocol=4)) > 150_000
    del whole, infos
    ended = subprocess.run(command(source, folder / "t.parquet"), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert f"{count:,} of 15,625 records" in ended.stdout
    peak = re.search(r"peak (\d+)", ended.stdout)
    assert peak is not None
    return int(peak[1])


def test_the_memory_for_a_single_file_does_not_grow_with_its_records(tmp_path: Path) -> None:
    """200 more records, kept, would take over 100 MB: one takes 0.5 MB and more as Python's objects."""
    peaks = []
    for count in (100, 300):
        (tmp_path / str(count)).mkdir()
        peaks.append(peak_of_single_file(tmp_path / str(count), count))
    assert 50_000 < peaks[0] < GIBIBYTE
    assert peaks[1] - peaks[0] < 40_000


def stand_in(template: Any, official: Table, row: int, numbers: dict[str, np.ndarray[Any, Any]]) -> Any:
    """The template's record with an architecture's place, key, seeds and accuracies from the official table.

    Its trainings have only the first and the last accuracy and no times, or packing 15,625 of them would take an hour.
    """
    count = int(numbers["cifar10_test_200ep_seeds"][row])
    for name, epochs in (("12", 12), ("200", 200)):
        held = template[name]
        held.update(arch_index=row, arch_str=official.keys[row])
        if epochs == 200:
            held["dataset_seed"] = {dataset: list(SEEDS[:count]) for dataset in made.SETS}
        for (dataset, seed), one in held["all_results"].items():
            for split in SPLITS:
                column = f"{split.dataset}_{split.name}_{epochs}ep_pct"
                if split.client_dataset != dataset or column not in numbers:
                    continue
                value = numbers[column][row]
                if column == "cifar10_test_200ep_pct" and seed in SEEDS[:count]:
                    value = numbers[f"{column}_seed{SEEDS.index(seed)}"][row]
                one["eval_acc1es"][f"{split.client_set}@{epochs - 1}"] = float(value)
    return template


@pytest.fixture(scope="module")
def source(official: Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made.write_folder(tmp_path_factory.mktemp("whole") / "NATS-tss-v1_0-made-simple", official.keys, [])
    numbers = {name: official.values(official.keys, name) for name in official.column_names}
    template = made.record(0, official.keys[0], seeds=SEEDS, every=200, timed=False)
    for row in range(len(official)):
        path = folder / f"{row:06d}.pickle.pbz2"
        made.dump(path, stand_in(template, official, row, numbers))
    return folder


@pytest.fixture(scope="module")
def straight(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The table of a conversion that nothing stopped, and its peak memory in kilobytes."""
    path = tmp_path_factory.mktemp("straight") / "t.parquet"
    ended = subprocess.run(command(source, path), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    peak = re.search(r"peak (\d+)", ended.stdout)
    assert peak is not None
    return path, int(peak[1])


def test_it_takes_less_than_a_gibibyte(straight: tuple[Path, int]) -> None:
    assert 50_000 < straight[1] < GIBIBYTE


def test_the_numbers_are_the_official_ones(straight: tuple[Path, int], official: Table) -> None:
    table = read_compact(straight[0])
    assert table.keys == official.keys
    names = [name for name in official.column_names if name.endswith("ep_pct")]
    assert len(names) == 12
    for name in names:
        found, expected = table.values(table.keys, name), official.values(official.keys, name)
        np.testing.assert_allclose(found, expected, atol=1e-4, rtol=0)
    for place, seed in enumerate(SEEDS):
        found = table.values(table.keys, f"cifar10_test_200ep_pct_seed{seed}")
        np.testing.assert_array_equal(found, official.values(official.keys, f"cifar10_test_200ep_pct_seed{place}"))
    seeds = table.values(table.keys, "cifar10_200ep_seeds")
    np.testing.assert_array_equal(seeds, official.values(official.keys, "cifar10_test_200ep_seeds"))


def test_a_killed_conversion_goes_on_to_the_same_bytes(
    source: Path, straight: tuple[Path, int], tmp_path: Path
) -> None:
    path = tmp_path / "t.parquet"
    parts = tmp_path / ".t.parquet.partial"
    with open(tmp_path / "messages", "w") as messages:
        process = subprocess.Popen(command(source, path), stdout=messages, stderr=messages)
    try:
        end = time.monotonic() + 300
        while len(list(parts.glob("0*.parquet"))) < 40 and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert process.poll() is None, (tmp_path / "messages").read_text()
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    kept = len(list(parts.glob("0*.parquet")))
    assert 40 <= kept < 122, "killed in the middle"
    assert not path.exists()
    ended = subprocess.run(command(source, path), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    went_on = re.search(r"had read ([0-9,]+) records", ended.stdout)
    assert went_on is not None
    assert int(went_on[1].replace(",", "")) == 128 * kept
    assert path.read_bytes() == straight[0].read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["messages", "t.parquet"]


def test_every_key_is_one_vectorised_call(straight: tuple[Path, int], official: Table) -> None:
    table = read_compact(straight[0])
    order = np.random.default_rng(0).permutation(len(table))
    found = table.values([table.keys[row] for row in order], "cifar10_test_200ep_pct")
    assert found.shape == (15_625,)
    np.testing.assert_array_equal(found, table.values(table.keys, "cifar10_test_200ep_pct")[order])
