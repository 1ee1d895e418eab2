"""`nasinit score`: score architectures, and keep the scores in a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import offered, options
from harness.cli.chosen import architectures_of_table, check_choice, chosen_architectures, sizes_by_name
from harness.cli.outputs import say_table
from harness.cli.user_files import load_file, models_of
from harness.errors import RunError, SettingError, check_whole
from harness.report.suffixes import CSV, check_suffix
from harness.scoring.devices import device_names
from harness.setting import BN_MODES, DTYPES, INITS, INPUTS, LABELS, NOISE, Setting, Shape, device_kind
from harness.text.shown import LONGEST_ARCHITECTURE, plain

if TYPE_CHECKING:
    import pandas as pd


_DEFAULT = Setting()


def score(
    space: Annotated[
        str | None,
        typer.Option(
            help="a space of nasinit list spaces, or a Python file with models of your own: a dictionary MODELS of "
            "functions by name, and INPUTS and CLASSES if not (3, 32, 32) and 10; by default that of --table, else "
            "nasbench201",
            autocompletion=offered.SPACES,
        ),
    ] = None,
    sample: Annotated[int | None, typer.Option(help="score this many random architectures")] = None,
    all_: Annotated[bool, typer.Option("--all", help="score the whole space")] = False,
    architectures: Annotated[
        Path | None, typer.Option(help="score the architectures in this file, one per line; - reads standard input")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(help="score the architectures of a table, by its name or file", autocompletion=offered.TABLES),
    ] = None,
    proxies: Annotated[list[str], options.proxies_option("proxies, or all", offered.PROXIES)] = ["all"],  # noqa: B006 — typer copies it
    load: options.LoadOption = None,
    batch_size: Annotated[int, typer.Option(help="samples in the batch")] = _DEFAULT.batch_size,
    input_: Annotated[
        str | None,
        typer.Option(
            "--input",
            help=f"{' | '.join(INPUTS)} for images, photographs for restoration; by default the space's first",
            autocompletion=offered.those(*INPUTS, "photographs"),
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help=f"{' | '.join(LABELS)}; by default random for noise, else true", autocompletion=offered.those(*LABELS)
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="folder of the data of --input, such as CIFAR-10's binary files")
    ] = None,
    size: Annotated[
        list[str] | None, typer.Option(help="NAME=NUMBER: a size of the space's networks or inputs, such as channels=1")
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="pixels on a side; the space's own by default")] = None,
    classes: Annotated[int | None, typer.Option(help="outputs of the network; the space's own by default")] = None,
    bn: Annotated[
        str, typer.Option(help=f"batch norm mode: {' | '.join(BN_MODES)}", autocompletion=offered.those(*BN_MODES))
    ] = _DEFAULT.bn,
    init: Annotated[
        str, typer.Option(help=f"weights: {' | '.join(INITS)}", autocompletion=offered.those(*INITS))
    ] = _DEFAULT.init,
    loss: Annotated[
        str | None,
        typer.Option(
            help="a loss of the space's problem; by default cross_entropy for classes", autocompletion=offered.LOSSES
        ),
    ] = None,
    width: Annotated[
        int | None, typer.Option(help="channels of the first stage, C; the space's own by default")
    ] = None,
    depth: Annotated[
        int | None, typer.Option(help="NAS-Bench-201: cells per stage, N; DARTS: cells; the space's own by default")
    ] = None,
    dtype: Annotated[
        str, typer.Option(help=" | ".join(DTYPES), autocompletion=offered.those(*DTYPES))
    ] = _DEFAULT.dtype,
    device: options.DevicesOption = _DEFAULT.device,
    probes: Annotated[int, typer.Option(help="number of random sign vectors of ntk_trace")] = _DEFAULT.probes,
    seed: Annotated[
        int, typer.Option(help="seed of the weights, the batch and the probes; --sample-seed is that of the sample")
    ] = _DEFAULT.seed,
    seeds: options.SeedsOption = None,
    sample_seed: Annotated[
        int, typer.Option(help="seed of --sample: the cells drawn do not change with the seed of the weights")
    ] = 0,
    workers: options.WorkersOption = 1,
    workers_per_device: options.WorkersPerDeviceOption = None,
    shard: options.ShardOption = None,
    scheduler: options.SchedulerOption = None,
    store: Annotated[Path, typer.Option(help="SQLite file for the scores; those in it are not computed again")] = Path(
        "scores.sqlite"
    ),
    merge: Annotated[bool, typer.Option(help="score cells that are the same network once")] = True,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="compute failed scores anew")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="CSV file (.csv or .csv.gz) for the scores; FILE.json next to it says what made them"),
    ] = None,
) -> None:
    """Score architectures at initialisation into a store; if a run was killed, the same command goes on."""
    for file in load or []:
        load_file(file, "--load")
    scored_with = options.several_seeds(seeds, seed)
    check_choice(sample, all_, architectures, table, optional=space is not None)
    check_whole("workers", workers, 1, SettingError)
    if out is not None:
        check_suffix(out, "a CSV file", CSV)
    part = options.shard(shard)
    devices = device_names(device)
    setting = Setting(
        input=input_ or _DEFAULT.input, labels=labels or _DEFAULT.labels, batch_size=batch_size,
        shape=sizes_by_name(size),
        image_size=image_size, classes=classes, bn=bn, init=init, loss=loss, width=width, depth=depth, dtype=dtype,
        device=device_kind(devices[0]), probes=probes, seed=seed,
    )  # fmt: skip
    from harness.spaces import open_space

    opened = None if space is None else models_of(space) or open_space(space)
    from harness.proxies import list_proxies, resolve
    from harness.report.files import write_described_csv
    from harness.scoring.cluster.connection import connected
    from harness.scoring.runner import run
    from harness.scoring.seeds import seeds_named
    from harness.spaces.space import completed, described
    from harness.spaces.user_code import UserCodeSpace
    from harness.stats.names import BASELINES

    chosen = resolve(proxies)
    if "all" in proxies:
        left_out = [proxy.name for proxy in list_proxies() if proxy not in chosen]
        print(f"'all' leaves out proxies that need many backward passes: {', '.join(left_out)}; name them to have them")
    check_choice(sample, all_, architectures, table, optional=isinstance(opened, UserCodeSpace))
    of_table, opened = architectures_of_table(table, opened)
    names = [proxy.name for proxy in chosen]
    if isinstance(opened, UserCodeSpace) and (sizes := [name for name in BASELINES if name not in names]):
        print(f"models of your own are scored by {' and '.join(sizes)} too, which every ranking stands beside")
        names += sizes
    source = input_ or opened.inputs[0]
    setting = replace(setting, input=source, labels=labels or ("random" if source in NOISE else "true"))
    setting = completed(opened, setting)
    cells = chosen_architectures(opened, sample, architectures, of_table, sample_seed)
    many = "" if len(cells) == 1 else "s"
    print(f"scoring {len(cells):,} architecture{many} of {opened.name} by {', '.join(names)}")
    folder = None if source in NOISE else options.data_folder(data, source)
    batch = opened.batch(setting, folder)
    decided = {} if source in NOISE else opened.shape_of(batch)  # a space, or a data set, may have sizes of its own
    drawn = replace(setting, batch_size=len(batch), shape=Shape({**setting.shape, **decided}))
    said = described(opened, drawn)
    if scored_with is not None:
        said = seeds_named(said, seed, scored_with)
    print(f"setting: {said}; store: {store}")
    with connected(scheduler) as client:
        frame = run(
            opened, cells, names, setting=setting, seeds=scored_with, data=folder,
            store=store, workers=workers, client=client, devices=devices, workers_per_device=workers_per_device,
            merge_equal=merge, retry_failed=retry_failed, shard=part,
            progress=True,
        )  # fmt: skip
    if part is not None:
        print(f"shard {part}: {frame['architecture'].nunique():,} of the architectures")
    print(f"scores in {store}")
    if out is not None:
        say_table(write_described_csv(frame, out))
    _report_failures(frame, proxies)


def _report_failures(frame: pd.DataFrame, named: Sequence[str]) -> None:
    """Print the failed scores.

    Raises:
        RunError: if a proxy has no score at all, unless `all` brought it and it is not applicable to these networks.
    """
    failed = frame[frame["status"] != "ok"]
    broken = _without_any_score(frame)
    for architecture, message in broken.items():
        print(f"{plain(architecture, LONGEST_ARCHITECTURE)} has no score: {message}")
    of_proxies = failed[~failed["architecture"].isin(broken)]
    for (proxy, status), rows in of_proxies.groupby(["proxy", "status"], sort=False):
        print(f"{proxy}: {len(rows):,} {status}, first {rows.iloc[0]['architecture']}: {rows.iloc[0]['message']}")
    counts: dict[Any, Any] = frame.groupby("proxy")["status"].apply(lambda statuses: (statuses == "ok").sum()).to_dict()
    by_itself = set() if failed.empty else set(of_proxies.loc[of_proxies["status"] != "not_applicable", "proxy"])
    hopeless = [str(proxy) for proxy, good in counts.items() if good == 0 and (proxy in named or proxy in by_itself)]
    if not any(counts.values()):
        hopeless = list(counts)
    if hopeless:
        raise RunError(f"no architecture has a score by {', '.join(hopeless)}")


def _without_any_score(frame: pd.DataFrame) -> dict[str, str]:
    """The architectures of which every proxy failed for the same reason, with that reason."""
    grouped = frame.groupby("architecture", sort=False)
    alike = (grouped["status"].agg(lambda statuses: (statuses != "ok").all())) & (grouped["message"].nunique() == 1)
    several = grouped["proxy"].nunique() > 1
    names = alike.index[alike & several]
    return {str(name): str(message) for name, message in grouped["message"].first().loc[names].items()}
