"""One run: a simulated gateway, a session that trades on a journal, random orders, faults and restarts of the client.

Everything follows from the seed. When the trouble is over for a while, the books equal the gateway's: every order with
its fills, average price, commission, terms and end, by its handle and by the journal; the positions; no reference has
two orders but where the gateway doubled one, which was alarmed and which a cancel ends; nothing is unconfirmed that the
gateway has; who waited for an acknowledgement or an end has got it, or the order works. All the time: no order came
twice, the pacing was kept, nothing was raised behind our back, and no task is left.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from ibwire.connection_state import ConnectionState
from ibwire.events import Event, EventType
from ibwire.exceptions import IbwireError, JournalError, ProtocolError
from ibwire.journal_reader import JournalReader
from ibwire.order_changes import SecondOrder
from ibwire.order_states import OrderState
from ibwire.order_wire import order_to_wire
from ibwire.orders import limit
from ibwire.session import HealthStatus, IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GatewayLimits, RealClock, SimulatedGateway
from ibwire.wire import encode
from ibwire.wire import messages as m
from tests.chaos.faults import CONNECTION_FAULTS, ORDER_FAULTS, READ_LATE, end_connection_faults
from tests.chaos.order_books import Books, is_at_gateway
from tests.chaos.order_user import CONTRACTS, LONGEST_ACT_S, SYMBOLS, OrderUser
from tests.chaos.world import BLINK_S, QUIET_S, STEP_S, Broken, on_virtual_loop, wall_clock
from tests.helpers.scripted_feed import ScriptedFeed
from tests.helpers.simulated import OPENING

OTHER_CLIENT = 9
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where journals lie if they can: nothing here is about the disk."""

_PLACES_ORDER = encode(m.PlaceOrderRequest())[4:8]
"""How every frame begins, after its length, that places or changes an order."""

FAULT_S = 30.0
"""How long between two faults, on average; after CALM_SHARE of them all trouble ends for a while."""

CALM_SHARE = 0.08


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


class OrderWorld:
    """The run of one seed. `folder` is where its journal is."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.rng = random.Random(f"order chaos/{seed}")
        self.journal = folder / "journal.sqlite3"
        self.faults: Counter[str] = Counter()
        self.alarms: set[frozenset[int]] = set()
        self.sessions = self.quiet_moments = 0
        self.client_id = 0 if seed % 5 == 4 else 1
        self.asks_what_if = seed % 4 == 0
        """What-if orders come under order ids that later orders may have: of those one more may come."""
        self.troubles: list[str] = []
        self.gateway: SimulatedGateway
        self.user = OrderUser(self.rng, self.troubles, client_id=self.client_id, asks_what_if=self.asks_what_if)
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
            self.user.may_trade.set()
            user = asyncio.create_task(self.user.trade())
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
            refused=dict(self.user.refused),
        )

    # --- the session, and the next one

    async def _open(self) -> None:
        """A new session on the same journal, as often as it takes."""
        while True:
            self.sessions += 1
            settings = Settings(
                connection=ConnectionSettings(port=self.gateway.port, client_id=self.client_id, request_timeout_s=20),
                trading=TradingSettings(journal_path=self.journal),
            )
            self.session = IBSession(
                settings,
                clock=wall_clock,
                rng=random.Random(f"session/{self.seed}/{self.sessions}"),
                journal_in_thread=False,
            )
            self.session.events.subscribe((EventType.DUPLICATE_ORDER, EventType.ERROR), self._hear)
            self.user.session = self.session
            self._watch_what_leaves(self.session)
            try:
                return await self.session.start()
            except IbwireError:
                await asyncio.sleep(self.rng.uniform(1, 20))

    def _watch_what_leaves(self, session: IBSession) -> None:
        """No order may leave while the session is anything but connected."""
        connection, write = session.connection, session.connection.write

        def watched(frame: bytes) -> None:
            if frame[4:8] == _PLACES_ORDER and session.state is not ConnectionState.CONNECTED:
                self.troubles.append(f"an order left while the session was {session.state}")
            write(frame)

        connection.write = watched  # type: ignore[method-assign]

    async def _close(self) -> None:
        """End the session in the middle of whatever goes on."""
        await self.session.aclose()
        for task in self.user.acting:
            self._require(not task.done() or task.cancelled() or task.exception() is None, f"{task}")
        await asyncio.gather(*self.user.acting, return_exceptions=True)
        self.user.acting.clear()
        waiting = [task for one in self.user.waiting for task in (one.acknowledged, one.done)]
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
        odd = [one for one in results if not isinstance(one, OrderState | IbwireError)]
        self._require(not odd, f"who waited for an order got {odd}")
        self.user.waiting.clear()

    async def _restart(self) -> None:
        await self._close()
        await asyncio.sleep(self.rng.expovariate(1 / 10))
        await self._open()
        if self.rng.random() < 0.5:
            self.user.act(self.session.trading.ready)

    def _hear(self, event: Event) -> None:
        if isinstance(event.data, SecondOrder):
            self.alarms.add(frozenset({event.data.key.perm_id or 0, event.data.perm_id}))
        if isinstance(event.data, JournalError | ProtocolError):
            self.troubles.append(repr(event.data))

    # --- what befalls it

    async def _move_the_market(self) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(1 / 20))
            con_id = self.rng.choice(list(SYMBOLS))
            bid, sizes = float(self.user.price(con_id)), [Decimal(self.rng.randint(1, 400)) for _ in "12"]
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
        side, quantity = self.rng.choice(["BUY", "SELL"]), self.rng.randint(1, 300)
        order = order_to_wire(limit(side, quantity, self.user.price(con_id)))
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
        self.user.may_trade.clear()
        await end_connection_faults(self.gateway, self.rng)
        self.gateway.desk.faults.__init__()  # type: ignore[misc]
        await asyncio.sleep(QUIET_S)
        for _ in range(BLINK_S):
            if self.session.health().status is not HealthStatus.HEALTHY:
                await asyncio.sleep(1)
        self._require(self.session.health().status is HealthStatus.HEALTHY, f"not well: {self.session.health()}")
        self._require(not self.user.acting, f"still under way: {self.user.acting}")
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
        self.user.may_trade.set()

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
        for one in self.user.waiting:
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
            allowed = 1 + self.user.changes[order_id] + self.asks_what_if
            self._require(client_id == OTHER_CLIENT or times <= allowed, f"order {order_id} came {times} times")
        now_s = asyncio.get_running_loop().time()
        longest_s = max((now_s - since_s for since_s in self.user.acting.values()), default=0)
        self._require(longest_s <= 2 * LONGEST_ACT_S, f"an act takes {longest_s:.0f} s")
        self._require(not self.troubles, f"{self.troubles}")

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise Broken(f"seed {self.seed}: {what}")


def live(seed: int, hours: float) -> Outcome:
    """One run on a virtual-time loop. Raises Broken naming the seed and what did not hold."""
    with tempfile.TemporaryDirectory(prefix="ibwire-chaos-", dir=IN_MEMORY) as folder:
        return on_virtual_loop(OrderWorld(seed, Path(folder)).run(hours))
