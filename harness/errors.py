"""Errors with messages for people: what was given, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from harness.text.shown import LONGEST, cut, listed, shown

_COMPARED = 1000  # names among which the nearest is looked for


class HarnessError(Exception):
    """Base class of all errors that wrong input can cause; the message is complete without a traceback."""


class InstallationError(HarnessError, ImportError):
    """A package of another distribution that has the name of one of ours."""


class SpaceError(HarnessError):
    """An unknown space, a malformed architecture string, or a sample larger than the space."""


class ModelError(HarnessError):
    """A user's function that raised an error, or gave what is no network to be scored; it gives the score's status."""


class ProxyError(HarnessError):
    """An unknown proxy, a name that is taken already, or a proxy that reads an unknown measurement."""


class MeasurementError(HarnessError):
    """A measurement whose name is taken, that reads what is not there, or that is computed from itself."""


class SettingError(HarnessError):
    """A setting outside its allowed values, or a batch that no score can be computed on."""


class NotApplicable(HarnessError):
    """A measurement that is not defined for a network; it gives the score's status, not a crash."""


class NotFinite(HarnessError):
    """A measurement with NaN or infinity; it gives the score's status, not a crash."""


class StoreError(HarnessError):
    """A store that cannot be opened, read or written."""


class DamagedStoreError(StoreError):
    """A store that is not as it was written: cut, with rows that are not theirs, or with fewer."""


class StoreWriteError(StoreError):
    """A store that cannot be written to in the middle of a run; scores written before are kept."""


class StoreNotice(UserWarning):
    """A notice about a change of a store, which is not an error."""


class RunError(HarnessError):
    """A run that could not continue; the scores finished before are in the store."""


class SearchError(HarnessError):
    """An unknown search or preset, a setting or data that cannot be used, or a checkpoint of another search."""


class NotLearntError(SearchError):
    """A supernet is no better than naming one class for all samples, so that no architecture is derived from it."""


class MemoryBoundError(SearchError):
    """A step of a search would keep more bytes than its bound."""


class DivergedError(SearchError, RunError):
    """A search whose loss is NaN or infinite; its state before is in the last checkpoint."""


class CheckpointError(SearchError):
    """A file in place of a search's checkpoint that belongs to another search, or is not a checkpoint."""


class ScoresError(HarnessError):
    """A file or frame of scores that cannot be used for a ranking."""


def ran_out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out, for which PyTorch raises `RuntimeError` with different messages."""
    wordings = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(wording in str(error) for wording in wordings)


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Message for an unknown name: the name, the nearest known name, and all known names.

    >>> unknown("proxy", "grad_nrom", ["grad_norm", "params"])
    "unknown proxy 'grad_nrom'. Did you mean 'grad_norm'? Known: grad_norm, params"
    """
    names = sorted(known)
    near = difflib.get_close_matches(cut(str(name)), [one for one in names[:_COMPARED] if len(one) <= LONGEST], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {shown(str(name))}.{hint} Known: {listed(names) or 'none'}"


def check_most(name: str, value: int, most: int, kind: type[HarnessError]) -> None:
    """Raise `kind` for a number above the largest that is allowed; `name` is its name in the message."""
    if value > most:
        raise kind(f"{name} must be at most {most:,}, got {cut(f'{value:,}')}")


def check_whole(name: str, value: object, least: int, kind: type[HarnessError], most: int | None = None) -> None:
    """Raise `kind` unless `value` is a whole number from `least` (to `most`); `name` is its name in the message.

    >>> check_whole("seed", -1, 0, SettingError)
    Traceback (most recent call last):
    harness.errors.SettingError: seed must be a whole number from 0, got -1
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):  # type: ignore[operator]  # it is whole
        allowed = f"from {least}" if most is None else f"from {least} to {most:,}"
        raise kind(f"{name} must be a whole number {allowed}, got {shown(value)}")
