"""What would stop LaTeX, or make it print something else, found in a table's source without LaTeX."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\[&%$#_{}\\ ,]")
_RULE = re.compile(r"\\(toprule|midrule|bottomrule|addlinespace)")


def faults(source: str) -> list[str]:
    """The faults of a source, each in a few words; empty where LaTeX takes it as it is meant."""
    found = [f"no character of plain LaTeX: {letter!r}" for letter in sorted(set(source)) if not letter.isascii()]
    bare = _ESCAPED.sub(lambda escape: r"\\ " if escape[0] == r"\\" else "", source)
    return [*found, *_unbalanced(bare), *_environments(bare), *_loose(bare), *_uneven_rows(source)]


def _unbalanced(bare: str) -> list[str]:
    depth = 0
    for letter in bare:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return ["a brace is closed that was not opened"]
    return [f"{depth} braces are left open"] if depth else []


def _environments(bare: str) -> list[str]:
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", bare):
        if kind == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            return [f"the environment {name} is closed out of turn"]
    return [f"the environment {name} is left open" for name in opened]


def _loose(bare: str) -> list[str]:
    """Marks that mean something to LaTeX and are not escaped: in text, or half of a pair in a line."""
    found = []
    for line in bare.splitlines():
        if line.count("$") % 2:
            found.append(f"mathematics is left open: {line}")
        text = re.sub(r"\$[^$]*\$", "", re.sub(r"\\label\{[^}]*\}", "", line))
        found += [f"{mark} is not escaped: {line}" for mark in "%#_^~<>" if mark in text]
    return found


def _uneven_rows(source: str) -> list[str]:
    found = []
    for columns, body in re.findall(r"\\begin\{tabular\}\{([lr]*)\}\n(.*?)\\end\{tabular\}", source, re.DOTALL):
        for line in body.splitlines():
            row = _RULE.sub("", line).strip()
            if row and not row.endswith(r"\\"):
                found.append(f"the row has no end: {row}")
            elif row and (cells := len(re.findall(r"(?<!\\)&", row)) + 1) != len(columns):
                found.append(f"{cells} cells under {len(columns)} headings: {row}")
    return found
