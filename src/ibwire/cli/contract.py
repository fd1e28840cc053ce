"""`ibwire contract TEXT`: what IBKR knows of a contract, which contracts a text may mean, or a search by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from msgspec import Struct
from msgspec.structs import replace
from rich.table import Table
from rich.text import Text

from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import fail, run, show
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.watching import named
from ibwire.contract_details import ContractDetails
from ibwire.contract_matching import ambiguous
from ibwire.contract_texts import shown
from ibwire.contracts import Contract, SymbolMatch, parse_contract
from ibwire.exceptions import NoData, RequestError, UnreadableAnswer
from ibwire.price_grid import PriceGrid
from ibwire.session import IBSession
from ibwire.trading_hours import TradingSession

CANDIDATE_FIELDS = (
    *("con_id", "sec_type", "symbol", "local_symbol", "exchange", "primary_exch", "currency"),
    *("last_trade_date_or_contract_month", "right", "strike", "multiplier", "trading_class", "description"),
)
"""What is listed of contracts among which one has to choose; columns in which nothing stands are left out."""

_HEADINGS = {"last_trade_date_or_contract_month": "expiry", "primary_exch": "primary", "description": "name"}


class Facts(Struct, frozen=True, kw_only=True):
    """One contract: its details and price increments, and when it trades today by the exchange's calendar.

    `zone` is the exchange's, empty if IBKR gave no hours that can be read. `opens_at` is when it opens next, if it is
    closed and IBKR has said.
    """

    details: ContractDetails
    grid: PriceGrid | None
    sessions: tuple[TradingSession, ...] = ()
    zone: str = ""
    is_open: bool | None = None
    opens_at: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data that JSON can hold."""
        one, contract = self.details, self.details.contract
        fields = {name: getattr(contract, name) for name in CANDIDATE_FIELDS if name != "description"}
        return {
            "contract": shown(_shorter(contract)),
            **fields,
            "long_name": one.long_name,
            "industry": one.industry,
            "category": one.category,
            "min_tick": one.min_tick,
            "price_steps": [] if self.grid is None else list(self.grid.steps),
            "min_size": one.min_size,
            "size_increment": one.size_increment,
            "valid_exchanges": list(one.valid_exchanges),
            "order_types": list(one.order_types),
            "under_symbol": one.under_symbol,
            "under_con_id": one.under_con_id,
            "sec_ids": dict(one.sec_ids),
            "time_zone": self.zone or None,
            "sessions_today": list(self.sessions),
            "is_open": self.is_open,
            "opens_at": self.opens_at,
        }

    def lines(self) -> list[tuple[str, str]]:
        """Label and text of what a person reads, in order; what IBKR did not say is left out."""
        one, contract = self.details, self.details.contract
        found = [
            ("contract", shown(_shorter(contract))),
            ("name", one.long_name),
            ("con_id", contract.con_id),
            ("type", " ".join(part for part in (contract.sec_type, one.stock_type) if part)),
            ("business", ", ".join(part for part in (one.industry, one.category, one.subcategory) if part)),
            ("exchange", ", ".join(part for part in (contract.exchange, contract.primary_exch) if part)),
            ("exchanges", ", ".join(one.valid_exchanges)),
            ("currency", contract.currency),
            ("multiplier", None if contract.multiplier is None else f"{contract.multiplier:g}"),
            ("expiry", contract.last_trade_date_or_contract_month),
            ("underlying", one.under_symbol and f"{one.under_symbol} (con_id {one.under_con_id})"),
            ("prices", self._prices()),
            ("sizes", self._sizes()),
            ("hours today", self._hours()),
            ("order types", ", ".join(one.order_types)),
            ("ids", ", ".join(f"{kind} {value}" for kind, value in one.sec_ids.items())),
        ]
        return [(label, str(text)) for label, text in found if text]

    def table(self) -> Table:
        """The facts as a table for a terminal."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for label, text in self.lines():
            grid.add_row(label, Text(text))
        return grid

    def plain(self) -> str:
        """The facts as a line each, for a pipe."""
        return "\n".join(f"{label}: {text}" for label, text in self.lines())

    def _prices(self) -> str:
        if self.grid is None:
            return f"by {self.details.min_tick}" if self.details.min_tick is not None else ""
        first, *others = self.grid.steps
        return ", ".join([f"by {first.increment}", *(f"from {one.low_edge} by {one.increment}" for one in others)])

    def _sizes(self) -> str:
        one = self.details
        parts = (("at least", one.min_size), ("by", one.size_increment))
        return ", ".join(f"{word} {size:f}" for word, size in parts if size is not None)

    def _hours(self) -> str:
        if not self.zone:
            return "IBKR gave none that can be read"
        zone = ZoneInfo(self.zone)
        spans = [
            f"{one.opens_at.astimezone(zone):%a %H:%M} to {one.closes_at.astimezone(zone):%a %H:%M}"
            for one in self.sessions
        ]
        now = {True: "open now", False: "closed now", None: "whether it is open now is not known"}[self.is_open]
        if self.opens_at is not None:
            now += f", opens {self.opens_at.astimezone(zone):%a %H:%M}"
        return f"{', '.join(spans) or 'none'} {self.zone} ({now})"


def contract(
    text: Annotated[str, typer.Argument(help="AAPL, EUR.USD, FUT:ES:CME:202612, ID:265598 …; or a name to search")],
    *,
    search: Annotated[
        bool, typer.Option("--search", help="Take the text as the beginning of a symbol, or as a part of a name.")
    ] = False,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Say what IBKR knows of a contract: its ids, exchanges, price increments, hours of today, order types.

    If the text fits several contracts they are listed, with the field that would decide, and the exit code is 1. With
    `--search` up to 16 instruments are listed whose symbol or name fits.

    Example: ibwire contract FUT:ES:CME:202603 --sim
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    if search:
        matches = run(_search(gateway, text))
        rows = [_searched(one) for one in matches]
        if not matches:
            fail(NoData(f"IBKR knows no symbol or name with {text!r}", hint="try a shorter part of the name"))
        show(rows, candidates_table(rows, f"found for {text}"), candidates_plain(rows), as_json=as_json)
        return
    found = run(_facts(gateway, text))
    if isinstance(found, Facts):
        show(found.as_dict(), found.table(), found.plain(), as_json=as_json)
        return
    error = ambiguous(parse_contract(text), found)
    rows = [_listed(one) for one in found]
    result = {"candidates": rows, "deciding": list(error.deciding)}
    show(result, candidates_table(rows, "candidates"), candidates_plain(rows), as_json=as_json)
    error.args = (f"{text} may be any of {len(found)} contracts",)
    error.message = error.args[0]
    fail(error)


def candidates_table(rows: Sequence[dict[str, Any]], title: str) -> Table:
    """Contracts to choose from, for a terminal."""
    listed = Table(title=title, title_justify="left")
    names = _columns(rows)
    for name in names:
        listed.add_column(_HEADINGS.get(name, name), overflow="fold")
    for row in rows:
        listed.add_row(*(Text(_cell(row[name])) for name in names))
    return listed


def candidates_plain(rows: Sequence[dict[str, Any]]) -> str:
    """Contracts to choose from, a line each with a heading, separated by tabs."""
    names = _columns(rows)
    return "\n".join(
        ["\t".join(_HEADINGS.get(name, name) for name in names)] * bool(rows)
        + ["\t".join(_cell(row[name]) for name in names) for row in rows]
    )


async def _search(gateway: Gateway, pattern: str) -> tuple[SymbolMatch, ...]:
    async with connected(gateway) as session:
        return await session.contracts.search(pattern)


async def _facts(gateway: Gateway, text: str) -> Facts | list[Contract]:
    """What is known of the contract; or those that the text may mean."""
    asked = parse_contract(text)
    async with connected(gateway) as session:
        try:
            found = await session.contracts.find(asked)
            candidates = {one.contract.con_id: one.contract for one in found}
            return list(candidates.values()) if len(candidates) > 1 else await facts_of(session, asked)
        except RequestError as error:
            raise named(error, text) from error


async def facts_of(session: IBSession, asked: Contract) -> Facts:
    """Look up all that is shown of one contract. Raises what looking up raises."""
    details = await session.contracts.details(asked)
    try:
        grid = await session.contracts.price_grid(details.contract)
    except NoData:
        grid = None
    return facts_at(session.now(), details, grid)


def facts_at(now: datetime, details: ContractDetails, grid: PriceGrid | None) -> Facts:
    """What is shown of a contract at a time (aware)."""
    try:
        hours = details.trading_hours()
    except (NoData, UnreadableAnswer):
        return Facts(details=details, grid=grid)
    zone = ZoneInfo(hours.zone)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    is_open = hours.is_open(now) if hours.covers(now) else None
    opens_at = None
    if is_open is False:
        with suppress(NoData):  # IBKR tells a few days
            opens_at = hours.next_open(now)
    return Facts(
        details=details,
        grid=grid,
        sessions=_overlapping(hours.sessions, today, today + timedelta(days=1)),
        zone=hours.zone,
        is_open=is_open,
        opens_at=opens_at,
    )


def _overlapping(sessions: Iterable[TradingSession], first: datetime, until: datetime) -> tuple[TradingSession, ...]:
    return tuple(one for one in sessions if one.opens_at < until and one.closes_at > first)


def _listed(contract: Contract) -> dict[str, Any]:
    return {name: getattr(contract, name) for name in CANDIDATE_FIELDS}


def _searched(match: SymbolMatch) -> dict[str, Any]:
    return {**_listed(match.contract), "derivatives": list(match.derivative_sec_types)}


def _columns(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [name for name in (rows[0] if rows else ()) if any(row[name] for row in rows)]


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _shorter(contract: Contract) -> Contract:
    """Its text without the con_id, which stands beside it."""
    return replace(contract, con_id=0, last_trade_date=None, description=None, include_expired=None)
