"""Study: every proxy on all cells of NAS-Bench-201, or on the random part of them that is scored so far."""
