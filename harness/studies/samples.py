"""The sample of a study: its size, its conditions, and its scores, computed here or given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ScoresError, SettingError, SpaceError
from harness.evaluation.columns import SPACE
from harness.scoring.cluster.connection import connected
from harness.scoring.files import COLUMNS, read_scores
from harness.scoring.runner import run
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import Architecture, Space, described
from harness.studies.kinds import Condition
from harness.studies.options import StudyOptions
from harness.writing import make_folder

if TYPE_CHECKING:
    import pandas as pd

NOT_STATED = "not in the file; the study's own is taken for it"
AS_STORED = "as the store has it"
LEAST = 3
"""Fewest architectures that have a rank correlation."""
_DRAWN_OTHERWISE = ("seed", "device", "batch_digest")
"""Fields of a setting that change a score only by another random draw of network or batch, or by rounding."""


class GivenScores(NamedTuple):
    """Scores that the user gave to a study.

    Attributes:
        name: name of the file.
        frame: scores by the study's proxies, as `harness.run` returns them.
        setting: setting of a store's run; None for a CSV, which has none.
    """

    name: str
    frame: pd.DataFrame
    setting: Setting | None

    def recorded(self, assumed: Setting) -> tuple[Setting, str]:
        """The setting for a study's record, and a note on its origin."""
        return (assumed, NOT_STATED) if self.setting is None else (self.setting, AS_STORED)


def possible(conditions: Mapping[str, Condition], options: StudyOptions) -> dict[str, Condition]:
    """All conditions, if CIFAR-10 is available; else those that need no images."""
    from harness.spaces.image_batches import read_cifar10

    if options.data is not None and any(condition.reads_images for condition in conditions.values()):
        read_cifar10(options.data)
        return dict(conditions)
    left = {name: condition for name, condition in conditions.items() if not condition.reads_images}
    if len(left) < len(conditions):
        without = ", ".join(condition.words for name, condition in conditions.items() if name not in left)
        options.say(
            f"no CIFAR-10 here, so left out: {without}. For images give --data FOLDER (the binary version), or "
            "fetch it with nasinit pull cifar10"
        )
    if not left:
        raise SettingError("nothing of this study can be done without CIFAR-10")
    return left


def sample_size(options: StudyOptions, *, usual: int, quick: int, space: str = SPACE) -> int:
    """Number of architectures to score: the given number, all of the space, `quick`, or `usual`.

    Raises:
        SettingError: fewer than 3, which have no rank correlation.
    """
    if options.full:
        return len(open_space(space))
    count = quick if options.quick else usual if options.sample is None else options.sample
    if count < LEAST:
        raise SettingError(f"--sample must be at least {LEAST}, got {count}: fewer cells have no rank correlation")
    return count


def distinct_sample(space: Space, count: int, seed: int) -> list[Architecture]:
    """`count` random architectures in canonical form, no two of one form; fewer are the first of more.

    Args:
        space: the space.
        count: number of architectures.
        seed: seed of the draws.

    Raises:
        SettingError: more than the space has.
    """
    number = min(count, len(space))
    while True:
        found = list(dict.fromkeys(map(space.canonical, space.sample(number, seed))))
        if len(found) >= count:
            return found[:count]
        if number == len(space):
            raise SettingError(f"the space {space.name} has {len(found):,} networks, of which {count:,} are asked for")
        number = min(number + count, len(space))


def scored_sample(
    condition: Condition,
    proxies: Sequence[str],
    sample: int | Sequence[Architecture],
    options: StudyOptions,
) -> pd.DataFrame:
    """Scores of random cells, or of given ones, under a condition; scores in the store are not computed again."""
    store, setting = store_of(options), condition.setting(options.seed)
    space = open_space(condition.space)
    under = f"{condition.words} ({described(space, setting)})"
    cells = space.sample(sample, options.seed) if isinstance(sample, int) else sample
    options.say(f"scoring {len(cells):,} cells by {len(proxies)} proxies on {under}")
    with connected(options.scheduler) as client:
        return run(
            space, cells, proxies, setting=setting, data=options.data, store=store,
            batch=condition.batch(options.seed, options.data), progress=options.progress, client=client,
            shard=options.shard,
            workers=options.workers if client is None else 1,
        )  # fmt: skip


def finished_part(
    condition: Condition, proxies: Sequence[str], sample: Sequence[Architecture], options: StudyOptions
) -> list[Architecture]:
    """The architectures of a sample up to the first one whose scores are not all in the store: a random sample, too.

    Args:
        condition: how they are scored; with a batch that follows from the seed.
        proxies: names of the proxies; those that closed forms give need not be in the store.
        sample: architectures that are each the smallest that is the same network (`Space.minimal`).
        options: options of the study.
    """
    from harness.proxies.registry import resolve
    from harness.scoring.store import Store
    from harness.versions import installed

    with Store(store_of(options)) as store:
        number = store.setting_id(condition.space, condition.setting(options.seed), installed("torch"))
        there = [store.finished(number, proxy) for proxy in resolve(proxies) if not proxy.only_size]
    lacking = (place for place, one in enumerate(sample) if not all(str(one) in keys for keys in there))
    return list(sample[: next(lacking, len(sample))])


def store_of(options: StudyOptions) -> Path:
    """The SQLite file of a study's scores; its folder is made if it does not exist."""
    store = options.store or options.out / "scores.sqlite"
    make_folder(store.parent, "--store")
    return store


def say_shard(options: StudyOptions) -> None:
    """Print where the scores of a shard are, and how the study is made of all shards."""
    options.say(
        f"\nThe scores of this shard are in {store_of(options)}. When all shards are, put their stores together "
        "with nasinit store merge, and make the study from that --store, without --shard."
    )


def scores_given(
    options: StudyOptions, proxies: Sequence[str] | None, setting: Setting | None, space: str = SPACE
) -> GivenScores | None:
    """The scores that the user gave, by the given proxies or by all; None if the study is to compute its scores.

    Args:
        options: options of the study.
        proxies: names of the study's own proxies; None for all.
        setting: setting of the study's scores; None if it takes scores of any setting.
        space: name of the study's space.

    Raises:
        ScoresError: a file that cannot be read, has scores of another space or setting, or none by the proxies.
    """
    path = options.scores
    if path is None:
        return None
    given, origin = read_given(path, space, proxies)
    why = "and its tables say so. Give scores of that setting, or none: the study makes them"
    difference = "" if setting is None else setting_difference(path, given.setting, setting, why)
    options.say(f"scores: {origin}{difference}")
    frame = given.frame
    if "status" not in frame:  # a score without a status is one where there is a number
        from harness.scoring.scorer import NOT_FINITE, OK

        frame = frame.assign(status=frame["score"].notna().map({True: OK, False: NOT_FINITE}))
    return given._replace(frame=frame.reindex(columns=[*dict.fromkeys([*frame.columns, *COLUMNS])]))


def read_given(path: Path, space: str, proxies: Sequence[str] | None) -> tuple[GivenScores, str]:
    """The scores of a file, and a sentence on their origin.

    Args:
        path: a store, whose last run is read, or a CSV.
        space: name of the space that the scored architectures must belong to.
        proxies: names of the proxies whose scores are kept; None for all.

    Raises:
        ScoresError: a file that cannot be read, or holds scores of another space or by none of the proxies.
    """
    from harness.evaluation.matching import matched_scores

    found = read_scores(path, None)
    try:
        matched_scores(found.frame, open_space(space))
    except (ScoresError, SpaceError) as error:
        raise ScoresError(f"--scores {path} must hold scores of {space}: {error}") from error
    frame = found.frame if proxies is None else found.frame[found.frame["proxy"].isin(proxies)]
    if frame.empty:
        names = "any proxy" if proxies is None else f"some of {', '.join(proxies)}"
        raise ScoresError(f"--scores {path} must hold scores of {space} by {names}")
    return GivenScores(path.name, frame, found.setting), found.origin


def setting_difference(path: Path, theirs: Setting | None, ours: Setting, otherwise: str) -> str:
    """A clause on how the setting of given scores differs from the study's; empty if they are equal.

    Args:
        path: file of the scores.
        theirs: setting of the scores; None if the file has none.
        ours: setting of the study.
        otherwise: the end of the error's sentence: why other scores cannot be taken, and what to do.

    Raises:
        ScoresError: settings that differ in more than random draws and rounding.
    """
    if theirs is None:
        return f"; the file does not say its setting, which must be the study's: {ours.describe()}"
    names = ours.differs_in(theirs)
    there, here = (", ".join(f"{name} {one.flat().get(name)}" for name in names) for one in (theirs, ours))
    if set(names) <= set(_DRAWN_OTHERWISE):
        return f"; they were made with {there}, the study's own with {here}" if names else ""
    raise ScoresError(f"--scores {path} were made with {there}; the study's are with {here}, {otherwise}")
