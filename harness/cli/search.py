"""`nasinit search`: search an architecture by gradients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import options

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.search import Method, SearchResult, SearchSetting
    from harness.search.gradient.data import Images
    from harness.spaces.space import Space


def search(
    method: Annotated[str, typer.Argument(help="as `nasinit list searches` names it", metavar="METHOD")],
    space: Annotated[str, typer.Option(help="nasbench201 | darts")] = options.DEFAULT_SPACE,
    preset: Annotated[
        str, typer.Option(help="laptop (minutes on two cores) | paper (as published, or as near)")
    ] = "laptop",
    data: Annotated[
        str | None,
        typer.Option(help="digits, noise, or the folder of CIFAR-10's binary files; by default the method's own"),
    ] = None,
    seed: Annotated[int, typer.Option(help="of everything that is drawn")] = 0,
    out: Annotated[Path | None, typer.Option(help="folder; a search that lies there goes on")] = None,
    epochs: Annotated[int | None, typer.Option(help="instead of the preset's")] = None,
    batch_size: Annotated[int | None, typer.Option(help="instead of the preset's")] = None,
    width: Annotated[int | None, typer.Option(help="channels of the first stage, instead of the preset's")] = None,
    depth: Annotated[
        int | None, typer.Option(help="NAS-Bench-201: cells a stage; DARTS: cells; instead of the preset's")
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="pixels on a side, instead of the preset's")] = None,
    images: Annotated[int | None, typer.Option(help="training images used, instead of the preset's")] = None,
    steps_per_epoch: Annotated[int | None, typer.Option(help="instead of as many as the images give")] = None,
    weight_lr: Annotated[float | None, typer.Option(help="learning rate of the weights")] = None,
    alpha_lr: Annotated[float | None, typer.Option(help="learning rate of the architecture parameters")] = None,
    alpha_warm_up: Annotated[
        int | None, typer.Option(help="epochs of each stage before the architecture parameters move")
    ] = None,
    penalty: Annotated[float | None, typer.Option(help="β-DARTS: λ after the last epoch")] = None,
    nu: Annotated[float | None, typer.Option(help="NASI: ν, the trace above which the objective falls")] = None,
    mu: Annotated[float | None, typer.Option(help="NASI: μ, the weight of what lies above")] = None,
    trace_gradient: Annotated[str | None, typer.Option(help="NASI: two_pass | double_backward | one_pass")] = None,
    device: options.DeviceOption = "cpu",
    autocast: Annotated[
        bool, typer.Option("--autocast", help="bfloat16 where torch deems it safe; not for differences of gradients")
    ] = False,
    column: Annotated[
        str | None, typer.Option(help="tabulated column that is joined to the log afterwards, for the record")
    ] = None,
) -> None:
    """Search an architecture by gradients of a supernet; interrupted, the same command goes on where it stopped."""
    from harness.search import find_method, run_search
    from harness.search.gradient.data import read_images, with_images
    from harness.spaces import open_space

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
        _table_with(column, opened)  # a misspelt one is said before the hours, not after
    read = read_images(source, setting, seed, at_most=images is None)
    setting = with_images(setting, read)
    _say_task(chosen, opened, setting, read, seed, folder)
    result = run_search(
        opened, chosen, setting, data=read, seed=seed, out=folder, device=device, autocast=autocast, progress=True
    )
    if result.resumed_from:
        print(f"went on after epoch {result.resumed_from} from the checkpoint in {folder}")
    log, label = _with_record(result.log, opened, column)
    facts = {
        "method": method, "space": space, "preset": preset, "seed": seed, "data": source, "device": device,
        "autocast": autocast, "images_used": len(read),
        "changed_from_paper": _changed(chosen, opened, setting, read),
        "not_as_published": chosen.presets[opened.name].note,
    }  # fmt: skip
    _write(folder, result, log, label, chosen, setting, facts)
    print(result.architecture)
    print(f"in {folder}: architecture.txt, log.csv, curves.png, curves.svg, setting.json, checkpoint.pt")


def _say_task(chosen: Method, space: Space, setting: SearchSetting, images: Images, seed: int, folder: Path) -> None:
    print(f"{chosen.name}: {chosen.summary}\n    {chosen.source}")
    height, width = images.pixels.shape[-2:]
    print(f"in {space.name} on {len(images):,} images of {images.name}, {height} × {width} pixels, seed {seed}")
    print(f"{setting.epochs} epochs, into {folder}")
    pairs = _changed(chosen, space, setting, images).items()
    changed = ", ".join(f"{name} {_text(name, old)} -> {_text(name, new)}" for name, (old, new) in pairs)
    note = chosen.presets[space.name].note
    if note:
        print(f"the preset paper is not as published: {note}")
    print(f"against {'the preset paper' if note else 'the published setting'}: {changed or 'nothing is changed'}")


def _changed(chosen: Method, space: Space, setting: SearchSetting, images: Images) -> dict[str, tuple[Any, Any]]:
    """What differs from the preset `paper`, the data included: name to the values there and here."""
    from harness.search.gradient.presets import PUBLISHED_DATA

    data = {} if images.name == PUBLISHED_DATA else {"data": (PUBLISHED_DATA, images.name)}
    return {**setting.difference(chosen.presets[space.name].paper), **data}


def _text(name: str, value: object) -> str:
    nothing = "the data's own" if name == "image_size" else "all"
    return nothing if value is None else str(value)


def _with_record(log: pd.DataFrame, space: Space, column: str | None) -> tuple[pd.DataFrame, str]:
    """The log with the tabulated values of the chosen architectures, which the search has not seen; and their label.

    Without a column that is asked for, the usual one is joined where its table is here.
    """
    from harness.evaluation import TableError
    from harness.evaluation.columns import axis_label
    from harness.evaluation.matching import column_by_key
    from harness.report.figures.search_curves import FOR_THE_RECORD

    if column is None and space.name != options.DEFAULT_SPACE:
        return log, ""
    wanted = column or options.DEFAULT_COLUMN
    try:
        table = _table_with(wanted, space)
    except TableError as error:
        if column is not None:
            raise
        print(f"no column for the record: {error}")
        return log, ""
    values = column_by_key(table, wanted).values
    found = [values.get(space.key(space.parse(text)), float("nan")) for text in log["architecture"]]
    print(f"for the record, {wanted} of the architecture: {found[-1]:.4g}; {table.facts.title}")
    joined = log.copy()
    joined[f"{wanted}{FOR_THE_RECORD}"] = found
    return joined, axis_label(table, wanted)


def _table_with(column: str, space: Space) -> Table:
    from harness.evaluation import table_with

    return table_with(column, space=space.name)


def _write(
    folder: Path,
    result: SearchResult,
    log: pd.DataFrame,
    label: str,
    chosen: Method,
    setting: SearchSetting,
    facts: dict[str, Any],
) -> None:
    """All files of a search but its checkpoint, which is there already."""
    import json
    import platform
    import shlex
    import sys
    from dataclasses import asdict
    from importlib.metadata import version

    import torch

    from harness.report.figures.search_curves import search_curves
    from harness.report.files import save_pictures, write_csv, write_text

    content = {
        "command": shlex.join(["nasinit", *sys.argv[1:]]),
        **facts,
        "source": chosen.source,
        "setting": asdict(setting),
        "seconds": float(log["seconds"].sum()),
        "environment": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "threads": torch.get_num_threads(),
            **{name: version(name) for name in ("nasinit", "torch", "numpy", "scikit-learn")},
        },
    }
    write_csv(log, folder / "log.csv")
    write_text(f"{result.architecture}\n", folder / "architecture.txt")
    write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", folder / "setting.json")
    figure = search_curves([(chosen.name, log)], record_label=label)
    save_pictures(figure, folder / "curves")
