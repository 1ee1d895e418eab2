"""Searches on a table: their fidelities, scores and runs, and the published results."""
