"""What is kept of IBKR's answers: how long, in which file, and what happens when the file is no good."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ibwire import answer_file, contract_cache
from ibwire.contract_cache import ContractCache
from ibwire.events import CacheTrouble, EventManager, EventType
from ibwire.settings import ContractSettings
from ibwire.wire import messages as m

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
APPLE = m.ContractData(
    contract=m.Contract(con_id=265598, symbol="AAPL", sec_type="STK"),
    contract_details=m.ContractDetails(min_tick="0.01", sec_id_list={"ISIN": "US0378331005"}),
)
RULE = m.MarketRule(26, (m.PriceIncrement(0.0, 0.01), m.PriceIncrement(1.0, 0.05)))


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def cache_at(path: Path | None, clock: Clock | None = None, events: EventManager | None = None) -> ContractCache:
    return ContractCache(ContractSettings(cache=path), now=clock or Clock(), events=events)


def troubles(events: EventManager) -> list[CacheTrouble]:
    return [event.data for event in events.history((EventType.WARNING,))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "contracts.sqlite3"


def test_an_answer_is_kept_as_long_as_who_asks_allows() -> None:
    clock = Clock()
    cache = cache_at(None, clock)
    cache.put(m.ContractData, "AAPL", [APPLE])
    clock.now += 2 * HOUR
    assert cache.get(m.ContractData, "AAPL", 3 * HOUR) == (APPLE,)
    assert cache.get(m.ContractData, "AAPL", 2 * HOUR) is None
    assert cache.get(m.ContractData, "AAPL", 3 * HOUR) == (APPLE,)
    assert cache.get(m.MarketRule, "AAPL", DAY) is None


def test_answers_outlive_the_process_in_the_file(path: Path) -> None:
    clock = Clock()
    first = cache_at(path, clock)
    first.put(m.ContractData, "AAPL", [APPLE])
    first.put(m.MarketRule, "26", [RULE])
    first.close()
    second = cache_at(path, clock)
    assert second.get(m.ContractData, "AAPL", DAY) == (APPLE,)
    assert second.get(m.MarketRule, "26", DAY) == (RULE,)
    clock.now += 2 * DAY
    assert second.get(m.ContractData, "AAPL", DAY) is None
    second.close()
    with closing(cache_at(path, clock)) as third:
        assert third.get(m.ContractData, "AAPL", DAY) is None


def test_what_another_process_has_asked_for_meanwhile_is_found(path: Path) -> None:
    clock = Clock()
    one, other = cache_at(path, clock), cache_at(path, clock)
    one.put(m.ContractData, "AAPL", [])
    clock.now += 2 * DAY
    other.put(m.ContractData, "AAPL", [APPLE])
    assert one.get(m.ContractData, "AAPL", DAY) == (APPLE,)
    one.close()
    other.close()


def test_an_answer_from_the_future_is_not_believed(path: Path) -> None:
    clock = Clock()
    cache = cache_at(path, clock)
    cache.put(m.ContractData, "AAPL", [APPLE])
    clock.now -= HOUR
    assert cache.get(m.ContractData, "AAPL", DAY) is None
    cache.close()


def test_memory_is_bounded_and_keeps_what_was_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract_cache, "MAX_IN_MEMORY", 2)
    cache = cache_at(None)
    for key in "ab":
        cache.put(m.ContractData, key, [APPLE])
    cache.get(m.ContractData, "a", DAY)
    cache.put(m.ContractData, "c", [APPLE])
    assert [cache.get(m.ContractData, key, DAY) is not None for key in "abc"] == [True, False, True]


def test_the_file_is_bounded_and_keeps_the_newest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_file, "MAX_ROWS", 3)
    clock = Clock()
    cache = cache_at(path, clock)
    for number in range(6):
        cache.put(m.ContractData, str(number), [APPLE])
        clock.now += timedelta(seconds=1)
    cache.close()
    again = cache_at(path, clock)
    assert [again.get(m.ContractData, str(number), DAY) is not None for number in range(6)] == [False] * 3 + [True] * 3
    again.close()


def _destroy_header(path: Path) -> None:
    path.write_bytes(b"this is no database, but a note of mine" * 200)


def _destroy_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("destroy", [_destroy_header, _destroy_pages])
def test_a_damaged_file_is_reported_moved_aside_and_made_anew(path: Path, destroy: object) -> None:
    cache = cache_at(path)
    for number in range(50):
        cache.put(m.ContractData, str(number), [APPLE])
    cache.close()
    destroy(path)  # type: ignore[operator]
    damaged = path.read_bytes()
    events = EventManager(clock=Clock())
    cache = cache_at(path, events=events)
    assert cache.get(m.ContractData, "7", DAY) is None
    cache.put(m.ContractData, "7", [APPLE])
    cache.close()
    (trouble,) = troubles(events)
    assert trouble.path == str(path)
    assert "made anew" in trouble.remedy
    assert path.with_name("contracts.sqlite3.damaged").read_bytes() == damaged
    again = cache_at(path)
    assert again.get(m.ContractData, "7", DAY) == (APPLE,)
    again.close()


def test_an_entry_that_cannot_be_read_is_reported_and_asked_for_anew(path: Path) -> None:
    cache = cache_at(path)
    cache.put(m.ContractData, "AAPL", [APPLE])
    cache.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE answers_1 SET answer = 'nonsense'")
    database.close()
    events = EventManager(clock=Clock())
    cache = cache_at(path, events=events)
    assert cache.get(m.ContractData, "AAPL", DAY) is None
    cache.put(m.ContractData, "AAPL", [APPLE])
    assert "AAPL" in troubles(events)[0].problem
    cache.close()


def test_a_file_that_cannot_be_made_is_reported_once_and_memory_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    events = EventManager(clock=Clock())
    cache = cache_at(tmp_path / "file" / "contracts.sqlite3", events=events)
    for key in "ab":
        cache.put(m.ContractData, key, [APPLE])
        assert cache.get(m.ContractData, key, DAY) == (APPLE,)
    (trouble,) = troubles(events)
    assert "memory only" in trouble.remedy


def test_a_file_that_another_process_locks_is_not_waited_for(path: Path) -> None:
    with closing(cache_at(path)) as maker:
        maker.put(m.ContractData, "AAPL", [APPLE])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    events = EventManager(clock=Clock())
    cache = cache_at(path, events=events)
    started = time.monotonic()
    for key in "ab":
        cache.put(m.ContractData, key, [APPLE])
        assert cache.get(m.ContractData, key, DAY) == (APPLE,)
    assert time.monotonic() - started < 10 * answer_file.BUSY_S
    assert len(troubles(events)) == 1
    holder.execute("COMMIT")
    holder.close()
    cache.put(m.ContractData, "c", [APPLE])
    cache.close()
    with closing(cache_at(path)) as reader:
        assert reader.get(m.ContractData, "c", DAY) == (APPLE,)


def _write_for_ever(path: Path, name: str) -> None:
    cache = cache_at(path)
    number = 0
    while True:
        cache.put(m.ContractData, f"{name}{number % 200}", [APPLE] * 20)
        number += 1


def test_several_writers_killed_in_the_middle_leave_a_sound_file(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_for_ever, args=(path, name), daemon=True) for name in "ab"]
    for writer in writers:
        writer.start()
    events = EventManager(clock=Clock())
    cache = cache_at(path, events=events)
    deadline = time.monotonic() + 30
    while not all(cache.get(m.ContractData, f"{name}5", DAY) for name in "ab"):
        assert time.monotonic() < deadline
    for writer in writers:
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        writer.join()
    cache.close()
    reader = cache_at(path, events=events)
    assert reader.get(m.ContractData, "a5", DAY) == (APPLE,) * 20
    reader.put(m.ContractData, "after", [APPLE])
    reader.close()
    assert not [trouble for trouble in troubles(events) if "anew" in trouble.remedy]
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
