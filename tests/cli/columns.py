"""Columns of the tables that the command line's tests write."""

ACCURACY = "cifar10_test_200ep_pct"
LATENCY = "board_latency_ms"
