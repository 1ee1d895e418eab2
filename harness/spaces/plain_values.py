"""Values that a text of an architecture holds, as Python and NumPy print them; nothing in the text is run."""

from __future__ import annotations

import ast

_WRAPPERS = frozenset("int int8 int16 int32 int64 uint8 uint16 uint32 uint64 str str_ list tuple array asarray".split())
"""Functions around a value, of which the value is read and nothing is called."""
_LONGEST_RANGE = 100


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
