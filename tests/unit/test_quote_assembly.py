"""Quotes out of ticks, held against a model that keeps the last of each field."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ibwire import tick_fields
from ibwire.quote_assembly import QuoteState, read_greeks, read_price, read_size
from ibwire.quotes import Dividends, GenericTicks, MarketDataKind, PriceAttributes, Quote, TradeReport
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign, size

AAPL = m.Contract(con_id=265598, exchange="SMART")
DBL_MAX = 1.7976931348623157e308
NUMBERS = st.floats(0, 1e6) | st.floats(-1e6, -1.5)
WHOLE = st.integers(0, 10**12).map(str)
KNOWN_PRICES = st.sampled_from(sorted(tick_fields.PRICES))
KNOWN_SIZES = st.sampled_from(sorted(tick_fields.SIZES))
TWINS = {live: delayed for delayed, live in tick_fields.DELAYED.items()}
GENERIC = set(GenericTicks.__struct_fields__)


class QuoteMachine(RuleBasedStateMachine):
    """Any ticks, gaps and changes of the kind of data; the model is a dictionary from field to value."""

    @initialize()
    def begin(self) -> None:
        self.state = QuoteState(AAPL)
        self.fields: dict[str, Any] = {}
        self.tick_type: int | None = None
        self.kind: MarketDataKind | None = None
        self.is_delayed = self.is_stale = False

    def give(self, message: Message, tick_type: int, **fields: Any) -> None:
        if tick_type in tick_fields.DELAYED and not self.is_delayed:
            self.fields, self.is_delayed = {}, True
        assert self.state.take(message)
        self.fields |= fields
        self.tick_type = tick_type

    def number_of(self, live: int) -> int:
        """A line with delayed data gets the delayed twin, if the tick has one."""
        return TWINS.get(live, live) if self.is_delayed else live

    @rule(live=KNOWN_PRICES, price=NUMBERS, text=WHOLE | st.none(), mask=st.integers(0, 7) | st.none())
    def price(self, live: int, price: float, text: str | None, mask: int | None) -> None:
        name, tick_type = tick_fields.PRICES[live], self.number_of(live)
        fields: dict[str, Any] = {name: price}
        if name in ("bid", "ask", "last") and text is not None:
            fields[f"{name}_size"] = Decimal(text)
        if name in ("bid", "ask"):
            fields[f"{name}_attributes"] = None if mask is None else PriceAttributes(mask)
        self.give(m.TickPrice(tick_type=tick_type, price=price, size=text, attr_mask=mask), tick_type, **fields)

    @rule(live=KNOWN_PRICES, text=st.sampled_from(["0", "-1", None]))
    def no_price(self, live: int, text: str | None) -> None:
        name, tick_type = tick_fields.PRICES[live], self.number_of(live)
        fields: dict[str, Any] = {name: None}
        if name in ("bid", "ask", "last") and text is not None:
            fields[f"{name}_size"] = None
        if name in ("bid", "ask"):
            fields[f"{name}_attributes"] = None
        self.give(m.TickPrice(tick_type=tick_type, price=-1.0, size=text, attr_mask=0), tick_type, **fields)

    @rule(live=KNOWN_SIZES, text=WHOLE | st.sampled_from(["0.5", "-1", "9223372036854775807", "", "x", None]))
    def size(self, live: int, text: str | None) -> None:
        is_known = text not in ("-1", "9223372036854775807", "", "x", None)
        name, tick_type = tick_fields.SIZES[live], self.number_of(live)
        exact = Decimal(text) if is_known and text is not None else None
        self.give(m.TickSize(tick_type=tick_type, size=text), tick_type, **{name: exact})

    @rule(live=st.sampled_from(sorted(tick_fields.NUMBERS)), value=NUMBERS)
    def number(self, live: int, value: float) -> None:
        self.give(m.TickGeneric(tick_type=live, value=value), live, **{tick_fields.NUMBERS[live]: value})

    @rule(live=st.sampled_from(sorted(tick_fields.TEXTS)), text=st.text("KQPZ", max_size=3))
    def text(self, live: int, text: str) -> None:
        self.give(m.TickString(tick_type=live, value=text), live, **{tick_fields.TEXTS[live]: text or None})

    @rule(seconds=st.integers(0, 2**33))
    def trade_time(self, seconds: int) -> None:
        tick_type = self.number_of(tick_fields.LAST_TIMESTAMP)
        self.give(m.TickString(tick_type=tick_type, value=str(seconds)), tick_type, exchange_ns=seconds * 10**9)

    @rule(value=st.sampled_from([-1.0, 0.0, 1.0, 2.0]))
    def halted(self, value: float) -> None:
        tick_type = self.number_of(tick_fields.HALTED)
        self.give(m.TickGeneric(tick_type=tick_type, value=value), tick_type, halted=None if value < 0 else int(value))

    @rule(live=st.sampled_from(sorted(tick_fields.COMPUTATIONS)), delta=st.floats(-1, 1))
    def computation(self, live: int, delta: float) -> None:
        tick_type = self.number_of(live)
        message = m.TickOptionComputation(tick_type=tick_type, delta=delta, implied_vol=-1.0, theta=-2.0)
        self.give(message, tick_type, **{tick_fields.COMPUTATIONS[live]: read_greeks(message)})

    @rule(kind=st.sampled_from(MarketDataKind))
    def kind_of_data(self, kind: MarketDataKind) -> None:
        before, self.kind = self.kind, kind
        is_delayed = kind in (MarketDataKind.DELAYED, MarketDataKind.DELAYED_FROZEN)
        if is_delayed != self.is_delayed:
            self.fields, self.tick_type, self.is_delayed = {}, None, is_delayed
        is_news = self.state.take(m.MarketDataType(market_data_type=kind.value))
        assert is_news == (before is not None and before is not kind)
        if is_news:
            self.tick_type = None

    @rule(tick_type=st.sampled_from([47, 91, 100, 111, 9999, -1, None]))
    def unknown(self, tick_type: int | None) -> None:
        for message in (m.TickPrice(tick_type=tick_type, price=1.0), m.TickString(tick_type=tick_type, value="1")):
            assert not self.state.take(message)

    @rule()
    def gap(self) -> None:
        self.state.grow_stale()
        self.is_stale = True

    @rule()
    def gap_ends(self) -> None:
        self.state.restart()
        self.fields, self.tick_type, self.is_stale = {}, None, False

    @invariant()
    def quote_is_the_models(self) -> None:
        if not hasattr(self, "state"):
            return
        if self.fields and self.tick_type in tick_fields.DELAYED:
            assert self.is_delayed
        generic = GenericTicks(**{name: value for name, value in self.fields.items() if name in GENERIC})
        own = {name: value for name, value in self.fields.items() if name not in GENERIC}
        expected = Quote(
            AAPL,
            **own,
            generic=generic,
            received_ns=1_500_000_000,
            tick_type=self.tick_type,
            market_data_kind=self.kind,
            is_delayed=self.is_delayed,
            is_stale=self.is_stale,
            skipped=3,
        )
        self.state.received_s = 1.5
        assert self.state.quote(skipped=3) == expected
        assert self.state.has_data == any(value is not None for value in self.fields.values())


QuoteMachine.TestCase.settings = settings(
    max_examples=size(part=25, full=2_000), stateful_step_count=30, deadline=None, database=None, derandomize=True
)
TestQuoteMachine = pytest.mark.campaign(QuoteMachine.TestCase)


ANYTHING = st.one_of(st.none(), st.integers(-(2**31), 2**31), st.sampled_from(range(112)))
ANY_TEXT = st.none() | st.text(max_size=20) | st.lists(WHOLE | st.just(""), max_size=8).map(";".join)
ANY_NUMBER = st.none() | st.floats()
ANY_TICK = st.one_of(
    st.builds(m.TickPrice, tick_type=ANYTHING, price=ANY_NUMBER, size=ANY_TEXT, attr_mask=ANYTHING),
    st.builds(m.TickSize, tick_type=ANYTHING, size=ANY_TEXT),
    st.builds(m.TickGeneric, tick_type=ANYTHING, value=ANY_NUMBER),
    st.builds(m.TickString, tick_type=ANYTHING, value=ANY_TEXT),
    st.builds(m.TickOptionComputation, tick_type=ANYTHING, delta=ANY_NUMBER, implied_vol=ANY_NUMBER),
    st.builds(m.MarketDataType, market_data_type=ANYTHING),
    st.builds(m.TickReqParams, min_tick=ANY_TEXT),
    st.builds(m.TickNews, timestamp=st.none() | st.integers(-(2**63), 2**63 - 1)),
)


@campaign(part=150, full=20_000)
@given(st.lists(ANY_TICK, max_size=20))
def test_nothing_that_a_gateway_may_send_breaks_a_quote(messages: list[Message]) -> None:
    state = QuoteState(AAPL)
    for message in messages:
        state.take(message)
    quote = state.quote()
    assert quote.exchange_time is None or quote.exchange_time.tzinfo is UTC
    for price in (quote.bid, quote.ask, quote.last, quote.generic.mark_price):
        assert price is None or abs(price) < DBL_MAX


def test_price_of_zero_is_one_and_minus_one_is_one_with_a_size() -> None:
    assert read_price(0.0, "0") == 0.0
    assert read_price(-1.0, "5") == -1.0
    assert read_price(-1.0, "0") is read_price(-1.0, None) is read_price(DBL_MAX, "1") is None
    assert read_size("0") == 0
    assert read_size("0.00001") == Decimal("0.00001")


def test_computations_that_were_not_made_are_none_and_zero_is_zero() -> None:
    none = read_greeks(
        m.TickOptionComputation(
            tick_type=10,
            implied_vol=-1.0,
            delta=-2.0,
            opt_price=-1.0,
            pv_dividend=-1.0,
            gamma=-2.0,
            vega=-2.0,
            theta=DBL_MAX,
            und_price=-1.0,
        )
    )
    assert {getattr(none, name) for name in none.__struct_fields__} == {None}
    some = read_greeks(m.TickOptionComputation(tick_type=13, tick_attrib=1, delta=-1.0, opt_price=0.0, theta=-1.0))
    assert (some.delta, some.option_price, some.theta, some.is_price_based) == (-1.0, 0.0, -1.0, True)


def test_texts_with_parts_are_taken_apart() -> None:
    state = QuoteState(AAPL)
    state.take(m.TickString(tick_type=48, value=";0.5;1700000000123;12345;101.25;true"))
    state.take(m.TickString(tick_type=59, value="0.92,0.96,20260810,0.24"))
    state.take(m.TickString(tick_type=77, value="1"))
    state.take(m.TickReqParams(min_tick="0.01", bbo_exchange="9c0001"))
    quote = state.quote()
    assert quote.generic.rt_volume == TradeReport(
        price=None,
        size=Decimal("0.5"),
        time=datetime(2023, 11, 14, 22, 13, 20, 123000, UTC),
        total_volume=Decimal(12345),
        vwap=101.25,
        is_single_maker=True,
    )
    assert quote.generic.rt_trade_volume is not None
    assert (quote.generic.rt_trade_volume.price, quote.generic.rt_trade_volume.time) == (1.0, None)
    assert quote.generic.dividends == Dividends(past_year=0.92, next_year=0.96, next_date="20260810", next_amount=0.24)
    assert (quote.min_tick, quote.bbo_exchange) == (Decimal("0.01"), "9c0001")


def test_quotes_do_not_change_when_the_state_does() -> None:
    state = QuoteState(AAPL)
    state.take(m.TickPrice(tick_type=1, price=1.0, size="1", attr_mask=0))
    state.take(m.TickGeneric(tick_type=23, value=0.5))
    first = state.quote()
    state.take(m.TickPrice(tick_type=1, price=2.0, size="1", attr_mask=0))
    state.take(m.TickGeneric(tick_type=23, value=0.6))
    assert (first.bid, first.generic.historical_volatility) == (1.0, 0.5)
    with pytest.raises(AttributeError):
        first.bid = 3.0  # type: ignore[misc]
