"""IBKR's limits as data: what each counts, over how long, how many, by which key, and where the number comes from.

Knows nothing of messages: a request comes with claims, each naming a rule and the key it counts under. Numbers and
sources are those of IBKR's pages on pacing, historical data, market-data lines and scanners; `limit` is what we allow
ourselves, which is at most what IBKR allows.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

SMALL_BAR_S = 30
"""Historical bars up to this length fall under IBKR's strict rules; longer ones are only slowed down."""


class WhenFull(Enum):
    """What happens to a request that a rule has no room for."""

    WAIT = "it waits for room"
    REFUSE = "it fails at once: nothing gives room but somebody letting go"


class PacingRule(Struct, frozen=True, kw_only=True):
    """One limit. With `window_s` it counts what was sent in any such span; without, what is open now.

    `allowed` is IBKR's number, `limit` ours. Both are per key: the rule's `key` says in words what a claim's key is
    made of, "" for one count for all. `code` is what IBKR answers to a breach. IBKR counts when a request arrives, we
    when it leaves: with `spare_s` added to our window, requests may be under way so much longer than those after them.
    """

    name: str
    limit: int
    allowed: int
    window_s: float | None = None
    spare_s: float = 0.0
    key: str = ""
    when_full: WhenFull = WhenFull.WAIT
    code: int | None = None
    source: str


class Claim(Struct, frozen=True):
    """What one request counts as under one rule."""

    rule: str
    key: str = ""
    weight: int = 1


def rules(market_data_lines: int = 100) -> dict[str, PacingRule]:
    """Every rule by its name, for an account with this many market-data lines."""
    lines = market_data_lines
    hundreds = -(-lines // 100)
    table = (
        PacingRule(
            name="history.total",
            limit=60,
            allowed=60,
            window_s=600.0,
            spare_s=5.0,
            code=162,
            source="Historical data limitations: 60 requests within any ten minutes; BID_ASK counts twice",
        ),
        PacingRule(
            name="history.same_contract",
            limit=5,
            allowed=5,
            window_s=2.0,
            spare_s=0.5,
            key="contract, exchange, tick type",
            code=162,
            source="Historical data limitations: six for one contract, exchange and tick type in two seconds",
        ),
        PacingRule(
            name="history.identical",
            limit=1,
            allowed=1,
            window_s=15.0,
            spare_s=1.0,
            key="the whole request",
            code=162,
            source="Historical data limitations: identical requests within 15 seconds",
        ),
        PacingRule(
            name="history.open",
            limit=50,
            allowed=50,
            code=162,
            source="Historical data limitations (older page): 50 simultaneous open requests",
        ),
        PacingRule(
            name="tick_by_tick.instrument",
            limit=1,
            allowed=1,
            window_s=15.0,
            spare_s=1.0,
            key="instrument",
            code=420,
            source="Live market data: no more than one tick-by-tick request for an instrument within 15 seconds",
        ),
        PacingRule(
            name="tick_by_tick.streams",
            limit=5 * hundreds,
            allowed=5 * hundreds,
            when_full=WhenFull.REFUSE,
            code=10190,
            source="Market data lines: tick-by-tick streams are 5 % of the lines, in steps of a hundred lines",
        ),
        PacingRule(
            name="market_data.lines",
            limit=lines,
            allowed=lines,
            when_full=WhenFull.REFUSE,
            code=101,
            source="Market data lines: streams, open snapshots, real-time bars and bars kept up to date take one each",
        ),
        PacingRule(
            name="depth.streams",
            limit=max(3, min(60, hundreds - 1)),
            allowed=max(3, min(60, hundreds - 1)),
            when_full=WhenFull.REFUSE,
            code=309,
            source="Market data lines: 3 depth requests up to 400 lines, then one more for each hundred, 60 at most",
        ),
        PacingRule(
            name="scanner.active",
            limit=10,
            allowed=10,
            when_full=WhenFull.REFUSE,
            source="Market scanner: ten active subscriptions",
        ),
        PacingRule(
            name="account_summary.active",
            limit=2,
            allowed=2,
            when_full=WhenFull.REFUSE,
            code=322,
            source="Account summary: two active subscriptions",
        ),
        PacingRule(
            name="snapshot.regulatory",
            limit=1,
            allowed=1,
            window_s=1.0,
            spare_s=0.2,
            source="Live market data: one regulatory snapshot a second",
        ),
        PacingRule(
            name="contracts.matching",
            limit=1,
            allowed=1,
            window_s=1.0,
            spare_s=0.2,
            source="Matching symbols: about one request a second, more may stay unanswered (observed)",
        ),
    )
    return {rule.name: rule for rule in table}


_ALSO = {10187: 162, 10188: 162}
"""What is said of historical ticks and histograms instead, by its own codes."""


def family_of(code: int) -> str | None:
    """The family of rules (the first word of their names) that IBKR enforces with this code, if there is one."""
    code = _ALSO.get(code, code)
    return next((rule.name.partition(".")[0] for rule in rules().values() if rule.code == code), None)
