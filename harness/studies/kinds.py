"""Kinds of studies, as records: conditions, proxies, rows and published numbers. Nothing here computes anything."""

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
"""Columns of the accuracies that studies of rank correlation rank by."""
SAMPLED = frozenset({"sample", "quick", "full", "seed", "workers", "scheduler", "shard", "store"})
"""Options of a study that scores a sample."""
SEARCHED = frozenset({"quick", "runs", "seed", "workers", "scheduler", "shard", "data", "scores"})
"""Options of a study that runs searches."""
SPEARMAN, KENDALL = "spearman", "kendall_tau_b"


@dataclass(frozen=True)
class Condition:
    """Condition of a study: the setting and the batch under which architectures are scored.

    Attributes:
        words: name of the condition in tables and figures.
        changes: fields of `Setting` that differ from its defaults, by name.
        seeds_on: number to add to the study's seed, from which the weights and all other random numbers follow.
        batch_seeds_on: number to add to the study's seed for the batch alone, which then does not depend on the seed of
            the weights and is stored as a given batch; None for a batch that follows from the seed of the weights.
        space: name of the space of the architectures.
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    seeds_on: int = 0
    batch_seeds_on: int | None = None
    space: str = SPACE

    def setting(self, seed: int) -> Setting:
        """The setting of the space's networks under this condition."""
        from harness.setting import Setting
        from harness.spaces import open_space
        from harness.spaces.space import completed

        return completed(open_space(self.space), Setting(**{"seed": seed + self.seeds_on, **self.changes}))

    def batch(self, seed: int, data: Path | None = None) -> Batch | None:
        """The batch, if it has a seed of its own; else None, and the setting draws it."""
        if self.batch_seeds_on is None:
            return None
        from harness.spaces.image_batches import draw_images

        return draw_images(replace(self.setting(seed), seed=seed + self.batch_seeds_on), data)

    @property
    def reads_images(self) -> bool:
        """Whether the condition needs CIFAR-10 images."""
        return self.changes.get("input") == "cifar10"


IMAGES = Condition("CIFAR-10 images and labels", {"input": "cifar10", "labels": "true"})
NOISE = Condition("Gaussian noise and random labels", {"input": "gaussian", "labels": "random"})


class PublishedCoefficient(NamedTuple):
    """A rank correlation that a paper prints.

    Attributes:
        proxy: name of the proxy in this package.
        column: column of the table that the proxy ranks.
        coefficient: `spearman` or `kendall_tau_b`.
        value: the printed value; its sign is flipped if a lower score is better in the paper.
        source: the paper, and remarks on the number.
    """

    proxy: str
    column: str
    coefficient: str
    value: float
    source: str


def triple(
    proxy: str, columns: Sequence[str], values: Sequence[float], source: str, coefficient: str = SPEARMAN
) -> list[PublishedCoefficient]:
    """One paper's coefficients of a proxy for several columns."""
    return [
        PublishedCoefficient(proxy, column, coefficient, value, source)
        for column, value in zip(columns, values, strict=True)
    ]


class Claim(NamedTuple):
    """A paper's claim on Pearson's coefficient between the scores of a proxy under two conditions.

    Attributes:
        proxy: name of the proxy in this package.
        first: name of the first condition.
        second: name of the second condition.
        words: the claim as the paper prints it.
        low: smallest coefficient for which the claim holds.
        high: largest coefficient for which the claim holds.
        source: the paper and its figure.
    """

    proxy: str
    first: str
    second: str
    words: str
    low: float
    high: float
    source: str

    def verdict(self, value: float, low: float, high: float) -> str:
        """Whether the claim holds for our coefficient, and whether our interval [low, high] agrees with that."""
        held, reaching = self.low <= value <= self.high, low <= self.high and self.low <= high
        if held:
            return "holds" if self.low <= low and high <= self.high else "holds, our interval reaches beyond"
        return "does not hold, our interval reaches it" if reaching else "does not hold"


@dataclass(frozen=True)
class RankStudy:
    """A study of rank correlation: proxies scored under conditions and ranked, next to published coefficients.

    Attributes:
        shows: one line on the results, for the list of studies.
        conditions: conditions by a short name, which is part of file names.
        proxies: names of proxies, or `all`.
        published: published coefficients of any proxies and columns.
        combined: names of rank combinations in `harness.proxies.combined` that are ranked too.
        sample: number of cells, unless a number, `--quick` or `--full` is given.
        quick: number of cells of the quick form.
        columns: names of the accuracies to rank by; those that the table lacks are left out.
        between: whether to report the agreement of the scores under each two conditions.
        claims: claims of papers on that agreement.
        beyond: whether to report partial correlations beyond size, and which proxies differ from `params`.
        transfer: whether to report how the scores under each condition rank each data set's accuracies.
        cells: what its architectures are called in captions.
        reference: what legends call the published coefficients.
        release: the official release whose conversion must be given as the table; empty for a study that has a table by
            default.
    """

    shows: str
    conditions: Mapping[str, Condition]
    proxies: tuple[str, ...] = ("all",)
    published: tuple[PublishedCoefficient, ...] = ()
    combined: tuple[str, ...] = ()
    sample: int = 500
    quick: int = 60
    columns: tuple[str, ...] = DATASETS
    between: bool = False
    claims: tuple[Claim, ...] = ()
    beyond: bool = False
    transfer: bool = False
    cells: str = "NAS-Bench-201 cells"
    reference: str = "published"
    release: str = ""

    @property
    def space(self) -> str:
        """The name of the space of its architectures."""
        return next(iter(self.conditions.values())).space

    @property
    def takes(self) -> frozenset[str]:
        """Names of the options of this study; given scores can replace those of a single condition."""
        known = {"known"} if self.space == SPACE else set()
        return SAMPLED | {"table", "data"} | known | ({"scores"} if len(self.conditions) == 1 else set())

    @property
    def words(self) -> dict[str, str]:
        """Printed name of each condition, by its short name."""
        return {name: condition.words for name, condition in self.conditions.items()}


class TabulatedCell(NamedTuple):
    """A row for one architecture, looked up in the table."""

    architecture: str


class Best(NamedTuple):
    """A row for the highest value of each column; the best cell differs between columns."""


class LargestOf(NamedTuple):
    """A row for the cell with the most parameters among random ones: what a search that sees the size alone finds."""

    among: int


class AllConvolutions(NamedTuple):
    """A row for the cells with a convolution on every edge: what a search that only avoids the rest finds."""


class Queried(NamedTuple):
    """A row for a search that queries a table, or an exact row, by its name in `table_searches`."""

    name: str


class Searched(NamedTuple):
    """A row for a search by gradients.

    Attributes:
        method: name of the search, as `nasinit list searches` prints it.
        epochs: number of epochs of the search; None for the preset's.
        after: the epoch whose architecture is taken; None for the last.
        runs: number of seeds.
        preset: name of the preset; that of the paper is the only one whose numbers may be compared with the paper's.
    """

    method: str
    epochs: int | None = None
    after: int | None = None
    runs: int = 3
    preset: str = "laptop"


class NotRun(NamedTuple):
    """A row that is published only, and the reason why we do not run it."""

    reason: str


Ours: TypeAlias = "TabulatedCell | Best | LargestOf | AllConvolutions | Queried | Searched | NotRun"


class Row(NamedTuple):
    """A row of a table of searches: its label, our counterpart, and the published numbers."""

    label: str
    ours: Ours
    published: tuple[PublishedSearch, ...] = ()


@dataclass(frozen=True)
class SearchTable:
    """A paper's table of searches on NAS-Bench-201.

    Attributes:
        shows: one line on the results, for the list of studies.
        rows: rows of the table, in its order.
    """

    shows: str
    rows: tuple[Row, ...]

    @property
    def takes(self) -> frozenset[str]:
        """Names of the options of this study; recorded steps can replace NASI's searches."""
        nasi = any(isinstance(row.ours, Searched) and row.ours.method.startswith("nasi") for row in self.rows)
        return SEARCHED | {"table", "finished"} | ({"steps"} if nasi else set())


@dataclass(frozen=True)
class SingleStudy:
    """A study that is the only one of its kind.

    Attributes:
        shows: one line on the results, for the list of studies.
        takes: names of the options of this study.
        run: function that makes the study; it imports heavy packages only when it is called.
        source: what lies in the folder of its option `data`: `cifar10`, or `restoration`, sets of images.
    """

    shows: str
    takes: frozenset[str]
    run: Callable[[StudyOptions], None]
    source: str = "cifar10"


Study: TypeAlias = "RankStudy | SearchTable | SingleStudy"
