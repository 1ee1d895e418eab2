"""`nasinit query --space`: searches whose oracle trains each network, where no table has its accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.cli import options
from harness.cli.outputs import check_csv, say_table
from harness.errors import SettingError, unknown

if TYPE_CHECKING:
    import pandas as pd

    from harness.report.tables.sheet import Sheet
    from harness.spaces.node_split import NodeSplit
    from harness.training.node_trainer import NodeSearchSetting

SPACES = ("agnn",)
"""Spaces in which networks are trained to answer queries."""
NOISE = "noise"


class TrainedQuery(NamedTuple):
    """What the options ask for.

    Attributes:
        methods: names of searches.
        space: name of the space.
        data: name of a graph, or its file; None for Cora.
        queries: networks that a run trains; None for the default.
        epochs: steps of a training; None for the default.
        share: whether networks inherit weights.
        runs: runs of each search; None for one.
        seed: seed of the first run; the next ones count on.
        trainings: folder of the trainings.
        out: CSV of all queries.
    """

    methods: Sequence[str]
    space: str
    data: str | None
    queries: int | None
    epochs: int | None
    share: bool
    runs: int | None
    seed: int
    trainings: Path | None
    out: Path | None


def query_by_training(asked: TrainedQuery, of_tables: Mapping[str, object]) -> None:
    """Run searches on networks that are trained, and print the best of each by its validation accuracy.

    Args:
        asked: what is asked for.
        of_tables: options that only tables have, by their names; None where they are not given.

    Raises:
        HarnessError: what cannot be done.
    """
    if asked.space not in SPACES:
        raise SettingError(unknown("space whose networks are trained by a search", asked.space, SPACES))
    options.refuse_beside("--space", of_tables)
    runs = 1 if asked.runs is None else asked.runs
    options.positive("runs", runs)
    check_csv(asked.out)
    from harness.report.files import write_csv
    from harness.report.tables.text import sheet_text
    from harness.spaces.nasbench_graph.network import check_torch_geometric
    from harness.writing import make_folder

    check_torch_geometric()
    from harness.training.node_search import check_search

    given = {"queries": asked.queries, "epochs": asked.epochs}
    setting = _setting({name: value for name, value in given.items() if value is not None}, share=asked.share)
    asked = asked._replace(methods=_methods(asked))
    for method in asked.methods:
        check_search(method, setting)
    graph = _graph(asked.data)
    if asked.trainings is not None:
        make_folder(asked.trainings, "--trainings")
    shown = "y" if setting.queries == 1 else "ies"
    print(
        f"{graph.name}: {len(graph.features):,} nodes, {len(graph.training):,} of them train and "
        f"{len(graph.validation):,} validate; {setting.queries:,} quer{shown} a run, {setting.epochs:,} epochs each"
        + (f", {setting.warm_up} where weights are inherited" if setting.share else "")
    )
    frame = _run(asked, graph, setting, runs)
    print(f"\n{sheet_text(_sheet(frame))}\n")
    if asked.out is not None:
        write_csv(frame, asked.out)
        say_table(asked.out)


def _methods(asked: TrainedQuery) -> list[str]:
    """The searches that are asked for, each once; of `all` those that share weights where weights are shared."""
    from harness.training.node_search import node_searches, sharing_searches

    every = sharing_searches() if asked.share else node_searches()
    return list(dict.fromkeys(name for given in asked.methods for name in (every if given == "all" else [given])))


def _setting(given: Mapping[str, Any], *, share: bool) -> NodeSearchSetting:
    from harness.training.node_trainer import NodeSearchSetting

    return replace(NodeSearchSetting(share=share), **given)


def _graph(data: str | None) -> NodeSplit:
    """The graph of that name, Cora without one; `noise` is a random graph."""
    from harness import evaluation
    from harness.spaces.sane.splits import PUBLIC, random_split, read_split

    if data == NOISE:
        return random_split(256, 16, 3, seed=0)
    return read_split(data or "cora", evaluation.data_folder(), PUBLIC)


def _run(asked: TrainedQuery, graph: NodeSplit, setting: NodeSearchSetting, runs: int) -> pd.DataFrame:
    """A row for each query of each run of each search."""
    import pandas as pd

    from harness.progress import progress_bar
    from harness.training.node_search import search_nodes
    from harness.training.node_trainer import Trained

    rows: list[dict[str, Any]] = []
    total = len(asked.methods) * runs * setting.queries
    with progress_bar(total, "networks", ("training", "trained")) as advance:
        for method in asked.methods:
            for seed in range(asked.seed, asked.seed + runs):

                def step(answer: Trained, method: str = method, seed: int = seed) -> None:
                    rows.append({"graph": graph.name, "search": method, "seed": seed, **answer._asdict()})
                    advance()

                search_nodes(method, graph, setting, seed=seed, folder=asked.trainings, advance=step)
    return pd.DataFrame(rows)


def _sheet(frame: pd.DataFrame) -> Sheet:
    """The best query of each run."""
    from harness.report.tables.sheet import Heading, Sheet

    cells = []
    for (search, seed), part in frame.groupby(["search", "seed"], sort=False):
        best = part.loc[part["validation_pct"].idxmax()]
        trained = int((part["epochs"] > 0).sum())
        cells.append(
            [str(search), str(seed), f"{best['validation_pct']:.2f}", str(best["query"] + 1), f"{trained:,}",
             f"{part['seconds'].sum():,.0f}", str(best["architecture"])]
        )  # fmt: skip
    headings: list[Heading | str] = [Heading("search", "left"), "seed", "validation (%)", "query", "trainings", "s"]
    headings.append(Heading("architecture", "left"))
    note = (
        "The best of each run by its accuracy on the validation nodes, at which query it was found. No test node was "
        "looked at."
    )
    return Sheet.of("Searches that train", headings, cells, notes=(note,))
