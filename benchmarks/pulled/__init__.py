"""What `benchmarks.pull` does with each source: how a file is fetched, what must be true of it, what it becomes."""
