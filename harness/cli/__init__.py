"""The command line, `nasinit`: one subcommand a file, heavy imports inside the functions."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from harness.cli import (
    convert,
    correlate,
    demo,
    draw,
    listing,
    measure,
    plot,
    predict,
    pull,
    query,
    report,
    score,
    search,
    stability,
    store,
    study,
)
from harness.cli.unknown_options import no_such_option
from harness.errors import HarnessError, RunError, SettingError, StoreNotice, StoreWriteError, ran_out_of_memory
from harness.loading.plugins import PluginNotice
from harness.text.shown import cut, plain, reason
from harness.text.terminal import OutputError, give_up, inert_output


class _Program(TyperGroup):
    """The commands; an option that a command does not have is answered with what was meant, or where it stands."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read the options of the program itself."""
        with _unknown_options_said(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        with _unknown_options_said(ctx):
            return super().invoke(ctx)


@contextlib.contextmanager
def _unknown_options_said(context: Any) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # typer's NoSuchOption is click's own class or a copy of it
        if type(error).__name__ != "NoSuchOption":
            raise
        option = str(getattr(error, "option_name", ""))
        raise SettingError(no_such_option(option, getattr(error, "ctx", None) or context)) from error


app = typer.Typer(
    name="nasinit",
    cls=_Program,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_versions(wanted: bool) -> None:
    if wanted:
        from harness.versions import __version__, installed

        print(f"nasinit {__version__}, torch {installed('torch')}")
        raise typer.Exit


@app.callback()
def nasinit(
    version: Annotated[
        bool, typer.Option("--version", help="print the versions, and end", is_eager=True, callback=_print_versions)
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            help="errors alone on standard error: no progress, no notes, no warnings; standard output, with the "
            "results and the names of written files, stays as it is",
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            help="on standard error, also say which files are opened and written, which rows are matched or dropped, "
            "and what comes from a store, a cache or a checkpoint",
        ),
    ] = False,
) -> None:
    """Does a number computed from an untrained network rank architectures as training does?"""  # noqa: D400
    if quiet and verbose:
        raise SettingError("--quiet or --verbose, not both")
    logging.getLogger("harness").setLevel(logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO)
    if verbose:
        logging.getLogger("benchmarks").setLevel(logging.DEBUG)


app.command("list")(listing.list_names)
app.command("score")(score.score)
app.add_typer(store.app, name="store")
app.add_typer(measure.app, name="measure")
app.command("correlate")(correlate.correlate)
app.command("stability")(stability.stability)
app.command("transfer")(stability.transfer)
app.add_typer(plot.app, name="plot")
app.command("report")(report.report)
app.command("draw")(draw.draw)
app.command("search")(search.search)
app.command("query")(query.query)
app.command("predict")(predict.predict)
app.command("pull")(pull.pull)
app.command("convert")(convert.convert)
app.command("study")(study.study)
app.command("demo")(demo.demo)

USAGE, FAILED, INTERRUPTED = 2, 1, 130

TRACEBACK = "NASINIT_TRACEBACK"
"""Environment variable: if set, an unforeseen error is shown with its traceback."""

_OF_THE_SURROUNDINGS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS}
)
_OF_A_PATH = frozenset(
    {
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
        errno.ELOOP,
        errno.EEXIST,
    }
)
_LONGEST_MESSAGE = 5000


def main() -> None:
    """Run the command line; every error ends in one message and an exit code, and nothing printed controls a terminal.

    Exit codes: 0 done, 1 a run, the system or nasinit itself failed, 2 bad input, 130 interrupted.
    """
    output = sys.stdout, sys.stderr
    try:
        with inert_output(), _log_said():
            code = _ended()
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
    except OutputError as error:
        code = FAILED
        if not isinstance(error.__cause__, BrokenPipeError):
            with contextlib.suppress(OSError):
                os.write(2, f"nasinit: cannot write the output: {error}\n".encode(errors="replace"))
        for stream in output:
            give_up(stream)
    sys.exit(code)


def _ended() -> int:
    """The exit code of the command; its error, if any, is printed."""
    try:
        with _notices_said():
            _run_app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except pull.InterruptedPull as error:
        return _say(error, INTERRUPTED)
    except (RunError, StoreWriteError) as error:
        return _say(error, FAILED)
    except HarnessError as error:
        return _say(error, _code_of(error))
    except KeyboardInterrupt:
        return _say("interrupted; what was finished is kept, and the same command goes on", INTERRUPTED)
    except OutputError:
        raise
    except Exception as error:
        from harness.evaluation import TableError

        if isinstance(error, TableError):
            return _say(error, _code_of(error))
        if os.environ.get(TRACEBACK):
            raise
        return _unforeseen(error)
    return 0


def _code_of(error: Exception) -> int:
    """1 for an error that the system caused, such as a full disk, else 2."""
    cause = error.__cause__
    return FAILED if isinstance(cause, OSError) and cause.errno in _OF_THE_SURROUNDINGS else USAGE


def _unforeseen(error: Exception) -> int:
    if ran_out_of_memory(error):
        return _say("the memory is not enough: take a smaller batch, smaller networks or fewer workers", FAILED)
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{plain(str(error.filename))}: " if error.filename is not None else ""
        return _say(f"{where}{error.strerror}", USAGE if error.errno in _OF_A_PATH else FAILED)
    return _say(f"{reason(error)}. It was not foreseen: with {TRACEBACK}=1 it shows where, for a report", FAILED)


class _OnStandardError(logging.Handler):
    """Prints on what standard error is at that moment: a progress bar takes its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        print(f"nasinit: {plain(record.getMessage(), _LONGEST_MESSAGE)}", file=sys.stderr)


@contextlib.contextmanager
def _log_said() -> Iterator[None]:
    """Inside, what the package logs stands on standard error, a line each."""
    logger, tables, handler = logging.getLogger("harness"), logging.getLogger("benchmarks"), _OnStandardError()
    levels = logger.level, tables.level
    logger.addHandler(handler)
    tables.addHandler(handler)
    tables.setLevel(logging.ERROR)  # a command prints which table it reads
    try:
        yield
    finally:
        for one, level in ((logger, levels[0]), (tables, levels[1])):
            one.removeHandler(handler)
            one.setLevel(level)


@contextlib.contextmanager
def _notices_said() -> Iterator[None]:
    """Print nasinit's own notices as lines of the command line; Python shows all other warnings as it always does."""
    from harness import evaluation

    with warnings.catch_warnings():
        warnings.simplefilter("always", StoreNotice)
        show = warnings.showwarning

        def say(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, (StoreNotice, PluginNotice)) or issubclass(category, evaluation.PluginNotice):
                logging.getLogger("harness").warning("%s", cut(str(message), _LONGEST_MESSAGE))
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
    print(f"nasinit: {cut(str(message), _LONGEST_MESSAGE)}", file=sys.stderr)
    return code
