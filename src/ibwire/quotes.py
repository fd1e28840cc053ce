"""What a market-data line shows at one moment, as immutable records.

A field is None where nothing came, or where IBKR says that there is no data; a price of 0 is a price of 0. Prices are
`float`, sizes `Decimal`, times aware UTC. Which tick fills which field stands in `tick_fields`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, IntFlag

from msgspec import Struct

from ibwire.wire import messages as m


class MarketDataKind(IntEnum):
    """IBKR's market-data types."""

    LIVE = 1
    FROZEN = 2  # the last ones of a market that is closed
    DELAYED = 3
    DELAYED_FROZEN = 4


class PriceAttributes(IntFlag):
    """What IBKR says of a price (attrMask)."""

    NONE = 0
    CAN_AUTO_EXECUTE = 1
    PAST_LIMIT = 2
    PRE_OPEN = 4


class Greeks(Struct, frozen=True, kw_only=True, gc=False):
    """An option computation, from the bid, the ask, the last price or a model. What IBKR did not compute is None."""

    implied_volatility: float | None = None
    delta: float | None = None
    option_price: float | None = None
    pv_dividend: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    underlying_price: float | None = None
    is_price_based: bool | None = None
    """Whether it is based on prices (true) or on returns."""


class TradeReport(Struct, frozen=True, kw_only=True, gc=False):
    """RTVolume and RT trade volume: a trade, and the day so far. `time` is to the millisecond."""

    price: float | None
    size: Decimal | None
    time: datetime | None
    total_volume: Decimal | None
    vwap: float | None
    is_single_maker: bool


class Dividends(Struct, frozen=True, kw_only=True, gc=False):
    """Dividends per share: of the past and the next twelve months, and the next one; `next_date` is YYYYMMDD."""

    past_year: float | None
    next_year: float | None
    next_date: str | None
    next_amount: float | None


class Headline(Struct, frozen=True, kw_only=True, gc=False):
    """News about the instrument (generic tick `news`)."""

    time: datetime | None
    provider: str | None
    article_id: str | None
    text: str | None


class GenericTicks(Struct, frozen=True, kw_only=True, gc=False):
    """The rarer fields of a line. Most come only if their generic tick is asked for (`tick_fields.GENERIC_TICKS`)."""

    low_13_weeks: float | None = None
    high_13_weeks: float | None = None
    low_26_weeks: float | None = None
    high_26_weeks: float | None = None
    low_52_weeks: float | None = None
    high_52_weeks: float | None = None
    average_volume: Decimal | None = None
    open_interest: Decimal | None = None
    historical_volatility: float | None = None
    implied_volatility: float | None = None
    option_bid_exchanges: str | None = None
    option_ask_exchanges: str | None = None
    call_open_interest: Decimal | None = None
    put_open_interest: Decimal | None = None
    call_volume: Decimal | None = None
    put_volume: Decimal | None = None
    average_option_volume: Decimal | None = None
    index_future_premium: float | None = None
    auction_volume: Decimal | None = None
    auction_price: float | None = None
    auction_imbalance: Decimal | None = None
    regulatory_imbalance: Decimal | None = None
    mark_price: float | None = None
    slow_mark_price: float | None = None
    creditman_mark_price: float | None = None
    shortable: float | None = None
    """Above 2.5: easy to borrow; 1.5 to 2.5: to be located; below: not to be had."""
    shortable_shares: Decimal | None = None
    rt_volume: TradeReport | None = None
    rt_trade_volume: TradeReport | None = None
    bid_yield: float | None = None
    ask_yield: float | None = None
    last_yield: float | None = None
    trade_count: float | None = None
    trade_rate: float | None = None
    volume_rate: float | None = None
    last_rth_trade: float | None = None
    rt_historical_volatility: float | None = None
    dividends: Dividends | None = None
    bond_factor: float | None = None
    futures_open_interest: Decimal | None = None
    volume_3_minutes: Decimal | None = None
    volume_5_minutes: Decimal | None = None
    volume_10_minutes: Decimal | None = None
    regulatory_time: str | None = None
    """Unix seconds, as text."""
    etf_nav_close: float | None = None
    etf_nav_prior_close: float | None = None
    etf_nav_bid: float | None = None
    etf_nav_ask: float | None = None
    etf_nav_last: float | None = None
    etf_nav_frozen_last: float | None = None
    etf_nav_high: float | None = None
    etf_nav_low: float | None = None
    ipo_midpoint: float | None = None
    ipo_price: float | None = None
    odd_lot_bid: float | None = None
    odd_lot_ask: float | None = None
    odd_lot_bid_size: Decimal | None = None
    odd_lot_ask_size: Decimal | None = None
    odd_lot_bid_exchange: str | None = None
    odd_lot_ask_exchange: str | None = None
    headline: Headline | None = None


NO_GENERIC_TICKS = GenericTicks()


# Not keyword-only, though it is long: one is made for each update, and by position that takes 0.1 µs, not 3 µs.
class Quote(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """A market-data line at one moment.

    `market_data_kind` is None until the gateway has said it. `is_delayed`: the prices are those of about fifteen
    minutes ago. `is_stale`: the line is in a gap, and this was so before it. `exchange_ns` (when the last trade was, by
    the exchange, to the second) and `received_ns` (when the last tick came here) are Unix nanoseconds; the properties
    give them as times. `tick_type` is IBKR's number of the tick that came last, None if the last news was no tick.
    `skipped` says how many updates this consumer passed over since its last quote.
    """

    contract: m.Contract
    bid: float | None = None
    bid_size: Decimal | None = None
    ask: float | None = None
    ask_size: Decimal | None = None
    last: float | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    """The close of the day before."""
    exchange_ns: int | None = None
    halted: int | None = None
    """0: trading; 1: halted, in general; 2: halted for its volatility."""
    bid_attributes: PriceAttributes | None = None
    ask_attributes: PriceAttributes | None = None
    bid_exchanges: str | None = None
    """The letters of who is at the bid, which smart components expand."""
    ask_exchanges: str | None = None
    last_exchange: str | None = None
    bid_greeks: Greeks | None = None
    ask_greeks: Greeks | None = None
    last_greeks: Greeks | None = None
    model_greeks: Greeks | None = None
    generic: GenericTicks = NO_GENERIC_TICKS
    received_ns: int | None = None
    tick_type: int | None = None
    market_data_kind: MarketDataKind | None = None
    min_tick: Decimal | None = None
    bbo_exchange: str | None = None
    is_delayed: bool = False
    is_stale: bool = False
    skipped: int = 0

    @property
    def exchange_time(self) -> datetime | None:
        """When the last trade was, by the exchange (IBKR's last timestamp): the one time that comes with a quote."""
        return as_time(self.exchange_ns)

    @property
    def received_at(self) -> datetime | None:
        """When the last tick came."""
        return as_time(self.received_ns)


def as_time(nanoseconds: int | None) -> datetime | None:
    """Unix nanoseconds as aware UTC, to the microsecond."""
    return None if nanoseconds is None else datetime.fromtimestamp(nanoseconds / 1e9, UTC)
