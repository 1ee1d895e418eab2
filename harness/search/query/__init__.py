"""Searches that ask for tabulated accuracies and pay for each with the seconds that its training took.

Every search runs many times at once, on arrays with one entry a run, R of them: `METHODS` says which there are,
`Oracle` what they may ask and when their seconds are used up. A cell is its place in the order of its space, C of them.
"""
