"""Claims of papers, each with what is published, our number, and whether it shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

SHOWN, NOT_SHOWN, NOT_TESTABLE, NOT_FINISHED = "shown", "not shown", "not testable here", "not finished"


class Claimed(NamedTuple):
    """A claim and what we found.

    Attributes:
        claim: the claim in words.
        published: the paper's number in words; empty where none was read.
        ours: our number in words, with its interval.
        verdict: `SHOWN`, `NOT_SHOWN`, `NOT_TESTABLE`, or `NOT_FINISHED` where searches are still to come.
    """

    claim: str
    published: str
    ours: str
    verdict: str


OURS = "our own question"
"""What stands in a claim that is no paper's."""


def claims_frame(claims: Iterable[Claimed]) -> pd.DataFrame:
    """A row for each claim: `claim`, `published`, `ours` and `verdict`."""
    return pd.DataFrame(list(claims), columns=list(Claimed._fields))


def unfinished(runs: pd.DataFrame) -> str:
    """How many searches of a comparison are still to come, in words; empty where all of them are over.

    Args:
        runs: a row for each search, with `finished`.
    """
    missing = int((~runs["finished"].astype(bool)).sum())
    return f"{missing} of {len(runs)} searches are not finished" if missing else ""


def verdict(held: bool | None) -> str:
    """The verdict on a claim that holds or not; None where the searches that tell are not finished."""
    return NOT_FINISHED if held is None else SHOWN if held else NOT_SHOWN
