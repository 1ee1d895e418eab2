"""Values that a text of an architecture holds, as Python and NumPy print them; nothing in the text is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from harness.errors import SpaceError
from harness.text.shown import LONGEST_ARCHITECTURE, shown

_WRAPPERS = frozenset("int int8 int16 int32 int64 uint8 uint16 uint32 uint64 str str_ list tuple array asarray".split())
"""Functions around a value, of which the value is read and nothing is called."""
_LONGEST_RANGE = 100
_LONGEST_ROW = 200
_NUMBERS = re.compile(r"([0-9]+(?:\s*,\s*[0-9]+)+)|\[\s*([0-9]+(?:\s+[0-9]+)+)\s*\]")


def text_of(value: object) -> str:
    """A value as text: an array as its list, anything else as `str` has it."""
    as_list = getattr(value, "tolist", None)
    return str(as_list() if callable(as_list) else value)


def bracketed(text: str) -> str:
    """Whole numbers without brackets, or as NumPy prints them, as a tuple; any other text as it is.

    >>> bracketed("4,0,3"), bracketed("[4 0 3]"), bracketed("8:16")
    ('(4,0,3)', '(4,0,3)', '8:16')
    """
    found = _NUMBERS.fullmatch(text) if len(text) <= _LONGEST_ROW else None
    if found is None:
        return text
    return f"({','.join(re.findall('[0-9]+', found[1] or found[2]))})"


def how_to_get(value: object, parse: Callable[[str], object]) -> str:
    """How to get an architecture in place of a value that is none: by parsing the value itself, where that is one."""
    text = text_of(value)
    try:
        parse(text)
    except SpaceError:
        return "get one from space.parse(text) or space.sample(n)"
    return f"get one from space.parse(text), here space.parse({shown(value, LONGEST_ARCHITECTURE)})"


def plain_value(expression: ast.expr) -> object:
    """The value of a literal, also inside `list(…)`, `np.int64(…)` or `array(…, dtype=…)`, or of a short `range(…)`.

    Raises:
        ValueError, TypeError, SyntaxError, MemoryError, RecursionError: for anything else.
    """
    return ast.literal_eval(_Unwrapped().visit(expression))


def called(function: ast.expr) -> str:
    """Last part of the called function's name; empty if it has no name."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


class _Unwrapped(ast.NodeTransformer):
    """Takes values out of the functions around them, and writes a short range out."""

    def visit_Call(self, call: ast.Call) -> ast.expr:
        """The value that a call stands for, or the call itself."""
        self.generic_visit(call)
        name = called(call.func)
        if name == "range" and not call.keywords and 1 <= len(call.args) <= 3:
            values = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
            numbers = [value for value in values if isinstance(value, int)]
            whole = len(numbers) == len(call.args)
            if whole and 0 not in numbers[2:] and len(range(*numbers)[: _LONGEST_RANGE + 1]) <= _LONGEST_RANGE:
                return ast.List([ast.Constant(number) for number in range(*numbers)], ast.Load())
        if name in _WRAPPERS and len(call.args) == 1 and {word.arg for word in call.keywords} <= {"dtype"}:
            return call.args[0]
        return call
