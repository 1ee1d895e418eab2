"""An architecture of NAS-Bench-Graph: four operations, and the node that each of them reads.

Qin, Zhang, Wang, Zhang & Zhu, "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022; encoding
and equivalence as in the authors' package `nas-bench-graph` 1.4.

Legend: node 0 is the input, nodes 1 to 4 hold the operations; nodes that none reads are the output, concatenated.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.errors import SpaceError, unknown
from harness.text.shown import cut, shown

OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
"""Operations in the order of the package, whose places are the digits of a key."""

SKIP = OPERATIONS.index("skip")
NODES = 4
LINKS = (
    (0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 1), (0, 0, 1, 2), (0, 0, 1, 3), (0, 1, 1, 1), (0, 1, 1, 2), (0, 1, 2, 2),
    (0, 1, 2, 3),
)  # fmt: skip
"""The nine links of representatives, whose places are the first digit of a key."""

_EXCHANGEABLE: Mapping[tuple[int, ...], tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]] = {
    (0, 0, 0, 0): (((1,), (2,)), ((2,), (3,)), ((3,), (4,))),
    (0, 0, 0, 1): (((2,), (3,)),),
    (0, 0, 1, 1): (((3,), (4,)),),
    (0, 0, 1, 2): (((1, 3), (2, 4)),),
    (0, 1, 1, 1): (((2,), (3,)), ((3,), (4,))),
    (0, 1, 2, 2): (((3,), (4,)),),
}
"""Nodes that can change places, and the nodes that they change places with."""

_TEXT = re.compile(r"(\d{4}):(\w+):(\w+):(\w+):(\w+)", re.ASCII)
_KEY = re.compile(r"\d{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GraphArchitecture:
    """One architecture, in one of its encodings.

    Attributes:
        link: for each of the four nodes the node that it reads, an earlier one: 0 to k - 1 for node k.
        operations: name of the operation of each node, one of `OPERATIONS`; not all are `skip`.
    """

    link: tuple[int, ...]
    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.link) != NODES or len(self.operations) != NODES:
            raise SpaceError(
                f"an architecture of NAS-Bench-Graph has {NODES} links and {NODES} operations, "
                f"got {len(self.link)} and {len(self.operations)}"
            )
        for node, source in enumerate(self.link, start=1):
            if type(source) is not int or not 0 <= source < node:
                raise SpaceError(f"node {node} reads an earlier node, 0 to {node - 1}, got {shown(source)}")
        for name in self.operations:
            if name not in OPERATIONS:
                raise SpaceError(unknown("operation", name, OPERATIONS))
        if set(self.operations) == {"skip"}:
            raise SpaceError("four skips are no network: at least one operation must not be skip")

    def __str__(self) -> str:
        return ":".join(("".join(map(str, self.link)), *self.operations))

    @property
    def number(self) -> int:
        """The package's integer key: the place of the representative's link, then those of its operations.

        >>> parse("0123:skip:skip:gcn:gcn").number
        88811
        """
        chosen = representative(self)
        digits = (LINKS.index(chosen.link), *map(OPERATIONS.index, chosen.operations))
        return int("".join(map(str, digits)))

    @property
    def leaves(self) -> tuple[int, ...]:
        """Nodes from 1 that none reads."""
        return tuple(node for node in range(1, NODES + 1) if node not in self.link)


def parse(given: object) -> GraphArchitecture:
    """The architecture that a text such as `0123:skip:skip:gcn:gcn` encodes; the inverse of `str`.

    The package's integer key (`88811`, as a number or a text) and a pair of link and operations are read too.

    Raises:
        SpaceError: naming the text, and what is wrong with it.
    """
    if isinstance(given, (tuple, list)):
        if len(given) != 2 or not all(isinstance(part, (tuple, list)) for part in given):
            raise _malformed(given, "expected a link and operations, ([0, 1, 2, 3], ['skip', 'skip', 'gcn', 'gcn'])")
        return GraphArchitecture(tuple(given[0]), tuple(given[1]))
    text = str(given).strip()
    if _KEY.fullmatch(text):
        return of_number(int(text))
    if (found := _TEXT.fullmatch(text)) is None:
        raise _malformed(given, "an architecture reads 0123:skip:skip:gcn:gcn, four links and four operations")
    try:
        return GraphArchitecture(tuple(map(int, found[1])), found.groups()[1:])
    except SpaceError as error:
        raise _malformed(given, str(error)) from None


def of_number(number: int) -> GraphArchitecture:
    """The representative with the package's integer key.

    Raises:
        SpaceError: for a number that is the key of no class.
    """
    link, *operations = map(int, f"{number:05d}")
    if number < 0 or len(operations) != NODES or link >= len(LINKS) or max(operations) >= len(OPERATIONS):
        raise _malformed(number, "it is no key: a digit below 9 for the link, then one for each operation")
    found = GraphArchitecture(LINKS[link], tuple(OPERATIONS[place] for place in operations))
    if found != (chosen := representative(found)):
        raise _malformed(number, f"it is the key of no class: this network has the key {chosen.number}")
    return found


def representative(architecture: GraphArchitecture) -> GraphArchitecture:
    """The representative of the architectures that the authors count as one.

    A skip that is read, and one that is the only reader of its node, is left out; so is an unread skip of the input,
    which would put raw features next to the outputs of layers. For each skip left out, one stands at the front. Then
    nodes that could change places are put into the order of `OPERATIONS`.
    """
    places = _representative(architecture.link, tuple(map(OPERATIONS.index, architecture.operations)))
    return GraphArchitecture(places[0], tuple(OPERATIONS[place] for place in places[1]))


def is_representative(link: tuple[int, ...], places: tuple[int, ...]) -> bool:
    """Whether operations, by their places, make a representative with a link of `LINKS`; quicker than making it."""
    front = 0
    while front < NODES and places[front] == SKIP and min(link[front + 1 :], default=front + 1) > front:
        front += 1
    if front == NODES:
        return False
    for node in range(front + 1, NODES + 1):
        source = link[node - 1]
        if places[node - 1] == SKIP and (source == front or node in link or link.count(source) == 1):
            return False
    return all(
        [places[node - 1] for node in first] <= [places[node - 1] for node in second]
        for first, second in _EXCHANGEABLE.get(link, ())
    )


def representatives() -> tuple[GraphArchitecture, ...]:
    """All 26,206 representatives in the order of their keys."""
    return tuple(
        GraphArchitecture(link, tuple(OPERATIONS[place] for place in places))
        for link in LINKS
        for places in itertools.product(range(len(OPERATIONS)), repeat=NODES)
        if is_representative(link, places)
    )


def encodings(architecture: GraphArchitecture) -> set[GraphArchitecture]:
    """All encodings with the same representative; all have the same operations, in some order."""
    wanted = representative(architecture)
    links = itertools.product(*(range(node) for node in range(1, NODES + 1)))
    orders = sorted(set(itertools.permutations(architecture.operations)))
    candidates = (GraphArchitecture(link, order) for link, order in itertools.product(links, orders))
    return {candidate for candidate in candidates if representative(candidate) == wanted}


@lru_cache(maxsize=2**18)
def _representative(link: tuple[int, ...], places: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Link and places of the operations of the representative."""
    parent = reduced(link, [place == SKIP for place in places])
    new_link, order = min(numberings(parent), key=lambda each: [places[node - 1] for node in each[1]])
    return new_link, (SKIP,) * (NODES - len(parent)) + tuple(places[node - 1] for node in order)


def reduced(link: Sequence[int], skips: Sequence[bool]) -> dict[int, int]:
    """The nodes that are kept, and the node that each of them reads, 0 for the input.

    Args:
        link: for each of the four nodes the node that it reads.
        skips: whether each node is a skip.
    """
    parent = dict(enumerate(link, start=1))
    while (node := _superfluous(parent, skips)) is not None:
        for child in [each for each in parent if parent[each] == node]:
            parent[child] = parent[node]
        del parent[node]
    return parent


def _superfluous(parent: Mapping[int, int], skips: Sequence[bool]) -> int | None:
    """A node with a skip that can be left out; None where there is none."""
    for node, source in parent.items():
        if not skips[node - 1]:
            continue
        read = node in parent.values()
        alone = sum(each == source for each in parent.values()) == 1
        if read or alone or source == 0:
            return node
    return None


def numberings(parent: Mapping[int, int]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """All numberings of the kept nodes, behind a skip for each of the others, that give the smallest link of `LINKS`.

    Args:
        parent: the nodes that are kept, and the node that each of them reads.

    Returns:
        For each numbering the link of all four nodes, the same for all, and the kept nodes in their new order.
    """
    front = NODES - len(parent)
    found = []
    for order in itertools.permutations(parent):
        if _forward(order, parent):
            new = {0: front} | {node: front + number for number, node in enumerate(order, start=1)}
            link = (*range(front), *(new[parent[node]] for node in order))
            if link in LINKS:
                found.append((link, order))
    smallest = min(link for link, _ in found)
    return [each for each in found if each[0] == smallest]


def _forward(order: Sequence[int], parent: Mapping[int, int]) -> bool:
    """Whether each node comes after the one that it reads."""
    return all(parent[node] == 0 or order.index(parent[node]) < place for place, node in enumerate(order))


def _malformed(given: object, why: str) -> SpaceError:
    return SpaceError(f"malformed architecture of NAS-Bench-Graph {shown(str(given), 150)}: {cut(why, 400)}")
