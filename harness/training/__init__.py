"""Training of single networks to their end, and attacks on trained ones.

Searches train supernets (`harness.search.gradient`); here an architecture's own network is trained, deterministically
and so that a killed training goes on, for studies that cannot take an accuracy from a table.
"""
