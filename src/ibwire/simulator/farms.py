"""IBKR's data farms: which of them an instrument's quotes come from, and what the gateway says of them.

Sources: protocol notes 1.6 and 5.1.
"""

from __future__ import annotations

from collections.abc import Collection

from ibwire.simulator import reference
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.instruments import Instrument
from ibwire.wire import Message
from ibwire.wire import messages as m

_BY_EXCHANGE = {"SEHK": "hfarm", "EUREX": "eufarm"}
_BY_KIND = {
    "FUT": "usfuture",
    "FOP": "usfuture",
    "OPT": "usopt",
    "CASH": "cashfarm",
    "CRYPTO": "cashfarm",
}
USUAL = "usfarm"
HISTORY_FARM = "ushmds"
DEFINITIONS_FARM = "secdefnj"

MARKET_DATA_FARMS = tuple(sorted({USUAL, *_BY_EXCHANGE.values(), *_BY_KIND.values()}))
FARMS = (*MARKET_DATA_FARMS, HISTORY_FARM)
"""Every farm that can be lost."""

Notice = tuple[int, str]
"""A code and its text."""

OFFLINE: Notice = (
    2110,
    "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
)
"""What a client is told that starts while the gateway has no link to IBKR."""

_HISTORY_REQUESTS = (
    m.HistoricalDataRequest,
    m.HistoricalTicksRequest,
    m.HeadTimestampRequest,
    m.HistogramDataRequest,
)


def farm_of(instrument: Instrument) -> str:
    """The farm that an instrument's quotes come from."""
    return _BY_EXCHANGE.get(instrument.exchange) or _BY_KIND.get(instrument.sec_type, USUAL)


def farm_asked(request: Message, catalogue: Catalogue) -> str | None:
    """The farm that a request needs, as far as it is known which."""
    if isinstance(request, _HISTORY_REQUESTS):
        return HISTORY_FARM
    if isinstance(request, m.MarketDataRequest):
        found = reference.instruments_for(request.contract, catalogue)
        return farm_of(found[0]) if len(found) == 1 else None
    return None


def broken(farm: str) -> Notice:
    """When a farm is lost."""
    if farm == HISTORY_FARM:
        return 2105, f"HMDS data farm connection is broken:{farm}"
    return 2103, f"Market data farm connection is broken:{farm}"


def inactive(farm: str) -> Notice:
    """When a farm sleeps until somebody asks it for something."""
    if farm == HISTORY_FARM:
        return 2107, f"HMDS data farm connection is inactive but should be available upon demand.{farm}"
    return 2108, f"Market data farm connection is inactive but should be available upon demand.{farm}"


def working(farm: str) -> Notice:
    """When it is there, or there again."""
    if farm == HISTORY_FARM:
        return 2106, f"HMDS data farm connection is OK:{farm}"
    return 2104, f"Market data farm connection is OK:{farm}"


DEFINITIONS_OK: Notice = (2158, f"Sec-def data farm connection is OK:{DEFINITIONS_FARM}")


def starting_notices(down: Collection[str], asleep: Collection[str], *, is_offline: bool) -> list[Notice]:
    """What a gateway says when a client has started: of the usual farms, and of those that are not well."""
    if is_offline:
        return [OFFLINE]
    told = dict.fromkeys((USUAL, HISTORY_FARM, *sorted(down), *sorted(asleep)))
    notices = [broken(farm) if farm in down else inactive(farm) if farm in asleep else working(farm) for farm in told]
    return [*notices, DEFINITIONS_OK]
