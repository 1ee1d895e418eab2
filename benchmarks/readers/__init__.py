"""Readers of published tables: one source per file."""
