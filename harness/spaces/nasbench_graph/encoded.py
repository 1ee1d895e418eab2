"""The class of every encoding of NAS-Bench-Graph at once, for searches that draw and change encodings.

An encoding is seven choices: the nodes that the second, third and fourth node read, and four operations. The first node
reads the input. Encodings are numbered with the first choice varying slowest.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from harness.spaces.nasbench_graph.encoding import LINKS, NODES, OPERATIONS, SKIP, numberings, of_number, reduced

NumberArray = npt.NDArray[np.int64]


@cache
def encoded_keys() -> tuple[str, ...]:
    """The key of the class of each of the 157,464 encodings; empty for the 24 of four skips, which are no network."""
    numbers = class_numbers()
    texts = {number: str(of_number(number)) for number in np.unique(numbers).tolist() if number >= 0}
    return tuple(texts.get(number, "") for number in numbers.tolist())


def class_numbers() -> NumberArray:
    """The package's integer key of the class of each encoding, shape [157464]; -1 for four skips.

    As `encoding.representative`, for all operations at once that have skips at the same nodes.
    """
    places = np.indices((len(OPERATIONS),) * NODES).reshape(NODES, -1)
    skips = places == SKIP
    parts = []
    for link in itertools.product(*(range(node) for node in range(1, NODES + 1))):
        numbers = np.full(places.shape[1], -1, dtype=np.int64)
        for pattern in itertools.product((False, True), repeat=NODES):
            here = (skips == np.array(pattern)[:, None]).all(axis=0)
            if not all(pattern):
                numbers[here] = np.min([*_numbers(link, pattern, places[:, here])], axis=0)
        parts.append(numbers)
    return np.concatenate(parts)


def _numbers(link: tuple[int, ...], pattern: tuple[bool, ...], places: NumberArray) -> Iterator[NumberArray]:
    """The keys that each numbering of the kept nodes gives, the smallest of which is that of the class.

    Args:
        link: the node that each node reads.
        pattern: whether each node is a skip.
        places: operations by their places, [4, N], with skips as the pattern says.
    """
    parent = reduced(link, pattern)
    front = NODES - len(parent)
    for new_link, order in numberings(parent):
        digits = [*(np.full(places.shape[1], SKIP),) * front, *(places[node - 1] for node in order)]
        number = np.full(places.shape[1], LINKS.index(new_link), dtype=np.int64)
        for digit in digits:
            number = 10 * number + digit
        yield number
