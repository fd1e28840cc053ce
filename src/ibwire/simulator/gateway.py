"""The simulated gateway: a listening socket, its clients, and a market that moves.

    async with SimulatedGateway() as gateway:
        ...connect any client to 127.0.0.1, gateway.port

Time comes from its clock, chance from the feed's seed. So on a virtual-time loop the same seed and inputs give the same
bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ibwire.simulator import farms, faults, service_faults
from ibwire.simulator.account_streams import ROWS_EVERY_S
from ibwire.simulator.catalogue import Catalogue, by_con_id
from ibwire.simulator.chronicle import Chronicle
from ibwire.simulator.clock import Clock, RealClock
from ibwire.simulator.farms import farm_of
from ibwire.simulator.feed import Feed, State, Tick, TickType
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.happenings import Watcher
from ibwire.simulator.history_pacing import HistoryPacing
from ibwire.simulator.history_sources import bar_source
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.limits import GatewayLimits
from ibwire.simulator.market import Market, moves_orders
from ibwire.simulator.market_books import books_of
from ibwire.simulator.market_data import MarketData
from ibwire.simulator.order_desk import OrderDesk
from ibwire.simulator.outbox import LinkConditions
from ibwire.simulator.permissions import Access, Permissions
from ibwire.simulator.pulse import STEP_S, Pulse
from ibwire.simulator.scenario import Scenario
from ibwire.simulator.session import ClientSession
from ibwire.simulator.state import ActiveFault, GatewayState, state_of
from ibwire.simulator.trading_sessions import AlwaysOpen, TradingHours
from ibwire.wire import MAX_SERVER_VERSION, MIN_SERVER_VERSION, Message

if TYPE_CHECKING:
    from ibwire.simulator.control_port import ControlPort

DEFAULT_ACCOUNTS = ("DU1234567",)
CLOSE_TIMEOUT_S = 1.0
"""How long a closing gateway lets its clients take what was sent to them."""

PNL_EVERY_S = 1.0
"""How often profits and losses are told, as far as they changed."""

MAX_CLIENTS = 32
"""How many clients a gateway takes (protocol notes, 1.1)."""


class SimulatedGateway:
    """A paper gateway on a port of this machine.

    `port` 0 takes a free one, which `self.port` then names. `feed` is the market (a generated one of seed 1 by
    default), played `speed` times as fast as it happened. `max_version` is its own newest server version; with a client
    it speaks the lower of that and the client's. `limits` are IBKR's, enforced unless switched off. `hours` say when
    its markets are open: always, if not given. `permissions` say which market data the login has, by local symbol,
    exchange or security type (see `Permissions`): all of it live, if not given. `seed` decides about what the feed does
    not tell: books and generic ticks. `clock` is real by default.

    More than `max_clients` at a time are accepted and closed; with `is_read_only` orders are refused (protocol notes,
    1.11); with `sends_notices_first` the farm notices come before the next order id, as some gateways send them.
    `master_client_id` hears of everybody's orders; with `binds_negative` orders of the TWS user get negative ids when
    client 0 binds them.
    What falls due by the clock alone happens up to `step_s` late; longer steps make long simulations cheap.
    `control_port` opens the HTTP control port (0: a free one); `watcher` is told of everything that happens.

    Raises OSError if it cannot listen, ValueError for a version, speed, permission or number of clients that makes no
    sense.
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
        permissions: Mapping[str, Access | str] | None = None,
        seed: int = 1,
        clock: Clock | None = None,
        max_clients: int = MAX_CLIENTS,
        is_read_only: bool = False,
        sends_notices_first: bool = False,
        master_client_id: int | None = None,
        binds_negative: bool = False,
        step_s: float = STEP_S,
        control_port: int | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        if not MIN_SERVER_VERSION <= max_version <= MAX_SERVER_VERSION:
            raise ValueError(f"max_version is {max_version}; allowed are {MIN_SERVER_VERSION} to {MAX_SERVER_VERSION}")
        if not 0 < speed < float("inf"):
            raise ValueError(f"speed is {speed}; it needs a positive number")
        if max_clients < 1:
            raise ValueError(f"max_clients is {max_clients}; at least one is needed")
        if not accounts:
            raise ValueError("accounts is empty; at least one is needed")
        self.host = host
        self.port = port
        self.accounts = accounts
        self.min_version = MIN_SERVER_VERSION
        self.max_version = max_version
        self.limits = limits if limits is not None else GatewayLimits()
        self.hours = hours if hours is not None else AlwaysOpen()
        self.clock = clock if clock is not None else RealClock()
        self.max_clients = max_clients
        self.is_read_only = is_read_only
        self.sends_notices_first = sends_notices_first
        self.control_port = control_port
        self.sessions: set[ClientSession] = set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        feed = feed if feed is not None else GeneratedFeed(seed)
        if isinstance(feed, GeneratedFeed):
            feed.today = self.today
        self.market = Market(feed)
        self.ledger = Ledger(accounts)
        self.bars = bar_source(feed)
        self.history_pacing = HistoryPacing(self.limits)
        self.desk = OrderDesk(
            self.market,
            self.hours,
            self.ledger,
            self.limits,
            accounts,
            self.now_s,
            self._tell,
            self._booked,
            master_client_id=master_client_id,
            binds_negative=binds_negative,
        )
        self._reset_faults()
        self.data = MarketData(
            self.market,
            Permissions(permissions),
            self.limits,
            self.hours,
            self.now_s,
            self,
            books_of(feed, seed),
            self.history_pacing,
            self._kept_bars,
            seed,
        )
        self.chronicle = Chronicle(self.now_s, watcher)
        self._pulse = Pulse(self.clock, speed, self.market, self._publish, self._advance, self._drained, step_s)
        self._pnl_at_s, self._rows_at_s, self._day = PNL_EVERY_S, ROWS_EVERY_S, self.today()
        self._server: asyncio.Server | None = None
        self._player: asyncio.Task[None] | None = None
        self._control: ControlPort | None = None

    def _reset_faults(self) -> None:
        """All is well."""
        self.link = LinkConditions()
        self.is_offline = False
        self.answers_hellos = True
        self.refused_client_ids = 0
        self.has_competitor = False
        self.farms_down: set[str] = set()
        self.farms_asleep: set[str] = set()
        self.silent_con_ids: set[int] = set()

    async def __aenter__(self) -> SimulatedGateway:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen and let the market move. Raises OSError if it cannot, LibraryMissing for a control port without the
        libraries of the extra `ibwire[control]`."""
        if self.control_port is not None:
            # Only who asks for it pays for the import of an HTTP server.
            from ibwire.simulator.control_port import ControlPort

            self._control = ControlPort(self, self.control_port)
        self.data.advance()
        await self.come_back()
        self.clock.start()
        self._player = asyncio.create_task(self._pulse.run(), name="simulated market")
        if self._control is not None:
            try:
                self.control_port = await self._control.start()
            except OSError:
                await self.stop()
                raise
        self.chronicle.listening(self.host, self.port, self.control_port)

    async def stop(self) -> None:
        """Close every connection and stop; orders are forgotten. Raises what the market ended with, if it broke."""
        control, self._control = self._control, None
        if control is not None:
            await control.stop()
        player, self._player = self._player, None
        if player is not None:
            player.cancel()
        await self._pulse.stop()
        await self.go_down()
        if player is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await player

    async def come_back(self) -> None:
        """Listen, on the same port as before if there was one; nothing if it does already."""
        if self._server is not None:
            return
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
        """Let a fault happen (see `faults`); returns when it is over, or with one that lasts when it has begun.

        Raises BadFault, a ValueError, for a kind or parameters that do not exist.
        """
        work = self.start_fault(kind, parameters)
        if work is not None:
            await work

    def start_fault(self, kind: str, parameters: dict[str, Any]) -> asyncio.Task[None] | None:
        """Let a fault begin; the work under way if it takes time. Raises BadFault."""
        work = faults.start(self, kind, parameters)
        self.chronicle.fault_began(kind, parameters)
        return None if work is None else self._pulse.start_work(work, ActiveFault(kind=kind, parameters=parameters))

    async def play(self, scenario: Scenario) -> None:
        """Let the faults of a scenario happen at their times, from now on; returns when the last is over."""
        begun: list[asyncio.Task[None]] = []

        async def timeline() -> None:
            start_s = self.clock.elapsed_s()
            for step in scenario.steps:
                await self.clock.sleep(max(0.0, start_s + step.at_s - self.clock.elapsed_s()))
                work = self.start_fault(step.kind, step.parameters)
                begun.extend([] if work is None else [work])

        await self._pulse.start_work(timeline())
        await asyncio.gather(*begun)

    async def advance(self, seconds: float) -> None:
        """Move a manual clock on and let all that falls due until then happen, in order.

        Raises NotManual if the clock is a real one.
        """
        await self._pulse.advance(seconds)

    @property
    def is_listening(self) -> bool:
        """Whether it can be connected to now."""
        return self._server is not None

    def active_faults(self) -> list[ActiveFault]:
        """The faults that go on now."""
        return [*faults.active(self), *self._pulse.faults_under_way]

    def state(self) -> GatewayState:
        """The truth at this moment."""
        return state_of(self)

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

    def open_history(self) -> int:
        """How many historical requests all clients have open."""
        return sum(session.history.open_requests for session in self.sessions)

    def _kept_bars(self) -> set[int]:
        """The contracts whose historical bars are kept up to date for some client."""
        return {con_id for session in self.sessions for con_id in session.history.streamed_con_ids}

    def farm_notices(self) -> list[farms.Notice]:
        """What is to be said of the farms to a client that starts now."""
        return farms.starting_notices(self.farms_down, self.farms_asleep, is_offline=self.is_offline)

    def asked(self, request: Message) -> None:
        """A client asks for something: wakes the farm that it needs."""
        farm = farms.farm_asked(request, self.catalogue()) if self.farms_asleep else None
        if farm is not None and farm in self.farms_asleep:
            service_faults.farm_up(self, farm=farm)

    def joined(self, session: ClientSession) -> bool:
        """A client has connected; False if there are too many."""
        self.sessions.add(session)
        self._is_empty.clear()
        return len(self.sessions) <= self.max_clients

    def left(self, session: ClientSession) -> None:
        """A client is gone."""
        self.sessions.discard(session)
        if not self.sessions:
            self._is_empty.set()
        self.chronicle.left(session)

    def session_of(self, client_id: int) -> ClientSession | None:
        """The connection that has this client id, if any."""
        known = (session for session in self.sessions if session.client_id == client_id)
        return next((session for session in known if session.has_its_id(self.clock.elapsed_s())), None)

    def now_s(self) -> float:
        """Unix seconds, as clients are told them."""
        return self.clock.now_s()

    def local_time(self) -> str:
        """The time as the hello gives it."""
        return f"{datetime.fromtimestamp(self.now_s(), UTC):%Y%m%d %H:%M:%S} UTC"

    def today(self) -> date:
        """The date in UTC."""
        return datetime.fromtimestamp(self.now_s(), UTC).date()

    def catalogue(self) -> Catalogue:
        """Every contract that there is now."""
        return self.market.catalogue(self.today())

    def _advance(self) -> None:
        """Let everything happen that falls due by the clock alone. The one place: no part keeps timers of its own."""
        now_s = self.now_s()
        self.data.advance()
        self.desk.advance(now_s)
        for session in list(self.sessions):
            session.advance(now_s)
        if self.clock.elapsed_s() >= self._pnl_at_s:
            self._tell_accounts(self.clock.elapsed_s())

    def _tell_accounts(self, elapsed_s: float) -> None:
        """Tell profit and loss, and account rows when it is time for them, as far as they changed."""
        self._pnl_at_s = elapsed_s + PNL_EVERY_S
        is_time_for_rows = elapsed_s >= self._rows_at_s
        if is_time_for_rows:
            self._rows_at_s = elapsed_s + ROWS_EVERY_S
        if self.today() != self._day:
            self._day = self.today()
            self.ledger.new_day(self.market.quotes)
        for session in list(self.sessions):
            session.account.refresh_pnl()
            if is_time_for_rows:
                session.account.refresh_rows()

    async def _drained(self) -> None:
        for session in list(self.sessions):
            await session.outbox.is_drained.wait()

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
        if self.catalogue().by_con_id(con_id) is None:
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
        lost = self.farms_down | self.farms_asleep
        if not lost:
            return False
        instrument = by_con_id(con_id)
        return instrument is not None and farm_of(instrument) in lost

    def correct_execution(
        self, execution_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> str:
        """Put another price or quantity in the place of an execution's, as an exchange does later; its new id.

        Raises ValueError if no execution of today has this id, or the quantity is not above 0 and within the order's.
        """
        return self.desk.correct_execution(execution_id, price, quantity)

    def _tell(self, client_id: int, message: Message) -> None:
        self.chronicle.told(client_id, message)
        session = self.session_of(client_id)
        if session is not None:
            session.send(message)
