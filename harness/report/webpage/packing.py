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


def packed(values: npt.ArrayLike) -> dict[str, str]:
    """An array in row order as Base64 of little-endian numbers, with their type: `u1`, `u2`, `u4`, `f4` or `f8`.

    Whole numbers take the smallest type that holds them. Floats take `f4`, seven digits for a picture, unless that
    would make one infinite or zero.
    """
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        largest = int(array.max(initial=0))
        kind = "u1" if largest < 2**8 else "u2" if largest < 2**16 else "u4"
    else:
        magnitudes = np.abs(array[np.isfinite(array) & (array != 0)])
        fits = magnitudes.size == 0 or (magnitudes.min() >= _FLOAT32.tiny and magnitudes.max() <= _FLOAT32.max)
        kind = "f4" if fits else "f8"
    return {"type": kind, "data": base64.b64encode(array.astype(f"<{kind}").tobytes()).decode()}


def json_for_script(value: Mapping[str, Any]) -> Markup:
    """JSON that can stand in a `script` element: nothing in it can end the element or start a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
