"""Historical data as IBKR's own client gets them from `ibwire sim`: every request it has, and its errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ibapi.contract import Contract

from tests.conformance.test_official_client import AAPL, ES_FUTURES, Peer, contract, simulator

EURO = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")
BITCOIN = contract(symbol="BTC", secType="CRYPTO", exchange="PAXOS", currency="USD")
END = "20260410 16:00:00 US/Eastern"
START_OF_TICKS = "20260410-14:00:00"
REQUEST_IDS = itertools.count(1)


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with simulator("--no-limits") as (_, port):
        connected = Peer(port, 1)
        connected.news.wait_for("nextValidId")
        yield connected
        connected.disconnect()
        connected.join()


def ask_bars(
    peer: Peer,
    asked: Contract = AAPL,
    end: str = END,
    duration: str = "1 D",
    size: str = "1 hour",
    what: str = "TRADES",
    format_date: int = 1,
    *,
    keeps_up: bool = False,
) -> int:
    request_id = next(REQUEST_IDS)
    peer.api.reqHistoricalData(request_id, asked, end, duration, size, what, 1, format_date, keeps_up, [])
    return request_id


def bars_of(peer: Peer, request_id: int) -> list[Any]:
    calls = peer.news.calls("historicalData")
    return [call.arguments[1] for call in calls if call.arguments[0] == request_id]


def test_official_client_gets_bars_and_their_end(peer: Peer) -> None:
    request_id = ask_bars(peer)
    end = peer.news.wait_for("historicalDataEnd", request_id)
    assert end.arguments == (request_id, "20260409 16:00:00 US/Eastern", END)
    found = bars_of(peer, request_id)
    assert [bar.date[9:14] for bar in found] == ["09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]
    assert {bar.date[:9] + bar.date[17:] for bar in found} == {"20260410  US/Eastern"}
    for bar in found:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.low < float(bar.wap) < bar.high
        assert bar.volume > 0
        assert bar.barCount > 0


def test_official_client_gets_days_alike_in_every_format(peer: Peer) -> None:
    answers = []
    for format_date in (1, 2):
        request_id = ask_bars(peer, duration="1 M", size="1 day", what="MIDPOINT", format_date=format_date)
        peer.news.wait_for("historicalDataEnd", request_id)
        answers.append([str(bar) for bar in bars_of(peer, request_id)])
    assert answers[0] == answers[1]
    assert len(answers[0]) == 23
    assert "Date: 20260410" in answers[0][-1]


def test_official_client_keeps_bars_up_to_date_until_it_cancels(peer: Peer) -> None:
    request_id = ask_bars(peer, contract(conId=272093, exchange="SMART"), "", "60 S", "5 secs", keeps_up=True)
    peer.news.wait_for("historicalDataEnd", request_id)
    bar = peer.news.wait_for("historicalDataUpdate", request_id).arguments[1]
    assert bar.low <= bar.close <= bar.high
    peer.api.cancelHistoricalData(request_id)
    error = peer.news.wait_for("error", request_id).arguments
    text = f"Historical Market Data Service error message:API historical data query cancelled: {request_id}"
    assert error[2:4] == (162, text)
    peer.fence()
    here = peer.here
    peer.api.cancelHistoricalData(request_id)
    unknown = peer.news.wait_for("error", request_id, since=here).arguments
    assert unknown[2:4] == (366, f"No historical data query found for ticker id:{request_id}")


def test_official_client_gets_a_schedule_alone(peer: Peer) -> None:
    request_id = ask_bars(peer, duration="2 D", size="1 day", what="SCHEDULE")
    call = peer.news.wait_for("historicalSchedule", request_id)
    _, start, end, zone, sessions = call.arguments
    assert (start, end, zone) == ("20260409-09:30:00", "20260410-16:00:00", "US/Eastern")
    assert [session.refDate for session in sessions] == ["20260409", "20260410"]
    peer.fence()
    assert not [one for one in peer.news.calls("historicalDataEnd") if one.arguments[0] == request_id]


def test_official_client_gets_a_head_timestamp(peer: Peer) -> None:
    for format_date, expected in ((1, "20000103-14:30:00"), (2, "946909800")):
        request_id = next(REQUEST_IDS)
        peer.api.reqHeadTimeStamp(request_id, AAPL, "TRADES", 1, format_date)
        assert peer.news.wait_for("headTimestamp", request_id).arguments[1] == expected
        peer.api.cancelHeadTimeStamp(request_id)
        peer.fence()
        assert not [call for call in peer.news.calls("error") if call.arguments[0] == request_id]


def test_official_client_gets_a_histogram(peer: Peer) -> None:
    request_id = next(REQUEST_IDS)
    peer.api.reqHistogramData(request_id, AAPL, useRTH=True, timePeriod="3 days")
    items = peer.news.wait_for("histogramData", request_id).arguments[1]
    assert len(items) > 10
    assert all(item.size > 0 for item in items)
    assert [item.price for item in items] == sorted(item.price for item in items)
    peer.api.cancelHistogramData(request_id)
    assert peer.news.wait_for("error", request_id).arguments[2] == 366


def ask_ticks(peer: Peer, what: str, start: str = START_OF_TICKS, end: str = "", number: int = 100) -> int:
    request_id = next(REQUEST_IDS)
    peer.api.reqHistoricalTicks(request_id, AAPL, start, end, number, what, 1, ignoreSize=False, miscOptions=[])
    return request_id


@pytest.mark.parametrize(
    ("what", "callback", "check"),
    [
        ("TRADES", "historicalTicksLast", lambda tick: tick.size > 0 and tick.price > 0 and tick.exchange == "NASDAQ"),
        ("BID_ASK", "historicalTicksBidAsk", lambda tick: 0 < tick.priceBid < tick.priceAsk and tick.sizeBid > 0),
        ("MIDPOINT", "historicalTicks", lambda tick: tick.price > 0 and tick.size == 0),
    ],
)
def test_official_client_gets_historical_ticks(
    peer: Peer, what: str, callback: str, check: Callable[[Any], bool]
) -> None:
    _, ticks, is_done = peer.news.wait_for(callback, ask_ticks(peer, what)).arguments
    assert is_done
    assert 100 <= len(ticks) < 120
    assert all(check(tick) for tick in ticks)
    times = [tick.time for tick in ticks]
    assert times == sorted(times)


def test_official_client_cancels_ticks_that_were_answered_long_ago(peer: Peer) -> None:
    request_id = ask_ticks(peer, "MIDPOINT")
    peer.news.wait_for("historicalTicks", request_id)
    peer.api.cancelHistoricalTicks(request_id)
    assert peer.news.wait_for("error", request_id).arguments[2] == 366


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        (162, lambda peer: ask_bars(peer, EURO)),
        (162, lambda peer: ask_bars(peer, end="19900101-00:00:00")),
        (162, lambda peer: ask_bars(peer, duration="60 S", size="1 day")),
        (200, lambda peer: ask_bars(peer, ES_FUTURES)),
        (321, lambda peer: ask_bars(peer, size="1 sec")),
        (321, lambda peer: ask_bars(peer, duration="13 M")),
        (10299, lambda peer: ask_bars(peer, BITCOIN)),
        (10314, lambda peer: ask_bars(peer, end="2026-04-10 16:00")),
        (2174, lambda peer: ask_bars(peer, end="20260410 16:00:00")),
        (321, lambda peer: ask_ticks(peer, "TRADES", end=START_OF_TICKS)),
        (321, lambda peer: ask_ticks(peer, "TRADES", number=1001)),
        (10314, lambda peer: ask_ticks(peer, "TRADES", start="whenever")),
        (321, lambda peer: ask_bars(peer, keeps_up=True)),
    ],
)
def test_official_client_is_told_why_history_is_refused(peer: Peer, code: int, ask: Callable[[Peer], int]) -> None:
    assert peer.news.wait_for("error", ask(peer)).arguments[2] == code


def test_official_client_gets_every_bar_size(peer: Peer) -> None:
    pairs = {"1 secs": "60 S", "15 secs": "1800 S", "3 mins": "1 W", "8 hours": "1 W", "1W": "1 Y", "1 month": "5 Y"}
    for size, duration in pairs.items():
        request_id = ask_bars(peer, duration=duration, size=size, what="BID_ASK")
        peer.news.wait_for("historicalDataEnd", request_id)
        assert bars_of(peer, request_id)


def test_official_client_sees_holidays_where_the_calendar_is_followed() -> None:
    with simulator("--calendar", "--no-limits") as (_, port):
        peer = Peer(port, 1)
        peer.news.wait_for("nextValidId")
        request_id = ask_bars(peer, end="20251129-00:00:00", duration="2 D", size="1 day", what="SCHEDULE")
        sessions = peer.news.wait_for("historicalSchedule", request_id).arguments[4]
        assert [(one.refDate, one.endDateTime[9:14]) for one in sessions] == [
            ("20251126", "16:00"),
            ("20251128", "13:00"),
        ]
        peer.disconnect()
        peer.join()
