"""Which bar sizes and durations IBKR takes, and which of them together."""

from __future__ import annotations

import pytest

from ibwire.simulator.bar_sizes import BAR_SIZES, NotADuration, misfit, parse_duration

SIZES = [text for text in BAR_SIZES if text not in ("1 week", "1 month")]

OLD_TABLE = {
    "60 S": ("1 secs", "1 min"),
    "120 S": ("1 secs", "2 mins"),
    "1800 S": ("1 secs", "30 mins"),
    "3600 S": ("5 secs", "1 hour"),
    "14400 S": ("10 secs", "3 hours"),
    "28800 S": ("30 secs", "8 hours"),
    "1 D": ("1 min", "1 day"),
    "2 D": ("2 mins", "1 day"),
    "1 W": ("3 mins", "1W"),
    "1 M": ("30 mins", "1M"),
    "1 Y": ("1 day", "1M"),
}
CURRENT_TABLE = {
    "S": ("1 secs", "1 min", "1800 S"),
    "D": ("5 secs", "1 hour", "365 D"),
    "W": ("10 secs", "4 hours", "52 W"),
    "M": ("30 secs", "8 hours", "12 M"),
    "Y": ("1 min", "1 day", "68 Y"),
}


def between(smallest: str, largest: str) -> list[str]:
    return SIZES[SIZES.index(smallest) : SIZES.index(largest) + 1]


@pytest.mark.parametrize("duration", OLD_TABLE)
def test_every_pair_of_the_older_table_goes_together(duration: str) -> None:
    for size in between(*OLD_TABLE[duration]):
        assert misfit(BAR_SIZES[size], parse_duration(duration)) is None


@pytest.mark.parametrize("unit", CURRENT_TABLE)
def test_every_pair_of_the_current_table_goes_together(unit: str) -> None:
    smallest, largest, longest = CURRENT_TABLE[unit]
    for size in between(smallest, largest):
        assert misfit(BAR_SIZES[size], parse_duration(longest)) is None


@pytest.mark.parametrize("duration", OLD_TABLE)
def test_what_neither_table_has_is_an_invalid_step(duration: str) -> None:
    smallest, largest, _ = CURRENT_TABLE[duration[-1]]
    allowed = {*between(*OLD_TABLE[duration]), *between(smallest, largest)}
    for size in set(SIZES) - allowed:
        reason = misfit(BAR_SIZES[size], parse_duration(duration))
        too_long = size == "1 secs" and parse_duration(duration).length_s > 2000
        assert reason == ("Time length exceed max." if too_long else f"invalid step: {BAR_SIZES[size].length_s}")


@pytest.mark.parametrize(("duration", "is_allowed"), [("2000 S", True), ("2001 S", False), ("1 D", False)])
def test_seconds_go_back_two_thousand_of_them(duration: str, is_allowed: bool) -> None:
    assert (misfit(BAR_SIZES["1 secs"], parse_duration(duration)) is None) == is_allowed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not specified"),
        ("D", "duration format"),
        ("1D", "duration format"),
        ("1 X", "duration format"),
        ("-1 D", "duration format"),
        ("0 D", "duration is invalid"),
        ("29 S", "duration is invalid"),
        ("86401 S", "greater than 86400 seconds"),
        ("366 D", "longer than 365 days must be made in years"),
        ("53 W", "longer than 52 weeks must be made in years"),
        ("13 M", "longer than 12 months must be made in years"),
        ("69 Y", "duration is invalid"),
    ],
)
def test_text_that_is_no_duration_is_refused_in_ibkrs_words(text: str, reason: str) -> None:
    with pytest.raises(NotADuration, match=reason):
        parse_duration(text)


def test_number_alone_is_seconds_and_units_may_be_small() -> None:
    assert parse_duration("3600") == parse_duration("3600 S") == parse_duration("3600 s")
