"""The study of searches that query NAS-Bench-Graph."""
