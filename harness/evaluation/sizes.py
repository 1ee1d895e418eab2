"""Parameters and multiply-adds of scored networks, and the rows of the baselines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ModelError
from harness.setting import Setting
from harness.stats.names import BASELINES

if TYPE_CHECKING:
    import pandas as pd

    from harness.spaces.space import Architecture, Space


class KnownSizes(NamedTuple):
    """The size of a network as far as it is known; NaN where it could not be measured.

    Attributes:
        parameters: number of trainable parameters.
        macs: multiply-adds of one forward pass on one sample.
    """

    parameters: float
    macs: float


def sizes_of(
    architectures: Mapping[str, Architecture],
    space: Space,
    shape: Mapping[str, int] | None,
    scores: pd.DataFrame,
) -> dict[str, KnownSizes]:
    """Parameters and multiply-adds of networks of a shape by the architecture's key.

    They are the space's closed forms. Models of the user's own have none: theirs are taken from the scores, and
    measured where no row of `params` or `flops` is there.

    Args:
        architectures: architectures by key.
        space: the space of the architectures.
        shape: sizes of the networks by name.
        scores: `architecture` (its key), `proxy` and `score`; NaN for a score that is missing.

    Raises:
        SpaceError: where sizes are to be measured, but the models are not loaded.
    """
    if not getattr(space, "measured_sizes", False):
        return {key: KnownSizes(*space.sizes(architecture, shape)) for key, architecture in architectures.items()}
    rows = {name: scores[scores["proxy"] == name].set_index("architecture")["score"].to_dict() for name in BASELINES}
    found = {}
    for key, architecture in architectures.items():
        if all(key in rows[name] for name in BASELINES):
            found[key] = KnownSizes(*(rows[name][key] for name in BASELINES))
            continue
        try:
            found[key] = KnownSizes(*space.sizes(architecture, shape))
        except ModelError:  # its scores say what is wrong
            found[key] = KnownSizes(math.nan, math.nan)
    return found


def scored_shape(frame: pd.DataFrame, given: Mapping[str, int] | None = None) -> Mapping[str, int]:
    """Sizes of the scored networks: the given ones, else those of the frame's setting, else none.

    Args:
        frame: the scores; a frame of `harness.run` or a store carries its setting in `attrs`.
        given: sizes by name, which are taken instead of those of the frame.
    """
    if given is not None:
        return given
    carried = frame.attrs.get("setting")
    return Setting.from_json(carried).shape if isinstance(carried, str) else {}


def with_baselines(scores: pd.DataFrame, sizes: Mapping[str, KnownSizes]) -> pd.DataFrame:
    """The scores with those of `params` and `flops` last, which are computed from the sizes where missing."""
    import pandas as pd

    parts = [scores[~scores["proxy"].isin(BASELINES)]]
    for position, name in enumerate(BASELINES):
        given = scores[scores["proxy"] == name]
        made = pd.DataFrame(
            {"architecture": list(sizes), "proxy": name, "score": [float(size[position]) for size in sizes.values()]}
        )
        parts.append(made if given.empty else given)
    return pd.concat([part for part in parts if not part.empty], ignore_index=True)
