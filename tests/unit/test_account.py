"""The account service against a gateway that does what the test says: IBKR's limits, refusals, the end."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from ibwire.account_feed import QUIET_S
from ibwire.exceptions import (
    ConnectionFailed,
    IbwireError,
    InvalidRequest,
    NotReady,
    RateLimitReached,
    RequestCancelled,
    SubscriptionLimitReached,
)
from ibwire.gaps import Gap, Resumed
from ibwire.session import IBSession
from ibwire.wire import messages as m
from tests.helpers.account_gateway import (
    ACCOUNT,
    BOTH,
    DATA_KEPT_1102,
    LOST_1100,
    OTHER,
    REFUSED_2101,
    TAKEN_2100,
    AccountGateway,
    held,
    item,
    position,
    settle,
    value,
    with_gateway,
)
from tests.helpers.sessions import session_at
from tests.helpers.virtual_time import on_virtual_time

# --- account updates: one account, one client


@with_gateway(value("NetLiquidation", "1", "USD"), item(1, "5"))
async def test_values_and_portfolio_of_the_only_account_share_their_subscription(
    gateway: AccountGateway, session: IBSession
) -> None:
    values, portfolio = await session.account.values().ready(), await session.account.portfolio().ready()
    assert len(values.rows) == len(portfolio.rows) == 1
    assert portfolio.rows[0].market_value == Decimal("0.1")
    assert gateway.asked() == [m.AccountDataRequest(subscribe=True, acct_code=ACCOUNT)]
    session.account.values().release()
    await settle()
    assert len(gateway.asked()) == 1
    session.account.portfolio().release()
    await settle()
    assert gateway.asked()[1:] == [m.AccountDataRequest(acct_code=ACCOUNT)], "false does not travel"


@with_gateway(item(1, "5"), accounts=BOTH)
async def test_portfolio_is_of_one_account_at_a_time(gateway: AccountGateway, session: IBSession) -> None:
    await session.account.portfolio(ACCOUNT).ready()
    with pytest.raises(RateLimitReached, match="one account"):
        await session.account.portfolio(OTHER).ready()
    session.account.portfolio(ACCOUNT).release()
    gateway.rows = [item(1, "5"), m.AccountDataEnd(ACCOUNT), item(2, "7", OTHER)]  # the former one's last words
    known = await session.account.portfolio(OTHER).ready()
    assert [(row.account, row.contract.con_id) for row in known.rows] == [(OTHER, 2)]


@with_gateway(item(1, "5"), accounts=BOTH)
async def test_portfolio_of_another_account_does_not_wait_for_a_download_that_nobody_wants(
    gateway: AccountGateway, session: IBSession
) -> None:
    gateway.ends = False
    async with session.account.portfolio(ACCOUNT).stream():
        await settle()
    gateway.ends = True
    gateway.rows = [TAKEN_2100, item(2, "7", OTHER)]  # which says only that it was ours before
    assert (await session.account.portfolio(OTHER).ready()).rows[0].account == OTHER
    await settle()
    assert session.account.portfolio(OTHER).read().is_current


@with_gateway(item(1, "5"), accounts=BOTH)
async def test_account_updates_that_were_taken_and_are_kept_by_another_client_free_their_place(
    gateway: AccountGateway, session: IBSession
) -> None:
    portfolio = session.account.portfolio(ACCOUNT)
    await portfolio.ready()
    gateway.ends = False
    gateway.send(TAKEN_2100)
    await asyncio.sleep(QUIET_S + 1)
    gateway.send(REFUSED_2101)
    await settle()
    with pytest.raises(IbwireError, match="Unable to subscribe"):
        portfolio.read()
    gateway.ends = True
    gateway.rows = [item(2, "7", OTHER)]
    assert (await session.account.portfolio(OTHER).ready()).is_current


@with_gateway(item(1, "5"))
async def test_account_updates_taken_by_another_client_are_a_gap_and_asked_for_again(
    gateway: AccountGateway, session: IBSession
) -> None:
    portfolio = session.account.portfolio()
    await portfolio.ready()
    gateway.rows = [item(1, "6")]
    gateway.send(TAKEN_2100)
    await settle()
    known = portfolio.read()
    assert known.gap is not None
    assert (known.is_current, known.gap.detail) == (False, TAKEN_2100.error_msg)
    assert len(gateway.asked()) == 1
    await asyncio.sleep(QUIET_S)
    assert portfolio.read().is_current
    assert portfolio.read().rows[0].quantity == 6


@with_gateway(item(1, "5"))
async def test_clients_that_take_account_updates_from_each_other_do_so_ever_more_seldom(
    gateway: AccountGateway, session: IBSession
) -> None:
    portfolio = session.account.portfolio()
    await portfolio.ready()
    for _ in range(3):
        gateway.send(TAKEN_2100)
        await settle()
        await portfolio.ready(timeout=10 * QUIET_S)
    subscribed = len([one for one in gateway.asked() if one.subscribe])
    assert subscribed == 4
    assert asyncio.get_running_loop().time() >= (1 + 2 + 4) * QUIET_S


@with_gateway(item(1, "5"))
async def test_account_updates_that_another_client_keeps_end_with_that_error(
    gateway: AccountGateway, session: IBSession
) -> None:
    gateway.ends = False
    portfolio = session.account.portfolio()
    waiting_for_it = asyncio.create_task(portfolio.ready())
    await settle()
    gateway.send(REFUSED_2101)
    with pytest.raises(IbwireError) as raised:
        await waiting_for_it
    assert raised.value.code == 2101
    with pytest.raises(IbwireError, match="Unable to subscribe"):
        portfolio.read()
    gateway.ends = True
    assert (await portfolio.ready()).is_current


# --- summary


@with_gateway()
async def test_summary_is_asked_for_under_one_id_for_ever(gateway: AccountGateway, session: IBSession) -> None:
    summary = session.account.summary()
    await summary.ready()
    summary.release()
    await summary.ready()
    gateway.drop()
    await asyncio.sleep(5)
    assert summary.read().is_current
    gateway.send(LOST_1100, m.ErrorMessage(id=-1, error_code=1101, error_msg="restored - data lost"))
    await settle()
    asked = gateway.asked(m.AccountSummaryRequest)
    assert len(asked) == 4
    assert len({request.req_id for request in asked}) == 1
    assert session.next_id() > asked[0].req_id


@with_gateway()
async def test_summary_beyond_ibkrs_limit_says_so(gateway: AccountGateway, session: IBSession) -> None:
    gateway.ends = False
    task = asyncio.create_task(session.account.summary().ready())
    await settle()
    id_ = gateway.asked(m.AccountSummaryRequest)[0].req_id
    text = "Error processing request.-'cd' : cause - Maximum number of account summary requests exceeded"
    gateway.send(m.ErrorMessage(id=id_, error_code=322, error_msg=text))
    with pytest.raises(SubscriptionLimitReached, match="322"):
        await task


# --- profit and loss


@with_gateway()
async def test_profit_and_loss_that_is_unset_is_none_and_each_row_is_whole(
    gateway: AccountGateway, session: IBSession
) -> None:
    pnl = session.account.pnl()
    task = asyncio.create_task(pnl.ready())
    await settle()
    (request,) = gateway.asked(m.PnLRequest)
    unset = 1.7976931348623157e308
    gateway.send(m.PnL(req_id=request.req_id, daily_pnl=unset, unrealized_pnl=float("nan"), realized_pnl=None))
    (row,) = (await task).rows
    assert (row.daily, row.unrealized, row.realized) == (None, None, None)
    async with pnl.stream() as consumer:
        gateway.send(m.PnL(req_id=request.req_id, daily_pnl=-0.1, unrealized_pnl=unset, realized_pnl=0.0))
        gateway.drop()
        await asyncio.sleep(5)
        assert not pnl.read().is_current
        request = gateway.asked(m.PnLRequest)[-1]
        gateway.send(m.PnL(req_id=request.req_id, daily_pnl=2.5))
        await settle()
        rows = [one if isinstance(one, Gap | Resumed) else one.daily for one in list(consumer._queue)]  # type: ignore[call-overload]
        assert [type(one).__name__ if isinstance(one, Gap | Resumed) else one for one in rows] == [
            None,
            Decimal("-0.1"),
            "Gap",
            "Resumed",
            Decimal("2.5"),
        ]
        assert pnl.read().is_current


@with_gateway()
async def test_profit_and_loss_is_current_with_its_first_row_whatever_was_before(
    gateway: AccountGateway, session: IBSession
) -> None:
    pnl = session.account.pnl()
    async with pnl.stream():
        await settle()
        gateway.send(LOST_1100, DATA_KEPT_1102)
        (request,) = gateway.asked(m.PnLRequest)
        gateway.send(m.PnL(req_id=request.req_id, daily_pnl=1.0))
        await settle()
        assert pnl.read().is_current


# --- mistakes, and the end


@with_gateway(accounts=BOTH)
async def test_account_has_to_be_named_where_there_are_several_and_be_ones_own(
    gateway: AccountGateway, session: IBSession
) -> None:
    account = session.account
    for ask in (account.values, account.portfolio, account.pnl, lambda: account.position_pnl(1)):
        with pytest.raises(InvalidRequest, match=f"{ACCOUNT}, {OTHER}"):
            ask()
    for ask_for in (account.portfolio, account.summary):
        with pytest.raises(InvalidRequest, match="DU9"):
            ask_for("DU9")
    assert gateway.asked() == []


@with_gateway(accounts=(m.ManagedAccounts(",".join(f"DU{n:07}" for n in range(51))), m.NextValidId(order_id=1)))
async def test_more_accounts_than_ibkr_streams_together_need_a_name(
    gateway: AccountGateway, session: IBSession
) -> None:
    with pytest.raises(InvalidRequest, match="51 accounts"):
        session.account.positions()
    session.account.positions("DU0000003")


@on_virtual_time
async def test_lost_link_that_nobody_makes_again_ends_everything_with_that_error() -> None:
    async with AccountGateway(position(1, "5")) as gateway, session_at(attempts=1, clock_skew_s=86400) as session:
        positions = session.account.positions()
        await positions.ready()
        async with positions.stream() as consumer:
            gateway.stop_listening()
            gateway.drop()
            await asyncio.sleep(60)
            with pytest.raises(ConnectionFailed):
                positions.read()
            with pytest.raises(ConnectionFailed):
                _ = [item async for item in consumer]
            with pytest.raises(ConnectionFailed):
                await positions.ready()


@with_gateway(position(1, "5"))
async def test_session_that_is_closed_ends_streams_and_those_who_wait(
    gateway: AccountGateway, session: IBSession
) -> None:
    gateway.ends = False
    async with session.account.positions().stream() as consumer:
        task = asyncio.create_task(session.account.positions().ready())
        await settle()
        await session.account.aclose()
        assert not [one for one in asyncio.all_tasks() if "Positions" in one.get_name()]
        with pytest.raises(RequestCancelled):
            await task
        with pytest.raises(StopAsyncIteration):
            await anext(consumer)
    with pytest.raises(NotReady):
        session.account.positions().read()


@with_gateway(m.Position(account=ACCOUNT, position="5"), position(1, "x"), position(2, "7"))
async def test_row_that_names_nothing_is_passed_over_and_the_rest_is_kept(
    gateway: AccountGateway, session: IBSession
) -> None:
    assert held((await session.account.positions().ready()).rows) == {2: Decimal(7)}
