"""Proxies: one published method per file, each a pure function from measurements to a number. Higher is better.

An installed distribution brings proxies and measurements of its own, functions with the decorators `harness.proxy` and
`harness.measurement`, by entry points of the same names:

    [options.entry_points]
    nasinit.proxies =
        largest_gradient = my_package.proxies:largest_gradient
    nasinit.measurements =
        eval_logits = my_package.measured:eval_logits
"""

from __future__ import annotations

from harness.proxies.registry import Proxy, list_proxies, proxy, resolve

__all__ = ["Proxy", "list_proxies", "proxy", "resolve"]
