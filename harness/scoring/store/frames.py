"""Scores of a run as a frame, made of a store's rows as they come: no row is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.scoring.provenance import PROVENANCE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from harness.scoring.store.records import RunRecord

_NUMBERS, _TEXTS = {"score": 3, "seconds": 7, "standard_error": 4}, {"status": 5, "message": 6}
"""Places of the columns in a row."""
_COLUMNS = ("architecture", "proxy", "score", "status", "seconds", "standard_error", "message")


def run_frame(parts: Iterable[Sequence[tuple[Any, ...]]], run: RunRecord) -> pd.DataFrame:
    """A row for each architecture and proxy of a run that is finished; see `Store.frame`.

    Args:
        parts: the rows by the run's proxies, in any order and in parts of any size.
        run: what was asked for.
    """
    import numpy as np
    import pandas as pd

    proxies = {name: place for place, name in enumerate(run.proxies)}
    keys = {key: place for place, key in enumerate(dict.fromkeys((*run.scored_as, *run.scored_as.values())))}
    found = np.zeros((len(proxies), len(keys)), dtype=bool)
    numbers = {name: np.full(found.shape, np.nan) for name in _NUMBERS}
    texts = {name: np.zeros(found.shape, dtype=np.int32) for name in _TEXTS}
    known: dict[str, int] = {}
    for part in parts:
        asked = [row for row in part if row[0] in keys]
        place = [proxies[row[1]] for row in asked], [keys[row[0]] for row in asked]
        found[place] = True
        for name, at in _NUMBERS.items():
            numbers[name][place] = np.array([row[at] for row in asked], dtype=np.float64)
        for name, at in _TEXTS.items():
            texts[name][place] = [known.setdefault(row[at], len(known)) for row in asked]
    own, shared = (
        np.array([keys[key] for key in each], dtype=np.intp) for each in (run.scored_as, run.scored_as.values())
    )
    rows = [own if name in run.size_proxies else shared for name in proxies]
    there = [found[place][places] for place, places in enumerate(rows)]
    words = _objects(known)

    def column(name: str) -> npt.NDArray[Any]:
        if name == "architecture":
            return _joined((_objects(run.scored_as)[kept] for kept in there), object)
        if name == "proxy":
            counts = [np.count_nonzero(kept) for kept in there]
            return np.repeat(_objects(proxies), counts)
        stored = numbers.pop(name) if name in numbers else texts.pop(name)  # each is let go once it is copied
        taken = _joined((stored[place][rows[place]][kept] for place, kept in enumerate(there)), stored.dtype)
        return taken if name in _NUMBERS else words[taken]

    frame = pd.DataFrame({name: column(name) for name in _COLUMNS}, columns=list(_COLUMNS), copy=False)
    frame.attrs.update({"setting": run.setting.json(), "space": run.space, PROVENANCE: run.provenance()})
    return frame


def _objects(texts: Iterable[str]) -> npt.NDArray[np.object_]:
    import numpy as np

    given = list(texts)
    found = np.empty(len(given), dtype=object)
    found[:] = given
    return found


def _joined(parts: Iterator[npt.NDArray[Any]], dtype: Any) -> npt.NDArray[Any]:
    import numpy as np

    return np.concatenate([np.empty(0, dtype=dtype), *parts])
