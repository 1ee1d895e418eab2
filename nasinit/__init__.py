"""An evaluation harness for neural architecture search at initialisation: every public name in one place.

    import nasinit

    space = nasinit.open_space("nasbench201")
    frame = nasinit.run(space, space.sample(200), proxies=["nasi_trace", "params"], workers=2)
    ranking = nasinit.correlate(frame, nasinit.benchmarks.open_table("nasbench201"))

The names are those of the package `harness`, and `nasinit.benchmarks` is the package `benchmarks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import harness

if TYPE_CHECKING:
    import benchmarks as benchmarks
    from harness import *  # noqa: F403
    from harness import __version__ as __version__

__all__ = ["benchmarks"]
__all__ += getattr(harness, "__all__", [])
foreign_harness = ""
"""What is wrong where Python finds another package called harness, in a line; else empty."""
if not hasattr(harness, "__version__"):
    foreign_harness = (
        f"the package 'harness' at {getattr(harness, '__file__', None) or harness} is not nasinit's: give nasinit an "
        "environment, or a folder, without another package of that name"
    )


if not TYPE_CHECKING:  # with it, a type checker would accept every misspelt name

    def __getattr__(name: str) -> object:
        """Load a public name on first use."""
        if foreign_harness:
            raise ImportError(foreign_harness)
        if name == "benchmarks":
            from harness.evaluation import benchmarks

            return benchmarks
        if name in harness.__all__ or name == "__version__":
            return getattr(harness, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Names that are loaded already, and names that can be loaded."""
        return sorted({*globals(), *__all__, "__version__"})
