"""Gradient-based searches on a supernet: one loop, and a short file for each paper with what is different there."""
