"""One run: a simulated gateway, a session that trades on a journal, random orders, faults and restarts of the client.

Everything follows from the seed. When the trouble is over for a while, the books equal the gateway's: every order with
its fills, average price, commission, terms and end, by its handle and by the journal; the positions; no reference has
two orders but where the gateway doubled one, which was alarmed and which a cancel ends; nothing is unconfirmed that the
gateway has; who waited for an acknowledgement or an end has got it, or the order works. All the time: no order came
twice, the pacing was kept, nothing was raised behind our back, and no task is left.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ibwire.events import Event, EventType
from ibwire.exceptions import IbwireError, JournalError, ProtocolError
from ibwire.journal_reader import JournalReader
from ibwire.order_changes import SecondOrder
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.order_wire import order_to_wire
from ibwire.orders import OcaType, Order, bracket, limit, market, one_cancels_all, stop, stop_limit, trailing_stop
from ibwire.session import HealthStatus, IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GatewayLimits, RealClock, SimulatedGateway
from ibwire.wire import messages as m
from tests.chaos.faults import CONNECTION_FAULTS, READ_LATE, Fault, end_connection_faults, offline, plain
from tests.chaos.order_books import Books, is_at_gateway
from tests.chaos.world import BLINK_S, QUIET_S, STEP_S, Broken, on_virtual_loop, wall_clock
from tests.helpers.scripted_feed import ScriptedFeed
from tests.helpers.simulated import AAPL, MSFT, OPENING

SYMBOLS = {AAPL: Decimal(100), MSFT: Decimal(480)}
CONTRACTS = {con_id: m.Contract(con_id=con_id, sec_type="STK", exchange="SMART") for con_id in SYMBOLS}

OTHER_CLIENT = 9
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where journals lie if they can: nothing here is about the disk."""

ACT_S = 8.0
"""How long between what the user does; and FAULT_S between what befalls it."""

FAULT_S = 30.0
CALM_SHARE = 0.08
BURST_SHARE = 0.01
GIVES_UP_SHARE = 0.02
"""Of the user's acts, how many are cancelled while they are under way."""

LONGEST_ACT_S = 300.0
"""Placing may wait for a reconciliation, each of whose questions may wait for its turn, and for its answer."""

_log = logging.getLogger(__name__)


class Outcome(Struct, frozen=True, kw_only=True):
    """What a run saw."""

    seed: int
    faults: dict[str, int]
    orders: int
    fills: int
    restarts: int
    alarms: int
    unconfirmed: int
    quiet_moments: int
    refused: dict[str, int]

    @property
    def totals(self) -> dict[str, int]:
        """What can be added up over many runs."""
        return {
            "faults": sum(self.faults.values()),
            "orders": self.orders,
            "fills": self.fills,
            "restarts": self.restarts,
            "doubled orders": self.alarms,
            "left unconfirmed": self.unconfirmed,
            "quiet moments": self.quiet_moments,
        }


class _Waiting(Struct):
    """Who waits for an order of this session."""

    handle: OrderHandle
    acknowledged: asyncio.Task[OrderState]
    done: asyncio.Task[OrderState]


class OrderWorld:
    """The run of one seed. `folder` is where its journal is."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.rng = random.Random(f"order chaos/{seed}")
        self.journal = folder / "journal.sqlite3"
        self.faults: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.changes: Counter[int] = Counter()
        self.alarms: set[frozenset[int]] = set()
        self.groups = self.sessions = self.quiet_moments = 0
        self.may_trade = asyncio.Event()
        self.asks_what_if = seed % 4 == 0
        """What-if orders come under order ids that later orders may have: of those one more may come."""
        self.troubles: list[str] = []
        self.waiting: list[_Waiting] = []
        self.acting: dict[asyncio.Task[None], float] = {}
        self.gateway: SimulatedGateway
        self.session: IBSession

    async def run(self, hours: float) -> Outcome:
        """Trade for so many hours and then some, and look whether all is as it must be."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.troubles.append(f"behind our back: {context}"))
        master = 1 if self.seed % 3 == 1 else None  # then news of everybody's orders comes, with ids like ours
        async with SimulatedGateway(
            feed=ScriptedFeed(OPENING),
            clock=RealClock(wall_clock),
            limits=GatewayLimits(rejects=True),
            step_s=STEP_S,
            master_client_id=master,
        ) as self.gateway:
            await self._open()
            self.may_trade.set()
            user = asyncio.create_task(self._trade())
            moving = asyncio.create_task(self._move_the_market())
            try:
                await self._make_trouble(hours * 3600, user)
            finally:
                for task in (user, moving):
                    task.cancel()
                results = await asyncio.gather(user, moving, return_exceptions=True)
                await self._close()
        ended = [one for one in results if not isinstance(one, asyncio.CancelledError)]
        self._require(not ended, f"the user or the market ended early: {ended}")
        self._require(not self.troubles, f"{self.troubles}")
        left = asyncio.all_tasks() - {asyncio.current_task()}
        self._require(not left, f"tasks left behind: {left}")
        return self._outcome()

    def _outcome(self) -> Outcome:
        reader = JournalReader(self.journal)
        try:
            problems = reader.problems(is_thorough=True)
            self._require(not problems, f"the journal: {problems}")
            orders = list(reader.orders())
        finally:
            reader.close()
        return Outcome(
            seed=self.seed,
            faults=dict(self.faults),
            orders=len(orders),
            fills=sum(len(order.fills) for order in orders),
            restarts=self.sessions - 1,
            alarms=len(self.alarms),
            unconfirmed=sum(order.state is OrderState.UNCONFIRMED for order in orders),
            quiet_moments=self.quiet_moments,
            refused=dict(self.refused),
        )

    # --- the session, and the next one

    async def _open(self) -> None:
        """A new session on the same journal, as often as it takes."""
        while True:
            self.sessions += 1
            settings = Settings(
                connection=ConnectionSettings(port=self.gateway.port, request_timeout_s=20),
                trading=TradingSettings(journal_path=self.journal),
            )
            self.session = IBSession(
                settings,
                clock=wall_clock,
                rng=random.Random(f"session/{self.seed}/{self.sessions}"),
                journal_in_thread=False,
            )
            self.session.events.subscribe((EventType.DUPLICATE_ORDER, EventType.ERROR), self._hear)
            try:
                return await self.session.start()
            except IbwireError:
                await asyncio.sleep(self.rng.uniform(1, 20))

    async def _close(self) -> None:
        """End the session in the middle of whatever goes on."""
        await self.session.aclose()
        for task in self.acting:
            self._require(not task.done() or task.cancelled() or task.exception() is None, f"{task}")
        await asyncio.gather(*self.acting, return_exceptions=True)
        self.acting.clear()
        waiting = [task for one in self.waiting for task in (one.acknowledged, one.done)]
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
        odd = [one for one in results if not isinstance(one, OrderState | IbwireError)]
        self._require(not odd, f"who waited for an order got {odd}")
        self.waiting.clear()

    async def _restart(self) -> None:
        await self._close()
        await asyncio.sleep(self.rng.expovariate(1 / 10))
        await self._open()
        if self.rng.random() < 0.5:
            self._act(self.session.trading.ready)

    def _hear(self, event: Event) -> None:
        if isinstance(event.data, SecondOrder):
            self.alarms.add(frozenset({event.data.key.perm_id or 0, event.data.perm_id}))
        if isinstance(event.data, JournalError | ProtocolError):
            self.troubles.append(repr(event.data))

    # --- what the user does

    async def _trade(self) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(1 / ACT_S))
            await self.may_trade.wait()
            number = self.rng.randint(20, 90) if self.rng.random() < BURST_SHARE else 1
            for _ in range(number):
                self._act(self.rng.choice(self._one_order() if number > 1 else self._acts()))
            await asyncio.sleep(0)

    def _acts(self) -> list[Callable[[], Coroutine[Any, Any, object]]]:
        trading = self.session.trading
        return [
            *self._one_order() * 8,
            *[self._place_bracket] * 2,
            self._place_group,
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

    def _act(self, act: Callable[[], Coroutine[Any, Any, object]]) -> None:
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
        price, other = self._price(con_id), self._price(con_id)
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

    def _price(self, con_id: int) -> Decimal:
        return SYMBOLS[con_id] + Decimal(self.rng.randint(-15, 15)) / 10

    async def _place(self, contract: m.Contract, order: Order) -> OrderHandle:
        session = self.session
        handle = await session.trading.place(contract, order)
        if session is self.session:
            acknowledged = asyncio.create_task(handle.acknowledged())
            self.waiting.append(_Waiting(handle, acknowledged, asyncio.create_task(handle.done())))
        return handle

    async def _place_bracket(self) -> None:
        con_id = self.rng.choice(list(SYMBOLS))
        side = self.rng.choice(["BUY", "SELL"])
        entry, sign = self._price(con_id), 1 if side == "BUY" else -1
        orders = bracket(
            side,
            self.rng.randint(1, 300),
            limit_price=entry,
            take_profit_price=entry + sign * Decimal(self.rng.randint(1, 15)) / 10,
            stop_loss_price=entry - sign * Decimal(self.rng.randint(1, 15)) / 10,
        )
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
        orders = [limit(self.rng.choice(["BUY", "SELL"]), self.rng.randint(1, 600), self._price(con_id)) for _ in "123"]
        for order in one_cancels_all(orders, f"group {self.groups}", self.rng.choice(list(OcaType))):
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
            changes["limit_price"] = self._price(con_id) + Decimal(self.rng.choice(["0", "0", "0", "0.001"]))
        if handle.order.order_type in ("STP", "STP LMT") and self.rng.random() < 0.7:
            changes["aux_price"] = self._price(con_id)
        self.changes[handle.key.order_id] += 1
        await handle.modify(**changes)

    def _any_handle(self) -> OrderHandle | None:
        handles = [handle for handle in self.session.trading.orders if not handle.is_over]
        return self.rng.choice(handles) if handles else None

    # --- what befalls it

    async def _move_the_market(self) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(1 / 20))
            con_id = self.rng.choice(list(SYMBOLS))
            bid, sizes = float(self._price(con_id)), [Decimal(self.rng.randint(1, 400)) for _ in "12"]
            self.gateway.set_quote(con_id, bid=bid, bid_size=sizes[0], ask=round(bid + 0.1, 2), ask_size=sizes[1])

    async def _make_trouble(self, for_s: float, user: asyncio.Task[None]) -> None:
        """For so many seconds, those of peace not counted; at the end there is peace."""
        loop = asyncio.get_running_loop()
        ends_at_s = loop.time() + for_s
        while loop.time() < ends_at_s:
            await asyncio.sleep(self.rng.expovariate(1 / FAULT_S))
            kind = self.rng.randrange(10)
            if kind == 0:
                await self._restart()
            elif kind == 1:
                self._somebody_else()
            elif kind == 2:
                self._correct()
            else:
                fault = self.rng.choice(ORDER_FAULTS if kind < 7 else CONNECTION_FAULTS)
                self.faults[fault.__name__] += 1
                await fault(self.gateway, self.rng)
            self._look()
            self._require(not user.done(), f"the user ended: {user}")
            if self.rng.random() < CALM_SHARE:
                began_s = loop.time()
                await self._have_peace()
                ends_at_s += loop.time() - began_s
        await self._have_peace()

    def _somebody_else(self) -> None:
        """Orders of the TWS user and of another client, who uses the same order ids; and the TWS user cancels ours."""
        desk, con_id = self.gateway.desk, self.rng.choice(list(SYMBOLS))
        order = order_to_wire(limit(self.rng.choice(["BUY", "SELL"]), self.rng.randint(1, 300), self._price(con_id)))
        working = list(desk.register.working)
        what = self.rng.choice(["manual", "other client", "cancel"])
        self.faults[what] += 1
        if what == "cancel" and working:
            desk.cancel_manual(self.rng.choice(working))
        elif what == "manual":
            desk.place_manual(CONTRACTS[con_id], order)
        else:
            request = m.PlaceOrderRequest(
                order_id=desk.next_order_id(OTHER_CLIENT), contract=CONTRACTS[con_id], order=order
            )
            desk.place(OTHER_CLIENT, request)

    def _correct(self) -> None:
        """An execution is corrected. Not while executions are not told: then nothing would ever tell of it."""
        executions = self.gateway.state().executions
        if not executions or self.gateway.desk.faults.execution_order == "status_only":
            return
        self.faults["correction"] += 1
        one = self.rng.choice(executions)
        if self.rng.random() < 0.5:
            self.gateway.correct_execution(one.exec_id, price=one.price + Decimal("0.05"))
        elif one.quantity > 1:
            self.gateway.correct_execution(one.exec_id, quantity=Decimal(self.rng.randint(1, int(one.quantity))))

    async def _have_peace(self) -> None:
        """End all trouble, and the user waits; then, within a bound, everything is as it must be."""
        self.may_trade.clear()
        await end_connection_faults(self.gateway, self.rng)
        self.gateway.desk.faults.__init__()  # type: ignore[misc]
        await asyncio.sleep(QUIET_S)
        for _ in range(BLINK_S):
            if self.session.health().status is not HealthStatus.HEALTHY:
                await asyncio.sleep(1)
        self._require(self.session.health().status is HealthStatus.HEALTHY, f"not well: {self.session.health()}")
        self._require(not self.acting, f"still under way: {self.acting}")
        await self.session.trading.ready()  # after a restart nobody may have traded yet
        await asyncio.sleep(1)
        self._compare()
        await self._end_the_doubled()
        self._look()
        if self.rng.random() < 0.3:
            await self.session.trading.cancel_all()
            await asyncio.sleep(QUIET_S)
            working = [one for one in self.session.trading.orders if one.status.is_working]
            self._require(not working, f"all were cancelled, and some work: {[one.key for one in working]}")
            self._compare()
        self.quiet_moments += 1
        self.may_trade.set()

    async def _end_the_doubled(self) -> None:
        for handle in self.session.trading.orders:
            if handle.others and not handle.is_over:
                await handle.cancel()
                await asyncio.sleep(10)
                self._require(handle.is_over, f"two orders of {handle.key} were cancelled, and not both are over")
                working = is_at_gateway(self.gateway, handle)
                self._require(not working, f"two orders of {handle.key} were cancelled, and one works")
        self._compare()

    # --- what must hold

    def _compare(self) -> None:
        books = Books(self.gateway, self.session, self.journal)
        differences = list(books.differences())
        self._require(not differences, "\n  ".join(["the books differ:", *differences]))
        self._require(len(books.twins) <= self.faults["duplicate_live_order"], f"doubled: {books.twins}")
        for ref, perm_ids in books.twins.items():
            alarmed = {one for pair in self.alarms if pair <= perm_ids for one in pair}
            self._require(alarmed == perm_ids, f"{ref} is there as {set(perm_ids)}, and only {alarmed} were alarmed")
        for one in self.waiting:
            handle, is_live = one.handle, is_at_gateway(self.gateway, one.handle)
            if handle.status is OrderState.UNCONFIRMED:
                self._require(not is_live, f"{handle.key} is unconfirmed, and the gateway has it")
            self._require(one.acknowledged.done(), f"{handle.key} is {handle.status}: acknowledged() still waits")
            self._require(one.done.done() or is_live, f"{handle.key} is {handle.status}: done() still waits")

    def _look(self) -> None:
        for client in self.gateway.sessions:
            if client not in READ_LATE:
                self._require(client.rate.highest <= 50, f"{client.rate.highest} messages in one second")
                self._require(client.rate.breaches == 0, "the message rate was broken")
        for (client_id, order_id), times in self.gateway.chronicle.orders_received.items():
            allowed = 1 + self.changes[order_id] + self.asks_what_if
            self._require(client_id == OTHER_CLIENT or times <= allowed, f"order {order_id} came {times} times")
        now_s = asyncio.get_running_loop().time()
        longest_s = max((now_s - since_s for since_s in self.acting.values()), default=0)
        self._require(longest_s <= 2 * LONGEST_ACT_S, f"an act takes {longest_s:.0f} s")
        self._require(not self.troubles, f"{self.troubles}")

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise Broken(f"seed {self.seed}: {what}")


async def drop_order(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("drop_order", when=rng.choice(["before_accept", "after_accept"]))


async def no_ack(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("no_ack", count=rng.randint(1, 3))


async def duplicate_status(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("duplicate_status", is_on=rng.random() < 0.6)


async def reorder_execution(gateway: SimulatedGateway, rng: random.Random) -> None:
    how = rng.choice([None, "execution_first", "status_first", "status_only"])
    await gateway.inject("reorder_execution", how=how)


async def fill_while_down(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("fill_while_down", down_for_s=rng.expovariate(1 / 5))


async def order_id_rollback(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("order_id_rollback", orders=rng.randint(1, 20), down_for_s=rng.expovariate(1 / 5))


ORDER_FAULTS: tuple[Fault, ...] = (
    *(drop_order, no_ack, duplicate_status, reorder_execution, fill_while_down, order_id_rollback),
    *(plain("reject_order"), plain("duplicate_live_order"), offline),
)


def live(seed: int, hours: float) -> Outcome:
    """One run on a virtual-time loop. Raises Broken naming the seed and what did not hold."""
    with tempfile.TemporaryDirectory(prefix="ibwire-chaos-", dir=IN_MEMORY) as folder:
        return on_virtual_loop(OrderWorld(seed, Path(folder)).run(hours))
