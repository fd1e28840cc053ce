"""IBKR's market-data farms: which of them an instrument's quotes come from, and what the gateway says of them."""

from __future__ import annotations

from ibwire.simulator.instruments import Instrument

_BY_EXCHANGE = {"SEHK": "hfarm", "EUREX": "eufarm"}
_BY_KIND = {
    "FUT": "usfuture",
    "FOP": "usfuture",
    "OPT": "usopt",
    "CASH": "cashfarm",
    "CRYPTO": "cashfarm",
}
USUAL = "usfarm"

FARMS = tuple(sorted({USUAL, *_BY_EXCHANGE.values(), *_BY_KIND.values()}))
"""Every farm there is."""

HISTORY_FARM = "ushmds"
DEFINITIONS_FARM = "secdefnj"

STARTING_NOTICES = (
    (2104, f"Market data farm connection is OK:{USUAL}"),
    (2106, f"HMDS data farm connection is OK:{HISTORY_FARM}"),
    (2158, f"Sec-def data farm connection is OK:{DEFINITIONS_FARM}"),
)
"""What a gateway says of its farms when a client has started (protocol notes, 1.6)."""


def farm_of(instrument: Instrument) -> str:
    """The farm that an instrument's quotes come from."""
    return _BY_EXCHANGE.get(instrument.exchange) or _BY_KIND.get(instrument.sec_type, USUAL)


def broken(farm: str) -> tuple[int, str]:
    """Code and text when a farm is lost."""
    return 2103, f"Market data farm connection is broken:{farm}"


def working(farm: str) -> tuple[int, str]:
    """Code and text when it is there again."""
    return 2104, f"Market data farm connection is OK:{farm}"
