"""Studies of rank correlation: proxies against accuracies, with the papers' numbers next to ours."""
