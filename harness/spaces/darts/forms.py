"""The text forms of DARTS genotypes, which are parsed without running any code.

- `Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=[2, 3, 4, 5], reduce=[…], reduce_concat=range(2, 6))`, as
  repositories print it, the pairs flat or nested per node, also as an assignment `NAME = Genotype(…)`, with or without
  the names of the fields, with further fields (which are ignored), and with numbers and arrays as NumPy prints them;
- the same fields as a mapping, `{'normal': […], 'reduce': […]}`, in which the concatenations may be left out;
- NAS-Bench-301's configuration (ConfigSpace): a mapping of `NetworkSelectorDatasetInfo:darts:edge_normal_0` and so on
  to operations, and of `…:inputs_node_normal_3` to inputs such as `0_1`;
- NASLib's compact tuples: `(((0, 4), (1, 3), …), (…))`, pairs (input, index in `OPERATIONS`).

Not supported: the lines that ConfigSpace before 0.6 prints (give `get_dictionary()`).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from harness.errors import SpaceError, unknown
from harness.spaces.darts.genotype import CELLS, INPUTS, NODES, NONE, OPERATIONS, G, Genotype, Pair, Pairs, nodes_of
from harness.spaces.plain_values import called, plain_value
from harness.text.shown import plain, shown

PREFIX = "NetworkSelectorDatasetInfo:darts:"
CONCAT = list(range(INPUTS, INPUTS + NODES))

Compact = tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]

_LONGEST = 20_000
_NUMBERS = ("0", "1", "2", "3", "4")
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_EXPECTED = (
    "Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=[2, 3, 4, 5], reduce=[…], reduce_concat=[2, 3, 4, 5]), "
    f"a configuration {{'{PREFIX}edge_normal_0': 'sep_conv_3x3', …}} or compact tuples [[(0, 3), …], […]]"
)


def parse(text: str) -> Genotype:
    """The genotype that `text` holds, in any of the forms.

    Raises:
        SpaceError: naming the text and what is wrong with it: the cell, node and pair, or the field.
    """
    return parse_as(Genotype, text)


def parse_as(kind: type[G], text: str) -> G:
    """The genotype of a class that `text` holds, in any of the forms.

    Args:
        kind: the class, which decides whether pairs may have the operation `none`.
        text: the text.

    Raises:
        SpaceError: naming the text and what is wrong with it: the cell, node and pair, or the field.
    """
    expression = _expression(text)
    try:
        return kind(*_cells(kind, expression))
    except SpaceError as error:
        raise _malformed(text, str(error)) from None
    except RecursionError:
        raise _malformed(text, "it is nested too deeply") from None


def nested_text(genotype: Genotype) -> str:
    """`Genotype(…)` with the pairs nested per node, as later repositories print it."""
    normal, reduce = ([list(node) for node in nodes_of(getattr(genotype, cell))] for cell in CELLS)
    return f"Genotype(normal={normal}, normal_concat=range(2, 6), reduce={reduce}, reduce_concat=range(2, 6))"


def to_compact(genotype: Genotype) -> Compact:
    """The genotype as NASLib's tuples (input, index of the operation), normal cell first.

    Raises:
        SpaceError: for the operation `none`, which has no index.
    """
    if any(operation == NONE for cell in CELLS for operation, _ in getattr(genotype, cell)):
        raise SpaceError(f"NASLib's tuples have no index of the operation {NONE!r}")
    normal, reduce = (
        tuple((source, OPERATIONS.index(operation)) for operation, source in getattr(genotype, cell)) for cell in CELLS
    )
    return normal, reduce


def from_compact(cells: object) -> Genotype:
    """The genotype of NASLib's tuples; `SpaceError` names the cell and the pair that is wrong."""
    if not isinstance(cells, Sequence) or isinstance(cells, str) or len(cells) != len(CELLS):
        raise SpaceError(
            f"compact tuples are two cells of {2 * NODES} pairs (input, operation index), got {shown(cells)}"
        )
    return Genotype(*(_compact_cell(cell, pairs) for cell, pairs in zip(CELLS, cells, strict=True)))


def to_configuration(genotype: Genotype) -> dict[str, str]:
    """The genotype as NAS-Bench-301's configuration, which does not hold the order of a node's two pairs.

    Raises:
        SpaceError: for a node that reads one input twice, which a configuration cannot hold.
    """
    configuration: dict[str, str] = {}
    for cell in CELLS:
        for place, node in enumerate(nodes_of(getattr(genotype, cell)), start=INPUTS):
            if node[0][1] == node[1][1]:
                raise SpaceError(f"cell {cell!r}, node {place} reads one input twice: no configuration holds that")
            for operation, source in node:
                configuration[f"{PREFIX}edge_{cell}_{_first_edge(place) + source}"] = operation
            if place > INPUTS:
                inputs = "_".join(str(source) for source in sorted(source for _, source in node))
                configuration[f"{PREFIX}inputs_node_{cell}_{place}"] = inputs
    return configuration


def from_configuration(configuration: Mapping[str, object]) -> Genotype:
    """The genotype of a NAS-Bench-301 configuration, each node's pairs in ascending order of their inputs.

    Args:
        configuration: values by full name; entries that do not describe the cells (the optimiser's settings) and
            inactive edges (whose value is None) are ignored.

    Raises:
        SpaceError: for a missing, unknown or superfluous entry, or one with a wrong value; the message names it.
    """
    return _configured(Genotype, configuration)


def _configured(kind: type[G], configuration: Mapping[str, object]) -> G:
    given = {
        str(name).removeprefix(PREFIX): value
        for name, value in configuration.items()
        if str(name).startswith(PREFIX) and value is not None
    }
    normal, reduce = (_configured_cell(cell, given) for cell in CELLS)
    genotype = kind(normal, reduce)
    if given:
        raise SpaceError(f"entry {PREFIX}{plain(next(iter(given)))} belongs to no chosen input of this configuration")
    return genotype


def _configured_cell(cell: str, given: dict[str, object]) -> Pairs:
    pairs: list[Pair] = []
    for node in range(INPUTS, INPUTS + NODES):
        inputs = "0_1" if node == INPUTS else str(_taken(given, f"inputs_node_{cell}_{node}"))
        sources = inputs.split("_")
        if len(set(sources)) != 2 or len(sources) != 2 or not all(source in _NUMBERS[:node] for source in sources):
            raise SpaceError(
                f"entry {PREFIX}inputs_node_{cell}_{node} is {shown(inputs)}: expected two inputs from 0 to "
                f"{node - 1}, such as '0_1'"
            )
        for source in map(int, sources):
            pairs.append((str(_taken(given, f"edge_{cell}_{_first_edge(node) + source}")), source))
    return tuple(pairs)


def _taken(given: dict[str, object], name: str) -> object:
    if name not in given:
        raise SpaceError(f"entry {PREFIX}{name} is missing")
    return given.pop(name)


def _first_edge(node: int) -> int:
    """Number of the edge from input 0 to `node`: the edges are counted node by node."""
    return sum(range(INPUTS, node))


def _compact_cell(cell: str, pairs: object) -> Pairs:
    if not isinstance(pairs, Sequence) or isinstance(pairs, str):
        raise SpaceError(f"cell {cell!r} is {shown(pairs)}, not a list of pairs (input, operation index)")
    return tuple(_compact_pair(cell, position, pair) for position, pair in enumerate(pairs))


def _compact_pair(cell: str, position: int, pair: object) -> Pair:
    where = f"cell {cell!r}, node {INPUTS + position // 2}, pair {position % 2} {shown(pair)}"
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise SpaceError(f"{where}: not a pair (input, operation index)")
    source, operation = pair
    if type(operation) is not int or not 0 <= operation < len(OPERATIONS):
        raise SpaceError(
            f"{where}: operation index {shown(operation)} does not exist; they go from 0 to {len(OPERATIONS) - 1}"
        )
    return OPERATIONS[operation], source


def _expression(text: str) -> ast.expr:
    """The text's only expression as a syntax tree."""
    stripped = str(text).strip().removeprefix("\ufeff").strip()
    if not stripped or len(stripped) > _LONGEST:
        raise _malformed(text, f"it has {len(stripped):,} characters")
    try:
        (statement,) = ast.parse(stripped).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _malformed(text, "it is incomplete, or has another form") from None
    if not isinstance(statement, (ast.Expr, ast.Assign)):
        raise _malformed(text, "it is a statement")
    return statement.value


def _cells(kind: type[Genotype], expression: ast.expr) -> tuple[Pairs, Pairs]:
    """The pairs of the normal and of the reduction cell, in any of the forms."""
    if isinstance(expression, ast.Call):
        return _from_call(kind, expression)
    value = _literal("the text", expression)
    if not isinstance(value, Mapping):
        return _both(from_compact(value))
    return _from_fields(value) if set(CELLS) & set(value) else _both(_configured(kind, value))


def _both(genotype: Genotype) -> tuple[Pairs, Pairs]:
    return genotype.normal, genotype.reduce


def _from_call(kind: type[Genotype], call: ast.Call) -> tuple[Pairs, Pairs]:
    name = called(call.func)
    fields = {keyword.arg: keyword.value for keyword in call.keywords}
    if name == "Configuration" and "values" in fields:
        values = _literal("field 'values'", fields["values"])
        return _both(_configured(kind, values if isinstance(values, Mapping) else {}))
    if name != "Genotype":
        raise SpaceError(unknown("form", name, ("Genotype", "Configuration")))
    if len(call.args) > len(_FIELDS):
        raise SpaceError(f"{len(call.args)} values have no field name; the fields are {', '.join(_FIELDS)}")
    for field, value in zip(_FIELDS, call.args, strict=False):
        if fields.setdefault(field, value) is not value:
            raise SpaceError(f"field {field!r} is given twice, by its place and by its name")
    if missing := [field for field in _FIELDS if field not in fields]:
        for given in fields:
            if given not in _FIELDS:
                raise SpaceError(unknown("field", given, _FIELDS))
        raise SpaceError(f"field {missing[0]!r} is missing")
    for cell in CELLS:
        _check_concat(cell, _concat(cell, fields[f"{cell}_concat"]))
    normal, reduce = (_pairs(cell, _literal(f"field {cell!r}", fields[cell])) for cell in CELLS)
    return normal, reduce


def _from_fields(fields: Mapping[str, object]) -> tuple[Pairs, Pairs]:
    for cell in CELLS:
        if cell not in fields:
            raise SpaceError(f"field {cell!r} is missing")
        concat = fields.get(f"{cell}_concat", CONCAT)
        _check_concat(cell, list(concat) if isinstance(concat, (list, tuple)) else concat)
    normal, reduce = (_pairs(cell, fields[cell]) for cell in CELLS)
    return normal, reduce


def _check_concat(cell: str, concat: object) -> None:
    if concat != CONCAT:
        raise SpaceError(f"field '{cell}_concat' is {shown(concat)}: in this space a cell's output is {CONCAT}")


def _concat(cell: str, value: ast.expr) -> object:
    what = f"field '{cell}_concat'"
    if isinstance(value, ast.Call) and called(value.func) == "range" and not value.keywords:
        bounds = [_literal(what, argument) for argument in value.args]
        return CONCAT if bounds == [CONCAT[0], CONCAT[-1] + 1] else f"range{tuple(bounds)}"
    literal = _literal(what, value)
    return list(literal) if isinstance(literal, (list, tuple)) else literal


def _pairs(cell: str, value: object) -> Pairs:
    """Flat or nested (operation, input) pairs as a flat tuple."""
    if not isinstance(value, (list, tuple)):
        raise SpaceError(f"field {cell!r} is {shown(value)}, not a list of pairs (operation, input)")
    flat = list(value)
    if value and all(_holds_pairs(node) for node in value):
        if len(value) != NODES:
            raise SpaceError(f"cell {cell!r} has {len(value)} nodes, expected {NODES}")
        for place, node in enumerate(value, start=INPUTS):
            if len(node) != 2:
                raise SpaceError(f"cell {cell!r}, node {place} has {len(node)} pairs, expected 2")
        flat = [pair for node in value for pair in node]
    for position, pair in enumerate(flat):
        if not _is_pair(pair):
            raise SpaceError(f"cell {cell!r}, pair {position} {shown(pair)}: not (operation, input)")
    return tuple((operation, source) for operation, source in flat)


def _holds_pairs(node: object) -> bool:
    return isinstance(node, (list, tuple)) and len(node) > 0 and all(isinstance(pair, (list, tuple)) for pair in node)


def _is_pair(pair: object) -> bool:
    return isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str)


def _literal(what: str, value: ast.expr) -> object:
    try:
        return plain_value(value)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        raise SpaceError(f"{what} is not a plain value, and nothing in a genotype is run") from None


def _malformed(text: object, why: str) -> SpaceError:
    return SpaceError(f"malformed DARTS genotype {shown(str(text).strip(), 120)}: {why}. A genotype reads {_EXPECTED}")
