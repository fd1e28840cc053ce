"""`ibwire quotes SYMBOL...`: quotes as they come, or once."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from ibwire.cli import board
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import run, say_json, show
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.watching import Count, Seconds, Watch, by_label, named
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
    list[str], typer.Argument(metavar="SYMBOL...", help="Contracts: AAPL, EUR.USD, FUT:ES:CME:202612, OPT:…, ID:265598")
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


async def contracts_of(session: IBSession, symbols: list[str]) -> dict[str, Contract]:
    """The contracts that the texts mean, by the texts. Raises what parsing and looking up raise."""
    texts = list(dict.fromkeys(symbols))
    asked = [parse_contract(text) for text in texts]
    if len(asked) == 1:  # an error about one contract says more than one about several
        try:
            return {texts[0]: await session.contracts.qualify(asked[0])}
        except RequestError as error:
            raise named(error, texts[0]) from error
    return by_label(texts, await session.contracts.qualify(asked))


async def _stream(gateway: Gateway, symbols: list[str], kind: MarketDataKind | None, watch: Watch[Quote]) -> None:
    async with connected(gateway) as session:
        contracts = await contracts_of(session, symbols)
        if kind is not None:
            await session.market_data.set_market_data_kind(kind)
        await watch.run({label: session.market_data.quotes(one) for label, one in contracts.items()})


async def _once(gateway: Gateway, symbols: list[str], kind: MarketDataKind | None) -> dict[str, Quote]:
    async with connected(gateway) as session:
        contracts = await contracts_of(session, symbols)
        if kind is not None:
            await session.market_data.set_market_data_kind(kind)
        async with asyncio.TaskGroup() as tasks:
            asked = {label: tasks.create_task(_snapshot(session, label, one)) for label, one in contracts.items()}
        return {label: task.result() for label, task in asked.items()}


async def _snapshot(session: IBSession, label: str, contract: Contract) -> Quote:
    try:
        return await session.market_data.snapshot(contract)
    except RequestError as error:
        raise named(error, label) from error
