"""The market shows what its feed has told by now, and hands out what happened in events."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ibwire.simulator.feed import Tick, TickType
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.market import Market, Quote, moves_orders
from tests.helpers.scripted_feed import ScriptedFeed, quote

AAPL, MSFT, TSLA = 265598, 272093, 76792991


def shown(*ticks: Tick) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    applied = Quote()
    for tick in ticks:
        applied.apply(tick)
    return {"sell": applied.side(is_buy=False), "buy": applied.side(is_buy=True)}


def tick(kind: TickType, price: float | None = None, size: int | None = None) -> Tick:
    return Tick(0.0, AAPL, kind, price, None if size is None else Decimal(size))


def groups(market: Market, at_s: float) -> list[list[tuple[float, int, int]]]:
    return [[(t.at_s, t.con_id, int(t.tick_type)) for t in group] for group in market.play_until(at_s)]


# --- a quote


def test_quote_before_the_first_tick_shows_neither_side() -> None:
    assert shown() == {"sell": (None, None), "buy": (None, None)}


def test_quote_shows_the_ask_to_a_buyer_and_the_bid_to_a_seller() -> None:
    assert shown(*quote(AAPL, 100.05, 300, 100.1, 200)) == {
        "sell": (Decimal("100.05"), Decimal(300)),
        "buy": (Decimal("100.1"), Decimal(200)),
    }


def test_quote_with_a_new_price_but_no_size_does_not_keep_the_size_of_the_old_price() -> None:
    assert shown(*quote(AAPL, ask=100.1, ask_size=200), *quote(AAPL, ask=100.2))["buy"] == (Decimal("100.2"), None)


def test_quote_with_a_new_size_alone_keeps_its_price() -> None:
    assert shown(*quote(AAPL, 100.0, 300), *quote(AAPL, bid_size=50))["sell"] == (Decimal("100.0"), Decimal(50))


@pytest.mark.parametrize("price", [-1.0, 0.0])
def test_quote_that_says_no_data_is_no_price(price: float) -> None:
    assert shown(*quote(AAPL, 100.0, 5), *quote(AAPL, price, 0))["sell"][0] is None


def test_quote_is_not_moved_by_trades_volume_and_prices_of_the_day() -> None:
    others = [tick(TickType.LAST, 99.0, 5), tick(TickType.LAST_SIZE, None, 5), tick(TickType.VOLUME, None, 10**6)]
    days = [tick(kind, 1.0) for kind in (TickType.HIGH, TickType.LOW, TickType.CLOSE, TickType.OPEN)]
    before = shown(*quote(AAPL, 100.0, 3, 100.1, 4))
    assert shown(*quote(AAPL, 100.0, 3, 100.1, 4), *others, *days, tick(TickType.LAST_TIMESTAMP)) == before


def test_price_of_a_side_is_exact() -> None:
    assert shown(*quote(AAPL, ask=1.17005))["buy"][0] == Decimal("1.17005")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *((kind, True) for kind in (TickType.BID, TickType.BID_SIZE, TickType.ASK, TickType.ASK_SIZE, TickType.LAST)),
        *((kind, False) for kind in (TickType.LAST_SIZE, TickType.VOLUME, TickType.LAST_TIMESTAMP)),
        (TickType.HIGH, False),
    ],
)
def test_only_prices_that_orders_look_at_and_sizes_move_orders(kind: TickType, *, expected: bool) -> None:
    assert moves_orders([tick(TickType.VOLUME, None, 1), tick(kind, 1.0, 1)]) is expected


# --- a market


def test_market_plays_what_is_due_and_no_more() -> None:
    market = Market(ScriptedFeed([*quote(AAPL, 100.0, at_s=0.5), *quote(AAPL, 101.0, at_s=1.5)]))
    assert market.next_at_s == 0.5
    assert groups(market, 0.4) == []
    assert groups(market, 0.5) == [[(0.5, AAPL, TickType.BID)]]
    assert market.next_at_s == 1.5
    assert market.quote(AAPL).side(is_buy=False)[0] == 100
    assert groups(market, 99) == [[(1.5, AAPL, TickType.BID)]]
    assert market.quote(AAPL).side(is_buy=False)[0] == 101


def test_market_whose_feed_is_over_says_so_and_keeps_its_quotes() -> None:
    market = Market(ScriptedFeed(quote(AAPL, 100.0)))
    assert len(groups(market, 0)) == 1
    assert market.next_at_s is None
    assert groups(market, 10) == []
    assert market.quote(AAPL).side(is_buy=False)[0] == 100


def test_market_groups_what_is_one_event_of_one_instrument() -> None:
    ticks = [
        *quote(AAPL, 100.0, 1, at_s=1),
        *quote(MSFT, 480.0, 1, at_s=1),
        *quote(MSFT, 481.0, at_s=2),
        *quote(MSFT, 482.0, at_s=3),
    ]
    assert groups(Market(ScriptedFeed(ticks)), 5) == [
        [(1, AAPL, TickType.BID), (1, AAPL, TickType.BID_SIZE)],
        [(1, MSFT, TickType.BID), (1, MSFT, TickType.BID_SIZE)],
        [(2, MSFT, TickType.BID)],
        [(3, MSFT, TickType.BID)],
    ]


def test_market_shows_with_each_event_the_quote_of_that_moment() -> None:
    market = Market(ScriptedFeed([*quote(AAPL, 100.0, 5, at_s=1), *quote(AAPL, 101.0, 6, at_s=2)]))
    seen = [market.quote(AAPL).side(is_buy=False) for _ in market.play_until(2)]
    assert seen == [(100, 5), (101, 6)]


def test_market_of_recordings_has_data_for_those_only() -> None:
    market = Market(ScriptedFeed(quote(AAPL, 100.0)))
    assert market.has_data(AAPL)
    assert not market.has_data(MSFT)


def test_generated_market_starts_to_generate_what_is_asked_for() -> None:
    market = Market(GeneratedFeed(1, [AAPL]))
    assert market.has_data(TSLA)
    seen = {group[0].con_id for group in market.play_until(10)}
    assert seen == {AAPL, TSLA}
    assert market.quote(TSLA).side(is_buy=True)[0] is not None


def test_generated_market_that_began_empty_generates_what_is_asked_for() -> None:
    market = Market(GeneratedFeed(1, []))
    assert market.next_at_s is None
    assert market.has_data(TSLA)
    assert {group[0].con_id for group in market.play_until(10)} == {TSLA}
