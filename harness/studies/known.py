"""Known scores in a study: taken from the packaged table where setting and versions are the study's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.evaluation.columns import SPACE
from harness.evaluation.known.scores import known_scores, said_cells
from harness.proxies.registry import resolve
from harness.scoring.provenance import PROVENANCE
from harness.setting import Setting
from harness.spaces import open_space
from harness.studies.kinds import Condition
from harness.studies.options import StudyOptions
from harness.studies.samples import scored_sample

if TYPE_CHECKING:
    import pandas as pd

_TABLE = "table"
_ROUNDED = ("device",)
"""Fields of a setting that change a score by rounding alone."""


def scored_or_known(condition: Condition, proxies: Sequence[str], sample: int, options: StudyOptions) -> pd.DataFrame:
    """The known scores under a condition, or else scores of random cells, computed here (`scored_sample`).

    With `options.known`, all cells of the table are taken where no number of cells is asked for: a larger sample.
    """
    if options.known is False or options.shard is not None or condition.batch_seeds_on is not None:
        return scored_sample(condition, proxies, sample, options)
    every = bool(options.known) and not options.sizes
    known = known_scores()
    if difference(known, condition.setting(options.seed), proxies):
        return scored_sample(condition, proxies, sample, options)
    chosen = known[known["proxy"].isin(proxies)]
    if not every:
        wanted = [str(cell) for cell in open_space(SPACE).sample(sample, options.seed)]
        if not set(wanted) <= set(chosen["architecture"]):
            return scored_sample(condition, proxies, sample, options)
        chosen = chosen[chosen["architecture"].isin(wanted)]
    cells = chosen["architecture"].nunique()
    options.say(
        f"known scores: {cells:,} cells by {len(proxies)} proxies on {condition.words}, not computed again "
        f"({known.attrs[PROVENANCE][_TABLE]['name']}, {said_cells(known)}, torch {known.attrs[PROVENANCE]['torch']})"
    )
    chosen = chosen.reset_index(drop=True)
    chosen.attrs = dict(known.attrs)
    return chosen


def check_known(settings: Sequence[Setting], proxies: Sequence[str], options: StudyOptions) -> None:
    """Refuse known scores that were asked for and fit none of the study's conditions.

    Raises:
        SettingError: with the reason for the first condition.
    """
    if not options.known:
        return
    if options.scores is not None or options.shard is not None:
        raise SettingError("--known takes scores that are there: give it without --scores and --shard")
    known = known_scores()
    reasons = [difference(known, setting, proxies) for setting in settings]
    if all(reasons):
        raise SettingError(f"--known: the known scores do not fit this study: {reasons[0]}")


def difference(known: pd.DataFrame, setting: Setting, proxies: Sequence[str]) -> str:
    """Why the known scores are not those of a setting and of proxies in their present versions; empty if they are."""
    theirs = Setting.from_json(known.attrs["setting"])
    if names := [name for name in setting.differs_in(theirs) if name not in _ROUNDED]:
        there, here = (", ".join(f"{name} {one.flat().get(name)}" for name in names) for one in (theirs, setting))
        return f"they are with {there}, the study's are with {here}"
    versions: Mapping[str, str] = known.attrs[PROVENANCE]["proxies"]
    odd = [
        f"{entry.name} {versions.get(entry.name, 'not at all')} instead of {entry.version}"
        for entry in resolve(list(proxies))
        if versions.get(entry.name) != entry.version
    ]
    return f"they have other versions of proxies: {', '.join(odd)}" if odd else ""


def from_table(frame: pd.DataFrame) -> Mapping[str, Any]:
    """The table that the scores of a frame come from; empty for scores that were computed here, or given."""
    found: Mapping[str, Any] = (frame.attrs.get(PROVENANCE) or {}).get(_TABLE, {})
    return found
