"""Figures: results in, matplotlib figures out, at the size and font of a paper."""
