"""Reader of the official releases of NATS-Bench and NAS-Bench-201, record by record, without trusting their pickles.

    release = open_release("NATS-tss-v1_0-3ffb9-simple")
    release.accuracy(0, dataset="cifar10", split="test", epochs=200, seed="mean")

Numbers are computed by the releases' own clients, `nats_bench` and `nas_201_api`. The files themselves are read here,
since those clients unpickle whatever a file asks for, and load a whole single-file release into memory.
"""

from __future__ import annotations

from benchmarks.releases.opening import open_release
from benchmarks.releases.records import Record
from benchmarks.releases.release import Release

__all__ = ["Record", "Release", "open_release"]
