"""Places where code finds something by a text: an environment variable, a module, a global."""

from __future__ import annotations

import dis
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any


@dataclass(frozen=True)
class Finders:
    """Words of code that find something by a text.

    Attributes:
        words: names of functions and mappings.
        bare: whether they count only where they are read as names, not as attributes (`eval`, not `network.eval`).
        methods: whether a call of a method of that name counts (not for `network.modules()`).
        texts: whether a constant that is one of the words counts, as in `getattr(os, "environ")`.
    """

    words: frozenset[str]
    bare: bool = False
    methods: bool = True
    texts: bool = False


ENVIRONMENT = Finders(frozenset({"environ", "environb", "getenv", "getenvb", "expandvars"}), texts=True)
IMPORTS = Finders(frozenset({"import_module", "__import__", "resolve_name", "run_module"}), texts=True)
LOADED = Finders(frozenset({"modules"}), methods=False)
GLOBALS = Finders(frozenset({"globals", "eval", "exec"}), bare=True)

_NO_EFFECT = frozenset({"PUSH_NULL", "NOP", "CACHE", "EXTENDED_ARG"})
_CALLS = frozenset({"PRECALL", "CALL", "CALL_KW", "KW_NAMES", "CALL_FUNCTION", "CALL_METHOD"})
_TAKES = _CALLS | {"BINARY_SUBSCR", "STORE_SUBSCR", "DELETE_SUBSCR"}
_READERS = frozenset({"get", "pop", "setdefault", "__getitem__", "__contains__"})
_NAMES = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})


def texts_at(code: CodeType, finders: Finders, variables: Mapping[str, Any]) -> Iterator[str | None]:
    """The text at each place where the code finds something; None for a text that is made while the code runs.

    Args:
        code: code of one function, without that of functions inside it.
        finders: the words that find something.
        variables: the function's globals; one that holds a text is as good as a constant.
    """
    steps = [step for step in dis.get_instructions(code) if step.opname not in _NO_EFFECT]
    for place, step in enumerate(steps):
        if step.opname == "IMPORT_FROM" and step.argval in finders.words:
            if steps[place + 1].argval != step.argval:  # under another name, which is not looked for
                yield None
        elif step.opname == "LOAD_CONST":
            if finders.texts and type(step.argval) is str and step.argval in finders.words:
                yield None
        elif step.opname.startswith("LOAD_") and type(step.argval) is str and step.argval in finders.words:
            method = step.opname == "LOAD_METHOD" or (step.opname == "LOAD_ATTR" and "NULL" in step.argrepr)
            if (step.opname in _NAMES or not finders.bare) and (finders.methods or not method):
                yield _text(steps, place, variables)


def _text(steps: Sequence[dis.Instruction], place: int, variables: Mapping[str, Any]) -> str | None:
    follows = place + 1
    while follows < len(steps) and _leads_on(steps[follows]):
        follows += 1
    if follows >= len(steps):
        return None
    step = steps[follows]
    if step.opname == "CONTAINS_OP":  # "X" in os.environ
        return next(
            (_constant(each, {}) for each in reversed(steps[max(0, place - 2) : place]) if _is_text(each)), None
        )
    text = _constant(step, variables)
    return text if text is not None and _is_taken_whole(steps[follows + 1 :]) else None


def _leads_on(step: dis.Instruction) -> bool:
    """Whether a step lies between the word and the text: `globals()`, or `.get`."""
    return (step.opname in _CALLS and step.arg == 0) or (
        step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in _READERS
    )


def _is_text(step: dis.Instruction) -> bool:
    return step.opname == "LOAD_CONST" and type(step.argval) is str


def _constant(step: dis.Instruction, variables: Mapping[str, Any]) -> str | None:
    value = variables.get(step.argval) if step.opname in _NAMES else step.argval if _is_text(step) else None
    return value if type(value) is str else None


def _is_taken_whole(steps: Sequence[dis.Instruction]) -> bool:
    """Whether the value on top of the stack is next taken by a call or as a key, not joined with something."""
    depth = 1  # of the value, with all that lies above it
    for step in steps:
        if step.opname in ("PRECALL", "KW_NAMES"):
            return True
        if step.opcode in _JUMPS:
            return False
        effect = dis.stack_effect(step.opcode, step.arg if step.opcode >= dis.HAVE_ARGUMENT else None)
        if 1 - effect >= depth:  # so many are taken, one is given
            return step.opname in _TAKES or (step.opname == "BINARY_OP" and step.argrepr == "[]")
        depth += effect
    return False


_JUMPS: Collection[int] = frozenset({*dis.hasjrel, *dis.hasjabs})
