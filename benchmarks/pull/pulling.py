"""Public data by URL: download a source, check it, and store the result, completely or not at all.

A downloaded file is compared with its SHA-256 where one is published. Where none is, its content is checked, also
against independent data; where these are not available, only a file whose SHA-256 is given is accepted. The SHA-256 of
the first file that passes is stored next to the result, and later files must have it. The result is made in a working
folder and then moved, so that no reader sees half of it, and a second or a killed pull does no harm.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from benchmarks.errors import TableError, unknown
from benchmarks.files import data_folder
from benchmarks.pull.catalogue import SOURCES, PublicSource
from benchmarks.pull.comparison import CannotCompareError
from benchmarks.pull.download import (
    OTHER_WAYS,
    ProgressBar,
    PullError,
    check_url,
    disk_errors,
    download,
    printable_url,
    working_folder,
)
from benchmarks.pull.sums import Expected, check_sum, expected_sum, keep_sum

__all__ = [
    "SOURCES",
    "ProgressBar",
    "PublicSource",
    "PullError",
    "Pulled",
    "pull",
    "pulled_file",
    "pulled_folder",
    "source",
]

TIMEOUT = 30.0


@dataclass(frozen=True)
class Pulled:
    """The result of a pull.

    Attributes:
        path: the file or folder.
        sha256: SHA-256 of the downloaded file; None where the result was there already.
    """

    path: Path
    sha256: str | None


def source(name: str) -> PublicSource:
    """The source of that name; TableError, with the nearest name, for an unknown one."""
    if name not in SOURCES:
        raise TableError(unknown("source", name, SOURCES))
    return SOURCES[name]


def pulled_folder() -> Path:
    """Folder of pulled data: the one that NASINIT_DATA names, else the system's folder for a user's data.

    Raises:
        TableError: if NASINIT_DATA names something that is not a folder.

    """
    return data_folder() or platformdirs.user_data_path("nasinit")


def pulled_file(name: str) -> Path | None:
    """File or folder that a pull of `name` made in `pulled_folder()`; None if it does not exist. It is not read.

    Raises:
        TableError: for an unknown name, or if NASINIT_DATA names something that is not a folder.

    """
    path = pulled_folder() / source(name).result
    return path if path.exists() else None


def pull(
    what: PublicSource,
    folder: Path,
    *,
    url: str | None = None,
    sha256: str | None = None,
    file: Path | None = None,
    timeout: float = TIMEOUT,
    progress: ProgressBar | None = None,
    say: Callable[[str], object] = lambda message: None,
) -> Pulled:
    """Download a source, check it, and store the result in `folder`, completely or not at all.

    An existing result is checked and left as it is. A second pull into the same folder waits for the first.

    Args:
        what: the source, one of `SOURCES` or a `PublicSource` of the user's own.
        folder: folder of the result; it is made if it does not exist. Next to the result it holds a lock file and,
            where no SHA-256 is published, the SHA-256 of the first file that passed.
        url: a mirror, instead of the source's own URL.
        sha256: SHA-256 that the file must have, instead of the published or the stored one.
        file: a file that was downloaded by other means, instead of a URL.
        timeout: seconds without a byte after which the download fails.
        progress: progress bar of the download.
        say: called with sentences on what happens.

    Raises:
        PullError: if the download, a check of the downloaded file, or the disk space failed.
        TableError: for wrong arguments: both a URL and a file, a malformed URL or SHA-256, a file that is missing or
            has wrong content, a folder that is not writable, or something else with the result's name; or, without a
            known SHA-256, if there is nothing to compare the content with.

    """
    if url is not None and file is not None:
        raise TableError(f"give a URL or a file, not both: {printable_url(url)} and {file}")
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
            if _is_there(what, target, say):  # another pull may have finished meanwhile
                return Pulled(target, None)
            if file is not None:
                return Pulled(target, _build(what, file, file.name, expected, target, work, say))
            say(f"pulling {what.name}, about {what.size / 1e6:,.1f} MB, from {printable_url(address)}")
            download(address, work / "fetched", timeout=timeout, progress=progress)
            try:
                found = _build(what, work / "fetched", printable_url(address), expected, target, work, say)
            except TableError as error:
                if isinstance(error.__cause__, (OSError, CannotCompareError)):
                    raise
                raise PullError(f"{error}. Nothing of it was kept. {OTHER_WAYS}") from error
            return Pulled(target, found)


def _build(
    what: PublicSource,
    fetched: Path,
    origin: str,
    expected: Expected,
    target: Path,
    work: Path,
    say: Callable[[str], object],
) -> str:
    """Check the file, make the result in `work` and move it to `target`; returns the file's SHA-256."""
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


def _is_there(what: PublicSource, target: Path, say: Callable[[str], object]) -> bool:
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
