"""Searches on a table: what each run asked, what it cost, and what it chose."""
