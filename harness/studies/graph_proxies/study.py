"""Study: training-free proxies on the graph networks of NAS-Bench-Graph, beside sizes, depth and a two-layer GCN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from harness.evaluation.ranking import Ranking
    from harness.studies.graph_proxies.scored import GraphScores

MOST, QUICK = 1000, 12
LEAST_BEYOND = 50
"""Fewest networks of which partial correlations are shown."""
_QUICK_CONDITIONS = ("gaussian_cora", "gaussian_arxiv")


def run_graph_proxies(options: StudyOptions) -> None:
    """Score random architectures on each graph, and write what their scores say into `out`.

    Raises:
        SettingError: too small a sample, nothing that is finished, or a folder that cannot be made or written in.
        InstallationError: no PyTorch Geometric.
        TableError: the package of the tables is not installed.
    """
    from harness.evaluation import open_table
    from harness.spaces.nasbench_graph.network import check_torch_geometric
    from harness.studies.graph_proxies import results
    from harness.studies.graph_proxies.conditions import CONDITIONS
    from harness.studies.graph_proxies.scored import graphs_folder, refusals, scored, there
    from harness.studies.samples import LEAST
    from harness.writing import make_folder

    check_torch_geometric()
    count = QUICK if options.quick else MOST if options.full else options.sample
    if count is not None and not LEAST <= count:
        raise SettingError(f"--sample must be at least {LEAST}, got {count}: fewer networks have no rank correlation")
    wanted = {name: one for name, one in CONDITIONS.items() if not options.quick or name in _QUICK_CONDITIONS}
    folder = graphs_folder(options)
    conditions = there(wanted, folder, options)
    tables = {name: open_table(one.table) for name, one in conditions.items()}
    make_folder(options.out, "--out")
    scores: dict[str, GraphScores] = {}
    for name, one in conditions.items():
        found = scored(one, count or one.cells, folder, options)
        if found is None or found.cells < LEAST:
            options.say(f"{one.words}: fewer than {LEAST} networks are finished, so left out")
            continue
        scores[name] = found
    if not scores:
        raise SettingError("nothing of this study is finished: give no --finished, and it is made")
    rankings = {name: results.ranking_of(one, tables[name], conditions[name].column) for name, one in scores.items()}
    validation = {
        name: results.ranking_of(one, tables[name], conditions[name].validation, resamples=1)
        for name, one in scores.items()
    }
    frames = {
        "coefficients": results.coefficients(rankings, validation),
        "gcn": results.beside_gcn(rankings, scores),
        "closed_forms": results.of_closed_forms(),
        "data_sets": results.between_data_sets(),
        "agreement": results.between_graphs(scores),
        "images": results.on_images(),
        "refused": refusals(),
    }
    _write(options, scores, rankings, frames)


def _write(
    options: StudyOptions,
    scores: dict[str, GraphScores],
    rankings: dict[str, Ranking],
    frames: dict[str, pd.DataFrame],
) -> None:
    from harness.evaluation import open_table
    from harness.evaluation.columns import table_facts
    from harness.report.figures.heat_map import heat_map
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.report.tables import graph_proxies as sheets
    from harness.report.tables.matrix import numbers_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.scoring.files import COLUMNS
    from harness.studies.graph_proxies.conditions import CONDITIONS
    from harness.studies.graph_proxies.results import of_validation, order
    from harness.studies.record import record

    out = options.out
    for name, one in scores.items():
        write_csv(one.frame.reindex(columns=list(COLUMNS)), out / f"scores_{name}.csv.gz")
    for name, frame in frames.items():
        named = {"data_sets": "dataset", "closed_forms": "proxy"}.get(name)
        write_csv(frame if named is None else frame.rename_axis(named).reset_index(), out / f"{name}.csv")
    words = {name: f"{CONDITIONS[name].words}, {one.cells:,}" for name, one in scores.items()}
    matrix = sheets.coefficient_matrix(frames["coefficients"], frames["images"], words, order(), of_validation(scores))
    data_sets = sheets.square_matrix(frames["data_sets"])
    save_pictures(heat_map(matrix), out / "graph_proxies")
    save_pictures(heat_map(data_sets), out / "data_sets")
    shown = [numbers_sheet(matrix), numbers_sheet(sheets.closed_forms_matrix(frames["closed_forms"]))]
    by_condition = frames["coefficients"].groupby("condition", sort=False)
    shown += [sheets.graph_ranking_sheet(part, f"{words[str(name)]} networks") for name, part in by_condition]
    shown += [
        sheets.gcn_sheet(frames["gcn"], {name: CONDITIONS[name].words for name in scores}),
        numbers_sheet(data_sets),
        *sheets.agreement_sheets(frames["agreement"], {name: CONDITIONS[name].words for name in scores}),
        sheets.refusals_sheet(frames["refused"]),
    ]
    beyond = [
        f"## Beyond size: {words[name]} networks\n\n{_beyond(ranking, out, name)}"
        for name, ranking in rankings.items()
        if scores[name].cells >= LEAST_BEYOND
    ]
    write_text("\n\n".join([*map(sheet_markdown, shown), *beyond]) + "\n", out / "tables.md")
    settings = {name: CONDITIONS[name].setting(options.seed) for name in scores}
    facts: dict[str, Any] = {
        "networks": {name: one.cells for name, one in scores.items()},
        "tables": {name: table_facts(open_table(CONDITIONS[name].table), CONDITIONS[name].column) for name in scores},
    }
    write_text(record(settings, None, seed=options.seed, **facts), out / "study.json")
    options.say(f"\n{sheet_text(shown[0])}")
    options.say(f"\nIn {out}: scores, tables.md, coefficients.csv and others, figures; study.json says how.")


def _beyond(ranking: Ranking, out: Path, name: str) -> str:
    """Write partial correlations beyond size and the comparison with `params`; returns their tables as Markdown."""
    from harness.evaluation.beyond_size import beyond_size
    from harness.evaluation.comparison import compare
    from harness.report.files import write_csv
    from harness.report.tables.evidence import beyond_size_sheet, comparison_sheet
    from harness.report.tables.sheet import sheet_markdown

    sized, comparison = beyond_size(ranking), compare(ranking, "params")
    write_csv(sized.frame, out / f"beyond_size_{name}.csv")
    write_csv(comparison.frame, out / f"against_params_{name}.csv")
    return "\n\n".join(map(sheet_markdown, [beyond_size_sheet(sized), comparison_sheet(comparison)]))


STUDY = SingleStudy(
    "training-free proxies on graph networks, beside sizes, depth and a two-layer GCN",
    frozenset({"sample", "quick", "full", "seed", "workers", "store", "data", "finished"}),
    run_graph_proxies,
)
