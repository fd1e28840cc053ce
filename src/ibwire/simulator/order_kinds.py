"""The order types that are simulated, and what each of them needs and does: a table.

Source: IBKR's order type reference; protocol notes 4.11 for which field of an order holds which price.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct


class Limit(Enum):
    """What an order type does with the limit price of an order."""

    UNUSED = auto()
    NEEDED = auto()
    CAP = auto()
    """It may be given, and then bounds a pegged price; 0 is none."""
    OFFSET = auto()
    """It follows the stop price at an offset."""


class Trigger(Enum):
    """What an order waits for before it works."""

    STOP = auto()
    TRAIL = auto()
    TOUCH = auto()


class Peg(Enum):
    """What price an order follows."""

    PRIMARY = auto()
    """The best price of its own side, better by an offset, only towards the other side."""
    MIDPOINT = auto()


class OrderKind(Struct, frozen=True, kw_only=True):
    """One order type; `listed_as` is its name in the order types of contract details."""

    name: str
    listed_as: str
    limit: Limit = Limit.UNUSED
    trigger: Trigger | None = None
    peg: Peg | None = None
    is_at_close: bool = False


KINDS: dict[str, OrderKind] = {
    kind.name: kind
    for kind in (
        OrderKind(name="MKT", listed_as="MKT"),
        OrderKind(name="LMT", listed_as="LMT", limit=Limit.NEEDED),
        OrderKind(name="STP", listed_as="STP", trigger=Trigger.STOP),
        OrderKind(name="STP LMT", listed_as="STPLMT", limit=Limit.NEEDED, trigger=Trigger.STOP),
        OrderKind(name="TRAIL", listed_as="TRAIL", trigger=Trigger.TRAIL),
        OrderKind(name="TRAIL LIMIT", listed_as="TRAILLMT", limit=Limit.OFFSET, trigger=Trigger.TRAIL),
        OrderKind(name="MIT", listed_as="MIT", trigger=Trigger.TOUCH),
        OrderKind(name="LIT", listed_as="LIT", limit=Limit.NEEDED, trigger=Trigger.TOUCH),
        OrderKind(name="MOC", listed_as="MOC", is_at_close=True),
        OrderKind(name="LOC", listed_as="LOC", limit=Limit.NEEDED, is_at_close=True),
        OrderKind(name="MTL", listed_as="MTL"),
        OrderKind(name="REL", listed_as="REL", limit=Limit.CAP, peg=Peg.PRIMARY),
        OrderKind(name="MIDPRICE", listed_as="MIDPX", limit=Limit.CAP, peg=Peg.MIDPOINT),
    )
}
"""Every order type by IBKR's name."""

IMMEDIATE = frozenset({"IOC", "FOK"})
TIMES_IN_FORCE = frozenset({"DAY", "GTC", "GTD", "OPG", *IMMEDIATE})
"""The times in force that are simulated."""
