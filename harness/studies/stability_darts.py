"""The part of the study of stability for DARTS: conditions, proxies and columns. Nothing here computes anything.

The base is the size of DARTS's search, eight cells and 16 channels. The genotypes are the first of the table, since
those of a random sample have no accuracy.
"""

from __future__ import annotations

from typing import Any

from harness.studies.kinds import Condition

SPACE = "darts"


def _condition(words: str, changes: dict[str, Any] | None = None, **seeds: int) -> Condition:
    return Condition(words, changes or {}, space=SPACE, **seeds)


PROXIES = (
    "nwot", "synflow", "grad_norm", "snip", "fisher", "l2_norm", "nasi_trace", "jacob_cov", "epe_nas", "zen", "meco",
    "params", "flops",
)  # fmt: skip
CONDITIONS = {
    "base": _condition("the base setting"),
    "weights": _condition("other weights", seeds_on=1, batch_seeds_on=0),
    "batch": _condition("another batch", batch_seeds_on=1),
    "uniform": _condition("uniform noise", {"input": "uniform"}),
    "cifar10": _condition("CIFAR-10 images", {"input": "cifar10"}),
    "labels": _condition("CIFAR-10 images and labels", {"input": "cifar10", "labels": "true"}),
    "kaiming": _condition("Kaiming init", {"init": "kaiming_fan_in"}),
    "bn_eval": _condition("eval mode", {"bn": "eval"}),
    "batch_32": _condition("batch of 32", {"batch_size": 32}),
    "batch_16": _condition("batch of 16", {"batch_size": 16}),
    "width_32": _condition("width 32", {"width": 32}),
    "width_8": _condition("width 8", {"width": 8}),
    "width_4": _condition("width 4", {"width": 4}),
    "depth_5": _condition("depth 5", {"depth": 5}),
    "depth_3": _condition("depth 3", {"depth": 3}),
}
SMALLER = {
    "width C": (("width_8", "8"), ("width_4", "4")),
    "cells": (("depth_5", "5"), ("depth_3", "3")),
}
"""Conditions with smaller networks than the base."""
COLUMNS = {
    "cifar10_valid_100ep_surrogate_pct": "validation accuracy that NAS-Bench-301's surrogate predicts",
    "cifar10_test_600ep_best_pct": "best test accuracy of 600 epochs",
}
"""Columns that are ranked, the first that the table has, and what they are called."""
