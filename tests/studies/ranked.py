"""The studies of rank correlation, as the registry has them."""

from __future__ import annotations

from collections.abc import Mapping

from harness.studies.kinds import RankStudy
from harness.studies.study import STUDIES

RANKED: Mapping[str, RankStudy] = {name: study for name, study in STUDIES.items() if isinstance(study, RankStudy)}
