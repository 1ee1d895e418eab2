"""Study: the ranking of all proxies on the whole of NAS-Bench-201, and what stands behind it.

It takes the known scores that come with the package, or a larger part that `nasinit store table` made. It computes no
scores, so that its page is made again by the same command when more of the space is scored.
"""

from __future__ import annotations

from harness.errors import SettingError
from harness.scoring.provenance import PROVENANCE
from harness.setting import Setting
from harness.studies.kinds import DATASETS, SingleStudy
from harness.studies.options import StudyOptions
from harness.studies.record import record
from harness.writing import make_folder


def run_whole_space(options: StudyOptions) -> None:
    """Write all tables, figures and the page (`README.md`) of the study into `out`.

    Raises:
        SettingError: a table without all accuracies, or a folder that cannot be written in.
        TableError: a table, or a file of known scores, that is not there or is damaged.
    """
    from harness.evaluation import open_table
    from harness.evaluation.known.scores import known_scores, said_cells
    from harness.report.files import write_text
    from harness.studies.whole_space.page import write_page
    from harness.studies.whole_space.results import whole_space
    from harness.studies.whole_space.writing import write_results

    table = open_table(options.table)
    if missing := [name for name in DATASETS if name not in table.column_names]:
        raise SettingError(f"table {options.table!r} has no {', '.join(missing)}")
    known = known_scores(path=options.scores)
    make_folder(options.out, "--out")
    options.say(f"known scores: {said_cells(known)}")
    found = whole_space(known, table, resamples=200 if options.quick else 1000)
    write_results(found, options.out)
    setting = Setting.from_json(known.attrs["setting"])
    scores = known.attrs[PROVENANCE]["table"]
    write_text(record({"scores": setting}, table, scores=scores, columns=list(DATASETS)), options.out / "study.json")
    write_page(found, options.out)
    options.say(f"\nIn {options.out}: README.md, the page, with its tables and figures; study.json says how.")


STUDY = SingleStudy(
    "every proxy on all cells of NAS-Bench-201: sizes, the best, the ceiling, and the pools of papers",
    frozenset({"table", "quick", "scores"}),
    run_whole_space,
)
