"""`ibwire ticks SYMBOL`: trades, changes of bid and ask, or midpoints, one by one."""

from __future__ import annotations

from collections import deque
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from ibwire.cli.board import NOTHING, in_words, written
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import run
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.quotes import contracts_of, parsed
from ibwire.cli.watching import Count, Seconds, Watch
from ibwire.gaps import Gap, Resumed
from ibwire.tick_records import BidAskTick, MarketTick, MidpointTick, TickKind, TradeTick

SHOWN = 15
"""How many of the last ticks a terminal shows."""

Symbol = Annotated[str, typer.Argument(help="The contract: AAPL, EUR.USD, FUT:ES:CME:202612, ID:265598 …")]

_FIELDS = {
    TickKind.LAST: ("price", "size", "exchange", "special_conditions"),
    TickKind.ALL_LAST: ("price", "size", "exchange", "special_conditions"),
    TickKind.BID_ASK: ("bid_size", "bid", "ask", "ask_size"),
    TickKind.MIDPOINT: ("midpoint",),
}
_FLAGS = {
    TradeTick: ("is_past_limit", "is_unreported"),
    BidAskTick: ("is_bid_past_low", "is_ask_past_high"),
    MidpointTick: (),
}
_HEADINGS = {"special_conditions": "conditions", "bid_size": "size", "ask_size": "size"}


class TicksView:
    """The last ticks of one contract, with gaps where they were."""

    def __init__(self, kind: TickKind, title: str) -> None:
        self._fields = _FIELDS[kind]
        self._title = title
        self._last: deque[MarketTick | Gap | Resumed] = deque(maxlen=SHOWN)

    def take(self, label: str, item: MarketTick | Gap | Resumed) -> None:
        """Remember it for the table."""
        self._last.append(item)

    def table(self) -> Table:
        """The last ticks, the newest at the end."""
        shown = Table(title=self._title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0))
        shown.add_column("time (UTC)", no_wrap=True)
        for name in self._fields:
            shown.add_column(_HEADINGS.get(name, name), justify="right", no_wrap=True)
        for item in self._last:
            if isinstance(item, Gap):
                shown.add_row(f"{item.since:%H:%M:%S}", Text(f"gap: {in_words(item)}", style="red"))
            elif isinstance(item, Resumed):
                shown.add_row(f"{item.at:%H:%M:%S}", Text("resumed", style="green"))
            else:
                shown.add_row(f"{item.time:%H:%M:%S}", *(Text(cell) for cell in self._cells(item)))
        return shown

    def line(self, label: str, item: MarketTick) -> str:
        """Time and fields of a tick."""
        named = zip(self._fields, self._cells(item), strict=True)
        return f"{item.time:%H:%M:%S} {label} " + "  ".join(f"{name} {cell}" for name, cell in named)

    def as_dict(self, label: str, item: MarketTick) -> dict[str, Any]:
        """The tick as plain data that JSON can hold: sizes are decimal text, times ISO 8601."""
        fields = {name: getattr(item, name) for name in (*self._fields, *_FLAGS[type(item)])}
        times = {"time": item.time, "received_at": item.received_at}
        return {"event": "tick", "contract": label, "con_id": item.contract.con_id, **times, **fields}

    def _cells(self, item: MarketTick) -> list[str]:
        values = [getattr(item, name) for name in self._fields]
        return [value or NOTHING if isinstance(value, str) else written(value) for value in values]


def ticks(
    symbol: Symbol,
    *,
    kind: Annotated[TickKind, typer.Option(help="What to show of it.")] = TickKind.LAST,
    seconds: Seconds = None,
    count: Count = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Show a contract's ticks one by one: trades, changes of bid and ask, or midpoints.

    The last ones in a table on a terminal, a line for each into a pipe; times are the exchange's, to the second. IBKR
    allows five such streams with 100 market-data lines, one of a contract in 15 s, and none of options.
    Ends at Ctrl-C or SIGTERM with exit code 0; with `--seconds` or `--count` by itself.

    Example: ibwire ticks AAPL --kind BidAsk --count 20 --sim
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    watch = Watch(TicksView(kind, f"{symbol} {kind}"), as_json=as_json, seconds=seconds, count=count)
    run(_stream(gateway, symbol, kind, watch))


async def _stream(gateway: Gateway, symbol: str, kind: TickKind, watch: Watch[MarketTick]) -> None:
    asked = parsed([symbol])
    async with connected(gateway) as session:
        contracts = await contracts_of(session, asked)
        await watch.run({label: session.market_data.ticks(one, kind) for label, one in contracts.items()})
