"""One account subscription and those who use it: shared, whole or not at all, and right after every kind of gap."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from ibwire.account_feed import LIMIT_S, QUIET_S
from ibwire.account_values import find
from ibwire.events import EventType
from ibwire.exceptions import (
    NotReady,
    RequestTimeout,
    StreamOverflow,
)
from ibwire.session import IBSession
from ibwire.wire import messages as m
from tests.helpers.account_gateway import (
    ACCOUNT,
    DATA_KEPT_1102,
    LOST_1100,
    AccountGateway,
    held,
    position,
    settle,
    value,
    waiting,
    with_gateway,
)
from tests.helpers.sessions import told

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
