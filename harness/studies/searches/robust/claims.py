"""The paper's claims that were read, and questions of our own, each with a number of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from harness.stats import holm
from harness.stats.mean import student_interval
from harness.studies.searches.claims import NOT_TESTABLE, OURS, Claimed, unfinished, verdict
from harness.studies.searches.robust.cells import CLEAN, PARAMETERS, PGD
from harness.studies.searches.robust.published import CELLS, DARTS_V2
from harness.studies.searches.robust.searched import DARTS, E2RNAS
from harness.studies.searches.robust.tabled import ARMS, ends

if TYPE_CHECKING:
    from harness.stats.real_numbers import FloatArray

COMPARABLE = 1.0
"""Points of clean accuracy that may be lost where it counts as comparable; our choice."""
UNCORRELATED = 0.1
"""Size of Spearman's coefficient below which two accuracies count as uncorrelated; our choice."""
LEVEL = 0.05
"""Level of the claim on proxies, over all of them."""


class Parts(NamedTuple):
    """The frames of the study that the claims are made of.

    Attributes:
        arms: from `tabled.arms_frame`.
        volumes: from `volumes.volumes_frame`.
        stall: from `tabled.stall_frame`.
        attacks: from `correlations.attacks_frame`.
        proxies: from `correlations.proxies_frame`.
        parameters: from `published.parameters_frame`.
        chosen: from `searched.chosen_frame`.
    """

    arms: pd.DataFrame
    volumes: pd.DataFrame
    stall: pd.DataFrame
    attacks: pd.DataFrame
    proxies: pd.DataFrame
    parameters: pd.DataFrame
    chosen: pd.DataFrame


def study_claims(parts: Parts) -> Iterator[Claimed]:
    """The claims of the paper's abstract on images and in its own space, then our own on tables."""
    for words, column, better in (
        ("more robust cells than DARTS", PGD, 1), ("smaller cells than DARTS", PARAMETERS, -1),
        (f"clean accuracy at most {COMPARABLE:g} point below DARTS", CLEAN, 0),
    ):  # fmt: skip
        yield _on_images(parts.chosen, words, column, better)
    for words, column, better in (
        ("more robust cells than DARTS", PGD, 1), ("smaller cells than DARTS", PARAMETERS, -1),
        (f"clean accuracy at most {COMPARABLE:g} point below DARTS", CLEAN, 0),
    ):  # fmt: skip
        yield _on_table(parts.arms, words, column, better)
    yield from _parameters(parts.parameters)
    yield Claimed(
        "robust and clean accuracies of trained networks of the DARTS space", "",
        "the paper's tables were not read, and no such network is trained here", NOT_TESTABLE,
    )  # fmt: skip
    yield from _fronts(parts.arms)
    yield from _volumes(parts.volumes)
    yield from _stall(parts.stall)
    yield from _correlated(parts.attacks)
    yield from _proxies(parts.proxies)


def _on_images(chosen: pd.DataFrame, words: str, column: str, better: int) -> Claimed:
    text = f"{words}: searches on images"
    both = chosen[chosen["arm"].isin((E2RNAS, DARTS))]
    if missing := unfinished(both):
        return Claimed(text, "claimed in words", missing, verdict(None))
    done = both.pivot(index="seed", columns="arm", values=column)
    return _paired(text, list(done[E2RNAS] - done[DARTS]), column, better)


def _on_table(arms: pd.DataFrame, words: str, column: str, better: int) -> Claimed:
    """The paper's two objectives, clean loss and size, on the table supernet."""
    wide = arms.pivot(index="seed", columns="arm", values=column)
    text = f"{words}: table supernet, loss and size, raw gradients"
    return _paired(text, list(wide["clean-size-raw"] - wide["darts"]), column, better)


def _paired(words: str, changes: list[float], column: str, better: int) -> Claimed:
    mean, low, high = student_interval(changes)
    unit, scale = ("M parameters", 1e-6) if column == PARAMETERS else ("points", 1.0)
    ends_of = "" if math.isnan(low) else f" [{scale * low:+.2f}, {scale * high:+.2f}]"
    held = None if math.isnan(low) else low > 0 if better > 0 else high < 0 if better < 0 else low >= -COMPARABLE
    ours = f"a difference of {scale * mean:+.2f}{ends_of} {unit} over {len(changes)} seeds"
    return Claimed(words, "claimed in words", ours, NOT_TESTABLE if held is None else verdict(held))


def _parameters(parameters: pd.DataFrame) -> Iterator[Claimed]:
    values = parameters.set_index("cell")["params_m"]
    for name in CELLS:
        yield Claimed(
            f"the cell {name!r} is smaller than DARTS_V2: DARTS space, 20 cells of width 36", "",
            f"{values[name]:.2f} M parameters, DARTS_V2 {values[DARTS_V2]:.2f} M",
            verdict(bool(values[name] < values[DARTS_V2])),
        )  # fmt: skip


def _fronts(arms: pd.DataFrame) -> Iterator[Claimed]:
    for name, part in arms.groupby("arm", sort=False):
        arm = ARMS[str(name)]
        on, three = int(part["on_front"].sum()), int(part["on_front_of_three"].sum())
        yield Claimed(
            f"{arm.words} ends on the front of its own objectives: table supernet ({OURS})", "",
            f"{on} of {len(part)} seeds, {three} on that of all three objectives; "
            f"{part['architecture'].nunique()} different cells",
            verdict(on == len(part)),
        )  # fmt: skip


def _volumes(volumes: pd.DataFrame) -> Iterator[Claimed]:
    for pair, part in volumes.groupby("pair", sort=False):
        shares = {str(row["found_by"]): row for row in part.to_dict("records")}
        for gradients in ("raw", "l2"):
            one, other = shares[gradients], shares["even weights"]
            yield Claimed(
                f"one search by MGDA ({gradients}) covers more of the front of {str(pair).replace('-', ' and ')} than "
                f"one with even weights ({OURS})", "",
                f"{100 * one['share']:.1f} % of the front's hypervolume, even weights {100 * other['share']:.1f} %, "
                f"eleven weights {100 * shares['all weights']['share']:.1f} %, a random cell "
                f"{100 * one['null_share']:.1f} %",
                verdict(bool(one["low"] > other["high"])) if not math.isnan(one["low"]) else NOT_TESTABLE,
            )  # fmt: skip


def _stall(stall: pd.DataFrame) -> Iterator[Claimed]:
    by_form = dict(ends(stall))
    stopped = stall[(stall["form"] == "max") & (stall["expected_parameters"] <= stall["bound"])]
    still = int((stopped["loss_weight"] == 0).sum())
    yield Claimed(
        f"with max(n, L) MGDA stops α once the bound is met ({OURS})", "",
        f"the loss has weight 0 in {still} of {len(stopped)} steps with n ≤ L; the cells have "
        f"{by_form['max'][CLEAN].mean():.1f} % clean accuracy",
        verdict(len(stopped) > 0 and still == len(stopped)),
    )  # fmt: skip
    for form, words in (("max_dropped", "leaving it out while it is met"), ("abs", "|n − L|")):
        better = by_form[form].set_index("seed")[CLEAN] - by_form["max"].set_index("seed")[CLEAN]
        mean, low, high = student_interval(list(better))
        size = by_form[form][PARAMETERS].mean() / stall["bound"].iloc[0]
        yield Claimed(
            f"{words} helps ({OURS})", "",
            f"a difference of {mean:+.1f} [{low:+.1f}, {high:+.1f}] points clean over {len(better)} seeds, at "
            f"{size:.2f} of the bound",
            NOT_TESTABLE if math.isnan(low) else verdict(low > 0),
        )  # fmt: skip


def _correlated(attacks: pd.DataFrame) -> Iterator[Claimed]:
    for row in attacks[attacks["column"] == PGD].to_dict("records"):
        yield Claimed(
            f"clean and PGD accuracy (1/255) are uncorrelated, ρ within ±{UNCORRELATED:g}, cells: {row['cells']} "
            f"({OURS})", "",
            f"Spearman's ρ {row['spearman']:.3f} [{row['low']:.3f}, {row['high']:.3f}] over {row['n']:,} networks, "
            "trained without attacks on half of CIFAR-10's training images",
            verdict(bool(-UNCORRELATED < row["low"] and row["high"] < UNCORRELATED)),
        )  # fmt: skip


def _proxies(proxies: pd.DataFrame) -> Iterator[Claimed]:
    part = proxies[proxies["column"] == PGD].dropna(subset=["beyond_clean"])
    rows = sorted(part.to_dict("records"), key=lambda row: float(row["beyond_clean"]))
    worst, best = rows[0], rows[-1]
    told = holm(_p_values(part)) < LEVEL
    above, below = int((told & (part["beyond_clean"] > 0)).sum()), int((told & (part["beyond_clean"] < 0)).sum())
    yield Claimed(
        f"some proxy tells of PGD accuracy (1/255) beyond the clean accuracy ({OURS})", "",
        f"{above} of {len(part)} proxies have a partial ρ above 0 at a level of {LEVEL:g} after Holm's correction for "
        f"all {len(part)}, {below} one below; the highest is {_partial(best)}, the lowest {_partial(worst)}; "
        f"{int(best['n'])} cells, intervals one by one",
        verdict(above > 0),
    )  # fmt: skip


def _p_values(part: pd.DataFrame) -> FloatArray:
    """Two-sided p-values of no partial correlation, by normal distributions as wide as the 95 % intervals."""
    deviations = (part["beyond_high"] - part["beyond_low"]) / (2 * special.ndtri(0.975))
    return np.asarray(2 * special.ndtr(-part["beyond_clean"].abs() / deviations))


def _partial(row: Mapping[Any, Any]) -> str:
    return f"{row['proxy']} {row['beyond_clean']:.2f} [{row['beyond_low']:.2f}, {row['beyond_high']:.2f}]"
