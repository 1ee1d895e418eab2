"""Searches of a study: how far they are, what one that fails does to the others, and what they are recorded as."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.errors import CheckpointError, DivergedError, RunError, SearchError
from harness.progress import progress_bar
from harness.scoring.cluster.whole_tasks import TaskEnd
from harness.search import SearchSetting
from harness.search.gradient.presets import PUBLISHED_DATA
from harness.studies.searches import pool
from harness.studies.searches.pool import run_all, setting_of
from harness.studies.searches.progress import SearchProgress, epoch_seconds, note_on, seconds_left
from harness.studies.searches.record import in_a_line, searches_record, used_by
from harness.studies.searches.runs import Failure, Outcomes, Run
from tests.workers import worker_processes

TINY = SearchSetting(epochs=2, batch_size=8, width=4, depth=1, image_size=8, images=64, augment=False,
                     evaluation_batches=1, candidates=3)  # fmt: skip
DIVERGING = TINY.changed({"weight_lr": 1e30, "weight_lr_min": 1e30, "gradient_clip": 1e30})


def write_log(folder: Path, run: Run, seconds: list[float]) -> None:
    (folder / run.folder).mkdir(parents=True, exist_ok=True)
    lines = [f"{epoch},{value}" for epoch, value in enumerate(seconds, start=1)]
    (folder / run.folder / "log.csv").write_text("\n".join(["epoch,seconds", *lines]) + "\n")


def runs_with(epochs: int, *titles: str) -> list[Run]:
    pairs = (title.split() for title in titles)
    return [Run(method, TINY.changed({"epochs": epochs}), "digits", int(seed)) for method, seed in pairs]


def test_the_time_left_is_that_of_the_epochs_left_or_of_the_longest_search() -> None:
    runs = runs_with(10, "rsps 0", "rsps 1", "nasi 0")
    seconds = {runs[0]: [2.0] * 10, runs[1]: [4.0] * 4, runs[2]: [60.0]}
    assert seconds_left(runs[1:], seconds, 2) == (pytest.approx(9 * 60), True), "nasi alone takes as long"
    assert seconds_left(runs[1:], seconds, 1)[0] == pytest.approx(6 * (20 + 16) / 14 + 9 * 60)
    assert seconds_left(runs[1:], {**seconds, runs[2]: []}, 1) == (pytest.approx(6 * 36 / 14), False)
    assert seconds_left(runs, dict.fromkeys(runs, ()), 2) == (0.0, False)


def test_the_note_names_what_runs_and_what_is_left() -> None:
    runs = runs_with(10, "rsps 0", "rsps 1", "nasi 0")
    seconds = {runs[0]: [30.0] * 10, runs[1]: [30.0] * 4, runs[2]: []}
    assert note_on(runs, seconds, [runs[0]], 1) == "1/3 searches, more than 3 min left, rsps 1: 4/10"
    seconds[runs[2]] = [30.0]
    assert note_on(runs, seconds, [runs[0]], 2) == ("1/3 searches, about 4 min left, rsps 1: 4/10, nasi 0: 1/10")
    assert note_on(runs, dict.fromkeys(runs, ()), [], 1) == "0/3 searches, rsps 0: 0/10"


def test_progress_counts_the_epochs_in_the_logs_and_all_of_a_search_that_failed(tmp_path: Path) -> None:
    runs = runs_with(10, "rsps 0", "rsps 1")
    shown: list[int] = []

    def advance(note: str, *, steps: int) -> None:
        shown.append(steps)

    progress = SearchProgress(runs, tmp_path, 1, advance)
    write_log(tmp_path, runs[0], [1.0] * 3)
    progress.show([])
    write_log(tmp_path, runs[1], [1.0])
    progress.show([runs[0]])
    assert shown == [3, 8]
    (tmp_path / runs[1].folder / "log.csv").write_text("no log\n")
    assert epoch_seconds(tmp_path / runs[1].folder) == []


def test_where_no_terminal_is_a_line_is_printed_without_a_rate(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(3, "epochs", ("searching", "searched"), alike=False, every_seconds=0) as advance:
        advance("x" * 200, steps=2)
        advance("still", steps=0)
        advance()
    assert capsys.readouterr().err.splitlines() == [f"searched 2 of 3 epochs, {'x' * 200}", "searched 3 of 3 epochs"]


def test_a_bar_does_not_take_what_is_printed_to_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    with progress_bar(2, "epochs", alike=False) as advance:
        advance("darts 0: 1/2")
        print("rsps, seed 0: done")
    shown = capsys.readouterr()
    assert shown.out == "rsps, seed 0: done\n"
    assert "darts 0: 1/2" in shown.err
    assert "a minute" not in shown.err


@pytest.mark.slow
def test_one_that_diverges_does_not_end_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched: list[Path] = []

    def progress(runs: list[Run], folder: Path, *others: Any) -> SearchProgress:
        watched.append(folder)
        return SearchProgress(runs, folder, *others)

    monkeypatch.setattr(pool, "SearchProgress", progress)
    runs = [Run("rsps", DIVERGING, "digits", 1), Run("rsps", TINY, "digits", 0), Run("nasi", TINY, "noise", 0)]
    said: list[str] = []
    outcomes = run_all(runs, tmp_path, 1, said.append)
    assert list(outcomes.ended) == runs[1:]
    assert [len(epoch_seconds(watched[0] / run.folder)) for run in runs] == [0, 2, 2]
    failure = outcomes.failed[runs[0]]
    assert failure.diverged
    assert re.fullmatch(r"rsps: the loss is (nan|inf) at epoch 1, step \d+", failure.brief)
    assert said[0].startswith("rsps, seed 1 failed: rsps: the loss is")
    assert said[1].endswith("(2 of 3 searches)")
    assert "failed: rsps, seed 1. The other searches are whole. The same command" in said[-1]
    assert "searched 6 of 6 epochs, 3/3 searches" in capsys.readouterr().err
    longer = [run._replace(setting=run.setting.changed({"epochs": 3, "weight_lr": 0.5})) for run in runs[1:]]
    with pytest.raises(CheckpointError, match=r"its epochs is 2, asked for is 3; its weight_lr is 0.025, asked for"):
        run_all(longer, tmp_path, 1, said.append)
    with pytest.raises(RunError, match=r"every search failed\. rsps, seed 1: rsps: the loss is"):
        run_all(runs[:1], tmp_path, 1, said.append)


def filed(error: Exception) -> Failure:
    outcomes, run = Outcomes({}, {}), Run("darts", TINY, "digits", 4)
    pool._file(run, TaskEnd(0, None, error), outcomes)
    assert not outcomes.ended
    return outcomes.failed[run]


def test_what_a_search_raises_is_its_own_but_for_what_concerns_all() -> None:
    assert filed(DivergedError("darts: the loss is nan; more")) == Failure("darts: the loss is nan; more", True)
    assert filed(ValueError("x")) == Failure("ValueError: x", False)
    with pytest.raises(CheckpointError):
        filed(CheckpointError("of another search"))


def test_a_worker_of_this_machine_that_dies_ends_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "run_one", _die)
    with (
        worker_processes(),
        pytest.raises(RunError, match=r"darts, seed 4: a worker died .* the same command goes on"),
    ):
        run_all([Run("darts", TINY, "digits", 4)], tmp_path, 1, print, progress=False)


def _die(*_: object) -> None:
    os._exit(9)


def test_no_search_needs_no_worker(tmp_path: Path) -> None:
    assert run_all([], tmp_path, 2, print) == Outcomes({}, {})


def test_the_record_names_data_images_and_what_was_not_published() -> None:
    runs = [Run("gdas", setting_of("gdas", "nasbench201"), "digits", seed) for seed in (0, 1)]
    used = {"gdas": used_by(runs[0])}
    assert used["gdas"].data == "digits"
    assert used["gdas"].images == 1797, "all that there are, not the 4,096 of the preset"
    assert in_a_line(used["gdas"]).startswith(f"data {PUBLISHED_DATA} -> digits, epochs 240 -> 20")
    assert ", image_size the data's own -> 16, images all -> 1797" in in_a_line(used["gdas"])
    facts = searches_record(runs, used, {runs[1]: Failure("gone", True)})["gdas"]
    assert facts["data"] == {"name": "digits", "folder": None, "images": 1797}
    assert facts["seeds"] == [0, 1]
    assert facts["failed"] == {"1": "gone"}
    assert facts["changed_from_paper"]["data"] == ("cifar10", "digits")
    assert facts["setting"]["images"] == 1797
    json.dumps(facts)


def test_images_that_do_not_fit_are_refused_before_any_search() -> None:
    with pytest.raises(SearchError, match="image_size must divide 8"):
        used_by(Run("gdas", TINY.changed({"image_size": 7}), "digits", 0))


def test_the_note_of_a_preset_is_kept() -> None:
    run = Run("nasi", setting_of("nasi", "nasbench201", images=64), "noise", 0)
    used = used_by(run)
    assert used.note
    assert in_a_line(used).endswith(f"; {used.note}")
    assert searches_record([run], {"nasi": used}, {})["nasi"]["not_as_published"] == used.note
