"""NESBS: neural ensemble search by Bayesian sampling (Shu, Chen, Dai and Low, UAI 2022)."""
