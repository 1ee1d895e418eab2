"""Logs of searches that did not run."""

from __future__ import annotations

import pandas as pd

COLUMN = "cifar10_test_200ep_pct"


def log_of(method: str, seed: int, accuracies: list[float], seconds: float, preset: str = "laptop") -> pd.DataFrame:
    count = len(accuracies)
    return pd.DataFrame(
        {
            "epoch": range(1, count + 1), "seconds": [seconds] * count, "method": method, "seed": seed,
            f"{COLUMN}_for_the_record": accuracies, "how": f"preset {preset}, noise",
        }
    )  # fmt: skip
