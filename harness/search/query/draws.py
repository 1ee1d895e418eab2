"""The random numbers that a search draws: a numpy `Generator`, or a recording of one."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class Draws(Protocol):
    """The two methods of `numpy.random.Generator` that the searches call."""

    def random(self, size: int | tuple[int, ...], /) -> npt.NDArray[np.float64]:
        """Uniform numbers in [0, 1) of that shape."""
        ...

    def standard_normal(self, size: int | tuple[int, ...], /) -> npt.NDArray[np.float64]:
        """Standard normal numbers of that shape."""
        ...
