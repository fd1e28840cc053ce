"""`ibwire config` shows every setting with its source, in every form, and no secret in any."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from rich.console import Console

from ibwire.cli import config
from ibwire.settings import Settings, TradingSettings, variables_of
from tests.helpers import setting_strategies
from tests.helpers.campaigns import campaign

ENVIRON = {
    "IBWIRE_CONNECTION_PORT": "7497",
    "IBWIRE_TRADING_ACCOUNT": "U7654321",
    "IBWIRE_TRADING_JOURNAL_PATH": "/data/[bold]orders #1",
}


@pytest.fixture
def settings() -> Settings:
    return Settings.from_env(ENVIRON, env_file=None)


def drawn(settings: Settings, *, width: int = 80) -> str:
    """The table as a terminal without colours shows it."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(config.table(settings))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_there_is_a_row_for_every_setting(settings: Settings) -> None:
    rows = config.rows(settings)
    assert {name: variable for name, _, _, variable in rows} == variables_of()
    assert ("connection.port", "7497", "environment", "IBWIRE_CONNECTION_PORT") in rows
    assert ("connection.host", "127.0.0.1", "default", "IBWIRE_CONNECTION_HOST") in rows


def test_the_table_fits_a_terminal_and_shows_brackets_as_they_are(settings: Settings) -> None:
    text = drawn(settings)
    assert all(variable in text for variable in variables_of().values())
    assert "/data/[bold]orders #1" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_json_object_has_value_source_and_variable(settings: Settings) -> None:
    decoded = json.loads(json.dumps(config.as_dict(settings)))
    assert decoded == config.as_dict(settings)
    assert decoded["connection.port"] == {
        "value": "7497",
        "source": "environment",
        "variable": "IBWIRE_CONNECTION_PORT",
    }
    assert list(decoded) == list(variables_of())


def test_the_lines_name_variable_value_and_source(settings: Settings) -> None:
    lines = config.plain(settings).splitlines()
    assert "IBWIRE_CONNECTION_PORT=7497  # environment" in lines
    assert "IBWIRE_TRADING_JOURNAL_PATH='/data/[bold]orders #1'  # environment" in lines
    assert "# IBWIRE_TRADING_ACCOUNT is set but not shown  # environment" in lines


@pytest.mark.parametrize("path", ["C:\\data\\my orders", "it's #1", "a b", '"quoted"', "${HOME}/x"])
def test_a_path_in_the_lines_is_quoted_so_that_it_can_be_read_back(path: str, tmp_path: Path) -> None:
    settings = Settings(trading=TradingSettings(journal_path=Path(path)))
    file = tmp_path / "printed.env"
    file.write_text(config.plain(settings), encoding="utf-8")
    assert Settings.from_env({}, env_file=file) == settings


def test_no_form_shows_a_secret(settings: Settings) -> None:
    forms = [drawn(settings), config.plain(settings), json.dumps(config.as_dict(settings)), str(config.rows(settings))]
    assert not any("7654321" in form for form in forms)


@campaign(part=50, full=1_000)
@given(setting_strategies.settings)
def test_the_lines_are_a_file_that_gives_the_same_settings_but_for_secrets(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "printed.env"
    file.write_text(config.plain(settings), encoding="utf-8")
    without_secrets: TradingSettings = dataclasses.replace(settings.trading, account=None)
    assert Settings.from_env({}, env_file=file) == dataclasses.replace(settings, trading=without_secrets)
