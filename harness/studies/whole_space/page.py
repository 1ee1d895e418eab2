"""The page of the study, `README.md`: what was found, in sentences that follow from the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd

from harness.evaluation.columns import TESTS, dataset_title
from harness.evaluation.comparison import Comparison
from harness.evaluation.known.cells import said_part
from harness.report.cells import estimate, number
from harness.report.files import write_text
from harness.report.tables.sheet import sheet_markdown
from harness.report.tables.whole_space import counts_sheet, datasets_sheet, published_by_pool_sheet
from harness.scoring.provenance import PROVENANCE
from harness.setting import Setting
from harness.stats.names import BASELINES, SAME
from harness.studies.whole_space.results import AGAINST, WholeSpace

_FIRST = TESTS["cifar10"]
_SHARES = (1, 5, 10, 25)
_NEAR = 0.99
_FEWEST = 30
"""Cells for a coefficient among the best to be told."""
COMMANDS = """\
    nasinit store table all.sqlite --to benchmarks/packaged/nasbench201_proxies.parquet
    nasinit study whole-space --out results/whole-space"""


def write_page(found: WholeSpace, out: Path) -> None:
    """Write `README.md`."""
    sections = (_head, _ranking, _beyond, _sizes, _best, _ceiling, _same, _pools, _published, _made)
    write_text("\n\n".join(section(found) for section in sections) + "\n", out / "README.md")


def _head(found: WholeSpace) -> str:
    cells, of = found.cells["cells"], found.cells["of_cells"]
    setting = Setting.from_json(found.known.attrs["setting"])
    proxies = found.known["proxy"].nunique()
    part = ""
    if cells < of:
        part = (
            f" **This is a part: {cells:,} of {of:,} cells**, the first of a random order, so that its numbers are "
            "estimates of those of the whole space; where a 95 % interval stands, it says how good, and numbers "
            "without one are rough. The page is made again by the commands at its end as more cells are scored."
        )
    return (
        f"# {proxies} training-free proxies on NAS-Bench-201\n\nEvery proxy under one setting on "
        f"{said_part(cells, of)}, ranked by the official test accuracies after 200 epochs.{part}\n\nSetting: "
        f'{setting.describe()}. The scores come with nasinit: `open_table("nasbench201-proxies")`, '
        "`harness.known_scores()`, and `nasinit correlate MY.csv --against-known` compares yours with them. All tables "
        "are in [tables.md](tables.md), all numbers in the CSV files next to it."
    )


def _ranking(found: WholeSpace) -> str:
    rankings = {column: evidence.ranking for column, evidence in found.evidence.items()}
    comparison = found.evidence[_FIRST].comparison
    return "\n\n".join(
        [
            "## The ranking",
            f"![Proxies by Spearman's coefficient on CIFAR-10, and which are told apart from {AGAINST}]"
            "(against_params_cifar10.png)",
            *(_told_apart(found, comparison) if comparison is not None else []),
            sheet_markdown(datasets_sheet(rankings)),
            "az_nas and vote are combinations of ranks. An interval is over the choice of cells, as if they were "
            "drawn with "
            "replacement, so that it is a little wide for the value on this space; it is not over seeds of the "
            "weights. n is the number of cells with a score on CIFAR-10; a proxy without one on cut cells is "
            "ranked on the others.",
        ]
    )


def _told_apart(found: WholeSpace, first: Comparison) -> list[str]:
    said = []
    for column, evidence in found.evidence.items():
        if (comparison := evidence.comparison) is not None:
            better, worse = (
                comparison.frame.loc[comparison.frame["verdict"] == word, "proxy"] for word in ("better", "worse")
            )
            said.append(
                f"- {dataset_title(column)}: better than `{AGAINST}`: {_named(better)}; {len(worse)} are worse."
            )
    intro = (
        f"Told apart by a paired bootstrap on the {first.n:,} cells that all proxies have a score of, with Holm's "
        f"correction over all {len(first.pairs):,} pairs, at 5 %:"
    )
    return [intro, "\n".join(said)]


def _beyond(found: WholeSpace) -> str:
    result = found.evidence[_FIRST].beyond_size
    if result is None:
        return f"## Beyond size\n\nLeft out: {found.evidence[_FIRST].left_out['beyond_size']}."
    frame = result.frame.set_index("proxy").drop(
        index=[name for name in BASELINES if name in set(result.frame["proxy"])]
    )
    known = frame[frame["given_both"].notna()]
    kept = known[known["given_both_low"] > 0].sort_values("given_both", ascending=False)
    none = known[(known["given_both_low"] <= 0)]
    listed = [f"`{name}` {estimate(row['given_both'], row['given_both_low'], row['given_both_high'])}"
              for name, row in kept.head(5).iterrows()]  # fmt: skip
    return (
        f"## Beyond size\n\nWith parameters and multiply-adds held fixed (partial rank correlation, CIFAR-10), "
        f"{len(kept)} of "
        f"{len(known)} proxies keep a positive coefficient that the interval tells apart from zero; the largest are "
        f"{', '.join(listed)}. Of {_named(none.index)} nothing positive is shown."
    )


def _sizes(found: WholeSpace) -> str:
    frame = found.by_size[_FIRST].frame
    wide = frame.pivot(index="proxy", columns="class", values="spearman")
    first, last = wide.columns[0], wide.columns[-1]
    counts = [int(frame.loc[frame["class"] == place, "n"].max()) for place in wide.columns]
    best = [frame[frame["class"] == place].nlargest(1, "spearman").to_dict("records")[0] for place in (first, last)]
    heads = [f"`{row['proxy']}` {estimate(row['spearman'], row['spearman_low'], row['spearman_high'])}" for row in best]
    return (
        "## By size class\n\n![Spearman's coefficient by parameters](by_size_cifar10.png)\n\n"
        f"In {len(wide.columns)} classes of parameters ({', '.join(f'{cells:,}' for cells in counts)} cells), the "
        f"largest coefficient among the smallest networks is that of {heads[0]}, among the largest that of "
        f"{heads[1]}: each the largest of {len(wide)}, and so rather too high. Median over all proxies: "
        f"{number(wide[first].median(), 2)} and {number(wide[last].median(), 2)}. Each coefficient has its "
        "interval in `by_size_*.csv`."
    )


def _best(found: WholeSpace) -> str:
    top = found.evidence[_FIRST].top
    if top is None:
        return f"## Among the best\n\nLeft out: {found.evidence[_FIRST].left_out['top']}."
    frame = top.frame.set_index("proxy")
    lines = []
    for share in _SHARES:
        counts = frame[f"n_top_{share}"]
        column = frame[f"spearman_top_{share}"][counts >= _FEWEST]
        if column.dropna().empty:
            lines.append(f"- best {share} %: {counts.max():,} cells, too few to tell.")
            continue
        best = column.sort_values(ascending=False)
        lines.append(
            f"- best {share} % ({counts.max():,} cells): `{best.index[0]}` {number(best.iloc[0], 2)}, "
            f"`{AGAINST}` {number(float(column.get(AGAINST, float('nan'))), 2)}, median of all "
            f"{number(column.median(), 2)}."
        )
    return (
        "## Among the best\n\nSpearman's coefficient among the best cells by CIFAR-10 accuracy, where they are at "
        f"least {_FEWEST}. The largest of {len(frame)} coefficients is rather too high; `top_*.csv` has all of "
        "them.\n\n" + "\n".join(lines)
    )


def _ceiling(found: WholeSpace) -> str:
    lines = []
    for column, evidence in found.evidence.items():
        if (ceiling := evidence.ceiling) is None:
            lines.append(f"- {dataset_title(column)}: left out: {evidence.left_out['ceiling']}.")
            continue
        best = ceiling.frame.nlargest(1, "spearman").to_dict("records")[0]
        lines.append(
            f"- {dataset_title(column)}: one training ranks another with ρ {number(ceiling.spearman, 3)}, τ-b "
            f"{number(ceiling.kendall_tau_b, 3)}; `{best['proxy']}` reaches {number(100 * best['spearman_share'], 0)} "
            f"% of ρ, {number(100 * best['kendall_share'], 0)} % of τ-b."
        )
    return "## Against the ceiling\n\n" + "\n".join(lines)


def _same(found: WholeSpace) -> str:
    groups = "\n".join(f"- {_named(group)}" for group in found.same) or "- none"
    together = {frozenset(pair) for group in found.same for pair in combinations(group, 2)}
    near = [
        f"`{one}` and `{other}` ({number(float(found.matrix.loc[one, other]), 3)})"
        for one, other in combinations(found.matrix.index, 2)
        if abs(found.matrix.loc[one, other]) >= _NEAR and frozenset((one, other)) not in together
    ]
    return (
        "## One number in other words\n\n![Spearman's coefficient between proxies](agreement.png)\n\n"
        f"Proxies that order the cells alike (|ρ| of at least {SAME}):\n\n{groups}\n\n"
        f"Nearly so (at least {_NEAR}): {', '.join(near) or 'none'}."
    )


def _pools(found: WholeSpace) -> str:
    counts = found.counts[(found.counts["column"] == _FIRST)].set_index(["pool", "proxy"])
    names = list(dict.fromkeys(found.counts["pool"]))
    spans = [
        f"`{proxy}` from {number(min(taus), 3)} to {number(max(taus), 3)}"
        for proxy in ("params", "layers")
        for taus in ([float(counts.loc[(name, proxy), "kendall_tau_b"]) for name in names],)
    ]
    whole = (
        "counts need no scores, so that these are exact, on all cells of each pool: Kendall's τ-b on CIFAR-10 moves "
    )
    return "\n\n".join(
        [
            "## The pool changes the number",
            "Papers report on different parts of the space. " + whole[:1].upper() + whole[1:]
            + f"with the pool alone, for {' and for '.join(spans)}.",
            sheet_markdown(counts_sheet(found.counts)),
            *found.left_out,
        ]
    )  # fmt: skip


def _published(found: WholeSpace) -> str:
    rows = found.published
    names = list(dict.fromkeys(found.pools["pool"]))
    known = rows[(rows["pool"] != "") & (rows["coefficient"] != "ndcg_1000")]
    known = known[[row["pool"] in names for row in known.to_dict("records")]]
    fits = sum(row[f"{row['pool']}_inside"] is True for row in known.to_dict("records"))
    chosen = rows[rows["column"] == _FIRST]
    return "\n\n".join(
        [
            "## Beside published figures, each with its own pool",
            "![Spearman's coefficients by pool](pools.png)",
            f"Of {len(known)} published coefficients whose pool is known, {fits} lie in our interval on that pool "
            "(all data sets; of counts, within 0.005). What remains may be the setting: inputs, labels, "
            "initialisation and batch norm differ between papers. CIFAR-10:",
            sheet_markdown(published_by_pool_sheet(chosen, names)),
            "The pool of Tybl & Neumann 2025 is not named in their table; their row of the number of layers comes out "
            "on the 9,445 cells without dead branches, and on no other pool.",
        ]
    )


def _made(found: WholeSpace) -> str:
    made = found.known.attrs[PROVENANCE]
    versions = ", ".join(f"{name} {version}" for name, version in made["proxies"].items())
    return (
        f"## How it is made, and made again\n\nScores by torch {made['torch']}; versions of the proxies: {versions}. "
        "`study.json` says the rest. When more cells are scored, in a store that "
        f"[nasbench201-all](../nasbench201-all/README.md) says how to make:\n\n{COMMANDS}\n\nThe studies of rank "
        "correlation take these scores too, and become larger samples: `nasinit study NAME --known`."
    )


def _named(names: Sequence[object] | pd.Series | pd.Index) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
