"""Whatever is asked of history gets an answer or an error under its id, and exactly one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator import NO_LIMITS, RealClock, SimulatedGateway
from ibwire.simulator.bar_sizes import BAR_SIZES, misfit, parse_duration
from ibwire.simulator.history_desk import HISTORY_HANDLERS, MOST_BARS, HistoryDesk
from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.simulator.what_to_show import SERIES
from ibwire.wire import Message, encode
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.history import FRIDAY_NOON, SIZES, asked
from tests.helpers.scripted_feed import ScriptedFeed

TEXT = st.none() | st.text(max_size=12)
TIMES = st.sampled_from(
    [
        *("", "", "20260409-16:00:00", "20260409 12:00:00 US/Eastern", "20260409 12:00:00", "19700101-00:00:00"),
        *("21000101-00:00:00", "19000101 00:00:00 Asia/Hong_Kong", "20000101-00:00:00", "16:00:00"),
    ]
)
CONTRACTS = st.sampled_from([m.Contract(con_id=one.con_id) for one in INSTRUMENTS]) | st.sampled_from(
    [None, m.Contract(), m.Contract(symbol="ES"), m.Contract(symbol="ES", sec_type="CONTFUT"), m.Contract(con_id=-1)]
)
DURATIONS = st.builds("{} {}".format, st.integers(-1, 100), st.sampled_from("SDWMYX"))
WHATS = st.sampled_from([*SERIES, "trades"])
NUMBERS = st.none() | st.integers(-3, 1200)
FLAGS = st.none() | st.booleans()

REQUESTS = st.one_of(
    st.builds(
        m.HistoricalDataRequest,
        req_id=st.none() | st.integers(-5, 5),
        contract=CONTRACTS,
        end_date_time=TIMES | TEXT,
        bar_size_setting=st.sampled_from(SIZES) | TEXT,
        duration=DURATIONS | TEXT,
        use_rth=FLAGS,
        what_to_show=WHATS | TEXT,
        format_date=st.sampled_from([1, 1, 2, 3, 0, None]),
        keep_up_to_date=FLAGS,
    ),
    st.builds(m.HeadTimestampRequest, req_id=NUMBERS, contract=CONTRACTS, use_rth=FLAGS, what_to_show=WHATS | TEXT),
    st.builds(m.HistogramDataRequest, req_id=NUMBERS, contract=CONTRACTS, use_rth=FLAGS, time_period=DURATIONS | TEXT),
    st.builds(
        m.HistoricalTicksRequest,
        req_id=NUMBERS,
        contract=CONTRACTS,
        start_date_time=TIMES | TEXT,
        end_date_time=TIMES | TEXT,
        number_of_ticks=NUMBERS,
        what_to_show=WHATS | TEXT,
        use_rth=FLAGS,
        ignore_size=FLAGS,
    ),
)
ENDS = (m.HistoricalDataEnd, m.HistoricalSchedule, m.HeadTimestamp, m.HistogramData)
TICKS = (m.HistoricalTicks, m.HistoricalTicksBidAsk, m.HistoricalTicksLast)


GATEWAY = SimulatedGateway(feed=ScriptedFeed([]), limits=NO_LIMITS, clock=RealClock(lambda: FRIDAY_NOON))


@campaign(part=150, full=2000)
@given(REQUESTS)
def test_every_request_ends_in_one_answer_or_one_error(request: Message) -> None:
    sent: list[Message] = []
    errors: list[tuple[int, int, str]] = []
    desk = HistoryDesk(GATEWAY, sent.append, lambda *error: errors.append(error))
    HISTORY_HANDLERS[type(request)](desk, request)
    ends = [message for message in sent if isinstance(message, (*ENDS, *TICKS))]
    refusals = [error for error in errors if error[1] != 2174]
    assert len(ends) + len(refusals) == 1
    asked_id = getattr(request, "req_id", None)
    told_ids = {getattr(message, "req_id", None) for message in sent} | {error[0] for error in errors}
    assert told_ids == {-1 if asked_id is None else asked_id}
    assert all(encode(message) for message in sent)
    desk.advance(FRIDAY_NOON + 7.0)


DURATIONS_OF_THE_TABLES = (
    *("60 S", "120 S", "1800 S", "3600 S", "14400 S", "28800 S", "86400 S"),
    *("1 D", "2 D", "1 W", "1 Y"),
)


@pytest.mark.parametrize("size", SIZES)
def test_every_pair_of_size_and_duration_has_its_bars_or_is_refused(size: str) -> None:
    for duration in DURATIONS_OF_THE_TABLES:
        sent: list[Message] = []
        errors: list[tuple[int, int, str]] = []
        desk = HistoryDesk(GATEWAY, sent.append, lambda *error, to=errors: to.append(error))
        desk.on_bars(asked(bar_size_setting=size, duration=duration))
        reason = misfit(BAR_SIZES[size], parse_duration(duration))
        if reason is not None:
            assert [(code, text.partition(":")[2]) for _, code, text in errors] == [(162, reason)]
        elif errors:
            assert parse_duration(duration).length_s / BAR_SIZES[size].length_s > MOST_BARS
            assert [(code, text.partition(":")[2]) for _, code, text in errors] == [(162, "Time length exceed max.")]
        else:
            data, end = sent
            assert isinstance(data, m.HistoricalData)
            assert isinstance(end, m.HistoricalDataEnd)
            assert 0 < len(data.historical_data_bars) <= MOST_BARS
