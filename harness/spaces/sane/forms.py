"""The two forms of attention in SANE, for what must not load torch."""

PAPER, CODE = "paper", "code"
"""Weights of attention that sum to one over the edges that end in a node; over those that begin in one."""
FORMS = (PAPER, CODE)
