"""DARTS genotypes as text: a light check of the three written forms, of which nothing is ever run.

- `Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=…, reduce=[…], reduce_concat=…)`, flat or nested per node;
- NASLib's tuples `[[(0, 4), (1, 3), …], […]]`, pairs of an input and the index of an operation;
- NAS-Bench-301's configuration, a mapping of `NetworkSelectorDatasetInfo:darts:edge_normal_0` and so on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from benchmarks.errors import unknown

OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""In the order of NASLib's and NAS-Bench-301's operation indices."""

Cell = tuple[tuple[tuple[int, str], tuple[int, str]], ...]
"""The two (input, operation) of each of a cell's nodes 2 to 5, in the order of the inputs."""

_CELLS = ("normal", "reduce")
_NODES = range(2, 6)
_LONGEST = 20_000
_CALL = re.compile(r"([A-Za-z_]\w*\s*=\s*)?([A-Za-z_]\w*\.)*(Genotype|Configuration)\s*\(")
_CONFIGURATION = "NetworkSelectorDatasetInfo:darts:"


class KeyFault(ValueError):
    """What is wrong with an architecture's text; the message goes on after the text itself."""


def looks_like_a_genotype(text: str) -> bool:
    """Whether a text begins as one of the three forms does."""
    return _CALL.match(text) is not None or text.startswith(("[", "(", "{"))


def genotype_cells(text: str) -> tuple[Cell, Cell]:
    """Normal and reduction cell of a genotype: equal for texts that differ in form or in the order of a node's pairs.

    Raises:
        KeyFault: another form or number of pairs, an unknown operation, an input that does not stand before its node,
            or one input twice at a node; the message names the cell and the node.

    """
    try:
        normal, reduction = _pairs_of(text)
        return _cell("normal", normal), _cell("reduce", reduction)
    except KeyFault as fault:
        raise KeyFault(f"is not a DARTS genotype: {fault}") from None
    except RecursionError:
        raise KeyFault("is not a DARTS genotype: it is nested too deeply") from None


def _pairs_of(text: str) -> tuple[Sequence[object], Sequence[object]]:
    """The (operation, input) pairs of both cells, of any of the three forms."""
    expression = _expression(text)
    if isinstance(expression, ast.Call):
        fields = {word.arg: word.value for word in expression.keywords}
        if _name(expression.func) == "Genotype":
            if expression.args or not set(fields) <= {*_CELLS, *(f"{cell}_concat" for cell in _CELLS)}:
                raise KeyFault("its fields are normal, normal_concat, reduce and reduce_concat, by name and no others")
            return _called("normal", fields), _called("reduce", fields)
        if _name(expression.func) == "Configuration":
            expression = fields.get("values", expression)
    value = _plain(expression)
    if isinstance(value, Mapping):
        return _both_configured(value)
    if not isinstance(value, (list, tuple)) or len(value) != len(_CELLS):
        raise KeyFault(f"{value!r:.60} does not hold two cells")
    return _indexed("normal", value[0]), _indexed("reduce", value[1])


def _expression(text: str) -> ast.expr:
    """The one expression that the text holds, as a syntax tree."""
    if len(text) > _LONGEST:
        raise KeyFault(f"it has {len(text):,} characters")
    try:
        (statement,) = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise KeyFault("it is cut, or of another form") from None
    if not isinstance(statement, (ast.Expr, ast.Assign)):
        raise KeyFault("it is a statement")
    return statement.value


def _called(cell: str, fields: Mapping[str | None, ast.expr]) -> Sequence[object]:
    for field in (cell, f"{cell}_concat"):
        if field not in fields:
            raise KeyFault(f"field {field!r} is missing")
    if not _is_every_node(fields[f"{cell}_concat"]):
        raise KeyFault(f"field '{cell}_concat' is not [2, 3, 4, 5], a cell's output in this space")
    pairs = _plain(fields[cell])
    if not isinstance(pairs, (list, tuple)):
        raise KeyFault(f"field {cell!r} is not a list of pairs (operation, input)")
    if not pairs or not all(_holds_pairs(node) for node in pairs):
        return pairs
    if len(pairs) != len(_NODES):
        raise KeyFault(f"cell {cell!r} has {len(pairs)} nodes, expected {len(_NODES)}")
    for place, node in zip(_NODES, pairs, strict=True):
        if len(node) != 2:
            raise KeyFault(f"cell {cell!r}, node {place} has {len(node)} pairs, expected 2")
    return [pair for node in pairs for pair in node]


def _name(function: ast.expr) -> str:
    """Last part of the name of what is called; empty if it is no name."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_every_node(concat: ast.expr) -> bool:
    """Whether it says 2 to 5, as a list, a tuple or a range."""
    if isinstance(concat, ast.Call):
        return _name(concat.func) == "range" and not concat.keywords and list(map(_plain, concat.args)) == [2, 6]
    nodes = _plain(concat)
    return isinstance(nodes, (list, tuple)) and list(nodes) == list(_NODES)


def _holds_pairs(node: object) -> bool:
    return isinstance(node, (list, tuple)) and len(node) > 0 and all(isinstance(pair, (list, tuple)) for pair in node)


def _indexed(cell: str, pairs: object) -> Sequence[object]:
    if not isinstance(pairs, (list, tuple)):
        raise KeyFault(f"cell {cell!r} is {pairs!r:.60}, not a list of pairs (input, operation index)")
    named: list[object] = []
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise KeyFault(f"cell {cell!r}: {pair!r:.60} is not a pair (input, operation index)")
        source, index = pair
        if type(index) is not int or not 0 <= index < len(OPERATIONS):
            raise KeyFault(f"cell {cell!r}: operation index {index!r:.60} is none of 0 to {len(OPERATIONS) - 1}")
        named.append((OPERATIONS[index], source))
    return named


def _both_configured(value: Mapping[object, object]) -> tuple[Sequence[object], Sequence[object]]:
    ours = {name: entry for name, entry in value.items() if str(name).startswith(_CONFIGURATION)}
    left = {name: entry for name, entry in ours.items() if entry is not None}
    cells = _configured("normal", left), _configured("reduce", left)
    if left:
        raise KeyFault(f"entry {next(iter(left))} belongs to no chosen input")
    return cells


def _configured(cell: str, entries: dict[object, object]) -> Sequence[object]:
    """The pairs of one cell; what was read is taken out of the entries."""
    pairs: list[object] = []
    for node in _NODES:
        name = f"{_CONFIGURATION}inputs_node_{cell}_{node}"
        inputs = "0_1" if node == 2 else str(entries.pop(name, None))
        if not re.fullmatch(r"[0-4]_[0-4]", inputs):
            raise KeyFault(f"entry {name} is {inputs!r}, expected two inputs such as '0_1'")
        for source in map(int, inputs.split("_")):
            edge = f"{_CONFIGURATION}edge_{cell}_{sum(range(2, node)) + source}"  # the edges are counted node by node
            if edge not in entries:
                raise KeyFault(f"entry {edge} is missing")
            pairs.append((entries.pop(edge), source))
    return pairs


def _cell(cell: str, pairs: Sequence[object]) -> Cell:
    if len(pairs) != 2 * len(_NODES):
        raise KeyFault(f"cell {cell!r} has {len(pairs)} pairs, expected 8: two for each of the nodes 2 to 5")
    checked = [_pair(cell, _NODES[place // 2], pair) for place, pair in enumerate(pairs)]
    nodes = []
    for node, first, second in zip(_NODES, checked[::2], checked[1::2], strict=True):
        if first[0] == second[0]:
            raise KeyFault(f"cell {cell!r}, node {node}: input {first[0]} is read twice")
        nodes.append((first, second) if first < second else (second, first))
    return tuple(nodes)


def _pair(cell: str, node: int, pair: object) -> tuple[int, str]:
    where = f"cell {cell!r}, node {node}"
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        raise KeyFault(f"{where}: {pair!r:.60} is not a pair (operation, input)")
    operation, source = pair
    if operation not in OPERATIONS:
        raise KeyFault(f"{where}: {unknown('operation', operation, OPERATIONS)}")
    if type(source) is not int or not 0 <= source < node:
        raise KeyFault(f"{where}: input {source!r:.60} does not exist; this node reads 0 to {node - 1}")
    return source, operation


def _plain(expression: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        raise KeyFault("it holds something else than plain values, and nothing in a key is run") from None
    return value
