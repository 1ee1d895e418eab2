"""Parts of a study that its folder keeps, with what they were made from, so that they are not made again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError

if TYPE_CHECKING:
    import pandas as pd

    from harness.studies.options import StudyOptions

PARTS = "parts.json"


def kept_frames(
    options: StudyOptions, key: Mapping[str, Any], made: Mapping[str, Callable[[], pd.DataFrame]]
) -> dict[str, pd.DataFrame]:
    """Frames from the files of a study's folder; made and written where there is none, or one of another key.

    Args:
        options: `out` is the folder, whose `parts.json` names the key of its files.
        key: what the frames follow from, such as the seed and the tables' digests.
        made: what makes each frame, by the name of its file.
    """
    import pandas as pd

    from harness.report.files import write_csv, write_text

    path = options.out / PARTS
    if _key_in(path) != _as_read(key):
        for name in made:
            (options.out / f"{name}.csv").unlink(missing_ok=True)
        write_text(json.dumps(key, indent=2) + "\n", path)
    frames = {}
    for name, make in made.items():
        file = options.out / f"{name}.csv"
        if not file.is_file():
            options.say(f"{name}: computed, into {file}")
            write_csv(make(), file)
        frames[name] = pd.read_csv(file, float_precision="round_trip")
    return frames


def check_key(path: Path, files: tuple[str, ...], key: Mapping[str, Any]) -> None:
    """Write the key of files that are dear to make; refuse those that the folder has with another key, or with none.

    Args:
        path: file of the key.
        files: names of the files beside it.
        key: what they follow from.

    Raises:
        SettingError: files of another key.
    """
    from harness.report.files import write_text

    wanted, known = _as_read(key), _key_in(path)
    there = [file for file in files if (path.parent / file).is_file()]
    if known == wanted:
        return
    if there or known:
        differ = ", ".join(name for name, value in wanted.items() if known.get(name) != value)
        why = f"with another {differ}" if known else f"without the {path.name} that names their seed"
        raise SettingError(f"{path.parent} holds {' and '.join(there) or path.name} {why}: give another --out")
    write_text(json.dumps(key, indent=2) + "\n", path)


def _key_in(path: Path) -> dict[str, Any]:
    """The key in a file; empty where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _as_read(key: Mapping[str, Any]) -> dict[str, Any]:
    """The key as its file gives it back."""
    return dict(json.loads(json.dumps(key)))
