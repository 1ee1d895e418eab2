"""The coefficients on many bootstrap resamples at once, equal to scipy's on each resample."""
