"""DARTS-PRIME: DARTS with a dynamic schedule and a pull towards discretisation (Maile et al. 2021)."""

from __future__ import annotations

from dataclasses import replace

from harness.search.gradient import darts

SOURCE = "Maile et al., DARTS-PRIME: Regularization and Scheduling Improve Constrained Optimization in DARTS, 2021"

METHOD = replace(
    darts.FIRST_ORDER,
    name="darts-prime",
    summary="DARTS (first order), α moved by the weights' Fisher information and pulled towards its discretisation",
    source=SOURCE,
    graphs=False,
)
"""The steps of DARTS; schedule and regulariser are in its presets (`schedule` dynamic, `regularise` proximity)."""
