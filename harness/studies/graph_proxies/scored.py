"""Scores of random architectures on each graph, made into a store or taken from it; closed forms beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import SettingError
from harness.evaluation import data_folder
from harness.scoring.runner import run
from harness.scoring.scorer import OK
from harness.spaces import open_space
from harness.spaces.nasbench_graph.cost import depth, hops
from harness.spaces.nasbench_graph.encoding import parse
from harness.spaces.nasbench_graph.graphs import FILES, file_of
from harness.studies.graph_proxies.conditions import GCN, PROXIES, SPACE, GraphCondition
from harness.studies.options import StudyOptions
from harness.studies.samples import store_of

if TYPE_CHECKING:
    import pandas as pd

    from harness.setting import Setting

CLOSED_FORMS = {"depth": depth, "hops": hops}
"""Baselines that need no network, besides its sizes."""

_DECIDED_BY_DATA = {"batch_digest", "nodes", "features", "device"}
"""Fields of a setting that the data set decides, or that change a score by rounding alone."""


class GraphScores(NamedTuple):
    """Scores under one condition.

    Attributes:
        frame: a row for each proxy and random architecture, as `harness.run` returns it, with `depth` and `hops`.
        gcn: the same rows of the two-layer GCN.
    """

    frame: pd.DataFrame
    gcn: pd.DataFrame

    @property
    def cells(self) -> int:
        """Number of random architectures."""
        return int(self.frame["architecture"].nunique())


def graphs_folder(options: StudyOptions) -> Path | None:
    """The folder of the graphs: the given one, or that of the user's data files; None where neither has one."""
    folders = [folder for folder in (options.data, data_folder()) if folder is not None]
    return next((folder for folder in folders if any(file_of(name, folder) for name in FILES)), None)


def there(
    conditions: Mapping[str, GraphCondition], folder: Path | None, options: StudyOptions
) -> dict[str, GraphCondition]:
    """The conditions whose graph is in a folder, or random; a line says which are left out."""
    found = {
        name: one
        for name, one in conditions.items()
        if not one.features or (folder is not None and file_of(one.dataset, folder) is not None)
    }
    if missing := [one.title for name, one in conditions.items() if name not in found]:
        names = ", ".join(missing)
        options.say(f"the graphs of {names} are not here, so left out: give --data, the folder of their .npz files")
    return found


def scored(condition: GraphCondition, count: int, folder: Path | None, options: StudyOptions) -> GraphScores | None:
    """Scores of `count` random architectures and of the GCN; with `finished` those of the sample that are in the store.

    Of a sample that is not finished, the architectures up to the first one without all its scores are taken, which are
    a random sample too; None where there are none.
    """
    space, setting = open_space(SPACE), condition.setting(options.seed)
    sample = [str(one) for one in space.sample(count, options.seed)]
    if options.finished:
        frame = _stored(store_of(options), condition, options.seed)
    else:
        options.say(f"scoring {count:,} networks by {len(PROXIES)} proxies on {condition.words}")
        frame = run(
            space, [GCN, *sample], PROXIES, setting=setting, data=folder, store=store_of(options),
            workers=options.workers, progress=options.progress,
        )  # fmt: skip
    if frame is None:
        return None
    frame = frame[frame["proxy"].isin(PROXIES)]
    whole = frame.groupby("architecture")["proxy"].nunique() == len(PROXIES)
    finished = {str(key) for key in whole[whole].index}
    first = next((place for place, key in enumerate(sample) if key not in finished), count)
    if not first or GCN not in finished:
        return None
    return GraphScores(_with_closed_forms(frame, sample[:first]), _with_closed_forms(frame, [GCN]))


def _stored(store: Path, condition: GraphCondition, seed: int) -> pd.DataFrame | None:
    """The rows that are in a store of the largest run under a condition; None where there is no run."""
    from harness.scoring.store import Store

    wanted = condition.setting(seed)
    with Store(store, readonly=True) as opened:
        fitting = [
            one.number
            for one in opened.runs()
            if one.setting.input == wanted.input and set(_differing(wanted, one.setting)) <= _DECIDED_BY_DATA
        ]
        frames = [opened.frame(number) for number in reversed(fitting)]
        return max(frames, key=lambda frame: frame["architecture"].nunique(), default=None)


def _differing(wanted: Setting, stored: Setting) -> list[str]:
    """Fields in which a stored setting is not the wanted one, as the space completes it."""
    from harness.spaces.space import completed

    return completed(open_space(SPACE), wanted).differs_in(stored)


def _with_closed_forms(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The rows of some architectures, and those of `CLOSED_FORMS`; what the frame carries is kept."""
    import pandas as pd

    parts = [frame[frame["architecture"].isin(keys)]]
    for name, form in CLOSED_FORMS.items():
        values = [float(form(parse(key))) for key in keys]
        parts.append(pd.DataFrame({"architecture": keys, "proxy": name, "score": values, "status": OK}))
    found = pd.concat(parts, ignore_index=True)
    found.attrs = dict(frame.attrs)
    return found


def refusals() -> pd.DataFrame:
    """Each proxy of `all` that is not among `PROXIES`, and why it has no value on graph networks: `proxy`, `why`.

    Asked of the two-layer GCN on a small random graph: what a proxy needs does not depend on the graph.
    """
    import pandas as pd

    from harness.proxies.registry import resolve
    from harness.scoring.scorer import score
    from harness.setting import Setting
    from harness.spaces.space import completed

    space = open_space(SPACE)
    setting = completed(space, Setting(input="gaussian", batch_size=4, shape={"nodes": 12, "features": 4, "hidden": 4}))
    others = [entry.name for entry in resolve("all") if entry.name not in PROXIES]
    found = score(space.build(space.parse(GCN), setting.shape), space.batch(setting), others)
    if answered := [name for name, one in found.items() if one.status == OK]:
        raise SettingError(f"{', '.join(answered)} score graph networks, and are not among the study's proxies")
    return pd.DataFrame([{"proxy": name, "why": one.message} for name, one in found.items()])
