"""The reference that makes every order of ours recognisable: in IBKR's `orderRef`, beside the user's own tag.

    my tag~01JD8PZK3M4QX7RT.1
    └─tag─┘ └────root──────┘ └ attempt

The root is made from the time and 35 random bits, so that it is unlike any other, also one of another process. An order
that is sent again, because nobody knows whether it arrived, keeps its root (its lineage) and gets the next attempt.
IBKR carries the text with the order, its executions and its reports for good (protocol notes, 3.14). How long it may be
is nowhere said; ibwire stays within `MAX_ORDER_REF`.
"""

from __future__ import annotations

import re
from datetime import datetime
from random import Random

from msgspec import Struct

from ibwire.exceptions import InvalidOrder

MAX_ORDER_REF = 40
MAX_ATTEMPT = 999
MAX_TAG = MAX_ORDER_REF - len(f"~{'0' * 16}.{MAX_ATTEMPT}")
"""How long the user's tag may be."""

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they look like others or spell words
_RANDOM_BITS = 35
_REF = re.compile(r"([0-9A-HJKMNP-TV-Z]{16})\.([1-9][0-9]{0,2})")
_ORDER_REF = re.compile(rf"(.*)~({_REF.pattern})", re.DOTALL)


class ClientRef(Struct, frozen=True, order=True):
    """One attempt to place one order. `str` is how it is written."""

    root: str
    attempt: int = 1

    def __str__(self) -> str:
        return f"{self.root}.{self.attempt}"

    def next_attempt(self) -> ClientRef:
        """For sending the same order again, under a new order id."""
        if self.attempt >= MAX_ATTEMPT:
            raise InvalidOrder(f"{self} was the last of {MAX_ATTEMPT} attempts")
        return ClientRef(self.root, self.attempt + 1)

    def order_ref(self, tag: str = "") -> str:
        """The text for IBKR's `orderRef`. Raises InvalidOrder for a tag that is too long or not printable ASCII."""
        if len(tag) > MAX_TAG or not tag.isascii() or not (tag.isprintable() or not tag):
            raise InvalidOrder(
                f"the tag {tag!r} cannot be used; allowed are up to {MAX_TAG} printable ASCII characters"
            )
        return f"{tag}~{self}"


def new_client_ref(now: datetime, chance: Random) -> ClientRef:
    """A reference that no other order has: from the time in milliseconds, and chance."""
    number = int(now.timestamp() * 1000) << _RANDOM_BITS | chance.getrandbits(_RANDOM_BITS)
    root = "".join(_DIGITS[number >> shift & 31] for shift in range(75, -1, -5))
    return ClientRef(root)


def read_client_ref(text: str) -> ClientRef | None:
    """A reference as `str` writes it, or None for any other text."""
    found = _REF.fullmatch(text)
    return ClientRef(found[1], int(found[2])) if found else None


def split_order_ref(order_ref: str | None) -> tuple[str, ClientRef | None]:
    """The user's tag and our reference from an `orderRef`; all of it is tag if it is not one of ours."""
    found = _ORDER_REF.fullmatch(order_ref or "")
    return (found[1], read_client_ref(found[2])) if found else (order_ref or "", None)
