"""The process that trades until it is killed: a real session, a real journal on the disk, TCP.

On its line it says when it is ready (reconciled), shows its books when it is asked to, and trades from then on. What
should not happen in it, it tells as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import random
import signal
from collections.abc import Callable
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ibwire.events import Event, EventType
from ibwire.exceptions import ConnectionFailed, IbwireError, InvalidOrder, OrderCancelled, OrderChangeRefused
from ibwire.journal_records import flag
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.orders import bracket, limit, market, one_cancels_all
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings, WatchdogSettings
from ibwire.wire import messages as m
from tests.chaos.order_kills_points import Trap, set_trap
from tests.helpers.simulated import AAPL, NOW_S

CLIENT_ID = 7
APPLE = m.Contract(con_id=AAPL, sec_type="STK", exchange="SMART")
LIFETIME_S = 60
"""No process outlives this, whatever becomes of who started it."""

UNSETTLED = (OrderState.INTENT, OrderState.SENT, OrderState.INACTIVE)
SETTLED_S = 5.0
"""How long it may take until every doubt was asked about."""

LOOKS_EVERY_S = 0.01
TRADERS = 3
MOST_LIVE = 20
PAUSES_S = (0.0, 0.0005, 0.002, 0.01)


class Shown(Struct, frozen=True, kw_only=True):
    """An order as the process sees it."""

    client_ref: str
    order_id: int
    perm_id: int | None
    state: OrderState
    filled: Decimal
    remaining: Decimal | None
    doubts: tuple[str, ...]
    others: int


class Mission(Struct, frozen=True):
    """What a process is started for; `seed` says what it does, `loses_link` that its link falls now and then."""

    port: int
    journal: Path
    seed: str
    point: str = ""
    nth: int = 1
    loses_link: bool = False


def trade(line: Connection, mission: Mission) -> None:
    """Live until killed, or until the line says that it is enough. For a process of its own."""
    signal.alarm(LIFETIME_S)
    gc.disable()  # it lives for a second
    set_trap(Trap(mission.point, mission.nth))
    try:
        asyncio.run(_Process(line, mission).run())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
        line.send(("wrong", f"{type(error).__name__}: {error}"))
    os._exit(0)


class _Process(logging.Handler):
    def __init__(self, line: Connection, mission: Mission) -> None:
        super().__init__(logging.ERROR)
        self._line = line
        self._mission = mission
        self._told: asyncio.Queue[str] = asyncio.Queue()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._line.fileno(), self._hear)
        loop.set_exception_handler(lambda _, context: self._wrong(f"{context.get('exception') or context!r}"))
        logging.getLogger().addHandler(self)
        mission = self._mission
        settings = Settings(
            connection=ConnectionSettings(port=mission.port, client_id=CLIENT_ID),
            watchdog=WatchdogSettings(clock_skew_s=86_400, backoff_first_s=0.01, backoff_max_s=0.05),
            trading=TradingSettings(journal_path=mission.journal, ack_timeout_s=1.0, duplicate_window_s=None),
        )
        rng = random.Random(mission.seed)
        session = IBSession(settings, clock=lambda: NOW_S, rng=random.Random(f"{mission.seed} references"))
        session.events.subscribe(EventType.ERROR, self._take_error)
        async with session:
            await session.trading.ready()
            self._line.send(("ready",))
            trading: list[asyncio.Task[None]] = []
            while (told := await self._told.get()) != "stop":
                if told == "show":
                    self._line.send(("books", await books(session)))
                elif told == "trade":
                    traders = [
                        Trader(session, random.Random(rng.random()), loses_link=mission.loses_link)
                        for _ in range(TRADERS)
                    ]
                    trading = [asyncio.create_task(one.run()) for one in traders]
                    for task in trading:
                        task.add_done_callback(self._ended)
                elif told == "rest":
                    for task in trading:
                        task.cancel()
                    await asyncio.gather(*trading, return_exceptions=True)
                    await session.connection.wait_until_up()
                    await _sent(session)
                    await session.trading.reconcile()  # what was left of a group half placed is not acknowledged
        self._line.send(("stopped",))

    def emit(self, record: logging.LogRecord) -> None:
        self._wrong(record.getMessage())

    def _hear(self) -> None:
        try:
            self._told.put_nowait(self._line.recv())
        except EOFError:
            os._exit(1)  # nobody wants it any more

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._wrong(repr(task.exception()))

    def _take_error(self, event: Event) -> None:
        if not isinstance(event.data, m.ErrorMessage):
            self._wrong(f"event: {event.data!r}")

    def _wrong(self, what: str) -> None:
        with contextlib.suppress(OSError):
            self._line.send(("wrong", what))


async def books(session: IBSession) -> list[Shown]:
    """The orders when all that the gateway had said has been taken, every doubt was asked about, and all is written."""
    await _sent(session)
    await _until(lambda: not any(one.tracked.doubts or one.status in UNSETTLED for one in session.trading.orders))
    _, journal = session.trading._followed.open()
    await journal.write(flag("looked at", "", session.now(), CLIENT_ID))  # and everything before it
    return [
        Shown(
            client_ref=one.key.client_ref or "",
            order_id=one.key.order_id,
            perm_id=one.key.perm_id,
            state=one.status,
            filled=one.filled,
            remaining=one.remaining,
            doubts=one.tracked.doubts,
            others=len(one.others),
        )
        for one in session.trading.orders
    ]


async def _sent(session: IBSession) -> None:
    """What was asked for has left, and is answered."""
    await _until(lambda: not any(session.stats().limiter.waiting.values()))
    await session.connection.ping()


async def _until(is_so: Callable[[], bool]) -> None:
    """Wait for it, but not for ever: what is not so then, the comparison finds."""
    for _ in range(round(SETTLED_S / LOOKS_EVERY_S)):
        if is_so():
            return
        await asyncio.sleep(LOOKS_EVERY_S)


class Trader:
    """Places, changes and cancels at random; several of them act at once."""

    def __init__(self, session: IBSession, rng: random.Random, *, loses_link: bool) -> None:
        self._trading = session.trading
        self._connection = session.connection
        self._loses_link = loses_link
        self._rng = rng

    async def run(self) -> None:
        """Trade for ever."""
        acts = [
            *[self.place] * 5,
            *[self.change] * 3,
            *[self.cancel] * 3,
            self.give_up_placing,
            self.group,
            self.bracket,
        ]
        refused: tuple[type[IbwireError], ...] = (OrderChangeRefused, OrderCancelled, InvalidOrder)
        if self._loses_link:
            acts += [self.place_without_link] * 3
            refused += (ConnectionFailed,)
        while True:
            # What was decided meanwhile (the order has ended, say) is refused before it is sent.
            with contextlib.suppress(*refused):
                await self._rng.choice(acts if len(self._live()) < MOST_LIVE else [self.cancel])()
            await asyncio.sleep(self._rng.choice(PAUSES_S))

    async def place(self) -> None:
        """A market order, or a limit order near the market; one in ten is off the price grid, and refused."""
        rng = self._rng
        side, quantity = rng.choice(["BUY", "SELL"]), rng.randint(1, 60)
        if rng.random() < 0.2:
            order = market(side, quantity)
        elif rng.random() < 0.1:
            order = limit(side, quantity, "99.001")
        else:
            order = limit(side, quantity, self._price())
        await self._trading.place(APPLE, order)

    async def place_without_link(self) -> None:
        """Orders that may wait, around the moment in which the link falls: before that is known, and after."""
        self._connection.abort("a fault")
        for pause_s in (0.0, self._rng.choice([0.0, 0.001, 0.005, 0.02])):
            side = self._rng.choice(["BUY", "SELL"])
            order = limit(side, self._rng.randint(1, 60), self._price())
            await self._trading.place(APPLE, order, queue_while_down=self._rng.choice([0.01, 2.0]))
            await asyncio.sleep(pause_s)

    async def give_up_placing(self) -> None:
        """Who places it changes his mind while it goes to the disk."""
        placing = asyncio.create_task(self.place())
        await asyncio.sleep(self._rng.choice([0.0, 0.0002]))
        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)

    async def group(self) -> None:
        """Two orders of which only one fills."""
        orders = [limit("BUY", 10, self._price()), limit("SELL", 10, self._price())]
        for one in one_cancels_all(orders, f"group {self._rng.random()}"):
            await self._trading.place(APPLE, one)

    async def bracket(self) -> None:
        """An entry that waits for its exits: only the last of them is transmitted."""
        both = bracket("BUY", 10, limit_price=self._price(), take_profit_price="103", stop_loss_price="97")
        (_, parent), (_, profit), (_, loss) = both.placed([1, 2, 3])
        handle = await self._trading.place(APPLE, parent)
        for child in (profit, loss):
            await self._trading.place(APPLE, replace(child, parent_id=handle.key.order_id))

    async def change(self) -> None:
        """Another quantity or price."""
        handle = self._any()
        # A change of what is held back until its group is transmitted may be held back as well: nobody can tell.
        is_held = handle is not None and not handle.tracked.is_acknowledged and not handle.order.transmit
        if handle is not None and handle.order.order_type == "LMT" and not is_held:
            changes: dict[str, Any] = {"total_quantity": Decimal(self._rng.randint(1, 80))}
            await handle.modify(**self._rng.choice([changes, {"limit_price": self._price()}]))

    async def cancel(self) -> None:
        """One of those that live."""
        handle = self._any()
        if handle is not None:
            await handle.cancel()

    def _price(self) -> Decimal:
        return Decimal(self._rng.randint(980, 1020)) / 10

    def _live(self) -> list[OrderHandle]:
        return [one for one in self._trading.orders if not one.is_over and one.status is not OrderState.UNCONFIRMED]

    def _any(self) -> OrderHandle | None:
        live = self._live()
        return self._rng.choice(live) if live else None
