"""Errors that are written for the person who reads them: what was given, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HarnessError(Exception):
    """Base of every error that bad input can cause; its message is complete without a traceback."""


class SpaceError(HarnessError):
    """An unknown space, a malformed architecture string, or a sample larger than the space."""


class ProxyError(HarnessError):
    """An unknown proxy, a name taken twice, or a proxy that reads a measurement that does not exist."""


class SettingError(HarnessError):
    """A setting outside its allowed values, or a batch that no score can be computed on."""


class NotApplicable(HarnessError):
    """A measurement that is not defined on the network at hand; the score's status, not a crash."""


class NotFinite(HarnessError):
    """A measurement that meets NaN or infinity; the score's status, not a crash."""


class StoreError(HarnessError):
    """A store that cannot be opened, read or written."""


class StoreWriteError(StoreError):
    """A store that took no more in the middle of a run; what was written before is kept."""


class StoreNotice(UserWarning):
    """Something done to a store that its owner should know of; no error."""


class RunError(HarnessError):
    """A run that could not go on; what was finished before lies in the store."""


class SearchError(HarnessError):
    """An unknown search or preset, a setting or data that no search runs on, or a checkpoint of another search."""


class DivergedError(SearchError, RunError):
    """A search whose loss is no number any more; what was reached before lies in its last checkpoint."""


class CheckpointError(SearchError):
    """A checkpoint in the folder of a search that is of another one, or no checkpoint."""


class ScoresError(HarnessError):
    """A file or frame of scores that does not hold what a ranking needs."""


def ran_out_of_memory(error: Exception) -> bool:
    """Whether the machine, not the network, is to blame: PyTorch says so by a `RuntimeError` of many wordings."""
    wordings = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(wording in str(error) for wording in wordings)


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Message for a name that is not there: the name, the nearest known one, and all that are allowed.

    >>> unknown("proxy", "grad_nrom", ["grad_norm", "params"])
    "unknown proxy 'grad_nrom'. Did you mean 'grad_norm'? Known: grad_norm, params"
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {str(name)!r}.{hint} Known: {', '.join(names) or 'none'}"


def check_whole(name: str, value: object, least: int, kind: type[HarnessError], most: int | None = None) -> None:
    """Raise `kind` unless `value` is a whole number from `least` (to `most`); `name` is what the message calls it.

    >>> check_whole("seed", -1, 0, SettingError)
    Traceback (most recent call last):
    harness.errors.SettingError: seed must be a whole number from 0, got -1
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):  # type: ignore[operator]  # it is whole
        allowed = f"from {least}" if most is None else f"from {least} to {most:,}"
        raise kind(f"{name} must be a whole number {allowed}, got {value!r}")
