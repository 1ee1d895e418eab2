"""Studies of searches: tables of what searches find, with the papers' rows in them."""
