"""Options that several subcommands share, and the functions that turn their texts into values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from harness.cli import offered
from harness.cli.outputs import check_figures
from harness.errors import SettingError, check_most, unknown
from harness.evaluation import columns
from harness.scoring.cluster.connection import check_scheduler
from harness.text.shown import shown

if TYPE_CHECKING:
    from harness.scoring.shards import Shard


ScoresArgument = Annotated[Path, typer.Argument(help="a store, or a CSV of scores", metavar="[SCORES]")]
TableOption = Annotated[
    str, typer.Option("--table", help="name of a table, or path of a file", autocompletion=offered.TABLES)
]
TablesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        help="name of a table, or path of a file, in which to look for the columns; repeatable; by default all tables",
        autocompletion=offered.TABLES,
    ),
]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column", help="column to rank by, of any table; may be given several times", autocompletion=offered.COLUMNS
    ),
]
ColumnOption = Annotated[
    str | None, typer.Option("--column", help="column to rank by, of any table", autocompletion=offered.COLUMNS)
]
LowerOption = Annotated[
    list[str] | None,
    typer.Option(
        "--lower-is-better",
        help="column where lower is better, whatever its name says; repeatable",
        autocompletion=offered.COLUMNS,
    ),
]
HigherOption = Annotated[
    list[str] | None,
    typer.Option(
        "--higher-is-better",
        help="column where higher is better, whatever its name says; repeatable",
        autocompletion=offered.COLUMNS,
    ),
]
LoadOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--load",
        help="Python file that registers proxies and measurements of your own; it is run with your rights, so trust it",
    ),
]


def _several(names_given: list[str] | None) -> list[str] | None:
    return [name for text in names_given for name in names(text)] if names_given else names_given


def proxies_option(what: str, offer: offered.Offer = offered.NAMED) -> Any:
    """The option --proxies of a command; --proxy is another spelling of it.

    Args:
        what: what the proxies are for, as the help says it.
        offer: what a shell is offered.
    """
    words = f"{what}: names with commas, or the option several times"
    return typer.Option("--proxies", "--proxy", help=words, callback=_several, autocompletion=offer)


def proxy_option(what: str) -> Any:
    """The option --proxy of a command that takes a single one; --proxies is another spelling of it."""
    return typer.Option("--proxy", "--proxies", help=what, autocompletion=offered.PROXY)


RankedProxiesOption = Annotated[
    list[str] | None, proxies_option("proxies to rank, next to params and flops; all by default")
]
CombineOption = Annotated[
    list[str] | None,
    typer.Option(
        "--combine",
        help="also rank scores made of several proxies, names with commas: az_nas, te_nas, vkdnw_agg, freerea, vote, "
        "hard_vote, soft_vote of their papers' proxies; NAME:PROXY+PROXY of others, rank_sum and log_rank_sum too; "
        "libra, three that are chosen by the column itself",
        callback=_several,
        autocompletion=offered.COMBINATIONS,
    ),
]
RunOption = Annotated[int | None, typer.Option("--run", help="run of the store; the last one by default")]
ResamplesOption = Annotated[int, typer.Option("--resamples", help="bootstrap resamples")]
IntervalOption = Annotated[
    str,
    typer.Option(
        "--interval",
        help="bootstrap interval: percentile, or bca (corrected for bias and skewness)",
        autocompletion=offered.those("percentile", "bca"),
    ),
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        "--against",
        help="proxy to compare all others with, such as params, on the same resamples",
        autocompletion=offered.PROXY,
    ),
]
PoolOption = Annotated[
    str | None,
    typer.Option(
        "--pool",
        help="rank only the cells of a part of NAS-Bench-201 that papers use: all, valid (9,445 without dead "
        "branches), distinct (6,466 that are no isomorphic copies) or first-1000",
        autocompletion=offered.those("all", "valid", "distinct", "first-1000"),
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="seed of the resampling")]
ScoringSeedOption = Annotated[
    int, typer.Option("--seed", help="seed of the sample, the weights, the batch and the probes")
]
SeedsOption = Annotated[
    str | None,
    typer.Option(
        "--seeds", help="several seeds instead of --seed, such as 0-4 or 0,3,7; each scores every architecture"
    ),
]
WorkersOption = Annotated[int, typer.Option("--workers", help="number of processes, each with one thread")]
SearchSeedsOption = Annotated[
    str | None,
    typer.Option("--seeds", help="several seeds instead of --seed, such as 0-4 or 0,3,7: a search each, in a process"),
]
SearchWorkersOption = Annotated[
    int | None, typer.Option("--workers", help="number of searches of --seeds that run at once; by default 1")
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        help="3/16: score the third of sixteen parts of equal cost; into one store, or stores of their own that "
        "`nasinit store merge` puts together",
    ),
]
SearchShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        help="3/5: run the third of five parts of --seeds; the same command without --shard makes the table of all",
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        help="compute on the workers of a Dask cluster: its scheduler's address, such as tcp://host:8786, or its "
        "scheduler file (needs nasinit[cluster])",
        callback=check_scheduler,
    ),
]
DeviceOption = Annotated[str, typer.Option("--device", help="cpu, cuda or cuda:1")]
DevicesOption = Annotated[
    str, typer.Option("--device", help="cpu, cuda for all GPUs that torch sees, or some of them, such as cuda:0,cuda:2")
]
WorkersPerDeviceOption = Annotated[
    int | None,
    typer.Option(
        "--workers-per-device", help="processes that share a GPU; by default a short trial finds the fastest number"
    ),
]
FiguresOption = Annotated[
    list[Path],
    typer.Option("--out", help="PNG, SVG or PDF file; may be given several times", callback=check_figures),
]
CsvOption = Annotated[Path | None, typer.Option(help="CSV file for the table; FILE.json next to it says what made it")]

DEFAULT_SPACE, DEFAULT_TABLE, DEFAULT_COLUMN = columns.SPACE, columns.DEFAULT_TABLE, columns.TESTS["cifar10"]
MOST = 10_000_000
"""Largest number of resamples, runs and the like: more take days."""
MOST_SEEDS = 1000
"""Largest number of seeds in a range."""
DEFAULT_SCORES = Path("scores.sqlite")


class Directions(NamedTuple):
    """The columns for which the user states the direction."""

    lower: Sequence[str] = ()
    higher: Sequence[str] = ()


NAMES_TELL = Directions()
"""No direction is stated: the tables and the names of the columns tell them."""


def directions(lower: list[str] | None, higher: list[str] | None) -> Directions:
    """The directions that the options state."""
    return Directions(tuple(lower or ()), tuple(higher or ()))


def check_directions(stated: Directions, columns: Sequence[str]) -> None:
    """Refuse the direction of a column that is not in use."""
    for name in (*stated.lower, *stated.higher):
        if name not in columns:
            raise SettingError(unknown("column of --lower-is-better or --higher-is-better", name, columns))


def names(text: str) -> list[str]:
    """The names in a text that separates them by commas."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise SettingError(f"no names in {text!r}: give them with commas, as in grad_norm,nasi_trace")
    return found


def seeds(text: str) -> list[int]:
    """The seeds in a text such as `0-4` or `0,3,7`.

    >>> seeds("0-2,7")
    [0, 1, 2, 7]
    """
    found: list[int] = []
    for part in [part for part in text.split(",") if part.strip()] or [""]:
        first, dash, last = (word.strip() for word in part.partition("-"))
        numbers = [first, last] if dash else [first]
        if not all(word.isdecimal() and word.isascii() and len(word) < 20 for word in numbers):
            raise SettingError(
                f"--seeds takes whole numbers and ranges of them, such as 0-4 or 0,3,7, got {shown(text)}"
            )
        start, end = int(numbers[0]), int(numbers[-1])
        if not start <= end < start + MOST_SEEDS:
            raise SettingError(f"--seeds {part.strip()}: a range goes up, over at most {MOST_SEEDS:,} seeds")
        found += range(start, end + 1)
    return found


def several_seeds(text: str | None, seed: int) -> list[int] | None:
    """The seeds of --seeds, None where it is not given.

    Args:
        text: what --seeds says.
        seed: what --seed says, 0 where it is not given.

    Raises:
        SettingError: both are given, or --seeds names no seeds.
    """
    if text is not None and seed:
        raise SettingError("give --seed for one seed or --seeds for several, not both")
    return None if text is None else seeds(text)


def shard(text: str | None) -> Shard | None:
    """The shard that --shard names, None where it is not given."""
    from harness.scoring.shards import checked_shard

    return None if text is None else checked_shard(text)


def data_folder(data: Path | None, source: str = "cifar10") -> Path | None:
    """The folder of the data of an input, or None without it.

    It is the given one, else for CIFAR-10 that of `nasinit pull cifar10`, for another input the data folder itself.
    """
    if data is not None:
        return data
    from harness import evaluation

    return evaluation.pulled_file("cifar10") if source == "cifar10" else evaluation.data_folder()


def refuse_without(needed: str, given: Mapping[str, object]) -> None:
    """Refuse options that have an effect only together with another option, which was not given."""
    if idle := [name for name, value in given.items() if value is not None]:
        raise SettingError(
            f"{' and '.join(idle)} without {needed}: give {needed} too, or leave {' and '.join(idle)} out"
        )


def refuse_beside(what: str, given: Mapping[str, object]) -> None:
    """Refuse options that have no effect beside another one, which was given."""
    if idle := [name for name, value in given.items() if value is not None]:
        raise SettingError(f"{' and '.join(idle)} has no effect beside {what}: leave one of them out")


def positive(name: str, value: int) -> None:
    """Refuse a count below one, or above `MOST`."""
    if value < 1:
        raise SettingError(f"--{name} must be at least 1, got {value}")
    check_most(f"--{name}", value, MOST, SettingError)
