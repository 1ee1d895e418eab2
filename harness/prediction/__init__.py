"""Prediction of a quantity of architectures, such as a latency, from their operations alone.

An architecture, discrete or relaxed, is its tables of operation weights in one row (`encoding`); a model maps such rows
to numbers (`linear`, `pairwise`, `mlp`); a `predictor.Predictor` is a trained model with the name of its quantity.
`seminas` trains an encoder, predictor and decoder of sequences of operations, `graf` a forest on features of cells as
graphs. No table is opened here: `harness.evaluation.searches.latency` and `harness.evaluation.predictors` train
predictors of tabulated columns.
"""
