"""A bounded reader of pickles: it makes only allow-listed types, and limits every size."""
