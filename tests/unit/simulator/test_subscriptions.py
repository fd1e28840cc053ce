"""A subscription opens as at a gateway, and every tick becomes the one message a gateway sends for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ibwire.simulator import subscriptions
from ibwire.simulator.feed import Tick, TickType
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.instruments import by_con_id
from ibwire.simulator.market import Market, Quote
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import ScriptedFeed, quote

AAPL = 265598
NOW_S = 1_775_000_000.9


def tick(kind: TickType, price: float | None = None, size: str | None = None, text: str | None = None) -> Tick:
    return Tick(0.0, AAPL, kind, price, None if size is None else Decimal(size), text)


def opening(quote_: Quote) -> list[Message]:
    instrument = by_con_id(AAPL)
    assert instrument is not None
    return subscriptions.known(instrument, quote_, NOW_S)


def played(ticks: list[Tick]) -> Quote:
    market = Market(ScriptedFeed(ticks))
    for _ in market.play_until(0):
        pass
    return market.quote(AAPL)


@pytest.mark.parametrize(("version", "precision"), [(213, None), (223, None), (224, "0.01"), (226, "0.01")])
def test_line_begins_with_its_parameters_and_precisions_for_who_knows_them(version: int, precision: str | None) -> None:
    instrument = by_con_id(AAPL)
    assert instrument is not None
    told = subscriptions.parameters(instrument, version)
    assert (told.min_tick, told.bbo_exchange, told.snapshot_permissions) == ("0.01", "9c0001", 3)
    assert told.last_price_precision == precision
    assert (told.last_size_precision is None) == (precision is None)


def test_opening_without_a_quote_tells_nothing() -> None:
    assert opening(Quote()) == []


def test_opening_tells_everything_that_is_known_now() -> None:
    ticks = [
        *quote(AAPL, 100.0, 300, 100.1, 200),
        tick(TickType.LAST, 100.1, "5"),
        tick(TickType.LAST_SIZE, None, "5"),
        tick(TickType.VOLUME, None, "12345"),
        tick(TickType.HIGH, 101.0),
        tick(TickType.CLOSE, 99.0),
    ]
    assert opening(played(ticks)) == [
        m.TickPrice(tick_type=1, price=100.0, size="300", attr_mask=1),
        m.TickPrice(tick_type=2, price=100.1, size="200", attr_mask=1),
        m.TickPrice(tick_type=4, price=100.1, size="5", attr_mask=0),
        m.TickPrice(tick_type=6, price=101.0, size="0", attr_mask=0),
        m.TickPrice(tick_type=9, price=99.0, size="0", attr_mask=0),
        m.TickSize(None, 0, "300"),
        m.TickSize(None, 3, "200"),
        m.TickSize(None, 5, "5"),
        m.TickSize(None, 8, "12345"),
        m.TickString(None, 45, "1775000000"),
        m.TickGeneric(None, 49, 0.0),
    ]


def test_opening_tells_the_newest_of_each_field() -> None:
    prices = [a.price for a in opening(played([*quote(AAPL, 100.0, 3), *quote(AAPL, 101.0)])) if type(a) is m.TickPrice]
    assert prices == [101.0]


def test_opening_without_a_trade_has_no_time_of_one() -> None:
    assert not [a for a in opening(played(quote(AAPL, 1.17, 5))) if isinstance(a, m.TickString)]


def test_no_data_is_price_minus_one_with_size_zero_on_both_sides() -> None:
    answers = [answer for answer in subscriptions.no_data() if isinstance(answer, m.TickPrice)]
    assert [(a.tick_type, a.price, a.size) for a in answers] == [(1, -1.0, "0"), (2, -1.0, "0")]
    assert None not in [answer.attr_mask for answer in answers]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (tick(TickType.BID, 100.0, "300"), m.TickPrice(tick_type=1, price=100.0, size="300", attr_mask=1)),
        (tick(TickType.ASK, 1.17005), m.TickPrice(tick_type=2, price=1.17005, size=None, attr_mask=1)),
        (tick(TickType.LAST, 100.0, "0.5"), m.TickPrice(tick_type=4, price=100.0, size="0.5", attr_mask=0)),
        (tick(TickType.LAST, 6850.0), m.TickPrice(tick_type=4, price=6850.0, size=None, attr_mask=0)),
        (tick(TickType.HIGH, 101.0), m.TickPrice(tick_type=6, price=101.0, size="0", attr_mask=0)),
        (tick(TickType.OPEN, 99.0), m.TickPrice(tick_type=14, price=99.0, size="0", attr_mask=0)),
        (tick(TickType.BID_SIZE, None, "300"), m.TickSize(None, 0, "300")),
        (tick(TickType.ASK_SIZE, None, "0"), m.TickSize(None, 3, "0")),
        (tick(TickType.VOLUME, None, "1E+6"), m.TickSize(None, 8, "1000000")),
        (tick(TickType.BID_SIZE, None, "1E-8"), m.TickSize(None, 0, "0.00000001")),
        (tick(TickType.HALTED, None, "2"), m.TickGeneric(None, 49, 2.0)),
        (tick(TickType.LAST_TIMESTAMP), m.TickString(None, 45, "1775000000")),
        (tick(TickType.LAST_TIMESTAMP, text="1600000000"), m.TickString(None, 45, "1600000000")),
    ],
)
def test_tick_becomes_its_message(told: Tick, expected: Message) -> None:
    assert subscriptions.tick_message(told, NOW_S) == expected


def test_price_ticks_always_carry_an_attribute_mask() -> None:
    market = Market(GeneratedFeed(1))
    prices = [t for group in market.play_until(20) for t in group if t.price is not None]
    answers = [subscriptions.tick_message(t, NOW_S) for t in prices]
    answers += [a for q in market.quotes.values() for a in opening(q)]
    masks = {a.tick_type: a.attr_mask for a in answers if isinstance(a, m.TickPrice)}
    assert masks == {1: 1, 2: 1, 4: 0, 6: 0, 7: 0, 9: 0, 14: 0}  # IBKR's client reads an absent mask as all bits
