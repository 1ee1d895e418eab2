"""The study `transnas-micro`: which proxies transfer over the seven tasks of TransNAS-Bench-101."""
