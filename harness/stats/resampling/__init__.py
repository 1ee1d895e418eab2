"""Coefficients of many bootstrap resamples at once, each as scipy computes it on one."""
