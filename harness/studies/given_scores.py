"""Scores made before that a study is handed: of its space, by its proxies, and under its setting as far as they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ScoresError, SpaceError
from harness.evaluation.matching import matched_scores
from harness.scoring.files import read_scores
from harness.setting import Setting
from harness.spaces import open_space

if TYPE_CHECKING:
    import pandas as pd

_DRAWN_OTHERWISE = ("seed", "device", "batch_digest")
"""Fields of a setting that change a score as another draw of the same network or batch does, or by rounding."""
NOT_STATED = "not in the file; the study's own is taken for it"
AS_STORED = "as the store has it"


class Given(NamedTuple):
    """Scores made before.

    Attributes:
        name: of the file.
        frame: of its scores, by the study's proxies.
        setting: of a store's run; None for a CSV, which does not say.
    """

    name: str
    frame: pd.DataFrame
    setting: Setting | None

    def recorded(self, assumed: Setting) -> tuple[Setting, str]:
        """The setting for a study's record, and where it is from."""
        return (assumed, NOT_STATED) if self.setting is None else (self.setting, AS_STORED)


def read_given(path: Path, space: str, proxies: Sequence[str] | None) -> tuple[Given, str]:
    """The scores of a file, and where they are from in words.

    Args:
        path: a store, whose last run is read, or a CSV.
        space: that their architectures must be of.
        proxies: whose scores are kept; None for all.

    Raises:
        ScoresError: a file that cannot be read, or holds scores of another space or by none of the proxies; named.
    """
    found = read_scores(path, None)
    try:
        matched_scores(found.frame, open_space(space))
    except (ScoresError, SpaceError) as error:
        raise ScoresError(f"--scores {path} must hold scores of {space}: {error}") from error
    frame = found.frame if proxies is None else found.frame[found.frame["proxy"].isin(proxies)]
    if frame.empty:
        names = "any proxy" if proxies is None else f"some of {', '.join(proxies)}"
        raise ScoresError(f"--scores {path} must hold scores of {space} by {names}")
    return Given(path.name, frame, found.setting), found.origin


def setting_beside(path: Path, theirs: Setting | None, ours: Setting, otherwise: str) -> str:
    """What sets the setting of given scores apart from the study's, in words; nothing where they are equal.

    Args:
        path: of the scores.
        theirs: their setting, None where the file does not say.
        ours: the study's.
        otherwise: the end of the error's sentence: why other scores cannot be taken, and what to do.

    Raises:
        ScoresError: settings that differ in more than what is drawn.
    """
    if theirs is None:
        return f"; the file does not say its setting, which must be the study's: {ours.describe()}"
    names = ours.differs_in(theirs)
    there, here = (", ".join(f"{name} {one.flat().get(name)}" for name in names) for one in (theirs, ours))
    if set(names) <= set(_DRAWN_OTHERWISE):
        return f"; they were made with {there}, the study's own with {here}" if names else ""
    raise ScoresError(f"--scores {path} were made with {there}; the study's are with {here}, {otherwise}")
