"""Numbers for a script in few characters, and text that no reader of HTML takes for markup."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

_FLOAT32 = np.finfo(np.float32)
_WHOLE = {"u1": 8, "u2": 16, "u4": 32}


def packed(values: npt.ArrayLike) -> dict[str, str]:
    """An array in row order as Base64 of little-endian numbers, with their type: `u1`, `u2`, `u4`, `f4` or `f8`.

    Whole numbers take the smallest type that holds them, `f8` from 2^32 on. Floats take `f4`, seven digits for a
    picture, unless that would make one infinite or zero, or two different ones equal: the page ranks by them.
    """
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        largest = int(array.max(initial=0))
        kind = next((kind for kind, bits in _WHOLE.items() if largest < 2**bits), "f8")
    else:
        kind = "f4" if _fits_float32(array) else "f8"
    return {"type": kind, "data": base64.b64encode(array.astype(f"<{kind}").tobytes()).decode()}


def _fits_float32(array: npt.NDArray[Any]) -> bool:
    """Whether the numbers stay finite, keep their digits, and stay as many different ones in 32 bits."""
    finite = array[np.isfinite(array)]
    magnitudes = np.abs(finite[finite != 0])
    if magnitudes.size and (magnitudes.min() < _FLOAT32.tiny or magnitudes.max() > _FLOAT32.max):
        return False
    return bool(np.unique(finite.astype("f4")).size == np.unique(finite).size)


def json_for_script(value: Mapping[str, Any]) -> Markup:
    """JSON that can stand in a `script` element: nothing in it can end the element or start a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
