"""Latencies of networks: passes timed in rounds, kept in a file that a kill cannot spoil, beside their noise floor."""
