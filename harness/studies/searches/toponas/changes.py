"""What simplification changes in what searches find: tabulated accuracies of their cells, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from harness.evaluation.columns import TESTS
from harness.setting import derived_seed
from harness.stats.mean import student_interval
from harness.studies.searches.toponas.arms import ARMS, METHODS, OWN_KERNELS, PLAIN, SIMPLIFIED
from harness.studies.searches.toponas.published import BY_METHOD

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

IMAGENET16 = TESTS["imagenet16_120"]
RANDOM = "random cells"
DRAWS = 10_000
_COLUMNS = (
    "method", "arm", "base", "column", "runs", "change", "change_low", "change_high", "by_seed", "published",
    "random_share",
)  # fmt: skip


class Comparison(NamedTuple):
    """Two arms of the searches of one method: the change is that of `arm` against `base`."""

    arm: str
    base: str


COMPARISONS = (Comparison(SIMPLIFIED, PLAIN), Comparison(OWN_KERNELS, PLAIN), Comparison(SIMPLIFIED, OWN_KERNELS))


def arms_frame(last: pd.DataFrame, columns: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Mean and standard deviation (n − 1) of each arm's accuracies, and of all cells of the space, drawn once each.

    Args:
        last: `method`, `arm`, `seed`, `skip_connections` and the accuracies of the cell that each search chose.
        columns: by name of the accuracy those of all cells.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for method in METHODS:
        for arm in ARMS:
            part = last[(last["method"] == method) & (last["arm"] == arm)]
            if len(part):
                row: dict[str, Any] = {"method": method, "arm": arm, "runs": len(part)}
                row["skip_connections"] = float(part["skip_connections"].mean())
                rows.append(row | _spread({name: part[name].to_numpy() for name in columns}, 1))
    rows.append({"method": RANDOM, "arm": "", "runs": math.nan, "skip_connections": 6 / 5} | _spread(columns, 0))
    return pd.DataFrame(rows)


def changes_frame(last: pd.DataFrame, columns: Mapping[str, NDArray[np.float64]], seed: int) -> pd.DataFrame:
    """The change of each accuracy between two arms, over the seeds that both have.

    Args:
        last: as of `arms_frame`.
        columns: by name of the accuracy those of all cells.
        seed: seed of the random cells.

    Returns:
        For each method, comparison and column: `runs`, `change` (the mean of the differences of the same seed),
        `change_low` and `change_high` (Student's t, 95 %; NaN for a single seed), `by_seed`, `published` (NaN where
        none), and `random_share`: how often as many differences of two random cells have a mean that is as large.
    """
    import pandas as pd

    rows = []
    for method in METHODS:
        for comparison in COMPARISONS:
            one, other = (
                last[(last["method"] == method) & (last["arm"] == arm)].set_index("seed") for arm in comparison
            )
            seeds = [own for own in one.index if own in other.index]
            if not seeds:
                continue
            for name, values in columns.items():
                differences = (one.loc[seeds, name] - other.loc[seeds, name]).to_numpy(dtype=float)
                row: dict[str, Any] = {"method": method, **comparison._asdict(), "column": name, "runs": len(seeds)}
                mean = student_interval(differences.tolist())
                row |= {"change": mean.mean, "change_low": mean.low, "change_high": mean.high}
                row["by_seed"] = f"[{', '.join(f'{value:+.1f}' for value in differences)}]"
                row["published"] = _published(method, comparison, name)
                row["random_share"] = random_share(values, differences, seed)
                rows.append(row)
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def random_share(values: NDArray[np.float64], differences: NDArray[np.float64], seed: int) -> float:
    """Share of random draws whose mean difference of two cells is at least as far from 0 as that of `differences`.

    Args:
        values: accuracies of all cells.
        differences: one a seed.
        seed: seed of the draws, of which there are 10,000.
    """
    generator = np.random.default_rng(derived_seed(seed, "toponas", "random cells"))
    pairs = values[generator.integers(len(values), size=(2, DRAWS, len(differences)))]
    means = np.abs((pairs[0] - pairs[1]).mean(axis=1))
    return float(np.mean(means >= abs(differences.mean())))


def _published(method: str, comparison: Comparison, column: str) -> float:
    shown = comparison == COMPARISONS[0] and column == IMAGENET16 and method in BY_METHOD
    return BY_METHOD[method].change if shown else math.nan


def _spread(columns: Mapping[str, NDArray[np.float64]], lost: int) -> dict[str, float]:
    found = {}
    for name, values in columns.items():
        found[f"{name}_mean"] = float(values.mean())
        found[f"{name}_std"] = float(values.std(ddof=lost)) if len(values) > lost else math.nan
    return found
