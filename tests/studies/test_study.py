"""What studies are told on the command line, what they refuse, and what their record states."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SettingError
from harness.scoring.machine import cpu_name
from harness.scoring.provenance import command
from harness.studies.kinds import IMAGES, NOISE
from harness.studies.options import StudyOptions
from harness.studies.record import environment
from harness.studies.samples import possible
from harness.studies.searches import search_table
from harness.studies.searches.rows import NASWOT
from harness.studies.study import STUDIES, find_study, run_study

Run = Callable[..., Any]


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_can_be_found(name: str) -> None:
    study = find_study(name)
    known = set(StudyOptions.__dataclass_fields__)
    assert study.takes <= known
    assert study.shows


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nasi-table-1", "--sample", "9"], "has no --sample"),
        (["zero-cost-nas", "--runs", "2", "--scores", "x.csv"], "has no --runs and no --scores"),
        (["nasi-table-1", "--runs", "0"], "--runs must be a whole number from 1 to 100, got 0"),
        (["darts-genotypes", "--runs", "1000000"], "--runs must be a whole number from 1 to 100, got 1000000"),
        (["nasi-table-1", "--seed", "-1"], "--seed must be a whole number from 0, got -1"),
        (["darts-genotypes", "--table", "nasbench201"], "has no --table"),
        (["naswot-table-2", "--scores", "/nowhere.csv"], "/nowhere.csv"),
    ],
)
def test_bad_options_end_in_a_line(nasinit: Callable[..., Any], arguments: list[str], message: str) -> None:
    ended = nasinit("study", *arguments)
    assert ended.code == 2, ended.err
    assert message in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("field", ["workers", "seed", "runs"])
def test_options_of_the_wrong_kind_are_refused(field: str, tmp_path: Path) -> None:
    for value in (-1, "2", 1.5, True):
        with pytest.raises(SettingError, match=f"--{field} must be a whole number"):
            StudyOptions(tmp_path, print, **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("flags", "folder"), [((), "naswot-table-2"), (("--quick",), "naswot-table-2-quick")])
def test_the_quick_form_has_a_folder_of_its_own(
    nasinit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], folder: str
) -> None:
    given: list[tuple[object, StudyOptions]] = []
    monkeypatch.setattr(search_table, "run_search_table", lambda study, options: given.append((study, options)))
    assert nasinit("study", "naswot-table-2", *flags).code == 0
    assert nasinit("study", "naswot-table-2", *flags, "--out", "elsewhere").code == 0
    assert [options.out for _, options in given] == [Path("studies") / folder, Path("elsewhere")]
    assert all(study is NASWOT for study, _ in given)


def test_the_studies_are_listed_with_what_they_take(nasinit: Callable[..., Any]) -> None:
    lines = nasinit("study").out.splitlines()
    assert len(lines) == 2 * len(STUDIES)
    for place, name in enumerate(STUDIES):
        assert lines[2 * place].startswith(f"{name}: ")
        assert {text.removeprefix("--") for text in lines[2 * place + 1].split()} == find_study(name).takes | {"out"}


def test_listing_the_studies_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom harness.cli import main\n"
        "for arguments in (['study'], ['study', '--help']):\n"
        "    sys.argv = ['nasinit', *arguments]\n"
        "    try:\n        main()\n"
        "    except SystemExit as end:\n        assert not end.code, arguments\n"
        "heavy = {'torch', 'numpy', 'pandas', 'scipy', 'matplotlib', 'sklearn', 'pyarrow'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ended.stdout.startswith("zero-cost-nas: every proxy on NAS-Bench-201")
    assert ended.stdout.endswith("HEAVY []\n")


def test_images_are_read_only_by_a_condition_that_needs_them(tmp_path: Path) -> None:
    options = StudyOptions(tmp_path, print, data=tmp_path / "no_images")
    assert possible({"noise": NOISE}, options) == {"noise": NOISE}
    with pytest.raises(SettingError, match="no_images"):
        possible({"noise": NOISE, "images": IMAGES}, options)


def test_the_record_names_the_processor(tmp_path: Path) -> None:
    described = tmp_path / "cpuinfo"
    described.write_text("processor\t: 0\nmodel name\t: A: processor\nmodel name\t: another\n")
    assert cpu_name(described) == "A: processor"
    assert cpu_name(tmp_path / "none") == (platform.processor() or None)


def test_the_recorded_command_names_the_data_that_were_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "my images"
    monkeypatch.setattr(sys, "argv", ["/usr/bin/nasinit", "study", "bn-mode", "--quick"])
    assert command() == "nasinit study bn-mode --quick"
    assert command(folder) == f"nasinit study bn-mode --quick --data '{folder}'"
    for given in (["--data", "x"], ["--data=x"]):
        monkeypatch.setattr(sys, "argv", ["nasinit", "study", "bn-mode", *given])
        assert command(folder) == f"nasinit study bn-mode {' '.join(given)}"
    monkeypatch.setattr(sys, "argv", ["notebook"])
    assert command(folder) is None


def test_the_record_names_the_folder_of_data_files_and_not_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASINIT_DATA", "/some/folder")
    assert environment()["NASINIT_DATA"] == "folder"
    monkeypatch.delenv("NASINIT_DATA")
    assert "NASINIT_DATA" not in environment()


def test_a_study_records_its_command_with_the_data_of_the_environment(
    nasinit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[StudyOptions] = []
    monkeypatch.setattr(
        "harness.studies.searches.search_table.run_search_table", lambda _, options: made.append(options)
    )
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    assert nasinit("study", "nasi-table-1").code == 0
    assert [options.data for options in made] == [folder]


class _Reached(Exception):
    """A function was called; with its keyword `progress`."""


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("bn-mode", "harness.studies.samples.run"),
        ("nasi-table-1", "harness.studies.searches.search_table.table_searches"),
        ("darts-genotypes", "harness.studies.searches.pool.run_all"),
    ],
)
@pytest.mark.parametrize("given", [{}, {"progress": True}, {"progress": False}])
def test_the_progress_that_is_asked_for_reaches_the_long_work(
    name: str, called: str, given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(*_: object, progress: bool, **__: object) -> None:
        raise _Reached(progress)

    monkeypatch.setattr(called, reached)
    with pytest.raises(_Reached) as ended:
        run_study(name, "out", quick=True, say=lambda _: None, **given)
    assert ended.value.args == (given.get("progress", False),)


def test_a_study_of_the_command_line_draws_progress(monkeypatch: pytest.MonkeyPatch, nasinit: Run) -> None:
    told = []
    monkeypatch.setattr("harness.studies.study.make", lambda study, options: told.append(options.progress))
    assert nasinit("study", "bn-mode", "--quick").code == 0
    assert told == [True]
