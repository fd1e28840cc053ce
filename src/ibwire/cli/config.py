"""`ibwire config`: the effective settings and where each came from, as rows, a table, lines or a JSON-able object."""

from __future__ import annotations

import re

from rich.table import Table
from rich.text import Text

from ibwire.cli.frame import fail, show
from ibwire.cli.options import AsJson
from ibwire.exceptions import ConfigurationError
from ibwire.setting_rules import MASK
from ibwire.settings import Settings

_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9_.,:/+-]([A-Za-z0-9_.,:/+ -]*[A-Za-z0-9_.,:/+-])?")


def config(*, as_json: AsJson = False) -> None:
    """Show the effective settings and where each came from: default, .env file or environment.

    Example: IBWIRE_CONNECTION_PORT=7497 ibwire config
    """
    try:
        settings = Settings.from_env()
    except ConfigurationError as error:
        fail(error)
    show(as_dict(settings), table(settings), plain(settings), as_json=as_json)


def rows(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Name, value, source and variable of every setting; a secret that is set is masked."""
    return [(one.name, one.value, one.source, one.variable) for one in settings.describe()]


def table(settings: Settings) -> Table:
    """The settings for a terminal; the variable stands for the name too, for the width."""
    shown = Table(title="settings", title_justify="left")
    for heading in ("variable", "value", "source"):
        shown.add_column(heading, overflow="fold")
    for _, value, source, variable in rows(settings):
        # As Text: rich would take [brackets] in a plain string for its mark-up.
        shown.add_row(Text(variable), Text(value), Text(source))
    return shown


def plain(settings: Settings) -> str:
    """The settings as the lines of a `.env` file, each with its source in a comment; secrets are commented out."""
    return "\n".join(
        f"# {variable} is set but not shown  # {source}"
        if value == MASK
        else f"{variable}={_quoted(value)}  # {source}"
        for _, value, source, variable in rows(settings)
    )


def as_dict(settings: Settings) -> dict[str, dict[str, str]]:
    """The settings by name, each with `value` (text, as in the environment), `source` and `variable`."""
    return {
        name: {"value": value, "source": source, "variable": variable}
        for name, value, source, variable in rows(settings)
    }


def _quoted(value: str) -> str:
    """The value as python-dotenv reads it back."""
    if _NEEDS_NO_QUOTES.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
