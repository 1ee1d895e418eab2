"""Which engine scores the architectures of a run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from harness.errors import SettingError, check_whole
from harness.scoring.devices import CUBLAS, Device, DevicePools, Placement
from harness.text.shown import shown

if TYPE_CHECKING:
    from distributed import Client

    from harness.scoring.cluster.engine import ClusterEngine
    from harness.scoring.engine import Engine
    from harness.scoring.trial import TrialEngine


def check_workers(workers: int, executor: Executor | None, client: Client | None) -> None:
    """Refuse a number of workers below one, two places to compute in, and what is no client of Dask.

    Args:
        workers: number of tasks that an executor or this machine runs at once; 1 for a cluster.
        executor: an executor, or None.
        client: a client of Dask, or None.

    Raises:
        SettingError: if something of it is refused.
    """
    check_whole("workers", workers, 1, SettingError)
    if client is None:
        return
    if executor is not None:
        raise SettingError("give client or executor, not both")
    if workers != 1:
        raise SettingError("a cluster has workers of its own: give workers or a client (--scheduler), not both")
    try:
        from distributed import Client as DaskClient
    except ImportError:
        DaskClient = None
    if DaskClient is None or not isinstance(client, DaskClient) or client.asynchronous:
        raise SettingError(f"client must be a distributed.Client that is not asynchronous, got {shown(client)}")


def open_engine(
    placement: Placement, executor: Executor | None, client: Client | None
) -> Engine | ClusterEngine | TrialEngine:
    """The engine for what `check_workers` allows, on the devices of a placement."""
    from harness.scoring.engine import Engine, worker_pool

    if client is not None:
        from harness.scoring.cluster.engine import ClusterEngine

        return ClusterEngine(client)
    devices, workers = placement
    if workers is None:
        from harness.scoring.trial import TrialEngine

        return TrialEngine(lambda count: _on_devices(devices, count), len(devices))
    if executor is not None:
        return Engine(lambda: executor, workers, owned=False)
    return _on_devices(devices, workers) if devices else Engine(lambda: worker_pool(workers), workers)


def _on_devices(devices: Sequence[Device], workers: int) -> Engine:
    from harness.scoring.engine import Engine, close_pool, worker_pool

    def open_pool(count: int) -> Executor:
        return worker_pool(count, CUBLAS)

    return Engine(lambda: DevicePools(devices, workers, open_pool, close_pool), workers, devices=devices)
