"""LIBRA (Casarin et al., CVPR 2025): three proxies chosen by the accuracies of a benchmark, and their rank sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import ScoresError
from harness.evaluation.ranking import Ranking, check_ranking, oriented_values, wide_scores

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Vector = npt.NDArray[np.float64]

LIBRA = "libra"
"""Name of the combined score among proxies."""
MARGIN = 0.1
"""How far below the best coefficient the second proxy's may lie."""
BINS = 10


@dataclass(frozen=True)
class Libra:
    """Three proxies that were chosen by accuracies, and their sum of logarithms of ranks.

    Attributes:
        best: the proxy with the largest Spearman coefficient.
        informative: of those within 0.1 of it, the one with the least information gain; empty where there is none.
        aligned: of the others, the one whose bias to parameters is nearest to that of the accuracies; empty where there
            is none.
        scores: Σ log(rank / m) of them by architecture, of the m that have a score by every proxy.
    """

    best: str
    informative: str
    aligned: str
    scores: pd.Series

    @property
    def chosen(self) -> tuple[str, ...]:
        """The proxies, without the empty places."""
        return tuple(filter(None, (self.best, self.informative, self.aligned)))

    @property
    def words(self) -> str:
        """A sentence that says what was chosen, and what that means for its coefficient."""
        return (
            f"{LIBRA} combines {', '.join(self.chosen)}, chosen by the values that it is then ranked by, of "
            f"{len(self.scores):,} architectures: it is not training-free, and its coefficient is too high for others."
        )


def libra(ranking: Ranking, *, bins: int = BINS) -> Libra:
    """LIBRA's choice among the proxies of a ranking (Casarin et al. 2025), and the combined score.

    z₁ has the largest Spearman coefficient ρ with the values y. Of those with a ρ above ρ(z₁) − 0.1, z₂ has the least
    information gain H(y | z₁) − H(y | z₁, z₂). Of the rest, z₃ has the smallest |bias(y) − bias(z)|, where a bias is
    Spearman's coefficient with the number of parameters.

    Args:
        ranking: from `harness.correlate`, of one seed.
        bins: classes of equally many architectures, by rank, in which entropies are counted.

    Raises:
        ScoresError: no ranking, one over several seeds, fewer than two classes, or fewer than three architectures that
            have a score by every proxy.

    The rule that merges the three scores is not in the text that was read; a sum of logarithms of ranks is our choice,
    as are the classes and that z₃ is neither of the others. Proxies that score fewer than half of the architectures, or
    all alike, are not chosen. It needs accuracies, so it is no training-free score.
    """
    from harness.proxies.combined import log_rank_sum

    check_ranking(ranking)
    if ranking.seeds:
        raise ScoresError(f"{LIBRA} chooses by the scores of one seed; these are of {len(ranking.seeds)}")
    if bins < 2:
        raise ScoresError(f"entropies are counted in at least 2 classes, got {bins}")
    wide, _ = wide_scores(ranking)
    wide = wide.loc[:, (wide.notna().sum() >= len(wide) / 2) & (wide.nunique() > 1)].dropna()
    wide = wide.loc[:, wide.nunique() > 1]
    if len(wide) < 3 or not len(wide.columns):
        raise ScoresError(f"{LIBRA} needs 3 architectures with a score by every proxy; there are {len(wide)}")
    sizes = ranking.points.drop_duplicates("architecture").set_index("architecture")["parameters"]
    names = _chosen(wide, oriented_values(ranking, wide.index), sizes.loc[wide.index].to_numpy(dtype=float), bins)
    return Libra(*names, log_rank_sum(wide, [name for name in names if name]))


def with_libra(frame: pd.DataFrame, ranking: Ranking) -> tuple[pd.DataFrame, Libra]:
    """The frame of scores with LIBRA's score of a ranking of it as rows of one more proxy, and what was chosen.

    Raises:
        ScoresError: where `libra` does.
    """
    import pandas as pd

    found = libra(ranking)
    rows = pd.DataFrame({"architecture": found.scores.index, "proxy": LIBRA, "score": found.scores.to_numpy()})
    together = pd.concat([frame, rows.assign(status="ok") if "status" in frame else rows], ignore_index=True)
    together.attrs.update(frame.attrs)
    return together, found


def _chosen(wide: pd.DataFrame, values: Vector, sizes: Vector, bins: int) -> tuple[str, str, str]:
    """Names of z₁, z₂ and z₃; of equal ones the first."""
    import numpy as np
    from scipy import stats

    def spearman(one: Vector, other: Vector) -> float:
        return float(stats.spearmanr(one, other).statistic) if np.ptp(other) > 0 else 0.0

    scores = {str(name): wide[name].to_numpy(dtype=float) for name in wide}
    rho = {name: spearman(column, values) for name, column in scores.items()}
    best = max(rho, key=lambda name: rho[name])
    classes = {name: _classes(column, bins) for name, column in scores.items()}
    y = _classes(values, bins)
    near = {  # H(y | z1) is the same for all: the least gain has the largest H(y | z1, z)
        name: _conditional_entropy(y, classes[best] * bins + classes[name])
        for name in scores
        if name != best and rho[name] > rho[best] - MARGIN
    }
    informative = max(near, key=lambda name: near[name], default="")
    bias = spearman(values, sizes)
    apart = {
        name: abs(bias - spearman(column, sizes)) for name, column in scores.items() if name not in (best, informative)
    }
    return best, informative, min(apart, key=lambda name: apart[name], default="")


def _classes(values: Vector, bins: int) -> npt.NDArray[np.int64]:
    """The class of each value by its rank, 0 to bins − 1; equal values are in one."""
    import numpy as np
    from scipy import stats

    return np.floor((stats.rankdata(values) - 0.5) * bins / len(values)).astype(np.int64)


def _conditional_entropy(y: npt.NDArray[np.int64], given: npt.NDArray[np.int64]) -> float:
    """H(y | given) = H(y, given) − H(given) in nats."""
    import numpy as np

    def entropy(classes: npt.NDArray[np.int64]) -> float:
        shares = np.unique(classes, return_counts=True)[1] / len(classes)
        return -float((shares * np.log(shares)).sum())

    return entropy(given * (y.max() + 1) + y) - entropy(given)
