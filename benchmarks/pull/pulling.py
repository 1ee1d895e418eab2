"""Public data by URL: what there is, where it lies when it has come, and how it gets there, whole or not at all.

A file that has come is compared with its SHA-256 where one is published. Where none is, its content is checked, also
against independent data; where those are not here, only a file whose sum is given is taken. The sum of the first file
that passed is kept next to the result: ever after, a file must have that sum. What a file becomes is made in a folder
next to its place and then moved there, so that no reader meets half of it, and neither a second pull nor a killed one
is in its way.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from benchmarks.errors import TableError, unknown
from benchmarks.files import data_folder
from benchmarks.pull.catalogue import SOURCES, Source
from benchmarks.pull.comparison import CannotCompareError
from benchmarks.pull.download import (
    OTHER_WAYS,
    ProgressBar,
    PullError,
    check_url,
    disk_errors,
    download,
    without_secrets,
    working_folder,
)
from benchmarks.pull.sums import Expected, check_sum, expected_sum, keep_sum

__all__ = ["SOURCES", "ProgressBar", "PullError", "Pulled", "Source", "pull", "pulled_file", "pulled_folder", "source"]

TIMEOUT = 30.0


@dataclass(frozen=True)
class Pulled:
    """What a pull ends with: the file or folder, and the SHA-256 of what was fetched; None where it was there."""

    path: Path
    sha256: str | None


def source(name: str) -> Source:
    """The source of that name; TableError with the nearest name if there is none."""
    if name not in SOURCES:
        raise TableError(unknown("source", name, SOURCES))
    return SOURCES[name]


def pulled_folder() -> Path:
    """Folder that pulls go to: the one that NASINIT_DATA names, else the system's place for a user's data.

    Raises:
        TableError: NASINIT_DATA names something that is not a folder.

    """
    return data_folder() or platformdirs.user_data_path("nasinit")


def pulled_file(name: str) -> Path | None:
    """File or folder that a pull of `name` made in `pulled_folder()`; None if it is not there. Looks, reads nothing.

    Raises:
        TableError: an unknown name, or NASINIT_DATA names something that is not a folder.

    """
    path = pulled_folder() / source(name).result
    return path if path.exists() else None


def pull(
    what: Source,
    folder: Path,
    *,
    url: str | None = None,
    sha256: str | None = None,
    file: Path | None = None,
    timeout: float = TIMEOUT,
    progress: ProgressBar | None = None,
    say: Callable[[str], object] = lambda message: None,
) -> Pulled:
    """Fetch a source, check it, and put what it becomes into `folder`, whole or not at all.

    What is there already is checked and left as it is. A second pull into the same folder waits for the first.

    Args:
        what: one of `SOURCES`, or a record of one's own.
        folder: made if it is not there. Next to the result it keeps a lock file, once something was to be fetched or
            read, and, where no SHA-256 is published, the sum of the first file that passed.
        url: a mirror, instead of the source's own URL.
        sha256: what the fetched file must have, instead of the published or the kept sum.
        file: a file that was downloaded by other means, instead of a URL.
        timeout: seconds without a byte after which a server is given up.
        progress: told of the download.
        say: told, in sentences, what happens.

    Raises:
        PullError: the download, a check of what came from a URL, or the room on the disk failed; all else is right.
        TableError: input that cannot be: two origins, a malformed URL or sum, a file that is not there or not what it
            should be, a folder that takes nothing, something else in the result's place; or, without a known sum,
            nothing here that the content can be compared with.

    """
    if url is not None and file is not None:
        raise TableError(f"give a URL or a file, not both: {without_secrets(url)} and {file}")
    check_url(address := what.url if url is None else url)
    if os.path.lexists(folder) and not folder.is_dir():
        raise TableError(f"cannot pull into {folder}: it is not a folder")
    expected = expected_sum(what.sha256, sha256, folder / f"{what.name}.source.sha256")

    target = folder / what.result
    with disk_errors(folder):
        if _is_there(what, target, say):
            return Pulled(target, None)
        if file is not None:
            _check_readable(file)
        folder.mkdir(parents=True, exist_ok=True)
        with working_folder(folder, what.name, say) as work:
            if _is_there(what, target, say):  # another pull may have ended meanwhile
                return Pulled(target, None)
            if file is not None:
                return Pulled(target, _build(what, file, file.name, expected, target, work, say))
            say(f"pulling {what.name}, about {what.size / 1e6:,.1f} MB, from {without_secrets(address)}")
            download(address, work / "fetched", timeout=timeout, progress=progress)
            try:
                found = _build(what, work / "fetched", without_secrets(address), expected, target, work, say)
            except TableError as error:
                if isinstance(error.__cause__, (OSError, CannotCompareError)):
                    raise
                raise PullError(f"{error}. Nothing of it was kept. {OTHER_WAYS}") from error
            return Pulled(target, found)


def _build(
    what: Source,
    fetched: Path,
    origin: str,
    expected: Expected,
    target: Path,
    work: Path,
    say: Callable[[str], object],
) -> str:
    """Check the fetched file, make the result in `work` and move it to `target`; the file's SHA-256."""
    found = check_sum(fetched, origin, expected)
    told = f"{origin}, SHA-256 {found}"
    what.build(fetched, work / target.name, told)
    try:
        if what.compare is not None:
            what.compare(work / target.name, told)
    except CannotCompareError as error:
        if expected.sha256 is None:
            raise TableError(
                f"{error}. So nothing of it was kept. Make the comparison possible, or give the file's SHA-256 with "
                "--sha256, if you know it from elsewhere"
            ) from error
        say(f"{error}; it is taken since its SHA-256 is {expected.whose}")
    if expected.keep is not None:
        keep_sum(expected.keep, work, found, what.name, origin)
        say(f"its SHA-256 {found} is kept in {expected.keep}, and expected from now on")
    os.replace(work / target.name, target)
    return found


def _is_there(what: Source, target: Path, say: Callable[[str], object]) -> bool:
    if not os.path.lexists(target):
        return False
    try:
        what.check(target)
        if what.compare is not None:
            what.compare(target, str(target))
    except CannotCompareError as error:
        say(str(error))
    except TableError as error:
        raise TableError(
            f"{target} is in the way: it is not what a pull of {what.name} makes ({error}). Move it away, or give "
            "another folder with --to"
        ) from error
    say(f"{target} is here already, and whole; to pull it again, move it away")
    return True


def _check_readable(file: Path) -> None:
    try:
        with open(file, "rb"):
            pass
    except OSError as error:
        raise TableError(f"cannot read {file}: {error.strerror or error}") from error
