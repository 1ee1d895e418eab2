"""The command line, `nasinit`: one subcommand a file, heavy imports inside the functions."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import typer

from harness.cli import (
    convert,
    correlate,
    demo,
    draw,
    listing,
    plot,
    pull,
    query,
    report,
    score,
    search,
    stability,
    study,
)
from harness.errors import HarnessError, RunError, StoreNotice, StoreWriteError

app = typer.Typer(
    name="nasinit",
    help="Does a number computed from an untrained network rank architectures as training does?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("list")(listing.list_names)
app.command("score")(score.score)
app.command("correlate")(correlate.correlate)
app.command("stability")(stability.stability)
app.command("transfer")(stability.transfer)
app.add_typer(plot.app, name="plot")
app.command("report")(report.report)
app.command("draw")(draw.draw)
app.command("search")(search.search)
app.command("query")(query.query)
app.command("pull")(pull.pull)
app.command("convert")(convert.convert)
app.command("study")(study.study)
app.command("demo")(demo.demo)

USAGE, FAILED, INTERRUPTED = 2, 1, 130


def main() -> None:
    """Run the command line; every error that bad input can cause ends in one message and an exit code.

    Exit codes: 0 done, 1 a run failed, 2 bad input, 130 interrupted.
    """
    try:
        with _notices_said():
            _run_app()
    except pull.InterruptedPull as error:
        sys.exit(_say(error, INTERRUPTED))
    except (RunError, StoreWriteError) as error:
        sys.exit(_say(error, FAILED))
    except HarnessError as error:
        sys.exit(_say(error, USAGE))
    except KeyboardInterrupt:
        sys.exit(_say("interrupted; what was finished is kept, and the same command goes on", INTERRUPTED))
    except Exception as error:
        from harness.evaluation import TableError

        if not isinstance(error, TableError):
            raise
        sys.exit(_say(error, USAGE))


@contextlib.contextmanager
def _notices_said() -> Iterator[None]:
    """Print a store's notice as one line of the command line; Python shows all other warnings as it always does."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", StoreNotice)
        show = warnings.showwarning

        def say(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, StoreNotice):
                _say(message, 0)
            else:
                show(message, category, *place, **more)

        warnings.showwarning = say
        yield


def _run_app() -> None:
    try:
        app(prog_name="nasinit")
    except SystemExit as end:  # typer makes an interrupt into its exit code, without a word
        if end.code == INTERRUPTED:
            raise KeyboardInterrupt from end
        raise


def _say(message: object, code: int) -> int:
    print(f"nasinit: {message}", file=sys.stderr)
    return code
