"""A bounded reader of pickles: only the names on a list are ever made, and only so much of anything."""
