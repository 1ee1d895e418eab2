"""The study of LA-DARTS."""
