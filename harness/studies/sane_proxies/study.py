"""Study: a hundred trained genotypes of SANE, and how proxies and supernets rank them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from harness.evaluation import Table
    from harness.report.tables.sheet import Sheet
    from harness.spaces.node_split import NodeSplit
    from harness.studies.sane_proxies.protocol import Protocol
    from harness.studies.sane_proxies.results import Found
    from harness.studies.searches.sane.searched import Searched

_RESAMPLES, _QUICK_RESAMPLES = 1000, 100


def run_sane_proxies(options: StudyOptions) -> None:
    """Train genotypes and supernets, score the genotypes, and write tables, frames and a figure into `out`.

    One graph after the other. Trainings go on from `trainings.csv`, searches from `searches/`; with `finished`, what
    is over is taken and nothing is trained. Scores in the store are not computed again.

    Raises:
        SettingError: too few genotypes, a graph that is not here, nothing that is over, or a folder that cannot be
            written in.
        InstallationError: without the extra graphs.
    """
    from harness.spaces.nasbench_graph.network import check_torch_geometric
    from harness.studies.record import write_made
    from harness.studies.samples import LEAST
    from harness.studies.sane_proxies.trained import trained
    from harness.studies.searches.sane.graphs import graph_of
    from harness.writing import make_folder

    check_torch_geometric()
    protocol = _protocol(options)
    graphs = [graph_of(name, options.data, options.seed) for name in protocol.graphs]
    make_folder(options.out, "--out")
    write_made(options.out)
    made: dict[str, _OfGraph] = {}
    for graph in graphs:
        trainings = trained(graph, protocol, options)
        if trainings["architecture"].nunique() < LEAST:
            options.say(f"{graph.name}: fewer than {LEAST} networks are trained, so left out")
            continue
        made[graph.name] = _OfGraph(graph, trainings, protocol, options)
    if not made:
        raise SettingError("nothing of this study is finished: give no --finished, and it is made")
    _write(options, protocol, made)


def _protocol(options: StudyOptions) -> Protocol:
    """The size of the study, by the options."""
    from harness.studies.samples import LEAST
    from harness.studies.sane_proxies.protocol import QUICK, USUAL

    if options.sample is not None and options.sample < LEAST:
        raise SettingError(
            f"--sample must be at least {LEAST}, got {options.sample}: fewer networks have no rank correlation"
        )
    protocol = QUICK if options.quick else USUAL
    return protocol if options.sample is None else protocol._replace(genotypes=options.sample)


class _OfGraph:
    """What is made of a graph.

    Attributes:
        trainings: its trainings.
        table: the table of the genotypes.
        searches: the searches of supernets that are over.
        supernets: their scores of the genotypes.
        scores: all scores of the genotypes.
        found: what they say.
    """

    def __init__(self, graph: NodeSplit, trainings: pd.DataFrame, protocol: Protocol, options: StudyOptions) -> None:
        import pandas as pd

        from harness.evaluation import open_table
        from harness.studies.sane_proxies import results
        from harness.studies.sane_proxies.scored import scored
        from harness.studies.sane_proxies.supernets import COLUMNS, supernet_scores, trained_supernets
        from harness.studies.sane_proxies.tables import write_table

        self.graph, self.trainings = graph, trainings
        self.table: Table = open_table(write_table(graph, trainings, protocol, options.out))
        self.searches: list[Searched] = trained_supernets(graph, protocol, options)
        keys = list(self.table.keys)
        parts = [supernet_scores(graph, each.seed, keys, protocol, options.out) for each in self.searches]
        self.supernets = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
        self.scores = results.with_supernets(scored(graph, keys, protocol, options), self.supernets)
        resamples = _QUICK_RESAMPLES if options.quick else _RESAMPLES
        self.found: Found = results.found_on(self.scores, self.supernets, self.table, resamples=resamples)


def _write(options: StudyOptions, protocol: Protocol, made: Mapping[str, _OfGraph]) -> None:
    import pandas as pd

    from harness.report.files import write_csv
    from harness.scoring.files import COLUMNS
    from harness.studies.restoration_proxies.scored import refused
    from harness.studies.sane_proxies import results
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.sane.searched import supernet_frame

    every = list(made.values())
    majority = {each.graph.name: 100 * each.graph.majority("validation") for each in every}
    found = {each.table.facts.name: each.found for each in every}

    def together(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(list(parts), ignore_index=True)

    frames = {
        "coefficients": together(each.coefficients for each in found.values()),
        "between_supernets": together(each.supernets for each in found.values()),
        "supernets": supernet_frame([search for each in every for search in each.searches], majority),
        "supernet_scores": together(each.supernets for each in every),
        "refused": together(refused(each.scores, each.table.facts.name) for each in every),
        "claims": claims_frame(results.study_claims(found, protocol.supernets)),
    }
    for each in every:
        write_csv(each.scores.reindex(columns=list(COLUMNS)), options.out / f"scores_{each.graph.name}.csv.gz")
        for baseline, comparison in each.found.against.items():
            write_csv(comparison.frame, options.out / f"against_{baseline}_{each.graph.name}.csv")
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    _show(options, frames, found)
    _record(options, protocol, made)


def _show(options: StudyOptions, frames: Mapping[str, pd.DataFrame], found: Mapping[str, Found]) -> None:
    """Write tables and figure, and print the tables of test accuracy."""
    from harness.report.figures.sane_proxies import coefficients_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.restoration_proxies import proxies_sheet, refused_sheet
    from harness.report.tables.sane_proxies import supernets_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.sane_proxies.results import AGAIN, VALIDATION
    from harness.studies.sane_proxies.scored import BASELINES
    from harness.studies.sane_proxies.supernets import KINDS

    sheets: list[Sheet] = []
    for name, own in found.items():
        beside = (
            own.against["params"].frame if "params" in own.against else own.coefficients.iloc[:0].assign(verdict="")
        )
        verdicts = dict(zip(beside["proxy"], beside["verdict"], strict=True))
        for column, part in own.coefficients.groupby("column", sort=False):
            shown = part.assign(against_params=part["proxy"].map(verdicts).fillna(""))
            shown = shown.sort_values("spearman", ascending=False, kind="stable")
            sheets.append(proxies_sheet(shown, f"{column}, {name}", [_SAME]))
    sheets += [supernets_sheet(frames["between_supernets"]), refused_sheet(frames["refused"])]
    last = [*BASELINES, VALIDATION, AGAIN]
    save_pictures(coefficients_figure(frames["coefficients"], last, KINDS), options.out / "sane_proxies")
    claimed = frames["claims"]
    write_text("\n\n".join(map(sheet_markdown, [claims_sheet(claimed), *sheets])) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(claimed), *map(sheet_text, sheets[:-1])]))


_SAME = (
    "Validation accuracy is of the same trainings. Another training ranks only the networks that were trained twice. "
    "A number at the end of a name is the seed of the supernet. What stands beside params is the comparison by test "
    "accuracy, corrected for all pairs."
)


def _record(options: StudyOptions, protocol: Protocol, made: Mapping[str, _OfGraph]) -> None:
    from dataclasses import asdict

    from harness.report.files import write_text
    from harness.studies.record import record
    from harness.studies.sane_proxies.protocol import scoring_setting

    seconds = sum(float(each.trainings["seconds"].sum()) for each in made.values())
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick,
        "networks": {name: len(each.table) for name, each in made.items()},
        "trainings": {name: len(each.trainings) for name, each in made.items()},
        "supernets": {name: len(each.searches) for name, each in made.items()},
        "tables": {
            name: {"file": f"{each.table.facts.name}.parquet", "sha256": each.table.facts.sha256}
            for name, each in made.items()
        },
        "cpu_minutes": round(seconds / 60, 1),
        "protocol": {
            **protocol._asdict(), "training": asdict(protocol.training), "search": asdict(protocol.search),
        },
    }  # fmt: skip
    settings = {name: scoring_setting(each.graph, protocol, options.seed) for name, each in made.items()}
    write_text(record(settings, None, **facts), options.out / "study.json")
    files = ", ".join(one["file"] for one in facts["tables"].values())
    options.say(f"\nIn {options.out}: {files}, tables.md, coefficients.csv and other frames, sane_proxies.png")


STUDY = SingleStudy(
    "a hundred trained genotypes of SANE, and how proxies, supernets and sizes rank them",
    frozenset({"sample", "quick", "seed", "workers", "store", "data", "finished"}),
    run_sane_proxies,
    source="graphs",
)
