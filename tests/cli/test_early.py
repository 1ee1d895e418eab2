"""Wrong values of options are refused before anything heavy is loaded, and so at once."""

import pytest

from tests.cli.fresh import ended_in_one_process

REFUSED = {
    "score --sample 3 --workers 0": "workers must be a whole number from 1, got 0",
    "score --sample 3 --workers 2 --scheduler x": "--scheduler takes an address, such as tcp://host:8786",
    "score --sample 3 --out x.txt": "a CSV file is written as .csv, .csv.gz; got 'x.txt'",
    "score --sample 3 --space nope": "unknown space 'nope'",
    "search darts --preset nope": "unknown preset 'nope'",
    "search darts --epochs 0": "epochs must be a whole number from 1, got 0",
    "search darts --regularise nope": "unknown regularise 'nope'",
    "search darts --schedule dynamc": "unknown schedule 'dynamc'. Did you mean 'dynamic'?",
    "search darts --activation nope": "unknown activation 'nope'",
    "search darts --schedule-steps 0": "schedule_steps must be a whole number from 1, got 0",
    "search dart": "unknown search 'dart'. Did you mean 'darts'?",
    "search darts --space natsbench-sizes": "the space natsbench-sizes has no supernet",
    "search darts --checkpoint-minutes nan": "checkpoint_minutes must be a number from 0, got nan",
    "query all --budget-seconds -1": "a budget must be more than 0 seconds and finite, got -1.0",
    "query all --out a.txt": "a CSV file is written as .csv",
    "correlate --resamples 0": "--resamples must be at least 1, got 0",
    "correlate --csv a.txt": "a CSV file is written as .csv",
    "correlate --latex a.tex --latex-columns nope": "unknown heading of this table 'nope'",
    "correlate --latex a.tex --latex-label a}b": "a LaTeX label has letters",
    "stability a.csv --resamples 0": "--resamples must be at least 1, got 0",
    "transfer a.csv --csv a.txt": "a CSV file is written as .csv",
    "report --out a.pdf": "a page is written as .html, .htm",
    "store export --to a.txt": "a table of scores is written as",
    "plot scatter --out a.bmp": "a figure is written as .png, .svg, .pdf",
    "draw x --out a.bmp": "a figure is written as .png, .svg, .pdf",
    "study zero-cost-nas --quick --sample 5": "--quick and --sample: each is a size of the sample",
    "study bn-mod": "unknown study 'bn-mod'. Did you mean 'bn-mode'?",
    "correlate --resample 3": "nasinit correlate has no option '--resample'. Did you mean --resamples?",
    "score --sample 3 --quiet": "--quiet stands before the command: nasinit --quiet score",
    "store export --to a.csv --verbose": "--verbose stands before the command: nasinit --verbose store export",
}


@pytest.fixture(scope="module")
def ended() -> dict[str, tuple[int, str, str, list[str]]]:
    return ended_in_one_process(REFUSED, {"torch", "pandas", "matplotlib"})


@pytest.mark.parametrize("line", REFUSED)
def test_a_wrong_value_is_refused_before_anything_heavy_is_loaded(
    ended: dict[str, tuple[int, str, str, list[str]]], line: str
) -> None:
    code, out, err, loaded = ended[line]
    assert (code, out, loaded) == (2, "", [])
    assert err.startswith("nasinit: ")
    assert REFUSED[line] in err
