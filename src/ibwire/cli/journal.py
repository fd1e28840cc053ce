"""`ibwire journal`: what the journal of orders holds, and whether it is whole. Reads only, also while it is written."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ibwire.cli.frame import BadOption, fail, say_json
from ibwire.cli.options import AlwaysJson, AsJson
from ibwire.cli.order_rows import is_called
from ibwire.cli.record_words import said
from ibwire.cli.rows import csv_lines, show_rows
from ibwire.exceptions import IbwireError
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Record
from ibwire.order_state import TrackedOrder
from ibwire.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Look at the journal of orders: list, show, export, verify.")

COLUMNS = (
    *("client_ref", "client_id", "order_id", "perm_id", "state", "action", "quantity", "symbol", "order_type"),
    *("filled", "average_price", "doubts"),
)
"""What the list says of an order."""

NARROW = ("client_ref", "order_id", "perm_id", "state", "action", "quantity", "symbol", "filled")
"""What of it fits a terminal."""

RECORD_COLUMNS = ("sequence", "at", "kind", "client_ref", "client_id", "order_id", "detail", "messages")

LIFE_COLUMNS = ("at", "kind", "order_id", "what")
"""What is shown of the records of one order; times are UTC."""


class Format(StrEnum):
    """How the records are exported."""

    JSON_LINES = "jsonl"
    CSV = "csv"


Journal = Annotated[
    Path | None,
    typer.Option("--path", help="The journal; by default the one that the settings name.", show_default=False),
]


@app.command("list")
def list_orders(
    *,
    path: Journal = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only orders that have not ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the orders as they stand by their records.

    Example: ibwire journal list --open
    """
    with _Opened(path) as reader:
        rows = [row_of(order) for order in reader.orders(only_open=only_open)]
    show_rows(COLUMNS, rows, title="orders", as_json=as_json, narrow=NARROW)


@app.command()
def show(
    order: Annotated[str, typer.Argument(help="The order's reference, permanent id or order id.")],
    *,
    path: Journal = None,
    as_json: AsJson = False,
) -> None:
    """Show the life of one order: what was meant, sent and heard, and when.

    Example: ibwire journal show 1000041
    """
    with _Opened(path) as reader:
        found = [one for one in reader.orders() if is_called(order, one.key)]
        if len(found) != 1:
            refs = ", ".join(str(one.key.client_ref) for one in found)
            fail(BadOption(f"{len(found)} orders of the journal are called {order}{refs and f': {refs}'}"))
        records = list(reader.records(found[0].key.client_ref))
        rows = [_life_row(record) for record in records]
        whole = {"order": row_of(found[0]), "records": [record.as_dict() for record in records]} if as_json else {}
    if as_json:
        say_json(whole)
    else:
        show_rows(LIFE_COLUMNS, rows, title=f"order {found[0].key.client_ref}", as_json=False)


def _life_row(record: Record) -> dict[str, Any]:
    entry = record.entry
    texts = (entry.detail, *map(said, record.messages))
    return {
        "at": f"{entry.at:%Y-%m-%d %H:%M:%S.%f}",
        "kind": str(entry.kind),
        "order_id": entry.order_id or None,
        "what": "; ".join(text for text in texts if text),
    }


@app.command()
def export(
    *,
    path: Journal = None,
    form: Annotated[Format, typer.Option("--format", help="One JSON object a line, or CSV.")] = Format.JSON_LINES,
    client_ref: Annotated[str | None, typer.Option("--order", help="Only the order with this reference.")] = None,
    as_json: AlwaysJson = False,
) -> None:
    """Write every record with the messages that it holds to the standard output.

    Example: ibwire journal export --format csv > orders.csv
    """
    if as_json and form is Format.CSV:
        fail(BadOption("--json and --format csv: the records are written in one of them"))
    with _Opened(path) as reader:
        records: Iterator[dict[str, Any]] = (record.as_dict() for record in reader.records(client_ref))
        if form is Format.CSV:
            for line in csv_lines(RECORD_COLUMNS, records):
                typer.echo(line)
        else:
            for record in records:
                say_json(record)


@app.command()
def verify(*, path: Journal = None, as_json: AsJson = False) -> None:
    """Read all of the journal and say everything that is wrong with it. Exits with 1 if there is anything.

    Example: ibwire journal verify
    """
    with _Opened(path) as reader:
        problems = reader.problems(is_thorough=True)
        last, marks = (0, {}) if problems else (reader.last()[0], reader.marks())
    if as_json:
        result = {"ok": not problems, "problems": problems, "records": last, "highest_order_ids": marks}
        say_json(result)
    elif problems:
        typer.echo("\n".join(f"problem: {problem}" for problem in problems))
    else:
        typer.echo(f"{reader.path} is whole: {last} records, version {reader.version}")
    raise typer.Exit(1 if problems else 0)


def row_of(order: TrackedOrder) -> dict[str, Any]:
    """What the list says of an order, as plain data."""
    values: tuple[Any, ...] = (
        *(order.key.client_ref, order.key.client_id, order.key.order_id, order.key.perm_id, str(order.state)),
        *(order.order.action, _plain(order.quantity), order.contract.symbol or order.contract.con_id),
        *(order.order.order_type, _plain(order.filled), _plain(order.average_price), list(order.doubts)),
    )
    return dict(zip(COLUMNS, values, strict=True))


class _Opened:
    """The journal, open for the time of a command; what can go wrong becomes one line and exit code 1."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def __enter__(self) -> JournalReader:
        try:
            self._reader = JournalReader(self._path or Settings.from_env().trading.journal_path)
        except (IbwireError, OSError) as error:
            fail(error)
        return self._reader

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._reader.close()
        if isinstance(error, IbwireError):
            fail(error)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
