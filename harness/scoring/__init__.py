"""From architectures to scores: one network, many networks in processes, and the store of their scores."""
