"""Write `relu_sides.csv`: `python -m tests.proxies.record_relu_sides FOLDER`, FOLDER holding `reference_scores/`.

It must run where float32 leaves every ReLU on the authors' side. That is so where the log determinant of how many ReLUs
two samples have on the same side is the authors' `naswot` to the last digits, which is checked for `x`; for `x2` no
such number is published. PyTorch 2.13 with its AVX2 and AVX-512 kernels does it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import harness
from tests.proxies.published_scores import read_given
from tests.proxies.relu_sides import RECORDED, relu_inputs


def main() -> None:
    given = read_given(Path(sys.argv[1]) / "reference_scores")
    rows = []
    for cell in range(len(given.cells)):
        ours = harness.score(given.network(cell), given.batch(), ["nwot"])["nwot"].value
        published = given.score("AZ-NAS", "naswot", cell)
        if abs(ours / published - 1) > 1e-12:
            sys.exit(f"cell {cell}: nwot is {ours!r}, the authors' {published!r}: this processor has other sides")
        for batch in ("x", "x2"):
            rounded = relu_inputs(given.network(cell), given.inputs[batch])
            exact = relu_inputs(given.network(cell).double(), given.inputs[batch])
            for relu, values in exact.items():
                places = ((values > 0) != (rounded[relu] > 0)).flatten().nonzero().flatten().tolist()
                if places:
                    rows.append([cell, batch, relu, " ".join(map(str, places))])
    pd.DataFrame(rows, columns=["cell", "batch", "relu", "places"]).to_csv(RECORDED, index=False)


if __name__ == "__main__":
    main()
