"""Who trades in the order world: random orders, changes, cancels and questions, many at once, some given up."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ibwire.exceptions import IbwireError, JournalError
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.orders import OcaType, Order, bracket, limit, market, one_cancels_all, stop, stop_limit, trailing_stop
from ibwire.session import IBSession
from ibwire.trading import Trading
from ibwire.wire import messages as m
from tests.helpers.simulated import AAPL, MSFT

SYMBOLS = {AAPL: Decimal(100), MSFT: Decimal(480)}
CONTRACTS = {con_id: m.Contract(con_id=con_id, sec_type="STK", exchange="SMART") for con_id in SYMBOLS}

ACT_S = 8.0
"""How long between two acts, on average."""

BURST_SHARE = 0.01
GIVES_UP_SHARE = 0.02
"""Of the user's acts, how many are cancelled while they are under way."""

LONGEST_ACT_S = 300.0
"""Placing may wait for a reconciliation, each of whose questions may wait for its turn, and for its answer."""

_log = logging.getLogger(__name__)


class Waiting(Struct):
    """Who waits for an order of this session."""

    handle: OrderHandle
    acknowledged: asyncio.Task[OrderState]
    done: asyncio.Task[OrderState]


class OrderUser:
    """The user of a session, which the world replaces now and then; `troubles` gets what must not be."""

    def __init__(self, rng: random.Random, troubles: list[str], *, client_id: int, asks_what_if: bool) -> None:
        self.rng = rng
        self.troubles = troubles
        self.client_id = client_id
        self.asks_what_if = asks_what_if
        self.refused: Counter[str] = Counter()
        self.changes: Counter[int] = Counter()
        self.groups = 0
        self.may_trade = asyncio.Event()
        self.waiting: list[Waiting] = []
        self.acting: dict[asyncio.Task[None], float] = {}
        self.session: IBSession

    async def trade(self) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(1 / ACT_S))
            await self.may_trade.wait()
            number = self.rng.randint(20, 90) if self.rng.random() < BURST_SHARE else 1
            for _ in range(number):
                self.act(self.rng.choice(self._one_order() if number > 1 else self._acts()))
            await asyncio.sleep(0)

    def _acts(self) -> list[Callable[[], Coroutine[Any, Any, object]]]:
        trading = self.session.trading
        return [
            *self._one_order() * 8,
            *[self._place_bracket] * 2,
            self._place_group,
            self._send_again,
            *[trading.bind_manual_orders] * (self.client_id == 0),
            *[self._cancel] * 4,
            *[self._modify] * 5,
            *[trading.open_orders, trading.completed_orders, trading.executions, trading.reconcile],
            *[lambda: trading.what_if(*self._contract_and_order())] * self.asks_what_if,
            # Anybody may ask the gateway directly; nobody else may miss any news for it.
            lambda: self.session.request(self.rng.choice([m.OpenOrdersRequest(), m.AllOpenOrdersRequest()])),
            lambda: self.session.request(m.ExecutionRequest()),
            *[trading.cancel_all] * (self.rng.random() < 0.1),
        ]

    def _one_order(self) -> list[Callable[[], Coroutine[Any, Any, object]]]:
        return [lambda: self._place(*self._contract_and_order())]

    def act(self, act: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Begin something; it goes on beside the rest, and ends with success or a typed error."""

        async def tried() -> None:
            try:
                async with asyncio.timeout(LONGEST_ACT_S):
                    await act()
            except JournalError as error:
                self.troubles.append(repr(error))
            except IbwireError as error:
                self.refused[type(error).__name__] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
                _log.exception("an act")
                self.troubles.append(f"an act ended with {error!r}")

        task = asyncio.create_task(tried())
        self.acting[task] = asyncio.get_running_loop().time()
        task.add_done_callback(lambda done: self.acting.pop(done, None))
        if self.rng.random() < GIVES_UP_SHARE:
            asyncio.get_running_loop().call_later(self.rng.choice([0, 0.001, 0.1, 2.0]), task.cancel)

    def _contract_and_order(self) -> tuple[m.Contract, Order]:
        con_id = self.rng.choice(list(SYMBOLS))
        return CONTRACTS[con_id], self._order(con_id)

    def _order(self, con_id: int) -> Order:
        side, quantity = self.rng.choice(["BUY", "SELL"]), self.rng.randint(1, 600)
        price, other = self.price(con_id), self.price(con_id)
        tif = self.rng.choice(["DAY", "DAY", "DAY", "GTC", "IOC"])
        match self.rng.randrange(10):
            case 0 | 1:
                return market(side, quantity)
            case 2:
                return stop(side, quantity, price)
            case 3:
                return stop_limit(side, quantity, limit_price=price, stop_price=other)
            case 4:
                return trailing_stop(side, quantity, by_amount=Decimal(self.rng.randint(1, 20)) / 10)
            case 5:
                return limit(side, quantity, price, tif="FOK")
        return limit(side, quantity, price, tif=tif, order_ref=self.rng.choice(["", "mine", "a~tag"]))

    def price(self, con_id: int) -> Decimal:
        return SYMBOLS[con_id] + Decimal(self.rng.randint(-15, 15)) / 10

    async def _place(self, contract: m.Contract, order: Order) -> OrderHandle:
        wait_s = self.rng.uniform(1, 100) if self.rng.random() < 0.2 else None

        async def placed(trading: Trading) -> tuple[OrderHandle]:
            return (await trading.place(contract, order, queue_while_down=wait_s),)

        (handle,) = await self._followed(placed)
        return handle

    async def _followed(
        self, place: Callable[[Trading], Coroutine[Any, Any, tuple[OrderHandle, ...]]]
    ) -> tuple[OrderHandle, ...]:
        """Place orders, and wait for what becomes of each."""
        session = self.session
        handles = await place(session.trading)
        for handle in handles if session is self.session else ():
            acknowledged = asyncio.create_task(handle.acknowledged())
            self.waiting.append(Waiting(handle, acknowledged, asyncio.create_task(handle.done())))
        return handles

    async def _send_again(self) -> None:
        lost = [one for one in self.session.trading.orders if one.status is OrderState.UNCONFIRMED]
        if lost:
            handle = self.rng.choice(lost)

            async def again(trading: Trading) -> tuple[OrderHandle]:
                return (await trading.send_again(handle),)

            await self._followed(again)

    async def _place_bracket(self) -> None:
        con_id = self.rng.choice(list(SYMBOLS))
        side = self.rng.choice(["BUY", "SELL"])
        entry, sign = self.price(con_id), 1 if side == "BUY" else -1
        orders = bracket(
            side,
            self.rng.randint(1, 300),
            limit_price=entry,
            take_profit_price=entry + sign * Decimal(self.rng.randint(1, 15)) / 10,
            stop_loss_price=entry - sign * Decimal(self.rng.randint(1, 15)) / 10,
        )
        if self.rng.random() < 0.5:
            await self._followed(lambda trading: trading.place_group(CONTRACTS[con_id], orders))
            return
        assert orders.take_profit is not None
        assert orders.stop_loss is not None
        parent = await self._place(CONTRACTS[con_id], replace(orders.parent, transmit=False))
        parent_id = parent.key.order_id
        first = replace(orders.take_profit, parent_id=parent_id, transmit=False)
        await self._place(CONTRACTS[con_id], first)
        await self._place(CONTRACTS[con_id], replace(orders.stop_loss, parent_id=parent_id))

    async def _place_group(self) -> None:
        con_id = self.rng.choice(list(SYMBOLS))
        self.groups += 1
        orders = [limit(self.rng.choice(["BUY", "SELL"]), self.rng.randint(1, 600), self.price(con_id)) for _ in "123"]
        group = one_cancels_all(orders, f"group {self.groups}", self.rng.choice(list(OcaType)))
        if self.rng.random() < 0.5:
            await self._followed(lambda trading: trading.place_group(CONTRACTS[con_id], group))
        else:
            for order in group:
                await self._place(CONTRACTS[con_id], order)

    async def _cancel(self) -> None:
        handle = self._any_handle()
        if handle is not None:
            await handle.cancel()

    async def _modify(self) -> None:
        handle = self._any_handle()
        if handle is None:
            return
        con_id, changes = handle.contract.con_id or 0, dict[str, Any]()
        if self.rng.random() < 0.5:
            changes["total_quantity"] = Decimal(self.rng.randint(1, 600))
        if handle.order.limit_price is not None and self.rng.random() < 0.7:
            changes["limit_price"] = self.price(con_id) + Decimal(self.rng.choice(["0", "0", "0", "0.001"]))
        if handle.order.order_type in ("STP", "STP LMT") and self.rng.random() < 0.7:
            changes["aux_price"] = self.price(con_id)
        self.changes[handle.key.order_id] += 1
        await handle.modify(**changes)

    def _any_handle(self) -> OrderHandle | None:
        handles = [handle for handle in self.session.trading.orders if not handle.is_over]
        return self.rng.choice(handles) if handles else None
