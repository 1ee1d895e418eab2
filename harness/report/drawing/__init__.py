"""Architectures drawn as graphs: what a cell is wired like, where its parts stand, and the figure.

The layout is in points and knows of no figure, so that the web page draws the same picture.
"""
