"""Files: whole or not there, the same bytes for the same content, and errors that name the path."""

import os
import stat

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.report import files
from harness.report.files import save_figure, write_csv, write_text

SUFFIXES = (".png", ".svg", ".pdf")


@pytest.fixture
def figure() -> Figure:
    figure = Figure(figsize=(2, 1))
    axes = figure.subplots()
    axes.set_title("nasi_trace")
    axes.scatter(np.arange(50.0), np.arange(50.0) ** 2, rasterized=True)
    axes.plot([0, 50], [0, 2500])
    return figure


def test_csv_reads_back_equal(tmp_path):
    frame = pd.DataFrame({"proxy": ["a,b", 'c"d', "é"], "value": [0.1 + 0.2, np.nan, 1e-300], "n": [1, 2, 3]})
    path = write_csv(frame, tmp_path / "deep" / "er" / "ranking.csv")
    assert path == tmp_path / "deep" / "er" / "ranking.csv"
    pd.testing.assert_frame_equal(pd.read_csv(path, float_precision="round_trip"), frame, check_exact=True)
    assert b"\r" not in path.read_bytes()


def test_a_compressed_csv_reads_back_equal_and_is_the_same_twice(tmp_path):
    frame = pd.DataFrame({"proxy": ["a,b", "é"] * 500, "value": [0.1 + 0.2, np.nan] * 500})
    first, second = (write_csv(frame, tmp_path / f"{name}.csv.gz") for name in ("first", "second"))
    pd.testing.assert_frame_equal(pd.read_csv(first, float_precision="round_trip"), frame, check_exact=True)
    assert first.read_bytes() == second.read_bytes()
    assert len(first.read_bytes()) < len(write_csv(frame, tmp_path / "plain.csv").read_bytes()) / 10


def test_text_is_written_as_it_is(tmp_path):
    path = write_text("ρ = 0.60\nno last line break", str(tmp_path / "table"))
    assert path.read_bytes() == "ρ = 0.60\nno last line break".encode()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_figures_come_out_the_same_twice(figure, tmp_path, suffix):
    first = save_figure(figure, tmp_path / f"first{suffix}").read_bytes()
    second = save_figure(figure, tmp_path / f"second{suffix.upper()}").read_bytes()
    assert first == second
    assert len(first) > 500


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_figures_hold_no_date_and_no_version(figure, tmp_path, suffix):
    content = save_figure(figure, tmp_path / f"figure{suffix}").read_bytes()
    assert b"CreationDate" not in content
    assert b"dc:date" not in content
    assert b"Matplotlib v" not in content
    assert f"ersion {matplotlib.__version__}".encode() not in content


def test_png_has_200_dots_an_inch(figure, tmp_path):
    header = save_figure(figure, tmp_path / "figure.png").read_bytes()[:24]
    assert [int.from_bytes(header[start : start + 4], "big") for start in (16, 20)] == [400, 200]


def test_svg_holds_text_as_text(figure, tmp_path):
    assert ">nasi_trace</text>" in save_figure(figure, tmp_path / "figure.svg").read_text()


def test_matplotlibs_settings_stay(figure, tmp_path):
    before = dict(matplotlib.rcParams)
    save_figure(figure, tmp_path / "figure.svg")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.svg.gz"])
def test_an_unknown_suffix_is_named_with_what_is_allowed(figure, tmp_path, name):
    with pytest.raises(HarnessError, match=r"a figure is written as \.png, \.svg, \.pdf; got .*" + name):
        save_figure(figure, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_table_is_written_as_csv_only(tmp_path):
    for name in ("table.csv.bz2", "table.parquet", "table", ".csv", "table.gz"):
        with pytest.raises(HarnessError, match=r"a CSV file is written as \.csv, \.csv\.gz; got"):
            write_csv(pd.DataFrame({"a": [1]}), tmp_path / name)


def test_a_path_that_cannot_be_written_is_named(figure, tmp_path):
    (tmp_path / "file").write_text("in the way")
    blocked = tmp_path / "file" / "ranking.csv"
    for write in (
        lambda: write_csv(pd.DataFrame({"a": [1]}), blocked),
        lambda: write_text("text", blocked),
        lambda: save_figure(figure, blocked.with_suffix(".png")),
    ):
        with pytest.raises(HarnessError, match=r"cannot write .*/file/ranking\.(csv|png)'"):
            write()


@pytest.mark.parametrize("path", [".", "/", ""])
def test_a_folder_is_no_file(path):
    with pytest.raises(HarnessError, match="it names a folder, not a file"):
        write_text("text", path)


def test_a_folder_in_the_place_of_the_file_stays(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(HarnessError, match=r"cannot write .*taken'"):
        write_text("text", tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = write_text("old", tmp_path / "table.txt")

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full_disk)
    with pytest.raises(HarnessError, match=r"cannot write .*table\.txt': No space left on device"):
        write_text("new", path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.txt"]
    assert path.read_text() == "old"


def test_an_old_file_is_replaced(tmp_path):
    path = write_text("a much longer old text", tmp_path / "table.txt")
    write_text("new", path)
    assert path.read_text() == "new"


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    path = write_text("text", tmp_path / "written")
    assert stat.S_IMODE(os.stat(path).st_mode) == stat.S_IMODE(os.stat(tmp_path / "plain").st_mode)
