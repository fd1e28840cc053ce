"""Market data: quotes, snapshots, ticks one by one, order books and real-time bars.

    async with session.market_data.quotes(contract) as quotes:
        async for item in quotes:  # a Quote; or a Gap, and later its Resumed
            ...

Everybody who wants the same of a contract shares one line at the gateway; the last one to leave frees it. Lines are
counted, and beyond the limit nothing is sent (`RateLimitReached`). Contracts are the wire's records.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import TypeVar

from msgspec import Struct

from ibwire.bar_aggregation import BAR_S, Bar
from ibwire.connection import ConnectionState
from ibwire.contract_rules import no_contract
from ibwire.depth_books import DepthBook
from ibwire.exceptions import InvalidRequest, NoData
from ibwire.gaps import Gap, Resumed
from ibwire.market_lines import MOST_WAITING, ConflatedLine, MarketLine, NewestState
from ibwire.market_lookups import DepthExchange, computation, depth_exchanges, smart_components
from ibwire.market_streams import BarLine, DepthLine, QuoteLine, TickLine
from ibwire.pacing import rules
from ibwire.quote_assembly import QuoteState
from ibwire.quotes import Greeks, MarketDataKind, Quote
from ibwire.recovery import Stage
from ibwire.session_api import SessionApi
from ibwire.settings import ConnectionSettings, RateLimitSettings
from ibwire.streams import Stream
from ibwire.tick_fields import generic_tick_list
from ibwire.tick_records import MarketTick, TickKind
from ibwire.wire import Message
from ibwire.wire import messages as m

T = TypeVar("T")
L = TypeVar("L", bound=MarketLine)  # type: ignore[type-arg]

BAR_DATA = ("TRADES", "MIDPOINT", "BID", "ASK")
"""What real-time bars can be made of."""


def _always() -> bool:
    return True


class LineUsage(Struct, frozen=True, kw_only=True):
    """How much of IBKR's allowance this session's market data uses: lines (quotes and bars), books, tick streams.

    The allowance is the user's: watchlists in TWS and other programs take from it too (pacing notes, 3).
    """

    lines: int
    most_lines: int
    books: int
    most_books: int
    tick_streams: int
    most_tick_streams: int


class MarketData:
    """The market data of a session. Nothing is asked for before an iterator is entered or read.

    The events QUOTE, TICK and BAR tell everything that comes on the lines that are open, to whoever subscribed.
    `should_tick` says whether silence is odd now, for instance whether the market is open; `priority` who is asked for
    first after a gap (lower). Of those who share a line the first one's count.
    """

    def __init__(self, session: SessionApi, connection: ConnectionSettings, rate_limit: RateLimitSettings) -> None:
        self._session = session
        self._bound = connection.stream_bound
        self._timeout_s = connection.request_timeout_s
        self._limits = rules(rate_limit.market_data_lines)
        self._lines: dict[Hashable, MarketLine] = {}  # type: ignore[type-arg]
        self._kind: MarketDataKind | None = None

    # --- level 1

    def quotes(
        self,
        contract: m.Contract,
        generic_ticks: Iterable[str] = (),
        *,
        conflate: bool = True,
        bound: int | None = None,
        priority: int = 0,
        should_tick: Callable[[], bool] = _always,
    ) -> Stream[Quote | Gap | Resumed]:
        """A contract's quotes, as an async iterator.

        With `conflate` a consumer gets the newest quote whenever it looks, and `Quote.skipped` says how many it passed
        over; without, one for every tick, and StreamOverflow when it is `bound` of them behind (the default is the
        settings' `stream_bound`). After a gap a quote shows nothing from before it.

        `generic_ticks` are names of `tick_fields.GENERIC_TICKS`; a consumer that wants fewer of them shares the line.
        Raises InvalidRequest for a name that is none; the iterator raises RateLimitReached or SubscriptionLimitReached
        without a line, NoSecurityDefinition, NoMarketDataPermission, NotConnected.
        """
        entries = generic_tick_list(generic_ticks)
        request = m.MarketDataRequest(contract=contract, generic_tick_list=",".join(entries))

        def line() -> QuoteLine:
            for shared in self._quote_lines(contract):
                if shared.generic_ticks.issuperset(entries):
                    return shared
            make = partial(QuoteLine, self._session, contract, generic_ticks=frozenset(entries))
            return self._line(("quotes", _key(contract), entries), make, request, priority, should_tick)

        return self._conflatable(line, conflate=conflate, bound=bound)

    def latest(self, contract: m.Contract) -> Quote | None:
        """The quote of a line that somebody reads, as it is now, without waiting; None if there is no such line.

        Look at `is_stale`, `is_delayed` and `received_at` before relying on it.
        """
        return next((line.newest() for line in self._quote_lines(contract) if line.has_data), None)

    async def snapshot(
        self, contract: m.Contract, *, is_regulatory: bool = False, timeout: float | None = None
    ) -> Quote:
        """A contract's quote now, asked for from scratch: never anything that was known before.

        Takes up to eleven seconds, which is IBKR's limit for what is missing, and a line meanwhile. A regulatory one
        needs no subscription and is billed. Raises NoData if nothing is known of the contract at all, and what
        `quotes` and `ConnectionManager.request` raise.
        """
        request = m.MarketDataRequest(
            contract=contract, snapshot=True if not is_regulatory else None, regulatory_snapshot=is_regulatory or None
        )
        state = QuoteState(contract)
        for message in await self._session.request(request, timeout=timeout, retry=not is_regulatory):
            state.take(message)
        if not state.has_data:
            raise NoData("the snapshot ended without any data", request=repr(request))
        state.received_s = self._session.clock()
        return state.quote()

    @property
    def market_data_kind(self) -> MarketDataKind | None:
        """The market-data type that was asked for last; None: none, which is live."""
        return self._kind

    async def set_market_data_kind(self, kind: MarketDataKind) -> None:
        """Ask for live, frozen, delayed or delayed frozen data, for the whole session and after reconnects too.

        Returns when it has left; IBKR does not answer. Which kind a quote is, it says itself. Going back to live data
        ends lines for which there is no permission. Raises NotConnected, and then asks for nothing; InvalidRequest for
        a kind that is none.
        """
        if kind not in MarketDataKind.__members__.values():
            raise InvalidRequest(f"market data of kind {kind!r}: there are {', '.join(map(repr, MarketDataKind))}")
        kind = MarketDataKind(kind)
        if self._session.state is not ConnectionState.RECONNECTING:  # then it goes out with the recovery
            await self._session.send(m.MarketDataTypeRequest(kind.value))
        if self._kind is None:
            self._session.recovery.register("market-data type", Stage.PREPARATION, self._recover_kind)
        self._kind = kind

    # --- ticks, books and bars

    def ticks(
        self,
        contract: m.Contract,
        kind: TickKind = TickKind.LAST,
        *,
        ignore_size: bool = False,
        bound: int | None = None,
        priority: int = 0,
    ) -> Stream[MarketTick | Gap | Resumed]:
        """A contract's ticks one by one, from now on: `TradeTick`, `BidAskTick` or `MidpointTick`.

        `ignore_size` leaves out changes of sizes alone. IBKR allows few at a time (5 with 100 lines), one request for a
        contract in 15 s, and none for options; the iterator raises as that of `quotes` does. Raises InvalidRequest for
        a kind that is none.
        """
        kind = _tick_kind(kind)
        request = m.TickByTickRequest(
            contract=contract, tick_type=kind.value, number_of_ticks=0, ignore_size=ignore_size
        )

        def line() -> TickLine:
            key = ("ticks", _key(contract), kind, ignore_size)
            return self._line(key, partial(TickLine, self._session, contract, kind=kind), request, priority, _always)

        return self._stream(lambda consumer: _join(line(), consumer), bound)

    def depth(
        self,
        contract: m.Contract,
        rows: int = 5,
        *,
        smart: bool = False,
        conflate: bool = True,
        bound: int | None = None,
        priority: int = 0,
        should_tick: Callable[[], bool] = _always,
    ) -> Stream[DepthBook | Gap | Resumed]:
        """A contract's order book, as an async iterator of immutable books; conflated like quotes.

        `smart` puts the books of all venues together, and is needed for exchange SMART. There is no mark for a whole
        book: one that begins, after a gap too, fills row by row. An operation that cannot be is a gap, and the book is
        asked for again. IBKR allows few books (3 with 100 lines). Raises InvalidRequest if `rows` is below 1.
        """
        if rows < 1:
            raise InvalidRequest(f"a book of {rows} rows: it has 1 or more")
        request = m.MarketDepthRequest(contract=contract, num_rows=rows, is_smart_depth=smart)

        def line() -> DepthLine:
            key = ("depth", _key(contract), rows, smart)
            make = partial(DepthLine, self._session, contract, rows=rows)
            return self._line(key, make, request, priority, should_tick)

        return self._conflatable(line, conflate=conflate, bound=bound)

    def bars(
        self,
        contract: m.Contract,
        seconds: int = BAR_S,
        what: str = "TRADES",
        *,
        regular_hours: bool = False,
        bound: int | None = None,
        priority: int = 0,
        should_tick: Callable[[], bool] = _always,
    ) -> Stream[Bar | Gap | Resumed]:
        """A contract's bars as they are completed, of five seconds or any multiple of it, as an async iterator.

        Bars of all lengths share one line. A longer bar with parts missing says so (`is_whole`). `what` is one of
        `BAR_DATA`; `regular_hours` leaves out the rest of the day. Raises InvalidRequest naming all that is wrong.
        """
        problems = []
        if not isinstance(seconds, int) or seconds <= 0 or seconds % BAR_S:
            problems.append(f"bars of {seconds!r} s: their length is a multiple of {BAR_S} s")
        if what not in BAR_DATA:
            problems.append(f"bars of {what!r}: there are {', '.join(BAR_DATA)}")
        if problems:
            raise InvalidRequest("; ".join(problems))
        request = m.RealTimeBarsRequest(contract=contract, bar_size=BAR_S, what_to_show=what, use_rth=regular_hours)

        def line() -> BarLine:
            key = ("bars", _key(contract), what, regular_hours)
            return self._line(key, partial(BarLine, self._session, contract), request, priority, should_tick)

        def join(consumer: Stream[Bar | Gap | Resumed]) -> BarLine:
            joined = line()
            joined.add_size(consumer, seconds)
            return joined

        return self._stream(join, bound)

    def usage(self) -> LineUsage:
        """How much of the allowance is used."""
        count = [type(line) for line in self._lines.values()].count
        return LineUsage(
            lines=count(QuoteLine) + count(BarLine),
            most_lines=self._limits["market_data.lines"].limit,
            books=count(DepthLine),
            most_books=self._limits["depth.streams"].limit,
            tick_streams=count(TickLine),
            most_tick_streams=self._limits["tick_by_tick.streams"].limit,
        )

    # --- what is asked once

    async def implied_volatility(
        self, option: m.Contract, option_price: float, underlying_price: float, *, timeout: float | None = None
    ) -> Greeks:
        """The volatility behind an option's price, with its greeks, as IBKR computes them for these prices.

        Raises NoData if no volatility explains the price, NoSecurityDefinition, InvalidRequest, RequestTimeout.
        """
        request = m.CalculateImpliedVolatilityRequest(
            contract=option, option_price=option_price, under_price=underlying_price
        )
        found = await computation(self._session, request, timeout or self._timeout_s)
        if found.implied_volatility is None:
            raise NoData(f"no volatility makes it worth {option_price}", request=repr(request))
        return found

    async def option_price(
        self, option: m.Contract, volatility: float, underlying_price: float, *, timeout: float | None = None
    ) -> Greeks:
        """What an option is worth at a volatility (0.2 is twenty percent), with its greeks.

        Raises NoData if IBKR computes no price, and what `implied_volatility` raises.
        """
        request = m.CalculateOptionPriceRequest(contract=option, volatility=volatility, under_price=underlying_price)
        found = await computation(self._session, request, timeout or self._timeout_s)
        if found.option_price is None:
            raise NoData(f"there is no price at a volatility of {volatility}", request=repr(request))
        return found

    async def smart_components(self, bbo_exchange: str, *, timeout: float | None = None) -> dict[str, str]:
        """Exchanges by the letters that stand for them in `Quote.bid_exchanges` and the like.

        `bbo_exchange` is `Quote.bbo_exchange`. Raises NoData for one that IBKR does not know, RequestTimeout.
        """
        return await smart_components(self._session, bbo_exchange, timeout)

    async def depth_exchanges(self, *, timeout: float | None = None) -> tuple[DepthExchange, ...]:
        """Where order books of what can be had. Raises RequestTimeout."""
        return await depth_exchanges(self._session, timeout)

    # --- lines

    def _line(
        self,
        key: Hashable,
        make: Callable[[Callable[[], object]], L],
        request: Message,
        priority: int,
        should_tick: Callable[[], bool],
    ) -> L:
        """The line with this key: the one that is open, or a new one."""
        known = self._lines.get(key)
        if known is not None:
            return known  # type: ignore[return-value]  # the key says what is on it
        line = make(lambda: self._lines.pop(key, None))
        line.open(request, priority=priority, should_tick=should_tick)
        self._lines[key] = line
        return line

    def _quote_lines(self, contract: m.Contract) -> list[QuoteLine]:
        """The lines with quotes of a contract: one, unless they have different generic ticks."""
        lines = (line for line in self._lines.values() if isinstance(line, QuoteLine))
        return [line for line in lines if _key(line.contract) == _key(contract)]

    def _conflatable(
        self, line: Callable[[], ConflatedLine[T]], *, conflate: bool, bound: int | None
    ) -> Stream[T | Gap | Resumed]:
        if not conflate:
            return self._stream(lambda consumer: _join(line(), consumer), bound)
        queue = NewestState[T]()

        def join(consumer: Stream[T | Gap | Resumed]) -> ConflatedLine[T]:
            joined = line()
            joined.add_conflated(consumer, queue)
            return joined

        return self._stream(join, MOST_WAITING, queue)

    def _stream(
        self,
        join: Callable[[Stream[T | Gap | Resumed]], MarketLine[T]],
        bound: int | None,
        queue: NewestState[T] | None = None,
    ) -> Stream[T | Gap | Resumed]:
        joined: MarketLine[T] | None = None

        def open_(consumer: Stream[T | Gap | Resumed]) -> None:
            nonlocal joined
            joined = join(consumer)

        def close(consumer: Stream[T | Gap | Resumed]) -> None:
            if joined is not None:
                joined.remove(consumer)

        return Stream(bound or self._bound, open_, close, queue)

    async def _recover_kind(self) -> int:
        """The gateway forgets the market-data type with the link; it has to know it before lines are asked for."""
        assert self._kind is not None
        await self._session.send(m.MarketDataTypeRequest(self._kind.value))
        return 1


def _join(line: MarketLine[T], consumer: Stream[T | Gap | Resumed]) -> MarketLine[T]:
    line.add(consumer)
    return line


def _key(contract: m.Contract) -> Hashable:
    """What is the same for the same contract and exchange. Raises InvalidRequest for what is no contract."""
    if not isinstance(contract, m.Contract):
        raise no_contract(contract)
    return (contract.con_id, contract.exchange) if contract.con_id else contract


def _tick_kind(kind: str) -> TickKind:
    try:
        return TickKind(kind)
    except ValueError:
        raise InvalidRequest(f"ticks of kind {kind!r}: there are {', '.join(TickKind)}") from None
