"""Where books can be had, and who shows the rows of each (protocol notes, 3.4)."""

from __future__ import annotations

from ibwire.simulator.instruments import Instrument

SMART = "SMART"

DEEP, DEEP_WITH_MAKERS = "Deep", "Deep2"
"""The service of a venue: rows without a name, or with a market maker's."""

DEPTH_EXCHANGES = (
    ("NASDAQ", "STK", "NASDAQ", DEEP_WITH_MAKERS),
    ("ARCA", "STK", "ARCA", DEEP),
    ("NYSE", "STK", "NYSE", DEEP),
    ("BATS", "STK", "BATS", DEEP_WITH_MAKERS),
    ("IEX", "STK", "IEX", DEEP_WITH_MAKERS),
    ("SEHK", "STK", "SEHK", DEEP),
    ("CME", "FUT", "CME", DEEP),
    ("COMEX", "FUT", "COMEX", DEEP),
    ("NYMEX", "FUT", "NYMEX", DEEP),
    ("EUREX", "FUT", "EUREX", DEEP),
    ("IDEALPRO", "CASH", "", DEEP),
    ("PAXOS", "CRYPTO", "", DEEP),
)
"""Exchange, security type, listing exchange and service."""

MARKET_MAKERS = ("NSDQ", "CDRG", "JANE", "VIRT", "IMCC", "SUSQ", "GTSM", "HRTF")
"""Who shows rows at a venue with makers."""


def service(instrument: Instrument, exchange: str) -> str | None:
    """The service that a venue offers for this instrument; None if there is none."""
    offered = {name: what for name, sec_type, _, what in DEPTH_EXCHANGES if sec_type == instrument.sec_type}
    return offered.get(exchange) if exchange in instrument.valid_exchanges.split(",") else None


def smart_venues(instrument: Instrument) -> tuple[str, ...]:
    """The venues whose books smart depth puts together; none for what does not trade on SMART."""
    if SMART not in instrument.valid_exchanges.split(","):
        return ()
    return tuple(name for name, *_ in DEPTH_EXCHANGES if service(instrument, name) is not None)


def advice(instrument: Instrument) -> tuple[int, str]:
    """What smart depth says of its venues first."""
    deep = smart_venues(instrument)
    top = [name for name in instrument.valid_exchanges.split(",") if name not in (SMART, *deep)]
    return (
        2152,
        f"Exchanges - Depth: {''.join(f'{name}; ' for name in deep)}Top: {''.join(f'{name}; ' for name in top)}",
    )
