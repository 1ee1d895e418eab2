"""Finding a column: among the named tables, or among all that are here, and what is said where it is not."""

import pytest

from benchmarks import TableError, table_with
from benchmarks.by_column import tables_with

CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
LATENCY = "hwnas_cifar10_edgegpu_latency_ms"
FGSM = "cifar10half_test_200ep_fgsm_linf_eps1_pct"


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A data folder with small official, hardware and robustness files."""
    import gzip

    files = {
        "nasbench201_official.csv.gz": "cifar10_test_200ep_pct,cifar100_test_200ep_pct",
        "nasbench201_hardware.csv.gz": "hwnas_c10_edgegpu_latency,help_pixel2",
        "nasbench201_robustness_cifar10.csv.gz": "clean,fgsm@Linf_eps-1.0",
    }
    for name, columns in files.items():
        (tmp_path / name).write_bytes(gzip.compress(f"architecture,{columns}\n{CELL},10,1\n".encode()))
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("cifar10_test_200ep_pct", "nasbench201-official"),
        ("cifar100_test_200ep_pct", "nasbench201-official"),
        ("cifar10_test_200ep_ptq_pct", "analognasbench"),
        (LATENCY, "nasbench201-hardware"),
        (FGSM, "nasbench201-robustness"),
    ],
)
def test_the_first_table_of_the_space_that_has_the_column(folder, column, name):
    assert table_with(column, space="nasbench201").facts.name == name


def test_in_another_space():
    assert table_with("cifar10_test_600ep_error_pct", space="darts").facts.name == "darts-published"


def test_without_the_official_table_the_default_is_the_one_that_is_here():
    assert table_with("cifar10_test_200ep_pct", space="nasbench201").facts.name == "analognasbench"


def test_named_tables_are_looked_through_in_their_order(folder):
    names = ("analognasbench", "nasbench201-official")
    assert table_with("cifar10_test_200ep_pct", space="nasbench201", names=names).facts.name == "analognasbench"
    assert table_with("cifar100_test_200ep_pct", space="nasbench201", names=names).facts.name == names[1]


def test_a_file_of_the_users_own_may_be_named(folder):
    (folder / "mine.csv").write_text(f"architecture,mine_ms\n{CELL},4\n")
    names = ["nasbench201", str(folder / "mine.csv")]
    assert table_with("mine_ms", space="nasbench201", names=names).facts.name == "mine.csv"


def test_a_column_that_is_nowhere_names_the_tables_and_the_nearest(folder):
    with pytest.raises(TableError) as error:
        table_with("hwnas_cifar10_edgpu_latency_ms", space="nasbench201")
    message = str(error.value)
    assert message.startswith("no column 'hwnas_cifar10_edgpu_latency_ms' in nasbench201-official; ")
    assert f"nasbench201-hardware (nearest: hwnas_cifar10_edgetpu_latency_ms, {LATENCY})" in message


def test_a_column_of_a_table_that_is_not_here_says_how_to_get_it():
    with pytest.raises(TableError) as error:
        table_with(LATENCY, space="nasbench201")
    assert "nasbench201-hardware would have it, but is not here: set the environment variable NASINIT_DATA" in str(
        error.value
    )


@pytest.mark.parametrize(("asked", "ours"), [("hwnas_c10_edgegpu_latency", LATENCY), ("fgsm@Linf_eps-1.0", FGSM)])
def test_the_sources_own_name_leads_to_ours(folder, asked, ours):
    with pytest.raises(TableError, match=f" has it as {ours}"):
        table_with(asked, space="nasbench201")


def test_the_sources_own_name_leads_to_ours_where_the_table_is_not_here():
    with pytest.raises(TableError, match=f"would have it as {LATENCY}, but is not here: "):
        table_with("hwnas_c10_edgegpu_latency", space="nasbench201")


def test_a_column_that_another_table_has_names_it(folder):
    with pytest.raises(TableError, match=r"table analognasbench: unknown column .*nasbench201-hardware has it"):
        table_with(LATENCY, space="nasbench201", names=["analognasbench"])


def test_a_file_that_leaves_the_column_out_is_named(folder):
    with pytest.raises(TableError, match=r"nasbench201-official would have it, but its file .*\.csv\.gz leaves it out"):
        table_with("cifar100_valid_200ep_pct", space="nasbench201")


def test_of_one_named_table_the_known_columns_are_listed(folder):
    with pytest.raises(TableError, match=r"'cifar10_tset_200ep_pct'. Did you mean 'cifar10_test_200ep_pct'\? Known: "):
        table_with("cifar10_tset_200ep_pct", space="nasbench201", names=["nasbench201"])


def test_a_named_table_of_another_space_is_an_error():
    with pytest.raises(TableError, match="table darts-published is about the space darts, not about nasbench201"):
        table_with("cifar10_test_600ep_error_pct", space="nasbench201", names=["darts-published"])


def test_a_named_table_that_is_not_here_is_an_error():
    with pytest.raises(TableError, match="nasbench201-hardware is not here: set the environment variable"):
        table_with(LATENCY, space="nasbench201", names=["nasbench201-hardware"])


def test_a_damaged_table_is_an_error_and_not_passed_over(folder):
    (folder / "nasbench201_official.csv.gz").write_bytes(b"")
    with pytest.raises(TableError, match=r"nasbench201_official\.csv\.gz"):
        table_with("cifar10_test_200ep_pct", space="nasbench201")


def test_a_space_without_tables_says_so():
    with pytest.raises(TableError, match="no column 'x' in any table of the space nowhere: none is here"):
        table_with("x", space="nowhere")


def test_several_columns_are_found_in_their_tables_and_none_is_opened_twice(folder):
    columns = ["cifar10_test_200ep_pct", LATENCY, "cifar10_test_200ep_pct"]
    found = tables_with(columns, space="nasbench201")
    assert [column in table.column_names for column, table in zip(columns, found, strict=True)] == [True] * 3
    assert found[0] is found[2]
    assert found[0] is not found[1]
    with pytest.raises(TableError, match="no column 'cifar10_tset_200ep_pct'"):
        tables_with([*columns, "cifar10_tset_200ep_pct"], space="nasbench201")
