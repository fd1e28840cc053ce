"""How IBKR writes the numbers of accounts, as exact decimals: some as text, some as doubles, and what is unset.

Source: protocol notes, 2.5 and 3.9.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

_UNSET = Decimal("1E308")
"""Nothing is worth as much: IBKR's sign for "unset" is the largest double, 1.7976931348623157E308."""

_UNSET_TEXTS = frozenset(
    {
        *("", "2147483647", "9223372036854775807", "-9223372036854775808"),
        *("nan", "inf", "-inf", "infinity", "-infinity", "infinite", "-infinite"),
    }
)
"""What else stands for no number, in lower case."""


def is_unset(text: str | None) -> bool:
    """Whether IBKR says by this text that there is no value."""
    text = (text or "").strip()
    number = _parse(text)
    return text.lower() in _UNSET_TEXTS or (number is not None and number.copy_abs() >= _UNSET)


def decimal_of(text: str | None) -> Decimal | None:
    """A number that came as text; None if it is unset, missing or no number."""
    return None if is_unset(text) else _parse((text or "").strip())


def money_of(number: float | None) -> Decimal | None:
    """Money that came as a double, as the shortest decimal that means it; None if it is unset or missing."""
    return None if number is None else decimal_of(repr(number))


def _parse(text: str) -> Decimal | None:
    if not _NUMBER.fullmatch(text):
        return None  # Decimal takes more than IBKR writes: blanks, underscores, NaN
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        return None
