"""The simulated gateway: a listening socket, its clients, and a market that moves.

    async with SimulatedGateway() as gateway:
        ...connect any client to 127.0.0.1, gateway.port

Time comes from the event loop, the wall clock from an injected function; chance from the feed's seed. So on a
virtual-time loop the same seed and inputs give the same bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any

from ibwire.simulator import faults
from ibwire.simulator.account_streams import ROWS_EVERY_S
from ibwire.simulator.farms import farm_of
from ibwire.simulator.feed import Feed, State, Tick, TickType
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.history_pacing import HistoryPacing
from ibwire.simulator.history_sources import bar_source
from ibwire.simulator.instruments import by_con_id
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.limits import GatewayLimits
from ibwire.simulator.market import Market, moves_orders
from ibwire.simulator.market_books import books_of
from ibwire.simulator.market_data import MarketData
from ibwire.simulator.order_desk import OrderDesk
from ibwire.simulator.permissions import Access, Permissions
from ibwire.simulator.session import ClientSession
from ibwire.simulator.trading_sessions import AlwaysOpen, TradingHours
from ibwire.wire import MAX_SERVER_VERSION, MIN_SERVER_VERSION, Message

DEFAULT_ACCOUNTS = ("DU1234567",)
CLOSE_TIMEOUT_S = 1.0
"""How long a closing gateway lets its clients take what was sent to them."""

LONGEST_WAIT_S = 0.1
"""How often the market and the clock are looked at even if no tick is due."""

SHORTEST_WAIT_S = 0.002
"""The market is played in steps of at least this, so that a fast one costs few wake-ups."""

EVENTS_A_TURN = 500
"""How many events of the market pass before what was made of them is sent."""

ADVANCE_EVERY_S = 0.1
"""How often, at most, what falls due by the clock alone is looked at."""


class SimulatedGateway:
    """A paper gateway on a port of this machine.

    `port` 0 takes a free one, which `self.port` then names. `feed` is the market (a generated one of seed 1 by
    default), played `speed` times as fast as it happened. `max_version` is its own newest server version; with a client
    it speaks the lower of that and the client's. `limits` are IBKR's, enforced unless switched off. `hours` say when
    its markets are open: always, if not given. `permissions` say which market data the login has, by local symbol,
    exchange or security type (see `Permissions`): all of it live, if not given. `master_client_id` hears of everybody's
    orders; with `binds_negative` orders of the TWS user get negative ids when client 0 binds them. `seed` decides about
    what the feed does not tell: books and generic ticks. `clock` gives Unix seconds.

    Raises OSError if it cannot listen, ValueError for a version, speed or permission that makes no sense.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        feed: Feed | None = None,
        speed: float = 1.0,
        accounts: tuple[str, ...] = DEFAULT_ACCOUNTS,
        max_version: int = MAX_SERVER_VERSION,
        limits: GatewayLimits | None = None,
        hours: TradingHours | None = None,
        master_client_id: int | None = None,
        binds_negative: bool = False,
        permissions: Mapping[str, Access | str] | None = None,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not MIN_SERVER_VERSION <= max_version <= MAX_SERVER_VERSION:
            raise ValueError(f"max_version is {max_version}; allowed are {MIN_SERVER_VERSION} to {MAX_SERVER_VERSION}")
        if not 0 < speed < float("inf"):
            raise ValueError(f"speed is {speed}; it needs a positive number")
        self.host = host
        self.port = port
        self.accounts = accounts
        self.min_version = MIN_SERVER_VERSION
        self.max_version = max_version
        self.limits = limits if limits is not None else GatewayLimits()
        self._clock = clock
        self.sessions: set[ClientSession] = set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        feed = feed if feed is not None else GeneratedFeed(seed)
        self.market = Market(feed)
        self.ledger = Ledger(accounts)
        self.hours = hours if hours is not None else AlwaysOpen()
        self.bars = bar_source(feed)
        self.history_pacing = HistoryPacing(self.limits)
        self.desk = OrderDesk(
            self.market,
            self.hours,
            self.ledger,
            self.limits,
            accounts,
            clock,
            self._tell,
            self._booked,
            master_client_id=master_client_id,
            binds_negative=binds_negative,
        )
        self.data = MarketData(
            self.market,
            Permissions(permissions),
            self.limits,
            self.hours,
            clock,
            self,
            books_of(feed, seed),
            self.history_pacing,
            self._kept_bars,
            seed,
        )
        self.is_offline = False
        self.answers_hellos = True
        self.refused_client_ids = 0
        self.has_competitor = False
        self.farms_down: set[str] = set()
        self.silent_con_ids: set[int] = set()
        self._speed = speed
        self._server: asyncio.Server | None = None
        self._player: asyncio.Task[None] | None = None
        self._accountant: asyncio.Task[None] | None = None

    async def __aenter__(self) -> SimulatedGateway:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen and let the market move."""
        self.data.advance()
        await self.come_back()
        self._player = asyncio.create_task(self._play(), name="simulated market")
        self._accountant = asyncio.create_task(self._tell_accounts(), name="simulated accounts")

    async def stop(self) -> None:
        """Close every connection and stop; orders are forgotten. Raises what the market ended with, if it broke."""
        player, self._player = self._player, None
        for task in (player, self._accountant):
            if task is not None:
                task.cancel()
        await self.go_down()
        for task in (self._accountant, player):
            if task is None:
                continue
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def come_back(self) -> None:
        """Listen, on the same port as before if there was one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: ClientSession(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        """Stop listening and close every connection; the market and the orders go on."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for session in list(self.sessions):
            session.close()
        await self._wait_for_sessions()
        if server is not None:
            await server.wait_closed()

    async def inject(self, kind: str, **parameters: Any) -> None:
        """Let a fault happen (see `faults`); returns when it is over.

        Raises ValueError for a kind that does not exist, TypeError for parameters that it does not have.
        """
        await faults.inject(self, kind, **parameters)

    def correct_execution(
        self, execution_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> str:
        """Put another price or quantity in the place of an execution's, as an exchange does later; its new id.

        Raises ValueError if no execution of today has this id, or the quantity is not above 0 and within the order's.
        """
        return self.desk.correct_execution(execution_id, price, quantity)

    def refuses_client_id(self) -> bool:
        """Whether the client that starts now is to be told that its id is in use."""
        refuses = self.refused_client_ids > 0
        self.refused_client_ids -= refuses
        return refuses

    async def _wait_for_sessions(self) -> None:
        """Let closing connections send what they have; cut those whose client does not take it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._is_empty.wait()
        for session in list(self.sessions):
            session.abort()
        await self._is_empty.wait()

    async def failed(self) -> None:
        """Wait until the market cannot go on, and raise why; for ever if all is well."""
        if self._player is not None:
            await asyncio.shield(self._player)
        await asyncio.Event().wait()

    def _kept_bars(self) -> set[int]:
        """The contracts whose historical bars are kept up to date for some client."""
        return {con_id for session in self.sessions for con_id in session.history.streamed_con_ids}

    def open_history(self) -> int:
        """How many historical requests all clients have open."""
        return sum(session.history.open_requests for session in self.sessions)

    def joined(self, session: ClientSession) -> None:
        """A client has connected."""
        self.sessions.add(session)
        self._is_empty.clear()

    def left(self, session: ClientSession) -> None:
        """A client is gone."""
        self.sessions.discard(session)
        if not self.sessions:
            self._is_empty.set()

    def session_of(self, client_id: int) -> ClientSession | None:
        """The connection that has this client id, if any."""
        return next((session for session in self.sessions if session.client_id == client_id), None)

    def now_s(self) -> float:
        """Unix seconds."""
        return self._clock()

    def local_time(self) -> str:
        """The time as the hello gives it."""
        return f"{datetime.fromtimestamp(self._clock(), UTC):%Y%m%d %H:%M:%S} UTC"

    def today(self) -> date:
        """The date in UTC."""
        return datetime.fromtimestamp(self._clock(), UTC).date()

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        start = advanced_at = loop.time()
        while True:
            elapsed = (loop.time() - start) * self._speed
            for number, ticks in enumerate(self.market.play_until(elapsed), start=1):
                self._publish(ticks)
                if number % EVENTS_A_TURN == 0:  # or nothing is sent while there is much to catch up on
                    await asyncio.sleep(0)
            if loop.time() >= advanced_at + ADVANCE_EVERY_S:
                advanced_at = loop.time()
                self._advance()
            next_at_s = self.market.next_at_s
            due_s = LONGEST_WAIT_S if next_at_s is None else (next_at_s - elapsed) / self._speed
            await asyncio.sleep(min(max(due_s, SHORTEST_WAIT_S), LONGEST_WAIT_S))

    def _advance(self) -> None:
        """Let everything happen that falls due by the clock alone. The one place: no part keeps timers of its own."""
        now_s = self.now_s()
        self.data.advance()
        self.desk.advance(now_s)
        for session in list(self.sessions):
            session.advance(now_s)

    async def _tell_accounts(self) -> None:
        """Tell profit and loss every second and account rows every three minutes, as far as they changed."""
        loop, today = asyncio.get_running_loop(), self.today()
        rows_due = loop.time() + ROWS_EVERY_S
        while True:
            await asyncio.sleep(1.0)
            if self.today() != today:
                today = self.today()
                self.ledger.new_day(self.market.quotes)
            for session in list(self.sessions):
                session.account.refresh_pnl()
                if loop.time() >= rows_due:
                    session.account.refresh_rows()
            if loop.time() >= rows_due:
                rows_due += ROWS_EVERY_S

    def _booked(self, account: str, con_id: int) -> None:
        for session in list(self.sessions):
            session.account.booked(account, con_id)

    def set_quote(
        self,
        con_id: int,
        *,
        bid: float | None = None,
        bid_size: Decimal | None = None,
        ask: float | None = None,
        ask_size: Decimal | None = None,
        last: float | None = None,
        last_size: Decimal | None = None,
    ) -> None:
        """Let a contract have this quote now, as if the feed had told it: it is streamed, and orders meet it.

        It stands until the feed tells something else. Raises ValueError for a contract that is not known, for nothing
        to set, and while its market is closed.
        """
        if by_con_id(con_id) is None:
            raise ValueError(f"no instrument has con_id {con_id}")
        told = {TickType.BID: (bid, bid_size), TickType.ASK: (ask, ask_size), TickType.LAST: (last, last_size)}
        state: State = {kind: values for kind, values in told.items() if values != (None, None)}
        if not state:
            raise ValueError("a quote needs a bid, an ask, a last or a size of one of them")
        self.market.has_data(con_id)
        self._publish(self.market.tell(con_id, state))

    def _publish(self, ticks: list[Tick]) -> None:
        if self.data.publish(ticks) and moves_orders(ticks):
            self.desk.quote_moved(ticks[0].con_id)

    def is_held_back(self, con_id: int) -> bool:
        """Whether a fault keeps this instrument's data back."""
        if self.is_offline or self.has_competitor or con_id in self.silent_con_ids:
            return True
        instrument = by_con_id(con_id)
        return bool(self.farms_down) and instrument is not None and farm_of(instrument) in self.farms_down

    def _tell(self, client_id: int, message: Message) -> None:
        session = self.session_of(client_id)
        if session is not None:
            session.send(message)
