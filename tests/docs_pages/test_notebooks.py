"""Cells of a notebook as a page."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from docs_pages import notebooks


def notebook(folder: Path, *sources: str) -> Path:
    cells = [{"cell_type": "code", "source": [source], "outputs": []} for source in sources]
    words = {"cell_type": "markdown", "source": ["# Title\n", "\n", "Words."]}
    path = folder / "small.ipynb"
    path.write_text(json.dumps({"cells": [words, *cells]}))
    return path


def test_what_a_cell_prints_and_its_last_value_stand_below_it(tmp_path: Path) -> None:
    page = notebooks.page(notebook(tmp_path, "a = 2\nprint('three')\na + 2", "a * 5"))
    assert page == (
        "# Title\n\nWords.\n\n```python\na = 2\nprint('three')\na + 2\n```\n\n```text\nthree\n```\n\n```text\n4\n```"
        "\n\n```python\na * 5\n```\n\n```text\n10\n```"
    )


def test_a_frame_is_a_table_and_none_is_nothing(tmp_path: Path) -> None:
    page = notebooks.page(notebook(tmp_path, "import pandas\npandas.DataFrame({'a': [1]})", "None"))
    assert "<table" in page
    assert page.endswith("```python\nNone\n```")


def test_cells_run_in_an_empty_folder_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    before = os.getcwd()
    page = notebooks.page(notebook(tmp_path, "import os\nprint(os.listdir(), os.environ.get('NASINIT_DATA'))"))
    assert "[] None" in page
    assert (os.getcwd(), os.environ["NASINIT_DATA"]) == (before, str(tmp_path))


def test_a_cell_that_fails_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        notebooks.page(notebook(tmp_path, "1 / 0"))
    assert "1 / 0" in notebooks.page(notebook(tmp_path, "1 / 0"), run=False)
