"""`nasinit search`: search an architecture by gradients of a supernet."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import options
from harness.text.shown import in_epochs

if TYPE_CHECKING:
    import pandas as pd

    from harness.search import Method, SearchResult
    from harness.search.gradient.data import Images
    from harness.studies.searches.record import Used


def search(
    method: Annotated[
        str, typer.Argument(help="name of a search, as `nasinit list searches` prints it", metavar="METHOD")
    ],
    space: Annotated[str, typer.Option(help="nasbench201 | darts")] = options.DEFAULT_SPACE,
    preset: Annotated[
        str, typer.Option(help="laptop (minutes on two cores) | paper (as published, or as near as possible)")
    ] = "laptop",
    data: Annotated[
        str | None,
        typer.Option(help="digits, noise, or the folder of CIFAR-10's binary files; by default that of the method"),
    ] = None,
    seed: Annotated[int, typer.Option(help="seed of all random numbers")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="folder of the search; a search that is already there goes on")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="number of epochs, instead of the preset's")] = None,
    batch_size: Annotated[int | None, typer.Option(help="samples in a batch, instead of the preset's")] = None,
    width: Annotated[int | None, typer.Option(help="channels of the first stage, instead of the preset's")] = None,
    depth: Annotated[
        int | None, typer.Option(help="NAS-Bench-201: cells per stage; DARTS: cells; instead of the preset's")
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="pixels on a side, instead of the preset's")] = None,
    images: Annotated[int | None, typer.Option(help="training images used, instead of the preset's")] = None,
    steps_per_epoch: Annotated[
        int | None, typer.Option(help="steps in an epoch, instead of as many as the images give")
    ] = None,
    weight_lr: Annotated[float | None, typer.Option(help="learning rate of the weights")] = None,
    alpha_lr: Annotated[float | None, typer.Option(help="learning rate of the architecture parameters")] = None,
    alpha_warm_up: Annotated[
        int | None, typer.Option(help="epochs of each stage before the architecture parameters are trained")
    ] = None,
    penalty: Annotated[float | None, typer.Option(help="β-DARTS: λ after the last epoch")] = None,
    nu: Annotated[float | None, typer.Option(help="NASI: ν, the trace above which the objective falls")] = None,
    mu: Annotated[float | None, typer.Option(help="NASI: μ, the weight of the part of the trace above ν")] = None,
    trace_gradient: Annotated[str | None, typer.Option(help="NASI: two_pass | double_backward | one_pass")] = None,
    device: options.DeviceOption = "cpu",
    autocast: Annotated[
        bool,
        typer.Option(
            "--autocast", help="bfloat16 where torch holds it safe; not for methods that take differences of gradients"
        ),
    ] = False,
    column: Annotated[
        str | None, typer.Option(help="column of a table that is joined to the log after the search, for the record")
    ] = None,
) -> None:
    """Search an architecture by gradients of a supernet; if interrupted, the same command goes on where it stopped."""
    from harness.evaluation import table_with
    from harness.search import find_method, run_search
    from harness.search.gradient.data import read_images
    from harness.spaces import open_space
    from harness.studies.searches.record import used_by
    from harness.studies.searches.runs import Run

    opened, chosen = open_space(space), find_method(method)
    changes = {
        "epochs": epochs, "batch_size": batch_size, "width": width, "depth": depth, "image_size": image_size,
        "images": images, "steps_per_epoch": steps_per_epoch, "weight_lr": weight_lr, "alpha_lr": alpha_lr,
        "alpha_warm_up": alpha_warm_up, "penalty": penalty, "nu": nu, "mu": mu, "trace_gradient": trace_gradient,
    }  # fmt: skip
    setting = chosen.setting(space, preset).changed({name: new for name, new in changes.items() if new is not None})
    folder = out or Path(f"search-{method}-{space}-{seed}")
    source = chosen.data if data is None else data
    if column is not None:
        table_with(column, space=space)  # a misspelt name is an error before the search, which may take hours
    read = read_images(source, setting, seed, at_most=images is None)
    used = used_by(Run(method, setting, source, seed, space), read)
    _say_task(chosen, space, used, read, seed, folder)
    result = run_search(
        opened, chosen, used.setting, data=read, seed=seed, out=folder, device=device, autocast=autocast, progress=True
    )
    if result.resumed_from:
        print(f"went on after epoch {result.resumed_from} from the checkpoint in {folder}")
    log, label = _with_record(result.log, space, column)
    facts = {
        "method": method, "space": space, "preset": preset, "seed": seed, "data": source, "device": device,
        "autocast": autocast, "images_used": used.images, "changed_from_paper": used.changed,
        "not_as_published": used.note, "source": chosen.source, "setting": asdict(used.setting),
    }  # fmt: skip
    _write(folder, result, log, label, facts)
    print(result.architecture)
    print(f"in {folder}: architecture.txt, log.csv, curves.png, curves.svg, setting.json, checkpoint.pt")


def _say_task(chosen: Method, space: str, used: Used, images: Images, seed: int, folder: Path) -> None:
    from harness.studies.searches.record import changes_in_words

    print(f"{chosen.name}: {chosen.summary}\n    {chosen.source}")
    height, width = images.pixels.shape[-2:]
    print(f"in {space} on {used.images:,} images of {used.data}, {height} × {width} pixels, seed {seed}")
    print(f"{in_epochs(used.setting.epochs)}, into {folder}")
    data_last = dict(sorted(used.changed.items(), key=lambda item: item[0] == "data"))
    if used.note:
        print(f"the preset paper is not as published: {used.note}")
    against = "the preset paper" if used.note else "the published setting"
    print(f"against {against}: {changes_in_words(data_last) or 'nothing is changed'}")


def _with_record(log: pd.DataFrame, space: str, column: str | None) -> tuple[pd.DataFrame, str]:
    """The log with the tabulated values of the chosen architectures, and the label of these values for the figure.

    Where no column is given, the default one is joined if its table is here.
    """
    from harness.evaluation import TableError, table_with
    from harness.evaluation.columns import axis_label
    from harness.studies.searches.pool import with_record

    if column is None and space != options.DEFAULT_SPACE:
        return log, ""
    wanted = column or options.DEFAULT_COLUMN
    try:
        table = table_with(wanted, space=space)
    except TableError as error:
        if column is not None:
            raise
        print(f"no column for the record: {error}")
        return log, ""
    joined = with_record(log, table, [wanted], space)
    print(f"for the record, {wanted} of the architecture: {joined.iloc[-1, -1]:.4g}; {table.facts.title}")
    return joined, axis_label(table, wanted)


def _write(folder: Path, result: SearchResult, log: pd.DataFrame, label: str, facts: dict[str, Any]) -> None:
    """Write all files of a search except its checkpoint, which the search itself writes."""
    import torch

    from harness.report.figures.search_curves import search_curves
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.scoring.provenance import command
    from harness.studies.record import environment, json_text

    content = {
        "command": command(),
        **facts,
        "seconds": float(log["seconds"].sum()),
        "environment": {**environment(), "threads": torch.get_num_threads()},
    }
    write_csv(log, folder / "log.csv")
    write_text(f"{result.architecture}\n", folder / "architecture.txt")
    write_text(json_text(content), folder / "setting.json")
    figure = search_curves([(facts["method"], log)], record_label=label)
    save_pictures(figure, folder / "curves")
