"""Networks of the DARTS space, timed on this machine: errors of their predictors, beside the noise floor.

The networks are those of DARTS's search (16 channels, 8 cells, images of side 32, batch 1), smaller than the paper's,
and on one thread of a processor in the place of its GPU. What counts is the time that the processor spends in the
thread, so that other programs do not; some genotypes are timed by the wall clock too, for its noise. The numbers of
genotypes, of repeats and of splits are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation.searches.encodings import encodings
from harness.evaluation.searches.latency import fitted, predicted
from harness.prediction.linear import ridge_regression
from harness.report.files import write_described_csv
from harness.scoring.provenance import known_provenance
from harness.scoring.timing.clocks import THREAD, WALL
from harness.scoring.timing.latency import measure_latency
from harness.scoring.timing.noise import noise_floor, relative_differences, spread
from harness.spaces import open_space
from harness.spaces.darts.derivation import GROUPS
from harness.studies.searches.kept import check_key
from harness.studies.searches.latency.errors import error_of

if TYPE_CHECKING:
    from harness.prediction.encoding import Shapes
    from harness.search.query.indexed import CellArray, FloatArray
    from harness.studies.options import StudyOptions

SPACE = "darts"
FILE, WALL_FILE = "genotypes.csv.gz", "genotypes_wall.csv.gz"
FILES: Mapping[str, str] = {FILE: THREAD, WALL_FILE: WALL}
"""The clock of each file."""
KEY_FILE = "genotypes.json"
"""Seed and `Timing` of the files."""
LATENCY = "latency_cpu_thread_ms"
SIZES: Mapping[str, int] = {"width": 16, "depth": 8}
MODELS = ("constant", "macs", "counts", "linear", "pairwise", "mlp")
"""The mean; least squares on multiply-adds, or on how often each operation is there; and the predictors of searches."""
SHAPES: Shapes = tuple(group.shape for group in GROUPS.values())


class Timing(NamedTuple):
    """What is timed, and what the models are trained on.

    Attributes:
        genotypes: number of random genotypes.
        repeats: number of rounds.
        again: genotypes that are timed twice in each round.
        wall: genotypes that are timed by the wall clock too, all of them twice in each round.
        test: genotypes of each split that no model is trained on.
        training: numbers of training genotypes.
        splits: number of splits.
        mlp_splits: that of the perceptron.
    """

    genotypes: int = 250
    repeats: int = 6
    again: int = 50
    wall: int = 25
    test: int = 50
    training: tuple[int, ...] = (25, 50, 100, 200)
    splits: int = 10
    mlp_splits: int = 3


QUICK = Timing(12, 1, 4, 3, 4, (4, 8), 2, 1)


def timing_of(options: StudyOptions) -> Timing:
    """What a study times."""
    return QUICK if options.quick else Timing()


class Timed(NamedTuple):
    """Latencies of genotypes: `architecture`, the latency, `again_ms` and `macs`; and what made them.

    `again_ms` is the median of a second series of repeats; NaN where there is none.

    Attributes:
        thread: all genotypes by the clock of the thread, `latency_cpu_thread_ms`.
        wall: some of them by the clock of the wall, `latency_cpu_ms`.
        facts: machine, sizes and the like, by the name of the clock.
    """

    thread: pd.DataFrame
    wall: pd.DataFrame
    facts: dict[str, Any]


def timed_genotypes(options: StudyOptions) -> Timed:
    """Latencies of random genotypes on this machine: those that the folder has, or new ones.

    Raises:
        SettingError: a folder with timings of another seed or of other numbers, by its `genotypes.json`.
    """
    timing = timing_of(options)
    check_key(options.out / KEY_FILE, tuple(FILES), {"seed": options.seed, **timing._asdict()})
    for file, clock, count, again in (
        (FILE, THREAD, timing.genotypes, timing.again), (WALL_FILE, WALL, timing.wall, timing.wall),
    ):  # fmt: skip
        if not (options.out / file).is_file():
            options.say(f"genotypes: {count} timed by the clock of the {clock}, into {options.out / file}")
            _time(options, file, clock, count, again, timing.repeats)
    facts = {clock: known_provenance(options.out / file)[0].get("latency", {}) for file, clock in FILES.items()}
    return Timed(read_timed(options.out / FILE), read_timed(options.out / WALL_FILE), facts)


def _time(options: StudyOptions, file: str, clock: str, count: int, again: int, repeats: int) -> None:
    space = open_space(SPACE)
    found = measure_latency(
        space, space.sample(count, options.seed), store=options.out / f"genotypes_{clock}.sqlite", repeats=repeats,
        again=again, seed=options.seed, shape=SIZES, clock=clock, progress=options.progress,
    )  # fmt: skip
    second = found.again.set_index("architecture")["again_ms"]
    macs = [space.sizes(space.parse(text), SIZES).macs for text in found.frame["architecture"]]
    frame = found.frame.assign(again_ms=found.frame["architecture"].map(second), macs=macs)
    frame.attrs = found.frame.attrs
    write_described_csv(frame, options.out / file)


def read_timed(path: Path) -> pd.DataFrame:
    """The latencies in a file, as `Timed` has them."""
    return pd.read_csv(path, float_precision="round_trip")


def genotype_noise_frame(thread: pd.DataFrame, wall: pd.DataFrame) -> pd.DataFrame:
    """How well the latencies are known, a row for each clock.

    Args:
        thread: latencies by the clock of the thread.
        wall: latencies by that of the wall.

    Returns:
        `clock`, `genotypes`, `timed_again`, `least_ms`, `median_ms`, `most_ms`; `noise_floor` and `spread`, the median
        relative differences of the two medians of one genotype and of two genotypes; `mean_difference`, the mean of the
        former; `spearman` of the two medians.
    """
    return pd.DataFrame([{"clock": clock, **_noise(frame)} for clock, frame in ((THREAD, thread), (WALL, wall))])


def _noise(timed: pd.DataFrame) -> dict[str, float]:
    values, twice = timed.iloc[:, 1].to_numpy(), timed.dropna(subset="again_ms")
    first, again = twice.iloc[:, 1].to_numpy(), twice["again_ms"].to_numpy()
    return {
        "genotypes": len(timed), "timed_again": len(twice), "least_ms": values.min(), "median_ms": np.median(values),
        "most_ms": values.max(), "noise_floor": noise_floor(first, again), "spread": spread(values),
        "mean_difference": relative_differences(first, again).mean(), "spearman": stats.spearmanr(first, again)[0],
    }  # fmt: skip


def genotype_errors_frame(timed: pd.DataFrame, timing: Timing, seed: int) -> pd.DataFrame:
    """Errors of each model on genotypes that it was not trained on, by number of training genotypes and split.

    Returns:
        `model`, `training_genotypes`, `seed` and the errors of `harness.studies.searches.latency.errors.error_of`.
    """
    return pd.DataFrame(_rows(timed, timing, seed))


def genotype_means_frame(errors: pd.DataFrame) -> pd.DataFrame:
    """Means over the splits, with the standard deviation of the mean relative error over them."""
    grouped = errors.groupby(["model", "training_genotypes"], sort=False)
    found = grouped[["mean_relative_error", "median_relative_error", "spearman"]].mean()
    found["mean_relative_error_std"] = grouped["mean_relative_error"].std()
    return found.assign(splits=grouped.size()).reset_index()


def _rows(timed: pd.DataFrame, timing: Timing, seed: int) -> Iterator[dict[str, Any]]:
    codes = encodings(open_space(SPACE), list(timed["architecture"]))
    values, macs = timed[LATENCY].to_numpy(), timed["macs"].to_numpy(dtype=np.float64)
    for model in MODELS:
        for split in range(seed, seed + (timing.mlp_splits if model == "mlp" else timing.splits)):
            order = np.random.default_rng(split).permutation(len(timed))
            test, others = order[: timing.test], order[timing.test :]
            for count in timing.training:
                if count > len(others):
                    continue
                found = _predictions(model, codes, macs, values, others[:count], split)
                yield {
                    "model": model, "training_genotypes": count, "seed": split, **error_of(found[test], values[test]),
                }  # fmt: skip


def _predictions(
    model: str, codes: FloatArray, macs: FloatArray, values: FloatArray, training: CellArray, seed: int
) -> FloatArray:
    """Predictions of all latencies by a model of those of the training genotypes."""
    targets = values[training, None]
    if model == "constant":
        return np.full(len(values), targets.mean())
    if model in ("macs", "counts"):
        features = macs[:, None] / macs.mean() if model == "macs" else _counts(codes)
        weights, constants = ridge_regression(features[training], targets, 1e-3)
        return np.asarray(features @ weights + constants)[:, 0]
    return predicted(fitted(model, codes[training], targets, SHAPES, seed), codes)[:, 0]


def _counts(codes: FloatArray) -> FloatArray:
    """How often each operation is there in the normal and in the reduction cell, [N, 2 · O]."""
    edges, operations = SHAPES[0]
    return np.asarray(codes.reshape(len(codes), len(SHAPES), edges, operations).sum(axis=2).reshape(len(codes), -1))
