"""Study: partial rank correlation of every proxy beyond network size, and comparison with counting parameters."""

from __future__ import annotations

from harness.studies.kinds import NOISE, RankStudy

STUDY = RankStudy(
    shows="what every proxy knows beyond the number of parameters", conditions={"gaussian": NOISE}, beyond=True
)
