"""Whatever is asked of history gets an answer or an error under its id, and exactly one of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator import NO_LIMITS, SimulatedGateway
from ibwire.simulator.history_desk import HISTORY_HANDLERS, HistoryDesk
from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.simulator.what_to_show import SERIES
from ibwire.wire import Message, encode
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.history import FRIDAY_NOON, SIZES
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


GATEWAY = SimulatedGateway(feed=ScriptedFeed([]), limits=NO_LIMITS, clock=lambda: FRIDAY_NOON)


@campaign(part=300, full=3000)
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
