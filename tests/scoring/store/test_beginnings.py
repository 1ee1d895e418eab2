"""What lies where a store should begin: devices, emptied files, and journals of a store that is gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import harness
from harness.errors import ScoresError, StoreError
from harness.proxies import Proxy
from harness.scoring.files import read_scores
from tests.scoring.store.stores import fill


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
@pytest.mark.parametrize("readonly", [True, False])
def test_a_device_is_no_store_and_not_to_be_deleted(device: str, readonly: bool) -> None:
    if not Path(device).exists():
        pytest.skip(f"no {device} here")
    with pytest.raises(StoreError, match=f"{device} is a device, no store: give the path of a file"):
        harness.Store(device, readonly=readonly)


def test_a_store_cut_to_nothing_is_refused_by_all_who_read_it(path: Path, proxies: list[Proxy]) -> None:
    fill(path, proxies)
    os.truncate(path, 0)
    for readonly in (True, False):
        with pytest.raises(StoreError, match=r"this file is empty\. If there were scores in it, they are lost"):
            harness.Store(path, readonly=readonly)
    with pytest.raises(ScoresError, match="is empty: if there were scores in it, they are lost"):
        read_scores(path)
    assert path.stat().st_size == 0


@pytest.mark.parametrize("kind", ["journal", "wal"])
def test_no_store_is_made_next_to_what_another_has_left(path: Path, kind: str) -> None:
    left = path.with_name(f"{path.name}-{kind}")
    left.write_bytes(b"pages")
    with pytest.raises(
        StoreError, match=rf"no store .*, but {left.name}, .*: put the store back next to it, or delete"
    ):
        harness.Store(path)
    assert os.listdir(path.parent) == [left.name]
    left.write_bytes(b"")
    harness.Store(path).close()
    assert path.stat().st_size
