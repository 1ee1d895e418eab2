"""The study proxy-identities: they hold where they should and nowhere else; the committed outcome follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from torch import nn

from harness.batches import Batch
from harness.errors import ScoresError
from harness.report.tables.identities import same_rankings_markdown
from harness.setting import Setting
from harness.spaces import image_batches, open_space
from harness.studies import proxy_identities
from harness.studies.options import StudyOptions
from harness.studies.proxy_identities import SAME, identities, normalised_weights, rank_matrix, same_rankings

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture(scope="module")
def exact() -> pd.DataFrame:
    return identities()


def test_layers_that_batch_norm_follows_obey_the_identities(exact: pd.DataFrame) -> None:
    followed = exact[exact["followed"]]
    without, usual = (followed[followed["epsilon"] == epsilon] for epsilon in (1e-20, 1e-5))
    np.testing.assert_allclose(without["grasp"], without["squared_norm"], rtol=1e-12)
    assert (without["plain"].abs() < 1e-12 * without["absolute"]).all()
    np.testing.assert_allclose(usual["grasp"], usual["squared_norm"], rtol=1e-4)
    assert (usual["plain"].abs() > 1e-9 * usual["absolute"]).all(), "ε is felt"


def test_the_other_layers_do_not(exact: pd.DataFrame) -> None:
    others = exact[~exact["followed"]]
    assert list(others["layers"]) == [3, 3, 3, 3]
    assert ((others["grasp"] - others["squared_norm"]).abs() > others["squared_norm"]).all()
    assert (others["plain"].abs() > 1e-3 * others["absolute"]).all()


def test_a_convolution_before_anything_else_is_not_followed() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
    assert normalised_weights(nn.Sequential(network)) == {"0.2.weight"}


def frame(values: dict[str, list[float]]) -> pd.DataFrame:
    cells = [str(cell) for cell in open_space("nasbench201").sample(len(next(iter(values.values()))))]
    return pd.concat(
        [pd.DataFrame({"architecture": cells, "proxy": name, "score": row}) for name, row in values.items()]
    ).assign(status="ok")


def test_proxies_that_rank_alike_are_named_once() -> None:
    base = [1.0, 5.0, 2.0, 9.0, 4.0]
    matrix = rank_matrix(
        frame({"a": base, "b": [value**3 for value in base], "c": [1.0] * 5, "d": [2.0, 1.0, 9.0, 3.0, np.nan],
               "e": [-value for value in base]})
    )  # fmt: skip
    assert set(matrix.index) == {"a", "b", "d", "e"} == set(matrix.columns)
    assert matrix.loc["a", "d"] == pytest.approx(stats.spearmanr(base[:4], [2.0, 1.0, 9.0, 3.0]).statistic)
    groups = same_rankings(matrix)
    assert [sorted(group) for group in groups] == [["a", "b", "e"]]
    assert "No two proxies" in same_rankings_markdown([], SAME)
    with pytest.raises(ScoresError, match="two proxies"):
        rank_matrix(frame({"a": base, "c": [1.0] * 5}))


def test_the_study_writes_what_it_found(tmp_path: Path) -> None:
    scores = tmp_path / "scores.csv"
    frame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 3.0, 2.0, 4.0]}).to_csv(scores, index=False)
    said: list[str] = []
    options = StudyOptions(tmp_path / "out", said.append, "analognasbench", scores=scores)
    proxy_identities.run_proxy_identities(options)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"identities.csv", "spearman.csv", "spearman.png", "spearman.svg", "tables.md", "study.json"}
    assert "No two proxies rank alike" in said[-1]


def test_a_shard_is_scored_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(proxy_identities, "scored_sample", lambda *given: asked.append(given[-1].shard))
    monkeypatch.setattr(proxy_identities, "identities", lambda: pytest.fail("the study was made"))
    said: list[str] = []
    proxy_identities.run_proxy_identities(StudyOptions(tmp_path / "out", said.append, shard=(2, 3)))
    assert asked == [(2, 3)]
    assert "nasinit store merge" in said[-1]


def moved_by_rounding(monkeypatch: pytest.MonkeyPatch) -> list[pd.DataFrame]:
    """`identities` with the drawn weights and inputs moved by up to one rounding of the largest of their tensor."""
    sums, draw = proxy_identities._sums, image_batches.draw_images
    generator = torch.Generator()

    def moved(tensor: torch.Tensor) -> torch.Tensor:
        shares = 2 * torch.rand(tensor.shape, generator=generator) - 1
        return tensor + shares * tensor.abs().max() * torch.finfo(torch.float32).eps

    def sums_of_moved(network: nn.Module, epsilon: float) -> list[dict[str, Any]]:
        for parameter in network.parameters():
            parameter.data = moved(parameter.data)
        return sums(network, epsilon)

    def batch_moved(setting: Setting) -> Batch:
        batch = draw(setting)
        return Batch(moved(batch.inputs), batch.labels)

    monkeypatch.setattr(proxy_identities, "_sums", sums_of_moved)
    monkeypatch.setattr(image_batches, "draw_images", batch_moved)
    frames = []
    for seed in range(5):
        generator.manual_seed(seed)
        frames.append(identities())
    return frames


@pytest.mark.kernels
def test_the_committed_sums_are_those_of_the_drawn_weights(
    exact: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch's draws differ between processors in their last digit, so the sums agree to what that digit moves."""
    committed = pd.read_csv(RESULTS / "proxy-identities" / "identities.csv")
    frames = moved_by_rounding(monkeypatch)
    for name in ("absolute", "grasp", "squared_norm"):
        slack = 2 * np.max([(frame[name] / exact[name] - 1).abs() for frame in frames], axis=0)
        assert (slack < 5e-6).all()
        np.testing.assert_array_less((committed[name] / exact[name] - 1).abs(), slack)


def test_the_committed_outcome_follows_from_the_committed_scores() -> None:
    scores = pd.read_csv(RESULTS / "zero-cost-nas" / "scores_gaussian.csv.gz", float_precision="round_trip")
    made = rank_matrix(scores)
    committed = pd.read_csv(RESULTS / "proxy-identities" / "spearman.csv", index_col="proxy")
    pd.testing.assert_frame_equal(made, committed.loc[made.index, made.columns], check_names=False, rtol=1e-9)
    table = (RESULTS / "proxy-identities" / "tables.md").read_text(encoding="utf-8")
    assert same_rankings_markdown(same_rankings(made), SAME) in table
