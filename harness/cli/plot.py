"""`nasinit plot`: scatter plot, critical-difference diagram, heat map, and Pareto front."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from harness.cli import offered, options
from harness.cli.joined import found_tables, no_column, ranked, read, say_duplicates, say_repeated, say_unmatched
from harness.cli.outputs import save_figures
from harness.errors import SettingError

if TYPE_CHECKING:
    import pandas as pd

KINDS = (
    "`nasinit plot scatter [SCORES]` (proxy against accuracy), `nasinit plot critical-difference [SCORES]` (which "
    "proxies are told apart), `nasinit plot heatmap [SCORES]` (proxy against proxy) or `nasinit plot pareto [SCORES] "
    "--x COLUMN` (accuracy against latency)"
)


_NAMED = 3


class Kinds(TyperGroup):
    """The kinds of plot; an unknown kind is answered with their names."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The subcommand that the arguments name."""
        if self.get_command(ctx, args[0]) is None:
            raise SettingError(f"plot needs a kind: {KINDS}; got {args[0]!r}")
        return super().resolve_command(ctx, args)


# Options before the kind are let through, so that the answer to them also names the kinds.
app = typer.Typer(cls=Kinds, no_args_is_help=True, context_settings={"ignore_unknown_options": True})


@app.callback()
def plot() -> None:
    """Figures: scores against a column, proxies against each other, or two columns with the picks of the proxies."""


@app.command()
def scatter(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    table: options.TablesOption = None,
    column: Annotated[
        str | None, typer.Option(help="column to plot against, of any table", autocompletion=offered.COLUMNS)
    ] = None,
    lower: options.LowerOption = None,
    higher: options.HigherOption = None,
    proxies: Annotated[
        list[str] | None, options.proxies_option("proxies to draw next to params and flops; all by default")
    ] = None,
    run: options.RunOption = None,
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    out: options.FiguresOption = [Path("scatter.png"), Path("scatter.svg")],  # noqa: B006 — typer copies it
) -> None:
    """Scatter plot of each proxy against accuracy, or another column: a panel for each, coloured by parameters."""
    from harness.report.figures.scatter import scatter as draw

    columns, directions = [column] if column else [], options.directions(lower, higher)
    ((ranking, _),) = ranked(
        scores, table or [], columns, run, resamples, seed, directions=directions, only=proxies or ()
    )
    figure = draw(ranking, proxies or (), progress=True)
    save_figures(figure, out)


@app.command("critical-difference")
def critical_difference(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    table: options.TablesOption = None,
    column: options.ColumnOption = None,
    lower: options.LowerOption = None,
    higher: options.HigherOption = None,
    against: Annotated[
        str, typer.Option(help="proxy that the colours compare the others with", autocompletion=offered.PROXY)
    ] = "params",
    proxies: options.RankedProxiesOption = None,
    run: options.RunOption = None,
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    out: options.FiguresOption = [Path("critical_difference.png"), Path("critical_difference.svg")],  # noqa: B006 — typer copies it
) -> None:
    """Critical-difference diagram: proxies by Spearman's coefficient; a bar joins those that are not told apart."""
    from harness.evaluation.comparison import compare
    from harness.report.figures.critical_difference import critical_difference as draw
    from harness.report.tables.evidence import left_out_of_comparison

    columns, directions = [column] if column else [], options.directions(lower, higher)
    ((ranking, _),) = ranked(
        scores, table or [], columns, run, resamples, seed, directions=directions, named=[against], only=proxies or ()
    )
    found = compare(ranking, against, resamples=resamples, seed=seed, progress=True)
    figure = draw(found)
    print()
    for sentence in (*found.words, *left_out_of_comparison(found)):
        print(sentence)
    save_figures(figure, out)


@app.command()
def heatmap(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    table: options.TablesOption = None,
    column: options.ColumnOption = None,
    proxies: Annotated[
        list[str] | None, options.proxies_option("proxies to draw next to the column; all by default")
    ] = None,
    run: options.RunOption = None,
    out: options.FiguresOption = [Path("heatmap.png"), Path("heatmap.svg")],  # noqa: B006 — typer copies it
) -> None:
    """Heat map of agreement: Spearman's coefficient of each proxy with each other, and with a table's column."""
    from harness.evaluation.agreement import agreement_matrix
    from harness.report.figures.heat_map import heat_map

    ((ranking, _),) = ranked(scores, table or [], [column] if column else [], run, resamples=1, seed=0)
    save_figures(heat_map(agreement_matrix(ranking, proxies or ())), out)


@app.command()
def pareto(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    x: Annotated[
        str | None,
        typer.Option(
            help="column of the cost of an architecture, such as hwnas_cifar10_edgegpu_latency_ms",
            autocompletion=offered.COLUMNS,
        ),
    ] = None,
    y: Annotated[
        str | None,
        typer.Option(help="column of the gain, such as cifar10_test_200ep_pct", autocompletion=offered.COLUMNS),
    ] = None,
    proxies: Annotated[
        list[str] | None,
        options.proxies_option(
            "proxies whose picks are drawn, up to 4; by default the first of the scores, and params"
        ),
    ] = None,
    table: options.TablesOption = None,
    lower: options.LowerOption = None,
    higher: options.HigherOption = None,
    run: options.RunOption = None,
    out: options.FiguresOption = [Path("pareto.png"), Path("pareto.svg")],  # noqa: B006 — typer copies it
) -> None:
    """Pareto front of accuracy against latency, or of any two columns, and the pick of each proxy for every budget."""
    from harness.evaluation.trade_off import Quantity, trade_off
    from harness.report.figures.pareto import pareto as draw
    from harness.report.tables.budgets import budgets_sheet
    from harness.report.tables.text import sheet_text

    scored = read(scores, run, table or [])
    tables = table or []
    if x is None:
        raise no_column("--x", scored.space, tables)
    if y is None and scored.space != options.DEFAULT_SPACE:
        raise no_column("--y", scored.space, tables)
    columns = [x, y or options.DEFAULT_COLUMN]
    chosen = _proxies(proxies or [], scored.frame)
    found_in = found_tables(columns, scored.space, tables, options.directions(lower, higher))
    cost, gain = (Quantity(*pair) for pair in zip(found_in, columns, strict=True))
    found = trade_off(scored.frame, cost, gain, chosen)
    say_repeated(found.repeated)
    say_unmatched(found.unmatched, " or ".join(columns))
    say_duplicates(found.duplicates, " or ".join(columns))
    figure = draw(found)
    print(f"\n{sheet_text(budgets_sheet(found))}\n")
    save_figures(figure, out)


def _proxies(named: list[str], frame: pd.DataFrame) -> list[str]:
    """Proxies to draw: those named, else the first of the scores, and params; prints which are left out or added."""
    from harness.evaluation.trade_off import proxies_with_params, scored_proxies
    from harness.report.figures.pareto import MOST_PROXIES

    proxies = list(dict.fromkeys(named))
    if len(proxies) > MOST_PROXIES:
        raise SettingError(f"--proxies: one figure tells at most {MOST_PROXIES} proxies apart, got {len(proxies)}")
    if proxies:
        return proxies
    there, proxies = scored_proxies(frame), proxies_with_params(frame, MOST_PROXIES)
    left_out = [name for name in there if name not in proxies]
    added = [name for name in proxies if name not in there]
    notes = [f"{', '.join(added)} computed, since the scores have none"] if added else []
    notes += [f"{_few(left_out)} left out: one figure tells {MOST_PROXIES} apart"] if left_out else []
    if notes:
        print(f"proxies: {', '.join(proxies)}; {'; '.join(notes)}; --proxies chooses others")
    return proxies


def _few(names: list[str]) -> str:
    """The names; of many only the first, and the number of the others."""
    named = names if len(names) <= _NAMED + 1 else names[:_NAMED]
    more = f" and {len(names) - _NAMED} others" if len(names) > len(named) else ""
    return f"{', '.join(named)}{more}"
