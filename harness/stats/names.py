"""Names that every part of the harness shares: of the coefficients, and of the proxies that count a network's size."""

from __future__ import annotations

COEFFICIENTS = ("spearman", "kendall_tau_b", "weighted_tau", "pearson")
"""The coefficients of a ranking, in the order of `harness.stats.Coefficients`."""

BASELINES = ("params", "flops")
"""The proxies that every other one is compared with: parameters and multiply-adds."""
