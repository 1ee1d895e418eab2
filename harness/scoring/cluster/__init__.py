"""Scores and whole tasks on the workers of a Dask scheduler, with the extra `nasinit[cluster]`."""
