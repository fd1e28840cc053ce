"""IBKR's kinds of historical data: which instruments have which, and what they are called in error texts.

Source: protocol notes, 3.6; IBKR's table of the historical data types of each product.
"""

from __future__ import annotations

from msgspec import Struct

from ibwire.simulator.instruments import Instrument

SCHEDULE = "SCHEDULE"
ADJUSTED_LAST = "ADJUSTED_LAST"
BID_ASK = "BID_ASK"


class Series(Struct, frozen=True):
    """The names of a kind of data: in the answer to a query without data, and where there can be none."""

    of_query: str
    of_service: str


SERIES = {
    "TRADES": Series("Trades", "Last"),
    "MIDPOINT": Series("Midpoint", "MidPoint"),
    "BID": Series("Bid", "Bid"),
    "ASK": Series("Ask", "Ask"),
    BID_ASK: Series("Bid_Ask", "BidAsk"),
    ADJUSTED_LAST: Series("Adjusted_Last", "AdjustedLast"),
    "HISTORICAL_VOLATILITY": Series("Historical_Volatility", "HistoricalVolatility"),
    "OPTION_IMPLIED_VOLATILITY": Series("Option_Implied_Volatility", "OptImpliedVolatility"),
    "FEE_RATE": Series("Fee_Rate", "FeeRate"),
    "YIELD_BID": Series("Yield_Bid", "YieldBid"),
    "YIELD_ASK": Series("Yield_Ask", "YieldAsk"),
    "YIELD_BID_ASK": Series("Yield_Bid_Ask", "YieldBidAsk"),
    "YIELD_LAST": Series("Yield_Last", "YieldLast"),
    "AGGTRADES": Series("AggTrades", "AggTrades"),
    SCHEDULE: Series("Schedule", "Schedule"),
}
"""Every kind of data by the name that requests use."""

NO_SUCH_SERIES = f"Historical data type is invalid. Legal ones are: {', '.join(SERIES)}"

LIVE_SERIES = frozenset({"TRADES", "MIDPOINT", "BID", "ASK", "AGGTRADES"})
"""What bars are kept up to date of."""

TICK_SERIES = ("TRADES", "MIDPOINT", BID_ASK)
"""What there are historical ticks of."""

_QUOTES = frozenset({"MIDPOINT", "BID", "ASK", BID_ASK, SCHEDULE})
_TRADES = _QUOTES | {"TRADES"}
_RATES = frozenset({"HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY"})
_BY_KIND = {
    "STK": _TRADES | _RATES | {ADJUSTED_LAST, "FEE_RATE"},
    "FUT": _TRADES,
    "CONTFUT": _TRADES,
    "OPT": _TRADES,
    "FOP": _TRADES,
    "IND": _RATES | {"TRADES", SCHEDULE},
    "CASH": _QUOTES,
    "CRYPTO": _QUOTES | {"AGGTRADES"},
}

AGGREGATED = (10299, "Expected what to show is AGGTRADES, please use that instead of TRADES.")
"""What a request for the trades of a cryptocurrency is told."""


def has_series(instrument: Instrument, what: str) -> bool:
    """Whether an instrument of this kind has this kind of data at all. Yields are of bonds, which are not simulated."""
    return what in _BY_KIND[instrument.sec_type]


def needs_aggregated(instrument: Instrument, what: str) -> bool:
    """Whether the one name is to be replaced by the other."""
    return instrument.sec_type == "CRYPTO" and what == "TRADES"


def no_data(instrument: Instrument, exchange: str, what: str) -> str:
    """What a query that found nothing is told."""
    name = f"{instrument.local_symbol}@{exchange or instrument.exchange} {SERIES[what].of_query}"
    return f"HMDS query returned no data: {name}"


def no_such_data(instrument: Instrument, exchange: str, what: str, length_s: int) -> str:
    """What a query for data that an instrument cannot have is told, with the length of the bars asked for."""
    name = f"{instrument.symbol}/{instrument.sec_type}@{exchange or instrument.exchange}"
    return f"No historical market data for {name} {SERIES[what].of_service} {length_s}"
