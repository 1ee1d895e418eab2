"""Parts of a study that its folder keeps."""

import pandas as pd
import pytest

from harness.errors import SettingError
from harness.studies.options import StudyOptions
from harness.studies.searches.kept import PARTS, check_key, kept_frames


def test_frames_are_made_once_for_a_key(tmp_path):
    made = []
    options = StudyOptions(tmp_path, lambda _: None)

    def make():
        made.append(1)
        return pd.DataFrame({"value": [0.1 + 0.2 * len(made)]})

    first = kept_frames(options, {"sizes": (1, 2)}, {"a": make})["a"]
    assert kept_frames(options, {"sizes": (1, 2)}, {"a": make})["a"].equals(first)
    assert len(made) == 1
    assert not kept_frames(options, {"sizes": (1, 3)}, {"a": make})["a"].equals(first)
    (tmp_path / PARTS).write_text("{", encoding="utf-8")
    kept_frames(options, {"sizes": (1, 3)}, {"a": make})
    assert len(made) == 3


def test_dear_files_are_not_overwritten(tmp_path):
    path = tmp_path / "key.json"
    check_key(path, ("dear.csv",), {"seed": 0, "sizes": (1, 2)})
    (tmp_path / "dear.csv").write_text("", encoding="utf-8")
    check_key(path, ("dear.csv",), {"seed": 0, "sizes": (1, 2)})
    with pytest.raises(SettingError, match=r"holds dear.csv with another seed: give another --out"):
        check_key(path, ("dear.csv",), {"seed": 1, "sizes": (1, 2)})
    path.write_text("[1", encoding="utf-8")
    with pytest.raises(SettingError, match=r"dear.csv without the key.json"):
        check_key(path, ("dear.csv",), {"seed": 0, "sizes": (1, 2)})
