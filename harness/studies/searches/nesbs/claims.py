"""Claims of the papers' abstracts, and our own questions, each with a number of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from harness.stats import holm
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, OURS, SHOWN, Claimed, verdict
from harness.studies.searches.nesbs.exact import COORDINATES, MC, RANDOM, SEARCH, SVGD
from harness.studies.searches.nesbs.members import FGSM
from harness.studies.searches.nesbs.sets import DEEP

_ROUNDING = 1e-9
_ONE = 1.1  # different cells in a set, on average
_BETTER_THAN_OTHERS = "better than ensembles of other searches"
_LEVEL = 0.05


class _Comparison(NamedTuple):
    """What drawn ensembles are compared in, with which others, and the claim's words."""

    other: str
    measure: str
    words: str


_COMPARISONS = (
    _Comparison(RANDOM, "accuracy", "more accurate than an ensemble of random cells"),
    _Comparison(DEEP, "accuracy", "more accurate than an ensemble of one cell from several seeds"),
    _Comparison(MC, "accuracy", f"more accurate than an ensemble of Monte Carlo ({OURS})"),
    _Comparison(DEEP, FGSM, "more accurate under attack (FGSM, 8/255) than an ensemble of one cell from several seeds"),
)


def study_claims(
    posterior: pd.DataFrame, sweep: pd.DataFrame, differences: pd.DataFrame, members: Sequence[int], seeds: int
) -> Iterator[Claimed]:
    """The claims.

    Args:
        posterior: from `harness.studies.searches.nesbs.exact.posterior_frame`.
        sweep: from `harness.studies.searches.nesbs.exact.sweep_frame`.
        differences: from `harness.studies.searches.nesbs.members.differences_frame`.
        members: numbers of members n of the real part.
        seeds: repetitions of the real part.
    """
    yield from _posterior_claims(posterior)
    for std in sorted(sweep["std"].dropna().unique(), reverse=True):
        yield _together(sweep, float(std))
        for count in sweep["members"].unique():
            rows = sweep[(sweep["arm"] == SVGD) & (sweep["std"] == std) & (sweep["members"] == count)]
            yield _trade_off(rows, float(std), int(count))
            yield _beside_monte_carlo(rows, sweep[(sweep["arm"] == MC) & (sweep["members"] == count)].iloc[0], std)
    yield from _compared(differences, members, seeds)
    yield Claimed(
        "test errors on CIFAR-10, CIFAR-100 and ImageNet in the DARTS space", "", "not run here", NOT_TESTABLE
    )


def steps_that_rise(posterior: pd.DataFrame) -> int:
    """Number of coordinate updates after which the divergence is higher than before."""
    values = posterior[posterior["how"] == COORDINATES]["divergence_nats"]
    return int((values.diff() > _ROUNDING).sum())


def _posterior_claims(posterior: pd.DataFrame) -> Iterator[Claimed]:
    exact = posterior[posterior["how"] == COORDINATES]["divergence_nats"]
    risen, count = steps_that_rise(posterior), len(exact) - 1
    yield Claimed(
        f"coordinate updates never raise the divergence from the true posterior ({OURS})",
        "",
        f"{risen} of {count} updates raise it; it falls from {exact.iloc[0]:.2f} to {exact.iloc[-1]:.3f} nats",
        verdict(risen == 0),
    )
    last = posterior[posterior["how"] == SEARCH].sort_values("step").groupby("seed")["divergence_nats"].last()
    gap = last - exact.iloc[-1]
    yield Claimed(
        f"the search's noisy gradients reach the best factorised posterior, to 0.5 nats ({OURS})",
        "",
        f"{gap.mean():.2f} nats above it on average over {len(gap)} seeds, at most {gap.max():.2f}",
        verdict(bool(gap.max() <= 0.5)),
    )


def _trade_off(rows: pd.DataFrame, std: float, count: int) -> Claimed:
    """Whether diversity rises and accuracy falls from one δ above −1/n to the next, within the intervals."""
    rows = rows[rows["diversity"] > -1 / count].sort_values("diversity")
    held = _never(rows, "hamming", falls=True) and _never(rows, "accuracy_pct", falls=False)
    first, last = rows.iloc[0], rows.iloc[-1]
    return Claimed(
        f"a larger δ buys diversity with accuracy: n = {count}, σ = {std:g}",
        "",
        f"from δ = {first['diversity']:g} to {last['diversity']:g} members differ on {first['hamming']:.2f} and "
        f"{last['hamming']:.2f} of 6 edges, and have {first['accuracy_pct']:.2f} and {last['accuracy_pct']:.2f} %",
        verdict(held and _apart(first, last)),
    )


def _together(sweep: pd.DataFrame, std: float) -> Claimed:
    """Whether sets are one cell where the closed form has no distance left, for any n."""
    rows = sweep[(sweep["std"] == std) & (sweep["diversity"] <= -1 / sweep["members"])]
    most = rows.loc[rows["distinct"].idxmax()]
    return Claimed(
        f"δ of −1/n or less leaves one cell: σ = {std:g} ({OURS})",
        "",
        f"at most {most['distinct']:.2f} different cells in a set on average (n = {int(most['members'])}, "
        f"δ = {most['diversity']:g})",
        verdict(bool(most["distinct"] < _ONE)),
    )


def _never(rows: pd.DataFrame, name: str, *, falls: bool) -> bool:
    """Whether a mean never falls (or never rises) from one row to the next beyond both intervals."""
    pairs = list(zip(rows.to_dict("records"), rows.to_dict("records")[1:], strict=False))
    if falls:
        return all(after[f"{name}_high"] >= before[f"{name}_low"] for before, after in pairs)
    return all(after[f"{name}_low"] <= before[f"{name}_high"] for before, after in pairs)


def _apart(first: pd.Series[Any], last: pd.Series[Any]) -> bool:
    """Whether the ends of a sweep differ in both quantities beyond their intervals."""
    return bool(last["hamming_low"] > first["hamming_high"] and last["accuracy_pct_high"] < first["accuracy_pct_low"])


def _beside_monte_carlo(rows: pd.DataFrame, chance: pd.Series[Any], std: float) -> Claimed:
    """Whether some δ gives better sets than Monte Carlo's, beyond the intervals, that are as diverse within them."""
    better = rows[
        (rows["hamming_high"] >= chance["hamming_low"]) & (rows["accuracy_pct_low"] > chance["accuracy_pct_high"])
    ]
    told = f"Monte Carlo: {chance['hamming']:.2f} edges, {chance['accuracy_pct']:.2f} %; "
    if len(better):
        best = better.sort_values("accuracy_pct").iloc[-1]
        told += f"δ = {best['diversity']:g}: {best['hamming']:.2f} edges, {best['accuracy_pct']:.2f} %"
    else:
        nearest = rows.iloc[(rows["hamming"] - chance["hamming"]).abs().argmin()]
        told += (
            f"no such δ; the nearest diversity, at δ = {nearest['diversity']:g}, is "
            f"{nearest['hamming']:.2f} edges with {nearest['accuracy_pct']:.2f} %"
        )
    return Claimed(
        f"SVGD draws better sets than Monte Carlo, no less diverse within the intervals: n = {int(chance['members'])}, "
        f"σ = {std:g} ({OURS})",
        "",
        told,
        SHOWN if len(better) else NOT_SHOWN,
    )


def _compared(differences: pd.DataFrame, members: Sequence[int], seeds: int) -> Iterator[Claimed]:
    """Whether drawn ensembles are better, by p-values that Holm's method adjusts for all comparisons together."""
    rows = {
        (count, comparison): _difference(differences, count, comparison)
        for count in members
        for comparison in _COMPARISONS
    }
    finished = {key: row for key, row in rows.items() if row is not None}
    adjusted = dict(zip(finished, holm([float(row["p"]) for row in finished.values()]), strict=True))
    for (count, comparison), row in rows.items():
        told, published = f"n = {count}: {comparison.words}", "" if OURS in comparison.words else _BETTER_THAN_OTHERS
        if row is None:
            yield Claimed(told, published, "no repetition of both is finished", NOT_FINISHED)
            continue
        value, low, high = (100 * float(row[name]) for name in ("difference", "low", "high"))
        p = float(adjusted[count, comparison])
        ours = (
            f"by {value:+.2f} [{low:+.2f}, {high:+.2f}] points over {int(row['seeds'])} of {seeds} repetitions, "
            f"p = {p:.2g} after Holm over {len(finished)} comparisons, for these trained members: over images alone"
        )
        better = value > 0 and p < _LEVEL
        yield Claimed(told, published, ours, verdict(better if int(row["seeds"]) >= seeds else None))


def _difference(frame: pd.DataFrame, count: int, comparison: _Comparison) -> pd.Series[Any] | None:
    found = frame[
        (frame["members"] == count) & (frame["arm"] == SVGD) & (frame["against"] == comparison.other)
        & (frame["measure"] == comparison.measure)
    ]  # fmt: skip
    return found.iloc[0] if len(found) else None
