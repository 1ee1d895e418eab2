"""The study of AGNN."""
