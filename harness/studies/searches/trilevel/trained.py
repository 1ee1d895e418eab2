"""The trainings of the study: what was found, plain networks of equal size and of equal time, random architectures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.spaces.trilevel.notation import TrilevelArchitecture
from harness.studies.searches.restored.searches import Search
from harness.studies.searches.restored.trainings import (
    ANEW,
    FOUND,
    LONGER,
    PLAIN,
    RANDOM,
    Of,
    Training,
    longer,
    plain_training,
)
from harness.studies.searches.trilevel.searched import Found, inherited
from harness.studies.searches.trilevel.sizes import Sizes, small_space

BICUBIC = "bicubic"
KINDS = (BICUBIC, RANDOM, PLAIN, LONGER, ANEW, FOUND)
"""Kinds of networks in the order of the tables."""


def trainings_of(
    search: Search, found: Found, randoms: Sequence[TrilevelArchitecture], sizes: Sizes, out: Path
) -> list[Training]:
    """The trainings that belong to a search, but for the one of equal time."""
    space, seed, setting = small_space(), search.seed, sizes.training
    architecture, text = found.architecture, str(found.architecture)
    result = [
        Training(FOUND, "found", seed, text, setting, lambda: inherited(search, found, out)),
        Training(ANEW, "anew", seed, text, setting, lambda: space.begun(architecture, seed=seed)),
        _plain(search, found, sizes),
    ]
    for place, other in enumerate(randoms, start=1):
        begin = lambda other=other: space.begun(other, seed=seed)  # noqa: E731
        result.append(Training(RANDOM, f"random-{place}", seed, str(other), setting, begin))
    return result


def equal_time(search: Search, found: Found, sizes: Sizes, seconds: Mapping[str, float]) -> Training:
    """The training of the plain network for as long as the search and the training of what it found took together.

    Args:
        search: the search.
        found: what it found.
        sizes: sizes of the study.
        seconds: seconds of the processor of the trainings `FOUND` and `PLAIN`.
    """
    took = found.seconds + seconds[FOUND]
    return longer(_plain(search, found, sizes), "plain-longer", LONGER, took, seconds[PLAIN], sizes.most_time)


def _plain(search: Search, found: Found, sizes: Sizes) -> Training:
    of = Of(small_space().problem, search.seed, sizes.training)
    return plain_training(PLAIN, "plain", of, small_space().sizes(found.architecture).parameters)
