"""The account service against the simulated gateway, over its socket: every method, with fills, and through losses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.account_values import BASE, SUMMARY_TAGS, AccountValue, find
from ibwire.account_view import AccountView
from ibwire.events import EventType
from ibwire.exceptions import InvalidRequest, NotReady, SubscriptionLimitReached
from ibwire.gaps import Gap, Resumed
from ibwire.positions import Position
from ibwire.session import IBSession
from ibwire.simulator import SimulatedGateway
from ibwire.simulator.account_streams import ROWS_EVERY_S
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.scripted_feed import LiveFeed, quote
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import session_at, told
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT, MSFT_CONTRACT, OPENING, raw, simulated
from tests.helpers.virtual_time import on_virtual_time

ACCOUNT, OTHER = "DU1234567", "DU7654321"
CASH = Decimal("1000000.00")
A_WHILE_S = 2.0


@asynccontextmanager
async def trading(
    *accounts: str, feed: LiveFeed | None = None, **settings: Any
) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    """A gateway with these accounts and a session with it, in virtual time."""
    async with (
        simulated(feed, port=PORT, accounts=accounts or (ACCOUNT,)) as gateway,
        session_at(PORT, clock_skew_s=86_400, backoff_first_s=5, **settings) as session,
    ):
        yield gateway, session


async def trade(
    session: IBSession,
    quantity: int,
    contract: m.Contract = AAPL_CONTRACT,
    account: str = ACCOUNT,
) -> None:
    """Buy or sell (negative) at the market, and wait for the fill."""
    order = m.Order(
        action="BUY" if quantity > 0 else "SELL",
        order_type="MKT",
        total_quantity=str(abs(quantity)),
        account=account,
    )
    request = m.PlaceOrderRequest(order_id=session.next_id(), contract=contract, order=order)
    async with session.connection.stream(request) as news:
        async for message in news:
            if isinstance(message, m.CommissionAndFeesReport):
                return


async def trade_elsewhere(gateway: SimulatedGateway, client_id: int, contract: m.Contract, quantity: int) -> None:
    """Another client buys or sells (negative) for the account, at the market."""
    action = "BUY" if quantity > 0 else "SELL"
    order = m.Order(action=action, order_type="MKT", total_quantity=str(abs(quantity)), account=ACCOUNT)
    async with raw(gateway, client_id) as other:
        await other.answers_to(m.PlaceOrderRequest(order_id=1, contract=contract, order=order))


def held(rows: tuple[Position, ...]) -> dict[tuple[str, int | None], int]:
    return {(row.account, row.contract.con_id): int(row.quantity) for row in rows}


async def next_rows(stream: Any, number: int) -> list[Any]:
    async with asyncio.timeout(600):
        return [await anext(stream) for _ in range(number)]


@on_virtual_time
async def test_positions_follow_fills_as_state_stream_and_events() -> None:
    async with trading() as (_, session):
        positions = session.account.positions()
        assert (await positions.ready()).rows == ()
        async with positions.stream() as changes:
            await trade(session, 10)
            await trade(session, -4)
            await trade(session, -6)
            rows = await next_rows(changes, 3)
        assert [row.quantity for row in rows] == [10, 6, 0]
        assert rows[0].average_cost == Decimal("100.2"), "the commission is part of the cost"
        assert positions.read().rows == ()
        assert [event.data for event in told(session, EventType.POSITION)] == rows


@on_virtual_time
async def test_positions_of_all_accounts_or_of_one() -> None:
    async with trading(ACCOUNT, OTHER) as (_, session):
        everything, own = session.account.positions(), session.account.positions(OTHER)
        await everything.ready()
        await own.ready()
        await trade(session, 10)
        await trade(session, 5, MSFT_CONTRACT, OTHER)
        await asyncio.sleep(A_WHILE_S)
        assert held(everything.read().rows) == {(ACCOUNT, AAPL): 10, (OTHER, MSFT): 5}
        assert held(own.read().rows) == {(OTHER, MSFT): 5}


@pytest.mark.parametrize("accounts", [(ACCOUNT,), (ACCOUNT, OTHER)])
def test_values_follow_fills_for_one_account_and_for_several(accounts: tuple[str, ...]) -> None:
    @on_virtual_time
    async def run() -> None:
        async with trading(*accounts) as (_, session):
            values = session.account.values(ACCOUNT)
            before = await values.ready()
            cash = find(before.rows, "TotalCashValue")
            assert cash is not None
            assert (cash.value, cash.currency, cash.is_ledger, cash.account) == (CASH, "USD", False, ACCOUNT)
            kind = find(before.rows, "AccountType")
            assert kind is not None
            assert (kind.value, kind.text) == (None, "INDIVIDUAL")
            async with values.stream(conflate=True) as changes:
                await next_rows(changes, len(before.rows))
                await trade(session, 10)
                changed = await next_rows(changes, 3)
            assert all(isinstance(row, AccountValue) for row in changed)
            cash = find(values.read().rows, "CashBalance", currency=BASE)
            assert cash is not None
            assert (cash.value, cash.is_ledger) == (CASH - 10 * Decimal("100.1") - 1, True)
            assert told(session, EventType.ACCOUNT_VALUE)

    run()


@on_virtual_time
async def test_portfolio_has_what_positions_are_worth() -> None:
    feed = LiveFeed(OPENING)
    async with trading(ACCOUNT, OTHER, feed=feed) as (_, session):
        portfolio = session.account.portfolio(ACCOUNT)
        await portfolio.ready()
        async with portfolio.stream() as changes:
            await trade(session, 10)
            (row,) = await next_rows(changes, 1)
            assert (row.quantity, row.contract.con_id) == (10, AAPL)
            assert row.market_value == Decimal("1000.5"), "at the middle of bid and ask"
            assert row.unrealized_pnl == row.market_value - 10 * row.average_cost
            feed.tell(quote(AAPL, 110.0, 300, 110.1, 200))
            await asyncio.sleep(A_WHILE_S)
            await trade(session, -10)
            (closed,) = await next_rows(changes, 1)
            assert closed.quantity == 0
            assert closed.realized_pnl == 10 * (Decimal(110) - Decimal("100.1")) - 2
        assert portfolio.read().rows == ()
        assert [event.data for event in told(session, EventType.PORTFOLIO)] == [row, closed]


@on_virtual_time
async def test_profit_and_loss_of_account_and_position_move_with_the_market() -> None:
    feed = LiveFeed(OPENING)
    async with trading(feed=feed) as (_, session):
        await trade(session, 10)
        whole, single = session.account.pnl(), session.account.position_pnl(AAPL)
        (before,), (own,) = (await whole.ready()).rows, (await single.ready()).rows
        assert (own.quantity, own.value, own.realized) == (10, Decimal("1000.5"), None), "realized: not known yet"
        async with whole.stream() as changes, single.stream() as own_changes:
            feed.tell(quote(AAPL, 110.0, 300, 110.1, 200))
            (_, after), (_, own_after) = await next_rows(changes, 2), await next_rows(own_changes, 2)
        assert after.unrealized == before.unrealized + 100  # type: ignore[operator]
        assert own_after.value == Decimal("1100.5")
        assert [event.data for event in told(session, EventType.ACCOUNT_PNL)] == [before, after]
        assert [event.data for event in told(session, EventType.POSITION_PNL)] == [own, own_after]
        (none,) = (await session.account.position_pnl(MSFT).ready()).rows
        assert (none.quantity, none.daily) == (0, None)


@on_virtual_time
async def test_summary_has_every_tag_of_every_account_and_is_renewed_every_three_minutes() -> None:
    feed = LiveFeed(OPENING)
    async with trading(ACCOUNT, OTHER, feed=feed) as (gateway, session):
        summary, own = session.account.summary(), session.account.summary(OTHER)
        known = await summary.ready()
        for account in (ACCOUNT, OTHER):
            assert {row.key for row in known.rows if row.account == account} >= set(SUMMARY_TAGS[:-1])
            row = find(known.rows, "CashBalance", account=account, currency="USD")
            assert row is not None
            assert (row.value, row.is_ledger) == (CASH, True)
        assert {row.account for row in own.read().rows} == {OTHER}
        (session_there,) = gateway.sessions
        assert len(session_there.account._summaries) == 1
        await trade(session, 10, account=OTHER)
        await asyncio.sleep(A_WHILE_S)
        async with own.stream(conflate=True) as changes:
            rows = await next_rows(changes, len(own.read().rows))
            feed.tell(quote(AAPL, 110.0, 300, 110.1, 200))
            await asyncio.sleep(ROWS_EVERY_S + 1)
            rows = await next_rows(changes, len(changes))
        assert rows
        assert {row.account for row in rows} == {OTHER}


@on_virtual_time
async def test_third_summary_of_a_client_is_refused_with_ibkrs_322() -> None:
    async with trading() as (gateway, session):
        (session_there,) = gateway.sessions
        for number in (1001, 1002):  # asked for by other code of this client
            session_there.account.on_account_summary(m.AccountSummaryRequest(number, "All", "NetLiquidation"))
        with pytest.raises(SubscriptionLimitReached, match="322"):
            await session.account.summary().ready()
        session_there.account.on_cancel_account_summary(m.CancelAccountSummary(1001))
        assert (await session.account.summary().ready()).is_current, "it may be asked for again"


@on_virtual_time
async def test_account_that_is_not_this_logins_is_refused_with_ibkrs_321() -> None:
    async with trading() as (_, session):
        account = session.account
        for view in (
            *(account.positions("DU9"), account.values("DU9")),
            *(account.pnl("DU9"), account.position_pnl(AAPL, "DU9")),
        ):
            with pytest.raises(InvalidRequest, match="DU9"):
                await view.ready()
            with pytest.raises(InvalidRequest, match="DU9"):
                async with view.stream() as changes:
                    await anext(changes)


@pytest.mark.parametrize("fault", ["disconnect", "restart", "garbage_frame"])
def test_what_happened_while_away_is_right_after_the_reconnect(fault: str) -> None:
    @on_virtual_time
    async def run() -> None:
        async with trading(ACCOUNT, OTHER) as (gateway, session):
            await trade(session, 10)
            await trade(session, 5, MSFT_CONTRACT)
            account = session.account
            views = (
                *(account.positions(), account.positions(ACCOUNT), account.portfolio(ACCOUNT)),
                *(account.values(ACCOUNT), account.summary(), account.pnl(ACCOUNT)),
                account.position_pnl(AAPL, ACCOUNT),
            )
            before = [await view.ready() for view in views]
            async with account.positions().stream() as changes, account.portfolio(ACCOUNT).stream() as items:
                await next_rows(changes, 2)
                await next_rows(items, 2)
                await gateway.inject(fault)
                await trade_elsewhere(gateway, 99, AAPL_CONTRACT, -10)
                gateway.ledger.new_day(gateway.market.quotes)  # what was closed yesterday gets no row
                await asyncio.sleep(A_WHILE_S / 10)
                assert not any(view.read().is_current for view in views)
                told_ = await next_rows(changes, 3)
                told_items = await next_rows(items, 3)
                after = [await view.ready() for view in views]
            assert [type(one) for one in told_] == [Gap, Resumed, Position]
            assert (told_[2].contract.con_id, told_[2].quantity) == (AAPL, 0)
            assert [one.contract.con_id for one in told_items if not isinstance(one, Gap | Resumed)] == [AAPL]
            assert all(known.is_current for known in after)
            assert held(after[0].rows) == held(after[1].rows) == {(ACCOUNT, MSFT): 5}  # type: ignore[arg-type]
            assert [row.contract.con_id for row in after[2].rows] == [MSFT]  # type: ignore[union-attr]
            cash = find(after[3].rows, "TotalCashValue")  # type: ignore[arg-type]
            assert cash is not None
            assert cash.value == gateway.ledger.cash(ACCOUNT)["USD"]
            assert all(new.at > old.at for new, old in zip(after, before, strict=True))
            assert after[6].rows[0].quantity == 0  # type: ignore[union-attr]

    run()


@on_virtual_time
async def test_view_that_is_released_while_the_link_is_down_is_not_asked_for_again() -> None:
    async with trading() as (gateway, session):
        positions, summary = session.account.positions(), session.account.summary()
        with pytest.raises(NotReady):
            positions.read()
        await positions.ready()
        await summary.ready()
        restarting = asyncio.create_task(gateway.inject("restart", down_for_s=5))
        await asyncio.sleep(1)
        assert positions.read().is_current is False
        positions.release()
        with pytest.raises(NotReady):
            positions.read()
        await restarting
        assert (await summary.ready()).is_current
        (session_there,) = gateway.sessions
        assert not session_there.account._watches_positions
        await positions.ready()
        assert session_there.account._watches_positions


@pytest.mark.parametrize("data_lost", [True, False])
def test_what_happened_while_the_gateway_was_offline_is_right_afterwards(data_lost: bool) -> None:
    @on_virtual_time
    async def run() -> None:
        async with trading() as (gateway, session):
            await trade(session, 10)
            positions = session.account.positions()
            await positions.ready()
            await gateway.inject("connectivity_lost")
            (session_there,) = gateway.sessions
            session_there.account._watches_positions = False  # it tells nothing while it is offline
            await trade_elsewhere(gateway, 99, AAPL_CONTRACT, -10)
            session_there.account._watches_positions = True
            gateway.ledger.new_day(gateway.market.quotes)
            await asyncio.sleep(A_WHILE_S)
            assert held(positions.read().rows) == {(ACCOUNT, AAPL): 10}
            assert not positions.read().is_current
            await gateway.inject("connectivity_restored", data_lost=data_lost)
            assert (await positions.ready()).rows == ()

    run()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), st.sampled_from([AAPL_CONTRACT, MSFT_CONTRACT]), st.sampled_from([-3, -1, 1, 3])),
        st.tuples(st.just("fault"), st.sampled_from(["disconnect", "garbage_frame", "truncated_frame", "restart"])),
        st.tuples(st.just("offline"), st.booleans()),
        st.tuples(st.just("close"), st.sampled_from([AAPL_CONTRACT, MSFT_CONTRACT]), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([0.01, 0.3, 8.0])),
    ),
    max_size=12,
)


@campaign(part=60, full=1_000)
@given(steps=STEPS)
def test_whatever_happens_what_is_current_is_what_the_books_say(steps: list[tuple[Any, ...]]) -> None:
    @on_virtual_time
    async def run() -> None:
        async with trading(ACCOUNT, OTHER) as (gateway, session):
            views = (
                session.account.positions(),
                session.account.positions(ACCOUNT),
                session.account.portfolio(ACCOUNT),
            )
            for view in views:
                await view.ready()
            followers = [asyncio.create_task(follow(view)) for view in views]
            for number, (kind, *arguments) in enumerate(steps):
                await take_step(gateway, 100 + number, kind, *arguments)
            await gateway.inject("connectivity_restored", data_lost=False)
            await asyncio.sleep(60)
            booked = {
                one.instrument.con_id: int(one.quantity) for one in gateway.ledger.positions(ACCOUNT) if one.quantity
            }
            for view, follower in zip(views, followers, strict=True):
                known = await view.ready()
                assert {row.contract.con_id: int(row.quantity) for row in known.rows} == booked
                follower.cancel()
                (state,) = await asyncio.gather(follower)
                assert state == booked

    run()


async def follow(view: AccountView[Any]) -> dict[int, int]:
    """What somebody knows who only reads the changes, until he is cancelled."""
    state: dict[int, int] = {}
    with contextlib.suppress(asyncio.CancelledError):
        async with view.stream() as changes:
            async for change in changes:
                if not isinstance(change, Gap | Resumed):
                    state[change.contract.con_id] = int(change.quantity)
    return {con_id: quantity for con_id, quantity in state.items() if quantity}


async def take_step(gateway: SimulatedGateway, client_id: int, kind: str, *arguments: Any) -> None:
    """Something happens at the gateway: another client trades, a fault, a night."""
    match kind, *arguments:
        case "trade", m.Contract() as contract, int(quantity):
            await trade_elsewhere(gateway, client_id, contract, quantity)
        case "close", m.Contract(con_id=con_id) as contract, bool(is_overnight):
            holding = gateway.ledger.position(ACCOUNT, con_id or 0)
            if holding is not None and holding.quantity:
                await trade_elsewhere(gateway, client_id, contract, -int(holding.quantity))
            if is_overnight:
                gateway.ledger.new_day(gateway.market.quotes)  # what was closed yesterday gets no row
        case "fault", str(fault):
            await gateway.inject(fault)
        case "offline", bool(data_lost):
            await gateway.inject("connectivity_lost")
            await gateway.inject("connectivity_restored", data_lost=data_lost)
        case "wait", float(seconds):
            await asyncio.sleep(seconds)
        case _:
            raise AssertionError(kind)


async def test_fill_reaches_stream_and_state_over_a_real_socket() -> None:
    async with simulated() as gateway, session_at(gateway.port) as session:
        positions = session.account.positions()
        await positions.ready()
        async with positions.stream() as changes:
            await trade(session, 10)
            (row,) = await next_rows(changes, 1)
        assert held(positions.read().rows) == held((row,)) == {(ACCOUNT, AAPL): 10}
