"""The study of training-free proxies on restoring networks, with the two small benchmarks that it makes."""
