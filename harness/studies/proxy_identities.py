"""Study: proxies that are the same number in another form, exactly on small networks or by rank on the space.

The loss does not change with the scale of a convolution's weights θ_l that batch norm follows (its ε aside), so that
θ_l · g_l = 0 and −θ_lᵀ (H g)_l = ‖g_l‖², g the loss's gradient and H its Hessian: `plain` holds nothing of these
layers, and `grasp` is the squared gradient norm there.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from harness.errors import ScoresError
from harness.evaluation.columns import SPACE
from harness.proxies import combined as combine
from harness.proxies.registry import resolve
from harness.scoring.files import COLUMNS
from harness.setting import Setting
from harness.spaces import open_space
from harness.stats.names import SAME
from harness.studies.kinds import NOISE, SAMPLED, SingleStudy
from harness.studies.options import StudyOptions
from harness.studies.record import record
from harness.studies.samples import AS_STORED, sample_size, say_shard, scored_sample, scores_given
from harness.writing import make_folder

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import Tensor, nn

SAMPLE, QUICK = 500, 60
WIDTH, DEPTH = 4, 1
SMALL = Setting(width=WIDTH, depth=DEPTH, image_size=8, batch_size=16, dtype="float64")
EPSILONS = (1e-5, 1e-20)
"""Batch norm's ε: PyTorch's, and one near zero, with which the identities are exact."""
CELLS = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|",
    "|nor_conv_1x1~0|+|skip_connect~0|avg_pool_3x3~1|+|nor_conv_3x3~0|none~1|skip_connect~2|",
)


def run_proxy_identities(options: StudyOptions) -> None:
    """Write the table of identities, the rank correlations between proxies, and the groups of equal rank into `out`.

    The scores are those of `scores`; without them a sample is scored on noise by all proxies.

    Raises:
        SettingError: too small a sample, or a folder that cannot be written in.
        ScoresError: before anything is computed: scores of fewer than three architectures by two proxies.
    """
    from harness.evaluation.matrix import Matrix
    from harness.report.figures.heat_map import heat_map
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.report.tables.identities import identities_sheet, same_rankings_markdown
    from harness.report.tables.sheet import sheet_markdown

    sample = sample_size(options, usual=SAMPLE, quick=QUICK)
    given = scores_given(options, None, None)
    matrix = None if given is None else rank_matrix(given.frame)
    make_folder(options.out, "--out")
    names = [entry.name for entry in resolve("all")]
    if options.shard is not None:
        scored_sample(NOISE, names, sample, options)
        say_shard(options)
        return
    exact = identities()
    write_csv(exact, options.out / "identities.csv")
    if given is None:
        frame = scored_sample(NOISE, names, sample, options)
        write_csv(frame[list(COLUMNS)], options.out / "scores.csv.gz")
    else:
        frame = given.frame
    matrix = rank_matrix(frame) if matrix is None else matrix
    write_csv(matrix.reset_index(names="proxy"), options.out / "spearman.csv")
    shown = Matrix(matrix, "Spearman's ρ between proxies", low=-1, high=1, decimals=1)
    save_pictures(heat_map(shown), options.out / "spearman")
    text = f"{sheet_markdown(identities_sheet(exact))}\n\n{same_rankings_markdown(same_rankings(matrix), SAME)}\n"
    write_text(text, options.out / "tables.md")
    facts: dict[str, Any] = {"sample": len(combine.wide(frame))}
    setting: Setting | None = NOISE.setting(options.seed)
    if given is not None:
        setting = given.setting
        stated = AS_STORED if setting else "not in the file"
        facts |= {"scores": given.name, "scores_setting": stated}
    settings = {"exact": SMALL, **({} if setting is None else {"scores": setting})}
    write_text(record(settings, None, **facts), options.out / "study.json")
    options.say(f"\n{text}\nIn {options.out}: tables.md, identities.csv, spearman.csv, spearman.png, spearman.svg")


def identities() -> pd.DataFrame:
    """Both identities on small networks in float64, apart for layers with and without batch norm behind them.

    Returns:
        `architecture`, `epsilon`, `followed` (by batch norm), `layers`, and sums over these layers: `plain` Σ θ·g,
        `absolute` Σ |θ·g| by entry, `grasp` −Σ θᵀ H g, `squared_norm` Σ ‖g‖².
    """
    import pandas as pd

    space = open_space(SPACE)
    return pd.DataFrame(
        [
            {"architecture": text, "epsilon": epsilon, **row}
            for text in CELLS
            for epsilon in EPSILONS
            for row in _sums(space.build(space.parse(text), width=WIDTH, depth=DEPTH), epsilon)
        ]
    )


def _sums(network: nn.Module, epsilon: float) -> list[dict[str, Any]]:
    from torch import nn

    from harness.batches import Batch
    from harness.measurements.preserve import preserved
    from harness.measurements.session import Session
    from harness.spaces.image_batches import draw_images

    network.double()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = epsilon
    batch = draw_images(SMALL)
    with preserved(network, bn=SMALL.bn, seed=SMALL.seed):
        session = Session(network, Batch(batch.inputs.double(), batch.labels), SMALL)
        weights, gradients, products = (
            session.value(name) for name in ("weights", "loss_gradient", "hessian_gradient")
        )
    followed = normalised_weights(network)
    return [_sum(name in followed, names, weights, gradients, products) for names, name in _groups(weights, followed)]


def normalised_weights(network: nn.Module) -> frozenset[str]:
    """Names of the convolution weights whose output goes into batch norm and nowhere else: neighbours in a sequence."""
    from torch import nn

    found = set()
    for prefix, module in network.named_modules():
        if isinstance(module, nn.Sequential):
            names = list(module._modules)
            for name, after in pairwise(names):
                if isinstance(module._modules[name], nn.Conv2d) and isinstance(module._modules[after], nn.BatchNorm2d):
                    found.add(f"{prefix}.{name}.weight")
    return frozenset(found)


def _groups(weights: Mapping[str, Tensor], followed: frozenset[str]) -> list[tuple[list[str], str]]:
    """Names of weights in two groups, with and without batch norm behind them; each with its first name."""
    parts = [[name for name in weights if (name in followed) is kind] for kind in (True, False)]
    return [(part, part[0]) for part in parts if part]


def _sum(
    followed: bool,
    names: list[str],
    weights: Mapping[str, Tensor],
    gradients: Mapping[str, Tensor],
    products: Mapping[str, Tensor],
) -> dict[str, Any]:
    import torch

    def total(values: list[Tensor]) -> float:
        return float(torch.stack([value.sum() for value in values]).sum())

    return {
        "followed": followed,
        "layers": len(names),
        "plain": total([weights[name] * gradients[name] for name in names]),
        "absolute": total([(weights[name] * gradients[name]).abs() for name in names]),
        "grasp": -total([weights[name] * products[name] for name in names]),
        "squared_norm": total([gradients[name].square() for name in names]),
    }


def rank_matrix(frame: pd.DataFrame) -> pd.DataFrame:
    """Spearman's ρ between all proxies on the architectures that both score, similar proxies next to each other.

    Raises:
        ScoresError: fewer than two proxies with non-constant scores of three architectures.
    """
    wide = combine.wide(frame)
    varying = [name for name in wide.columns if wide[name].nunique() > 1 and wide[name].notna().sum() > 2]
    if len(varying) < 2:
        raise ScoresError("the scores must have two proxies that tell at least three architectures apart")
    matrix = wide[varying].corr(method="spearman", min_periods=3)
    order = _side_by_side(matrix.fillna(0).to_numpy())
    names = [varying[place] for place in order]
    found: pd.DataFrame = matrix.loc[names, names]
    return found.rename_axis(index=None, columns=None)


def same_rankings(matrix: pd.DataFrame) -> list[list[str]]:
    """Groups of proxies that are linked by coefficients of at least `SAME`, of either sign."""
    from scipy.sparse.csgraph import connected_components

    linked = (matrix.abs() >= SAME).to_numpy()
    _, labels = connected_components(linked, directed=False)
    groups: dict[int, list[str]] = {}
    for name, label in zip(matrix.index, labels, strict=True):
        groups.setdefault(int(label), []).append(str(name))
    return [group for group in groups.values() if len(group) > 1]


def _side_by_side(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[int]:
    """Order of the leaves of a hierarchical clustering by 1 − |ρ| (average linkage, optimal leaf order)."""
    import numpy as np
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    distances = squareform(np.clip(1 - np.abs(values), 0, None), checks=False)
    return [int(place) for place in leaves_list(optimal_leaf_ordering(linkage(distances, "average"), distances))]


STUDY = SingleStudy(
    "which proxies are the same number in other words", SAMPLED | {"scores"}, run_proxy_identities
)  # fmt: skip
