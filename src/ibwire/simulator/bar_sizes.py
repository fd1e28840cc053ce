"""IBKR's bar sizes and durations, and which of them go together.

Knows words and numbers only. Sources: protocol notes, 3.6; pacing notes, section 2, whose two tables of durations
disagree: what either of them allows is answered here, what neither does is refused.
"""

from __future__ import annotations

import re

from msgspec import Struct

MINUTE_S, HOUR_S, DAY_S, WEEK_S, MONTH_S, YEAR_S = 60, 3600, 86_400, 604_800, 2_592_000, 31_536_000

SMALL_BAR_S = 30
"""Bars of up to this length fall under the strictest pacing."""

SHORTEST_LIVE_BAR_S = 5
"""The shortest bar that is kept up to date."""

MOST_SECONDS_OF_1_S_BARS = 2000
SHORTEST_DURATION_S = 30


class BarSize(Struct, frozen=True):
    """A bar size as IBKR writes it; `length_s` is nominal from a day on."""

    text: str
    length_s: int

    @property
    def is_intraday(self) -> bool:
        """Whether a bar is dated by its time, not by its day."""
        return self.length_s < DAY_S


_LENGTHS_S = {
    "1 secs": 1,
    "5 secs": 5,
    "10 secs": 10,
    "15 secs": 15,
    "30 secs": 30,
    "1 min": MINUTE_S,
    "2 mins": 2 * MINUTE_S,
    "3 mins": 3 * MINUTE_S,
    "5 mins": 5 * MINUTE_S,
    "10 mins": 10 * MINUTE_S,
    "15 mins": 15 * MINUTE_S,
    "20 mins": 20 * MINUTE_S,
    "30 mins": 30 * MINUTE_S,
    "1 hour": HOUR_S,
    "2 hours": 2 * HOUR_S,
    "3 hours": 3 * HOUR_S,
    "4 hours": 4 * HOUR_S,
    "8 hours": 8 * HOUR_S,
    "1 day": DAY_S,
    "1W": WEEK_S,
    "1M": MONTH_S,
}
_ALIASES = {"1 week": "1W", "1 month": "1M"}

BAR_SIZES = {text: BarSize(text, length_s) for text, length_s in _LENGTHS_S.items()}
BAR_SIZES |= {alias: BAR_SIZES[text] for alias, text in _ALIASES.items()}
"""Every bar size by what a request may call it."""

NO_SUCH_SIZE = f"Historical data bar size setting is invalid. Legal ones are: {', '.join(_LENGTHS_S)}"


class Duration(Struct, frozen=True):
    """How far back a request goes: `number` of `unit` S, D, W, M or Y."""

    number: int
    unit: str

    @property
    def length_s(self) -> int:
        """Its nominal length."""
        return self.number * _UNITS_S[self.unit]


class NotADuration(ValueError):
    """A text that is no duration that IBKR takes; the message is IBKR's."""


_UNITS_S = {"S": 1, "D": DAY_S, "W": WEEK_S, "M": MONTH_S, "Y": YEAR_S}
_MOST = {
    "S": (86_400, "Historical data request for greater than 86400 seconds rejected."),
    "D": (365, "Historical data requests for durations longer than 365 days must be made in years."),
    "W": (52, "Historical data request for durations longer than 52 weeks must be made in years."),
    "M": (12, "Historical data request for durations longer than 12 months must be made in years."),
    "Y": (68, "Historical data requested duration is invalid."),
}
_FORMAT = "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."
_INVALID = "Historical data requested duration is invalid."


def parse_duration(text: str) -> Duration:
    """The duration of a text like "2 D"; a number alone is seconds.

    Raises NotADuration with IBKR's reason.
    """
    if not text:
        raise NotADuration("Historical data request duration not specified.")
    match = re.fullmatch(r"(\d{1,9})(?: ([SDWMY]))?", text.upper(), re.ASCII)
    if match is None:
        raise NotADuration(_FORMAT)
    number, unit = int(match[1]), match[2] or "S"
    if number < (SHORTEST_DURATION_S if unit == "S" else 1):
        raise NotADuration(_INVALID)
    most, reason = _MOST[unit]
    if number > most:
        raise NotADuration(reason)
    return Duration(number, unit)


_STEPS = {
    "S": (1, MINUTE_S),
    "D": (5, HOUR_S),
    "W": (10, 4 * HOUR_S),
    "M": (30, 8 * HOUR_S),
    "Y": (MINUTE_S, DAY_S),
}
"""IBKR's current table: by the duration's unit, the smallest and largest bar."""

_OLD_STEPS = (
    (60, 1, MINUTE_S),
    (120, 1, 2 * MINUTE_S),
    (1800, 1, 30 * MINUTE_S),
    (HOUR_S, 5, HOUR_S),
    (4 * HOUR_S, 10, 3 * HOUR_S),
    (8 * HOUR_S, 30, 8 * HOUR_S),
    (DAY_S, MINUTE_S, DAY_S),
    (2 * DAY_S, 2 * MINUTE_S, DAY_S),
    (WEEK_S, 3 * MINUTE_S, WEEK_S),
    (MONTH_S, 30 * MINUTE_S, MONTH_S),
    (68 * YEAR_S, DAY_S, MONTH_S),
)
"""IBKR's older table: up to this duration, the smallest and largest bar."""


def misfit(size: BarSize, duration: Duration) -> str | None:
    """Why these do not go together, in the words of IBKR's historical data service; None if they do."""
    if size.length_s == 1 and duration.length_s > MOST_SECONDS_OF_1_S_BARS:
        return "Time length exceed max."
    smallest, largest = _STEPS[duration.unit]
    old_smallest, old_largest = next(steps for longest, *steps in _OLD_STEPS if duration.length_s <= longest)
    if smallest <= size.length_s <= largest or old_smallest <= size.length_s <= old_largest:
        return None
    return f"invalid step: {size.length_s}"
