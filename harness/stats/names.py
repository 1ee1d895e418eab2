"""Names that all parts of the harness share: of the coefficients, and of the proxies that measure a network's size."""

from __future__ import annotations

COEFFICIENTS = ("spearman", "kendall_tau_b", "weighted_tau", "pearson")
"""The coefficients of a ranking, in the order of `harness.stats.Coefficients`."""

RANK_COEFFICIENTS = COEFFICIENTS[:2]
"""Those of them that are reported beside a paper's: Spearman's and Kendall's."""

BASELINES = ("params", "flops")
"""The proxies that all others are compared with: parameters and multiply-adds."""
SAME = 0.9995
"""Proxies with a rank correlation of at least this, of either sign, are one number in other words."""
