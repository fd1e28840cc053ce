"""What `ibwire ticks` and `ibwire depth` show."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console, RenderableType

from ibwire.cli.depth import DepthView
from ibwire.cli.ticks import SHOWN, TicksView
from ibwire.depth_books import DepthBook, DepthRow
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.tick_records import BidAskTick, MarketTick, MidpointTick, TickKind, TradeTick
from ibwire.wire import messages as m

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
APPLE = m.Contract(con_id=265598)
TRADE = TradeTick(
    contract=APPLE,
    kind=TickKind.LAST,
    time=NOON,
    received_at=NOON,
    price=250.05,
    size=Decimal(100),
    exchange="NASDAQ",
    special_conditions="",
    is_past_limit=False,
    is_unreported=True,
)
CHANGE = BidAskTick(
    contract=APPLE,
    time=NOON,
    received_at=NOON,
    bid=1.0,
    bid_size=Decimal(2),
    ask=3.0,
    ask_size=None,
    is_bid_past_low=False,
    is_ask_past_high=False,
)
MIDPOINT = MidpointTick(contract=APPLE, time=NOON, received_at=NOON, midpoint=1.170275)
BOOK = DepthBook(
    contract=APPLE,
    bids=(DepthRow(10.0, Decimal(1), "ARCA"), DepthRow(9.5, Decimal(2))),
    asks=(DepthRow(10.5, Decimal(3)),),
    received_ns=int(NOON.timestamp() * 1e9),
)
LOST = Gap(NOON, GapReason.LINK_LOST)


def drawn(shown: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=80).print(shown)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "tick", "line"),
    [
        (TickKind.LAST, TRADE, "12:00:00 A price 250.05  size 100  exchange NASDAQ  special_conditions -"),
        (TickKind.BID_ASK, CHANGE, "12:00:00 A bid_size 2  bid 1  ask 3  ask_size -"),
        (TickKind.MIDPOINT, MIDPOINT, "12:00:00 A midpoint 1.170275"),
    ],
)
def test_tick_as_a_line(kind: TickKind, tick: MarketTick, line: str) -> None:
    assert TicksView(kind, "").line("A", tick) == line


def test_tick_as_plain_data_has_its_flags() -> None:
    data = TicksView(TickKind.LAST, "").as_dict("A", TRADE)
    assert (data["price"], data["size"], data["is_unreported"], data["con_id"]) == (250.05, Decimal(100), True, 265598)


def test_terminal_shows_the_last_ticks_and_the_gaps_between_them() -> None:
    view = TicksView(TickKind.MIDPOINT, "EUR.USD MidPoint")
    for _ in range(SHOWN):
        view.take("A", MIDPOINT)
    assert drawn(view.table()).count("1.170275") == SHOWN
    view.take("A", LOST)
    view.take("A", Resumed(NOON))
    shown = drawn(view.table())
    assert shown.count("1.170275") == SHOWN - 2
    assert "gap: link lost since 12:00:00 UTC" in shown
    assert "resumed" in shown


def test_book_as_line_and_as_plain_data() -> None:
    view = DepthView("")
    assert view.line("A", BOOK) == "12:00:00 A bids 1@10 2@9.5  asks 3@10.5"
    assert view.as_dict("A", BOOK)["bids"][0] == {"price": 10.0, "size": Decimal(1), "market_maker": "ARCA"}


def test_book_on_a_terminal_goes_stale_in_a_gap_and_is_gone_after_it() -> None:
    view = DepthView("AAPL order book")
    assert "waiting" in drawn(view.table())
    view.take("A", BOOK)
    shown = drawn(view.table())
    assert [line.split() for line in shown.splitlines() if "10.5" in line] == [["ARCA", "1", "10", "10.5", "3"]]
    assert "as of 12:00:00 UTC" in shown
    view.take("A", LOST)
    assert "stale: link lost since 12:00:00 UTC" in drawn(view.table())
    view.take("A", Resumed(NOON))
    assert "10.5" not in drawn(view.table())
