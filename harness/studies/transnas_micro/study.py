"""Study: which proxies transfer over the seven tasks of TransNAS-Bench-101, on its micro space.

The sample is one of networks: cells that are the smallest of all that are the same network, in random order. Each is
built as a classifier of scenes, and its scores are ranked by each of the seven tasks that the cell was trained on.
Networks are smaller than the table's, 16 channels after the stem and images of 64 × 64 pixels, which is a choice for a
CPU: the table's have 64 channels and 256 × 256 pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SAMPLED, Condition, SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from harness.evaluation.matrix import Matrix
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

    Scores in the store, or given ones, are not computed again. With a shard its scores are all that is made.

    Raises:
        SettingError: too small a sample, or a folder that cannot be made or written in.
        TableError: the table is not here, or damaged.
        ScoresError: given scores of another space or setting, or of none of the proxies.
    """
    from harness.evaluation import open_table
    from harness.report.files import write_csv, write_text
    from harness.scoring.files import COLUMNS
    from harness.studies.record import record
    from harness.studies.samples import sample_size, say_shard, scored_sample, scores_given
    from harness.studies.transnas_micro.results import find, networks
    from harness.writing import make_folder

    sample = sample_size(options, usual=SAMPLE, quick=QUICK, space=SPACE)
    table = open_table(TABLE)
    setting = CONDITION.setting(options.seed)
    given = scores_given(options, PROXIES, setting, SPACE)
    make_folder(options.out, "--out")
    frame = scored_sample(CONDITION, PROXIES, networks(sample, options.seed), options) if given is None else given.frame
    if options.shard is not None:
        say_shard(options)
        return
    facts: dict[str, Any] = {"sample": frame["architecture"].nunique()}
    if given is None:
        write_csv(frame[list(COLUMNS)], options.out / "scores.csv.gz")
    else:
        setting, stated = given.recorded(setting)
        facts |= {"scores": given.name, "scores_setting": stated}
    found = find(frame, table, CONDITION.words, setting.shape, resamples=100 if options.quick else 1000)
    _write(found, options)
    write_text(record({"gaussian": setting}, table, **facts), options.out / "study.json")
    options.say(f"\nIn {options.out}: tables.md, by_task.csv and other frames, and figures; study.json says how.")


def _write(found: Results, options: StudyOptions) -> None:
    from harness.report.figures.beside_published import beside_published
    from harness.report.figures.heat_map import heat_map
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.report.tables.matrix import numbers_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.report.tables.transnas_micro import by_task_sheet, transfer_summary_sheet
    from harness.studies.transnas_micro.results import POOLS

    out = options.out
    frames = {"by_task": found.by_task, "retrained": found.retrained, "comparison": found.beside.frame}
    for name, frame in frames.items():
        write_csv(frame, out / f"{name}.csv")
    matrices = _matrices(found)
    for name, matrix in matrices.items():
        if not name.startswith("by_task"):
            write_csv(matrix.frame.reset_index(names="task"), out / f"{name}.csv")
        save_pictures(heat_map(matrix), out / name)
    save_pictures(beside_published(found.beside), out / "comparison")
    shown = [transfer_summary_sheet(found.by_task, pool, words) for pool, words in POOLS.items()]
    sheets = [
        *shown,
        *(by_task_sheet(found.by_task, found.retrained, pool, words) for pool, words in POOLS.items()),
        *(numbers_sheet(matrix) for name, matrix in matrices.items() if not name.startswith("by_task")),
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
    return matrices


STUDY = SingleStudy(
    "which proxies transfer over the seven tasks of TransNAS-Bench-101, and how far one training ranks another",
    SAMPLED | {"scores"},
    run_transnas_micro,
)
