"""The page of the tables has every published table with all its columns, wherever its files lie."""

from __future__ import annotations

from pathlib import Path

import pytest

import benchmarks
from docs_pages.tables import tables


def test_every_table_with_its_limits_and_columns() -> None:
    page = tables()
    for listing in benchmarks.list_tables():
        if not listing.opens:
            section = page.split(f"### {listing.name}\n")[1].split("\n### ")[0]
            assert "**note:**" in section
            for column in listing.columns:
                assert f"`{column.name}`" in section


def test_what_this_machine_has_does_not_change_the_page(published_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NASINIT_DATA", raising=False)
    without = tables()
    monkeypatch.setenv("NASINIT_DATA", str(published_data))
    assert tables() == without
