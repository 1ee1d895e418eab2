"""Opcodes of Python's pickle machine for plain data, bytes, and calls of allow-listed types.

Each function takes the machine and runs one opcode whose code has been read; `STEPS` finds it by that code. The codes
are those of the standard library's module `pickle`. Opcodes that no release uses (protocols 0 and 1, NEWOBJ,
extensions, buffers) are not in `STEPS`, and so are errors.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from benchmarks.releases.pickles.memo import Memo
from benchmarks.releases.pickles.unpickling import Large, Members, Weight

_LONGEST_TUPLE = 64


class Machine(Protocol):
    """The state that opcodes work on: a stack, the stacks below its marks, a memo, and the following bytes."""

    stack: list[Any]
    outer: list[list[Any]]
    memo: Memo

    def take(self, size: int) -> bytes:
        """The next bytes."""

    def whole(self, size: int) -> int:
        """The next bytes as an unsigned integer, lowest byte first."""

    def charge(self, size: int) -> None:
        """Count further objects that a step makes; UnpicklingError where a record makes too many."""

    def allowed(self, module: str, name: str) -> type:
        """The inert type for a global; TableError where there is none."""


Step = Callable[[Machine], None]


def _protocol(machine: Machine) -> None:
    if (version := machine.whole(1)) > 5:
        raise pickle.UnpicklingError(f"pickle protocol {version}; known: up to 5")


def _mark(machine: Machine) -> None:
    machine.outer.append(machine.stack)
    machine.stack = []


def _above_mark(machine: Machine) -> list[Any]:
    items, machine.stack = machine.stack, machine.outer.pop()
    return items


def _setitems(machine: Machine) -> None:
    items = _above_mark(machine)
    machine.stack[-1].update(zip(items[::2], items[1::2], strict=True))


def _setitem(machine: Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.stack[-1].update([(key, value)])


def _appends(machine: Machine) -> None:
    items = _above_mark(machine)
    machine.stack[-1].extend(items)


def _append(machine: Machine) -> None:
    value = machine.stack.pop()
    machine.stack[-1].append(value)


def _additems(machine: Machine) -> None:
    items = _above_mark(machine)
    machine.stack[-1].update(items)


def _flat(items: list[Any]) -> tuple[Any, ...]:
    """Tuple of the items, with at most two levels of tuples.

    Python hashes a tuple by its items each time it is used as a key. A tuple that is nested millions deep would end the
    process, and a tuple of twice the same tuple, thirty levels deep, would never finish.
    """
    if len(items) > _LONGEST_TUPLE:
        raise pickle.UnpicklingError(f"a tuple of {len(items):,} items; at most {_LONGEST_TUPLE} are read")
    for item in items:
        if type(item) is tuple and any(type(inner) is tuple for inner in item):
            raise pickle.UnpicklingError("tuples nested three deep, which no release holds")
    return tuple(items)


def _tuple(machine: Machine) -> None:
    items = _above_mark(machine)
    machine.stack.append(_flat(items))


def _tuple_of(size: int) -> Step:
    def step(machine: Machine) -> None:
        items = machine.stack[-size:]
        machine.stack[-size:] = [_flat(items)]

    return step


def _push(make: Callable[[], object]) -> Step:
    def step(machine: Machine) -> None:
        machine.stack.append(make())

    return step


def _number(size: int, *, signed: bool = False) -> Step:
    def step(machine: Machine) -> None:
        machine.stack.append(int.from_bytes(machine.take(size), "little", signed=signed))

    return step


def _long(machine: Machine) -> None:
    size = machine.whole(1)
    number = int.from_bytes(machine.take(size), "little", signed=True)
    machine.stack.append(number if size <= 8 else Large(number))


def _float(machine: Machine) -> None:
    machine.stack.append(struct.unpack(">d", machine.take(8))[0])


def _text(size: int) -> Step:
    def step(machine: Machine) -> None:
        machine.stack.append(machine.take(machine.whole(size)).decode())

    return step


def _bytes(size: int) -> Step:
    def step(machine: Machine) -> None:
        machine.stack.append(machine.take(machine.whole(size)))

    return step


def _put(size: int) -> Step:
    def step(machine: Machine) -> None:
        machine.memo.put(machine.whole(size), machine.stack[-1])

    return step


def _memoize(machine: Machine) -> None:
    machine.memo.recent.append(machine.stack[-1])


def _get(size: int) -> Step:
    def step(machine: Machine) -> None:
        machine.stack.append(machine.memo.get(machine.whole(size)))

    return step


def _line(machine: Machine) -> str:
    found = bytearray()
    while (byte := machine.take(1)) != b"\n":
        found += byte
    return found.decode()


def _global(machine: Machine) -> None:
    module = _line(machine)
    machine.stack.append(machine.allowed(module, _line(machine)))


def _stack_global(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.allowed(str(module), str(name)))


def _reduce(machine: Machine) -> None:
    arguments, made = machine.stack.pop(), machine.stack.pop()
    if not isinstance(made, type) or not isinstance(arguments, tuple):
        raise pickle.UnpicklingError(f"a call of {type(made).__name__}, which is no type")
    for argument in arguments:  # arguments are copied
        machine.charge(len(argument) if isinstance(argument, (str, bytes, list, dict, set)) else 1)
    machine.stack.append(made(*arguments))


def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    machine.stack[-1].__setstate__(state)


def _persistent(machine: Machine) -> None:
    machine.stack[-1] = Weight()


STEPS: Final[Mapping[int, Step]] = {
    code[0]: step
    for code, step in {
        pickle.PROTO: _protocol,
        pickle.FRAME: lambda machine: machine.take(8) and None,
        pickle.MARK: _mark,
        pickle.NONE: _push(lambda: None),
        pickle.NEWTRUE: _push(lambda: True),
        pickle.NEWFALSE: _push(lambda: False),
        pickle.EMPTY_DICT: _push(dict),
        pickle.EMPTY_LIST: _push(list),
        pickle.EMPTY_TUPLE: _push(tuple),
        pickle.EMPTY_SET: _push(Members),
        pickle.BININT: _number(4, signed=True),
        pickle.BININT1: _number(1),
        pickle.BININT2: _number(2),
        pickle.LONG1: _long,
        pickle.BINFLOAT: _float,
        pickle.SHORT_BINUNICODE: _text(1),
        pickle.BINUNICODE: _text(4),
        pickle.BINUNICODE8: _text(8),
        pickle.SHORT_BINBYTES: _bytes(1),
        pickle.BINBYTES: _bytes(4),
        pickle.BINBYTES8: _bytes(8),
        pickle.SETITEMS: _setitems,
        pickle.SETITEM: _setitem,
        pickle.APPENDS: _appends,
        pickle.APPEND: _append,
        pickle.ADDITEMS: _additems,
        pickle.TUPLE: _tuple,
        pickle.TUPLE1: _tuple_of(1),
        pickle.TUPLE2: _tuple_of(2),
        pickle.TUPLE3: _tuple_of(3),
        pickle.BINPUT: _put(1),
        pickle.LONG_BINPUT: _put(4),
        pickle.MEMOIZE: _memoize,
        pickle.BINGET: _get(1),
        pickle.LONG_BINGET: _get(4),
        pickle.GLOBAL: _global,
        pickle.STACK_GLOBAL: _stack_global,
        pickle.REDUCE: _reduce,
        pickle.BUILD: _build,
        pickle.BINPERSID: _persistent,
    }.items()
}
FILLING: Final = frozenset({pickle.SETITEMS[0], pickle.SETITEM[0]})
STOP: Final = pickle.STOP[0]
