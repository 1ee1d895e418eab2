"""What every proxy knows beyond the size of a network, and which are told apart from counting parameters."""

from __future__ import annotations

from harness.studies.kinds import NOISE, RankStudy

STUDY = RankStudy(
    shows="what every proxy knows beyond the number of parameters", conditions={"gaussian": NOISE}, beyond=True
)
