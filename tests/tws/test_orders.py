"""Orders on a real paper account: placed, changed, cancelled and filled, tiny ones. Never run in CI.

It refuses to run on a live account, before it places anything. At the end it cancels what it placed and sells what it
bought; if a run is cut short, the next one begins with cancelling what it finds of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.client_refs import split_order_ref
from ibwire.exceptions import OrderRejected
from ibwire.order_guards import PAPER_PREFIX, market_price_of
from ibwire.order_states import OrderState
from ibwire.orders import bracket, limit, market
from ibwire.quotes import MarketDataKind
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.wire import messages as m

pytestmark = pytest.mark.tws

APPLE = m.Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
TAG = "ibwire-tws"
PATIENCE_S = 60.0
FAR_BELOW = Decimal("0.80")
"""Of the market's price: a buy there does not fill, and IBKR takes it all the same."""


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[IBSession]:
    """A session that may only trade on paper, two shares at most; it leaves nothing behind."""
    settings = Settings.from_env(prefix="TWS_TEST_", env_file=None)
    trading = replace(
        settings.trading,
        allow_live=False,
        journal_path=tmp_path / "journal.sqlite3",
        max_order_quantity=Decimal(2),
        max_open_orders=5,
        allowed_symbols=("AAPL",),
    )
    async with IBSession(replace(settings, trading=trading)) as session:
        if not session.accounts or not all(account.startswith(PAPER_PREFIX) for account in session.accounts):
            pytest.fail("this login has an account that is no paper account: nothing was placed", pytrace=False)
        await session.trading.ready()
        await cancel_leftovers(session)
        try:
            yield session
        finally:
            await session.trading.cancel_all()
            await cancel_leftovers(session)
            bought = sum(one.filled if one.order.action == "BUY" else -one.filled for one in session.trading.orders)
            if bought:
                handle = await session.trading.place(APPLE, market("BUY" if bought < 0 else "SELL", abs(bought)))
                async with asyncio.timeout(PATIENCE_S):
                    await handle.done()


async def cancel_leftovers(session: IBSession) -> None:
    """Cancel what an earlier run of these tests left open under this client id."""
    for known in await session.trading.open_orders():
        is_ours = known.tag == TAG and known.client_ref is not None and known.client_id == session.client_id
        if is_ours:
            await session.trading.cancel_order(known)


async def price_of(session: IBSession) -> Decimal:
    """About what Apple trades at, delayed data will do."""
    await session.market_data.set_market_data_kind(MarketDataKind.DELAYED_FROZEN)
    quote = await session.market_data.snapshot(APPLE, timeout=PATIENCE_S)
    price = market_price_of(quote) or (Decimal(str(quote.close)) if quote.close else None)
    if price is None:
        pytest.skip("the gateway has no price of Apple")
    return price.quantize(Decimal("0.01"))


async def far_limit(session: IBSession) -> Decimal:
    """A price at which a buy rests."""
    return (await price_of(session) * FAR_BELOW).quantize(Decimal("0.01"))


async def test_an_order_is_placed_changed_and_cancelled(session: IBSession) -> None:
    price = await far_limit(session)
    async with asyncio.timeout(PATIENCE_S):
        handle = await session.trading.place(APPLE, limit("BUY", 1, price, order_ref=TAG))
        assert (await handle.acknowledged()) in (
            OrderState.PENDING_SUBMIT,
            OrderState.PRE_SUBMITTED,
            OrderState.SUBMITTED,
        )
        (known,) = [one for one in await session.trading.open_orders() if one.client_ref == handle.key.client_ref]
        assert (known.tag, split_order_ref(known.order.order_ref)[0]) == (TAG, TAG)
        await handle.modify(limit_price=price - 1, total_quantity=Decimal(2))
        while True:
            found = [one for one in await session.trading.open_orders() if one.perm_id == handle.key.perm_id]
            if found and found[0].order.limit_price == price - 1:
                break
            await asyncio.sleep(1)
        await handle.cancel()
        assert await handle.done() is OrderState.CANCELLED
    assert handle.filled == 0


async def test_an_order_that_ibkr_refuses_is_rejected_with_its_reason(session: IBSession) -> None:
    price = await far_limit(session)
    async with asyncio.timeout(PATIENCE_S):
        handle = await session.trading.place(APPLE, limit("BUY", 1, price + Decimal("0.001"), order_ref=TAG))
        assert await handle.done() is OrderState.REJECTED
        assert handle.reason
        with pytest.raises(OrderRejected):
            await handle.acknowledged()


async def test_a_tiny_order_fills_and_is_charged(session: IBSession) -> None:
    """Only while the market is open; otherwise it is cancelled again."""
    handle = await session.trading.place(APPLE, market("BUY", 1, order_ref=TAG))
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert await handle.done() is OrderState.FILLED
    except TimeoutError:
        await handle.cancel()
        pytest.skip("the market is closed: the order was cancelled")
    assert (handle.filled, handle.remaining, len(handle.fills)) == (1, 0, 1)
    async with asyncio.timeout(PATIENCE_S), handle.updates() as updates:
        while handle.commission is None:
            await anext(updates)
    executions = await session.trading.executions()
    assert handle.key.client_ref in [one.client_ref for one in executions]


async def test_a_bracket_is_taken_and_cancelled_as_one(session: IBSession) -> None:
    price = await far_limit(session)
    group = bracket("BUY", 1, limit_price=price, take_profit_price=price + 5, stop_loss_price=price - 5, order_ref=TAG)
    async with asyncio.timeout(PATIENCE_S):
        handles = await session.trading.place_group(APPLE, group)
        for handle in handles:
            await handle.acknowledged()
        await handles[0].cancel()
        assert [await handle.done() for handle in handles] == [OrderState.CANCELLED] * 3


async def test_a_reconnect_finds_the_order_again(session: IBSession) -> None:
    price = await far_limit(session)
    async with asyncio.timeout(PATIENCE_S):
        handle = await session.trading.place(APPLE, limit("BUY", 1, price, order_ref=TAG))
        await handle.acknowledged()
        session.connection.abort("cut by the test")
        await session.connection.wait_until_down()
        waiting = await session.trading.place(
            APPLE, limit("BUY", 1, price - 1, order_ref=TAG), queue_while_down=PATIENCE_S
        )
        await waiting.acknowledged()
        assert handle.status.is_working
        found = [one.client_ref for one in await session.trading.open_orders()]
        assert [found.count(one.key.client_ref) for one in (handle, waiting)] == [1, 1]


async def test_a_what_if_says_the_margin_and_places_nothing(session: IBSession) -> None:
    price = await far_limit(session)
    before = len(await session.trading.open_orders())
    effect = await session.trading.what_if(APPLE, limit("BUY", 1, price))
    assert effect.init_margin_after is not None
    assert len(await session.trading.open_orders()) == before
