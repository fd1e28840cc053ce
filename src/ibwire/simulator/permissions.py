"""Which market data the login has: by instrument, exchange or security type (protocol notes, 3.2)."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from ibwire.simulator.instruments import INSTRUMENTS, Instrument

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
"""IBKR's market-data types."""

NOT_SUBSCRIBED = (354, "Requested market data is not subscribed.")
DELAYED_NOT_ENABLED = (10168, "Requested market data is not subscribed. Delayed market data is not enabled.")
NOT_FOR_THE_API = (
    10089,
    (
        "Requested market data requires additional subscription for API. "
        "See link in 'Market Data Connections' dialog for more details."
    ),
)
DISPLAYING_DELAYED = (10167, "Requested market data is not subscribed. Displaying delayed market data.")
PARTLY_SUBSCRIBED = (
    10090,
    "Part of requested market data is not subscribed. Subscription-independent ticks are still active.",
)


class Access(enum.Enum):
    """What a login may see of an instrument.

    LIVE is everything. DELAYED is delayed data, when the client has enabled them. TWS_ONLY is a subscription that does
    not count for the API, where it is as good as DELAYED. NONE is nothing.
    """

    LIVE = "live"
    DELAYED = "delayed"
    TWS_ONLY = "tws_only"
    NONE = "none"


_REFUSALS = {
    Access.DELAYED: DELAYED_NOT_ENABLED,
    Access.TWS_ONLY: NOT_FOR_THE_API,
    Access.NONE: NOT_SUBSCRIBED,
}


class Permissions:
    """The login's subscriptions: everything is live but what `access` says of it.

    Its keys are local symbols, exchanges and security types; where several fit, the first of these decides. Raises
    ValueError for a key that fits no instrument, and for a value that is no `Access`.
    """

    def __init__(self, access: Mapping[str, Access | str] | None = None) -> None:
        self._access = {name: Access(value) for name, value in (access or {}).items()}
        for name in self._access:
            if not any(name in _names(instrument) for instrument in INSTRUMENTS):
                raise ValueError(f"no instrument has the local symbol, exchange or security type {name!r}")

    def access(self, instrument: Instrument) -> Access:
        """What may be seen of this instrument."""
        return next((self._access[name] for name in _names(instrument) if name in self._access), Access.LIVE)

    def is_live(self, instrument: Instrument) -> bool:
        """Whether live data may be seen."""
        return self.access(instrument) is Access.LIVE

    def refusal(self, instrument: Instrument, enabled_type: int) -> tuple[int, str] | None:
        """Code and text for a client that has enabled this market-data type; None if there is something to see."""
        access = self.access(instrument)
        if access is Access.LIVE or (access is not Access.NONE and enables_delayed(enabled_type)):
            return None
        return _REFUSALS[access]


def enables_delayed(enabled_type: int) -> bool:
    """Whether a client that has asked for this market-data type gets delayed data where it has no live ones."""
    return enabled_type in (DELAYED, DELAYED_FROZEN)


def shown_type(enabled_type: int, *, is_live: bool, is_open: bool) -> int:
    """The market-data type that a line has: frozen only while the market is closed, live for who may see it."""
    if is_live:
        return FROZEN if enabled_type == FROZEN and not is_open else LIVE
    return DELAYED_FROZEN if enabled_type == DELAYED_FROZEN and not is_open else DELAYED


def _names(instrument: Instrument) -> tuple[str, ...]:
    return instrument.local_symbol, instrument.primary_exchange, instrument.exchange, instrument.sec_type
