"""Architecture strings as keys of a table: the space of a key is recognised by the form of its text alone.

Only the space can decide whether a key is a valid architecture, and whether two keys are the same one. The tables do
not know the spaces; `harness.evaluation.matching` asks them when scores are joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.errors import TableError
from benchmarks.shown import shown

KEY = "architecture"
NAME = "name"
"""Column of the keys in a table of the user's own models."""
MODELS = "models"
"""Space of the user's own models, whose keys are names of any characters."""
WIDTHS = tuple(str(width) for width in range(8, 65, 8))
"""Channels of a layer in NATS-Bench's size space."""

_CALL = r"([A-Za-z_]\w*\s*=\s*)?([A-Za-z_]\w*\.)*(Genotype|Configuration)\s*\(.*\)"
_SHOWN = 100
_INDEX = r"\s*(\d|[\w.]*int\d*\(\d\))\s*"
_INDICES = rf"([\w.]*array\()?[(\[]{_INDEX}(,{_INDEX}){{5}},?\s*[)\]]\)?|\d(\s*,\s*\d){{5}}|\[\s*\d(\s+\d){{5}}\s*\]"
_WIDTH = rf"({'|'.join(WIDTHS)})"
_CHANNELS = rf"{_WIDTH}(\s*,\s*{_WIDTH}){{4}}"
_EDGE = r"""(['"]\d\s*(<-|←)\s*\d['"]|[(\[]\s*\d\s*,\s*\d\s*[)\]])"""
_NODES = r"""[(\[]\s*[(\[]\s*[(\[]\s*['"]\w+['"]\s*,\s*0\s*[)\]]\s*,?\s*[)\]].*[)\]]"""
_LAYER = r"(gat|gcn|gin|cheb|sage|arma|graph|fc|skip)"
_TERM = r"(conv_3x3|dil_conv_3x3|sep_conv_3x3|residual_3x3|skip_connect)~[0-3]"
_BLOCK_NODE = rf"{_TERM}(\+{_TERM})?@[1-4]"
_NODE_AGGREGATOR = "(sage(_sum|_max)?|gcn|gin|gat(_sym|_cos|_linear|_generalized_linear)?|geniepath)"
_GRAPH_LAYER = (
    r"(8|16|32|64):(const|gcn|gat|sym-gat|cos|linear|gene-linear):[1248]:(sum|mean|max):(identity|mlp):"
    r"(sigmoid|tanh|relu|identity|softplus|leaky_relu|relu6|elu)"
)
_GENOTYPE = re.compile(rf"\s*({_CALL}|\[.*\]|\(.*\)|\{{.*\}})\s*", re.DOTALL)
_FORMS: Mapping[str, re.Pattern[str]] = {
    "nasbench201": re.compile(rf"\|.+\||{_INDICES}|\{{\s*{_EDGE}\s*:.*\}}|{_NODES}", re.DOTALL),
    "nasbench201-large": re.compile(r"\|.+\|", re.DOTALL),
    "natsbench-sizes": re.compile(rf"{_WIDTH}(:{_WIDTH}){{4}}|[(\[]\s*{_CHANNELS}\s*[)\]]|{_CHANNELS}"),
    "transnas-micro": re.compile(r"(64-41414-)?\d_\d{2}_\d{3}", re.ASCII),
    "trilevel": re.compile(r"[AB]\s+0[01]{0,6}(\s+[0-3]{5}/[0-4]{4}){1,5}"),
    "mod-nas": re.compile(rf"{_BLOCK_NODE}(\s+{_BLOCK_NODE}){{0,3}}"),
    "nasbench-graph": re.compile(rf"0[01][0-2][0-3](:{_LAYER}){{4}}"),
    "sane": re.compile(rf"({_NODE_AGGREGATOR}\|\|){{3}}((none|skip)\|\|){{2,3}}l_(max|concat|lstm)"),
    "agnn": re.compile(rf"{_GRAPH_LAYER}\|\|{_GRAPH_LAYER}"),
    "darts": _GENOTYPE,
    "darts-none": _GENOTYPE,
}
_WIDER: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "nasbench201": (
        "nasbench201-large",
        re.compile(r"\|.*(max_pool_3x3|nor_conv_5x5|(bot2|bot4|grp2|grp4|sep|dil)_conv_\dx\d)~.*\|", re.DOTALL),
    ),
    "darts": ("darts-none", re.compile(r""".*['"]none['"].*""", re.DOTALL)),
}
"""By space another one, whose architectures are written in the same form, and what only a text of that one has."""


def quoted(key: str) -> str:
    """A key in quotation marks for messages: complete, or its first 100 characters."""
    return repr(key) if len(key) <= _SHOWN else f"{key[:_SHOWN]!r}…"


def space_of_key(key: str) -> str:
    """Space of a key, recognised by its form alone; empty for an unknown form.

    A cell whose operations are all NAS-Bench-201's, which nasbench201-large has too, is NAS-Bench-201's, and a genotype
    without `none`, which darts-none has too, is one of darts.

    >>> space_of_key("8:16:24:32:64"), space_of_key("|none~0|+|none~0|none~1|"), space_of_key("[[(0, 4), (1, 3)], []]")
    ('natsbench-sizes', 'nasbench201', 'darts')
    >>> space_of_key("0123:skip:skip:gcn:gcn"), space_of_key("gcn||gat||gin||skip||none||skip||l_max")
    ('nasbench-graph', 'sane')
    """
    space = next((space for space, form in _FORMS.items() if form.fullmatch(key)), "")
    return _wider(space, [key])


def common_space(keys: Sequence[str]) -> str:
    """Space of the first key or, where another is of a space with the same form alone, that one; empty as for one key.

    >>> common_space(["Genotype()", "Genotype(normal=[('none', 0)])"]), common_space(["Genotype()"])
    ('darts-none', 'darts')
    """
    return _wider(space_of_key(keys[0]), keys)


def _wider(space: str, keys: Sequence[str]) -> str:
    wider, only_there = _WIDER.get(space, ("", None))
    return wider if only_there is not None and any(map(only_there.fullmatch, keys)) else space


def space_of_keys(path: Path, column: str, keys: Sequence[str], space: str = "") -> str:
    """The common space of all keys of a table, recognised by their form; empty where the first has an unknown form.

    Keys with an unknown form may belong to a space that the tables do not know; it is recognised when they are joined.

    Args:
        path: file of the keys, for messages.
        column: name of the column of keys, for messages.
        keys: one or more keys, as they are in the file.
        space: name of the space that all keys must belong to; empty for the space of the first key or, where another
            key is of a space with the same form alone, such as nasbench201-large for NAS-Bench-201, for the latter.

    Raises:
        TableError: for an empty key, or a key of another form or space than the table's; the message names the file,
            the row (from 0) and the column.

    """
    wanted = space or common_space(keys)
    form = _FORMS.get(wanted)
    for row, key in enumerate(keys):
        if (not form.fullmatch(key)) if form is not None else not key or space_of_key(key):
            raise TableError(f"{path}: row {row}, column {column!r}: {quoted(key)} {_fault(key, row, wanted)}")
    return wanted


def _fault(key: str, row: int, wanted: str) -> str:
    """Message for a key that does not have the form of the space `wanted`."""
    if space := space_of_key(key):
        origin = "row 0" if row else "this table"
        other = f"the space {wanted}" if wanted else "another"
        return f"is of the space {space}, but {origin} is of {other}: a table is about one space, so split the file"
    return (
        "is no architecture of a known space, or is cut. Known: NAS-Bench-201 cells (|none~0|+|none~0|none~1|+…), "
        "DARTS genotypes (Genotype(normal=[('sep_conv_3x3', 0), …), NATS-Bench sizes (8:16:24:32:64), "
        "NAS-Bench-Graph's architectures (0123:skip:skip:gcn:gcn), SANE's (gcn||gat||gin||skip||none||skip||l_max), "
        "AGNN's (64:gat:8:sum:identity:elu||16:gcn:1:mean:mlp:relu) and "
        "TransNAS-Bench-101's micro cells (1_02_333)"
    )


def strings(keys: Iterable[object]) -> list[str]:
    """The keys as a list; TableError for one that is no text, and for a text in place of several."""
    if isinstance(keys, str):
        raise TableError(f"keys must be several architecture strings; {shown(keys)} is one: write [key]")
    given = list(keys)
    odd = [key for key in given if not isinstance(key, str)]
    if odd:
        raise TableError(
            f"keys must be architecture strings; {shown(odd[0])} is of type {type(odd[0]).__name__}: write "
            "str(architecture), or of a space's other forms str(space.parse(form))"
        )
    return [key for key in given if isinstance(key, str)]
