"""From architectures to scores: one network, many in processes, and the store that keeps them."""
