"""Historical ticks: as records, and page by page over any span, each exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ibwire.asking import Asker
from ibwire.bar_times import request_time
from ibwire.exceptions import NoData, RequestError
from ibwire.history_spans import Interval
from ibwire.record_table import RecordTable
from ibwire.wire import Message
from ibwire.wire import messages as m

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


class TickPages:
    """The ticks of a contract, asked for page by page."""

    def __init__(self, asker: Asker, contract: m.Contract, what: str, *, rth: bool, ignore_size: bool) -> None:
        self._asker = asker
        self._request = m.HistoricalTicksRequest(
            contract=contract, number_of_ticks=PAGE, what_to_show=what, use_rth=rth, ignore_size=ignore_size
        )

    async def within(self, session: Interval) -> list[Tick]:
        """All ticks of a trading session, or a part of one, in whole seconds.

        A full page may have stopped short of the end of its last second, so that second is asked for again, as the
        first one of the next page. A page that is not full is the last one of its session: no page goes beyond
        (pacing notes, 2).
        """
        found: list[Tick] = []
        start = session.start
        while start < session.end:
            page = await self._page(start)
            if len(page) < PAGE:
                found += [tick for tick in page if tick.time in session]
                break
            last = page[-1].time
            is_one_second = page[0].time == last  # then there is more of it than a page holds, and it is all here
            found += [tick for tick in page if tick.time in session and (is_one_second or tick.time != last)]
            start = last + _SECOND if is_one_second else last
        return found

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
    return datetime.fromtimestamp(unix_s, UTC)


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
