"""Every way by which an order or a change can reach the gateway, against every guard: nothing slips past one.

Each time an order was placed, or lost on its way, by a program without the guard. The next one has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from ibwire.exceptions import IbwireError, LiveTradingDisabled
from ibwire.ib_async import IB, Stock
from ibwire.ib_async import LimitOrder as TheirLimit
from ibwire.orders import Order, bracket, limit, one_cancels_all
from ibwire.session import IBSession
from ibwire.settings import Settings, TradingSettings
from ibwire.simulator import SimulatedGateway
from tests.helpers.ib_async_floor import until
from tests.helpers.scripted_gateway import PORT
from tests.helpers.simulated import AAPL_CONTRACT, MSFT, simulated
from tests.helpers.simulated import limit as wire_limit
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, crowd, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

THEIRS = Stock("AAPL", "SMART", "USD", conId=265598)
PLAIN, LARGE, FAR = limit("BUY", 1, 99), limit("BUY", 50, 99), limit("BUY", 1, 80)


class Guard(Struct, frozen=True, kw_only=True):
    """What refuses, which order, and what is said."""

    said: str
    order: Order = PLAIN
    settings: dict[str, Any] = {}
    accounts: tuple[str, ...] = ("DU1234567",)
    impose: Callable[[SimulatedGateway, Path], Awaitable[object]] | None = None


async def _touch(_: SimulatedGateway, folder: Path) -> None:
    (folder / "journal.sqlite3.halted").touch()


async def _lose(gateway: SimulatedGateway, _: Path) -> None:
    await gateway.inject("connectivity_lost")


GUARDS = {
    "allow_live": Guard(said="guard: allow_live", accounts=("U1234567",)),
    "account": Guard(said="guard: account", settings={"account": "DU7654321"}),
    "read_only": Guard(said="guard: read_only", settings={"read_only": True}),
    "lists": Guard(said="guards: allowed_symbols, allowed_con_ids", settings={"allowed_con_ids": ("1",)}),
    "quantity": Guard(
        said="above 10 (guard: max_order_quantity)", order=LARGE, settings={"max_order_quantity": Decimal(10)}
    ),
    "value": Guard(
        said="above 1000 (guard: max_order_value)", order=LARGE, settings={"max_order_value": Decimal(1000)}
    ),
    "distance": Guard(said="guard: max_distance_percent", order=FAR, settings={"max_distance_percent": Decimal(5)}),
    "halt": Guard(said="guard: halt", impose=_touch),
    "link": Guard(said="the session is degraded", impose=_lose),
}


class Entry(Struct, frozen=True, kw_only=True):
    """A way to the gateway: what was there before, and what is done now with the guard's order."""

    act: Callable[[Any, Order, SimulatedGateway], Awaitable[object]]
    before: str = ""
    is_own: bool = False  # ib_async on a connection of its own
    without: tuple[str, ...] = ()


# --- by the native service


async def place(session: IBSession, order: Order, _: object) -> object:
    return await session.trading.place(APPLE, order)


async def place_group(session: IBSession, order: Order, _: object) -> object:
    return await session.trading.place_group(APPLE, [limit("BUY", 1, "99.5"), order])


async def place_bracket(session: IBSession, order: Order, _: object) -> object:
    prices = {"limit_price": order.limit_price, "take_profit_price": 101}
    return await session.trading.place_group(APPLE, bracket("BUY", order.total_quantity or 0, **prices))


async def place_oca(session: IBSession, order: Order, _: object) -> object:
    return await session.trading.place_group(APPLE, one_cancels_all([limit("BUY", 1, "99.5"), order], "group"))


async def modify(session: IBSession, order: Order, _: object) -> object:
    (handle,) = session.trading.orders
    return await handle.modify(limit_price=order.limit_price, total_quantity=order.total_quantity)


async def what_if(session: IBSession, order: Order, _: object) -> object:
    return await session.trading.what_if(APPLE, order)


async def send_again(session: IBSession, _: Order, __: object) -> object:
    (handle,) = session.trading.orders
    return await session.trading.send_again(handle)


async def place_later(session: IBSession, order: Order, gateway: SimulatedGateway) -> object:
    await gateway.inject("connectivity_lost")
    await a_moment(0.1)
    handle = await session.trading.place(APPLE, order, queue_while_down=60)
    await gateway.inject("connectivity_restored", data_lost=False)
    return await handle.acknowledged()


# --- by ib_async's API


def theirs_of(order: Order) -> Any:
    return TheirLimit("BUY", float(order.total_quantity or 0), float(order.limit_price or 0))


async def outcome(ib: IB, contract: Any, order: Any) -> None:
    """What became of an order or a change; raises what its Trade says."""
    trade = ib.placeOrder(contract, order)
    await a_moment(2)
    for one in trade.log:
        if "never sent" in one.message:
            raise IbwireError(one.message)


async def place_theirs(session: Any, order: Order, _: object) -> None:
    await outcome(ib_of(session), THEIRS, theirs_of(order))


async def modify_theirs(session: Any, order: Order, _: object) -> None:
    (trade,) = ib_of(session).openTrades()
    trade.order.lmtPrice, trade.order.totalQuantity = float(order.limit_price or 0), float(order.total_quantity or 0)
    await outcome(ib_of(session), THEIRS, trade.order)


async def what_if_theirs(session: Any, order: Order, _: object) -> None:
    try:
        await ib_of(session).whatIfOrderAsync(THEIRS, theirs_of(order))
    except ConnectionError as error:
        raise IbwireError(str(error)) from error


async def exercise_theirs(session: Any, order: Order, _: object) -> None:
    try:
        ib_of(session).exerciseOptions(THEIRS, 1, int(order.total_quantity or 0), "", 0)
    except ConnectionError as error:
        raise IbwireError(str(error.__cause__)) from error


def ib_of(session: Any) -> IB:
    ib: IB = session.ib if isinstance(session, IBSession) else session
    return ib


NO_EXERCISE = ("value", "distance")  # an exercise has no price
ENTRIES = {
    "place": Entry(act=place),
    "place_group": Entry(act=place_group),
    "bracket": Entry(act=place_bracket),
    "one_cancels_all": Entry(act=place_oca),
    "modify": Entry(act=modify, before="working"),
    "what_if": Entry(act=what_if, without=("halt",)),  # a question
    "send_again": Entry(act=send_again, before="lost"),
    "queue_while_down": Entry(act=place_later, without=("link",)),
    "ib_async, shared: placeOrder": Entry(act=place_theirs),
    "ib_async, shared: placeOrder again": Entry(act=modify_theirs, before="working"),
    "ib_async, shared: whatIfOrder": Entry(act=what_if_theirs, without=("halt",)),
    "ib_async, shared: exerciseOptions": Entry(act=exercise_theirs, without=NO_EXERCISE),
    "ib_async: placeOrder": Entry(act=place_theirs, is_own=True),
    "ib_async: placeOrder again": Entry(act=modify_theirs, before="working", is_own=True),
    "ib_async: whatIfOrder": Entry(act=what_if_theirs, is_own=True, without=("halt",)),
    "ib_async: exerciseOptions": Entry(act=exercise_theirs, is_own=True, without=NO_EXERCISE),
}
CASES = [(entry, guard) for entry, what in ENTRIES.items() for guard in GUARDS if guard not in what.without]


@pytest.mark.parametrize(("entry", "guard"), CASES, ids=[" / ".join(case) for case in CASES])
def test_no_way_leads_past_a_guard(entry: str, guard: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        way, what = ENTRIES[entry], GUARDS[guard]
        async with simulated(port=PORT, accounts=what.accounts) as gateway:
            await a_moment()
            await before(gateway, way, what, tmp_path)
            came = [(one.order_id, one.times_received) for one in gateway.state().orders_received]
            async with guarded(way, what, tmp_path) as session:
                if what.impose is not None:
                    await what.impose(gateway, tmp_path)
                    await a_moment(0.1)
                with pytest.raises(IbwireError) as refused:
                    await way.act(session, what.order, gateway)
                assert what.said in str(refused.value)
                await a_moment(5)
            now = [(one.order_id, one.times_received) for one in gateway.state().orders_received]
            assert now == came

    run()


async def before(gateway: SimulatedGateway, way: Entry, what: Guard, folder: Path) -> None:
    """What was placed without the guard."""
    if not way.before:
        return
    async with trader(folder, allow_live=True) as session:
        await session.trading.ready()
        if way.before == "lost":
            await gateway.inject("drop_order", when="before_accept")
        handle = await session.trading.place(APPLE, what.order if way.before == "lost" else PLAIN)
        await asyncio.sleep(0.01) if way.before == "lost" else await handle.acknowledged()


@asynccontextmanager
async def guarded(way: Entry, what: Guard, folder: Path) -> AsyncIterator[Any]:
    """A session, or an IB of its own, with the guard."""
    if way.is_own:
        limits: dict[str, Any] = {"duplicate_window_s": None, **what.settings}
        settings = TradingSettings(journal_path=folder / "journal.sqlite3", **limits)
        ib = IB(settings=Settings(trading=settings))
        await ib.connectAsync("127.0.0.1", PORT, clientId=1)
        try:
            ticker = ib.reqMktData(THEIRS)
            await until(lambda: ticker.bid > 0)
            yield ib
        finally:
            ib.disconnect()
            await a_moment()
        return
    async with trader(folder, seed=2, **what.settings) as session:
        session.trading.market_price = lambda _: Decimal(100)
        await session.trading.ready()
        if way.act in (place_theirs, modify_theirs, what_if_theirs, exercise_theirs):
            await session.ib.connectAsync()
        yield session


COUNTED = {
    "max_open_orders": {"max_open_orders": 1},
    "max_orders_per_minute": {"max_orders_per_minute": 1},
    "duplicate_window_s": {"duplicate_window_s": 5.0},
}


@pytest.mark.parametrize("guard", COUNTED)
@pytest.mark.parametrize("entry", ["place", "one_cancels_all", "bracket", "queue_while_down", "shared", "own"])
def test_no_way_leads_past_the_guards_that_count(entry: str, guard: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        names = {"shared": "ib_async, shared: placeOrder", "own": "ib_async: placeOrder"}
        way = ENTRIES[names.get(entry, entry)]
        what = Guard(said=f"guard: {guard}", settings=COUNTED[guard])
        async with simulated(port=PORT) as gateway:
            await a_moment()
            async with guarded(way, what, tmp_path) as session:
                if entry in ("place", "queue_while_down", "shared", "own"):
                    await way.act(session, PLAIN, gateway)
                elif guard == "duplicate_window_s":
                    await place(session, PLAIN, gateway)
                await a_moment()
                came = len(gateway.state().orders_received)
                with pytest.raises(IbwireError) as refused:
                    await way.act(session, PLAIN, gateway)
                assert what.said in str(refused.value)
                await a_moment(QUIET_S)
            assert len(gateway.state().orders_received) == came

    run()


@on_virtual_time
async def test_on_a_connection_of_its_own_orders_get_the_settings_account(tmp_path: Path) -> None:
    what = Guard(said="", accounts=("DU1234567", "DU7654321"), settings={"account": "DU7654321"})
    async with simulated(port=PORT, accounts=what.accounts) as gateway:
        await a_moment()
        async with guarded(ENTRIES["ib_async: placeOrder"], what, tmp_path) as ib:
            ib.placeOrder(THEIRS, theirs_of(PLAIN))
            await a_moment()
        assert [one.account for one in gateway.state().orders] == ["DU7654321"]


@on_virtual_time
async def test_on_a_connection_of_its_own_limits_are_held_to_its_tickers(tmp_path: Path) -> None:
    what = Guard(said="", settings={"max_distance_percent": Decimal(5)})
    async with simulated(port=PORT) as gateway:
        await a_moment()
        async with guarded(ENTRIES["ib_async: placeOrder"], what, tmp_path) as ib:
            await place_theirs(ib, PLAIN, gateway)
            with pytest.raises(IbwireError, match="not known"):
                await outcome(ib, Stock("MSFT", "SMART", "USD", conId=MSFT), theirs_of(PLAIN))
            (ticker,) = ib.tickers()
            for gone in (float("nan"), -1.0):
                ticker.bid = ticker.ask = ticker.last = gone
                with pytest.raises(IbwireError, match="not known"):
                    await place_theirs(ib, PLAIN, gateway)
        assert len(gateway.state().orders) == 1


@on_virtual_time
async def test_on_a_connection_of_its_own_what_an_order_says_of_accounts_counts(tmp_path: Path) -> None:
    what = Guard(said="", accounts=("DU1234567", "U7654321"))
    async with simulated(port=PORT, accounts=what.accounts) as gateway:
        await a_moment()
        async with guarded(ENTRIES["ib_async: placeOrder"], what, tmp_path) as ib:
            for fields in ({"account": "U7654321"}, {"faGroup": "All"}, {"account": "DU1234567", "faGroup": "All"}):
                with pytest.raises(LiveTradingDisabled):
                    ib.placeOrder(THEIRS, TheirLimit("BUY", 1, 99.0, **fields))
            with pytest.raises(IbwireError, match="2 accounts, name one"):
                await place_theirs(ib, PLAIN, gateway)
            await outcome(ib, THEIRS, TheirLimit("BUY", 1, 99.0, account="DU1234567"))
        assert [one.account for one in gateway.state().orders] == ["DU1234567"]


@on_virtual_time
async def test_on_a_connection_of_its_own_orders_that_have_ended_are_not_open(tmp_path: Path) -> None:
    what = Guard(said="", settings={"max_open_orders": 1})
    async with simulated(port=PORT) as gateway:
        await a_moment()
        gateway.desk.place_manual(AAPL_CONTRACT, wire_limit("BUY", "10", 98.0))
        async with guarded(ENTRIES["ib_async: placeOrder"], what, tmp_path) as ib:
            await ib.reqAllOpenOrdersAsync()
            for _ in range(2):
                await place_theirs(ib, PLAIN, gateway)
                with pytest.raises(IbwireError, match="guard: max_open_orders"):
                    await place_theirs(ib, PLAIN, gateway)
                (own,) = [one for one in ib.openTrades() if one.order.orderId > 0]
                ib.cancelOrder(own.order)
                await a_moment()


@on_virtual_time
async def test_on_a_shared_session_too_an_order_for_a_live_account_raises(tmp_path: Path) -> None:
    what = Guard(said="", accounts=("U1234567",))
    async with simulated(port=PORT, accounts=what.accounts):
        await a_moment()
        async with guarded(ENTRIES["ib_async, shared: placeOrder"], what, tmp_path) as session:
            with pytest.raises(LiveTradingDisabled):
                session.ib.placeOrder(THEIRS, theirs_of(PLAIN))
            assert session.ib.trades() == []


@pytest.mark.parametrize("is_global", [False, True])
def test_on_a_connection_of_its_own_a_cancel_does_not_overtake_its_order(is_global: bool, tmp_path: Path) -> None:
    """Cancels go before all that waits: the gateway would not know the order yet, and then it would work."""

    @on_virtual_time
    async def run() -> None:
        async with simulated(port=PORT) as gateway:
            await a_moment()
            async with guarded(ENTRIES["ib_async: placeOrder"], Guard(said=""), tmp_path) as ib:
                there = ib.placeOrder(THEIRS, theirs_of(PLAIN))
                await a_moment()
                crowd(ib.client._session)  # type: ignore[arg-type]
                there.order.lmtPrice = 98.0
                ib.placeOrder(THEIRS, there.order)
                waits = ib.placeOrder(THEIRS, theirs_of(FAR))
                if is_global:
                    ib.reqGlobalCancel()
                else:
                    ib.cancelOrder(waits.order)
                    ib.cancelOrder(there.order)
                await a_moment(10)
                assert (waits.orderStatus.status, there.orderStatus.status) == ("Cancelled", "Cancelled")
                assert "never sent: it was cancelled before it left" in [one.message for one in waits.log]
                assert [one.status for one in gateway.state().orders] == ["Cancelled"]
                assert [one.times_received for one in gateway.state().orders_received] == [1]

    run()
