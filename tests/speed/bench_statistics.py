"""Speed of the bootstrap: many proxies on a whole space, beside scipy called once a resample.

    python tests/speed/bench_statistics.py --table nasbench201-official

The accuracies are a column of the table (with its ties), the scores are these with noise of different size, every
second row rounded to some hundred different values, since proxies that count have ties. Each coefficient is computed
alone, then all four with percentile and with BCa intervals. scipy's functions run on the first few of the same
resamples, of one proxy; the values must agree. Wall time means something on a quiet machine only; the ratio is of both
in the same run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks import open_table
from harness.stats.bootstrap import interval_rows
from harness.stats.names import COEFFICIENTS
from harness.stats.resampling.resampled import resampled_coefficients

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")
SCIPY: dict[str, Callable[[FloatArray, FloatArray], float]] = {
    "spearman": lambda x, y: float(stats.spearmanr(x, y).statistic),
    "kendall_tau_b": lambda x, y: float(stats.kendalltau(x, y).statistic),
    "weighted_tau": lambda x, y: float(stats.weightedtau(x, y).statistic),
    "pearson": lambda x, y: float(stats.pearsonr(x, y).statistic),
}


def made_up_scores(accuracies: FloatArray, proxies: int) -> FloatArray:
    """Shape [proxies, n]: correlations from about 0.1 to 0.99, every second row with ties."""
    generator = np.random.default_rng(0)
    scale = accuracies.std() * np.geomspace(0.1, 10, proxies)
    rows: FloatArray = accuracies + scale[:, None] * generator.normal(size=(proxies, len(accuracies)))
    rows[1::2] = np.round(rows[1::2] / (np.ptp(rows[1::2], axis=1, keepdims=True) / 300))
    return rows


def timed(call: Callable[[], T]) -> tuple[float, float, T]:
    """Seconds of wall time and of processor time, and what came out."""
    wall, processor = time.perf_counter(), time.process_time()
    found = call()
    return time.perf_counter() - wall, time.process_time() - processor, found


def by_scipy(scores: FloatArray, accuracies: FloatArray, name: str, resamples: int) -> tuple[float, FloatArray]:
    """Seconds a resample of one proxy, and the values; the same resamples as ours."""
    generator = np.random.default_rng(1)
    drawn = [generator.integers(len(scores), size=len(scores)) for _ in range(resamples)]
    start = time.perf_counter()
    values = [SCIPY[name](scores[rows], accuracies[rows]) for rows in drawn]
    return (time.perf_counter() - start) / resamples, np.array(values)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", default="nasbench201", help="name of a table, or path of a file")
    parser.add_argument("--column", default="cifar10_test_200ep_pct")
    parser.add_argument("--proxies", type=int, default=40)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--by-scipy", type=int, default=5, help="resamples of one proxy that scipy computes")
    asked = parser.parse_args()
    table = open_table(asked.table)
    accuracies = np.asarray(table.values(table.keys, asked.column), dtype=float)
    scores = made_up_scores(accuracies, asked.proxies)
    print(f"{len(accuracies):,} architectures x {asked.proxies} proxies x {asked.resamples:,} resamples\n")
    print("| what | wall s | processor s | scipy s (extrapolated) | ratio |\n|---|---|---|---|---|")
    for place, name in enumerate(COEFFICIENTS):
        wall, processor, resampled = timed(partial(
            resampled_coefficients, scores, accuracies, generator=np.random.default_rng(1),
            resamples=asked.resamples, wanted=(name,),
        ))  # fmt: skip
        each, values = by_scipy(scores[0], accuracies, name, asked.by_scipy)
        assert np.allclose(resampled.values[0, : asked.by_scipy, place], values, rtol=1e-6)
        whole = each * asked.proxies * asked.resamples
        print(f"| {name} alone | {wall:.1f} | {processor:.1f} | {whole:,.0f} | {whole / wall:,.0f} |")
    for method in ("percentile", "bca"):
        wall, processor, _ = timed(partial(
            interval_rows, scores, accuracies, generator=np.random.default_rng(1), resamples=asked.resamples,
            method=method,
        ))  # fmt: skip
        print(f"| all four, {method} intervals | {wall:.1f} | {processor:.1f} | | |")


if __name__ == "__main__":
    main()
