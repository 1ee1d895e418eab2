"""How far scores move with the kernels that PyTorch takes: other vector units, other numbers of threads, float64.

Run by hand: `python tests/speed/bench_kernels.py`, about an hour for 20 cells. Each configuration is a process of its
own, since PyTorch and oneDNN choose their kernels when they are loaded; the processor must have what is asked for. The
networks and the batch are drawn anew in each, as two users would do on two machines. `README.md` beside this file keeps
the last table.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

Scores = Mapping[str, list[float]]
"""By proxy, a score for each cell."""


class Configuration(NamedTuple):
    """What one process runs with.

    Attributes:
        environment: what makes PyTorch and oneDNN take other kernels than the processor's best.
        threads: of torch.
        dtype: of weights and inputs, drawn in float32.
    """

    environment: Mapping[str, str]
    threads: int = 1
    dtype: str = "float32"


def kernels(torch_kernels: str, onednn: str) -> dict[str, str]:
    return {"ATEN_CPU_CAPABILITY": torch_kernels, "ONEDNN_MAX_CPU_ISA": onednn}


BEST = "best kernels"
EXACT = "float64"
CONFIGURATIONS = {
    BEST: Configuration({}),
    "two threads": Configuration({}, threads=2),
    "AVX2": Configuration(kernels("avx2", "AVX2")),
    "SSE4.1": Configuration(kernels("default", "SSE41")),
    EXACT: Configuration({}, dtype="float64"),
}


def scores(options: argparse.Namespace) -> Scores:
    """Scores of the sample in this process."""
    import torch

    from harness.proxies.registry import resolve
    from harness.scoring.scorer import score_network
    from harness.setting import Setting
    from harness.spaces import open_space
    from harness.spaces.image_batches import draw_images

    torch.set_num_threads(options.threads)
    setting = Setting(width=options.width, depth=options.depth, batch_size=options.batch, dtype=options.dtype)
    space, entries, batch = open_space("nasbench201"), resolve("all"), draw_images(setting)
    found: dict[str, list[float]] = {entry.name: [] for entry in entries}
    for architecture in space.sample(options.cells, seed=0):
        rebuild = functools.partial(space.build, architecture)
        network = rebuild(width=options.width, depth=options.depth).to(getattr(torch, setting.dtype))
        for name, score in score_network(network, batch, entries, setting, rebuild).items():
            found[name].append(score.value)
        print(architecture, file=sys.stderr, flush=True)
    return found


def run(name: str, options: argparse.Namespace) -> Scores:
    """Scores of the sample in a process of their own."""
    configuration = CONFIGURATIONS[name]
    command = [sys.executable, __file__, "--dtype", configuration.dtype, "--threads", str(configuration.threads)]
    for option in ("cells", "width", "depth", "batch"):
        command += [f"--{option}", str(getattr(options, option))]
    print(f"{name} ...", file=sys.stderr, flush=True)
    threads = str(configuration.threads)
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, **configuration.environment}
    outcome = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: Scores = json.loads(outcome.stdout)
    return found


def differences(some: Scores, others: Scores) -> pd.DataFrame:
    """By proxy, over the cells: the largest and the median of |one / other − 1|."""
    rows = {}
    for proxy, values in some.items():
        one, other = np.array(values, dtype=float), np.array(others[proxy], dtype=float)
        known = np.isfinite(one) & np.isfinite(other)
        moves = np.abs(one[known] - other[known]) / np.maximum(np.abs(other[known]), np.finfo(float).tiny)
        rows[proxy] = (moves.max(initial=0), float(np.median(moves)) if len(moves) else np.nan)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["largest", "median"])


def least_spearman(found: Mapping[str, Scores], proxy: str) -> float:
    """The least rank correlation of a proxy's scores with those of the best kernels; NaN where all score alike."""
    columns = pd.DataFrame({name: some[proxy] for name, some in found.items()})
    return float(columns.corr("spearman")[BEST].min())


def main() -> None:
    """Read the options, run all configurations, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=20)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--dtype", default="float32", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.threads:
        print(json.dumps(scores(options)))
        return
    found = {name: run(name, options) for name in CONFIGURATIONS}
    print(f"{options.cells} cells, C = {options.width}, N = {options.depth}, batch {options.batch}")
    print("largest (median) relative difference from the best kernels with one thread, and least Spearman with them\n")
    moved = {name: differences(some, found[BEST]) for name, some in found.items() if name != BEST}
    print("| proxy | " + " | ".join(moved) + " | Spearman |\n|---" + "|---" * (len(moved) + 1) + "|")
    for proxy in found[BEST]:
        cells = [f"{frame.loc[proxy, 'largest']:.0e} ({frame.loc[proxy, 'median']:.0e})" for frame in moved.values()]
        print(f"| `{proxy}` | " + " | ".join(cells) + f" | {least_spearman(found, proxy):.4f} |")


if __name__ == "__main__":
    main()
