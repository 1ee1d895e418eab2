"""Searches by gradients on a supernet: one loop, and a short file for each paper that says what it does otherwise."""
