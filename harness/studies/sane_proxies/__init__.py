"""The study of training-free proxies and supernet scores on trained genotypes of SANE."""
