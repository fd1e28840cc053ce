"""Valid settings of every shape, for property tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from ibwire.setting_rules import MAX_SECONDS, file_path
from ibwire.settings import (
    ConnectionSettings,
    RateLimitSettings,
    ServiceSettings,
    Settings,
    TradingSettings,
    WatchdogSettings,
)

seconds = st.floats(min_value=0, max_value=MAX_SECONDS, exclude_min=True)
whole_numbers = st.integers(1, 10_000)
hosts = st.sampled_from(["localhost", "tws.example.com", "gateway_1", "a-b."]) | st.ip_addresses().map(str)
paths = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).map(Path).filter(file_path().holds)
amounts = st.none() | st.decimals(min_value=0, allow_nan=False, allow_infinity=False).filter(bool)
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
windows = st.builds(
    lambda both, zone: f"{both[0]}-{both[1]} {zone}",
    st.lists(times, min_size=2, max_size=2, unique=True),
    st.sampled_from(["UTC", "America/New_York", "Asia/Hong_Kong", "Etc/GMT+5"]),
)
connections = st.builds(
    ConnectionSettings,
    host=hosts,
    port=st.integers(1, 65535),
    client_id=st.integers(0, 2**31 - 1),
    connect_timeout_s=seconds,
    handshake_timeout_s=seconds,
    request_timeout_s=seconds,
    stream_bound=whole_numbers,
)
rate_limits = st.builds(
    RateLimitSettings,
    market_data_lines=st.integers(2, 100_000),
    safety_margin=st.floats(0, 1, exclude_max=True),
    reserved_messages=st.just(0),
    queue_size=whole_numbers,
    queue_timeout_s=seconds,
    shared_ledger=st.none() | paths,
).flatmap(lambda made: st.integers(0, made.messages_per_second - 1).map(lambda n: replace(made, reserved_messages=n)))
watchdogs = st.tuples(seconds, seconds).flatmap(
    lambda backoff: st.builds(
        WatchdogSettings,
        idle_s=seconds,
        answer_s=seconds,
        backoff_first_s=st.just(min(backoff)),
        backoff_max_s=st.just(max(backoff)),
        attempts=st.none() | whole_numbers,
        stable_s=seconds,
        restart_windows=st.lists(windows, max_size=3).map(tuple),
        stale_stream_s=seconds,
        waits_at_start=st.booleans(),
        down_after_s=seconds,
        down_cooldown_s=seconds,
        clock_skew_s=seconds,
    )
)
tradings = st.builds(
    TradingSettings,
    allow_live=st.booleans(),
    account=st.none() | st.sampled_from(["DU1234567", "U1234567", "DF123456"]),
    max_order_quantity=amounts,
    max_order_value=amounts,
    read_only=st.booleans(),
    max_open_orders=st.none() | whole_numbers,
    max_orders_per_minute=st.none() | whole_numbers,
    max_distance_percent=amounts,
    allowed_symbols=st.lists(st.sampled_from(["AAPL", "BRK B", "EUR.USD", "700"])).map(tuple),
    allowed_con_ids=st.lists(st.integers(1, 2**31 - 1).map(str), max_size=3).map(tuple),
    duplicate_window_s=st.none() | seconds,
    ack_timeout_s=seconds,
    journal_path=paths,
)
services = st.builds(
    ServiceSettings,
    watchlist=st.lists(
        st.sampled_from(["AAPL", "EUR.USD", "STK:BRK B", "BAG:SPY:+1x265598@SMART%2C-2x272093@SMART"])
    ).map(tuple),
    streams=st.lists(st.sampled_from(["quotes", "ticks", "depth", "bars"])).map(tuple),
    record_dir=st.none() | paths,
    journal=st.booleans(),
    health_interval_s=seconds,
    health_file=st.none() | paths,
)
settings = st.builds(
    Settings,
    connection=connections,
    rate_limit=rate_limits,
    watchdog=watchdogs,
    trading=tradings,
    service=services,
)
