"""Readers of published tables: one source a file."""
