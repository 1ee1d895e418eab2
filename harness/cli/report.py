"""`nasinit report`: one HTML page of scores that are joined to a column of a table."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.joined import of_proxies, ranked_scores, read
from harness.report.suffixes import PAGES, check_suffix


def report(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    table: options.TablesOption = None,
    column: options.ColumnOption = None,
    lower: options.LowerOption = None,
    higher: options.HigherOption = None,
    proxies: options.RankedProxiesOption = None,
    run: options.RunOption = None,
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    against_known: Annotated[
        bool,
        typer.Option(
            "--against-known/--no-against-known",
            help="compare with all known proxies too, where cells of NAS-Bench-201 have their scores",
        ),
    ] = True,
    title: Annotated[str | None, typer.Option(help="title of the page")] = None,
    out: Annotated[Path, typer.Option(help="HTML file")] = Path("report.html"),
) -> None:
    """Make one self-contained HTML page of the scores and a column of a table.

    It shows the ranking of the proxies, an interactive plot that draws every architecture, the best of the k highest
    scores, the agreement of the proxies with each other and, from a store of several settings, with themselves, the
    scores that failed, and how it was made.
    """
    check_suffix(out, "a page", PAGES)
    options.positive("resamples", resamples)
    from harness.evaluation.evidence import EvidenceOptions, gather_evidence
    from harness.report.webpage.report_page import report_page
    from harness.scoring.files import is_store
    from harness.scoring.other_settings import other_settings
    from harness.stats.names import BASELINES

    scored = of_proxies(read(scores, run, table or []), (), proxies or ())
    directions = options.directions(lower, higher)
    ((ranking, ranked_by),) = ranked_scores(
        scored, table or [], [column] if column else [], resamples, seed, directions=directions
    )
    wanted = EvidenceOptions(
        against=BASELINES[0], ceiling=True, known=against_known, resamples=resamples, seed=seed, if_possible=True
    )
    evidence = gather_evidence(ranking, ranked_by, wanted, progress=True)
    made, others = other_settings(scores, run) if is_store(scores) else (None, {})
    intervals = f"percentile bootstrap over architectures, 95 %, {resamples:,} resamples, seed {seed}"
    report_page(
        ranking,
        out,
        title=title,
        evidence=evidence,
        scores=scored.frame,
        settings=others,
        run=made,
        facts={
            "Scores": {"file": str(scores), **({"seeds": ", ".join(ranking.seeds)} if ranking.seeds else {})},
            "Statistics": {"intervals": intervals},
            "Software": {"command": shlex.join(["nasinit", *sys.argv[1:]])},
        },
    )
    print(f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB)")
