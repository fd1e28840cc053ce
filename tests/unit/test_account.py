"""The account service against a gateway that does what the test says: sharing, gaps, refusals, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ibwire.account_feed import LIMIT_S, QUIET_S
from ibwire.account_values import find
from ibwire.events import EventType
from ibwire.exceptions import (
    ConnectionFailed,
    IbwireError,
    InvalidRequest,
    NotReady,
    RateLimitReached,
    RequestCancelled,
    RequestTimeout,
    StreamOverflow,
    SubscriptionLimitReached,
)
from ibwire.gaps import Gap, Resumed
from ibwire.positions import Position
from ibwire.session import IBSession
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import READY, ScriptedGateway
from tests.helpers.sessions import session_at, told
from tests.helpers.virtual_time import on_virtual_time

ACCOUNT, OTHER = "DU1234567", "DU7654321"
BOTH = (m.ManagedAccounts(f"{ACCOUNT},{OTHER},"), m.NextValidId(order_id=100))
LOST_1100 = m.ErrorMessage(id=-1, error_code=1100, error_msg="Connectivity has been lost.")
DATA_KEPT_1102 = m.ErrorMessage(id=-1, error_code=1102, error_msg="Connectivity has been restored - data maintained.")
TAKEN_2100 = m.ErrorMessage(id=-1, error_code=2100, error_msg="API client has been unsubscribed from account data.")
REFUSED_2101 = m.ErrorMessage(id=-1, error_code=2101, error_msg="Unable to subscribe to account.")


def position(con_id: int, quantity: str, account: str = ACCOUNT) -> m.Position:
    return m.Position(account=account, contract=m.Contract(con_id=con_id), position=quantity, avg_cost=1.5)


def value(key: str, text: str, currency: str = "", account: str = ACCOUNT) -> m.AccountValue:
    return m.AccountValue(key=key, value=text, currency=currency, account_name=account)


def item(con_id: int, quantity: str, account: str = ACCOUNT) -> m.PortfolioValue:
    return m.PortfolioValue(
        contract=m.Contract(con_id=con_id), position=quantity, market_price=2.0, market_value=0.1, account_name=account
    )


class AccountGateway(ScriptedGateway):
    """Answers account requests with `rows` and their end, unless `ends` says that it forgets the end."""

    def __init__(self, *rows: Message, accounts: tuple[Message, ...] = READY) -> None:
        super().__init__(self._respond, ready=accounts)
        self.rows = list(rows)
        self.ends = True

    def _respond(self, _: ScriptedGateway, message: Message) -> None:
        end: Message
        match message:
            case m.PositionsRequest():
                end = m.PositionEnd()
            case m.AccountDataRequest(subscribe=True):
                end = m.AccountDataEnd(message.acct_code)
            case m.AccountSummaryRequest():
                end = m.AccountSummaryEnd(message.req_id)
            case m.CurrentTimeInMillisRequest():
                self.send(m.CurrentTimeInMillis(0))
                return
            case _:
                return
        self.send(*self.rows, *([end] if self.ends else []))

    def stop_listening(self) -> None:
        """Refuse who comes from now on."""
        assert self._server is not None
        self._server.close()

    def asked(self, *kinds: type[Message]) -> list[Any]:
        """What was asked and cancelled, in order; everything about accounts unless kinds are given."""
        about = kinds or (
            *(m.PositionsRequest, m.CancelPositions, m.AccountDataRequest, m.AccountSummaryRequest),
            *(m.CancelAccountSummary, m.PnLRequest, m.CancelPnL),
        )
        return [message for message in self.received if isinstance(message, about)]


def with_gateway(*rows: Message, accounts: tuple[Message, ...] = READY) -> Callable[..., Callable[[], None]]:
    """Runs a test on virtual time with such a gateway and a session that is connected to it."""

    def decorate(test: Callable[[AccountGateway, IBSession], Any]) -> Callable[[], None]:
        @on_virtual_time
        async def run() -> None:
            async with AccountGateway(*rows, accounts=accounts) as gateway, session_at(clock_skew_s=86400) as session:
                await test(gateway, session)

        run.__name__ = test.__name__
        return run

    return decorate


async def settle() -> None:
    """Let everything that is on the way arrive, as far as nobody waits for time to pass."""
    await asyncio.sleep(0.1)


def held(rows: tuple[Position, ...]) -> dict[int | None, Decimal]:
    return {row.contract.con_id: row.quantity for row in rows}


def waiting(stream: Any) -> list[Any]:
    """What has come for a consumer, without waiting: a position as con id and quantity."""
    found = [stream._queue.popleft() for _ in range(len(stream))]
    return [
        (one.contract.con_id, int(one.quantity)) if isinstance(one, Position) else type(one).__name__ for one in found
    ]


# --- sharing


@with_gateway(position(1, "5"))
async def test_one_subscription_serves_everybody_and_the_last_to_leave_frees_it(
    gateway: AccountGateway, session: IBSession
) -> None:
    positions = session.account.positions()
    async with positions.stream() as first, session.account.positions(ACCOUNT).stream() as second:
        await positions.ready()
        gateway.send(position(2, "7"))
        await settle()
        assert waiting(first) == waiting(second) == [(1, 5), (2, 7)]
    await settle()
    assert gateway.asked() == [m.PositionsRequest()], "the session keeps it, since ready()"
    positions.release()
    await settle()
    assert gateway.asked() == [m.PositionsRequest(), m.CancelPositions()]
    with pytest.raises(NotReady):
        positions.read()


@with_gateway(position(1, "5"))
async def test_consumer_that_comes_later_gets_what_is_known_and_then_the_changes(
    gateway: AccountGateway, session: IBSession
) -> None:
    positions = session.account.positions()
    await positions.ready()
    gateway.send(position(2, "7"), position(1, "5"), position(1, "6"))
    await settle()
    async with positions.stream() as late:
        assert waiting(late) == [(1, 6), (2, 7)]
        gateway.send(position(2, "7"), position(1, "0"))
        await settle()
        assert waiting(late) == [(1, 0)], "what is said again has not changed"
    assert held(positions.read().rows) == {2: Decimal(7)}


@with_gateway(position(1, "5"))
async def test_slow_consumer_overflows_or_gets_the_newest(gateway: AccountGateway, session: IBSession) -> None:
    positions = session.account.positions()
    async with positions.stream(bound=2) as slow, positions.stream(conflate=True) as newest:
        await settle()
        gateway.send(*(position(1, str(number)) for number in range(6, 10)), position(2, "1"))
        await settle()
        assert waiting(newest) == [(1, 9), (2, 1)]
        assert [(await anext(slow)).quantity for _ in range(2)] == [5, 6]  # type: ignore[union-attr]
        with pytest.raises(StreamOverflow):
            await anext(slow)


@with_gateway(position(1, "5"))
async def test_download_that_nobody_waits_for_any_more_ends_before_the_cancel(
    gateway: AccountGateway, session: IBSession
) -> None:
    gateway.ends = False
    async with session.account.positions().stream():
        await settle()
    gateway.send(position(2, "7"))
    await settle()
    assert gateway.asked() == [m.PositionsRequest()], "the next one to ask would take its end for its own"
    gateway.send(m.PositionEnd())
    await settle()
    assert gateway.asked() == [m.PositionsRequest(), m.CancelPositions()]


@with_gateway(position(1, "5"))
async def test_download_that_nobody_waits_for_and_that_does_not_end_is_given_up(
    gateway: AccountGateway, session: IBSession
) -> None:
    gateway.ends = False
    async with session.account.positions().stream():
        await settle()
    await asyncio.sleep(10 * QUIET_S)
    assert gateway.asked() == [m.PositionsRequest(), m.CancelPositions()]


@with_gateway(position(1, "5"))
async def test_changes_are_events_as_well(gateway: AccountGateway, session: IBSession) -> None:
    await session.account.positions().ready()
    gateway.send(position(1, "5"), position(1, "0"))
    await settle()
    assert [event.data.quantity for event in told(session, EventType.POSITION)] == [5, 0]


@with_gateway(position(1, "5"))
async def test_handler_that_lets_go_of_what_it_hears_hurts_nobody(gateway: AccountGateway, session: IBSession) -> None:
    positions = session.account.positions()
    await positions.ready()
    session.events.subscribe(EventType.POSITION, lambda _: positions.release())
    gateway.send(position(2, "7"), position(3, "7"))
    await settle()
    assert gateway.asked()[-1] == m.CancelPositions()
    assert held((await positions.ready()).rows) == {1: Decimal(5)}


# --- whole or not at all


@with_gateway(position(1, "5"))
async def test_half_a_download_is_not_read_and_a_missing_end_is_asked_for_again(
    gateway: AccountGateway, session: IBSession
) -> None:
    gateway.ends = False
    positions = session.account.positions()
    async with positions.stream() as consumer:
        await settle()
        with pytest.raises(NotReady):
            positions.read()
        with pytest.raises(RequestTimeout, match="PositionsRequest"):
            await positions.ready(timeout=QUIET_S + 1)
        assert gateway.asked(m.PositionsRequest) == [m.PositionsRequest()] * 2
        assert waiting(consumer) == []
        gateway.ends = True
        await positions.ready(timeout=3 * QUIET_S)
        assert waiting(consumer) == [(1, 5)]


@with_gateway(position(1, "5"), position(2, "7"))
async def test_position_closed_while_away_lives_no_longer(gateway: AccountGateway, session: IBSession) -> None:
    positions = session.account.positions()
    before = await positions.ready()
    async with positions.stream() as consumer:
        gateway.rows = [position(1, "6")]
        gateway.ends = False
        await asyncio.sleep(2 * LIMIT_S)
        gateway.drop()
        await asyncio.sleep(5)
        assert len(gateway.asked(m.PositionsRequest)) == 2, "a download under way is waited for"
        away = positions.read()
        assert (held(away.rows), away.is_current) == ({1: Decimal(5), 2: Decimal(7)}, False)
        assert away.at == before.at, "when it was known, not when the next download began"
        assert waiting(consumer) == [(1, 5), (2, 7), "Gap"], "nothing before the download is whole"
        gateway.send(m.PositionEnd())
        after = await positions.ready()
        assert (held(after.rows), after.is_current, after.gap) == ({1: Decimal(6)}, True, None)
        assert waiting(consumer) == ["Resumed", (1, 6), (2, 0)]


@with_gateway(position(1, "5"))
async def test_consumer_that_comes_in_a_gap_is_told_of_it(gateway: AccountGateway, session: IBSession) -> None:
    positions = session.account.positions()
    await positions.ready()
    gateway.send(LOST_1100)
    await settle()
    async with positions.stream() as consumer:
        await settle()
        assert waiting(consumer) == [(1, 5), "Gap"]


@with_gateway(position(1, "5"), position(2, "7"))
async def test_what_happened_while_the_gateway_was_offline_is_asked_for(
    gateway: AccountGateway, session: IBSession
) -> None:
    positions = session.account.positions()
    await positions.ready()
    gateway.send(LOST_1100)
    gateway.rows = [position(1, "5"), position(3, "1")]
    await settle()
    gateway.send(DATA_KEPT_1102, position(3, "1"))  # goes on by itself, and tells nothing of the position that is gone
    await settle()
    assert not positions.read().is_current
    assert len(gateway.asked(m.PositionsRequest)) == 1
    await asyncio.sleep(QUIET_S)
    known = positions.read()
    assert (held(known.rows), known.is_current) == ({1: Decimal(5), 3: Decimal(1)}, True)
    assert len(gateway.asked(m.PositionsRequest)) == 2


@with_gateway(position(1, "5"))
async def test_rows_without_end_after_a_gap_do_not_put_off_asking_for_ever(
    gateway: AccountGateway, session: IBSession
) -> None:
    positions = session.account.positions()
    await positions.ready()
    gateway.send(LOST_1100, DATA_KEPT_1102)
    for number in range(int(2 * LIMIT_S / 3)):
        gateway.send(position(1, str(number + 10)))
        await asyncio.sleep(3)
        if positions.read().is_current:
            break
    assert positions.read().is_current
    assert LIMIT_S - 4 <= 3 * (number + 1) <= LIMIT_S + 4


@with_gateway(value("AccountReady", "true"), value("NetLiquidation", "100.5", "USD"))
async def test_account_that_is_being_reset_is_not_relied_on(gateway: AccountGateway, session: IBSession) -> None:
    values = session.account.values()
    await values.ready()
    async with values.stream() as consumer:
        waiting(consumer)
        gateway.rows[:] = [value("AccountReady", "false"), value("NetLiquidation", "0", "USD")]
        gateway.send(*gateway.rows)
        await settle()
        known = values.read()
        net = find(known.rows, "NetLiquidation")
        assert net is not None
        assert (known.is_current, net.value) == (False, Decimal("100.5"))
        assert known.gap is not None
        assert known.gap.reason.value == "not_ready"
        await asyncio.sleep(QUIET_S + 1)
        assert not values.read().is_current, "the next download was as little to be trusted"
        gateway.rows[:] = [value("AccountReady", "true"), value("NetLiquidation", "101", "USD")]
        await asyncio.sleep(2 * QUIET_S + 1)
        assert values.read().is_current
        assert waiting(consumer) == ["Gap", "Resumed", "AccountValue"]


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
