"""Proxies: one published method per file, each a pure function from measurements to a number. Higher is better."""

from __future__ import annotations

from harness.proxies.registry import Proxy, list_proxies, proxy, resolve

__all__ = ["Proxy", "list_proxies", "proxy", "resolve"]
