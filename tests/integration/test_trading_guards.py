"""The guards against the simulated gateway: each refuses with name and limit, and nothing outside reaches it."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ibwire.exceptions import IbwireError, OrderLimitExceeded
from ibwire.orders import Order, limit, market
from ibwire.simulator import SimulatedGateway
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign_settings
from tests.helpers.scripted_gateway import PORT
from tests.helpers.simulated import AAPL, simulated
from tests.helpers.trading_floor import APPLE, ENDED_TEXTS, a_moment, crowd, floor, trader
from tests.helpers.virtual_time import on_virtual_time


@on_virtual_time
async def test_read_only_refuses_orders_changes_and_questions_but_no_cancel(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        order = await session.trading.place(APPLE, limit("BUY", 1, 99))
        await order.acknowledged()
        await session.aclose()
        async with trader(tmp_path, seed=2, read_only=True) as again:
            for act in (
                again.trading.place(APPLE, limit("BUY", 1, 98)),
                again.trading.what_if(APPLE, limit("BUY", 1, 98)),
            ):
                with pytest.raises(OrderLimitExceeded, match=r"\(guard: read_only\)"):
                    await act
            await again.trading.ready()
            (handle,) = again.trading.orders
            with pytest.raises(OrderLimitExceeded, match=r"\(guard: read_only\)"):
                await handle.modify(limit_price=Decimal(98))
            await handle.cancel()
            await handle.done()
        assert [one.times_received for one in gateway.state().orders_received] == [1]


@on_virtual_time
async def test_the_same_order_again_is_refused_for_a_second_by_default_unless_it_is_meant(tmp_path: Path) -> None:
    async with floor(tmp_path, duplicate_window_s=1.0) as (gateway, session):
        trading, order = session.trading, limit("BUY", 1, 99)
        await trading.place(APPLE, order)
        with pytest.raises(OrderLimitExceeded, match=r"less than 1 s \(guard: duplicate_window_s\)"):
            await trading.place(APPLE, limit("BUY", 1, 99, order_ref="another tag"))
        await trading.place(APPLE, order, allow_duplicate=True)
        await trading.place(APPLE, limit("BUY", 2, 99))
        await a_moment(1.0)
        await trading.place(APPLE, order)
        await a_moment()
        assert len(gateway.state().orders) == 4


@on_virtual_time
async def test_of_the_same_order_placed_twice_at_once_one_is_refused(tmp_path: Path) -> None:
    async with floor(tmp_path, duplicate_window_s=1.0) as (gateway, session):
        both = (session.trading.place(APPLE, limit("BUY", 1, 99)) for _ in range(2))
        results = await asyncio.gather(*both, return_exceptions=True)
        assert [type(one) for one in results].count(OrderLimitExceeded) == 1
        await a_moment()
        assert len(gateway.state().orders) == 1


@on_virtual_time
async def test_an_order_that_was_not_sent_does_not_count(tmp_path: Path) -> None:
    limits = {"duplicate_window_s": 5.0, "max_open_orders": 1, "max_orders_per_minute": 1}
    async with floor(tmp_path, **limits) as (_, session):
        placing = asyncio.create_task(session.trading.place(APPLE, limit("BUY", 1, 99)))
        await session.trading.ready()
        await asyncio.sleep(0)
        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)
        await session.trading.place(APPLE, limit("BUY", 1, 99))


@on_virtual_time
async def test_open_orders_and_orders_per_minute_are_counted_also_of_orders_placed_at_once(tmp_path: Path) -> None:
    async with floor(tmp_path, max_open_orders=3, max_orders_per_minute=5) as (gateway, session):
        trading = session.trading
        await trading.ready()  # so that they are let through at once, not one by one behind this
        results = await asyncio.gather(
            *(trading.place(APPLE, limit("BUY", 1, 90 + at)) for at in range(6)), return_exceptions=True
        )
        refused = [str(one) for one in results if isinstance(one, OrderLimitExceeded)]
        assert len(refused) == 3
        assert all("more than 3 (guard: max_open_orders)" in one for one in refused)
        await trading.cancel_all()
        await a_moment()
        for at in range(2):
            await trading.place(APPLE, limit("BUY", 1, 80 + at))
        with pytest.raises(OrderLimitExceeded, match=r"more than 5 \(guard: max_orders_per_minute\)"):
            await trading.place(APPLE, limit("BUY", 1, 79))
        await a_moment(60)
        await trading.place(APPLE, limit("BUY", 1, 79))
        await a_moment()
        assert len(gateway.state().orders) == 6


@on_virtual_time
async def test_what_was_placed_before_a_restart_counts(tmp_path: Path) -> None:
    """A program that places an order, falls, and is started again by its supervisor, and again."""
    limits = {"duplicate_window_s": 30.0, "max_orders_per_minute": 2}
    async with floor(tmp_path, **limits) as (gateway, session):
        await session.trading.place(APPLE, limit("BUY", 1, 99))
        crowd(session)
        unsent = await session.trading.place(APPLE, limit("BUY", 1, 97))
        await unsent.cancel()
        await session.aclose()
        for seed in (2, 3):
            async with trader(tmp_path, seed=seed, **limits) as again:
                with pytest.raises(OrderLimitExceeded, match=r"less than 30 s \(guard: duplicate_window_s\)"):
                    await again.trading.place(APPLE, limit("BUY", 1, 99))
        async with trader(tmp_path, seed=4, **limits) as again:
            await again.trading.place(APPLE, limit("BUY", 1, 97))  # what was not sent does not count
            with pytest.raises(OrderLimitExceeded, match=r"more than 2 \(guard: max_orders_per_minute\)"):
                await again.trading.place(APPLE, limit("BUY", 1, 96))
            await a_moment(60)
            await again.trading.place(APPLE, limit("BUY", 1, 99))
        assert len(gateway.state().orders) == 3


@pytest.mark.parametrize("is_group", [False, True])
def test_what_an_earlier_run_left_open_counts_from_the_first_order_on(is_group: bool, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            await session.trading.place(APPLE, limit("BUY", 1, 99))
            await a_moment()
            await session.aclose()
            async with trader(tmp_path, seed=2, max_open_orders=2) as again:
                orders = [limit("BUY", 1, 98), limit("BUY", 1, 97)]
                with pytest.raises(OrderLimitExceeded, match="guard: max_open_orders"):  # noqa: PT012
                    if is_group:
                        await again.trading.place_group(APPLE, orders)
                    for order in orders:
                        await again.trading.place(APPLE, order)
                await a_moment()
            assert len(gateway.state().orders) == (1 if is_group else 2)

    run()


@on_virtual_time
async def test_a_limit_is_held_to_the_quote_that_somebody_reads_and_refused_without_one(tmp_path: Path) -> None:
    async with floor(tmp_path, max_distance_percent=Decimal(5)) as (gateway, session):
        trading = session.trading
        with pytest.raises(OrderLimitExceeded, match="not known"):
            await trading.place(APPLE, limit("BUY", 1, 99))
        async with session.market_data.quotes(APPLE) as quotes:
            while session.market_data.latest(APPLE) is None:
                await anext(quotes)
            await a_moment()
            handle = await trading.place(APPLE, limit("BUY", 1, "95.05"))
            with pytest.raises(OrderLimitExceeded, match=r"5\.05 % from 100\.05.*max_distance_percent"):
                await trading.place(APPLE, limit("BUY", 1, 95))
            with pytest.raises(OrderLimitExceeded, match="max_distance_percent"):
                await handle.modify(limit_price=Decimal(94))
        trading.market_price = lambda contract: Decimal(50)
        await trading.place(APPLE, limit("BUY", 1, 50))
        await a_moment()
        assert len(gateway.state().orders) == 2


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "max_order_quantity": st.integers(1, 50).map(Decimal),
        "max_order_value": st.integers(100, 5000).map(Decimal),
        "max_open_orders": st.integers(1, 5),
        "max_orders_per_minute": st.integers(1, 8),
        "max_distance_percent": st.integers(1, 20).map(Decimal),
        "allowed_con_ids": st.sampled_from([("265598",), ("265598", "1"), ("1",)]),
        "duplicate_window_s": st.sampled_from([0.5, 1.0, 5.0]),
        "read_only": st.booleans(),
    },
)
SIDES = st.sampled_from(["BUY", "SELL"])
ORDERS = st.builds(limit, SIDES, st.integers(1, 80), st.integers(70, 130)) | st.builds(
    market, SIDES, st.integers(1, 80)
)
ACTS = ["place", "place", "twice", "group", "modify", "modify", "what_if", "later", "cancel", "wait", "link", "restart"]
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), ORDERS, st.integers(0, 9)), max_size=25)
LATER = "later"
"""The tag of orders that may wait: twins of them were placed a while apart, and leave at once."""


class Inspector:
    """Looks at everything that comes to the gateway, and knows what may come."""

    def __init__(self, gateway: SimulatedGateway, limits: dict[str, Any]) -> None:
        self._gateway = gateway
        self._limits = limits
        self._new: list[tuple[float, tuple[object, ...]]] = []
        self._ids: set[int] = set()
        self._place = gateway.desk.place
        gateway.desk.place = self.place  # type: ignore[method-assign]
        self.breaches: list[str] = []

    def place(self, client_id: int, request: m.PlaceOrderRequest) -> None:
        """What a client sends, before the gateway looks at it."""
        self._place(client_id, request)
        order, limits = request.order or m.Order(), self._limits
        quantity, price = Decimal(order.total_quantity or 0), Decimal(order.lmt_price or 0)
        if limits.get("read_only"):
            self.breaches.append("read_only")
        if quantity > limits.get("max_order_quantity", 10**9):
            self.breaches.append("max_order_quantity")
        worth = quantity * max(price, Decimal(100))
        if "max_order_value" in limits and (order.order_type == "MKT" or worth > limits["max_order_value"]):
            self.breaches.append("max_order_value")
        far = limits.get("max_distance_percent")
        if far is not None and order.order_type == "LMT" and abs(price - 100) > far:
            self.breaches.append("max_distance_percent")
        if str(AAPL) not in limits.get("allowed_con_ids", (str(AAPL),)):
            self.breaches.append("allowed_con_ids")
        if order.what_if:
            self.breaches += ["what_if"] if self._gateway.desk.register.find(client_id, request.order_id or 0) else []
        elif request.order_id not in self._ids:
            self._ids.add(request.order_id or 0)
            may_wait = (order.order_ref or "").startswith(LATER)
            self._see_new((order.action, order.order_type, quantity, price), may_wait=may_wait)

    def _see_new(self, intent: tuple[object, ...], *, may_wait: bool) -> None:
        now, limits = asyncio.get_running_loop().time(), self._limits
        window_s = 0.0 if may_wait else limits.get("duplicate_window_s", 0.0)
        if any(other == intent and now - at_s < window_s - 0.01 for at_s, other in self._new):
            self.breaches.append("duplicate_window_s")
        self._new.append((now, intent))
        if sum(now - at_s < 59.99 for at_s, _ in self._new) > limits.get("max_orders_per_minute", 10**9):
            self.breaches.append("max_orders_per_minute")
        working = [one for one in self._gateway.state().orders if one.status not in ENDED_TEXTS]
        if len(working) > limits.get("max_open_orders", 10**9):
            self.breaches.append("max_open_orders")


@campaign_settings(part=40, full=600)
@given(limits=LIMITS, steps=STEPS)
def test_no_order_outside_the_limits_ever_reaches_the_gateway(
    limits: dict[str, Any], steps: list[tuple[str, Order, int]]
) -> None:
    @on_virtual_time
    async def run() -> None:
        with TemporaryDirectory() as folder:
            async with simulated(port=PORT) as gateway:
                await a_moment()
                inspector = Inspector(gateway, limits)
                program = Program(gateway, Path(folder), limits)
                await program.start()
                for act, order, number in steps:
                    with contextlib.suppress(IbwireError):
                        await program.take_step(act, order, number)
                await program.end()
                assert inspector.breaches == []

    run()


class Program:
    """Trades with these limits; it may fall and be started again."""

    def __init__(self, gateway: SimulatedGateway, folder: Path, limits: dict[str, Any]) -> None:
        self._gateway = gateway
        self._folder = folder
        self._limits = limits
        self._starts = 0
        self._has_link = True
        self.session = trader(folder, **limits)

    async def start(self) -> None:
        self._starts += 1
        self.session = trader(self._folder, seed=self._starts, **self._limits)
        self.session.trading.market_price = lambda _: Decimal(100)
        await self.session.start()

    async def end(self) -> None:
        if not self._has_link:
            await self._switch_link()
        await a_moment(70)
        await self.session.aclose()

    async def _switch_link(self) -> None:
        self._has_link = not self._has_link
        if self._has_link:
            await self._gateway.inject("connectivity_restored", data_lost=False)
        else:
            await self._gateway.inject("connectivity_lost")
        await a_moment(0.1)

    async def take_step(self, act: str, order: Order, number: int) -> None:
        trading = self.session.trading
        handle = trading.orders[number % len(trading.orders)] if trading.orders else None
        match act:
            case "place":
                await trading.place(APPLE, order)
            case "twice":
                await asyncio.gather(*(trading.place(APPLE, order) for _ in range(2)), return_exceptions=True)
            case "group":
                other = replace(order, total_quantity=(order.total_quantity or Decimal(0)) + number + 1)
                await trading.place_group(APPLE, [order, other])
            case "modify" if handle is not None:
                price = {"limit_price": order.limit_price} if handle.order.limit_price and order.limit_price else {}
                await handle.modify(total_quantity=order.total_quantity, **price)
            case "what_if":
                await trading.what_if(APPLE, order)
            case "later":
                await trading.place(APPLE, replace(order, order_ref=LATER), queue_while_down=120)
            case "cancel" if handle is not None:
                await handle.cancel()
            case "wait":
                await a_moment(number * 4)
            case "link":
                await self._switch_link()
            case "restart" if self._has_link:
                await self.session.aclose()
                await self.start()
