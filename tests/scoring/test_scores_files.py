"""Scores from compressed CSV files: cut and damaged at many places, each an error that names the file."""

import random

import pandas as pd
import pytest

from harness.errors import ScoresError
from harness.report.files import write_csv
from harness.scoring.files import read_scores


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    generator = random.Random(1)
    frame = pd.DataFrame(
        {
            "architecture": [f"|cell {number}|" for number in range(300)],
            "proxy": "nasi_trace",
            "score": [generator.random() for _ in range(300)],
        }
    )
    return write_csv(frame, tmp_path_factory.mktemp("scores") / "scores.csv.gz")


def test_a_compressed_csv_is_read(whole):
    assert len(read_scores(whole).frame) == 300


@pytest.mark.parametrize("seed", range(40))
def test_a_cut_or_damaged_file_is_named(whole, tmp_path, seed):
    generator, content = random.Random(seed), bytearray(whole.read_bytes())
    place = generator.randrange(10, len(content))  # the first ten bytes hold nothing that every reader checks
    if seed % 2:
        del content[place:]
    else:
        content[place] ^= 1 << generator.randrange(8)
    path = tmp_path / "scores.csv.gz"
    path.write_bytes(content)
    with pytest.raises(ScoresError, match=r"scores\.csv\.gz is (cut or damaged|neither a store nor a CSV of scores)"):
        read_scores(path)
