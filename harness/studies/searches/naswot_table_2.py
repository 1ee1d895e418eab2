"""Table 2 of NASWOT (Mellor et al. 2021): searches on NAS-Bench-201, its exact rows, and ours beside."""

from __future__ import annotations

from harness.studies.searches.rows import NASWOT_TABLE_2
from harness.studies.searches.search_table import run_search_table
from harness.studies.study import StudyOptions


def run_naswot_table_2(options: StudyOptions) -> None:
    """Run the searches of `NASWOT_TABLE_2`; see `harness.studies.searches.search_table.run_search_table`."""
    run_search_table(options, NASWOT_TABLE_2)


STUDY = run_naswot_table_2
