"""A user's proxies against all known ones: the same cells, both rank correlations, and how alike the scores are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, ScoresError
from harness.evaluation.comparison import verdict
from harness.evaluation.known.scores import known_scores, said_cells
from harness.evaluation.ranking import Ranking, check_ranking, oriented_values, wide_scores
from harness.scoring.provenance import PROVENANCE
from harness.setting import Setting
from harness.stats.names import BASELINES, RANK_COEFFICIENTS, SAME
from harness.text.presented import Presented

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from harness.stats import RankInfluences

_LEAST = 30
"""Cells in common: the errors are those of large samples, and of fewer cells they say too much."""


@dataclass(frozen=True)
class AgainstKnown(Presented):
    """The proxies of a ranking against the known ones, on the cells that all of them have a score of.

    The sign of the values is flipped where lower is better, so that a higher coefficient is always the better one.

    Attributes:
        frame: a row for each proxy of the ranking and each known one: `proxy`, `known`, `n`; for `spearman` and
            `kendall_tau_b` the coefficient of the proxy under its name, that of the known one with `_known`, each with
            `_low` and `_high`, their `_difference` with `_difference_low` and `_difference_high`, and `_p`, the p-value
            of no difference, and `_p_holm`, adjusted for all rows; `agreement`, Spearman's coefficient of the scores of
            both; `same`, whether they are one number in other words (|agreement| of at least 0.9995); `verdict` by
            Spearman's coefficient: `better`, `worse` or `not distinguishable`, at a level of 0.05 after Holm.
        places: a row for each proxy of the ranking: `proxy`, `n`, `spearman` with its interval, `kendall_tau_b` with
            its interval, `place` (1 is the best) among the known ones and itself, `of`, their number, `better`,
            `worse` and `not_distinguishable`, numbers of known ones that it is told apart from or not, `nearest`, the
            known one whose scores agree most with its own, of either sign, and that `agreement`.
        ranking: the ranking.
        notes: sentences on the cells, the settings, and how the proxies are told apart.
    """

    frame: pd.DataFrame
    places: pd.DataFrame
    ranking: Ranking
    notes: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """A sentence for each proxy on its place, and one on the known proxies that are the same number."""
        said = []
        for row in self.places.to_dict("records"):
            own = self.frame[self.frame["proxy"] == row["proxy"]]
            said.append(
                f"{row['proxy']}: place {row['place']} of {row['of']} by Spearman's coefficient; of the "
                f"{row['of'] - 1} known proxies it is better than {row['better']}, worse than {row['worse']}, and not "
                f"distinguishable from {row['not_distinguishable']}."
            )
            if same := own.loc[own["same"], "known"].tolist():
                said.append(f"{row['proxy']} ranks as {', '.join(same)} (|ρ| ≥ {SAME}): one number in other words.")
        return tuple(said)


def against_known(ranking: Ranking, known: pd.DataFrame | None = None, *, confidence: float = 0.95) -> AgainstKnown:
    """Each proxy of a ranking against every known proxy, without computing the known ones.

    Intervals and p-values are those of normal distributions with the errors of the infinitesimal jackknife
    (`harness.stats.rank_influences`): at the size of the whole space a bootstrap takes half a minute, and gives the
    same.

    Args:
        ranking: from `harness.correlate`, of cells of NAS-Bench-201.
        known: the known scores, from `harness.known_scores`; by default those of the package.
        confidence: confidence level of the intervals, 0 to 1.

    Raises:
        ScoresError: no ranking, one of another space, or fewer than 30 cells in common.
    """
    import pandas as pd

    check_ranking(ranking)
    known = known_scores() if known is None else known
    space = known.attrs["space"]
    if ranking.space != space:
        raise ScoresError(
            f"the known scores are of {space}; this ranking is of {ranking.space}, of which there are none"
        )
    own, _ = wide_scores(ranking)
    own = own[[name for name in own.columns if name not in BASELINES] or list(own.columns)]
    every = known[known["status"] == "ok"].pivot(index="architecture", columns="proxy", values="score")
    every = every[list(dict.fromkeys(known["proxy"]))]
    in_both = own.index.intersection(pd.Index(known["architecture"].unique()), sort=False)
    kept, others = _varied(own.loc[in_both]), _varied(every.reindex(in_both))
    common = pd.concat([kept, others], axis=1, keys=["own", "known"]).dropna()
    common = common.loc[:, common.nunique() > 1]  # some vary only on cells that others have no score of
    kept, others = (
        wide[[name for name in wide if (side, name) in common]] for side, wide in (("own", kept), ("known", others))
    )
    if len(common) < _LEAST or not len(others.columns):
        raise ScoresError(
            f"{len(common)} of the {len(own):,} scored cells have a score by all that are compared, and {_LEAST} are "
            f"needed: the known scores are of {said_cells(known)}"
        )
    if not len(kept.columns):
        names = ", ".join(map(str, own.columns))
        raise ScoresError(f"scores that are always the same, or of fewer than half of the cells, rank nothing: {names}")
    frame = _pairs(common, oriented_values(ranking, common.index), confidence)
    left_out = [
        f"{name}{whose}"
        for wide, used, whose in ((own, kept, ""), (every, others, " (known)"))
        for name in wide.columns
        if name not in used.columns
    ]
    notes = (
        _said_cells(known, len(own), len(in_both), len(common), len(others.columns)),
        _said_settings(ranking, known),
        _said_tests(frame, len(common)),
        *([f"Left out, with a score for fewer than half of these cells or always the same: {', '.join(left_out)}."]
          if left_out else []),
    )  # fmt: skip
    return AgainstKnown(ranking.described(frame), _places(frame), ranking, tuple(filter(None, notes)))


def _varied(wide: pd.DataFrame) -> pd.DataFrame:
    """The proxies with scores of half of the cells or more that are not all the same."""
    return wide[[name for name in wide.columns if wide[name].notna().mean() >= 0.5 and wide[name].nunique() > 1]]


def _pairs(common: pd.DataFrame, values: npt.NDArray[np.float64], confidence: float) -> pd.DataFrame:
    """A row for each proxy and each known one."""
    import numpy as np
    import pandas as pd

    from harness.stats import holm, rank_influences

    found = rank_influences(common.to_numpy().T, values)
    ranks = common.rank().to_numpy().T
    agreement = np.corrcoef(ranks)
    rows = []
    columns = list(zip(*(map(str, common.columns.get_level_values(level)) for level in (0, 1)), strict=True))
    places = {side: [i for i, (kind, _) in enumerate(columns) if kind == side] for side in ("own", "known")}
    for mine in places["own"]:
        for other in places["known"]:
            row: dict[str, Any] = {
                "proxy": columns[mine][1],
                "known": columns[other][1],
                "n": len(common),
            }
            for at, name in enumerate(RANK_COEFFICIENTS):
                row.update(_coefficients(found, mine, other, at, name, confidence))
            row["agreement"] = float(agreement[mine, other])
            row["same"] = abs(row["agreement"]) >= SAME
            rows.append(row)
    frame = pd.DataFrame(rows)
    for name in RANK_COEFFICIENTS:
        frame.insert(list(frame.columns).index(f"{name}_p") + 1, f"{name}_p_holm", pd.Series(holm(frame[f"{name}_p"])))
    told = zip(frame["spearman_difference"], frame["spearman_p_holm"], strict=True)
    frame["verdict"] = [verdict(difference, p) for difference, p in told]
    return frame


def _coefficients(
    found: RankInfluences, mine: int, other: int, at: int, name: str, confidence: float
) -> dict[str, float]:
    """One coefficient of a proxy and of a known one, and their difference."""
    from harness.stats import estimated_by

    estimates, influences = found.estimates[:, at], found.values[:, at]
    parts = {
        name: (estimates[mine], influences[mine]),
        f"{name}_known": (estimates[other], influences[other]),
        f"{name}_difference": (estimates[mine] - estimates[other], influences[mine] - influences[other]),
    }
    row = {}
    for part, (value, influence) in parts.items():
        estimated = estimated_by(float(value), influence, confidence=confidence)
        row[part] = estimated.value
        most = 2.0 if part.endswith("_difference") else 1.0
        row[f"{part}_low"], row[f"{part}_high"] = (min(max(end, -most), most) for end in estimated.interval)
    return {**row, f"{name}_p": estimated.p}


def _places(frame: pd.DataFrame) -> pd.DataFrame:
    """A row for each proxy: its place among the known ones, and the one that it agrees with most."""
    import pandas as pd

    rows = []
    for proxy, own in frame.groupby("proxy", sort=False):
        first = own.iloc[0]
        nearest = own.loc[own["agreement"].abs().idxmax()]
        ends = [name + end for name in RANK_COEFFICIENTS for end in ("", "_low", "_high")]
        told = own["verdict"].value_counts()
        rows.append(
            {
                "proxy": proxy,
                "n": first["n"],
                **{name: first[name] for name in ends},
                "place": 1 + int((own["spearman_known"] > first["spearman"]).sum()),
                "of": len(own) + 1,
                "better": int(told.get("better", 0)),
                "worse": int(told.get("worse", 0)),
                "not_distinguishable": int(told.get("not distinguishable", 0)),
                "nearest": nearest["known"],
                "agreement": nearest["agreement"],
            }
        )
    return pd.DataFrame(rows)


def _said_cells(known: pd.DataFrame, scored: int, in_both: int, common: int, proxies: int) -> str:
    lacking, without = scored - in_both, in_both - common
    said = [f"The known scores are of {said_cells(known)}."]
    which = f"Of the {scored:,} scored cells"
    if lacking:
        said.append(f"{which}, {lacking:,} are not among them.")
        which = f"Of the other {in_both:,}"
    if without:
        said.append(f"{which}, {without:,} lack a score by one of the {proxies} known proxies or by yours.")
    return " ".join([*said, f"Compared on {common:,} cells."])


def _said_settings(ranking: Ranking, known: pd.DataFrame) -> str:
    """How the setting of the ranking's scores differs from that of the known ones."""
    theirs = Setting.from_json(known.attrs["setting"])
    made = (ranking.frame.attrs.get(PROVENANCE) or {}).get("scores") or {}
    said = f"The known scores are under {theirs.describe()}"
    try:
        settings = [Setting.from_json(json.dumps(values)) for values in made["settings"]]
    except (HarnessError, LookupError, TypeError, ValueError):
        return f"{said}; the setting of yours is not known."
    differing = dict.fromkeys(name for setting in settings for name in theirs.differs_in(setting))
    if not differing:
        return f"{said}, and so are yours."
    values = (
        f"{name} {', '.join(dict.fromkeys(str(setting.flat().get(name)) for setting in settings))}"
        for name in differing
    )
    return f"{said}; yours with {', '.join(values)}. A difference may be of the setting, and not of the proxies."


def _said_tests(frame: pd.DataFrame, n: int) -> str:
    return (
        f"The interval of a difference is of that pair alone; p is corrected for all {len(frame):,} pairs of this "
        f"table "
        f"(Holm), for each coefficient on its own, and decides at 5 %. Intervals treat these {n:,} cells as drawn at "
        "random."
    )
