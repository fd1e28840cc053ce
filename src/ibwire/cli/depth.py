"""`ibwire depth SYMBOL`: an order book as it changes."""

from __future__ import annotations

from itertools import zip_longest
from typing import Annotated, Any

import msgspec
import typer
from rich import box
from rich.table import Table
from rich.text import Text

from ibwire.cli.board import NOTHING, in_words, written
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import run
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.quotes import contracts_of, parsed
from ibwire.cli.ticks import Symbol
from ibwire.cli.watching import Count, Seconds, Watch
from ibwire.depth_books import DepthBook, DepthRow
from ibwire.gaps import Gap, Resumed

_EMPTY = DepthRow(None, None)


class DepthView:
    """The book of one contract."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._book: DepthBook | None = None
        self._gap: Gap | None = None

    def take(self, label: str, item: DepthBook | Gap | Resumed) -> None:
        """Take over the book as it is now."""
        if isinstance(item, Gap):
            self._gap = item
        elif isinstance(item, Resumed):
            self._gap = self._book = None  # what was known is from before the gap
        else:
            self._book = item

    def table(self) -> Table:
        """The book, the best row at the top; the venue or maker of a row where IBKR names it."""
        shown = Table(title=self._title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0))
        for heading in ("venue", "size", "bid", "ask", "size", "venue"):
            shown.add_column(heading, justify="left" if heading == "ask" else "right", no_wrap=True)
        style = "dim" if self._gap is not None else ""
        for bid, ask in zip_longest(*self._sides(), fillvalue=_EMPTY):
            cells = [*reversed(_cells(bid)), *_cells(ask)]
            shown.add_row(*(Text(cell, style=style) for cell in cells))
        shown.caption = self._state()
        shown.caption_justify = "left"
        return shown

    def line(self, label: str, item: DepthBook) -> str:
        """The book in a line: the bids from the best on, then the asks."""
        bids, asks = (" ".join(f"{written(row.size)}@{written(row.price)}" for row in one) for one in _sides_of(item))
        stale = "  stale" if item.is_stale else ""
        return f"{item.received_at:%H:%M:%S} {label} bids {bids or NOTHING}  asks {asks or NOTHING}{stale}"

    def as_dict(self, label: str, item: DepthBook) -> dict[str, Any]:
        """The book as plain data that JSON can hold: sizes are decimal text, the best row first."""
        bids, asks = ([msgspec.structs.asdict(row) for row in one] for one in _sides_of(item))
        where = {"event": "book", "contract": label, "con_id": item.contract.con_id}
        more = {"is_stale": item.is_stale, "skipped": item.skipped}
        return {**where, "received_at": item.received_at, "bids": bids, "asks": asks, **more}

    def _sides(self) -> tuple[tuple[DepthRow, ...], tuple[DepthRow, ...]]:
        return ((), ()) if self._book is None else _sides_of(self._book)

    def _state(self) -> str:
        if self._gap is not None:
            return f"stale: {in_words(self._gap)}"
        return "waiting" if self._book is None else f"as of {self._book.received_at:%H:%M:%S} UTC"


def depth(
    symbol: Symbol,
    *,
    rows: Annotated[int, typer.Option(min=1, max=100, help="How many rows of each side.")] = 5,
    smart: Annotated[
        bool | None,
        typer.Option("--smart/--no-smart", help="The books of all venues together; else only for exchange SMART."),
    ] = None,
    seconds: Seconds = None,
    count: Count = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Show a contract's order book as it changes.

    A table on a terminal, a line for each change into a pipe. A book begins empty and fills row by row; IBKR allows
    three at a time with 100 market-data lines.
    Ends at Ctrl-C or SIGTERM with exit code 0; with `--seconds` or `--count` by itself.

    Example: ibwire depth AAPL --rows 10 --sim
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    watch = Watch(DepthView(f"{symbol} order book"), as_json=as_json, seconds=seconds, count=count)
    run(_stream(gateway, symbol, rows, smart, watch))


async def _stream(gateway: Gateway, symbol: str, rows: int, smart: bool | None, watch: Watch[DepthBook]) -> None:
    asked = parsed([symbol])
    async with connected(gateway) as session:
        contracts = await contracts_of(session, asked)
        streams = {
            label: session.market_data.depth(one, rows, smart=one.exchange == "SMART" if smart is None else smart)
            for label, one in contracts.items()
        }
        await watch.run(streams)


def _sides_of(book: DepthBook) -> tuple[tuple[DepthRow, ...], tuple[DepthRow, ...]]:
    return book.bids, book.asks


def _cells(row: DepthRow) -> list[str]:
    return ["", "", ""] if row is _EMPTY else [written(row.price), written(row.size), row.market_maker or ""]
