"""`nasinit report`: one HTML page of scores joined to a table's column."""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.joined import Scored, ranked_scores, read

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation.ranking import Ranking
    from harness.report.webpage.against import Against
    from harness.scoring.store import RunRecord

Terms = dict[str, list[tuple[str, str]]]

_ENDINGS = (".html", ".htm")


def report(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    table: options.TablesOption = None,
    column: options.ColumnOption = None,
    run: options.RunOption = None,
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    title: Annotated[str | None, typer.Option(help="title of the page")] = None,
    out: Annotated[Path, typer.Option(help="HTML file")] = Path("report.html"),
) -> None:
    """Make one HTML page of the scores and a table's column, which needs nothing but itself.

    It holds the ranking of the proxies, a plot to look into with every architecture drawn, the best of the first k, the
    proxies against each other and, from a store of several settings, against themselves, what failed, and what made it.
    """
    from harness.report.files import check_suffix, write_text
    from harness.report.webpage.content import Content
    from harness.report.webpage.rendering import page

    check_suffix(out, "a page", _ENDINGS)
    options.positive("resamples", resamples)
    scored = read(scores, run)
    ((ranking, _),) = ranked_scores(scored, table or [], [column] if column else [], resamples, seed)
    record, others = _settings(scores, run)
    asked = _asked(scored, ranking)
    content = Content(
        ranking.frame,
        ranking.points,
        space=scored.space,
        column=ranking.column,
        label=ranking.label,
        higher_is_better=ranking.higher_is_better,
        measured=ranking.value_name,
        ceiling=_ceiling(ranking, scored.space, table or []),
        against=_against(ranking, resamples, seed),
        remarks=[remark for remark in (ranking.direction, ranking.uneven) if remark],
        facts=_facts(scores, record, ranking, resamples, seed),
        failures=asked[asked["score"].isna()].drop(columns="score"),
        asked={str(proxy): int(count) for proxy, count in asked["proxy"].value_counts().items()},
        left_out=_left_out(ranking),
        settings=others,
    )
    text = page(content, title=title or f"Training-free proxies against {ranking.label}")
    write_text(text, out)
    print(f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB)")


def _ceiling(ranking: Ranking, space: str, tables: list[str]) -> tuple[float, str] | None:
    """Spearman of one training with another on the scored architectures; None where there are no two."""
    from harness.errors import ScoresError
    from harness.evaluation import table_with
    from harness.evaluation.ceiling import ceiling, tables_with_trainings

    table = table_with(ranking.column, space=space, names=tuple(tables))
    try:
        found = ceiling(ranking, tables_with_trainings(ranking, table))
    except ScoresError:
        return None
    words = f"one training of these architectures against another, the mean over {found.pairs} pairs of trainings"
    return (found.spearman if ranking.higher_is_better else -found.spearman), words


def _against(ranking: Ranking, resamples: int, seed: int) -> Against | str:
    """Every proxy against params, or why it is not compared."""
    from harness.errors import ScoresError
    from harness.evaluation.comparison import compare
    from harness.report.comparison_shown import compared_on_page

    if "params" not in ranking.frame["proxy"].tolist():
        return "No proxy is compared with params: it is not among the scores."
    try:
        return compared_on_page(compare(ranking, "params", resamples=resamples, seed=seed), ranking)
    except ScoresError as error:
        return f"No proxy is compared with params: {error}."


def _left_out(ranking: Ranking) -> dict[str, tuple[str, ...]]:
    """Reason to architectures."""
    column = ranking.column
    return {
        f"Architectures without {column}, left out": ranking.unmatched,
        "Architectures that a proxy has more than one row of, with equal scores, one kept": ranking.repeated,
        f"Architectures with more than one row of {column}, with equal values, one kept": ranking.duplicates,
    }


def _settings(scores: Path, number: int | None) -> tuple[RunRecord | None, dict[str, pd.DataFrame]]:
    """The run whose scores are shown, and by what differs from it the scores of the store's other settings."""
    import pandas as pd

    from harness.evaluation.matching import matched_scores
    from harness.scoring.files import is_store
    from harness.scoring.store import Store
    from harness.spaces import open_space

    if not is_store(scores):
        return None, {}
    with Store(scores, readonly=True) as store:
        runs = store.runs()
        shown = next(record for record in runs if record.number == (number or runs[-1].number))
        by_setting: dict[int, list[RunRecord]] = {}
        for record in reversed(runs):
            if record.setting_id != shown.setting_id and record.space == shown.space:
                by_setting.setdefault(record.setting_id, []).append(record)
        frames = {}
        for records in by_setting.values():
            parts = [part for record in records if not (part := store.frame(record.number)).empty]
            if parts:
                frame = pd.concat(parts).drop_duplicates(["architecture", "proxy"], ignore_index=True)
                frames[_difference(shown, records[0])] = matched_scores(frame, open_space(shown.space)).scores
    return shown, frames


def _difference(shown: RunRecord, other: RunRecord) -> str:
    """What is different in another setting, as `bn eval, seed 1`."""
    theirs = other.setting.flat()
    parts = [f"{name} {theirs.get(name)}" for name in shown.setting.differs_in(other.setting)]
    if shown.torch != other.torch:
        parts.append(f"torch {other.torch}")
    return ", ".join(parts)


def _asked(scored: Scored, ranking: Ranking) -> pd.DataFrame:
    """A row a proxy and architecture of the table: `proxy`, `architecture`, `score` (NaN: none), `status`, `message`.

    What counts as a score is what the ranking takes for one, and an architecture twice counts once.
    """
    import numpy as np
    import pandas as pd

    from harness.evaluation.matching import matched_scores
    from harness.spaces import open_space

    matched = matched_scores(scored.frame, open_space(scored.space))
    given = scored.frame.iloc[matched.rows]
    infinite = np.isinf(given["score"].to_numpy(dtype=float))
    status = given["status"] if "status" in given.columns else pd.Series("ok", index=given.index)
    asked = matched.scores.assign(
        written=given["architecture"].astype(str).to_numpy(),
        status=np.where(status.notna() & (status != "ok"), status, np.where(infinite, "infinite", "no score")),
        message=given["message"].fillna("").astype(str).to_numpy() if "message" in given.columns else "",
    )
    left_out = set(ranking.unmatched)
    usable = [key for key, text in matched.written.items() if text not in left_out]
    asked = asked[asked["architecture"].isin(usable)]
    return asked.drop(columns="architecture").rename(columns={"written": "architecture"})


def _facts(scores: Path, record: RunRecord | None, ranking: Ranking, resamples: int, seed: int) -> Terms:
    facts: Terms = {"Scores": [("file", str(scores))]}
    if record is not None:
        facts["Scores"] += [
            ("run", f"{record.number}, started {record.started}"),
            ("space", record.space),
            ("architectures", f"{len(record.scored_as):,}"),
            ("different networks", f"{len(set(record.scored_as.values())):,}"),
            ("torch", record.torch),
            ("proxies", ", ".join(f"{name} (version {version})" for name, version in record.proxies.items())),
        ]
        facts["Setting"] = [
            (name.replace("_", " "), str(value))
            for name, value in record.setting.flat().items()
            if value not in ("", None)
        ]
    facts["Table"] = [("column", ranking.column), ("source", ranking.source)]
    facts["Statistics"] = [
        ("intervals", f"percentile bootstrap over architectures, 95 %, {resamples:,} resamples, seed {seed}")
    ]
    facts["Software"] = [("nasinit", _own_version()), ("command", shlex.join(["nasinit", *sys.argv[1:]]))]
    return facts


def _own_version() -> str:
    try:
        return version("nasinit")
    except PackageNotFoundError:
        return "not installed"
