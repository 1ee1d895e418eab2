"""Studies as data: what each shows, what it takes, and what it is made of. Nothing here computes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from harness.evaluation.columns import SPACE, TESTS

if TYPE_CHECKING:
    from pathlib import Path

    from harness.batches import Batch
    from harness.evaluation.searches.published import PublishedSearch
    from harness.setting import Setting
    from harness.studies.options import StudyOptions

DATASETS = tuple(TESTS.values())
"""The accuracies that studies of rank correlation rank by."""
SAMPLED = frozenset({"sample", "quick", "full", "seed", "workers", "store"})
"""Options of a study that scores a sample."""
SEARCHED = frozenset({"quick", "runs", "seed", "workers", "data", "scores"})
"""Options of a study that runs searches."""
SPEARMAN, KENDALL = "spearman", "kendall_tau_b"


@dataclass(frozen=True)
class Condition:
    """What scores are made under.

    Attributes:
        words: what it is called in tables and figures.
        changes: of `Setting`'s defaults.
        seeds_on: added to the study's seed, which the weights and all else that is drawn follow from.
        batch_seeds_on: added to the study's seed for the batch alone, which then does not change with the weights and
            is stored as a given one; None for a batch that follows from the same seed as the weights.
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    seeds_on: int = 0
    batch_seeds_on: int | None = None

    def setting(self, seed: int) -> Setting:
        """The setting of the benchmark networks under this condition."""
        from harness.setting import Setting
        from harness.spaces import open_space
        from harness.spaces.space import completed

        return completed(open_space(SPACE), Setting(**{"seed": seed + self.seeds_on, **self.changes}))

    def batch(self, seed: int, data: Path | None = None) -> Batch | None:
        """The batch of a seed of its own; None where the setting says how it is drawn."""
        if self.batch_seeds_on is None:
            return None
        from harness.spaces.image_batches import draw_images

        return draw_images(replace(self.setting(seed), seed=seed + self.batch_seeds_on), data)

    @property
    def reads_images(self) -> bool:
        """Whether it needs CIFAR-10."""
        return self.changes.get("input") == "cifar10"


IMAGES = Condition("CIFAR-10 images and labels", {"input": "cifar10", "labels": "true"})
NOISE = Condition("Gaussian noise and random labels", {"input": "gaussian", "labels": "random"})


class Published(NamedTuple):
    """One coefficient that a paper prints.

    Attributes:
        proxy: the name that it has here.
        column: of the table that it ranks.
        coefficient: `spearman` or `kendall_tau_b`.
        value: its sign turned where the paper's score is lower for better.
        source: the paper, and what is to be known of the number.
    """

    proxy: str
    column: str
    coefficient: str
    value: float
    source: str


def triple(
    proxy: str, columns: Sequence[str], values: Sequence[float], source: str, coefficient: str = SPEARMAN
) -> list[Published]:
    """One paper's numbers for several columns."""
    return [Published(proxy, column, coefficient, value, source) for column, value in zip(columns, values, strict=True)]


class Claim(NamedTuple):
    """What a paper says of Pearson's coefficient between the scores of a proxy under two conditions.

    Attributes:
        proxy: the name that it has here.
        first: condition.
        second: condition.
        words: as it is printed.
        low: least coefficient of which that is true.
        high: largest.
        source: the paper.
    """

    proxy: str
    first: str
    second: str
    words: str
    low: float
    high: float
    source: str

    def verdict(self, value: float, low: float, high: float) -> str:
        """Whether it holds for a coefficient, and whether its interval says otherwise."""
        held, reaching = self.low <= value <= self.high, low <= self.high and self.low <= high
        if held:
            return "holds" if self.low <= low and high <= self.high else "holds, our interval reaches beyond"
        return "does not hold, our interval reaches it" if reaching else "does not hold"


@dataclass(frozen=True)
class RankStudy:
    """A study of rank correlation: proxies scored under conditions, ranked by accuracies, with papers' figures.

    Attributes:
        shows: what its outcome shows, in a line.
        conditions: by a short name, which is part of file names.
        proxies: names, or `all`.
        published: of any proxies and columns.
        combined: combinations by rank that are shown too, by the names of `harness.proxies.combined`.
        sample: cells, where neither a number, nor `--quick`, nor `--full` is given.
        quick: cells of the quick form.
        columns: accuracies that are ranked by, as far as the table has them.
        between: whether to tell how the scores of two conditions agree.
        claims: of papers on that agreement.
        beyond: whether to tell what a proxy knows beyond size, and which are told apart from `params`.
        transfer: whether to tell in one table how scores under each condition rank each data set's accuracies.
    """

    shows: str
    conditions: Mapping[str, Condition]
    proxies: tuple[str, ...] = ("all",)
    published: tuple[Published, ...] = ()
    combined: tuple[str, ...] = ()
    sample: int = 500
    quick: int = 60
    columns: tuple[str, ...] = DATASETS
    between: bool = False
    claims: tuple[Claim, ...] = ()
    beyond: bool = False
    transfer: bool = False

    @property
    def takes(self) -> frozenset[str]:
        """Names of the options that it takes; scores made before stand in for those of a single condition."""
        return SAMPLED | {"table", "data"} | ({"scores"} if len(self.conditions) == 1 else set())

    @property
    def words(self) -> dict[str, str]:
        """Name of a condition to what it is called."""
        return {name: condition.words for name, condition in self.conditions.items()}


class TabulatedCell(NamedTuple):
    """One architecture, looked up in the table."""

    architecture: str


class Best(NamedTuple):
    """The highest value of each column; the columns' best cells differ."""


class Queried(NamedTuple):
    """A search that queries a table, or an exact row, by its name in `harness.evaluation.searches.table_searches`."""

    name: str


class Searched(NamedTuple):
    """A search by gradients.

    Attributes:
        method: as `nasinit list searches` names it.
        epochs: of the whole search; None for the preset's.
        after: the epoch whose choice counts; None for the last.
        runs: with as many seeds.
    """

    method: str
    epochs: int | None = None
    after: int | None = None
    runs: int = 3


class NotRun(NamedTuple):
    """Published only, and why."""

    reason: str


Ours: TypeAlias = "TabulatedCell | Best | Queried | Searched | NotRun"


class Row(NamedTuple):
    """A row of a table: its label, what we run for it, and what papers print."""

    label: str
    ours: Ours
    published: tuple[PublishedSearch, ...] = ()


@dataclass(frozen=True)
class SearchTable:
    """A paper's table of searches on NAS-Bench-201.

    Attributes:
        shows: what its outcome shows, in a line.
        rows: of the table, in its order.
    """

    shows: str
    rows: tuple[Row, ...]

    @property
    def takes(self) -> frozenset[str]:
        """Names of the options that it takes."""
        return SEARCHED | {"table"}


@dataclass(frozen=True)
class SingleStudy:
    """A study that is the only one of its kind.

    Attributes:
        shows: what its outcome shows, in a line.
        takes: names of the options that it takes.
        run: makes the outcome; what is heavy is imported when it is called.
    """

    shows: str
    takes: frozenset[str]
    run: Callable[[StudyOptions], None]


Study: TypeAlias = "RankStudy | SearchTable | SingleStudy"
