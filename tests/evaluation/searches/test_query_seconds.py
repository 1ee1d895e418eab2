"""Seconds of queries: whose they are, how they are scaled, and the real ones against the release and the model."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import Column, Facts, Table, TableError, open_table
from harness.errors import SearchError
from harness.evaluation.columns import TESTS
from harness.evaluation.searches.fidelities import table_fidelities
from harness.evaluation.searches.query_seconds import MODELLED, SECONDS_TABLE, query_seconds, seconds_tables
from harness.evaluation.searches.table_searches import table_searches
from harness.scoring.provenance import PROVENANCE
from harness.search.query.seconds import training_seconds, validation_seconds
from tests.studies.made_tables import KEYS, SPACE, accuracy, made_table

FILE = "nasbench201_12epochs_seconds.csv.gz"
VALID, TRAINED = "cifar10_valid_12ep_pct", "cifar10half_12ep_train_s"
MACS = np.array([SPACE.sizes(cell).macs for cell in SPACE], dtype=float)
GENERATOR = np.random.default_rng(5)
SECONDS = GENERATOR.uniform(30, 200, len(KEYS)).round(3)
ACCURACIES = GENERATOR.uniform(20, 90, len(KEYS)).round(2)


def table_of_seconds(name: str = TRAINED, values: np.ndarray = SECONDS, space: str = "nasbench201") -> Table:
    column = Column(name, name.split("_")[0], "train", 12, "s", "mean", "made here", True, False)
    facts = Facts("made-seconds", space, "Seconds of this test", "nowhere", "none", None, None, None, "No limits.")
    return Table(KEYS, [column], [values], facts)


@pytest.fixture(scope="module")
def table() -> Table:
    return made_table({VALID: ACCURACIES, TESTS["cifar10"]: ACCURACIES[::-1]})


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a table of seconds of every cell, made here."""
    (tmp_path / "tables").mkdir()
    frame = pd.DataFrame({"index": range(len(KEYS)), "arch": KEYS, "valacc_hp12": ACCURACIES, "cost_seconds": SECONDS})
    (tmp_path / "tables" / FILE).write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def real(published_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    """The real table of seconds; skips where it is absent."""
    path = published_data / "tables" / FILE
    if not path.is_file():
        pytest.skip(f"tables/{FILE} is not in {published_data}")
    shutil.copy(path, tmp_path)
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    return open_table(SECONDS_TABLE)


@pytest.mark.parametrize(
    ("name", "times", "evaluated"),
    [
        ("cifar10_valid_12ep_pct", 1.0, 25_000),
        ("cifar10_valid_200ep_pct", 200 / 12, 25_000),
        ("cifar10_test_200ep_pct", 2 * 200 / 12, 10_000),
        ("cifar100_valid_12ep_pct", 2.0, 5_000),
        ("imagenet16_120_test_12ep_pct", 151_700 / 25_000, 3_000),
    ],
)
def test_seconds_of_another_training_are_scaled_by_epochs_and_images(name: str, times: float, evaluated: int) -> None:
    asked = made_table({name: ACCURACIES})
    found = query_seconds(asked, KEYS, MACS, [asked.column(name)], [table_of_seconds()])
    expected = SECONDS * times + validation_seconds(MACS, images=evaluated)
    np.testing.assert_allclose(found.of_columns[0], expected, rtol=1e-12)
    assert found.table is not None
    assert found.table.facts.name == "made-seconds"
    assert ("scaled by epochs and images" in found.note) == (times != 1.0)


def test_the_training_itself_goes_before_one_that_is_scaled() -> None:
    asked = made_table({"cifar10_valid_200ep_pct": ACCURACIES})
    both = Table(
        KEYS,
        [*table_of_seconds().columns, *table_of_seconds("cifar10half_200ep_train_s").columns],
        [SECONDS, SECONDS * 3],
        table_of_seconds().facts,
    )
    found = query_seconds(asked, KEYS, MACS, asked.columns, [both])
    np.testing.assert_allclose(found.of_columns[0], SECONDS * 3 + validation_seconds(MACS, images=25_000))
    assert "scaled" not in found.note


def test_the_tables_own_seconds_go_first_and_a_given_table_before_them(data_folder: Path) -> None:
    own = made_table({VALID: ACCURACIES, TRAINED: SECONDS * 2})
    once = validation_seconds(MACS, images=25_000)
    for given, seconds in ((None, SECONDS * 2), (table_of_seconds(values=SECONDS * 5), SECONDS * 5)):
        asked = table_fidelities(own, KEYS, MACS, trainings=1, seconds=seconds_tables(own, given, "nasbench201"))
        np.testing.assert_allclose(asked.fidelities[0].seconds, seconds + once)
    modelled = table_fidelities(own, KEYS, MACS, trainings=1, seconds=seconds_tables(own, MODELLED, "nasbench201"))
    np.testing.assert_allclose(modelled.fidelities[0].seconds, training_seconds(MACS, epochs=12, images=25_000) + once)
    assert modelled.seconds is None


def test_a_table_of_seconds_that_lacks_one_is_passed_over_for_the_model(table: Table) -> None:
    torn = table_of_seconds(values=np.where(np.arange(len(KEYS)) == 3, np.nan, SECONDS))
    assert "modelled" in query_seconds(table, KEYS, MACS, [table.column(VALID)], [torn]).note


@pytest.mark.slow
def test_searches_pay_the_seconds_that_are_here_and_say_whose(table: Table, data_folder: Path) -> None:
    found = table_searches(table, ["random_search"], runs=3, budget_seconds=3_000)
    assert found.notes[-1].startswith(f"seconds of training as {SECONDS_TABLE} has them")
    recorded = found.frame.attrs[PROVENANCE]["seconds"]["random_search"]
    assert recorded["name"] == SECONDS_TABLE
    assert len(recorded["sha256"]) == 64
    given = table_searches(table, ["random_search"], runs=3, budget_seconds=3_000, seconds=table_of_seconds())
    assert given.chosen == found.chosen
    assert given.frame["seconds"].tolist() == found.frame["seconds"].tolist()
    modelled = table_searches(table, ["random_search"], runs=3, budget_seconds=3_000, seconds=MODELLED)
    assert modelled.notes[-1].startswith("seconds modelled from multiply-adds")
    assert modelled.frame.attrs[PROVENANCE]["seconds"] == {"random_search": MODELLED}
    assert modelled.frame["seconds"].tolist() != found.frame["seconds"].tolist()
    (data_folder / "tables" / FILE).unlink()
    absent = table_searches(table, ["random_search"], runs=3, budget_seconds=3_000)
    pd.testing.assert_frame_equal(absent.frame, modelled.frame)


def test_its_validation_accuracies_are_queried_where_the_table_has_none(data_folder: Path) -> None:
    alone = made_table({TESTS["cifar10"]: ACCURACIES[::-1]})
    found = table_searches(alone, ["random_search"], runs=3, budget_seconds=2_000)
    assert found.notes[0] == f"made has no {VALID}: the searches ask for that of {SECONDS_TABLE}"
    whole = made_table({VALID: ACCURACIES, TESTS["cifar10"]: ACCURACIES[::-1]})
    assert found.chosen == table_searches(whole, ["random_search"], runs=3, budget_seconds=2_000).chosen


def test_what_has_no_seconds_of_this_space_is_refused(table: Table) -> None:
    with pytest.raises(SearchError, match="has no seconds of a training: it needs a column as cifar10half_12ep_train"):
        table_searches(table, ["random_search"], seconds=made_table({VALID: ACCURACIES}))
    with pytest.raises(SearchError, match="the seconds of made-seconds are of the space toy, not of nasbench201"):
        table_searches(table, ["random_search"], seconds=table_of_seconds(space="toy"))
    with pytest.raises(TableError, match="nasbench201-seconds is not here"):
        table_searches(table, ["random_search"], seconds=SECONDS_TABLE)
    unknown_images = accuracy("flowers_valid_12ep_pct")
    with pytest.raises(SearchError, match="the seconds of a query of flowers_valid_12ep_pct are not known"):
        query_seconds(table, KEYS, MACS, [unknown_images], [table_of_seconds()])


def test_the_real_accuracies_are_the_official_ones_and_the_seconds_those_of_the_release(
    real: Table, official: Table
) -> None:
    assert real.keys == official.keys
    np.testing.assert_array_equal(real.values(real.keys, VALID), official.values(official.keys, VALID))
    cells = [real.keys[index] for index in (0, 11, 284)]
    released = [86.65311598777771, 149.54468154907227, 58.509532451629646]  # `train-all-time` of nats_bench
    np.testing.assert_allclose(real.values(cells, TRAINED), released, rtol=1e-7)


@pytest.mark.filterwarnings("ignore")
def test_the_release_scales_one_measurement_by_epochs_and_images(real: Table, published_data: Path) -> None:
    import nats_bench

    folder = published_data / "NATS-tss-v1_0-3ffb9-simple"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    client = nats_bench.create(str(folder), "tss", fast_mode=True, verbose=False)
    asked = {
        "cifar10-valid": ("cifar10_valid", 25_000),
        "cifar10": ("cifar10_test", 10_000),
        "cifar100": ("cifar100_valid", 5_000),
        "ImageNet16-120": ("imagenet16_120_valid", 3_000),
    }
    for epochs in ("12", "200"):
        for dataset, (name, evaluated) in asked.items():
            column = accuracy(f"{name}_{epochs}ep_pct")
            found = query_seconds(made_table({column.name: ACCURACIES}), KEYS, MACS, [column], [real]).of_columns[0]
            for index in (0, 11, 284):
                cell = KEYS.index(client.meta_archs[index])
                trained = found[cell] - validation_seconds(MACS[cell], images=evaluated)
                info = client.get_more_info(index, dataset, hp=epochs, is_random=False)
                assert trained == pytest.approx(info["train-all-time"], rel=1e-6)


def test_the_model_is_as_far_off_as_it_says(real: Table) -> None:
    seconds = real.values(KEYS, TRAINED)
    model = training_seconds(MACS, epochs=12, images=25_000)
    off = model / seconds - 1
    assert round(float(model.mean() / seconds.mean() - 1), 2) == -0.05
    assert round(float(np.sqrt((off**2).mean())), 2) == 0.19
    assert np.percentile(off, [5, 95]).round(2).tolist() == [-0.30, 0.29]
    assert round(float(stats.spearmanr(model, seconds).statistic), 2) == 0.83
