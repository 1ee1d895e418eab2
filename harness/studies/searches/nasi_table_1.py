"""NASI's table of searches on NAS-Bench-201, every row with the published numbers and, where we run it, ours."""

from __future__ import annotations

from harness.studies.searches.rows import NASI_TABLE_1
from harness.studies.searches.search_table import run_search_table
from harness.studies.study import StudyOptions


def run_nasi_table_1(options: StudyOptions) -> None:
    """Run the searches of `NASI_TABLE_1`; see `harness.studies.searches.search_table.run_search_table`."""
    run_search_table(options, NASI_TABLE_1)


STUDY = run_nasi_table_1
