"""The table of a rank study, and the architectures that it has values of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.errors import SettingError
from harness.evaluation import Table, open_table
from harness.evaluation.columns import DEFAULT_TABLE
from harness.spaces import open_space
from harness.spaces.space import Architecture
from harness.studies.kinds import RankStudy
from harness.studies.samples import LEAST


def table_of_study(study: RankStudy, name: str) -> Table:
    """The table that a study ranks by.

    Raises:
        SettingError: no table where the study needs the conversion of a release, or a table of another space.
        TableError: a table that is not available, or damaged.
    """
    if study.release and name == DEFAULT_TABLE:
        raise SettingError(
            f"this study ranks architectures of the space {study.space}: give --table FILE, what nasinit convert makes "
            f"of the release {study.release}"
        )
    opened = open_table(name)
    if opened.facts.space and opened.facts.space != study.space:
        raise SettingError(
            f"table {name!r} is about the space {opened.facts.space}, the study ranks architectures of {study.space}"
        )
    return opened


def tabulated(table: Table, columns: Sequence[str], space: str, count: int, seed: int) -> list[Architecture]:
    """Random architectures of a space among those with a value in each of the columns.

    Raises:
        SettingError: fewer than three such architectures.
    """
    keys = list(table.keys)
    values = np.array([table.values(keys, column) for column in columns])
    whole = np.isfinite(values).all(axis=0).tolist()
    there = {key for key, has_all in zip(keys, whole, strict=True) if has_all}
    opened = open_space(space)
    drawn = [each for each in opened.sample(len(opened), seed) if opened.key(each) in there]
    if len(drawn) < LEAST:
        raise SettingError(
            f"{table.facts.name} has all of {', '.join(columns)} for {len(drawn)} architectures of {space}: fewer than "
            f"{LEAST} have no rank correlation"
        )
    return drawn[:count]
