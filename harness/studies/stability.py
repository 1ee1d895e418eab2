"""Study: an ablation of the setting, one change at a time: seeds, inputs, init, batch norm, width, depth.

It has a part for NAS-Bench-201 and one for DARTS, and makes that of the table's space. The numbers next to ours are on
the seed of the weights alone; the setting that they were made under is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import RunError, SettingError
from harness.evaluation.columns import TESTS
from harness.progress import progress_bar
from harness.scoring.cluster.connection import connected
from harness.scoring.engine import close_pool, worker_pool
from harness.scoring.files import COLUMNS
from harness.scoring.runner import run
from harness.scoring.shards import checked_shard, dealt
from harness.spaces import open_space
from harness.studies import stability_darts
from harness.studies.kinds import KENDALL, SAMPLED, Condition, PublishedCoefficient, SingleStudy
from harness.studies.options import StudyOptions
from harness.studies.record import record
from harness.studies.samples import possible, sample_size, say_shard, scored_sample, store_of
from harness.writing import make_folder

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.evaluation.ablation import Ablation
    from harness.spaces.space import Architecture

SAMPLE, QUICK, TURN = 60, 20, 4
COLUMN = TESTS["cifar10"]
PROXIES = (
    "nwot", "synflow", "grad_norm", "snip", "fisher", "nasi_trace", "ntk_trace", "jacob_cov", "zen", "meco",
    "az_progressivity", "params", "flops",
)  # fmt: skip
BASE = "base"
CONDITIONS = {
    BASE: Condition("the base setting"),
    "weights": Condition("other weights", seeds_on=1, batch_seeds_on=0),
    "batch": Condition("another batch", batch_seeds_on=1),
    "uniform": Condition("uniform noise", {"input": "uniform"}),
    "cifar10": Condition("CIFAR-10 images", {"input": "cifar10"}),
    "kaiming": Condition("Kaiming init", {"init": "kaiming_fan_in"}),
    "bn_eval": Condition("eval mode", {"bn": "eval"}),
    "batch_16": Condition("batch of 16", {"batch_size": 16}),
    "width_8": Condition("width 8", {"width": 8}),
    "width_4": Condition("width 4", {"width": 4}),
    "depth_3": Condition("depth 3", {"depth": 3}),
    "depth_1": Condition("depth 1", {"depth": 1}),
}
WORDS = {name: condition.words for name, condition in CONDITIONS.items() if name != BASE}
SMALLER = {
    "width C": (("width_8", "8"), ("width_4", "4")),
    "cells a stage N": (("depth_3", "3"), ("depth_1", "1")),
}
"""Conditions with smaller networks than the base of C = 16 and N = 5."""
_SEEN_TAU = {"synflow": 1.00, "nwot": 0.94, "grad_norm": 0.92, "ntk_trace": 0.87, "az_progressivity": 0.61}
SEEN_IN_TRIALS = tuple(
    PublishedCoefficient(proxy, WORDS["weights"], KENDALL, value, "seen in trials, setting not stated")
    for proxy, value in _SEEN_TAU.items()
)
"""Kendall's τ between two seeds of the weights: numbers that were seen in trials, not in a paper."""
_READING = (
    "Every setting differs from the base in what its heading names and in nothing else. *Ranking*: Spearman with the "
    "{accuracy}, over the cells that have both scores; the difference is paired, on the same "
    "resamples of the cells, and has a star where Holm's correction over all rows of all tables tells it from 0 "
    "(p < 0.05). *Seconds*: what a proxy would take alone, its measurements included, as a share of the same cell's in "
    "the base, the median over the cells; a measurement that several proxies read counts for each of them, building "
    "the network for none. A dash: less than a millisecond."
)


@dataclass(frozen=True)
class Part:
    """The study on one space.

    Attributes:
        conditions: conditions by a short name, the base among them.
        proxies: names of the proxies.
        columns: columns to rank by, the first that the table has, with what each is called.
        smaller: conditions with smaller networks than the base, by what is smaller.
        seen: numbers next to ours, for two draws of the weights.
        tabulated: whether the architectures are the first of the table and not a random sample of the space.
    """

    conditions: Mapping[str, Condition]
    proxies: Sequence[str]
    columns: Mapping[str, str]
    smaller: Mapping[str, Sequence[tuple[str, str]]]
    seen: Sequence[PublishedCoefficient] = ()
    tabulated: bool = False

    def column(self, table: Table) -> str:
        """The column of the table that is ranked by; SettingError where it has none of them."""
        for name in self.columns:
            if name in table.column_names:
                return name
        raise SettingError(f"table {table.facts.name!r} has no column {' or '.join(self.columns)}")

    def architectures(self, table: Table, sample: int) -> int | list[Architecture]:
        """The size of a random sample, or the first architectures of the table."""
        if not self.tabulated:
            return sample
        space = open_space(table.facts.space)
        return [space.parse(key) for key in table.keys[:sample]]


def part_of(table: Table) -> Part:
    """The part of the study for a table's space."""
    if table.facts.space == stability_darts.SPACE:
        return Part(
            stability_darts.CONDITIONS, stability_darts.PROXIES, stability_darts.COLUMNS, stability_darts.SMALLER,
            tabulated=True,
        )  # fmt: skip
    return Part(CONDITIONS, PROXIES, {COLUMN: "test accuracy after 200 epochs"}, SMALLER, SEEN_IN_TRIALS)


def run_stability(options: StudyOptions) -> None:
    """Score the sample under every condition, and write the effect of each change on the ranking into `out`.

    Raises:
        SettingError: before anything is scored: too small a sample, a table without the accuracy, no CIFAR-10 in
            `data`, or a folder that cannot be made or written in.
    """
    from harness.evaluation import open_table
    from harness.evaluation.ablation import ablate
    from harness.report.files import write_csv, write_text
    from harness.report.tables.ablation import agreement_sheet
    from harness.report.tables.text import sheet_text

    sample = sample_size(options, usual=SAMPLE, quick=QUICK)
    table = open_table(options.table)
    part = part_of(table)
    column, cells = part.column(table), part.architectures(table, sample)
    conditions = possible(part.conditions, options)
    make_folder(options.out, "--out")
    score_by_turns(conditions, cells, options, part.proxies)
    if options.shard is not None:
        say_shard(options)
        return
    frames = {}
    for name, condition in conditions.items():
        frames[name] = scored_sample(condition, part.proxies, cells, options)[list(COLUMNS)]
        write_csv(frames[name], options.out / f"scores_{name}.csv.gz")
    words = {name: condition.words for name, condition in part.conditions.items() if name != BASE}
    found = ablate(frames, table, column, base=BASE, words=words)
    seeds = between_seeds(found, part.seen)
    write_csv(found.frame, options.out / "stability.csv")
    write_csv(seeds, options.out / "seeds.csv")
    write_text(tables(found, seeds, part.columns[column]), options.out / "tables.md")
    _draw(found, options, part.smaller)
    facts = {"sample": sample if isinstance(cells, int) else len(cells), "column": column}
    write_text(_record(conditions, table, facts, options), options.out / "study.json")
    options.say(f"\n{sheet_text(agreement_sheet(found))}")
    options.say(f"\nIn {options.out}: scores, stability.csv, seeds.csv, tables.md and figures; study.json says how.")


def score_by_turns(
    conditions: Mapping[str, Condition],
    sample: int | Sequence[Architecture],
    options: StudyOptions,
    proxies: Sequence[str] | None = None,
) -> None:
    """Score the sample into the store, `TURN` cells under every condition before the next ones.

    So other load on the machine slows all conditions alike, and a study that is stopped has the same cells under each
    of them. If a worker dies, the rest is left to `scored_sample`, which survives that. A shard has a part of the
    turns; there a worker that dies ends the run, and the same command goes on.
    """
    space = open_space(next(iter(conditions.values())).space)
    cells = space.sample(sample, options.seed) if isinstance(sample, int) else sample
    turns = [cells[start : start + TURN] for start in range(0, len(cells), TURN)]
    if options.shard is not None:
        turns = dealt(turns, checked_shard(options.shard))
    pool = None if options.scheduler else worker_pool(options.workers)
    try:
        with connected(options.scheduler) as client, _bar(options, len(turns) * len(conditions)) as advance:
            for turn in turns:
                for condition in conditions.values():
                    run(
                        space, turn, proxies or PROXIES, setting=condition.setting(options.seed), data=options.data,
                        batch=condition.batch(options.seed, options.data), store=store_of(options),
                        workers=1 if pool is None else options.workers, executor=pool, client=client,
                    )  # fmt: skip
                    advance()
    except RunError as error:
        if options.shard is not None:
            raise
        options.say(f"no turns any more: {error}")
    finally:
        if pool is not None:
            close_pool(pool, kill=True)


def _bar(options: StudyOptions, steps: int) -> AbstractContextManager[Callable[[], None]]:
    return progress_bar(steps) if options.progress else nullcontext(lambda: None)


def between_seeds(found: Ablation, seen: Sequence[PublishedCoefficient] = SEEN_IN_TRIALS) -> pd.DataFrame:
    """Kendall's τ-b between two draws of the weights, next to the numbers from trials; a row for each of these."""
    from harness.studies.rank.rank_study import ours_and_published

    rows = ours_and_published({WORDS["weights"]: found.frame[found.frame["setting"] == "weights"]}, seen)
    return rows[rows["coefficient"] == KENDALL].reset_index(drop=True)


def tables(found: Ablation, seeds: pd.DataFrame, accuracy: str = "test accuracy after 200 epochs") -> str:
    """All tables as Markdown; `accuracy` is what the proxies rank."""
    from harness.report.tables.ablation import agreement_sheet, change_sheet
    from harness.report.tables.beside_published import published_sheets
    from harness.report.tables.sheet import sheet_markdown

    parts = [
        "## Agreement with the base setting",
        sheet_markdown(agreement_sheet(found)),
        *(["## Two draws of the weights", *map(sheet_markdown, published_sheets(seeds))] if len(seeds) else []),
        "## Each change",
        _READING.format(accuracy=accuracy),
        *(sheet_markdown(change_sheet(found, name)) for name in found.words),
    ]
    return "\n\n".join(parts) + "\n"


def _draw(found: Ablation, options: StudyOptions, smaller: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    from harness.report.figures.heat_map import heat_map
    from harness.report.figures.loss_and_saving import loss_and_saving
    from harness.report.files import save_pictures
    from harness.report.tables.ablation import by_setting

    for stem, value in (("agreement", "spearman"), ("difference", "difference")):
        save_pictures(heat_map(by_setting(found, value)), options.out / stem)
    save_pictures(loss_and_saving(found, smaller), options.out / "loss_and_saving")


def _record(conditions: dict[str, Condition], table: Table, facts: Mapping[str, Any], options: StudyOptions) -> str:
    settings = {name: condition.setting(options.seed) for name, condition in conditions.items()}
    batch_seeds = {
        name: options.seed + condition.batch_seeds_on
        for name, condition in conditions.items()
        if condition.batch_seeds_on is not None
    }
    return record(settings, table, data=options.data, **facts, batch_seeds=batch_seeds)


STUDY = SingleStudy(
    "what a proxy's ranking owes to seeds, inputs, init, batch norm's mode and size",
    SAMPLED | {"table", "data"},
    run_stability,
)
