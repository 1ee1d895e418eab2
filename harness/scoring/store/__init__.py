"""The store of scores: one SQLite file that a kill cannot spoil, in which a damaged row is named and not ranked."""

from harness.scoring.store.records import RunRecord
from harness.scoring.store.store import Store

__all__ = ["RunRecord", "Store"]
