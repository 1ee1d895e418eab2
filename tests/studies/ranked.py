"""The studies of rank correlation, as the registry has them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from harness.studies.rank.rank_study import RankStudy
from harness.studies.study import STUDIES


def _ranked() -> dict[str, RankStudy]:
    modules = {name: importlib.import_module(f"harness.studies.{study.module}") for name, study in STUDIES.items()}
    return {name: module.RANKED for name, module in modules.items() if hasattr(module, "RANKED")}


RANKED: Mapping[str, RankStudy] = _ranked()
