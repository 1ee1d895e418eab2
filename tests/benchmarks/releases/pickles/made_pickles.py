"""Pickles as the streaming unpickler gets them."""

from __future__ import annotations

import io
import pickle
from typing import Any

from benchmarks.releases.pickles.stream import PickleStream
from benchmarks.releases.pickles.unpickling import TORCH_GLOBALS
from tests.benchmarks.release_files import CELLS, record, whole


def stream(content: bytes, **options: Any) -> PickleStream:
    return PickleStream(io.BytesIO(content), "made.pickle", TORCH_GLOBALS, **options)


def single(count: int, shared: object = None) -> bytes:
    records = [record(index, CELLS[index], every=1) for index in range(count)]
    for made in records:
        made["200"]["shared"] = shared
    return pickle.dumps(whole(CELLS[:count], records), protocol=4)
