"""`ibwire quotes SYMBOL...`: quotes as they come, or once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from ibwire.cli import board
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import run, say_json, show
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.watching import Count, Seconds, Watch, named
from ibwire.contracts import Contract, parse_contract
from ibwire.exceptions import RequestError
from ibwire.gaps import Gap, Resumed
from ibwire.quotes import MarketDataKind, Quote
from ibwire.session import IBSession


class DataKind(StrEnum):
    """IBKR's market-data types, as one writes them."""

    LIVE = "live"
    FROZEN = "frozen"
    DELAYED = "delayed"
    DELAYED_FROZEN = "delayed-frozen"

    @property
    def kind(self) -> MarketDataKind:
        """The same as the library has it."""
        return MarketDataKind[self.name]


Symbols = Annotated[
    list[str], typer.Argument(metavar="SYMBOL", help="Contracts: AAPL, EUR.USD, FUT:ES:CME:202612, OPT:…, ID:265598")
]
MarketDataType = Annotated[
    DataKind | None,
    typer.Option("--market-data-type", help="Which data to ask for; else live. Delayed needs no subscription."),
]


class QuotesView:
    """The board of the quotes."""

    def __init__(self, labels: list[str]) -> None:
        self.board = board.Board(labels)

    def take(self, label: str, item: Quote | Gap | Resumed) -> None:
        """Take over what the stream of one contract gave."""
        self.board.take(label, item)

    def table(self) -> Table:
        """All the rows."""
        return board.table(self.board)

    def line(self, label: str, item: Quote) -> str:
        """The row of what has just come."""
        return board.line(board.Row(label, item))

    def as_dict(self, label: str, item: Quote) -> dict[str, Any]:
        """The quote as plain data."""
        return board.as_dict(label, item)


def quotes(
    symbols: Symbols,
    *,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="Ask once and end, which takes up to 11 s.")] = False,
    market_data_type: MarketDataType = None,
    seconds: Seconds = None,
    count: Count = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Show quotes as they come: a table on a terminal, a line for each change into a pipe.

    The state of each says whether its prices are live, delayed or frozen, and since when they are stale and why.
    Ends at Ctrl-C or SIGTERM with exit code 0; with `--seconds` or `--count` by itself.

    Example: ibwire quotes AAPL EUR.USD --sim
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    kind = None if market_data_type is None else market_data_type.kind
    view = QuotesView(symbols)
    if snapshot:
        found = run(_once(gateway, symbols, kind))
        for label, quote in found.items():
            view.take(label, quote)
        if as_json:
            for label, quote in found.items():
                say_json(view.as_dict(label, quote))
        else:
            show(None, view.table(), board.plain(view.board), as_json=False)
        return
    run(_stream(gateway, symbols, kind, Watch(view, as_json=as_json, seconds=seconds, count=count)))


def parsed(texts: Iterable[str]) -> dict[str, Contract]:
    """What the texts mean, by the texts, each once. Raises InvalidRequest for one that means nothing."""
    return {text: parse_contract(text) for text in texts}


async def contracts_of(session: IBSession, asked: dict[str, Contract]) -> dict[str, Contract]:
    """The contracts that are meant, complete, by their texts. Raises what looking up raises."""
    if len(asked) > 1:
        return dict(zip(asked, await session.contracts.qualify(asked.values()), strict=True))
    ((text, contract),) = asked.items()
    try:
        return {text: await session.contracts.qualify(contract)}
    except RequestError as error:
        raise named(error, text) from error


async def _stream(gateway: Gateway, symbols: list[str], kind: MarketDataKind | None, watch: Watch[Quote]) -> None:
    asked = parsed(symbols)
    async with connected(gateway) as session:
        contracts = await contracts_of(session, asked)
        if kind is not None:
            await session.market_data.set_market_data_kind(kind)
        await watch.run({label: session.market_data.quotes(one) for label, one in contracts.items()})


async def _once(gateway: Gateway, symbols: list[str], kind: MarketDataKind | None) -> dict[str, Quote]:
    asked = parsed(symbols)
    async with connected(gateway) as session:
        contracts = await contracts_of(session, asked)
        if kind is not None:
            await session.market_data.set_market_data_kind(kind)
        async with asyncio.TaskGroup() as tasks:
            work = {label: tasks.create_task(_snapshot(session, label, one)) for label, one in contracts.items()}
        return {label: task.result() for label, task in work.items()}


async def _snapshot(session: IBSession, label: str, contract: Contract) -> Quote:
    try:
        return await session.market_data.snapshot(contract)
    except RequestError as error:
        raise named(error, label) from error
