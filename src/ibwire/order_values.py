"""Whether a value is one that the wire can carry in a field of its kind; if not, a sentence that says so.

Records of msgspec take whatever they are given. Pure.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any

from ibwire.order_wire import exact

Problem = Callable[[str, Any], str | None]
"""What is wrong with the value of a field, or None."""

_INT32 = range(-(2**31), 2**31 - 1)  # the largest means "unset" to IBKR's clients
_INT64 = range(-(2**63), 2**63 - 1)
_MOST_DIGITS = 16
"""What IBKR's decimals of 64 bits carry."""
_ROUGHLY = Context(prec=_MOST_DIGITS + 1)


def quantity_problem(name: str, value: object) -> str | None:
    """A decimal, which travels as text."""
    if not isinstance(value, Decimal):
        return f"{name} is {value!r}; allowed are Decimals"
    if not value.is_finite():
        return f"{name} is {value}"
    has_room = -_MOST_DIGITS <= value.adjusted() < _MOST_DIGITS
    if has_room and len(value.normalize(_ROUGHLY).as_tuple().digits) <= _MOST_DIGITS:
        return None
    return f"{name} is {value}: more than the {_MOST_DIGITS} digits that IBKR's decimals carry"


def number_problem(name: str, value: object) -> str | None:
    """A decimal, which travels as a float."""
    if not isinstance(value, Decimal):
        return f"{name} is {value!r}; allowed are Decimals"
    if not value.is_finite():
        return f"{name} is {value}"
    return None if _fits_a_float(value) else f"{name} is {value}: more digits than IBKR's wire carries"


def number_or_infinity_problem(name: str, value: object) -> str | None:
    """The same where infinity means something."""
    is_infinity = isinstance(value, Decimal) and value.is_infinite() and value > 0
    return None if is_infinity else number_problem(name, value)


def whole_problem(name: str, value: object) -> str | None:
    """A whole number of 32 bits."""
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value in _INT32
    return None if is_whole else f"{name} is {value!r}; allowed are whole numbers of 32 bits"


def id_problem(name: str, value: object) -> str | None:
    """A permanent id, which has 64 bits."""
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value in _INT64
    return None if is_whole else f"{name} is {value!r}; allowed are whole numbers of 64 bits"


def flag_problem(name: str, value: object) -> str | None:
    """A bool: what is only true or false in Python, such as "false" or 0, may be meant otherwise."""
    return None if isinstance(value, bool) else f"{name} is {value!r}; allowed are True and False"


def text_problem(name: str, value: object) -> str | None:
    """IBKR's client refuses all but printable ASCII (its local error 579)."""
    is_fine = isinstance(value, str) and value.isascii() and value.isprintable()
    return None if is_fine else f"{name} is {value!r}; allowed is printable ASCII"


def words_problem(name: str, value: object) -> str | None:
    """Tags and their values."""
    is_fine = isinstance(value, dict) and all(
        text_problem(name, word) is None for pair in value.items() for word in pair
    )
    return None if is_fine else f"{name} is {value!r}; allowed are texts by texts, in printable ASCII"


PROBLEM_OF_KIND: Mapping[str, Problem] = {
    "int": whole_problem,
    "bool": flag_problem,
    "str": text_problem,
    "Decimal": number_problem,
    "dict[str, str]": words_problem,
}
"""By the annotation of a field, where all fields of that kind are checked alike."""


def _fits_a_float(value: Decimal) -> bool:
    """Whether a float carries it: up to 15 digits it does, for more it is tried, which takes ten times as long.

    The largest float stands for "unset".
    """
    text = str(value)
    if len(text) <= 15 and "E" not in text:
        return True
    return exact(float(value)) == value and abs(float(value)) < sys.float_info.max
