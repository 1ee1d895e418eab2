"""An architecture of the MoD-NAS space: a densely connected block of nodes, with operations and widths.

Node 0 is the block's input. Each node after it sums operations on one or two earlier nodes, and the last node is the
output, so their number is the block's depth. The text `conv_3x3~0@4 skip_connect~0+residual_3x3~1@2` has two nodes:
the first convolves the input and has 4/4 of the network's channels; the second adds the input and a residual pair of
convolutions of node 1, in 2/4 of the channels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations, product

from harness.errors import SpaceError
from harness.text.shown import cut, shown

OPERATIONS = ("conv_3x3", "dil_conv_3x3", "sep_conv_3x3", "residual_3x3", "skip_connect")
QUARTERS = (1, 2, 3, 4)
"""Widths of a node, in quarters of the network's channels."""
NODES = 4
"""Most nodes after the input."""
INPUTS = 2
"""Operations that a node sums; the first node, which has one node before it, has one."""

_EXAMPLE = "An architecture reads conv_3x3~0@4 skip_connect~0+residual_3x3~1@2"
_TERM = re.compile(r"([a-z_0-9]+)~(\d+)")
_NODE = re.compile(rf"({_TERM.pattern}(?:\+{_TERM.pattern})*)@(\d+)")


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One node of a block.

    Attributes:
        terms: what it sums, each an operation's name and the number of an earlier node, by that number.
        quarters: its channels, in quarters of the network's.
    """

    terms: tuple[tuple[str, int], ...]
    quarters: int

    def __str__(self) -> str:
        return "+".join(f"{operation}~{source}" for operation, source in self.terms) + f"@{self.quarters}"


@dataclass(frozen=True, slots=True, order=True)
class ModNasArchitecture:
    """One architecture: its nodes in order, of which the last is the output."""

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.nodes, tuple) or not 1 <= len(self.nodes) <= NODES:
            raise SpaceError(f"a block has from 1 to {NODES} nodes, got {shown(self.nodes)}")
        for number, node in enumerate(self.nodes, start=1):
            _check_node(number, node)

    def __str__(self) -> str:
        return " ".join(map(str, self.nodes))


def parse(text: object) -> ModNasArchitecture:
    """The architecture that a text encodes; operations of a node may come in any order. `str` gives the text again.

    Raises:
        SpaceError: naming the text and what is wrong with it.
    """
    given = str(text).strip().removeprefix("\ufeff").split()
    try:
        return ModNasArchitecture(tuple(map(_parsed_node, given)))
    except SpaceError as error:
        shortened = shown(str(text), 150)
        raise SpaceError(f"malformed mod-nas architecture {shortened}: {cut(str(error), 400)}. {_EXAMPLE}") from None


def channels_of(width: int, quarters: int) -> int:
    """Channels of a node, rounded down; its four widths differ where the network has 4 channels or more."""
    return width * quarters // 4


def sources_of(number: int) -> list[tuple[int, ...]]:
    """The sets of earlier nodes that a node, counted from 1, may read."""
    return list(combinations(range(number), min(number, INPUTS)))


def count_of(nodes: int) -> int:
    """Number of architectures with that many nodes."""
    count = 1
    for number in range(1, nodes + 1):
        count *= len(sources_of(number)) * len(OPERATIONS) ** min(number, INPUTS) * len(QUARTERS)
    return count


def numbered(number: int) -> ModNasArchitecture:
    """The architecture of a number; those below the sum of `count_of` are all of the space, once each."""
    depth = 1
    while number >= count_of(depth):
        number -= count_of(depth)
        depth += 1
    nodes = []
    for place in range(1, depth + 1):
        choices = sources_of(place)
        number, chosen = divmod(number, len(choices))
        terms = []
        for source in choices[chosen]:
            number, operation = divmod(number, len(OPERATIONS))
            terms.append((OPERATIONS[operation], source))
        number, quarters = divmod(number, len(QUARTERS))
        nodes.append(Node(tuple(terms), QUARTERS[quarters]))
    return ModNasArchitecture(tuple(nodes))


def canonical(architecture: ModNasArchitecture) -> ModNasArchitecture:
    """The same network without nodes that the output does not read, and of all orders of its nodes the first."""
    living = _living(architecture)
    *inner, last = [number for number in living if number]
    orders = ((0, *order, last) for order in permutations(inner))
    return min(found for order in orders if (found := _in_order(architecture, order)) is not None)


def neighbours_of(architecture: ModNasArchitecture) -> list[ModNasArchitecture]:
    """The architectures with one operation, one source or one width changed, or with one node more or less.

    Only a last node of full width that reads the two nodes before it is put in or taken out, so that architectures are
    neighbours of each other.
    """
    nodes = architecture.nodes
    found = [
        ModNasArchitecture((*nodes[:place], other, *nodes[place + 1 :]))
        for place, node in enumerate(nodes)
        for other in _changed(node, place + 1)
    ]
    if len(nodes) < NODES:
        found += [ModNasArchitecture((*nodes, other)) for other in _put_in(len(nodes) + 1)]
    if len(nodes) > 1 and nodes[-1] in _put_in(len(nodes)):
        found.append(ModNasArchitecture(nodes[:-1]))
    return found


def _put_in(number: int) -> list[Node]:
    """The last nodes that `neighbours_of` puts in or takes out."""
    pairs = product(OPERATIONS, repeat=INPUTS)
    return [Node(((first, number - 2), (second, number - 1)), QUARTERS[-1]) for first, second in pairs]


def _changed(node: Node, number: int) -> Iterator[Node]:
    for place, (operation, source) in enumerate(node.terms):
        free = set(range(number)) - {source for _, source in node.terms}
        terms = [(other, source) for other in OPERATIONS if other != operation]
        terms += [(operation, other) for other in sorted(free)]
        for term in terms:
            changed = (*node.terms[:place], term, *node.terms[place + 1 :])
            yield Node(_sorted(changed), node.quarters)
    for quarters in QUARTERS:
        if quarters != node.quarters:
            yield Node(node.terms, quarters)


def _living(architecture: ModNasArchitecture) -> list[int]:
    """The nodes that the output depends on, itself and the input among them, in order."""
    living = {0, len(architecture.nodes)}
    for number in range(len(architecture.nodes), 0, -1):
        if number in living:
            living |= {source for _, source in architecture.nodes[number - 1].terms}
    return sorted(living)


def _in_order(architecture: ModNasArchitecture, order: tuple[int, ...]) -> ModNasArchitecture | None:
    """The architecture with its nodes in another order; None where one would come before what it reads."""
    place = {number: position for position, number in enumerate(order)}
    nodes = []
    for number in order[1:]:
        node = architecture.nodes[number - 1]
        terms = _sorted(tuple((operation, place[source]) for operation, source in node.terms))
        if any(source >= place[number] for _, source in terms):
            return None
        nodes.append(Node(terms, node.quarters))
    return ModNasArchitecture(tuple(nodes))


def _sorted(terms: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(terms, key=lambda term: term[1]))


def _parsed_node(text: str) -> Node:
    found = _NODE.fullmatch(text)
    if not found:
        raise SpaceError(f"a node reads skip_connect~0+residual_3x3~1@2; got {shown(text)}")
    terms = tuple((operation, int(source)) for operation, source in _TERM.findall(found[1]))
    return Node(_sorted(terms), int(found[found.re.groups]))


def _check_node(number: int, node: object) -> None:
    if not isinstance(node, Node):
        raise SpaceError(f"a block is made of nodes, got {shown(node)}")
    sources = tuple(source for _, source in node.terms)
    for operation, _ in node.terms:
        if operation not in OPERATIONS:
            raise SpaceError(f"the operations are {', '.join(OPERATIONS)}; node {number} has {shown(operation)}")
    if sources not in sources_of(number):
        wanted = "the input, node 0," if number == 1 else f"two different nodes from 0 to {number - 1}"
        raise SpaceError(f"node {number} reads {wanted} and not {', '.join(map(str, sources)) or 'nothing'}")
    if type(node.quarters) is not int or node.quarters not in QUARTERS:
        raise SpaceError(f"a width is from 1 to 4 quarters, node {number} has {shown(node.quarters)}")
