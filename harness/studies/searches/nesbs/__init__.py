"""The study of NESBS."""
