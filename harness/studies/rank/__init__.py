"""Studies of rank correlation: proxies against accuracies, with the papers' figures next to ours."""
