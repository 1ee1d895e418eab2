"""`nasinit measure`: what networks cost on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import offered, options
from harness.cli.chosen import architectures_of_table, check_choice, chosen_architectures, sizes_by_name
from harness.cli.outputs import say_table
from harness.cli.user_files import models_of
from harness.report.suffixes import CSV, check_suffix
from harness.scoring.devices import device_names

if TYPE_CHECKING:
    from harness.scoring.timing.latency import Latencies

app = typer.Typer(no_args_is_help=True)


@app.callback()
def measure() -> None:
    """Measure what networks cost on this machine: latency."""


@app.command()
def latency(
    space: Annotated[
        str | None,
        typer.Option(
            help="a space of nasinit list spaces, or a Python file with models of your own, as for nasinit score; by "
            "default that of --table, else nasbench201",
            autocompletion=offered.SPACES,
        ),
    ] = None,
    sample: Annotated[int | None, typer.Option(help="time this many random architectures")] = None,
    all_: Annotated[bool, typer.Option("--all", help="time the whole space")] = False,
    architectures: Annotated[
        Path | None, typer.Option(help="time the architectures in this file, one per line; - reads standard input")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(help="time the architectures of a table, by its name or file", autocompletion=offered.TABLES),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="samples in a pass")] = 1,
    repeats: Annotated[int, typer.Option(help="rounds, of which each architecture's median is taken")] = 5,
    warm_up: Annotated[int, typer.Option(help="passes before each timed one")] = 1,
    again: Annotated[
        int, typer.Option(help="architectures that are timed a second time in each round, for the noise floor")
    ] = 50,
    threads: Annotated[int, typer.Option(help="threads of torch")] = 1,
    clock: Annotated[
        str,
        typer.Option(
            help="wall, or thread: what a processor spends in the pass, whatever else runs on it; for one thread",
            autocompletion=offered.those("wall", "thread"),
        ),
    ] = "wall",
    device: options.DeviceOption = "cpu",
    size: Annotated[
        list[str] | None, typer.Option(help="NAME=NUMBER: a size of the space's networks or inputs, such as channels=1")
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="pixels on a side; the space's own by default")] = None,
    classes: Annotated[int | None, typer.Option(help="outputs of the network; the space's own by default")] = None,
    width: Annotated[
        int | None, typer.Option(help="channels of the first stage, C; the space's own by default")
    ] = None,
    depth: Annotated[
        int | None, typer.Option(help="NAS-Bench-201: cells per stage, N; DARTS: cells; the space's own by default")
    ] = None,
    seed: Annotated[int, typer.Option(help="seed of the weights, the inputs and the orders of the rounds")] = 0,
    sample_seed: Annotated[int, typer.Option(help="seed of --sample")] = 0,
    store: Annotated[
        Path, typer.Option(help="SQLite file for the single timings; those in it are not made again")
    ] = Path("latency.sqlite"),
    out: Annotated[
        Path | None,
        typer.Option(
            help="CSV file (.csv or .csv.gz) for the latencies, a table that other commands take; FILE.json next to it "
            "says what made it"
        ),
    ] = None,
) -> None:
    """Time forward passes of untrained networks; if a run was killed, the same command goes on.

    Each architecture is timed once a round, in a new random order, so that drift of the machine hits all alike.
    """
    check_choice(sample, all_, architectures, table, optional=space is not None)
    if out is not None:
        check_suffix(out, "a CSV file", CSV)
    device_names(device)
    named = {"image_size": image_size, "classes": classes, "width": width, "depth": depth}
    sizes = {**sizes_by_name(size), **{name: given for name, given in named.items() if given is not None}}
    from harness.report.files import write_described_csv
    from harness.scoring.timing.latency import measure_latency
    from harness.spaces import open_space
    from harness.spaces.user_code import UserCodeSpace

    opened = None if space is None else models_of(space) or open_space(space)
    check_choice(sample, all_, architectures, table, optional=isinstance(opened, UserCodeSpace))
    of_table, opened = architectures_of_table(table, opened)
    cells = chosen_architectures(opened, sample, architectures, of_table, sample_seed)
    print(f"timing {len(cells):,} architecture{'s' * (len(cells) != 1)} of {opened.name} into {store}")
    found = measure_latency(
        opened, cells, store=store, batch_size=batch_size, repeats=repeats, warm_up=warm_up, threads=threads,
        device=device, clock=clock, again=again, seed=seed, shape=sizes, progress=True,
    )  # fmt: skip
    _say(found)
    if out is not None:
        say_table(write_described_csv(found.frame, out))


def _say(found: Latencies) -> None:
    from harness.scoring.provenance import PROVENANCE

    facts, values = found.frame.attrs[PROVENANCE]["latency"], found.frame[found.column]
    sizes = ", ".join(f"{name} {number}" for name, number in facts["sizes"].items())
    threads = f"{facts['threads']} thread{'s' * (facts['threads'] != 1)}"
    print(f"{facts['machine']}, {facts['device']}, {threads}, clock {facts['clock']}")
    print(f"batch size {facts['batch_size']}, {sizes}; torch {facts['torch']}")
    print(
        f"{found.column}: {values.min():.4g} to {values.max():.4g}, median {values.median():.4g}, over "
        f"{facts['repeats']} repeat{'s' * (facts['repeats'] != 1)}"
    )
    if len(found.again):
        apart = "" if found.spread != found.spread else f"; two architectures differ by {100 * found.spread:.1f} %"
        print(
            f"noise floor: the two medians of {len(found.again):,} architecture{'s' * (len(found.again) != 1)} differ "
            f"by {100 * found.noise_floor:.1f} %{apart} (medians)"
        )
