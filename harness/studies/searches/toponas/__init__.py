"""The study toponas-cost: what shared modules save, and what they do to searches."""
