"""Searches that ask for tabulated accuracies, and pay for each with the seconds of its training.

Every search runs many times at once, on arrays with one entry per run, R in all. `METHODS` lists the searches; `Oracle`
answers their queries until their seconds are used up. A cell is given by its index in the order of its space, from 0 to
C - 1.
"""
