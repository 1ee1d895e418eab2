"""The committed tables of the DARTS space follow from the committed scores and the published accuracies."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
import pytest

import benchmarks
import harness
from harness.spaces import open_space
from harness.spaces.darts.with_none import DartsWithNone

FOLDER = Path(__file__).parents[2] / "results" / "darts"
DRAW = ["input", "weights_seed", "batch_seed"]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
TABLES = {
    "random214": ("darts-random214", "darts_random214_cifar10.csv", "cifar10_test_600ep_best_pct"),
    "surrogate": ("nasbench301-surrogate500", "nasbench301_500.csv", "cifar10_valid_100ep_surrogate_pct"),
    "thousand": ("darts-1000", "tables/darts_1000_cifar10.csv.gz", "cifar10_valid_pct"),
    "thousand_swap": ("darts-1000", "tables/darts_1000_cifar10.csv.gz", "cifar10_valid_pct"),
}
SPACES = {"darts-1000": "darts-none"}


@pytest.fixture(params=TABLES)
def name(request: pytest.FixtureRequest) -> str:
    """Each of the rankings in turn."""
    return str(request.param)


def scores(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"scores_{name}.csv.gz", float_precision="round_trip")


def test_the_rankings_follow_from_the_scores(name: str, published_data: Path) -> None:
    table, file, column = TABLES[name]
    path = published_data / file
    if not path.exists():
        pytest.skip(f"{file} is not in {published_data}")
    ranking = harness.correlate(scores(name), benchmarks.open_table(table, path=path), column)
    assert ranking.unmatched == ranking.duplicates == ()
    committed = pd.read_csv(FOLDER / f"ranking_{name}.csv")
    pd.testing.assert_frame_equal(ranking.frame, committed, check_dtype=False, rtol=1e-9)


def test_the_scores_are_of_the_setting_that_the_text_states(name: str) -> None:
    """The sizes are those of the search's networks, and every proxy was tried on every architecture."""
    space = open_space(SPACES.get(TABLES[name][0], "darts"))
    frame = scores(name)
    ranked = pd.read_csv(FOLDER / f"ranking_{name}.csv")["proxy"].tolist()
    assert set(frame["proxy"]) == set(ranked)
    assert (frame.groupby("architecture").size() == len(ranked)).all()
    sizes = frame[frame["proxy"] == "params"].set_index("architecture")["score"]
    for text, size in sizes.iloc[::40].items():
        assert space.sizes(space.parse(str(text)), width=16, depth=8).parameters == size


def test_the_text_gives_the_tables_numbers(name: str) -> None:
    """Every row under the table's heading, cell by cell."""
    section = README.split(f"## {name}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]
    committed = pd.read_csv(FOLDER / f"ranking_{name}.csv")
    expected = [
        [f"`{row['proxy']}`", str(row["n"]), interval(row, "spearman"), interval(row, "kendall_tau_b")]
        for _, row in committed.iterrows()
    ]
    assert [row[:4] for row in rows] == expected


def test_counts_rank_the_thousand_genotypes_as_the_text_says(published_data: Path) -> None:
    """0.712 and 0.576 for separable convolutions are those of an independent count."""
    _, file, column = TABLES["thousand"]
    if not (published_data / file).exists():
        pytest.skip(f"{file} is not in {published_data}")
    table, space = benchmarks.open_table("darts-1000", path=published_data / file), DartsWithNone()
    genotypes = [space.parse(key) for key in table.keys]
    sizes = [space.sizes(genotype) for genotype in genotypes]
    accuracy = pd.Series(table.values(table.keys, column))
    counts = {
        "params": [size.parameters for size in sizes],
        "flops": [size.macs for size in sizes],
        "separable": [sum(operation.startswith("sep") for operation, _ in one.normal) for one in genotypes],
        "none": [sum(operation == "none" for operation, _ in one.normal) for one in genotypes],
    }
    found = {name: accuracy.corr(pd.Series(count), method="spearman") for name, count in counts.items()}
    assert {name: round(value, 2) for name, value in found.items()} == {
        "params": 0.81, "flops": 0.81, "separable": 0.71, "none": -0.30,
    }  # fmt: skip
    assert found["separable"] == pytest.approx(0.712, abs=5e-4)
    assert accuracy.corr(pd.Series(counts["separable"]), method="kendall") == pytest.approx(0.576, abs=5e-4)
    assert "0.81 for `params` and `flops`,\n  0.71 for the number of separable convolutions, −0.30" in README


def interval(row: pd.Series, coefficient: str) -> str:
    if pd.isna(row[coefficient]):
        return "–"
    value, low, high = (round(row[coefficient + end], 2) + 0.0 for end in ("", "_low", "_high"))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def test_two_draws_agree_as_the_page_says() -> None:
    """`draws.csv.gz`: 20 genotypes under seeds of their own for weights and batch, in batches of 32."""
    frame = pd.read_csv(FOLDER / "draws.csv.gz", float_precision="round_trip")
    by_draw = {key: part.set_index("architecture") for key, part in frame.groupby(DRAW)}
    images, noise = ("cifar10", 0, 0), ("gaussian", 0, 0)
    rows = {
        "another batch of images": (images, ("cifar10", 0, 1)),
        "other weights, the same images": (images, ("cifar10", 1, 0)),
        "another batch of noise, the same weights": (noise, ("gaussian", 0, 1)),
        "noise in place of images": (images, noise),
    }
    names = ("jacob_cov", "epe_nas", "nwot")
    found = {pair: [_agreement(by_draw, pair, name) for name in names] for pair in itertools.combinations(by_draw, 2)}
    for words, pair in rows.items():
        numbers = found.get(pair) or found[pair[::-1]]
        printed = " | ".join(f"{number:.2f}".replace("-", "\N{MINUS SIGN}") for number in numbers)
        assert f"| {words} | {printed} |" in README
    ends = [(min(column), max(column)) for column in zip(*found.values(), strict=True)]
    printed = " | ".join(f"{low:.2f} to {high:.2f}".replace("-", "\N{MINUS SIGN}") for low, high in ends)
    assert f"| all pairs of these scorings | {printed} |" in README
    means = frame.groupby(DRAW)["jacob_cov"].agg(["mean", "std"]).round(2)
    assert (means["mean"].min(), means["mean"].max(), set(means["std"])) == (-32.25, -32.22, {0.02})
    spread = frame.groupby(DRAW)["epe_nas"].agg(lambda values: values.std() / values.mean())
    assert (spread > 0.02).all()
    assert (spread < 0.04).all()


def _agreement(by_draw: dict[object, pd.DataFrame], pair: tuple[object, object], name: str) -> float:
    one, two = (by_draw[key][name] for key in pair)
    return float(one.corr(two, method="spearman"))
