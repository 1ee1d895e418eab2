"""The study of E2RNAS."""
