"""Score one network on one batch by any number of proxies."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import HarnessError, ModelError, NotFinite, SettingError, ran_out_of_memory
from harness.progress import patient_bar
from harness.proxies.registry import Proxy, find
from harness.setting import Setting, derived_seed

if TYPE_CHECKING:
    from torch import nn

    from harness.batches import Batch
    from harness.measurements.session import Session
    from harness.scoring.watching import Step, WatchedSession
    from harness.spaces.space import Sizes

OK, NOT_FINITE, NOT_APPLICABLE = "ok", "not_finite", "not_applicable"
OUT_OF_MEMORY, ERROR, DIED = "out_of_memory", "error", "died"
STATUSES = (OK, NOT_FINITE, NOT_APPLICABLE, OUT_OF_MEMORY, ERROR, DIED)
"""`ok`, or the reason for a missing value. After `died` and `out_of_memory` a later run tries again."""


class Score(NamedTuple):
    """The value of a proxy, or the reason why there is none.

    Attributes:
        value: the proxy's value, higher is better; NaN unless the status is `ok`.
        status: `ok` or the kind of failure, one of `STATUSES`.
        message: explanation of a failure; empty for `ok`.
        seconds: time that the proxy alone would have taken, with all measurements that it reads.
        standard_error: standard error of an estimated value; NaN for an exact value.
    """

    value: float
    status: str
    message: str
    seconds: float
    standard_error: float = math.nan


ONE_AT_A_TIME = threading.RLock()
"""Lock for building and scoring: both set torch's random state and thread count, which all threads share."""


@dataclass(frozen=True)
class _Failure:
    status: str
    message: str


def score(
    network: nn.Module,
    batch: Batch,
    proxies: str | Proxy | Iterable[str | Proxy] = "all",
    *,
    bn: str = "train",
    loss: str | None = None,
    probes: int = 4,
    seed: int = 0,
    progress: bool = False,
) -> dict[str, Score]:
    """Scores of an untrained network by proxy name.

    Args:
        network: a module that takes the batch's arguments: a classifier that gives logits [N, K], or a module whose
            outputs are compared with targets of the same shape. It is scored with its present weights and left as it
            was: weights, buffers, `.grad`, modes, hooks and random state.
        batch: samples to score on; they are moved to the network's device and dtype.
        proxies: names of proxies, or what `harness.list_proxies` returns; `all` for all except the exhaustive ones.
        bn: mode of batch norm modules, `train` or `eval`; all other modules are in eval mode.
        loss: a loss of the batch's problem: `cross_entropy` (default) or `mean_squared_error` for classes,
            `mean_squared_error` (default) or `mean_absolute_error` for values; see `harness.problem`.
        probes: number of sign vectors of `ntk_trace`.
        seed: seed of these vectors and of the network's own random draws.
        progress: whether to draw a progress bar over the proxies on standard error.

    Returns:
        Scores by proxy name, in the given order. A proxy that fails has a status and a message, and the others go on.

    Raises:
        ProxyError: for an unknown proxy.
        SettingError: for a setting outside its allowed values, or a batch that is not a `Batch`.
    """
    chosen = find(proxies)
    _check_given(network, batch)
    loss = batch.problem.check_loss(loss)
    setting = Setting(input="given", batch_size=len(batch), bn=bn, loss=loss, probes=probes, seed=seed)
    with patient_bar(progress, len(chosen), "proxies", ("computing", "computed"), alike=False) as advance:
        return score_network(network, batch, chosen, setting, done=lambda: advance(1))


def _check_given(network: object, batch: object) -> None:
    from harness.batches import Batch
    from harness.measurements.scorable import check_scorable

    check_scorable(network)
    if not isinstance(batch, Batch):
        raise SettingError(f"a batch is harness.Batch(inputs, labels), got {type(batch).__name__}")


def score_network(
    network: nn.Module,
    batch: Batch,
    proxies: Iterable[Proxy],
    setting: Setting,
    rebuild: Callable[..., nn.Module] | None = None,
    watch: Callable[[Step], object] | None = None,
    done: Callable[[], object] = lambda: None,
) -> dict[str, Score]:
    """Scores of a network under a setting, of which `bn`, `loss`, `probes` and `seed` are read.

    `rebuild` builds the network's architecture in another size, for the few proxies that need that. `watch` is called
    before each measurement and each proxy, and `done` after each proxy.
    """
    from harness.measurements.preserve import preserved
    from harness.measurements.session import Session, closure
    from harness.scoring.watching import Step, WatchedSession

    with ONE_AT_A_TIME, preserved(network, bn=setting.bn, seed=derived_seed(setting.seed, "pass")) as kept:
        fitting = batch.like(next((p for p in network.parameters() if p.is_floating_point()), None))
        entries = list(proxies)
        own = {each.name: each for entry in entries for each in entry.measurements}
        requested = closure([need for entry in entries for need in entry.needs], own)
        session = Session(network, fitting, setting, rebuild, requested, kept, own.values())
        seen = session if watch is None else WatchedSession(session, entries, watch)
        scores = {}
        for entry in entries:
            step = Step("it computed this proxy", (entry.name,))
            scores[entry.name] = _score(seen, entry, partial(watch, step) if watch else lambda: None)
            done()
        return scores


def size_score(entry: Proxy, sizes: Sizes) -> Score:
    """Score of a proxy that reads only sizes, from their closed form."""
    start = time.perf_counter()
    known = {"parameter_count": sizes.parameters, "macs": sizes.macs}
    return _as_score(lambda: entry.function(**{need: known[need] for need in entry.needs}), start)


def failed_score(error: Exception) -> Score:
    """The score of every proxy where the network itself could not be made."""
    failed = _reason(error)
    return Score(math.nan, failed.status, failed.message, 0.0)


def _score(session: Session | WatchedSession, entry: Proxy, begin: Callable[[], object] = lambda: None) -> Score:
    """The score of a proxy; `begin` is called before it is computed."""
    failed = None
    arguments: dict[str, Any] = {}
    for need in entry.needs:
        try:
            arguments[need] = session.value(need)
        except Exception as error:  # a network or a measurement of any kind may raise anything
            failed = failed or _reason(error)
    start = time.perf_counter()
    measured = session.seconds(entry.needs)
    if failed:
        return Score(math.nan, failed.status, failed.message, measured)

    def compute() -> Any:
        begin()
        return entry.function(**arguments) if entry.built_in else session.call_own(entry.function, arguments)

    result = _as_score(compute, start)
    return result._replace(seconds=result.seconds + measured)


def _as_score(compute: Any, start: float) -> Score:
    try:
        result = compute()
        value, standard_error = float(result), float(getattr(result, "standard_error", math.nan))
    except (Exception, SystemExit) as error:  # a user's own proxy may raise anything
        failed = _reason(error)
        return Score(math.nan, failed.status, failed.message, time.perf_counter() - start)
    seconds = time.perf_counter() - start
    if not math.isfinite(value):
        return Score(math.nan, NOT_FINITE, f"the value is {value}", seconds)
    return Score(value, OK, "", seconds, standard_error)


def _reason(error: BaseException) -> _Failure:
    if isinstance(error, NotFinite):
        return _Failure(NOT_FINITE, str(error))
    if isinstance(error, ModelError):
        memory = isinstance(error.__cause__, Exception) and ran_out_of_memory(error.__cause__)
        return _Failure(OUT_OF_MEMORY if memory else ERROR, str(error))
    if isinstance(error, HarnessError):
        return _Failure(NOT_APPLICABLE, str(error))
    from harness.measurements.session import NetworkError

    if isinstance(error, NetworkError):
        return _Failure(ERROR, str(error))
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, Exception) and ran_out_of_memory(error):
        return _Failure(OUT_OF_MEMORY, text)
    return _Failure(ERROR, text)
