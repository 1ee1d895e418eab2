"""One search by gradients under several seeds, in processes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from harness.errors import SearchError, SettingError, check_whole
from harness.evaluation import Table
from harness.evaluation.columns import table_facts
from harness.evaluation.searches.latency import opened_predictor, with_latencies
from harness.evaluation.searches.table_losses import opened_data
from harness.scoring.engines import check_workers
from harness.scoring.provenance import PROVENANCE
from harness.scoring.seeds import checked_seeds
from harness.scoring.shards import checked_shard, dealt
from harness.search.gradient.checkpoint import check_kind_of_folder
from harness.search.gradient.seeds import SEED, SearchSeeds
from harness.search.gradient.setting import CHECKPOINT_MINUTES, SearchSetting
from harness.search.gradient.state import initial_state
from harness.search.gradient.task import checkpoint_seconds, search_task
from harness.spaces import open_space
from harness.studies.searches.pool import run_all, with_record
from harness.studies.searches.runs import Run, Running
from harness.versions import made_with
from harness.writing import make_folder

if TYPE_CHECKING:
    from distributed import Client

    from harness.spaces.space import Space


def run_searches(
    space: Space,
    method: str,
    setting: SearchSetting | None = None,
    *,
    seeds: Iterable[int],
    preset: str = "laptop",
    data: str | Path | None = None,
    out: str | Path | None = None,
    workers: int = 1,
    threads: int = 1,
    device: str = "cpu",
    autocast: bool = False,
    checkpoint_minutes: float = CHECKPOINT_MINUTES,
    record_costs: int = 0,
    table: Table | None = None,
    columns: Sequence[str] = (),
    progress: bool = False,
    shard: tuple[int, int] | None = None,
    client: Client | None = None,
) -> SearchSeeds:
    """Run one gradient-based search under several seeds, each in a process, as `harness.run_search` runs it.

    Args:
        space: a space that `open_space` opens by its name, with a supernet.
        method: a name from `nasinit list searches`.
        setting: the setting of the searches; by default that of the preset. With the objective `latency`, the predictor
            is trained in each process, and the log has its prediction beside the tabulated value.
        seeds: seeds of the searches, such as `range(5)`.
        preset: `laptop`, `reduced` (where there is one) or `paper`; ignored where a setting is given.
        data: `digits`, `noise`, the folder of CIFAR-10's binary files, or `table:COLUMN` (with a column under attack
            `table:COLUMN,ROBUST`) for the losses that `harness.table_losses` makes; by default the method's own choice.
        out: folder in which each search has a folder `seed_N` with its checkpoint and its log; searches that are there
            already go on, or are read. None keeps nothing.
        workers: number of searches that run at once.
        threads: threads of each search.
        device: device of the supernets: `cpu`, `cuda` or `cuda:1`.
        autocast: whether passes run in bfloat16 where torch considers it safe.
        checkpoint_minutes: minutes between two checkpoints inside an epoch, as in `harness.run_search`.
        record_costs: as in `harness.run_search`; the costs lie in the folders of the searches.
        table: table of which the columns below are joined to the logs after the searches; None for none.
        columns: names of columns of that table.
        progress: whether to draw a progress bar over the epochs of all searches on standard error.
        shard: number of a part, from 1, and number of all parts, such as (3, 5): the searches of that part alone are
            run. When all parts have run into one folder, the same call without a shard reads them.
        client: a `distributed.Client`: the searches run on the workers of its cluster, one on a worker at a time.
            Where a worker dies, its search goes on elsewhere, from its checkpoint if the workers see the folder. They
            must find `data` under the same path.

    Returns:
        The logs, a row for each seed (`frame`), a table with mean and deviation, and a figure. Searches that failed do
        not end the others; they are in `failed`.

    Raises:
        SearchError: as `harness.run_search`, before any search begins, or for a number of workers or threads below 1.
        SettingError: for no seeds, or one that is no whole number from 0; a shard without any; workers and a client.
        CheckpointError: a folder holds a checkpoint of another search.
        RunError: all searches failed, a process of this machine died, or the cluster's scheduler was lost.
    """
    found = seeds_of_shard(checked_seeds(seeds), shard)
    check_workers(1 if client is None else workers, None, client)
    for name, value in (("workers", workers), ("threads", threads)):
        check_whole(name, value, 1, SearchError)
    checkpoint_seconds(checkpoint_minutes)
    predictor = None if setting is None else opened_predictor(setting, space.name)
    task = search_task(
        open_space(space.name), method, setting, preset=preset, data=opened_data(data, space.name), seed=found[0],
        device=device, autocast=autocast, record_costs=record_costs, predictor=predictor,
    )  # fmt: skip
    initial_state(task)  # what a supernet refuses ends here, and not in every process
    source = task.method.data if data is None else str(data)
    runs = [
        Run(method, task.setting, source, seed, space.name, f"seed_{seed}", record_costs=record_costs) for seed in found
    ]
    running = Running(device, autocast, checkpoint_minutes, threads)
    with _folder(out) as folder:
        outcomes = run_all(runs, Path(folder), workers, _say_nothing, running, progress=progress, client=client)
    logs = [outcome.log.assign(**{SEED: run.seed}) for run, outcome in outcomes.ended.items()]
    log = pd.concat(logs, ignore_index=True)
    searched = {
        "method": method, "space": space.name, "seeds": list(found), "data": source,
        "setting": json.loads(task.setting.json()),
    }  # fmt: skip
    made = made_with(search=searched)
    if table is not None:
        log = with_record(log, table, columns, space.name)
        made["table"] = table_facts(table, *columns)
    if predictor is not None:
        log = with_latencies(log, predictor, open_space(space.name), task.setting.latency_table)
    log.attrs = {PROVENANCE: made}
    drawn = task.method.members
    members = {} if drawn is None else {run.seed: drawn(outcome.memory) for run, outcome in outcomes.ended.items()}
    failed = {run.seed: failure.reason for run, failure in outcomes.failed.items()}
    return SearchSeeds(method, log, failed, members)


def seeds_of_shard(seeds: Sequence[int], shard: tuple[int, int] | None) -> tuple[int, ...]:
    """The seeds of one part, or all of them without a shard.

    Raises:
        SettingError: a shard that is none, or that has no seed.
    """
    if shard is None:
        return tuple(seeds)
    part = checked_shard(shard)
    found = tuple(dealt(seeds, part))
    if not found:
        raise SettingError(
            f"the shard {part} has no search: there are {len(seeds)}, so give at most {len(seeds)} shards"
        )
    return found


def _folder(out: str | Path | None) -> AbstractContextManager[str | Path]:
    if out is None:
        return tempfile.TemporaryDirectory()
    check_kind_of_folder(Path(out), several=True)
    make_folder(Path(out), "--out", SearchError)
    return nullcontext(out)


def _say_nothing(line: str) -> None:
    """Leave a line out: what it says is in the result."""
