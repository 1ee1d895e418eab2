"""Text laid out on a page: words stay whole."""

import pytest

from harness.report.figures.lines import balanced

LABEL = "CIFAR-10 validation accuracy after 100 epochs, as NAS-Bench-301's surrogate predicts it (%)"


@pytest.mark.parametrize("inches", [1.5, 2.2, 3.3, 9.0])
def test_a_name_with_hyphens_is_never_torn(inches):
    lines = balanced(LABEL, inches, 8.0).split("\n")
    assert " ".join(lines) == LABEL
    assert [word for line in lines for word in line.split()] == LABEL.split()


def test_lines_are_of_about_the_same_length():
    lengths = [len(line) for line in balanced(LABEL, 3.3, 8.0).split("\n")]
    assert max(lengths) - min(lengths) < 20
