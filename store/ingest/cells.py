"""How the text of one cell is read: what is missing, what is a number, what is true.

The patterns are those of RE2 and of Python's `re` alike, so that whole columns (pyarrow) and single values
(a query string) are read the same way.
"""

from __future__ import annotations

import math
import re

MISSING_MARKS = ("", "NA", "NaN", "nan")
BLANKS = " \t"  # around a cell, passed over when it is read as anything but text

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
INTEGER = r"^[+-]?[0-9]+$"
LEADING_ZERO = r"^[+-]?0[0-9]"  # 03 is a code, such as a postcode's, where nothing else is known
INFINITY = r"^[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?$"
BOOLEANS = ("true", "True", "TRUE", "false", "False", "FALSE")
BOOLEAN_TRUE = ("true", "True", "TRUE", "1")
DECLARED_BOOLEANS = (*BOOLEANS, "0", "1")  # 0 and 1 are numbers unless the schema says otherwise

LARGEST_FLOAT32 = 3.4028234663852886e38
LARGEST_EXACT_INTEGER = 2**53  # beyond it a float64 no longer holds every integer


def is_missing(text: str) -> bool:
    """Whether the text stands for no value."""
    return text.strip(BLANKS) in MISSING_MARKS


def read_number(text: str) -> float | None:
    """The finite number that the text is; None when it is none, or lies outside float32."""
    text = text.strip(BLANKS)
    if not re.search(NUMBER, text):
        return None
    value = float(text)
    return value if math.isfinite(value) and abs(value) <= LARGEST_FLOAT32 else None


def read_boolean(text: str) -> bool | None:
    """The truth that the text is; None when it is none."""
    text = text.strip(BLANKS)
    return text in BOOLEAN_TRUE if text in DECLARED_BOOLEANS else None
