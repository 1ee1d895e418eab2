"""Study: which proxies transfer over the seven tasks of TransNAS-Bench-101, on its micro space.

The sample is one of networks: cells that are the smallest of all that are the same network, in random order. Each is
built as a classifier of scenes, and its scores are ranked by each of the seven tasks that the cell was trained on. A
part of them is built as the networks of five of these tasks, too, and scored with the task's loss (`own`).
Networks are smaller than the table's, 16 channels after the stem and images of 64 × 64 pixels, which is a choice for a
CPU: the table's have 64 channels and 256 × 256 pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SAMPLED, Condition, SingleStudy
from harness.studies.options import StudyOptions
from harness.studies.transnas_micro.own import CLAIMED, OWN, SHARE

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation.matrix import Matrix
    from harness.spaces.space import Architecture
    from harness.studies.transnas_micro.results import Results

SPACE, TABLE = "transnas-micro", "transnasbench101-micro"
SAMPLE, QUICK = 400, 30
PROXIES = (
    "grad_norm", "nasi_trace", "snip", "plain", "fisher", "l2_norm", "synflow", "logsynflow", "jacob_cov", "epe_nas",
    "nwot", "swap", "meco", "zen", "zico", "l_swag", "near", "wrcor", "params", "flops",
)  # fmt: skip
CONDITION = Condition("Gaussian noise, C = 16 and 64 × 64 pixels", {"width": 16, "image_size": 64}, space=SPACE)


def run_transnas_micro(options: StudyOptions) -> None:
    """Score a sample of the space, rank it by every task, and write tables and figures into `out`.

    Scores in the store, or given ones, are not computed again; with given ones the networks of the tasks are left out.
    With a shard its scores are all that is made. With `finished` the networks up to the first that is not scored are
    taken, of the sample and of each task's part of it.

    Raises:
        SettingError: too small a sample, nothing that is finished, or a folder that cannot be made or written in.
        TableError: the table is not here, or damaged.
        ScoresError: given scores of another space or setting, or of none of the proxies.
    """
    from harness.evaluation import open_table
    from harness.report.files import write_csv, write_text
    from harness.scoring.files import COLUMNS
    from harness.studies.record import record
    from harness.studies.samples import sample_size, say_shard, scores_given
    from harness.studies.transnas_micro.results import find
    from harness.writing import make_folder

    sample = sample_size(options, usual=SAMPLE, quick=QUICK, space=SPACE)
    table = open_table(TABLE)
    settings = {"gaussian": CONDITION.setting(options.seed)}
    given = scores_given(options, PROXIES, settings["gaussian"], SPACE)
    make_folder(options.out, "--out")
    frame, own = (given.frame, {}) if given is not None else _scored(sample, options)
    if options.shard is not None:
        say_shard(options)
        return
    facts: dict[str, Any] = {"sample": frame["architecture"].nunique()}
    if given is None:
        write_csv(frame[list(COLUMNS)], options.out / "scores.csv.gz")
        write_csv(_together(own), options.out / "own_scores.csv.gz")
        settings |= {task: OWN[task].condition.setting(options.seed) for task in own}
        facts["own_sample"] = {task: part["architecture"].nunique() for task, part in own.items()}
    else:
        settings["gaussian"], stated = given.recorded(settings["gaussian"])
        facts |= {"scores": given.name, "scores_setting": stated}
        options.say("the tasks' own networks are left out: their scores are not in the given file")
    resamples = 100 if options.quick else 1000
    found = find(frame, table, CONDITION.words, settings["gaussian"].shape, own=own, resamples=resamples)
    _write(found, options)
    write_text(record(settings, table, **facts), options.out / "study.json")
    options.say(f"\nIn {options.out}: tables.md, by_task.csv and other frames, and figures; study.json says how.")


def _scored(sample: int, options: StudyOptions) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Scores of the networks as classifiers of scenes, and by task those of a part of them as the task's own network.

    Raises:
        SettingError: with `finished`, fewer than three classifiers that are finished.
    """
    from harness.errors import SettingError
    from harness.studies.samples import LEAST, finished_part, scored_sample
    from harness.studies.transnas_micro.results import networks

    def scores(condition: Condition, proxies: Sequence[str], cells: Sequence[Architecture]) -> pd.DataFrame | None:
        chosen = finished_part(condition, proxies, cells, options) if options.finished else cells
        return None if len(chosen) < LEAST else scored_sample(condition, proxies, chosen, options)

    cells = networks(sample, options.seed)
    frame = scores(CONDITION, PROXIES, cells)
    if frame is None:
        raise SettingError(f"fewer than {LEAST} networks are scored: give no --finished, and they are")
    part = cells[: own_sample(len(cells))]
    own = {
        task: scores(one.condition, [name for name in PROXIES if name not in one.refused], part)
        for task, one in OWN.items()
    }
    return frame, {task: found for task, found in own.items() if found is not None}


def own_sample(sample: int) -> int:
    """Number of networks of a sample that are scored as each task's own network, too."""
    from harness.studies.samples import LEAST

    return max(LEAST, sample // SHARE)


def _together(own: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    from harness.scoring.files import COLUMNS

    parts = [pd.DataFrame(columns=["task", *COLUMNS]), *(part.assign(task=task) for task, part in own.items())]
    return pd.concat([part[["task", *COLUMNS]] for part in parts if len(part) or not own], ignore_index=True)


def _write(found: Results, options: StudyOptions) -> None:
    from harness.report.figures.beside_published import beside_published
    from harness.report.figures.heat_map import heat_map
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.report.tables.claims import claims_sheet
    from harness.report.tables.matrix import numbers_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.report.tables.transnas_micro import (
        by_task_sheet,
        own_coefficients_sheet,
        own_sheet,
        transfer_summary_sheet,
    )
    from harness.studies.searches.claims import claims_frame
    from harness.studies.transnas_micro.own_results import own_claims
    from harness.studies.transnas_micro.results import POOLS

    out = options.out
    frames = {"by_task": found.by_task, "retrained": found.retrained, "comparison": found.beside.frame}
    if found.own is not None:
        frames |= {"own": found.own.frame, "own_means": found.own.means, "claims": claims_frame(own_claims(found.own))}
    for name, frame in frames.items():
        write_csv(frame, out / f"{name}.csv")
    matrices = _matrices(found)
    for name, matrix in matrices.items():
        if not name.startswith(("by_task", "own")):
            write_csv(matrix.frame.reset_index(names="task"), out / f"{name}.csv")
        save_pictures(heat_map(matrix), out / name)
    save_pictures(beside_published(found.beside), out / "comparison")
    shown_otherwise = ("own", *(f"by_task_{pool}" for pool in POOLS))
    shown = [transfer_summary_sheet(found.by_task, pool, words) for pool, words in POOLS.items()]
    if found.own is not None:
        there = {pool: words for pool, words in POOLS.items() if pool in set(found.own.frame["pool"])}
        shown += [own_sheet(found.own.frame, found.own.means, pool, words) for pool, words in there.items()]
        shown += [own_coefficients_sheet(found.own.frame, pool, words) for pool, words in there.items()]
    sheets = [
        *shown,
        *([] if found.own is None else [claims_sheet(frames["claims"])]),
        *(by_task_sheet(found.by_task, found.retrained, pool, words) for pool, words in POOLS.items()),
        *(numbers_sheet(matrix) for name, matrix in matrices.items() if name not in shown_otherwise),
    ]
    write_text("\n\n".join(map(sheet_markdown, sheets)) + "\n", out / "tables.md")
    options.say("\n" + "\n\n".join(map(sheet_text, shown)))


def _matrices(found: Results) -> dict[str, Matrix]:
    from harness.evaluation.matrix import Matrix
    from harness.studies.transnas_micro.results import CELLS, POOLS, RETRAINED

    matrices = {
        f"tasks_{pool}": Matrix(frame, f"Spearman between the tasks' test values, {CELLS[pool]}", -1, 1, 2)
        for pool, frame in found.tasks.items()
    }
    matrices["orders"] = Matrix(found.orders, "Spearman between tasks over the proxies' coefficients", -1, 1, 2)
    for pool, words in POOLS.items():
        of_this = found.by_task[found.by_task["pool"] == pool]
        wide = of_this.pivot(index="proxy", columns="task", values="spearman")
        again = found.retrained[found.retrained["pool"] == pool].set_index("task")["spearman"]
        wide.loc[RETRAINED] = again
        ordered = wide.loc[wide.mean(axis=1).sort_values(ascending=False).index, list(found.rankings[pool])]
        matrices[f"by_task_{pool}"] = Matrix(ordered, f"Spearman with the task's test value, {words}", -1, 1, 2)
    if found.own is not None and CLAIMED in set(found.own.frame["pool"]):
        of_this = found.own.frame[found.own.frame["pool"] == CLAIMED]
        for name, values, label in (
            ("own", "difference", "Spearman by the task's own network less that by scenes"),
            ("own_agreement", "agreement", "Spearman between scores of the task's own network and of scenes"),
        ):
            wide = of_this.pivot(index="proxy", columns="task", values=values)
            ordered = wide.loc[list(dict.fromkeys(of_this["proxy"])), list(dict.fromkeys(of_this["task"]))]
            matrices[name] = Matrix(ordered, f"{label}, {POOLS[CLAIMED]}", -1, 1, 2)
    return matrices


STUDY = SingleStudy(
    "which proxies transfer over TransNAS-Bench-101's seven tasks, and whether a task's own network ranks it better",
    SAMPLED | {"scores", "finished"},
    run_transnas_micro,
)
