"""The study of RADARS."""
