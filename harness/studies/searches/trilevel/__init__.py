"""The study of the trilevel search: sparsity along it, the gap to what is derived, and what its networks are worth."""
