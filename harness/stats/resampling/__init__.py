"""The coefficients on many bootstrap resamples at once, equal to `coefficients` of each resample."""
