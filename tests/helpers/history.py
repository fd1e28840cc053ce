"""Instruments, spans and bars for tests of historical data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ibwire.simulator import RealClock, SimulatedGateway
from ibwire.simulator.bar_sizes import BAR_SIZES, parse_duration
from ibwire.simulator.bar_slots import Slot, slots, span_of
from ibwire.simulator.bar_source import Bar, BarSource
from ibwire.simulator.feed import Feed
from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_local_symbol
from ibwire.simulator.trading_sessions import AlwaysOpen, TradingHours
from ibwire.wire import messages as m
from tests.helpers.simulated import AAPL_CONTRACT, RawClient, raw, simulated

SIZES = tuple(text for text in BAR_SIZES if text not in ("1 week", "1 month"))
ONE_OF_EACH_KIND = tuple({one.exchange + one.sec_type: one for one in INSTRUMENTS}.values())
TABLE = AlwaysOpen()


def at(text: str) -> int:
    """The Unix seconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


MOMENTS = st.integers(at("2005-01-01"), at("2026-11-01"))
KINDS = st.sampled_from(ONE_OF_EACH_KIND)


def instrument(local_symbol: str) -> Instrument:
    """The instrument of this name."""
    found = by_local_symbol(local_symbol)
    assert found is not None
    return found


def places(
    one: Instrument,
    duration: str,
    size: str,
    end_s: float,
    *,
    now_s: float | None = None,
    regular_only: bool = False,
    hours: TradingHours = TABLE,
) -> list[Slot]:
    """The slots of a request; nothing is cut by the present unless `now_s` is given."""
    span = span_of(hours, one, parse_duration(duration), end_s, regular_only=regular_only)
    present_s = 1e11 if now_s is None else now_s
    return list(slots(hours, one, span, BAR_SIZES[size], present_s, regular_only=regular_only))


def bars(source: BarSource, one: Instrument, what: str, found: Sequence[Slot], size: str) -> list[Bar]:
    """The bars of these slots."""
    return list(source.bars(one, what, found, BAR_SIZES[size].length_s))


def folded(slot: Slot, parts: Sequence[Bar]) -> Bar:
    """The one bar that smaller ones come to."""
    is_counted = parts[0].volume >= 0
    turnovers = [part.turnover for part in parts if part.turnover is not None]
    return Bar(
        slot,
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        sum((part.volume for part in parts), Decimal(0)) if is_counted else Decimal(-1),
        sum(turnovers, Decimal(0)) if is_counted else None,
        sum(part.count for part in parts) if is_counted else -1,
    )


FRIDAY_NOON = at("2026-04-10T16:00:00")
"""Noon in New York, while shares trade."""


def asked(**changed: Any) -> m.HistoricalDataRequest:
    """A request for a day's hours of AAPL, but for what is changed."""
    request: dict[str, Any] = {
        "req_id": 1,
        "contract": AAPL_CONTRACT,
        "duration": "1 D",
        "bar_size_setting": "1 hour",
        "what_to_show": "TRADES",
        "use_rth": True,
        "format_date": 1,
    }
    return m.HistoricalDataRequest(**{**request, **changed})


def ticks_asked(**changed: Any) -> m.HistoricalTicksRequest:
    """A request for a hundred trades of AAPL, but for what is changed."""
    request: dict[str, Any] = {"req_id": 1, "contract": AAPL_CONTRACT, "number_of_ticks": 100, "what_to_show": "TRADES"}
    return m.HistoricalTicksRequest(**{**request, **changed})


def head(**changed: Any) -> m.HeadTimestampRequest:
    """A request for the head timestamp of AAPL's trades, but for what is changed."""
    request: dict[str, Any] = {"req_id": 1, "contract": AAPL_CONTRACT, "what_to_show": "TRADES", "format_date": 1}
    return m.HeadTimestampRequest(**{**request, **changed})


@asynccontextmanager
async def living(feed: Feed, **options: Any) -> AsyncIterator[tuple[SimulatedGateway, RawClient]]:
    """A gateway whose clock goes with the loop, from Friday noon on, and a client of it."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    clock = options.pop("clock", RealClock(lambda: FRIDAY_NOON + loop.time() - started))
    async with simulated(feed, clock=clock, **options) as gateway, raw(gateway, 1) as client:
        await asyncio.sleep(0.15)
        yield gateway, client
