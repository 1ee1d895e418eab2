"""The trainings of the study, at the noise of the searches and, of some networks, at other noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.spaces.mod_nas import ModNasArchitecture, parse
from harness.studies.searches.mod_nas.searched import Found, inherited
from harness.studies.searches.mod_nas.sizes import GUIDED, HAND_MADE, MAIN_SIGMA, Sizes, problem_of, space_of
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

WITHOUT, HAND = "found, unguided", "hand-made"
"""Kinds: what the search without data consistency found, from its inherited weights; and `HAND_MADE`."""
INPUT, TV, NLM = "input", "tv", "nlm"
KINDS = (INPUT, TV, NLM, RANDOM, HAND, PLAIN, LONGER, WITHOUT, FOUND, ANEW)
"""Kinds of networks in the order of the tables."""


def trainings_of(
    seed: int, found: Mapping[Search, Found], randoms: Sequence[ModNasArchitecture], sizes: Sizes, out: Path
) -> list[Training]:
    """The trainings of one seed at the noise of the searches, but for the one of equal time.

    Args:
        seed: the seed.
        found: what the searches of that seed have found, the guided one among them.
        randoms: random architectures.
        sizes: sizes of the study.
        out: folder of the study.
    """
    own = _of(seed, sizes, MAIN_SIGMA)
    guided = next(one for search, one in found.items() if search.arm == GUIDED)
    result = [*_found(own, found, sizes, out, "")]
    result += [
        _anew(ANEW, "anew", own, guided.architecture, sizes),
        _anew(HAND, "hand-made", own, parse(HAND_MADE), sizes),
    ]
    for place, other in enumerate(randoms, start=1):
        result.append(_anew(RANDOM, f"random-{place}", own, other, sizes))
    return result


def equal_time(seed: int, guided: Found, sizes: Sizes, seconds: Mapping[str, float]) -> Training:
    """The training of the plain network for as long as the search and the training of what it found took together.

    Args:
        seed: the seed.
        guided: what the guided search of that seed has found.
        sizes: sizes of the study.
        seconds: seconds of the processor of the trainings `FOUND` and `PLAIN`.
    """
    plain = _plain(_of(seed, sizes, MAIN_SIGMA), guided, sizes, "plain")
    return longer(plain, "plain-longer", LONGER, guided.seconds + seconds[FOUND], seconds[PLAIN], sizes.most_time)


def at_sigma(seed: int, found: Mapping[Search, Found], sizes: Sizes, sigma: int, out: Path) -> list[Training]:
    """The trainings of one seed at other noise: what both searches found at their noise, and the plain network."""
    return list(_found(_of(seed, sizes, sigma), found, sizes, out, f"-sigma-{sigma}"))


def _of(seed: int, sizes: Sizes, sigma: int) -> Of:
    return Of(problem_of(sigma), seed, sizes.training)


def _found(of: Of, found: Mapping[Search, Found], sizes: Sizes, out: Path, behind: str) -> Iterator[Training]:
    """What the searches found, with the weights that it inherits, and the plain network of the guided one's size."""
    for search, one in found.items():
        kind, name = (FOUND, "found") if search.arm == GUIDED else (WITHOUT, "unguided")
        begin = lambda search=search, one=one: inherited(search, one, out)  # noqa: E731
        yield Training(kind, name + behind, of.seed, str(one.architecture), of.setting, begin)
        if search.arm == GUIDED:
            yield _plain(of, one, sizes, f"plain{behind}")


def _anew(kind: str, name: str, of: Of, architecture: ModNasArchitecture, sizes: Sizes) -> Training:
    """The training of an architecture with data consistency from drawn weights."""
    width, depth = sizes.search.width, sizes.search.depth
    begin = lambda: space_of(GUIDED).begun(architecture, seed=of.seed, width=width, depth=depth)  # noqa: E731
    return Training(kind, name, of.seed, str(architecture), of.setting, begin)


def _plain(of: Of, guided: Found, sizes: Sizes, name: str) -> Training:
    parameters = space_of(GUIDED).sizes(guided.architecture, width=sizes.search.width).parameters
    return plain_training(PLAIN, name, of, parameters)
