"""`nasinit convert`: what it writes and says, and every bad input as one message and exit code 2."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.cli.convert import _ranges
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, record

COUNT = 4


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made") / "NATS-tss-v1_0-abcde-simple"
    return made.write_folder(place, CELLS[:COUNT], [record(index, CELLS[index], every=200) for index in range(COUNT)])


@pytest.fixture
def copied(release: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(release, tmp_path / release.name))


def test_converts_and_says_so(nasinit: Any, release: Path, tmp_path: Path) -> None:
    ended = nasinit("convert", release, "--to", tmp_path / "t.parquet", "--curves", "cifar10:test")
    assert ended.code == 0, ended.err
    assert "NATS-Bench, the topology space, version 1.0" in ended.out
    assert f"wrote {tmp_path / 't.parquet'}: 4 of 4 records, " in ended.out
    assert f"wrote {tmp_path / 't.curves.parquet'}: learning curves" in ended.out
    assert re.fullmatch(r"went through 4 of 4 records, [0-9.,]+ a minute, 0 s left", ended.err.strip())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["t.curves.parquet", "t.parquet"]


def test_the_table_is_one_that_the_other_commands_take(nasinit: Any, release: Path, tmp_path: Path, tiny: Any) -> None:
    path, scores = tmp_path / "t.parquet", tmp_path / "s.sqlite"
    assert nasinit("convert", release, "--to", path).code == 0
    (tmp_path / "cells").write_text("\n".join(CELLS[:COUNT]))
    common = ("--proxies", "params", "--store", scores, *tiny)
    assert nasinit("score", "--architectures", tmp_path / "cells", *common).code == 0
    ended = nasinit("correlate", scores, "--table", path, "--column", "cifar10_test_200ep_pct", "--resamples", "20")
    assert ended.code == 0, ended.err
    assert "NATS-Bench, the topology space" in ended.out


def test_missing_and_corrupt_records_are_named_and_the_exit_code_is_0(
    nasinit: Any, copied: Path, tmp_path: Path
) -> None:
    (copied / "000001.pickle.pbz2").write_bytes(b"BZh9 is not enough")
    (copied / "000003.pickle.pbz2").unlink()
    ended = nasinit("convert", copied, "--to", tmp_path / "t.parquet")
    assert ended.code == 0, ended.err
    assert "wrote" in ended.out
    assert "2 of 4 records" in ended.out
    assert "warning: missing are 1 of 4 records: 3" in ended.err
    assert "warning: corrupt are 1 of 4 records, and NaN in the table:" in ended.err
    assert f"{copied / '000001.pickle.pbz2'} is cut or damaged" in ended.err


def test_corrupt_records_are_listed_in_a_file_and_the_terminal_is_short(nasinit: Any, tmp_path: Path) -> None:
    held = [record(index, CELLS[index], every=200, timed=False) for index in range(30)]
    folder = made.write_folder(tmp_path / "NATS-tss-v1_0-abcde-simple", CELLS[:30], held)
    for index in range(25):
        (folder / f"{index:06d}.pickle.pbz2").write_bytes(b"none")
    ended = nasinit("convert", folder, "--to", tmp_path / "t.parquet")
    assert ended.code == 0, ended.err
    assert "  and 20 more" in ended.err
    listed = tmp_path / "t.parquet.problems.txt"
    assert f"each of them and its reason: {listed}" in ended.err
    assert len(ended.err.splitlines()) < 12
    assert len(listed.read_text().splitlines()) == 25


def test_a_conversion_while_another_runs_is_2(nasinit: Any, release: Path, tmp_path: Path) -> None:
    import filelock

    with filelock.FileLock(tmp_path / ".t.parquet.lock"):
        ended = nasinit("convert", release, "--to", tmp_path / "t.parquet")
    assert ended.code == 2
    assert f"another conversion to {tmp_path / 't.parquet'} is running" in ended.err


def test_curves_that_go_are_named(nasinit: Any, release: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    assert nasinit("convert", release, "--to", path, "--curves", "cifar10:test").code == 0
    ended = nasinit("convert", release, "--to", path)
    assert f"removed {tmp_path / 't.curves.parquet'}: learning curves of an earlier table" in ended.out
    (tmp_path / "t.curves.parquet").write_bytes(path.read_bytes())
    ended = nasinit("convert", release, "--to", path, "--curves", "cifar10:test")
    assert ended.code == 2
    assert "which is no file of learning curves" in ended.err


def test_an_interruption_is_130_and_the_same_command_goes_on(
    nasinit: Any, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import benchmarks.releases.convert

    real, calls = benchmarks.releases.convert.numbers_of, 0

    def interrupted(one: Any) -> list[float]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return real(one)

    monkeypatch.setattr(benchmarks.releases.convert, "numbers_of", interrupted)
    ended = nasinit("convert", release, "--to", tmp_path / "t.parquet")
    assert ended.code == 130
    assert "interrupted" in ended.err
    assert not (tmp_path / "t.parquet").exists()
    ended = nasinit("convert", release, "--to", tmp_path / "t.parquet")
    assert ended.code == 0, ended.err
    assert "went on from an interrupted conversion, which had read 2 records" in ended.out
    assert "went through 2 of 2 records" in ended.err
    (tmp_path / ".u.parquet.partial").mkdir()
    shutil.copy(tmp_path / "t.parquet", tmp_path / ".u.parquet.partial" / "000000.parquet")
    ended = nasinit("convert", release, "--to", tmp_path / "u.parquet")
    assert "began anew: the parts next to" in ended.out
    assert (tmp_path / "u.parquet").read_bytes() == (tmp_path / "t.parquet").read_bytes()


class Malicious:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.system, ("touch run",)


def broken(folder: Path, what: str) -> Path:
    """The release with one thing wrong, or another path."""
    if what == "no such path":
        return folder / "none"
    if what == "text":
        (folder / "text.txt").write_text("text")
        return folder / "text.txt"
    if what == "no meta":
        (folder / "meta.pickle.pbz2").unlink()
    if what == "malicious meta":
        made.dump(folder / "meta.pickle.pbz2", {"meta_archs": Malicious()})
    if what == "cut meta":
        (folder / "meta.pickle.pbz2").write_bytes((folder / "meta.pickle.pbz2").read_bytes()[:-20])
    if what == "stray":
        shutil.copy(folder / "000003.pickle.pbz2", folder / "000004.pickle.pbz2")
    if what == "two releases":
        made.save_torch(folder / "000000-FULL.pth", {}, legacy=False)
    if what == "nothing readable":
        for file in folder.glob("0*.pbz2"):
            file.write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("what", "options", "message"),
    [
        ("no such path", (), "there is no file or folder"),
        ("text", (), "is no official release: its name ends in neither"),
        ("no meta", (), "lacks meta.pickle.pbz2, the list of its architectures"),
        ("malicious meta", (), "which a release does not need; nothing of it was run"),
        ("cut meta", (), "meta.pickle.pbz2 is cut or damaged"),
        ("stray", (), "holds 000004.pickle.pbz2, but its list has the 4 architectures"),
        ("two releases", (), "holds records of two releases"),
        ("nothing readable", (), "no record could be read: 0 are missing, 4 corrupt"),
        ("", ("--to", "t.csv"), "its name must end in .parquet"),
        ("", ("--to", "none/t.parquet"), "there is no folder none; make it first"),
        ("", ("--curves", "cifar10:dev"), "cifar10 has unknown split 'dev'"),
        ("", ("--curves", "cifar10"), "curves are named DATASET:SPLIT"),
        ("", ("--order", "none.pth"), "the order none.pth is for an archive folder only"),
    ],
)
def test_bad_input_is_one_message_and_2(
    nasinit: Any, copied: Path, tmp_path: Path, what: str, options: Sequence[str], message: str
) -> None:
    to = () if "--to" in options else ("--to", tmp_path / "t.parquet")
    ended = nasinit("convert", broken(copied, what), *to, *options)
    assert ended.code == 2
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert not Path("run").exists()
    assert sorted(file.name for file in tmp_path.iterdir()) == [copied.name]


def test_without_a_target_it_is_usage(nasinit: Any, release: Path) -> None:
    assert nasinit("convert", release).code == 2


def test_help_loads_no_numpy(program: str) -> None:
    import subprocess

    code = (
        "import sys\nsys.argv = ['nasinit', 'convert', '--help']\n"
        "from harness.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('numpy', 'torch', 'pyarrow', 'benchmarks.releases.convert') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.splitlines()[-1] == "[]"
    assert "less than 1 GiB" in " ".join(out.split())


def test_ranges_in_words() -> None:
    assert _ranges([3]) == "3"
    assert _ranges([9, 1, 2, 3, 7]) == "1 to 3, 7, 9"
    assert _ranges(range(0, 40, 2)) == "0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 10 more"
