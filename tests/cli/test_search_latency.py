"""`nasinit search --objective latency`: predicted and tabulated values side by side, and bad input in a line."""

import pandas as pd
import pytest

from harness.search import SearchSetting
from harness.search.gradient.latency import MEAN
from harness.studies.searches.one_search import run_one
from harness.studies.searches.runs import Run, Running

COLUMN = "help_1080ti_batch1_latency_ms"
ON = ("--objective", "latency", "--latency-column", COLUMN)
SHORT = ("--data", "table:cifar10_test_200ep_pct", "--epochs", 2, "--steps-per-epoch", 3)


@pytest.fixture(autouse=True)
def _tables(published_data, monkeypatch):
    monkeypatch.setenv("NASINIT_DATA", str(published_data))
    if not (published_data / "nasbench201_hardware.csv.gz").is_file():
        pytest.skip("nasbench201_hardware.csv.gz is not in the data folder")


@pytest.mark.slow
def test_predicted_and_tabulated_are_printed_together_and_lie_in_columns_of_their_own(nasinit, tmp_path):
    ended = nasinit("search", "darts", *ON, "--target-latency", 8, "--out", tmp_path / "out", *SHORT)
    assert ended.code == 0, ended.err
    (line,) = [line for line in ended.out.splitlines() if line.startswith(f"{COLUMN} of the architecture")]
    assert line.endswith("target 8 ms")
    log = pd.read_csv(tmp_path / "out" / "log.csv")
    both = log[[f"{COLUMN}_predicted", f"{COLUMN}_for_the_record"]]
    predicted, tabulated = both.iloc[-1]
    assert f"predicted {predicted:.4g} ms, tabulated {tabulated:.4g} ms" in line
    assert (both.iloc[:, 0] != both.iloc[:, 1]).all()
    assert "random cells of nasbench201-hardware" in ended.out


def test_a_search_of_a_study_trains_the_predictor_that_its_setting_names(tmp_path):
    """As in a process of `nasinit search --seeds`, too."""
    setting = SearchSetting(
        epochs=1, steps_per_epoch=3, objective="latency", latency_column=COLUMN, latency_weight=0.01, batch_size=2
    )
    outcome = run_one(Run("darts", setting, SHORT[1], 0), tmp_path, Running())
    assert outcome.memory[MEAN].isfinite().all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("darts", *ON[:3], "help_1080ti_batch1_latency"), "nearest: help_1080ti_batch1_latency_ms"),
        (("darts", *ON[:3], "cifar10_test_200ep_pct"), "neither a latency nor an energy"),
        (("darts", *ON, "--weight", -1), "latency_weight must be a number from 0, got -1"),
        (("darts", *ON, "--weight", 1, "--target-latency", 1), "not both"),
        (("darts", *ON, "--space", "darts"), "no table has a latency or an energy"),
        (("darts", "--weight", 1), "latency_weight is of the objective 'latency'"),
        (("darts", "--latency-model", "mlp"), "has no effect on darts: it is of --objective latency"),
        (("rsps", *ON), "rsps takes no objective 'latency': it trains no architecture parameters"),
    ],
)
def test_bad_input_is_one_line(nasinit, tmp_path, options, message):
    ended = nasinit("search", *options, "--out", tmp_path / "out")
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
