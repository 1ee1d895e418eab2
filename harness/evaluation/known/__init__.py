"""Known scores: those of every proxy on the cells of NAS-Bench-201, which come with the package as a table."""
