"""The wiring evolution of Xie et al. (2021): which edges a search grows, and what they cost it."""
