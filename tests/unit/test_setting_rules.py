"""The rules say yes and no where people would, and a daily window knows its time zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ibwire import setting_rules as rules
from ibwire.exceptions import ConfigurationError


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "tws.example.com", "my_gateway-1", "host.", "::1", "fe80::1%eth0", "1host", "x"]
)
def test_a_host_can_be_a_name_or_an_address(host: str) -> None:
    assert rules.host().holds(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "a b",
        "a..b",
        "-a",
        "a-",
        "host:4002",
        "[::1]",
        "127.1",
        "1.2.3.4.5",
        "1:2",
        "x" * 64,
        "a." * 127 + "a",
        "user@host",
        "héllo",
        "fe80::1%a b",
        "host\n",
        "::1\n",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    assert not rules.host().holds(host)


@pytest.mark.parametrize("path", ["orders.sqlite3", "../data/orders.sqlite3", "/var/lib/ibwire/orders", "a b", "ü"])
def test_a_path_can_lie_anywhere(path: str) -> None:
    assert rules.file_path().holds(Path(path))


@pytest.mark.parametrize("path", ["", ".", "..", "/", "~/orders", "none", " a", "a ", "a\nb", "a\0b"])
def test_a_path_that_names_no_file_or_would_be_misread_is_refused(path: str) -> None:
    assert not rules.file_path().holds(Path(path))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("YES", True),
        ("On", True),
        ("1", True),
        ("false", False),
        ("no", False),
        ("off", False),
        ("0", False),
    ],
)
def test_a_switch_understands_the_usual_words(text: str, value: bool) -> None:
    assert rules.kind_of(bool).parse(text) is value


def test_a_type_without_a_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="no setting can be a "):
        rules.kind_of(dict[str, str])


ANY = rules.Rule("words {of} any kind", lambda value: value != "{")


@dataclass(frozen=True, kw_only=True, repr=False)
class Login(rules.Section):
    user: str = field(default="", metadata=rules.about(ANY, "Who"))
    token: str = field(default="", metadata=rules.about(ANY, "Proof", is_secret=True))
    relations = (
        rules.Relation(
            setting="user",
            others=("token",),
            broken=lambda values: "names that {token} is for" if values["token"] and not values["user"] else None,
        ),
    )


def test_a_secret_is_masked_in_every_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Login(token="hunter2")
    assert caught.value.message == "user is empty; allowed are names that token *** is for"
    with pytest.raises(ConfigurationError) as caught:
        Login(token="{")
    assert caught.value.message == "token is ***; allowed are words {of} any kind"
    assert repr(Login(user="me", token="hunter2")) == "Login(user='me', token=***)"


# Daily windows


@pytest.mark.parametrize(
    "text",
    [
        "",
        "23:45-00:15",
        "23:45-23:45 UTC",
        "9:00-10:00 UTC",
        "09:60-10:00 UTC",
        "09:00 - 10:00 UTC",
        "09:00-10:00 America",
        "09:00-10:00 /etc/passwd",
        "09:00-10:00 ../x",
        "09:00-10:00 Nowhere",
        "09:00-10:00 " + "x" * 300,
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not HH:MM-HH:MM TZ|is empty|there is no time zone"):
        rules.DailyWindow.parse(text)


@pytest.mark.parametrize(
    ("utc", "is_inside"),
    [
        ("2024-01-10 04:44", False),  # 23:44 in New York
        ("2024-01-10 04:45", True),
        ("2024-01-10 05:00", True),  # midnight
        ("2024-01-10 05:14", True),
        ("2024-01-10 05:15", False),
        ("2024-07-10 03:44", False),  # the same an hour earlier, in summer
        ("2024-07-10 03:45", True),
        ("2024-07-10 04:15", False),
    ],
)
def test_a_window_over_midnight_follows_the_clock_on_the_wall(utc: str, is_inside: bool) -> None:
    window = rules.DailyWindow.parse("23:45-00:15 America/New_York")
    assert window.contains(datetime.fromisoformat(utc).replace(tzinfo=UTC)) is is_inside


def test_a_window_within_a_day_begins_with_its_start_and_ends_before_its_end() -> None:
    window = rules.DailyWindow.parse("05:00-05:30 UTC")
    start = datetime(2024, 1, 10, 5, tzinfo=UTC)
    inside = [window.contains(start + timedelta(minutes=minutes)) for minutes in (-1, 0, 29, 30)]
    assert inside == [False, True, True, False]
