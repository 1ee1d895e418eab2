"""The study of training-free proxies on graph networks."""
