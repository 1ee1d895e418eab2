"""What the operations of a pass do that its results do not show: overflow on the way, and activations of any kind."""

from __future__ import annotations

import cmath
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from types import FrameType, TracebackType
from typing import Any, Final, NamedTuple

from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode
from torch.utils.hooks import RemovableHandle

from harness.errors import NotApplicable, NotFinite
from harness.measurements.bounds import BOUNDED, Bounds
from harness.measurements.known_rows import is_as_known
from harness.measurements.layers import layer_named
from harness.measurements.memory import Memory
from harness.spaces.pools import AvgPool2d

_ACTIVATIONS: Final = frozenset(
    "relu hardtanh leaky_relu elu celu gelu silu mish hardswish hardsigmoid sigmoid tanh softplus softshrink "
    "hardshrink threshold log_sigmoid_forward glu rrelu_with_noise _prelu_kernel erf erfc erfinv special_erfcx atan "
    "asin acos sin cos tan sinc special_sinc sinh cosh asinh acosh atanh exp exp2 expm1 log1p logit logaddexp "
    "logaddexp2 logcumsumexp heaviside copysign signbit sgn frac round floor ceil trunc i0 special_i0e special_i1 "
    "special_i1e special_ndtri special_log_ndtr lgamma digamma clamp clamp_min clamp_max maximum minimum fmax fmin "
    "cummax cummin abs sign gt ge lt le mkldnn_rnn_layer".split()
)
"""Operations by which a unit is not linear in what it reads; comparisons among them, since x · (x > 0) is ReLU."""

_NORMS: Final = frozenset(
    "native_batch_norm cudnn_batch_norm miopen_batch_norm native_group_norm native_layer_norm".split()
)
"""Operations that give their statistics, the last of them 1 / deviation, beside the result."""

_PRODUCTS: Final = frozenset("convolution _convolution mm addmm bmm baddbmm".split())
"""Operations whose result a norm often reads; its statistics then tell what a look at the result would."""

_OWN_MEMORY: Final = frozenset("mkldnn_rnn_layer _cudnn_rnn miopen_rnn".split())
"""Operations that give memory without content beside their first result."""

_NOT_LOOKED_AT: Final = frozenset(
    # no overflow from finite numbers, or a constant such as the -inf of an attention mask, or memory without content
    "relu max_pool2d_with_indices clone cat constant_pad_nd masked_fill where full full_like fill scalar_tensor "
    "new_full zeros zeros_like new_zeros ones ones_like new_ones empty empty_like empty_strided new_empty "
    "new_empty_strided".split()
)


class _Kind(NamedTuple):
    """Facts of an operation, found once: its name, how its result is looked at, whether it writes, and has a bound.

    One that is none of all that is a view, or a result of its own that cannot overflow: there is nothing to see.
    """

    name: str
    activation: bool
    norm: bool
    product: bool
    looked_at: bool
    writes: bool
    bounded: bool
    seen: bool


class _Seen(NamedTuple):
    """A result to be looked at: the operation's name, what it read, and the module or frame that called it.

    None stands for the code that is running when it is looked at.
    """

    tensor: Tensor
    name: str
    read: tuple[Any, ...]
    caller: nn.Module | FrameType | None = None


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """Inside, every operation is seen, whoever calls it: modules, functions, scripted code, parts without a graph.

    Args:
        replaced: memory of the parameters that have been replaced for the pass; an operation that still reads one of
            them is refused.

    Attributes:
        units: number of units that went through activations outside of `nn.ReLU` modules, by the operation's name.
        batch_norms: number of calls of batch norm.
    """

    def __init__(self, replaced: Memory | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.units: Counter[str] = Counter()
        self.batch_norms = 0
        self._inside = 0
        self._left: list[bool] = []
        self._bounds = Bounds()
        self._replaced = replaced
        self._overflow: tuple[str, nn.Module | None] | None = None
        self._waiting: _Seen | None = None

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: PyTorch would load its compiler, three seconds for each process, to keep it out of the method below."""
        return False

    def enter_activation(self, *_: Any) -> None:
        """A module is called whose activation is known; a hook before its forward pass."""
        self._inside += 1

    def leave_activation(self, *_: Any) -> None:
        """That module has been left; a hook after its forward pass, which is always called."""
        self._inside -= 1

    def take_as_known(self, modules: Iterable[nn.Module]) -> list[RemovableHandle]:
        """Look at the results of the average pools of ours alone, not at the dozens of operations inside.

        Returns:
            The hooks that this takes.
        """
        pools = [module for module in modules if type(module) is AvgPool2d and is_as_known(module)]
        entering = [pool.register_forward_pre_hook(self.enter_known, prepend=True) for pool in pools]
        return entering + [pool.register_forward_hook(self.leave_known, always_call=True) for pool in pools]

    def enter_known(self, *_: Any) -> None:
        """A module is called of which the result alone need be looked at; a hook before its forward pass."""
        innermost = _get_current_dispatch_mode() is self
        self._left.append(innermost)
        if innermost:
            super().__exit__(None, None, None)  # type: ignore[no-untyped-call]

    def leave_known(self, module: nn.Module, inputs: tuple[Any, ...], output: Tensor | None) -> None:
        """That module has been left; a hook after its forward pass, which is always called."""
        try:
            # none after an error; a mean is no larger than what it is of
            if self._overflow is None and output is not None and not self._bounds.follows(output, inputs[0]):
                self._judge(_Seen(output, type(module).__name__, inputs, module))
        finally:
            if self._left.pop():
                super().__enter__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the operation, and look at its result."""
        if self._replaced:
            self._check_reads(args)
        kind = _kind(func)
        if not kind.seen:
            return func(*args, **(kwargs or {}))
        if kind.writes:
            self._bounds.forget((*args, *(kwargs or {}).values()))
        overwritten = kind.writes and self._before_writing(kind, args)
        result = func(*args, **(kwargs or {}))
        first = result[0] if isinstance(result, (tuple, list)) and result else result
        if isinstance(first, Tensor):
            if kind.activation and not self._inside and _floating(args):
                self.units[kind.name] += first.numel()
            if self._overflow is None and (_is_read(first) or first is not result):
                self._look(kind, first, result, args[1:] if overwritten else args, kwargs or {})
        return result

    def _before_writing(self, kind: _Kind, args: tuple[Any, ...]) -> bool:
        """Look at what may be overwritten; whether what will be was finite, so that it cannot be what to blame."""
        own = args[0] if args else None
        if isinstance(own, Tensor) and not own.is_floating_point():
            return False  # such as batch norm's count of batches
        waiting, self._waiting = self._waiting, None
        self._judge(waiting)
        if kind.name == "copy":
            return True  # nothing of what was there is read
        return isinstance(own, Tensor) and kind.looked_at and _is_read(own) and _all_finite(own)

    def _look(self, kind: _Kind, first: Tensor, result: Any, args: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        waiting, self._waiting = self._waiting, None
        if kind.norm:
            self.batch_norms += "batch_norm" in kind.name
            if not (waiting and args[0] is waiting.tensor):
                self._judge(waiting)
            mean, deviation = result[1:3]
            # 1 / (1 / deviation) is infinite where a variance overflowed, whose channel is 0 from there on
            if not (_is_finite(mean.sum()) and _is_finite(deviation.reciprocal().sum())):
                self._blame(_Seen(first, kind.name, args[:1]))  # its statistics have changed
            elif kind.name != "native_batch_norm" or not self._bounds.keep_norm(first, args, mean, deviation):
                self._judge(_Seen(first, kind.name, args[:1]))
            return
        self._judge(waiting)
        if kind.bounded and self._bounds.keep(kind.name, first, args, options):
            return
        if kind.product:
            self._waiting = _Seen(first, kind.name, args, sys._getframe())
        elif kind.looked_at:
            several = isinstance(result, (tuple, list)) and kind.name not in _OWN_MEMORY
            for each in result if several else (first,):
                if isinstance(each, Tensor) and _is_read(each):
                    self._judge(_Seen(each, kind.name, args))

    def _judge(self, seen: _Seen | None) -> None:
        if seen and not _all_finite(seen.tensor):
            self._blame(seen)

    def _blame(self, seen: _Seen) -> None:
        read = [each for each in seen.read if isinstance(each, Tensor) and each.is_floating_point()]
        if all(bool(each.isfinite().all()) for each in read):
            self._overflow = (seen.name, _module_of(seen.caller or sys._getframe()))

    def _check_reads(self, args: tuple[Any, ...]) -> None:
        assert self._replaced is not None
        for given in args:
            for each in given if isinstance(given, (list, tuple)) else (given,):
                if isinstance(each, Tensor) and (name := self._replaced.holder(each)) is not None:
                    raise NotApplicable(
                        f"the network reads {name!r} by a reference of its own, beside the module that holds it: a "
                        "pass with other weights would not see them there"
                    )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look at what is waiting."""
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        if error is None:
            self._judge(self._waiting)
        self._waiting = None

    def check(self, network: nn.Module) -> None:
        """Refuse a pass of `network` on which finite numbers gave one that is not.

        Raises:
            NotFinite: naming the layer and the operation.
        """
        if self._overflow is not None:
            operation, module = self._overflow
            names = {each: name for name, each in network.named_modules()}
            where = f", in {layer_named(names[module], module)}," if module and module in names else ""
            raise NotFinite(f"an operation on the way ({operation}){where} gives NaN or infinity for finite numbers")


def _is_read(tensor: Tensor) -> bool:
    # zeros of forward-mode derivatives have no memory: to read them ends the process
    return tensor.is_floating_point() and not tensor._is_zerotensor()


def _all_finite(tensor: Tensor) -> bool:
    # a sum may overflow where no entry does
    return _is_finite(tensor.sum()) or bool(tensor.isfinite().all())


def _is_finite(number: Tensor) -> bool:
    return cmath.isfinite(number.item())


def _module_of(caller: nn.Module | FrameType) -> nn.Module | None:
    """The innermost module whose code was running; frames are read here alone, since that takes long."""
    frame: nn.Module | FrameType | None = caller
    while frame is not None:
        if isinstance(frame, nn.Module):
            return frame
        owner = frame.f_locals.get("self")
        frame = owner if isinstance(owner, nn.Module) else frame.f_back
    return None


@cache
def _kind(func: Any) -> _Kind:
    name = func._overloadpacket.__name__
    if func.namespace != "aten":
        name = f"{func.namespace}::{name}"  # an operator of the user's own, whatever it is called
    plain = name if name.startswith("_") or not name.endswith("_") else name[:-1]
    returns = func._schema.returns
    alias = returns[0].alias_info if returns else None
    view = alias is not None and not alias.is_write
    writes = any(each.alias_info is not None and each.alias_info.is_write for each in func._schema.arguments)
    looked_at = not view and plain not in _NOT_LOOKED_AT
    activation, norm, product = (plain in names for names in (_ACTIVATIONS, _NORMS, _PRODUCTS))
    bounded = plain in BOUNDED and not view and not writes
    seen = activation or norm or product or looked_at or writes or bounded
    return _Kind(plain, activation, norm, product, looked_at, writes, bounded, seen)


def _floating(args: tuple[Any, ...]) -> bool:
    return any(isinstance(each, Tensor) and each.is_floating_point() for each in args)
