"""Recordings are played as they were told, side by side, and a bad one is refused with its file and line."""

import gzip
from collections import Counter
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from ibwire.simulator.feed import Feed, Tick, TickType
from ibwire.simulator.instruments import by_con_id
from ibwire.simulator.recorded_feed import LOOP_GAP_S, RecordedFeed
from ibwire.simulator.recording_files import HEADERS, RecordingError

AAPL, ESH4, EURUSD, TENCENT = 265598, 533620665, 12087792, 900000003
REAL_DATA = Path(__file__).parents[4] / "shared" / "data"

QUOTE = "{at},{symbol},Q,,,CME,{bid},{ask},{bid_size},{ask_size}"


def write(folder: Path, name: str, *rows: str) -> Path:
    path = folder / f"{name}.csv.gz"
    path.write_bytes(gzip.compress("\n".join([HEADERS[name.split("_")[0]], *rows, ""]).encode()))
    return path


def quote(at: int, bid: str, ask: str, bid_size: str = "", ask_size: str = "", symbol: str = "ESH4") -> str:
    return QUOTE.format(at=at, symbol=symbol, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)


def trade(at: int, price: str, size: str, symbol: str = "ESH4") -> str:
    return f"{at},{symbol},T,{price},{size},CME,,,,"


def told(ticks: list[Tick]) -> list[tuple[float, int, float | None, str | None]]:
    return [(t.at_s, int(t.tick_type), t.price, None if t.size is None else str(t.size)) for t in ticks]


def played(folder: Path) -> list[Tick]:
    return list(RecordedFeed(folder, loop=False).ticks())


def test_quotes_and_trades_become_the_ticks_of_a_gateway(tmp_path: Path) -> None:
    write(
        tmp_path,
        "ticks_ES",
        quote(10_000_000_000, "4800", "4800.25", "4", "7"),
        quote(10_500_000_000, "4800", "4800.25", "5", "7"),
        trade(11_000_000_000, "4800.25", "3"),
        quote(11_000_000_000, "4800.25", "4800.5", "2", "9"),
        trade(12_000_000_000, "4800.5", "2"),
    )
    assert told(played(tmp_path)) == [
        (0.0, TickType.BID, 4800.0, "4"),
        (0.0, TickType.BID_SIZE, None, "4"),
        (0.0, TickType.ASK, 4800.25, "7"),
        (0.0, TickType.ASK_SIZE, None, "7"),
        (0.5, TickType.BID_SIZE, None, "5"),
        (1.0, TickType.LAST, 4800.25, "3"),
        (1.0, TickType.LAST_SIZE, None, "3"),
        (1.0, TickType.VOLUME, None, "3"),
        (1.0, TickType.LAST_TIMESTAMP, None, None),
        (1.0, TickType.HIGH, 4800.25, None),
        (1.0, TickType.LOW, 4800.25, None),
        (1.0, TickType.ASK, 4800.5, "9"),
        (1.0, TickType.ASK_SIZE, None, "9"),
        (1.0, TickType.BID, 4800.25, "2"),
        (1.0, TickType.BID_SIZE, None, "2"),
        (2.0, TickType.LAST, 4800.5, "2"),
        (2.0, TickType.LAST_SIZE, None, "2"),
        (2.0, TickType.VOLUME, None, "5"),
        (2.0, TickType.LAST_TIMESTAMP, None, None),
        (2.0, TickType.HIGH, 4800.5, None),
    ]


def test_all_that_the_first_instant_tells_is_the_opening(tmp_path: Path) -> None:
    write(tmp_path, "ticks_ES", trade(7, "4800.25", "44"), quote(7, "4800", "4800.25", "4", "7"))
    kinds = [tick.tick_type for tick in played(tmp_path)]
    quoted = [TickType.BID, TickType.BID_SIZE, TickType.ASK, TickType.ASK_SIZE]
    assert kinds == [*quoted, TickType.LAST, TickType.LAST_SIZE, TickType.VOLUME, TickType.HIGH, TickType.LOW]


def test_quotes_without_sizes_give_prices_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        "ticks_EURUSD",
        quote(0, "1.39451", "1.39461", symbol="EUR.USD"),
        quote(19_000_000, "1.39453", "1.39461", symbol="EUR.USD"),
        quote(20_000_000, "1.39453", "1.39461", symbol="EUR.USD"),
    )
    assert told(played(tmp_path)) == [
        (0.0, TickType.BID, 1.39451, None),
        (0.0, TickType.ASK, 1.39461, None),
        (0.019, TickType.BID, 1.39453, None),
    ]


def test_a_one_sided_quote_leaves_the_other_side_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, "ticks_ES", quote(0, "4800", "4801", "1", "1"), quote(10**9, "", "4802", "", "3"))
    assert told(played(tmp_path))[4:] == [(1.0, TickType.ASK, 4802.0, "3"), (1.0, TickType.ASK_SIZE, None, "3")]


def test_a_trade_of_unknown_size_adds_no_volume(tmp_path: Path) -> None:
    write(tmp_path, "ticks_ES", trade(0, "4800", "3"), trade(10**9, "4800", ""))
    kinds = [tick.tick_type for tick in played(tmp_path) if tick.at_s > 0]
    assert kinds == [TickType.LAST, TickType.LAST_TIMESTAMP]


def test_a_gateway_stream_is_passed_on_after_the_prices_it_stands_at(tmp_path: Path) -> None:
    write(
        tmp_path,
        "ibstream_700",
        "1000000000,700,0,443.6,10800",
        "1500000000,700,3,444,17100",
        "2000000000,700,8,-1,12252450",
        "2500000000,700,1,443.8,2000",
        "3000000000,700,4,444,100",
    )
    assert told(played(tmp_path)) == [
        (0.0, TickType.BID, 443.6, "10800"),
        (0.0, TickType.BID_SIZE, None, "10800"),
        (0.0, TickType.ASK, 444.0, None),  # the price is older than the row; its size is not
        (0.0, TickType.BID_SIZE, None, "10800"),
        (0.5, TickType.ASK_SIZE, None, "17100"),
        (1.0, TickType.VOLUME, None, "12252450"),
        (1.5, TickType.BID, 443.8, "2000"),
        (2.0, TickType.LAST, 444.0, "100"),
    ]


def test_a_gateway_stream_that_starts_with_volume_or_no_data_opens_without_a_false_price(tmp_path: Path) -> None:
    write(tmp_path, "ibstream_700", "0,700,8,-1,500", "1,700,0,-1,0", "2,700,6,445,0")
    assert told(played(tmp_path))[0] == (0.0, TickType.VOLUME, None, "500")
    assert [tick.price for tick in played(tmp_path)] == [None, None, None, 445.0]


def test_a_gateway_stream_wins_over_ticks_and_more_rows_win_over_fewer(tmp_path: Path) -> None:
    stream = write(tmp_path, "ibstream_700", "0,700,1,443.6,100")
    write(tmp_path, "ticks_700", *[quote(n, "443", "444", symbol="700") for n in range(5)])
    write(tmp_path, "ticks_ES_a", quote(0, "1", "2"))
    longer = write(tmp_path, "ticks_ES_b", quote(0, "4800", "4801"), quote(1, "4800", "4802"))
    feed: Feed = RecordedFeed(tmp_path)
    assert isinstance(feed, RecordedFeed)
    assert feed.sources == {TENCENT: stream, ESH4: longer}
    assert set(feed.con_ids) == {TENCENT, ESH4}


def test_two_symbols_of_one_file_and_another_file_run_side_by_side(tmp_path: Path) -> None:
    write(
        tmp_path,
        "ticks_many",
        quote(5 * 10**9, "200", "201", symbol="AAPL"),
        quote(6 * 10**9, "200", "202", symbol="AAPL"),
        quote(1 * 10**9, "4800", "4801"),
        quote(3 * 10**9, "4800", "4802"),
    )
    write(tmp_path, "ibstream_700", "900000000000,700,1,443.6,100", "900500000000,700,1,443.8,100")
    ticks = played(tmp_path)
    later = [(tick.at_s, tick.con_id, tick.price) for tick in ticks if tick.at_s > 0]
    assert later == [(0.5, TENCENT, 443.8), (1.0, AAPL, 202.0), (2.0, ESH4, 4802.0)]


def test_a_loop_opens_again_and_time_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "ticks_ES", quote(0, "4800", "4801"), quote(2 * 10**9, "4800", "4802"))
    write(tmp_path, "ibstream_700", "0,700,1,443.6,100")
    ticks = list(islice(RecordedFeed(tmp_path).ticks(), 300))
    times = [tick.at_s for tick in ticks]
    assert times == sorted(times)
    es = [(tick.at_s, tick.price) for tick in ticks if tick.con_id == ESH4]
    again = 2.0 + LOOP_GAP_S
    assert es[:6] == [(0, 4800), (0, 4801), (2, 4802), (again, 4800), (again, 4801), (again + 2, 4802)]
    assert Counter(tick.con_id for tick in ticks)[TENCENT] > Counter(tick.con_id for tick in ticks)[ESH4]


def test_volume_counts_anew_in_each_loop(tmp_path: Path) -> None:
    write(tmp_path, "ticks_ES", trade(0, "4800", "3"), trade(1, "4800", "2"))
    ticks = islice(RecordedFeed(tmp_path).ticks(), 40)
    volumes = [int(tick.size or 0) for tick in ticks if tick.tick_type == TickType.VOLUME]
    assert volumes[:4] == [3, 5, 3, 5]


def test_each_run_starts_from_the_beginning(tmp_path: Path) -> None:
    write(tmp_path, "ticks_ES", quote(0, "4800", "4801"), quote(1, "4800", "4802"))
    feed = RecordedFeed(tmp_path, loop=False)
    assert list(feed.ticks()) == list(feed.ticks())


def test_a_missing_folder_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere: no such folder; .*ticks_\*\.csv\.gz"):
        RecordedFeed(tmp_path / "nowhere")


def test_a_folder_without_recordings_says_so_whatever_else_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "bars_1day.csv.gz").write_bytes(b"not read")
    with pytest.raises(RecordingError, match="no recording in it"):
        RecordedFeed(tmp_path)


def test_an_unknown_symbol_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "ticks_X", quote(0, "1", "2"), quote(0, "1", "2", symbol="NOPE"))
    with pytest.raises(RecordingError, match=r"ticks_X\.csv\.gz, line 3: no instrument .*'NOPE'.*instruments\.toml"):
        RecordedFeed(tmp_path)


def test_a_file_that_is_cut_off_is_found_before_the_start(tmp_path: Path) -> None:
    path = write(tmp_path, "ticks_ES", *[quote(n * n, "4800", str(4801 + n)) for n in range(500)])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RecordingError, match=r"ticks_ES\.csv\.gz, line \d+: can't be read .*cut off"):
        RecordedFeed(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"plain text", gzip.compress(b"\xff\xfe\xfa"), gzip.compress(b""), b""],
    ids=["no gzip", "no UTF-8", "empty inside", "empty"],  # gzip writes the time: names made of it differ
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ticks_ES.csv.gz").write_bytes(content)
    with pytest.raises(RecordingError, match=r"ticks_ES\.csv\.gz, line "):
        RecordedFeed(tmp_path)


def test_a_wrong_header_is_refused_with_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "ibstream_700.csv.gz").write_bytes(gzip.compress(b"ts_ns,symbol,price\n0,700,1\n"))
    with pytest.raises(RecordingError, match=r"line 1: the header is .*has to be ts_ns,symbol,tick_type,price,size"):
        RecordedFeed(tmp_path)


def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "ticks_ES")
    with pytest.raises(RecordingError, match="no rows"):
        RecordedFeed(tmp_path)


@pytest.mark.parametrize("row", ["1,ESH4,Q", quote(1, "4800", "4801") + ",surplus"])
def test_a_row_of_another_width_is_refused_before_the_start(tmp_path: Path, row: str) -> None:
    write(tmp_path, "ticks_ES", quote(0, "4800", "4801"), row)
    with pytest.raises(RecordingError, match="line 3: the row doesn't have the columns"):
        RecordedFeed(tmp_path)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("soon,ESH4,T,4800,1,CME,,,,", "ts_ns is 'soon'"),
        (trade(-1, "4800", "1"), "before the row above"),
        ("1,ESH4,X,4800,1,CME,,,,", "kind is 'X'"),
        (trade(1, "much", "1"), "price is 'much'"),
        (trade(1, "nan", "1"), "price is 'nan'"),
        (trade(1, "", "1"), "a trade needs a price"),
        (trade(1, "4800", "-1"), "can't be negative"),
        (trade(1, "4800", "few"), "size is 'few'"),
        (quote(1, "", ""), "needs a bid or an ask"),
        (quote(1, "4800", "inf"), "ask is 'inf'"),
    ],
)
def test_a_bad_row_stops_the_play_at_its_line(tmp_path: Path, row: str, complaint: str) -> None:
    write(tmp_path, "ticks_ES", quote(0, "4800", "4801"), row)
    feed = RecordedFeed(tmp_path, loop=False)
    with pytest.raises(RecordingError, match=f"ticks_ES.csv.gz, line 3: .*{complaint}.*; "):
        list(feed.ticks())


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("1,700,12,443.6,1", "tick_type is '12'"),
        ("1,700,1,,100", "tick_type 1 needs a price"),
        ("1,700,0,443.6,", "tick_type 0 needs a size"),
    ],
)
def test_a_bad_stream_row_stops_the_play_at_its_line(tmp_path: Path, row: str, complaint: str) -> None:
    write(tmp_path, "ibstream_700", "0,700,1,443.6,100", row)
    with pytest.raises(RecordingError, match=f"line 3: .*{complaint}"):
        played(tmp_path)


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"no recorded market data at {REAL_DATA}")
def test_the_real_recordings_play_to_their_end() -> None:
    feed = RecordedFeed(REAL_DATA, loop=False)
    grid = {ESH4: Decimal("0.25"), EURUSD: Decimal("0.00001"), TENCENT: Decimal("0.2")}
    assert {feed.sources[con_id].name.split("_")[0] for con_id in (ESH4, EURUSD)} == {"ticks"}
    assert feed.sources[TENCENT].name.startswith("ibstream")
    ticks = list(feed.ticks())
    counts = Counter((tick.con_id, tick.tick_type) for tick in ticks)
    # Rows as the folder's README counts them: 2,973 ES trades, and 10,717 stream rows after the opening ticks.
    assert counts[ESH4, TickType.LAST] == 2973
    assert sum(n for (con_id, _), n in counts.items() if con_id == TENCENT) == 10_717 + 4
    assert max(tick.size or 0 for tick in ticks if (tick.con_id, tick.tick_type) == (ESH4, TickType.VOLUME)) == 9892
    times = [tick.at_s for tick in ticks]
    assert times == sorted(times)
    assert max(tick.at_s for tick in ticks if tick.con_id == EURUSD) == pytest.approx(4 * 3600, abs=5)
    opening = {tick.con_id: tick for tick in reversed(ticks) if tick.tick_type == TickType.BID}
    assert {con_id: opening[con_id].price for con_id in grid} == {ESH4: 4800.0, EURUSD: 1.39451, TENCENT: 443.6}
    for tick in ticks:
        if tick.price is not None and tick.con_id in grid:
            assert Decimal(repr(tick.price)) % grid[tick.con_id] == 0
    assert all(by_con_id(con_id) is not None for con_id in feed.con_ids)
