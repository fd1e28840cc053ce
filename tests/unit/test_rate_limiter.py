"""The limiter under load, in virtual time: limits in every span, lanes in order, nobody lost."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from ibwire.event_types import Throttling
from ibwire.exceptions import (
    ConfigurationError,
    IbwireError,
    NotConnected,
    RateLimitQueueFull,
    RateLimitReached,
    RateLimitTimeout,
)
from ibwire.pacing import Claim, PacingRule, rules
from ibwire.rate_limiter import AGE_S, RateLimiter, Violation
from ibwire.settings import RateLimitSettings
from ibwire.shared_ledger import LEFT_ALONE_S, LOCK_TIMEOUT_S
from ibwire.turns import Turn
from ibwire.wire.catalogue import Lane
from tests.helpers.campaigns import campaign
from tests.helpers.virtual_time import on_virtual_time

LIMIT = 45
"""What is left of 50 a second with the default margin."""


def now() -> float:
    return asyncio.get_running_loop().time()


class Log:
    """Sends through a limiter and notes when each message left, or how it failed."""

    def __init__(self, limiter: RateLimiter) -> None:
        self.limiter = limiter
        self.sent: list[tuple[float, Lane, int]] = []
        self.failed: list[tuple[float, int, IbwireError]] = []
        self.turns: list[Turn] = []

    def send(self, lane: Lane, claims: tuple[Claim, ...] = (), **options: object) -> int:
        number = len(self.turns)
        turn = self.limiter.enqueue(
            lane,
            claims,
            grant=lambda: self.sent.append((now(), lane, number)),
            fail=lambda error: self.failed.append((now(), number, error)),
            **options,  # type: ignore[arg-type]
        )
        self.turns.append(turn)
        return number

    @property
    def times(self) -> list[float]:
        return [at for at, _, _ in self.sent]

    @property
    def order(self) -> list[int]:
        return [number for _, _, number in self.sent]


def most_in(times: list[float], window_s: float) -> int:
    return max((bisect_left(times, start + window_s) - index for index, start in enumerate(times)), default=0)


# --- the second


@on_virtual_time
async def test_limit_idle_messages_leave_at_once() -> None:
    log = Log(RateLimiter())
    await asyncio.sleep(100)
    for _ in range(5):
        log.send(Lane.QUERY)
    assert log.times == [now()] * 5


@pytest.mark.parametrize("lane", [Lane.ORDER, Lane.SUBSCRIPTION, Lane.BULK])
@on_virtual_time
async def test_limit_burst_after_idleness_never_exceeds_any_second_and_wastes_little(lane: Lane) -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_timeout_s=3600)))
    await asyncio.sleep(1000)
    for _ in range(1000):
        log.send(lane)
    await asyncio.sleep(100)
    usable = LIMIT - (5 if lane is Lane.BULK else 0)
    assert len(log.sent) == 1000
    assert most_in(log.times, 1.0) == usable
    assert log.times[-1] - log.times[0] == pytest.approx(1000 / usable, rel=0.03)


@on_virtual_time
async def test_limit_much_bulk_is_evenly_spaced() -> None:
    log = Log(RateLimiter())
    for _ in range(200):
        log.send(Lane.SUBSCRIPTION)
    await asyncio.sleep(10)
    assert most_in(log.times, 0.1) <= 10, "bursts make gateways stall"


@on_virtual_time
async def test_limit_follows_the_market_data_lines() -> None:
    log = Log(RateLimiter(RateLimitSettings(market_data_lines=400, safety_margin=0.0)))
    for _ in range(600):
        log.send(Lane.ORDER)
    await asyncio.sleep(10)
    assert most_in(log.times, 1.0) == 200
    assert log.limiter.statistics().peak_per_s == 200


# --- lanes


@on_virtual_time
async def test_lane_cancel_leaves_at_once_past_ten_thousand_bulk_requests() -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_size=20_000, queue_timeout_s=3600)))
    for _ in range(10_000):
        log.send(Lane.BULK)
    for _ in range(20):
        await asyncio.sleep(0.731)
        asked = now()
        numbers = [log.send(Lane.CANCEL), log.send(Lane.ORDER)]
        await asyncio.sleep(0.001)
        left = {number: at for at, _, number in log.sent if number in numbers}
        assert left.keys() == set(numbers), "still waiting after a millisecond"
        assert max(left.values()) - asked <= 0.001
    assert most_in(log.times, 1.0) <= LIMIT


@on_virtual_time
async def test_lane_upper_goes_first_and_the_older_first_in_a_lane() -> None:
    limiter = RateLimiter()
    log = Log(limiter)
    limiter.pause()
    lanes = [Lane.BULK, Lane.QUERY, Lane.SUBSCRIPTION, Lane.CONTROL, Lane.ORDER, Lane.CANCEL] * 3
    for lane in lanes:
        log.send(lane)
    limiter.resume()
    await asyncio.sleep(5)
    assert log.order == sorted(range(len(lanes)), key=lambda number: (lanes[number], number))


@on_virtual_time
async def test_lane_bulk_moves_up_after_a_while_and_never_starves_behind_queries() -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_timeout_s=3600)))
    number = log.send(Lane.BULK)
    log.limiter.pause()
    number = log.send(Lane.BULK)
    log.limiter.resume()
    started = now()
    while number not in log.order and now() < started + 10 * AGE_S:
        for _ in range(60):  # more queries than there is room for, for ever
            log.send(Lane.QUERY)
        await asyncio.sleep(1)
    assert number in log.order
    assert now() - started <= 2 * AGE_S


@on_virtual_time
async def test_waiting_is_told_with_its_rule_at_most_once_a_second() -> None:
    told: list[Throttling] = []
    log = Log(RateLimiter(on_throttled=told.append))
    for _ in range(200):
        log.send(Lane.BULK, (Claim("history.identical", "same"),))
    assert [(about.rule, about.lane, round(about.wait_s)) for about in told] == [("history.identical", "BULK", 16)]
    await asyncio.sleep(5)
    log.send(Lane.QUERY)
    assert len(told) == 1, "it did not have to wait"


# --- the rules


@on_virtual_time
async def test_rule_sixty_history_requests_in_ten_minutes_and_the_sixty_first_waits() -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_timeout_s=3600)))
    for number in range(130):
        log.send(Lane.BULK, (Claim("history.total"), Claim("history.identical", str(number))))
    await asyncio.sleep(590)
    assert len(log.sent) == 60
    assert log.limiter.statistics().waiting_for == {"history.total": 70}
    await asyncio.sleep(500)
    assert len(log.sent) == 120
    await asyncio.sleep(200)
    assert len(log.sent) == 130
    assert most_in(log.times, 600.0) == 60


@on_virtual_time
async def test_rule_identical_waits_fifteen_seconds_and_one_to_spare_and_holds_up_nobody_else() -> None:
    log = Log(RateLimiter())
    first, second, other = (log.send(Lane.BULK, (Claim("history.identical", key),)) for key in ("a", "a", "b"))
    await asyncio.sleep(20)
    at = {number: sent for sent, _, number in log.sent}
    assert at[other] - at[first] < 0.1
    assert at[second] - at[first] == pytest.approx(16, abs=0.01)


@pytest.mark.parametrize(
    "rule", [rule for rule in rules().values() if rule.window_s is not None], ids=lambda rule: rule.name
)
@on_virtual_time
async def test_rule_holds_where_ibkr_counts_though_the_first_request_was_long_under_way(rule: PacingRule) -> None:
    """A gateway that was busy when the first ones came counts them late, and those after them at once."""
    log = Log(RateLimiter(RateLimitSettings(queue_timeout_s=3600)))
    assert rule.window_s is not None
    assert rule.spare_s >= 0.2
    for _ in range(2 * rule.limit):
        log.send(Lane.BULK, (Claim(rule.name),))
    await asyncio.sleep(2 * rule.window_s)
    assert len(log.times) > rule.limit
    began = log.times[0]
    arrived = [max(at, began + 0.99 * rule.spare_s) for at in log.times]
    assert most_in(arrived, rule.window_s) <= rule.allowed


@on_virtual_time
async def test_rule_bid_ask_counts_twice() -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_timeout_s=3600)))
    for _ in range(50):
        log.send(Lane.BULK, (Claim("history.total", weight=2),))
    await asyncio.sleep(300)
    assert len(log.sent) == 30


@on_virtual_time
async def test_rule_open_requests_wait_until_one_is_over() -> None:
    log = Log(RateLimiter())
    for _ in range(51):
        log.send(Lane.BULK, (Claim("history.open"),))
    await asyncio.sleep(10)
    assert len(log.sent) == 50
    log.turns[7].cancel()
    await asyncio.sleep(1)
    assert log.order[-1] == 50
    log.turns[7].cancel()
    assert log.limiter.statistics().waiting["BULK"] == 0


@on_virtual_time
async def test_rule_lines_are_refused_when_all_are_taken_with_ibkrs_code() -> None:
    log = Log(RateLimiter())
    for _ in range(100):
        log.send(Lane.SUBSCRIPTION, (Claim("market_data.lines"),))
    await asyncio.sleep(5)
    with pytest.raises(RateLimitReached, match=r"market_data\.lines") as caught:
        log.send(Lane.SUBSCRIPTION, (Claim("market_data.lines"),))
    assert caught.value.code == 101
    assert log.turns[0].cancel() is False
    log.send(Lane.SUBSCRIPTION, (Claim("market_data.lines"),))


def test_rules_never_allow_more_than_ibkr_does() -> None:
    for lines in (100, 200, 400, 500, 1100, 5000):
        assert all(rule.limit <= rule.allowed and rule.source for rule in rules(lines).values())
    assert {lines: rules(lines)["tick_by_tick.streams"].limit for lines in (100, 200, 500, 1100)} == {
        100: 5,
        200: 10,
        500: 25,
        1100: 55,
    }
    assert {lines: rules(lines)["depth.streams"].limit for lines in (100, 400, 500, 600, 1100)} == {
        100: 3,
        400: 3,
        500: 4,
        600: 5,
        1100: 10,
    }


# --- waiting is bounded


@on_virtual_time
async def test_wait_too_long_fails_naming_what_it_waited_for() -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_timeout_s=7)))
    for _ in range(2):
        log.send(Lane.BULK, (Claim("history.identical", "same"),))
    await asyncio.sleep(8)
    (at, number, error) = log.failed[0]
    assert (number, isinstance(error, RateLimitTimeout)) == (1, True)
    assert at == pytest.approx(log.times[0] + 7)
    assert "rule history.identical" in str(error)


@on_virtual_time
async def test_wait_in_a_full_queue_is_refused_at_once() -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_size=10)))
    log.limiter.pause()
    for _ in range(10):
        log.send(Lane.BULK)
    with pytest.raises(RateLimitQueueFull, match="10 messages wait already"):
        log.send(Lane.BULK)
    assert log.limiter.statistics().refused == 1


@pytest.mark.parametrize("lane", [Lane.CANCEL, Lane.ORDER, Lane.CONTROL])
@on_virtual_time
async def test_queue_full_of_questions_refuses_nothing_urgent(lane: Lane) -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_size=100)))
    refused = 0
    for _ in range(200):
        try:
            log.send(Lane.BULK)
        except RateLimitQueueFull:
            refused += 1
    assert refused > 50
    urgent = [log.send(lane) for _ in range(90)]
    await asyncio.sleep(30)
    assert set(urgent) <= set(log.order)


@on_virtual_time
async def test_link_lost_ends_nothing_twice_that_was_taken_back_meanwhile() -> None:
    limiter = RateLimiter()
    limiter.pause()
    failed: list[int] = []
    turns: list[Turn] = []

    def fail(number: int) -> None:
        failed.append(number)
        turns[1].cancel()

    turns += [
        limiter.enqueue(Lane.ORDER, grant=lambda: None, fail=lambda _, number=number: fail(number))
        for number in range(2)
    ]
    limiter.link_lost(lambda: NotConnected("gone"))
    assert failed == [0]
    assert sum(limiter.statistics().waiting.values()) == 0


@on_virtual_time
async def test_wait_given_up_frees_its_place_and_leaves_nothing_behind() -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_size=100)))
    log.limiter.pause()
    for _ in range(200):
        turns = [log.turns[log.send(Lane.BULK, (Claim("history.total"),))] for _ in range(100)]
        assert all(turn.cancel() for turn in turns)
    log.limiter.resume()
    await asyncio.sleep(10)
    assert (log.sent, log.failed) == ([], [])
    statistics = log.limiter.statistics()
    assert sum(statistics.waiting.values()) == 0
    assert statistics.waiting_for == {}
    assert log.limiter.queued_entries < 1000, "what was given up piles up"


@on_virtual_time
async def test_wait_cancelled_with_its_task_frees_its_place() -> None:
    limiter = RateLimiter()
    limiter.pause()
    waiting = asyncio.create_task(limiter.acquire(Lane.QUERY))
    await asyncio.sleep(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert limiter.statistics().waiting["QUERY"] == 0


@on_virtual_time
async def test_link_lost_fails_what_waits_and_frees_what_was_open() -> None:
    log = Log(RateLimiter())
    for _ in range(60):
        log.send(Lane.BULK, (Claim("history.open"),))
    await asyncio.sleep(10)
    log.limiter.link_lost(lambda: NotConnected("gone"))
    assert sorted(number for _, number, _ in log.failed) == list(range(50, 60))
    assert all(isinstance(error, NotConnected) for _, _, error in log.failed)
    asked_since = log.send(Lane.QUERY, (Claim("history.open"),))
    before = len(log.sent)
    await asyncio.sleep(10)
    assert len(log.sent) == before, "nothing may leave without a link"
    log.limiter.resume()
    assert log.order[-1] == asked_since
    for turn in log.turns[:50]:
        turn.cancel()  # of a link that is gone: must not count against what is open now
    for _ in range(60):
        log.send(Lane.BULK, (Claim("history.open"),))
    await asyncio.sleep(10)
    assert len(log.sent) == before + 50


# --- learning


@on_virtual_time
async def test_violation_of_the_rate_slows_down_then_recovers() -> None:
    told: list[Violation] = []
    limiter = RateLimiter(RateLimitSettings(queue_timeout_s=3600), on_violation=told.append)
    log = Log(limiter)
    limiter.report_violation(100)
    assert [violation.code for violation in told] == [100]
    for _ in range(300):
        log.send(Lane.ORDER)
    await asyncio.sleep(20)
    assert log.times[0] >= 1.0
    assert most_in(log.times, 1.0) == round(LIMIT * 0.8)
    await asyncio.sleep(600)
    assert limiter.statistics().limit_per_s == LIMIT
    assert limiter.statistics().violations == {100: 1}


@on_virtual_time
async def test_violation_does_not_hold_up_a_cancel() -> None:
    limiter = RateLimiter()
    log = Log(limiter)
    limiter.report_violation(100)
    log.send(Lane.CANCEL)
    assert log.times == [now()]


@on_virtual_time
async def test_violation_of_history_closes_history_only() -> None:
    limiter = RateLimiter()
    log = Log(limiter)
    limiter.report_violation(162, "history")
    log.send(Lane.BULK, (Claim("history.total"),))
    other = log.send(Lane.BULK, (Claim("scanner.active"),))
    await asyncio.sleep(14)
    assert log.order == [other]
    await asyncio.sleep(2)
    assert len(log.sent) == 2


# --- everything at once

LANES = st.sampled_from(list(Lane))
CLAIMS = st.sampled_from(
    [
        (),
        (),
        (Claim("history.total"),),
        (Claim("history.total", weight=2), Claim("history.same_contract", "AAPL", 2)),
        (Claim("history.total"), Claim("history.same_contract", "MSFT"), Claim("history.identical", "x")),
        (Claim("tick_by_tick.instrument", "AAPL"),),
        (Claim("contracts.matching"),),
    ]
)
ARRIVALS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 0.001, 0.02, 0.3, 5.0, 200.0]), LANES, CLAIMS, st.integers(1, 40)), max_size=40
)


@campaign(part=40, full=2000)
@given(arrivals=ARRIVALS, give_up=st.sets(st.integers(0, 300), max_size=20))
def test_limiter_under_any_load_keeps_every_rule_and_loses_nobody(
    arrivals: list[tuple[float, Lane, tuple[Claim, ...], int]], give_up: set[int]
) -> None:
    check: Callable[[], None] = on_virtual_time(lambda: _run_load(arrivals, give_up))
    check()


async def _run_load(arrivals: list[tuple[float, Lane, tuple[Claim, ...], int]], give_up: set[int]) -> None:
    log = Log(RateLimiter(RateLimitSettings(queue_timeout_s=1800)))
    asked: list[tuple[float, Lane, tuple[Claim, ...]]] = []
    given_up = set()
    for gap, lane, claims, count in arrivals:
        await asyncio.sleep(gap)
        for _ in range(count):
            asked.append((now(), lane, claims))
            number = log.send(lane, claims)
            if number in give_up and log.turns[number].cancel():
                given_up.add(number)
    await asyncio.sleep(4000)
    ended = [*log.order, *(number for _, number, _ in log.failed), *given_up]
    assert sorted(ended) == list(range(len(asked))), "each gets exactly one of a place, an error, or its own giving up"
    assert most_in(log.times, 1.0) <= LIMIT
    assert most_in([at for at, lane, _ in log.sent if lane >= Lane.QUERY], 1.0) <= LIMIT - 5
    for rule in rules().values():
        if rule.window_s is not None:
            _check_window(rule.name, rule.limit, rule.window_s, log, asked)
    for lane in Lane:
        plain = [number for _, sent_lane, number in log.sent if sent_lane is lane and not asked[number][2]]
        assert plain == sorted(plain), "the older of a lane goes first"
    _check_lanes(log, asked)


def _check_window(
    name: str, limit: int, window_s: float, log: Log, asked: list[tuple[float, Lane, tuple[Claim, ...]]]
) -> None:
    by_key: dict[str, list[tuple[float, int]]] = {}
    for at, _, number in log.sent:
        for claim in asked[number][2]:
            if claim.rule == name:
                by_key.setdefault(claim.key, []).append((at, claim.weight))
    for sends in by_key.values():
        for index, (start, _) in enumerate(sends):
            in_span = [weight for at, weight in sends[index:] if at < start + window_s]
            assert sum(in_span) <= max(limit, in_span[0]), f"{name} broken"


def _check_lanes(log: Log, asked: list[tuple[float, Lane, tuple[Claim, ...]]]) -> None:
    """Nothing leaves from a lower lane while a message of an upper one, free of rules, could have left instead."""
    left_at = {number: at for at, _, number in log.sent}
    uppers = [
        (number, since) for number, (since, lane, claims) in enumerate(asked) if lane <= Lane.ORDER and not claims
    ]
    for at, lane, number in log.sent:
        if lane >= Lane.CONTROL:
            waiting = [u for u, since in uppers if since < at < left_at.get(u, since)]
            assert not waiting, f"message {number} of {lane.name} overtook {waiting}"


# --- several processes


@on_virtual_time
async def test_ledger_shared_by_two_limiters_keeps_their_sum_within_the_limit(tmp_path: Path) -> None:
    settings = RateLimitSettings(shared_ledger=tmp_path / "ledger", queue_timeout_s=600)
    logs = [Log(RateLimiter(settings)) for _ in range(2)]
    for _ in range(100):
        for log in logs:
            log.send(Lane.ORDER)
    await asyncio.sleep(20)
    times = sorted(at for log in logs for at in log.times)
    assert len(times) == 200
    assert most_in(times, 1.0) <= LIMIT


@pytest.mark.parametrize("lane", list(Lane))
@on_virtual_time
async def test_ledger_used_up_by_another_makes_every_lane_wait_its_second(tmp_path: Path, lane: Lane) -> None:
    settings = RateLimitSettings(shared_ledger=tmp_path / "ledger")
    other, log = RateLimiter(settings), Log(RateLimiter(settings))
    used_up = now()
    assert all(other.try_acquire(Lane.ORDER) for _ in range(LIMIT))
    log.send(lane)
    assert log.times == []
    await asyncio.sleep(1.5)
    assert len(log.times) == 1
    assert used_up + 1 < log.times[0] < used_up + 1.1


@on_virtual_time
async def test_ledger_keeps_its_reserved_places_for_orders_while_other_lanes_wait(tmp_path: Path) -> None:
    settings = RateLimitSettings(shared_ledger=tmp_path / "ledger")
    other, log = RateLimiter(settings), Log(RateLimiter(settings))
    for _ in range(LIMIT - settings.reserved_messages):
        assert other.try_acquire(Lane.ORDER)
    bulk = log.send(Lane.BULK)
    order = log.send(Lane.ORDER)
    assert log.order == [order]
    await asyncio.sleep(1.5)
    assert log.order == [order, bulk]


@on_virtual_time
async def test_ledger_torn_or_from_another_boot_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(b"\x00" * 13 + b"\xff" * 50)
    log = Log(RateLimiter(RateLimitSettings(shared_ledger=path)))
    log.send(Lane.ORDER)
    await asyncio.sleep(1)
    assert len(log.sent) == 1


@on_virtual_time
async def test_ledger_that_is_broken_while_messages_wait_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    log = Log(RateLimiter(RateLimitSettings(shared_ledger=path)))
    for _ in range(2 * LIMIT):
        log.send(Lane.ORDER)
    path.unlink()
    path.mkdir()
    log.send(Lane.CANCEL)
    await asyncio.sleep(3)
    assert len(log.sent) == 2 * LIMIT + 1
    assert most_in(log.times, 1.0) <= LIMIT

    path.rmdir()  # and when it can be used again, it is
    await asyncio.sleep(LEFT_ALONE_S)
    other = RateLimiter(RateLimitSettings(shared_ledger=path))
    assert all(other.try_acquire(Lane.ORDER) for _ in range(LIMIT))
    late = log.send(Lane.ORDER)
    assert log.order[-1] != late


@on_virtual_time
async def test_ledger_whose_lock_nobody_lets_go_of_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    log = Log(RateLimiter(RateLimitSettings(shared_ledger=path)))
    with FileLock(path.with_suffix(".lock")):
        began = time.monotonic()
        for _ in range(10):
            log.send(Lane.CANCEL)
        assert time.monotonic() - began < 5 * LOCK_TIMEOUT_S
    assert len(log.sent) == 10


@on_virtual_time
async def test_ledger_that_cannot_be_made_is_an_error_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "ledger"):
        with pytest.raises(ConfigurationError, match="shared_ledger"):
            RateLimiter(RateLimitSettings(shared_ledger=path))


@on_virtual_time
async def test_acquire_waits_its_turn_and_returns() -> None:
    limiter = RateLimiter()
    started = now()
    for _ in range(LIMIT + 1):
        await limiter.acquire(Lane.ORDER)
    assert 1.0 <= now() - started < 1.1


@on_virtual_time
async def test_acquire_cancelled_in_the_moment_of_its_turn_breaks_nothing() -> None:
    limiter = RateLimiter()
    limiter.pause()
    waiting = [asyncio.create_task(limiter.acquire(Lane.ORDER)) for _ in range(3)]
    await asyncio.sleep(0.1)
    waiting[0].cancel()
    limiter.resume()  # before the cancelled task has run
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [None, None]
    assert sum(limiter.statistics().waiting.values()) == 0
