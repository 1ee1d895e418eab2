"""Prediction of a quantity of architectures, such as a latency, from their operations alone.

An architecture, discrete or relaxed, is its tables of operation weights in one row (`encoding`); a model maps such rows
to numbers (`linear`, `pairwise`, `mlp`); a `predictor.Predictor` is a trained model with the name of its quantity. No
table is opened here: `harness.evaluation.searches.latency` trains predictors of tabulated columns.
"""
