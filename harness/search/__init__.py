"""Searches: algorithms that choose an architecture. None can open a table; some are handed an oracle that counts."""
