"""Settings refuse what cannot work, all of it at once, and say where each value came from."""

from __future__ import annotations

import dataclasses
import logging
import os
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given

from ibwire.exceptions import ConfigurationError
from ibwire.setting_rules import Section, settings_of
from ibwire.settings import (
    SECTIONS,
    ConnectionSettings,
    RateLimitSettings,
    Settings,
    TradingSettings,
    WatchdogSettings,
    variables_of,
)
from tests.helpers import setting_strategies
from tests.helpers.campaigns import campaign

SECONDS = "seconds above 0, up to 86400"
HOSTS = "host names and IP addresses, without a port"
WORDS = "true and false (also yes and no, on and off, 1 and 0)"
PATHS = "paths of files, with neither ~ nor blanks at their ends"
WINDOWS = "times like 23:45-00:15 America/New_York, separated by commas, or none"


def read(**environ: str) -> Settings:
    """Settings from variables named without their prefix, and no file."""
    return Settings.from_env({f"IBWIRE_{name}": text for name, text in environ.items()}, env_file=None)


def problems(**environ: str) -> str:
    """What the settings say against the variables."""
    with pytest.raises(ConfigurationError) as caught:
        read(**environ)
    return caught.value.message


BAD_VALUES = [
    ("CONNECTION_HOST", "", f"IBWIRE_CONNECTION_HOST='': allowed are {HOSTS}"),
    ("CONNECTION_HOST", "127.0.0.1:4002", f"IBWIRE_CONNECTION_HOST='127.0.0.1:4002': allowed are {HOSTS}"),
    ("CONNECTION_HOST", "http://tws", f"IBWIRE_CONNECTION_HOST='http://tws': allowed are {HOSTS}"),
    ("CONNECTION_HOST", "300.1.1.1", f"IBWIRE_CONNECTION_HOST='300.1.1.1': allowed are {HOSTS}"),
    ("CONNECTION_PORT", "0", "IBWIRE_CONNECTION_PORT='0': allowed are 1 to 65535"),
    ("CONNECTION_PORT", "70000", "IBWIRE_CONNECTION_PORT='70000': allowed are 1 to 65535"),
    ("CONNECTION_PORT", "", "IBWIRE_CONNECTION_PORT='': not a whole number; allowed are 1 to 65535"),
    ("CONNECTION_PORT", "none", "IBWIRE_CONNECTION_PORT='none': not a whole number; allowed are 1 to 65535"),
    ("CONNECTION_PORT", "4002.0", "IBWIRE_CONNECTION_PORT='4002.0': not a whole number; allowed are 1 to 65535"),
    ("CONNECTION_PORT", "4_002", "IBWIRE_CONNECTION_PORT='4_002': not a whole number; allowed are 1 to 65535"),
    ("CONNECTION_CLIENT_ID", "-1", "IBWIRE_CONNECTION_CLIENT_ID='-1': allowed are 0 to 2147483647"),
    ("CONNECTION_CLIENT_ID", "2147483648", "IBWIRE_CONNECTION_CLIENT_ID='2147483648': allowed are 0 to 2147483647"),
    ("CONNECTION_CONNECT_TIMEOUT_S", "0", f"IBWIRE_CONNECTION_CONNECT_TIMEOUT_S='0': allowed are {SECONDS}"),
    ("CONNECTION_CONNECT_TIMEOUT_S", "-5", f"IBWIRE_CONNECTION_CONNECT_TIMEOUT_S='-5': allowed are {SECONDS}"),
    (
        "CONNECTION_REQUEST_TIMEOUT_S",
        "10s",
        f"IBWIRE_CONNECTION_REQUEST_TIMEOUT_S='10s': not a number; allowed are {SECONDS}",
    ),
    (
        "CONNECTION_REQUEST_TIMEOUT_S",
        "inf",
        f"IBWIRE_CONNECTION_REQUEST_TIMEOUT_S='inf': not a number; allowed are {SECONDS}",
    ),
    (
        "CONNECTION_REQUEST_TIMEOUT_S",
        "nan",
        f"IBWIRE_CONNECTION_REQUEST_TIMEOUT_S='nan': not a number; allowed are {SECONDS}",
    ),
    ("CONNECTION_REQUEST_TIMEOUT_S", "1e999", f"IBWIRE_CONNECTION_REQUEST_TIMEOUT_S='1e999': allowed are {SECONDS}"),
    ("CONNECTION_STREAM_BOUND", "0", "IBWIRE_CONNECTION_STREAM_BOUND='0': allowed are 1 to 1000000000"),
    ("RATE_LIMIT_MARKET_DATA_LINES", "1", "IBWIRE_RATE_LIMIT_MARKET_DATA_LINES='1': allowed are 2 to 1000000"),
    ("RATE_LIMIT_SAFETY_MARGIN", "1", "IBWIRE_RATE_LIMIT_SAFETY_MARGIN='1': allowed are 0 and more, below 1"),
    ("RATE_LIMIT_SAFETY_MARGIN", "-0.1", "IBWIRE_RATE_LIMIT_SAFETY_MARGIN='-0.1': allowed are 0 and more, below 1"),
    (
        "RATE_LIMIT_SAFETY_MARGIN",
        "10%",
        "IBWIRE_RATE_LIMIT_SAFETY_MARGIN='10%': not a number; allowed are 0 and more, below 1",
    ),
    (
        "RATE_LIMIT_SAFETY_MARGIN",
        "0,1",
        "IBWIRE_RATE_LIMIT_SAFETY_MARGIN='0,1': not a number; allowed are 0 and more, below 1",
    ),
    (
        "RATE_LIMIT_RESERVED_MESSAGES",
        "45",
        (
            "IBWIRE_RATE_LIMIT_RESERVED_MESSAGES='45': allowed are 0 to 44, since "
            "IBWIRE_RATE_LIMIT_MARKET_DATA_LINES='100' (the default) and "
            "IBWIRE_RATE_LIMIT_SAFETY_MARGIN='0.1' (the default) allow 45 a second"
        ),
    ),
    (
        "RATE_LIMIT_MARKET_DATA_LINES",
        "10",
        (
            "IBWIRE_RATE_LIMIT_RESERVED_MESSAGES='5' (the default): allowed are 0 to 3, since "
            "IBWIRE_RATE_LIMIT_MARKET_DATA_LINES='10' and "
            "IBWIRE_RATE_LIMIT_SAFETY_MARGIN='0.1' (the default) allow 4 a second"
        ),
    ),
    ("RATE_LIMIT_QUEUE_SIZE", "0", "IBWIRE_RATE_LIMIT_QUEUE_SIZE='0': allowed are 1 to 10000000"),
    (
        "RATE_LIMIT_SHARED_LEDGER",
        "~/ledger",
        f"IBWIRE_RATE_LIMIT_SHARED_LEDGER='~/ledger': allowed are {PATHS}, or none",
    ),
    ("WATCHDOG_IDLE_S", "60000000", f"IBWIRE_WATCHDOG_IDLE_S='60000000': allowed are {SECONDS}"),
    ("WATCHDOG_ATTEMPTS", "0", "IBWIRE_WATCHDOG_ATTEMPTS='0': allowed are 1 to 1000000, or none"),
    (
        "WATCHDOG_ATTEMPTS",
        "forever",
        "IBWIRE_WATCHDOG_ATTEMPTS='forever': not a whole number; allowed are 1 to 1000000, or none",
    ),
    (
        "WATCHDOG_BACKOFF_FIRST_S",
        "31",
        (
            "IBWIRE_WATCHDOG_BACKOFF_FIRST_S='31': allowed are seconds above 0 that are not above "
            "IBWIRE_WATCHDOG_BACKOFF_MAX_S='30' (the default)"
        ),
    ),
    ("WATCHDOG_RESTART_WINDOWS", "23:45", f"IBWIRE_WATCHDOG_RESTART_WINDOWS='23:45': allowed are {WINDOWS}"),
    (
        "WATCHDOG_RESTART_WINDOWS",
        "24:00-00:15 UTC",
        f"IBWIRE_WATCHDOG_RESTART_WINDOWS='24:00-00:15 UTC': allowed are {WINDOWS}",
    ),
    (
        "WATCHDOG_RESTART_WINDOWS",
        "23:45-00:15 Mars/Olympus",
        f"IBWIRE_WATCHDOG_RESTART_WINDOWS='23:45-00:15 Mars/Olympus': allowed are {WINDOWS}",
    ),
    (
        "WATCHDOG_RESTART_WINDOWS",
        "23:45-00:15 America/New_York,",
        f"IBWIRE_WATCHDOG_RESTART_WINDOWS='23:45-00:15 America/New_York,': allowed are {WINDOWS}",
    ),
    ("TRADING_ALLOW_LIVE", "", f"IBWIRE_TRADING_ALLOW_LIVE='': not a yes or no; allowed are {WORDS}"),
    ("TRADING_ALLOW_LIVE", "maybe", f"IBWIRE_TRADING_ALLOW_LIVE='maybe': not a yes or no; allowed are {WORDS}"),
    ("TRADING_ALLOW_LIVE", "2", f"IBWIRE_TRADING_ALLOW_LIVE='2': not a yes or no; allowed are {WORDS}"),
    ("TRADING_ACCOUNT", "my account", "IBWIRE_TRADING_ACCOUNT=***: allowed are account ids such as DU1234567, or none"),
    ("TRADING_MAX_ORDER_QUANTITY", "0", "IBWIRE_TRADING_MAX_ORDER_QUANTITY='0': allowed are numbers above 0, or none"),
    (
        "TRADING_MAX_ORDER_VALUE",
        "1e9999999999999999999",
        "IBWIRE_TRADING_MAX_ORDER_VALUE='1e9999999999999999999': not a number; allowed are numbers above 0, or none",
    ),
    (
        "TRADING_MAX_ORDER_VALUE",
        "1,000",
        "IBWIRE_TRADING_MAX_ORDER_VALUE='1,000': not a number; allowed are numbers above 0, or none",
    ),
    ("TRADING_JOURNAL_PATH", "", f"IBWIRE_TRADING_JOURNAL_PATH='': allowed are {PATHS}"),
    ("TRADING_JOURNAL_PATH", "..", f"IBWIRE_TRADING_JOURNAL_PATH='..': allowed are {PATHS}"),
]

BAD_NAMES = [
    ("IBWIRE_CONECTION_PORT", "IBWIRE_CONNECTION_PORT"),
    ("IBWIRE_CONNECTION_PROT", "IBWIRE_CONNECTION_PORT"),
    ("IBWIRE_PORT", "IBWIRE_CONNECTION_PORT"),
    ("IBWIRE_RATE_LIMIT_PORT", "IBWIRE_CONNECTION_PORT"),
    ("IBWIRE_CLIENT_ID", "IBWIRE_CONNECTION_CLIENT_ID"),
    ("IBWIRE_CONNECTION_CONNECT_TIMEOUT", "IBWIRE_CONNECTION_CONNECT_TIMEOUT_S"),
    ("IBWIRE_RATELIMIT_SAFETY_MARGIN", "IBWIRE_RATE_LIMIT_SAFETY_MARGIN"),
    ("IBWIRE_ALLOW_LIVE", "IBWIRE_TRADING_ALLOW_LIVE"),
    ("ibwire_trading_allow_live", "IBWIRE_TRADING_ALLOW_LIVE"),
    ("IBWIRE_TRADING_ALLOWLIVE", "IBWIRE_TRADING_ALLOW_LIVE"),
    ("IBWIRE_TRADING_ACOUNT", "IBWIRE_TRADING_ACCOUNT"),
    ("IBWIRE_WATCHDOG_IDLE_MS", "IBWIRE_WATCHDOG_IDLE_S"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD_VALUES)
def test_a_bad_value_in_the_environment_is_named_with_what_is_allowed(name: str, text: str, message: str) -> None:
    assert problems(**{name: text}) == message


@pytest.mark.parametrize(("name", "nearest"), BAD_NAMES)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(name: str, nearest: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({name: "1"}, env_file=None)
    assert caught.value.message == f"{name}=***: is no setting; the nearest is {nearest}"


def test_an_unknown_name_without_likeness_or_printable_letters_is_refused_too() -> None:
    with pytest.raises(ConfigurationError, match=r"^IBWIRE_=\*\*\*: is no setting; the nearest is IBWIRE_"):
        Settings.from_env({"IBWIRE_": ""}, env_file=None)
    with pytest.raises(ConfigurationError, match=r"^'IBWIRE_\\x1b\[2J'=\*\*\*: is no setting"):
        Settings.from_env({"IBWIRE_\x1b[2J": ""}, env_file=None)


def test_all_problems_are_reported_at_once_each_on_its_line() -> None:
    message = problems(
        CONNECTION_PORT="70000",
        RATE_LIMIT_SAFETY_MARGIN="x",
        WATCHDOG_BACKOFF_FIRST_S="40",
        TRADING_ACOUNT="U1",
        PORT="1",
    )
    assert message.splitlines() == [
        "5 problems with the settings:",
        "  IBWIRE_CONNECTION_PORT='70000': allowed are 1 to 65535",
        "  IBWIRE_RATE_LIMIT_SAFETY_MARGIN='x': not a number; allowed are 0 and more, below 1",
        (
            "  IBWIRE_WATCHDOG_BACKOFF_FIRST_S='40': allowed are seconds above 0 that are not above "
            "IBWIRE_WATCHDOG_BACKOFF_MAX_S='30' (the default)"
        ),
        "  IBWIRE_PORT=***: is no setting; the nearest is IBWIRE_CONNECTION_PORT",
        "  IBWIRE_TRADING_ACOUNT=***: is no setting; the nearest is IBWIRE_TRADING_ACCOUNT",
    ]


def test_a_long_value_is_cut_in_the_message() -> None:
    message = problems(CONNECTION_PORT="9" * 5000)
    assert (
        message == f"IBWIRE_CONNECTION_PORT='{'9' * 79}… (5002 characters): not a whole number; allowed are 1 to 65535"
    )


IN_CODE: list[tuple[type[Section], dict[str, Any], str]] = [
    (ConnectionSettings, {"host": ""}, f"host is empty; allowed are {HOSTS}"),
    (ConnectionSettings, {"host": None}, f"host is None (NoneType), not a str; allowed are {HOSTS}"),
    (ConnectionSettings, {"host": "a b"}, f"host is 'a b'; allowed are {HOSTS}"),
    (ConnectionSettings, {"port": 70000}, "port is 70000; allowed are 1 to 65535"),
    (ConnectionSettings, {"port": 0}, "port is 0; allowed are 1 to 65535"),
    (ConnectionSettings, {"port": True}, "port is True (bool), not an int; allowed are 1 to 65535"),
    (ConnectionSettings, {"port": "4002"}, "port is '4002' (str), not an int; allowed are 1 to 65535"),
    (ConnectionSettings, {"port": 4002.0}, "port is 4002.0 (float), not an int; allowed are 1 to 65535"),
    (ConnectionSettings, {"port": 10**5000}, "port is an int of 16610 bits; allowed are 1 to 65535"),
    (ConnectionSettings, {"client_id": -1}, "client_id is -1; allowed are 0 to 2147483647"),
    (ConnectionSettings, {"client_id": 2**31}, "client_id is 2147483648; allowed are 0 to 2147483647"),
    (ConnectionSettings, {"connect_timeout_s": 0}, f"connect_timeout_s is 0; allowed are {SECONDS}"),
    (ConnectionSettings, {"connect_timeout_s": float("inf")}, f"connect_timeout_s is inf; allowed are {SECONDS}"),
    (ConnectionSettings, {"request_timeout_s": float("nan")}, f"request_timeout_s is nan; allowed are {SECONDS}"),
    (
        ConnectionSettings,
        {"request_timeout_s": False},
        f"request_timeout_s is False (bool), not a float; allowed are {SECONDS}",
    ),
    (ConnectionSettings, {"stream_bound": 0}, "stream_bound is 0; allowed are 1 to 1000000000"),
    (
        RateLimitSettings,
        {"reserved_messages": 50},
        (
            "reserved_messages is 50; allowed are 0 to 44, since market_data_lines 100 and safety_margin 0.1 "
            "allow 45 a second"
        ),
    ),
    (
        RateLimitSettings,
        {"shared_ledger": "ledger"},
        f"shared_ledger is 'ledger' (str), not a Path; allowed are {PATHS}, or none",
    ),
    (
        WatchdogSettings,
        {"restart_windows": ["23:45-00:15 UTC"]},
        f"restart_windows is ['23:45-00:15 UTC'] (list), not a tuple of str; allowed are {WINDOWS}",
    ),
    (
        WatchdogSettings,
        {"backoff_first_s": 2, "backoff_max_s": 1.5},
        "backoff_first_s is 2; allowed are seconds above 0 that are not above backoff_max_s 1.5",
    ),
    (TradingSettings, {"allow_live": 1}, f"allow_live is 1 (int), not a bool; allowed are {WORDS}"),
    (TradingSettings, {"account": "me"}, "account is ***; allowed are account ids such as DU1234567, or none"),
    (
        TradingSettings,
        {"account": 1234567},
        "account is *** (int), not a str; allowed are account ids such as DU1234567, or none",
    ),
    (
        TradingSettings,
        {"max_order_value": 5.0},
        "max_order_value is 5.0 (float), not a Decimal; allowed are numbers above 0, or none",
    ),
    (
        TradingSettings,
        {"max_order_quantity": Decimal("sNaN")},
        "max_order_quantity is sNaN; allowed are numbers above 0, or none",
    ),
    (TradingSettings, {"journal_path": Path("/")}, f"journal_path is {Path('/')}; allowed are {PATHS}"),
]


@pytest.mark.parametrize(("section", "values", "message"), IN_CODE)
def test_a_bad_value_in_code_is_named_with_what_is_allowed(
    section: type[Section], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        section(**values)
    assert caught.value.message == message


def test_settings_with_several_impossible_values_name_all_of_them() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ConnectionSettings(host="", port=99999, client_id=-7)
    assert all(part in str(caught.value) for part in ("host is empty", "port is 99999", "client_id is -7"))


def test_a_relation_is_not_judged_while_one_of_its_values_is_wrong() -> None:
    with pytest.raises(ConfigurationError) as caught:
        RateLimitSettings(safety_margin=1.5, reserved_messages=1000)
    assert caught.value.message == "safety_margin is 1.5; allowed are 0 and more, below 1"


def test_a_section_of_another_class_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings(connection=4002, trading=RateLimitSettings())  # type: ignore[arg-type]
    assert caught.value.message.splitlines()[1:] == [
        "  connection is of type int; allowed are ConnectionSettings",
        "  trading is of type RateLimitSettings; allowed are TradingSettings",
    ]


# What works


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_env({}, env_file=None) == Settings()


def test_every_kind_of_text_becomes_its_value() -> None:
    settings = read(
        CONNECTION_HOST=" tws.example.com ",
        CONNECTION_PORT="7497",
        RATE_LIMIT_SAFETY_MARGIN=".25",
        RATE_LIMIT_SHARED_LEDGER="/var/run/ledger",
        WATCHDOG_ATTEMPTS="None",
        WATCHDOG_RESTART_WINDOWS="23:45-00:15 America/New_York , 05:00-05:30 UTC",
        TRADING_ALLOW_LIVE="Yes",
        TRADING_MAX_ORDER_QUANTITY="1e3",
        TRADING_MAX_ORDER_VALUE="",
    )
    assert (settings.connection.host, settings.connection.port) == ("tws.example.com", 7497)
    assert (settings.rate_limit.safety_margin, settings.rate_limit.shared_ledger) == (0.25, Path("/var/run/ledger"))
    assert settings.watchdog.attempts is None
    assert settings.watchdog.restart_windows == ("23:45-00:15 America/New_York", "05:00-05:30 UTC")
    assert [window.zone.key for window in settings.watchdog.windows] == ["America/New_York", "UTC"]
    assert settings.trading.allow_live is True
    assert (settings.trading.max_order_quantity, settings.trading.max_order_value) == (Decimal(1000), None)


@pytest.mark.parametrize(
    ("lines", "margin", "expected"),
    [(100, 0.1, 45), (100, 0.0, 50), (101, 0.0, 50), (200, 0.1, 90), (100, 0.9, 5), (2, 0.0, 1), (2, 0.9, 1)],
)
def test_messages_per_second_are_half_the_lines_less_the_margin(lines: int, margin: float, expected: int) -> None:
    settings = RateLimitSettings(market_data_lines=lines, safety_margin=margin, reserved_messages=0)
    assert settings.messages_per_second == expected


@campaign(part=50, full=1_000)
@given(setting_strategies.rate_limits)
def test_messages_per_second_are_never_above_ibkrs_limit(settings: RateLimitSettings) -> None:
    assert settings.reserved_messages < settings.messages_per_second <= settings.market_data_lines // 2


@campaign(part=100, full=1_000)
@given(setting_strategies.settings)
def test_valid_settings_survive_the_way_through_the_environment(settings: Settings) -> None:
    variables = variables_of("OTHER_")
    environ = {
        variables[f"{section_name}.{name}"]: info.kind.format(getattr(getattr(settings, section_name), name))
        for section_name, section in SECTIONS.items()
        for name, info in settings_of(section).items()
    }
    read_back = Settings.from_env(environ, "OTHER_", env_file=None)
    assert read_back == settings
    assert set(read_back.sources().values()) == {"environment"}


def test_the_tests_own_variables_are_no_mistake() -> None:
    assert read(CAMPAIGN="1", CAMPAIGN_SCALE="10", CAMPAIGN_SEED="7") == Settings()


def test_the_environment_of_the_process_is_read_and_not_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IBWIRE_CONNECTION_PORT", "7497")
    Path(".env").write_text("IBWIRE_CONNECTION_CLIENT_ID=9\nOTHER=1\n")
    before = dict(os.environ)
    settings = Settings.from_env()
    assert (settings.connection.port, settings.connection.client_id) == (7497, 9)
    assert dict(os.environ) == before


@pytest.mark.parametrize("prefix", ["", "ibwire_", "IBWIRE", "IB WIRE_", "_"])
def test_a_prefix_that_would_take_others_variables_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="prefix is "):
        Settings.from_env({}, prefix, env_file=None)


def test_two_prefixes_give_two_settings() -> None:
    environ = {"PAPER_CONNECTION_PORT": "4002", "LIVE_CONNECTION_PORT": "4001"}
    ports = [Settings.from_env(environ, prefix, env_file=None).connection.port for prefix in ("PAPER_", "LIVE_")]
    assert ports == [4002, 4001]


# Where values came from


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    file = tmp_path / "gateway.env"
    file.write_text("IBWIRE_CONNECTION_PORT=4001\nIBWIRE_CONNECTION_CLIENT_ID=5\n")
    settings = Settings.from_env({"IBWIRE_CONNECTION_PORT": "7496"}, env_file=file)
    assert settings.connection == ConnectionSettings(port=7496, client_id=5)
    sources = settings.sources()
    assert sources["connection.port"] == "environment"
    assert sources["connection.client_id"] == f"file {file}"
    assert sources["connection.host"] == "default"
    assert list(sources) == list(variables_of())


def test_a_value_that_equals_the_default_still_says_that_it_was_set() -> None:
    assert read(CONNECTION_PORT="4002").sources()["connection.port"] == "environment"


def test_what_a_program_changes_itself_is_said_to_come_from_code() -> None:
    settings = read(CONNECTION_PORT="7496", CONNECTION_CLIENT_ID="3")
    changed = dataclasses.replace(settings, connection=dataclasses.replace(settings.connection, port=4001))
    sources = changed.sources()
    assert (sources["connection.port"], sources["connection.client_id"]) == ("code", "environment")
    assert Settings(connection=ConnectionSettings(port=1)).sources()["connection.port"] == "code"


def test_a_description_has_name_variable_value_and_source() -> None:
    settings = Settings.from_env({"LIVE_TRADING_MAX_ORDER_VALUE": "2500.50"}, "LIVE_", env_file=None)
    by_name = {one.name: one for one in settings.describe()}
    limit = by_name["trading.max_order_value"]
    assert (limit.variable, limit.value, limit.source) == ("LIVE_TRADING_MAX_ORDER_VALUE", "2500.50", "environment")
    assert by_name["watchdog.attempts"].value == "none"
    assert by_name["connection.connect_timeout_s"].value == "10"


# Secrets

SECRET = "U7654321"


def test_a_secret_is_masked_wherever_settings_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settings = read(TRADING_ACCOUNT=SECRET)
    assert settings.trading.account == SECRET
    by_name = {one.name: one for one in settings.describe()}
    assert by_name["trading.account"].value == "***"
    assert SECRET not in f"{settings} {settings!r} {settings.trading!r} {settings.describe()} {caplog.text}"
    assert by_name["trading.max_order_value"].value == "none"


@pytest.mark.parametrize("name", ["IBWIRE_TRADING_ACCOUNT", "IBWIRE_TRADING_ACOUNT", "IBWIRE_SOME_TOKEN"])
def test_a_secret_is_masked_in_errors_and_their_tracebacks(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / ".env"
    file.write_text(f"{name}='x {SECRET} x'\nnot a line {SECRET}\n")
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({}, env_file=file)
    assert f"{name}=*** ({file} line 1): " in caught.value.message
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + caplog.text


# The shape of it all


def test_the_sections_are_those_of_the_settings() -> None:
    hints = get_type_hints(Settings)
    names = [field.name for field in dataclasses.fields(Settings) if not field.name.startswith("_")]
    assert {name: hints[name] for name in names} == dict(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS.values())
def test_a_section_is_frozen_and_hides_its_secrets(section: type[Section]) -> None:
    made = section()
    name = next(iter(settings_of(section)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, name, None)
    assert section.__repr__ is Section.__repr__
    assert hash(made) == hash(section())


def test_no_two_settings_share_a_variable() -> None:
    variables = list(variables_of().values())
    assert len(set(variables)) == len(variables)
