"""Historical ticks: as records, and page by page over any span, each exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ibwire.asking import Asker
from ibwire.bar_series import contract_key
from ibwire.bar_times import request_time
from ibwire.events import utc_now
from ibwire.exceptions import NoData, RequestError
from ibwire.history_spans import CLOCKS_DIFFER, Interval, overlaps, without
from ibwire.record_table import RecordTable
from ibwire.wire import Message
from ibwire.wire import messages as m

if TYPE_CHECKING:
    from ibwire.history_store import BarStore

PAGE = 1000
"""The most ticks that one request may ask for; the last second comes whole, so that more may come (notes, 3.7)."""

_SECOND = timedelta(seconds=1)


class TradeTick(Struct, frozen=True, kw_only=True):
    """A trade, in the second `time` (aware UTC)."""

    time: datetime
    price: float
    size: Decimal | None
    exchange: str = ""
    special_conditions: str = ""
    is_past_limit: bool = False
    is_unreported: bool = False


class QuoteTick(Struct, frozen=True, kw_only=True):
    """A change of the best bid or ask, in the second `time` (aware UTC); None for a side that nobody quotes."""

    time: datetime
    bid: float | None
    ask: float | None
    bid_size: Decimal | None
    ask_size: Decimal | None
    is_bid_past_low: bool = False
    is_ask_past_high: bool = False


class MidpointTick(Struct, frozen=True):
    """A change of the midpoint between bid and ask, in the second `time` (aware UTC)."""

    time: datetime
    price: float


Tick = TradeTick | QuoteTick | MidpointTick

TICK_KINDS: dict[str, type[Tick]] = {"TRADES": TradeTick, "BID_ASK": QuoteTick, "MIDPOINT": MidpointTick}
"""What there are historical ticks of, and the record of each."""


class Ticks(RecordTable[Tick]):
    """Ticks in order; those of one second in the order in which IBKR gives them."""


class TickProgress(Struct, frozen=True, kw_only=True):
    """How far a download of ticks is: so many `pages` and `ticks` have come, and all before `until` (aware UTC)."""

    pages: int
    ticks: int
    until: datetime


class TickPages:
    """The ticks of a contract, asked for page by page.

    What is in `store` is not asked for, and each page is kept there as it comes; `now` says what is certainly over.
    `progress` is called after each page; what it raises ends the download.
    """

    def __init__(
        self,
        asker: Asker,
        contract: m.Contract,
        what: str,
        *,
        rth: bool,
        ignore_size: bool,
        store: BarStore | None = None,
        now: Callable[[], datetime] = utc_now,
        progress: Callable[[TickProgress], object] | None = None,
    ) -> None:
        self._asker = asker
        self._progress = progress
        self._pages = self._ticks = 0
        self._kind = TICK_KINDS[what]
        self._request = m.HistoricalTicksRequest(
            contract=contract, number_of_ticks=PAGE, what_to_show=what, use_rth=rth, ignore_size=ignore_size
        )
        hours = "regular hours" if rth else "all hours"
        self._series = f"{contract_key(contract)} ticks {what} {hours}{' prices only' if ignore_size else ''}"
        self._store = store
        self._now = now

    async def within(self, span: Interval, *, is_session: bool = True) -> list[Tick]:
        """All ticks of a trading session, or a part of one, in whole seconds.

        A page that is not full is the last one of its session: no page goes beyond (pacing notes, 2). With
        `is_session` that is all there is of the span.
        """
        if self._store is None:
            return await self._ask(span, is_session=is_session)
        parts, missing = self._kept(self._store, span)
        for gap in missing:
            parts.append((gap.start, await self._ask(gap, is_session=is_session)))
        parts.sort(key=lambda part: part[0])
        return [tick for _, ticks in parts for tick in ticks]

    def _kept(self, store: BarStore, span: Interval) -> tuple[list[tuple[datetime, list[Tick]]], list[Interval]]:
        """What is there, each second once (two processes may have kept the same), and the spans that are missing."""
        parts: list[tuple[datetime, list[Tick]]] = []
        missing = [span]
        for kept, ticks in store.spans(self._series, span, self._kind):
            new = overlaps(kept, missing)
            parts += [(one.start, [tick for tick in ticks if tick.time in one]) for one in new]
            missing = [left for gap in missing for left in without(gap, [kept])]
        return parts, missing

    async def _ask(self, span: Interval, *, is_session: bool) -> list[Tick]:
        """A full page may have stopped short of the end of its last second, so that second is asked for again, as the
        first one of the next page.
        """
        found: list[Tick] = []
        start = span.start
        while start < span.end:
            before = self._now()
            page = await self._page(start)
            is_full = len(page) >= PAGE
            last = page[-1].time if page else start
            is_one_second = page != [] and page[0].time == last  # then all of it is here
            end = last + _SECOND if is_full and is_one_second else last
            if not is_full and is_session:
                end = span.end
            ticks = [tick for tick in page if tick.time in span and (not is_full or tick.time < end)]
            found += ticks
            self._keep(Interval(start, min(end, span.end)), ticks, before)
            self._tell(len(ticks), min(end, span.end))
            if not is_full:
                break
            start = end
        return found

    def _keep(self, span: Interval, ticks: list[Tick], now: datetime) -> None:
        """Keep what will not change any more. No ticks may be IBKR's way to say that we are too fast (notes, 2)."""
        over = (now - CLOCKS_DIFFER).replace(microsecond=0)
        settled = Interval(span.start, min(span.end, over))
        if self._store is not None and ticks and settled.start < settled.end:
            self._store.add(self._series, settled, [tick for tick in ticks if tick.time in settled])

    def _tell(self, ticks: int, until: datetime) -> None:
        self._pages += 1
        self._ticks += ticks
        if self._progress is not None:
            self._progress(TickProgress(pages=self._pages, ticks=self._ticks, until=until))

    async def _page(self, start: datetime) -> list[Tick]:
        """A page that begins at this second."""
        text = request_time(start)
        try:
            answers = await self._asker.ask(replace(self._request, start_date_time=text))
        except NoData:
            return []
        page = [tick for answer in answers for tick in ticks_of(answer)]
        if any(tick.time < start for tick in page):
            raise RequestError(f"asked for ticks from {text} on, the gateway sent older ones")
        return page


def ticks_of(answer: Message) -> Iterable[Tick]:
    """The ticks of one message. Raises RequestError for one without a time or a price."""
    match answer:
        case m.HistoricalTicksLast():
            return [_trade(tick) for tick in answer.historical_ticks_last]
        case m.HistoricalTicksBidAsk():
            return [_quote(tick) for tick in answer.historical_ticks_bid_ask]
        case m.HistoricalTicks():
            return [MidpointTick(_time(tick.time), _price(tick.price)) for tick in answer.historical_ticks]
    return []


def _trade(tick: m.HistoricalTickLast) -> TradeTick:
    flags = tick.tick_attrib_last
    return TradeTick(
        time=_time(tick.time),
        price=_price(tick.price),
        size=_size(tick.size),
        exchange=tick.exchange or "",
        special_conditions=tick.special_conditions or "",
        is_past_limit=flags is not None and bool(flags.past_limit),
        is_unreported=flags is not None and bool(flags.unreported),
    )


def _quote(tick: m.HistoricalTickBidAsk) -> QuoteTick:
    flags = tick.tick_attrib_bid_ask
    return QuoteTick(
        time=_time(tick.time),
        bid=tick.price_bid,
        ask=tick.price_ask,
        bid_size=_size(tick.size_bid),
        ask_size=_size(tick.size_ask),
        is_bid_past_low=flags is not None and bool(flags.bid_past_low),
        is_ask_past_high=flags is not None and bool(flags.ask_past_high),
    )


def _time(unix_s: int | None) -> datetime:
    if unix_s is None:
        raise RequestError("the gateway sent a tick without a time")
    try:
        return datetime.fromtimestamp(unix_s, UTC)
    except (ValueError, OverflowError, OSError):
        raise RequestError(f"the gateway sent a tick with {unix_s} for a time") from None


def _price(price: float | None) -> float:
    if price is None:
        raise RequestError("the gateway sent a tick without a price")
    return price


def _size(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except ArithmeticError:
        raise RequestError(f"the gateway sent a tick of size {text!r}") from None


def pieces(span: Interval, sessions: Sequence[Interval]) -> list[Interval]:
    """The parts of a span in which there may be ticks, a session each."""
    parts = (Interval(max(span.start, one.start), min(span.end, one.end)) for one in sessions)
    return [part for part in parts if part.start < part.end]
