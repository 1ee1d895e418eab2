"""Files of finished searches of `nasinit search`: of one, and of one under several seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import options
from harness.errors import RunError

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.prediction.predictor import Predictor
    from harness.scoring.shards import Shard
    from harness.search import SearchResult, SearchSeeds

FILES = "architecture.txt, log.csv, log.csv.json, curves.png, curves.svg, setting.json, checkpoint.pt"
ENSEMBLE = "ensemble.txt"
"""File of a drawn ensemble: an architecture a line."""

_SHOWN = 5
"""Sub-policies that are printed."""


def record_table(space: str, column: str | None) -> tuple[Table | None, str]:
    """The table and the column whose values are joined to a log after the search; no table where there is none.

    Where no column is given, the default one is joined if its table is here.

    Raises:
        TableError: no table that is here has the given column.
    """
    from harness.evaluation import TableError, table_with

    if column is None and space != options.DEFAULT_SPACE:
        return None, ""
    wanted = column or options.DEFAULT_COLUMN
    try:
        return table_with(wanted, space=space), wanted
    except TableError as error:
        if column is not None:
            raise
        print(f"no column for the record: {error}")
        return None, ""


def write_search(
    folder: Path,
    result: SearchResult,
    facts: Mapping[str, Any],
    column: str | None,
    predictor: Predictor | None = None,
) -> None:
    """Write all files of a search except its checkpoint, which the search itself writes, and say what it chose."""
    from harness.cli.latency import say_latencies
    from harness.report.figures.search_curves import search_curves
    from harness.report.files import save_pictures, write_described_csv, write_text
    from harness.search.gradient.prime.schedule import ALPHA_STEPS
    from harness.studies.searches.pool import with_record

    log, (table, wanted) = result.log, record_table(str(facts["space"]), column)
    if table is not None:
        log = with_record(log, table, [wanted], str(facts["space"]))
        print(f"for the record, {wanted} of the architecture: {log.iloc[-1, -1]:.4g}; {table.facts.title}")
    if predictor is not None:
        log = say_latencies(log, predictor, str(facts["space"]), facts["setting"])
    write_described_csv(_described(log, facts, table, wanted), folder / "log.csv")
    write_text(f"{result.architecture}\n", folder / "architecture.txt")
    write_text(_setting_json(facts, float(log["seconds"].sum())), folder / "setting.json")
    save_pictures(search_curves([(str(facts["method"]), log)], **_label(table, wanted)), folder / "curves")
    if ALPHA_STEPS in result.memory:
        print(f"the architecture parameters moved in {int(result.memory[ALPHA_STEPS].sum()):,} steps")
    if result.policy is not None:
        say_policy(result.policy)
    also = ", costs.csv" if result.costs is not None else ""
    if result.members:
        also += f", {ENSEMBLE}"
        write_text(_lines(result.members), folder / ENSEMBLE)
        print(f"the ensemble of {len(result.members)}, and below it the most probable architecture:")
        print(_lines(result.members), end="")
    print(result.architecture)
    print(f"in {folder}: {FILES}{also}")


def say_policy(policy: Mapping[str, float]) -> None:
    """Print the most probable sub-policies, and the operations by their share."""
    from harness.search.gradient.daas.sub_policies import operation_shares

    def ranked(shares: Mapping[str, float]) -> list[tuple[str, float]]:
        return sorted(shares.items(), key=lambda item: -item[1])

    print(f"the policy of augmentations, {len(policy)} sub-policies ({1 / len(policy):.3f} each at first), the first:")
    for name, share in ranked(policy)[:_SHOWN]:
        print(f"    {share:.3f}  {name}")
    shares = ranked(operation_shares(policy))
    print(f"its operations: {', '.join(f'{name} {share:.3f}' for name, share in shares)}")


def write_seeds(folder: Path, found: SearchSeeds, facts: Mapping[str, Any], table: Table | None, column: str) -> None:
    """Write the files of searches under several seeds beside their folders, and print their table.

    Raises:
        RunError: some of them failed; the files of the others are written.
    """
    from harness.report.files import save_pictures, write_described_csv, write_text

    frame = found.frame
    write_described_csv(_described(found.log, facts, table, column), folder / "log.csv")
    write_described_csv(_described(frame, facts, table, column), folder / "seeds.csv")
    write_text(f"{found.to_markdown()}\n", folder / "seeds.md")
    for seed, text in zip(frame["seed"], frame["architecture"], strict=True):
        write_text(f"{text}\n", folder / f"seed_{seed}" / "architecture.txt")
        if members := found.members.get(seed):
            write_text(_lines(members), folder / f"seed_{seed}" / ENSEMBLE)
    failed = {str(seed): reason for seed, reason in found.failed.items()}
    write_text(_setting_json({**facts, "failed": failed}, float(frame["seconds"].sum())), folder / "setting.json")
    save_pictures(found.plot(**_label(table, column)), folder / "curves")
    print(f"\n{found.to_text()}")
    if table is not None:
        print(f"for the record, {column} of the architectures, which no search saw; {table.facts.title}")
    print(
        f"in {folder}: seeds.csv and log.csv with what made them, seeds.md, curves.png, curves.svg, setting.json, and "
        "a folder of each seed"
    )
    _check_failed(found, "the table is of the others. ")


def say_shard(folder: Path, found: SearchSeeds, shard: Shard) -> None:
    """Print what the searches of a shard chose, and how the table of all shards is made; nothing more is written.

    Raises:
        RunError: some of them failed.
    """
    print(f"\n{found.to_text()}")
    print(
        f"shard {shard}: its searches are in {folder}, a folder seed_N each. When those of all shards are there, the "
        "same command without --shard makes the table"
    )
    _check_failed(found)


def _described(frame: pd.DataFrame, facts: Mapping[str, Any], table: Table | None, column: str) -> pd.DataFrame:
    """A frame of a search with what made its numbers: the search, and the table of the column for the record."""
    from harness.evaluation.columns import table_facts
    from harness.scoring.provenance import PROVENANCE
    from harness.versions import made_with

    read = {} if table is None else {"table": table_facts(table, column)}
    frame.attrs[PROVENANCE] = made_with(search=dict(facts), **read)
    return frame


def _lines(members: Iterable[object]) -> str:
    return "".join(f"{member}\n" for member in members)


def _check_failed(found: SearchSeeds, consequence: str = "") -> None:
    if failed := [str(seed) for seed in found.failed]:
        raise RunError(
            f"{len(failed)} of {len(failed) + len(found.frame)} searches failed (seed {', '.join(failed)}); "
            f"{consequence}The same command tries them again, from their last checkpoints"
        )


def _label(table: Table | None, column: str) -> dict[str, str]:
    from harness.evaluation.columns import axis_label

    return {} if table is None else {"record_label": axis_label(table, column)}


def _setting_json(facts: Mapping[str, Any], seconds: float) -> str:
    from harness.scoring.provenance import command
    from harness.studies.record import environment, json_text

    told = {name: fact for name, fact in facts.items() if name != "threads"}
    machine = {**environment(), "threads": facts["threads"]}
    return json_text({"command": command(), **told, "seconds": seconds, "environment": machine})
