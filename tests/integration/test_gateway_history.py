"""Historical data of the simulated gateway through a client: what is answered, and what is refused."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ibwire.exceptions import RequestFailed
from ibwire.simulator import ExchangeHours, GatewayLimits, RealClock, RecordedFeed
from ibwire.simulator.recording_files import HEADERS
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.history import FRIDAY_NOON, asked, at, head, ticks_asked
from tests.helpers.simulated import (
    AAPL_CONTRACT,
    ES_FUTURES,
    RawClient,
    client_of,
    codes,
    kinds,
    raw,
    simulated,
)

BTC = m.Contract(symbol="BTC", sec_type="CRYPTO", exchange="PAXOS")
EURO = m.Contract(con_id=12087792, exchange="IDEALPRO")
SPX = m.Contract(symbol="SPX", sec_type="IND", exchange="CBOE")
CONTINUOUS = m.Contract(symbol="ES", sec_type="CONTFUT", exchange="CME")


@asynccontextmanager
async def connected(**options: Any) -> AsyncIterator[RawClient]:
    options.setdefault("clock", RealClock(lambda: FRIDAY_NOON))
    async with simulated(**options) as gateway, raw(gateway, 1) as client:
        yield client


def dates(answer: Message) -> list[str]:
    assert isinstance(answer, m.HistoricalData)
    return [str(bar.date) for bar in answer.historical_data_bars]


# --- bars


async def test_bars_come_in_one_message_with_an_end_that_names_the_span() -> None:
    async with connected() as client:
        data, end = await client.answers_to(asked())
        assert dates(data) == [f"20260410 {hour} US/Eastern" for hour in ("09:30:00", "10:00:00", "11:00:00")]
        assert end == m.HistoricalDataEnd(1, "20260409 12:00:00 US/Eastern", "20260410 12:00:00 US/Eastern")


async def test_our_client_gets_each_kind_of_answer() -> None:
    async with simulated(clock=RealClock(lambda: FRIDAY_NOON)) as gateway, client_of(gateway) as client:
        ticks = {"number_of_ticks": 10, "start_date_time": "20260410-14:00:00"}
        requests: dict[str, Message] = {
            "HistoricalDataEnd": asked(req_id=None),
            "HistoricalSchedule": asked(req_id=None, bar_size_setting="1 day", what_to_show="SCHEDULE"),
            "HeadTimestamp": m.HeadTimestampRequest(contract=AAPL_CONTRACT, what_to_show="TRADES"),
            "HistogramData": m.HistogramDataRequest(contract=AAPL_CONTRACT, use_rth=True, time_period="3 days"),
            "HistoricalTicksLast": m.HistoricalTicksRequest(contract=AAPL_CONTRACT, what_to_show="TRADES", **ticks),
            "HistoricalTicksBidAsk": m.HistoricalTicksRequest(contract=AAPL_CONTRACT, what_to_show="BID_ASK", **ticks),
            "HistoricalTicks": m.HistoricalTicksRequest(contract=AAPL_CONTRACT, what_to_show="MIDPOINT", **ticks),
        }
        for last, request in requests.items():
            answers = await client.request(request)
            assert kinds(answers)[-1] == last


@pytest.mark.parametrize(
    ("format_date", "size", "date"),
    [
        (1, "1 hour", "20260410 09:30:00 US/Eastern"),
        (2, "1 hour", str(at("2026-04-10T13:30:00"))),
        (3, "1 hour", "0410 09:30:00 US/Eastern"),
        (1, "1 day", "20260410"),
        (2, "1 day", "20260410"),
    ],
)
async def test_bars_are_dated_as_asked_for_and_days_always_alike(format_date: int, size: str, date: str) -> None:
    async with connected() as client:
        data, _ = await client.answers_to(asked(format_date=format_date, bar_size_setting=size))
        assert dates(data)[0] == date


@pytest.mark.parametrize("what", ["MIDPOINT", "BID", "ASK", "BID_ASK"])
async def test_bars_of_quotes_have_no_volume(what: str) -> None:
    async with connected() as client:
        data, _ = await client.answers_to(asked(what_to_show=what))
        assert isinstance(data, m.HistoricalData)
        assert {(bar.volume, bar.wap, bar.bar_count) for bar in data.historical_data_bars} == {("-1", "-1", -1)}


async def test_average_price_is_that_of_the_volume() -> None:
    async with connected() as client:
        data, _ = await client.answers_to(asked())
        assert isinstance(data, m.HistoricalData)
        for bar in data.historical_data_bars:
            assert bar.low is not None
            assert bar.high is not None
            assert Decimal(repr(bar.low)) < Decimal(str(bar.wap)) < Decimal(repr(bar.high))
            assert Decimal(str(bar.volume)) > 0


async def test_schedule_is_one_message_without_an_end() -> None:
    async with connected(hours=ExchangeHours()) as client:
        request = asked(
            duration="3 D", bar_size_setting="1 day", what_to_show="SCHEDULE", end_date_time="20251129-00:00:00"
        )
        (schedule,) = await client.answers_to(request)
        assert isinstance(schedule, m.HistoricalSchedule)
        assert (schedule.time_zone, schedule.start_date_time, schedule.end_date_time) == (
            "US/Eastern",
            "20251125-09:30:00",
            "20251128-13:00:00",
        )
        assert [one.ref_date for one in schedule.historical_sessions] == ["20251125", "20251126", "20251128"]


async def test_time_without_a_zone_is_answered_with_a_warning() -> None:
    async with connected() as client:
        answers = await client.answers_to(asked(end_date_time="20260409 16:00:00"))
        assert codes(answers) == [(1, 2174)]
        assert kinds(answers)[1:] == ["HistoricalData", "HistoricalDataEnd"]
        named = await client.answers_to(asked(end_date_time="20260409 12:00:00 US/Eastern"))
        assert named == answers[1:]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"bar_size_setting": "1 minute"}, 321, "Legal ones are: 1 secs"),
    ({"duration": "1 day"}, 321, "duration format"),
    ({"duration": "400 D"}, 321, "made in years"),
    ({"what_to_show": "PRICES"}, 321, "type is invalid"),
    ({"format_date": 4}, 321, "Date formatting selection of 4"),
    ({"end_date_time": "yesterday"}, 10314, "End Date/Time: The date, time, or time-zone"),
    ({"contract": m.Contract(con_id=1, exchange="SMART")}, 200, "No security definition"),
    ({"contract": ES_FUTURES}, 200, "ambiguous"),
    ({"contract": BTC}, 10299, "AGGTRADES"),
    ({"contract": CONTINUOUS, "end_date_time": "20260409-16:00:00"}, 10339, "continuous future"),
    ({"contract": EURO}, 162, "No historical market data for EUR/CASH@IDEALPRO Last 3600"),
    ({"contract": SPX, "what_to_show": "BID"}, 162, "No historical market data for SPX/IND@CBOE Bid 3600"),
    ({"what_to_show": "YIELD_LAST"}, 162, "No historical market data for AAPL/STK"),
    ({"duration": "60 S", "bar_size_setting": "5 mins"}, 162, "invalid step: 300"),
    ({"duration": "1 D", "bar_size_setting": "1 secs"}, 162, "Time length exceed max"),
    ({"duration": "10 Y", "bar_size_setting": "1 min"}, 162, "Time length exceed max"),
    ({"end_date_time": "19950101-00:00:00"}, 162, "HMDS query returned no data: AAPL@SMART Trades"),
    ({"what_to_show": "ADJUSTED_LAST", "end_date_time": "20260409-00:00:00"}, 321, "not supported with adjusted last"),
    (
        {"what_to_show": "ADJUSTED_LAST", "bar_size_setting": "1W", "duration": "1 M"},
        321,
        "Multi day bar size not supported with adjusted last",
    ),
    ({"what_to_show": "SCHEDULE"}, 321, "Only daily resolution"),
    ({"keep_up_to_date": True, "end_date_time": "20260409-00:00:00"}, 321, "End date not supported with live"),
    ({"keep_up_to_date": True, "what_to_show": "BID_ASK"}, 321, "Source price not supported"),
    ({"keep_up_to_date": True, "bar_size_setting": "1 secs", "duration": "60 S"}, 321, "Bar size not supported"),
]


@pytest.mark.parametrize(("changed", "code", "text"), REFUSED)
async def test_bars_that_cannot_be_had_are_refused_in_ibkrs_words(
    changed: dict[str, Any], code: int, text: str
) -> None:
    async with connected() as client:
        (error,) = await client.answers_to(asked(**changed))
        assert isinstance(error, m.ErrorMessage)
        assert (error.id, error.error_code) == (1, code)
        assert text in str(error.error_msg)


async def test_our_client_raises_what_was_refused() -> None:
    async with simulated(clock=RealClock(lambda: FRIDAY_NOON)) as gateway, client_of(gateway) as client:
        with pytest.raises(RequestFailed, match="no data") as caught:
            await client.request(asked(req_id=None, end_date_time="19950101-00:00:00"))
        assert caught.value.code == 162


# --- the others


async def test_head_timestamp_is_of_the_first_session_and_stays_open_until_it_is_cancelled() -> None:
    async with connected(limits=GatewayLimits(messages_per_s=None)) as client:
        texts = [await client.answers_to(head(req_id=1 + n, use_rth=bool(n), format_date=1)) for n in (0, 1)]
        assert texts == [[m.HeadTimestamp(1, "20000101-00:00:00")], [m.HeadTimestamp(2, "20000103-14:30:00")]]
        assert await client.answers_to(m.CancelHeadTimestamp(1)) == []
        assert codes(await client.answers_to(m.CancelHeadTimestamp(1))) == [(1, 366)]


HISTOGRAM = m.HistogramDataRequest(req_id=1, contract=AAPL_CONTRACT, use_rth=True, time_period="2 days")


async def test_histogram_is_the_volume_of_the_bars_by_price() -> None:
    async with connected() as client:
        (histogram,) = await client.answers_to(HISTOGRAM)
        data, _ = await client.answers_to(asked(duration="2 D"))
        assert isinstance(histogram, m.HistogramData)
        assert isinstance(data, m.HistoricalData)
        entries = histogram.histogram_data_entries
        volume = sum(Decimal(str(bar.volume)) for bar in data.historical_data_bars)
        assert sum(Decimal(str(entry.size)) for entry in entries) == volume
        prices = [entry.price for entry in entries if entry.price is not None]
        assert prices == sorted(set(prices))


async def test_ticks_up_to_a_time_and_from_it_on_are_whole_seconds() -> None:
    async with connected() as client:
        (later,) = await client.answers_to(ticks_asked(start_date_time="20260410-14:00:00"))
        (earlier,) = await client.answers_to(ticks_asked(end_date_time="20260410-14:00:00"))
        assert isinstance(later, m.HistoricalTicksLast)
        assert isinstance(earlier, m.HistoricalTicksLast)
        for message in (later, earlier):
            times = [tick.time for tick in message.historical_ticks_last if tick.time is not None]
            assert message.is_done
            assert times == sorted(times)
            edge = times[-1] if message is later else times[0]
            assert sum(time != edge for time in times) < 100 <= len(times)
        moment = at("2026-04-10T14:00:00")
        assert (earlier.historical_ticks_last[-1].time or 0) < moment <= (later.historical_ticks_last[0].time or 0)


async def test_ticks_go_on_in_the_next_session_and_end_with_the_present() -> None:
    async with connected() as client:
        evening = ticks_asked(start_date_time="20260409-20:00:00", use_rth=True, what_to_show="MIDPOINT")
        (ticks,) = await client.answers_to(evening)
        assert isinstance(ticks, m.HistoricalTicks)
        assert ticks.historical_ticks[0].time == at("2026-04-10T13:30:00") or (
            at("2026-04-10T13:30:00") <= (ticks.historical_ticks[0].time or 0) < at("2026-04-10T13:31:00")
        )
        (none,) = await client.answers_to(ticks_asked(start_date_time="20260410-16:00:00"))
        assert none == m.HistoricalTicksLast(1, (), is_done=True)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, 321),
        ({"start_date_time": "20260410-14:00:00", "end_date_time": "20260410-14:00:00"}, 321),
        ({"start_date_time": "20260410-14:00:00", "number_of_ticks": 1001}, 321),
        ({"start_date_time": "20260410-14:00:00", "what_to_show": "BID"}, 321),
        ({"start_date_time": "soon"}, 10314),
        ({"start_date_time": "20260410-14:00:00", "contract": EURO}, 162),
        ({"start_date_time": "20260410-14:00:00", "contract": ES_FUTURES}, 200),
    ],
)
async def test_ticks_that_cannot_be_had_are_refused(changed: dict[str, Any], code: int) -> None:
    async with connected() as client:
        assert codes(await client.answers_to(ticks_asked(**changed))) == [(1, code)]


@pytest.mark.parametrize(
    "cancel", [m.CancelHistoricalData, m.CancelHeadTimestamp, m.CancelHistogramData, m.CancelHistoricalTicks]
)
async def test_cancel_of_what_is_not_open_is_answered_with_366(cancel: Callable[[int], Message]) -> None:
    async with connected() as client:
        assert codes(await client.answers_to(cancel(9))) == [(9, 366)]


async def test_while_another_session_has_the_data_history_is_refused() -> None:
    async with simulated(clock=RealClock(lambda: FRIDAY_NOON)) as gateway, raw(gateway, 1) as client:
        await gateway.inject("competing_session")
        assert codes(await client.answers_to(asked())) == [(1, 162)]
        assert codes(await client.answers_to(ticks_asked(start_date_time="20260410-14:00:00"))) == [(1, 10187)]
        assert codes(await client.answers_to(HISTOGRAM)) == [(1, 10188)]


# --- recordings


@pytest.fixture
def recording(tmp_path: Path) -> RecordedFeed:
    """Two quotes and a minute of AAPL in May 2014."""
    moment_ns = at("2014-05-06T13:30:00") * 10**9
    files = {
        "ticks": [f"{moment_ns},AAPL,Q,,,,9.9,10.1,5,6", f"{moment_ns + 1},AAPL,T,10.0,3,,,,,"],
        "bars": [f"{moment_ns},AAPL,1 min,TRADES,10,12,9,11,100,10.5,3"],
    }
    for kind, rows in files.items():
        text = "\n".join([HEADERS[kind], *rows, ""])
        (tmp_path / f"{kind}_x.csv.gz").write_bytes(gzip.compress(text.encode()))
    return RecordedFeed(tmp_path)


async def test_recording_is_answered_by_its_dates(recording: RecordedFeed) -> None:
    async with connected(feed=recording) as client:
        minute = {"bar_size_setting": "1 min", "duration": "1800 S"}
        data, _ = await client.answers_to(asked(**minute, end_date_time="20140506-14:00:00"))
        assert dates(data) == ["20140506 09:30:00 US/Eastern"]
        assert codes(await client.answers_to(asked(**minute))) == [(1, 162)]
        (ticks,) = await client.answers_to(ticks_asked(end_date_time="20140506-14:00:00"))
        assert isinstance(ticks, m.HistoricalTicksLast)
        assert [(tick.price, tick.size) for tick in ticks.historical_ticks_last] == [(10.0, "3")]
        assert await client.answers_to(head()) == [m.HeadTimestamp(1, "20140506-13:30:00")]


async def test_recording_without_a_past_is_kept_up_to_date_all_the_same(recording: RecordedFeed) -> None:
    async with connected(feed=recording) as client:
        live = asked(bar_size_setting="5 secs", duration="60 S", keep_up_to_date=True)
        assert [dates(answer) for answer in await client.answers_to(live) if isinstance(answer, m.HistoricalData)] == [
            []
        ]
        await client.until(lambda: isinstance(client.messages[-1], m.HistoricalDataUpdate))
