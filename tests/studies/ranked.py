"""The studies of rank correlation, as the registry has them."""

from __future__ import annotations

from functools import partial

from harness.studies.rank_study import RankStudy, run_rank_study
from harness.studies.study import STUDIES, find_study


def _ranked() -> dict[str, RankStudy]:
    runs = {name: find_study(name).run for name in STUDIES}
    return {name: run.args[0] for name, run in runs.items() if isinstance(run, partial) and run.func is run_rank_study}


RANKED = _ranked()
