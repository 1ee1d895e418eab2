"""What every proxy knows beyond the size of a network, and which are told apart from counting parameters."""

from __future__ import annotations

from harness.studies.conditions import NOISE
from harness.studies.rank.rank_study import RankStudy

RANKED = RankStudy({"gaussian": NOISE}, beyond=True)
STUDY = RANKED.study()
