"""Names: which table opens, which is here, and what an unknown one says."""

import pytest

from benchmarks import TableError, list_tables, open_table


@pytest.fixture
def empty_folder(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_without_a_data_folder_the_default_opens_and_says_so():
    table = open_table("nasbench201")
    assert table.facts.name == "analognasbench"
    assert table.describe().startswith("Table analognasbench: ")


def test_with_an_empty_data_folder_the_default_opens(empty_folder):
    assert open_table("nasbench201").facts.name == "analognasbench"


@pytest.mark.parametrize("name", ["nasbench201", "nasbench201-official"])
def test_with_the_official_file_in_the_data_folder_it_opens_and_says_so(official_folder, name):
    table = open_table(name)
    assert table.facts.name == "nasbench201-official"
    assert table.facts.path == official_folder / "nasbench201_official.csv.gz"
    assert str(official_folder) in table.describe()


def test_a_plain_official_file_in_the_data_folder_will_do(official_folder, write_official):
    (official_folder / "nasbench201_official.csv.gz").unlink()
    path = write_official("nasbench201_official.csv")
    assert open_table("nasbench201").facts.path == path


def test_the_default_can_be_asked_for_where_the_official_file_is(official_folder):
    assert open_table("analognasbench").facts.name == "analognasbench"


@pytest.mark.parametrize("name", ["nasbench201", "nasbench201-official"])
def test_an_explicit_path_goes_first(official_folder, write_official, name):
    path = write_official("mine.csv")
    assert open_table(name, path=path).facts.path == path
    assert open_table(name, path=str(path)).facts.path == path


def test_a_damaged_official_file_is_an_error_and_not_passed_over(official_folder):
    (official_folder / "nasbench201_official.csv.gz").write_bytes(b"")
    with pytest.raises(TableError, match=r"nasbench201_official\.csv\.gz"):
        open_table("nasbench201")


def test_an_explicit_path_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(TableError, match=r"cannot read .*absent\.csv"):
        open_table("nasbench201", path=tmp_path / "absent.csv")


def test_the_official_table_that_is_not_here_says_what_to_set():
    with pytest.raises(TableError, match=r"not here: set the environment variable NASINIT_DATA .*_official\.csv\.gz"):
        open_table("nasbench201-official")


def test_the_official_table_that_is_not_in_the_folder_says_so(empty_folder):
    with pytest.raises(TableError, match=f"not here: the NASINIT_DATA folder {empty_folder} holds no"):
        open_table("nasbench201-official")


def test_a_data_folder_that_is_none_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path / "absent"))
    for attempt in (lambda: open_table("nasbench201"), list_tables):
        with pytest.raises(TableError, match=r"NASINIT_DATA is .*absent.* not a folder"):
            attempt()
    assert open_table("analognasbench").facts.name == "analognasbench"


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_path_with_the_official_file_name_opens_as_the_official_table(write_official, kind):
    path = write_official("nasbench201_official.csv.gz")
    table = open_table(kind(path))
    assert (table.facts.name, table.facts.path) == ("nasbench201-official", path)


@pytest.mark.parametrize("name", ["mine.csv", "mine.csv.gz"])
def test_any_other_file_is_the_users_own_and_does_not_claim_to_be_official(write_official, name):
    table = open_table(write_official(name))
    assert table.facts.name == name
    assert "Dong and Yang" not in table.describe()
    assert "own" in table.facts.title


def test_a_relative_path_opens(write_official, monkeypatch, tmp_path):
    write_official("mine.csv")
    monkeypatch.chdir(tmp_path)
    assert len(open_table("mine.csv")) == 3


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(TableError, match=r"unknown table 'nasbench210'\. Did you mean 'nasbench201'\?.*\.csv\.gz"):
        open_table("nasbench210")


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "table.xlsx").write_bytes(b"")
    for given in (tmp_path / "table.xlsx", str(tmp_path / "table.xlsx"), tmp_path):
        with pytest.raises(TableError, match=r"is not a table: a file must end in \.csv, \.csv\.gz or \.parquet"):
            open_table(given)
    assert (tmp_path / "table.xlsx").is_file()


def test_two_paths_are_refused(write_official):
    path = write_official()
    with pytest.raises(TableError, match="with path=, the first argument must be a table's name"):
        open_table(path, path=path)
