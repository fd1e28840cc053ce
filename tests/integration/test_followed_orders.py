"""Orders of ours at the simulated gateway, followed by what it says, and again by what the journal kept."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

from ibwire.connection import ConnectionManager
from ibwire.execution_matching import ExecutionMatcher
from ibwire.journal import Journal
from ibwire.journal_records import Kind, entry, heard
from ibwire.order_changes import OrderKey
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.order_types import limit, market
from ibwire.order_wire import place_request
from ibwire.orders import Order
from ibwire.streams import MessageStream
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.journals import NOW, ref_of
from tests.helpers.scripted_feed import quote
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, client_of, raw, take, trading


def names(order_id: int) -> OrderKey:
    return OrderKey(client_ref=str(ref_of(order_id)), client_id=1, order_id=order_id)


def sent(client: ConnectionManager, order_id: int, order: Order) -> tuple[TrackedOrder, MessageStream]:
    tracked = TrackedOrder(names(order_id), AAPL_CONTRACT, order)
    news = client.stream(place_request(order_id, AAPL_CONTRACT, order))
    tracked.sent()
    return tracked, news


async def hear(client: ConnectionManager, tracked: TrackedOrder, news: MessageStream) -> list[Message]:
    messages = await take(client, news)
    for message in messages:
        tracked.feed(message)
    return messages


async def test_a_market_order_is_filled() -> None:
    async with trading() as (client, _, _):
        order, news = sent(client, 1, market("BUY", 10))
        async with news:
            await hear(client, order, news)
    assert (order.state, order.filled, order.average_price) == (OrderState.FILLED, 10, Decimal("100.1"))
    assert (len(order.fills), len(order.commissions), order.doubts) == (1, 1, ())


async def test_a_part_fills_and_the_rest_is_cancelled() -> None:
    async with trading() as (client, _, _):
        order, news = sent(client, 1, limit("BUY", 500, "100.1"))
        async with news:
            await hear(client, order, news)
            assert (order.state, order.filled, order.remaining) == (OrderState.PARTIALLY_FILLED, 200, 300)
            client.send(m.CancelOrderRequest(1))
            order.cancel_sent()
            await hear(client, order, news)
    assert (order.state, order.filled, order.remaining) == (OrderState.CANCELLED, 200, 300)


async def test_a_refused_order_is_rejected_and_a_refused_change_is_not() -> None:
    async with trading() as (client, _, _):
        refused, news = sent(client, 1, limit("BUY", 10, "99.001"))
        async with news:
            await hear(client, refused, news)
        working, news = sent(client, 2, limit("BUY", 10, 99))
        async with news:
            await hear(client, working, news)
            worse = limit("BUY", 10, "99.001")
            client.send(place_request(2, AAPL_CONTRACT, worse))
            working.change_sent(worse)
            await hear(client, working, news)
    assert (refused.state, [one.code for one in refused.notices]) == (OrderState.REJECTED, [110])
    assert (working.state, [one.code for one in working.notices]) == (OrderState.SUBMITTED, [110])


async def test_what_filled_while_we_were_away_is_booked_once_after_a_reconnect() -> None:
    async with trading() as (client, feed, gateway):
        order, news = sent(client, 1, limit("BUY", 10, 99, order_ref=ref_of(1).order_ref("tag")))
        async with news:
            await hear(client, order, news)
            assert order.state is OrderState.SUBMITTED
        await client.disconnect()
        async with raw(gateway, 9) as watcher:
            watcher.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
            feed.tell(quote(AAPL, ask=98.0, ask_size=100))
            await watcher.until(
                lambda: any(isinstance(one, m.TickPrice) and one.price == 98.0 for one in watcher.messages)
            )
        async with client_of(gateway) as again:
            matcher: ExecutionMatcher[int] = ExecutionMatcher()
            matcher.know(1, names(1))
            for _ in range(2):
                for report in await again.request(m.ExecutionRequest(5)):
                    if isinstance(report, m.ExecutionDetails | m.CommissionAndFeesReport):
                        found = matcher.match(report)
                        assert found is not None
                        for one in found[1]:
                            order.feed(one)
    assert (order.state, order.filled, len(order.fills), len(order.commissions)) == (OrderState.FILLED, 10, 1, 1)


async def test_the_journal_follows_an_order_as_it_was_followed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3", NOW)
    async with trading() as (client, _, _):
        order_id = 1
        terms = limit("BUY", 500, "100.1", order_ref=ref_of(1).order_ref("tag"))
        await journal.write(entry(Kind.INTENT, NOW, names(order_id), place_request(order_id, AAPL_CONTRACT, terms)))
        order, news = sent(client, order_id, terms)
        journal.note(entry(Kind.SENT, NOW, names(order_id)))
        async with news:
            told = await take(client, news)
            random.Random(3).shuffle(told)
            for message in told:
                if order.feed(message):
                    journal.note(heard(message, NOW, order.key))
    await journal.aclose()
    again = Journal(tmp_path / "journal.sqlite3", NOW)
    (followed,) = again.orders()
    assert again.mark(1) == 1
    await again.aclose()
    assert (followed.state, followed.fills, followed.key) == (order.state, order.fills, order.key)
    assert followed.filled == 200
