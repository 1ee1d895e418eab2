"""Study: SANE's searches beside human designs and random architectures, on its split of Cora and CiteSeer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from torch import nn

    from harness.spaces.node_split import NodeSplit
    from harness.studies.searches.sane.designs import Sizes
    from harness.studies.searches.sane.kept import Trainings
    from harness.studies.searches.sane.searched import Searched
    from harness.studies.searches.sane.summary import Group
    from harness.training.nodes import NodeTraining

_TUNED_SEEDS = 1000
"""First seed of the trainings of a tuned architecture, which chose no setting."""


def run_sane_table(options: StudyOptions) -> None:
    """Search, train and tune, and write tables and a figure into `out`; a study that is there goes on.

    Raises:
        SettingError: a folder that cannot be written in, or a graph that is not here.
        InstallationError: without the extra graphs.
    """
    from harness.spaces import open_space
    from harness.spaces.nasbench_graph.network import check_torch_geometric
    from harness.spaces.sane import Sane
    from harness.studies.searches.sane.designs import FULL, QUICK, USUAL
    from harness.studies.searches.sane.kept import FILE, Trainings
    from harness.studies.searches.sane.searched import CODE, OURS, search, settings, supernet_frame
    from harness.writing import make_folder

    check_torch_geometric()
    if options.full and options.quick:
        raise SettingError("--full and --quick: give one of them, not both")
    sizes = FULL if options.full else QUICK if options.quick else USUAL
    if options.runs is not None:
        sizes = sizes._replace(searches=options.runs)
    space = open_space("sane")
    assert isinstance(space, Sane)
    graphs = [_graph(space, name, options) for name in sizes.graphs]  # what is missing is said before anything runs
    make_folder(options.out, "--out")
    groups: list[Group] = []
    genotypes: list[dict[str, Any]] = []
    searches: list[Searched] = []
    for graph in graphs:
        own = []
        for name, setting in settings(sizes).items():
            for seed in range(sizes.searches if name == OURS else 1):
                own.append(search(space, graph, name, setting, options.seed + seed, options.out / "searches"))
                options.say(f"{graph.name}: search {seed}, {name}: {own[-1].architecture or 'nothing was derived'}")
        searches += own
        trainings = Trainings(options.out / FILE, graph, _network(space, graph), options.say)
        texts = [each.architecture for each in own if each.setting != CODE and each.architecture]
        rows, means = _trained(trainings, texts, [str(each) for each in space.sample(sizes.searches, options.seed)],
                               sizes, options.seed)  # fmt: skip
        groups += rows
        genotypes += means
    majority = {graph.name: 100 * graph.majority("validation") for graph in graphs}
    _write(options, sizes, groups, genotypes, supernet_frame(searches, majority))


def _graph(space: Any, name: str, options: StudyOptions) -> NodeSplit:
    """The graph of that name; `noise` is a random one."""
    from harness.evaluation import data_folder
    from harness.spaces.sane.splits import random_split, read_split

    return random_split(60, 8, 3, options.seed) if name == "noise" else read_split(name, options.data or data_folder())


def _network(space: Any, graph: NodeSplit) -> Any:
    """Builds the network of a text and a setting, with half of the messages and weights of attention dropped."""
    from harness.spaces.sane.network import Dropped, SaneNetwork
    from harness.spaces.sane.supernet import DROPPED

    def network(text: str, setting: NodeTraining) -> nn.Module:
        return SaneNetwork(
            space.parse(text), features=graph.features.shape[1], classes=graph.count, hidden=setting.hidden,
            activation=setting.activation, dropped=Dropped(setting.input_dropout, setting.output_dropout, DROPPED),
        )  # fmt: skip

    return network


def _trained(
    trainings: Trainings, found: Sequence[str], drawn: Sequence[str], sizes: Sizes, seed: int
) -> tuple[list[Group], list[dict[str, Any]]]:
    """The rows of one graph, and the mean accuracy of each random and each searched architecture."""
    from harness.studies.searches.sane.designs import drawn_settings, human_designs
    from harness.studies.searches.sane.summary import ALL, BEST, FOUND, RANDOM, TUNED, Group

    graph, plain = trainings.graph.name, sizes.training
    groups = [
        Group(graph, "human", name, text, trainings.seeds(text, plain, sizes.seeds))
        for name, text in human_designs(sizes.human).items()
    ]
    means = []
    for kind, texts in ((RANDOM, drawn), (FOUND, found)):
        every = {text: trainings.seeds(text, plain, sizes.seeds) for text in texts}
        if not every:
            continue
        for text, accuracies in every.items():
            shares = {name: sum(getattr(each, name) for each in accuracies) / len(accuracies)
                      for name in ("validation_pct", "test_pct")}  # fmt: skip
            means.append({"graph": graph, "kind": kind, "architecture": text, **shares})
        best = max((mean for mean in means if mean["kind"] == kind), key=lambda mean: mean["validation_pct"])
        text = best["architecture"]
        tried = {
            setting: trainings.of(text, setting, 0).validation_pct
            for setting in drawn_settings(sizes, f"{graph} {kind}", seed)
        }
        tuned = trainings.seeds(text, max(tried, key=lambda setting: tried[setting]), sizes.seeds, _TUNED_SEEDS)
        groups += [
            Group(graph, kind, ALL, "", [each for accuracies in every.values() for each in accuracies]),
            Group(graph, kind, BEST, text, every[text]),
            Group(graph, kind, TUNED, text, tuned),
        ]
    return groups, means


def _write(
    options: StudyOptions,
    sizes: Sizes,
    groups: Sequence[Group],
    genotypes: Sequence[Mapping[str, Any]],
    supernets: pd.DataFrame,
) -> None:
    from dataclasses import asdict

    import pandas as pd

    from harness.report.figures.sane import sane_figure
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.sane import sane_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.sane.searched import settings
    from harness.studies.searches.sane.summary import study_claims, table_frame

    table, means = table_frame(groups), pd.DataFrame(genotypes)
    frames = {
        "table": table, "genotypes": means, "supernets": supernets,
        "claims": claims_frame(study_claims(table, means, supernets)),
    }  # fmt: skip
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    sheet = sane_sheet(table)
    write_text(
        "\n\n".join(map(sheet_markdown, (sheet, claims_sheet(frames["claims"])))) + "\n", options.out / "tables.md"
    )
    save_pictures(sane_figure(table, supernets), options.out / "sane")
    facts: dict[str, Any] = {"seed": options.seed, "quick": options.quick, "full": options.full}
    told = {**sizes._asdict(), "training": asdict(sizes.training)}
    searches = {name: asdict(setting) for name, setting in settings(sizes).items()}
    write_text(record({}, None, **facts, sizes=told, searches=searches), options.out / "study.json")
    options.say(f"\n{sheet_text(sheet)}\n\n{claims_text(frames['claims'])}")
    files = ", ".join(f"{name}.csv" for name in ("trainings", *frames))
    options.say(f"\nIn {options.out}: tables.md, {files}, sane.png, sane.svg, study.json, and searches/")


STUDY = SingleStudy(
    "SANE's searches beside human designs and random architectures, trained and tuned, on Cora and CiteSeer",
    frozenset({"quick", "full", "runs", "seed", "data"}),
    run_sane_table,
    source="graphs",
)
