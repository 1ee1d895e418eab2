"""The variants' steps over all seeds, in processes; what is there already is read."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import asdict
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from harness.progress import progress_bar
from harness.scoring.engine import close_pool, threads_of_torch, worker_pool
from harness.search.gradient.data import Images, read_images, resized
from harness.search.gradient.setting import SearchSetting
from harness.studies.searches.nasi.steps import Steps
from harness.studies.searches.nasi.variants import BATCH, DEPTH, SIDE, VARIANTS, WIDTH, variant_steps
from harness.writing import replacing

_VERSION = 1


def run_variants(
    folder: Path,
    seeds: Sequence[int],
    *,
    data: Path | None,
    workers: int,
    count: int | None,
    say: Callable[[str], None],
    names: Collection[str] = tuple(VARIANTS),
) -> dict[str, list[Steps]]:
    """The steps of each variant under each seed, by the variant's name; each is kept in `folder` as soon as it is made.

    Args:
        folder: folder of a file for each variant and seed.
        seeds: seeds of the searches.
        data: folder of CIFAR-10; without it the variants that take images are left out.
        workers: number of processes, each with one thread.
        count: number of steps; None for each variant's own.
        say: function that prints a line.
        names: names of the variants.
    """
    wanted, names = names, [name for name in names if data is not None or not VARIANTS[name].images]
    if left_out := [name for name in wanted if name not in names]:
        say(f"no CIFAR-10 here, so left out: {', '.join(left_out)}")
    found = {(name, seed): _read(_file(folder, name, seed), name, seed, count) for name in names for seed in seeds}
    missing = [task for task, steps in found.items() if steps is None]
    missing.sort(key=lambda task: task[1])  # a stopped study has every variant under its first seeds
    if missing:
        say(f"{len(missing)} of {len(found)} searches on the small supernet, {workers} at once, into {folder}")
        _make(missing, found, folder, data, workers, count)
    return {name: [steps for seed in seeds if (steps := found[name, seed]) is not None] for name in names}


def _make(
    missing: Sequence[tuple[str, int]],
    found: dict[tuple[str, int], Steps | None],
    folder: Path,
    data: Path | None,
    workers: int,
    count: int | None,
) -> None:
    pool, over = worker_pool(min(workers, len(missing))), False
    try:
        waiting = {pool.submit(_steps_of, name, seed, data, count): (name, seed) for name, seed in missing}
        with progress_bar(len(missing), "searches", ("searching", "searched")) as advance:
            for done in as_completed(waiting):
                (name, seed), steps = waiting[done], done.result()
                _write(_file(folder, name, seed), name, steps, count)
                found[name, seed] = steps
                advance()
        over = True
    finally:
        close_pool(pool, kill=not over)


def _steps_of(name: str, seed: int, data: Path | None, count: int | None) -> Steps:
    """The steps of one search, as a worker makes them."""
    variant, images = VARIANTS[name], None
    if variant.images:
        images = small_images(data)
    with threads_of_torch(1):
        return variant_steps(variant, seed, images=images, count=count)


def small_images(data: Path | None) -> Images:
    """CIFAR-10's training images, averaged to the small side."""
    return resized(read_images(str(data), SearchSetting(), 0), SIDE)


def _file(folder: Path, name: str, seed: int) -> Path:
    return folder / f"{name.replace(', ', '_').replace(' ', '_')}_{seed}.npz"


def _identity(name: str, seed: int, count: int | None) -> str:
    """What the steps of a search depend on, as text."""
    sizes = {"width": WIDTH, "depth": DEPTH, "batch": BATCH, "side": SIDE, "count": count, "version": _VERSION}
    facts: Mapping[str, object] = {**asdict(VARIANTS[name]), "words": "", **sizes, "seed": seed}
    return json.dumps(facts, sort_keys=True)


def _write(path: Path, name: str, steps: Steps, count: int | None) -> None:
    assert steps.weights is not None
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez_compressed(
            file, identity=np.array(_identity(name, steps.seed, count)), traces=steps.traces,
            gradients=steps.gradients.astype(np.float32), weights=steps.weights.astype(np.float32),
        )  # fmt: skip


def _read(path: Path, name: str, seed: int, count: int | None) -> Steps | None:
    """The steps of a file; None where there is none of this search."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if str(file["identity"]) != _identity(name, seed, count):
                return None
            gradients, weights = (file[part].astype(np.float64) for part in ("gradients", "weights"))
            return Steps(seed, file["traces"], gradients, weights)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error):  # a torn file is made again
        return None
