"""Which tick fills which field of a quote, and which generic tick brings it (protocol notes, 3.2.1).

Tables only: the tick types by what carries them, the delayed ones and what they stand for, and the generic ticks by
name. A delayed tick fills the field of its live twin.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ibwire.exceptions import InvalidRequest

PRICES: dict[int, str] = {
    1: "bid",
    2: "ask",
    4: "last",
    6: "high",
    7: "low",
    9: "close",
    14: "open",
    15: "low_13_weeks",
    16: "high_13_weeks",
    17: "low_26_weeks",
    18: "high_26_weeks",
    19: "low_52_weeks",
    20: "high_52_weeks",
    35: "auction_price",
    37: "mark_price",
    50: "bid_yield",
    51: "ask_yield",
    52: "last_yield",
    57: "last_rth_trade",
    78: "creditman_mark_price",
    79: "slow_mark_price",
    92: "etf_nav_close",
    93: "etf_nav_prior_close",
    94: "etf_nav_bid",
    95: "etf_nav_ask",
    96: "etf_nav_last",
    97: "etf_nav_frozen_last",
    98: "etf_nav_high",
    99: "etf_nav_low",
    101: "ipo_midpoint",
    102: "ipo_price",
    105: "odd_lot_bid",
    106: "odd_lot_ask",
}
"""Tick types that come as TickPrice, and their fields: of the quote, or of its generic ticks."""

SIZE_OF_PRICE: dict[str, str] = {"bid": "bid_size", "ask": "ask_size", "last": "last_size"}
"""The prices that come with a size."""

ATTRIBUTES_OF_PRICE: dict[str, str] = {"bid": "bid_attributes", "ask": "ask_attributes"}

SIZES: dict[int, str] = {
    0: "bid_size",
    3: "ask_size",
    5: "last_size",
    8: "volume",
    21: "average_volume",
    22: "open_interest",
    27: "call_open_interest",
    28: "put_open_interest",
    29: "call_volume",
    30: "put_volume",
    34: "auction_volume",
    36: "auction_imbalance",
    61: "regulatory_imbalance",
    63: "volume_3_minutes",
    64: "volume_5_minutes",
    65: "volume_10_minutes",
    86: "futures_open_interest",
    87: "average_option_volume",
    89: "shortable_shares",
    107: "odd_lot_bid_size",
    108: "odd_lot_ask_size",
}
"""Tick types that come as TickSize."""

NUMBERS: dict[int, str] = {
    23: "historical_volatility",
    24: "implied_volatility",
    31: "index_future_premium",
    46: "shortable",
    54: "trade_count",
    55: "trade_rate",
    56: "volume_rate",
    58: "rt_historical_volatility",
    60: "bond_factor",
}
"""Tick types that come as TickGeneric and are kept as they are."""

HALTED = 49
"""The one that is read otherwise: -1 is not known."""

TEXTS: dict[int, str] = {
    25: "option_bid_exchanges",
    26: "option_ask_exchanges",
    32: "bid_exchanges",
    33: "ask_exchanges",
    84: "last_exchange",
    85: "regulatory_time",
    109: "odd_lot_bid_exchange",
    110: "odd_lot_ask_exchange",
}
"""Tick types that come as TickString and are kept as they are."""

LAST_TIMESTAMP, DIVIDENDS, NEWS = 45, 59, 62
TRADE_REPORTS: dict[int, str] = {48: "rt_volume", 77: "rt_trade_volume"}
"""Those that are taken apart."""

COMPUTATIONS: dict[int, str] = {10: "bid_greeks", 11: "ask_greeks", 12: "last_greeks", 13: "model_greeks"}
"""Tick types that come as TickOptionComputation."""

DELAYED: dict[int, int] = {
    66: 1,
    67: 2,
    68: 4,
    69: 0,
    70: 3,
    71: 5,
    72: 6,
    73: 7,
    74: 8,
    75: 9,
    76: 14,
    80: 10,
    81: 11,
    82: 12,
    83: 13,
    88: 45,
    90: 49,
    103: 50,
    104: 51,
}
"""The delayed tick types and their live twins."""


class GenericTick(Struct, frozen=True):
    """What may be asked for besides the usual fields: its name here, IBKR's number, and the fields that it brings."""

    name: str
    number: int
    fields: tuple[str, ...]


GENERIC_TICKS: tuple[GenericTick, ...] = (
    GenericTick("option_volume", 100, ("call_volume", "put_volume")),
    GenericTick("option_open_interest", 101, ("call_open_interest", "put_open_interest")),
    GenericTick("historical_volatility", 104, ("historical_volatility",)),
    GenericTick("average_option_volume", 105, ("average_option_volume",)),
    GenericTick("implied_volatility", 106, ("implied_volatility",)),
    GenericTick("index_future_premium", 162, ("index_future_premium",)),
    GenericTick(
        "statistics",
        165,
        (
            *("low_13_weeks", "high_13_weeks", "low_26_weeks", "high_26_weeks", "low_52_weeks", "high_52_weeks"),
            "average_volume",
        ),
    ),
    GenericTick("mark_price", 232, ("mark_price",)),
    GenericTick("auction", 225, ("auction_volume", "auction_price", "auction_imbalance", "regulatory_imbalance")),
    GenericTick("rt_volume", 233, ("rt_volume",)),
    GenericTick("shortable", 236, ("shortable", "shortable_shares")),
    GenericTick("news", 292, ("headline",)),
    GenericTick("trade_count", 293, ("trade_count",)),
    GenericTick("trade_rate", 294, ("trade_rate",)),
    GenericTick("volume_rate", 295, ("volume_rate",)),
    GenericTick("last_rth_trade", 318, ("last_rth_trade",)),
    GenericTick("rt_trade_volume", 375, ("rt_trade_volume",)),
    GenericTick("rt_historical_volatility", 411, ("rt_historical_volatility",)),
    GenericTick("dividends", 456, ("dividends",)),
    GenericTick("bond_factor", 460, ("bond_factor",)),
    GenericTick("etf_nav_bid_ask", 576, ("etf_nav_bid", "etf_nav_ask")),
    GenericTick("etf_nav_last", 577, ("etf_nav_last",)),
    GenericTick("etf_nav_close", 578, ("etf_nav_close", "etf_nav_prior_close")),
    GenericTick("ipo_prices", 586, ("ipo_midpoint", "ipo_price")),
    GenericTick("futures_open_interest", 588, ("futures_open_interest",)),
    GenericTick("short_term_volume", 595, ("volume_3_minutes", "volume_5_minutes", "volume_10_minutes")),
    GenericTick("etf_nav_high_low", 614, ("etf_nav_high", "etf_nav_low")),
    GenericTick("etf_nav_frozen_last", 623, ("etf_nav_frozen_last",)),
    GenericTick(
        "odd_lots",
        787,
        (
            *("odd_lot_bid", "odd_lot_ask", "odd_lot_bid_size", "odd_lot_ask_size"),
            *("odd_lot_bid_exchange", "odd_lot_ask_exchange"),
        ),
    ),
)
"""Every generic tick. `news` may name its providers: `news:BRFG+DJNL`."""

_NUMBERS_BY_NAME = {tick.name: tick.number for tick in GENERIC_TICKS}


def generic_tick_list(names: Iterable[str]) -> tuple[str, ...]:
    """The entries of a generic tick list for these names, in the order of their numbers.

    Raises InvalidRequest naming all that are not known.
    """
    chosen = {name: name.partition(":")[0] for name in names}
    unknown = [name for name, known in chosen.items() if known not in _NUMBERS_BY_NAME]
    if unknown:
        raise InvalidRequest(f"no such generic ticks: {', '.join(unknown)}; there are {', '.join(_NUMBERS_BY_NAME)}")
    entries = {
        f"{_NUMBERS_BY_NAME[known]}{name[len(known) :]}": _NUMBERS_BY_NAME[known] for name, known in chosen.items()
    }
    return tuple(sorted(entries, key=lambda entry: (entries[entry], entry)))
