"""`ibwire chain SYMBOL`: which options there are on a contract: its expiries, or the strikes around the market."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import typer
from msgspec import Struct
from msgspec.structs import replace
from rich import box
from rich.table import Table
from rich.text import Text

from ibwire.cli.chain_prices import PRICE_COLUMNS, Prices, prices_of
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import BadOption, run, show
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.quotes import DataKind, MarketDataType, contracts_of, parsed
from ibwire.contract_texts import shown
from ibwire.contracts import Contract, OptionChain
from ibwire.exceptions import NoData, RequestError
from ibwire.order_guards import market_price_of
from ibwire.session import IBSession

SMART = "SMART"

EXPIRY_COLUMNS = ("exchange", "class", "multiplier", "expiry", "days", "strikes")
STRIKE_COLUMNS = ("strike", "distance", "call", "put")

_LEFT_ALIGNED = frozenset({"exchange", "class", "expiry", "call", "put"})


class Chains(Struct, frozen=True, kw_only=True):
    """The chains of one underlying, as the command shows them.

    `price` is that of the underlying, None if it could not be had; then the strikes are those in the middle of each
    chain. `day` is the expiry whose strikes are shown, None if it is the expiries that are. `prices` are those of the
    options shown, None if they were not asked for.
    """

    label: str
    chains: tuple[OptionChain, ...]
    today: date
    price: float | None
    day: date | None
    each_side: int
    prices: Prices | None = None

    def options(self) -> list[Contract]:
        """Those whose strikes are shown."""
        day = self.day
        return [] if day is None else [one for row in self._strikes_shown() for one in self._both(*row, day)]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data that JSON can hold: expiries are ISO dates; all of a chain's strikes are listed."""
        return {
            "underlying": self.label,
            "price": self.price,
            "expiry": self.day,
            "chains": [
                {
                    "exchange": one.exchange,
                    "trading_class": one.trading_class,
                    "multiplier": one.multiplier,
                    "expiries": list(one.expiries),
                    "strikes": list(one.strikes),
                    "options": [] if self.day is None else [self._entry(one, k, self.day) for k in self._strikes(one)],
                }
                for one in self.chains
            ],
        }

    def table(self) -> Table:
        """Expiries, or calls and puts by strike, for a terminal."""
        headings, rows = self._rows() if self.prices is None else self._price_rows(self.prices)
        gap = 2 if self.prices is None else 1  # so that calls and puts fit into eighty columns
        listed = Table(title=self._title(), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, gap, 0, 0))
        listed.caption, listed.caption_justify = self._caption(), "left"
        for heading in headings:
            is_text = heading in _LEFT_ALIGNED
            listed.add_column(heading, justify="left" if is_text else "right", overflow="fold")
        for row in rows:
            listed.add_row(*map(Text, row))
        return listed

    def plain(self) -> str:
        """The same, a line each under a heading, separated by tabs; with prices, they follow the options' texts."""
        headings, rows = self._rows()
        if self.prices is not None:
            headings += tuple(f"{right}_{name}" for right in ("call", "put") for name in PRICE_COLUMNS)
            rows = [row + priced for row, priced in zip(rows, self._priced(self.prices), strict=True)]
        return "\n".join("\t".join(row) for row in (headings, *rows))

    def _title(self) -> str:
        at = "" if self.price is None else f" at {self.price:.10g}"
        expiry = "" if self.day is None else f", expiry {self.day}"
        return f"options on {self.label}{at}{expiry}" + ("" if self.prices is None else ": calls left, puts right")

    def _rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        day = self.day
        if day is None:
            return EXPIRY_COLUMNS, [row for one in self.chains for row in self._expiry_rows(one)]
        return STRIKE_COLUMNS, [self._strike_row(*row, day) for row in self._strikes_shown()]

    def _price_rows(self, prices: Prices) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Calls on the left, puts on the right, as option chains are looked at."""
        half = len(PRICE_COLUMNS)
        rows = [
            (*priced[:half], f"{strike:g}", self._distance(strike), *priced[half:])
            for (_, strike), priced in zip(self._strikes_shown(), self._priced(prices), strict=True)
        ]
        return (*PRICE_COLUMNS, "strike", "distance", *PRICE_COLUMNS), rows

    def _priced(self, prices: Prices) -> list[tuple[str, ...]]:
        """The prices of call and put for each strike that is shown."""
        assert self.day is not None, "prices are of the options of one expiry"
        pairs = [self._both(*row, self.day) for row in self._strikes_shown()]
        return [prices.cells(call) + prices.cells(put) for call, put in pairs]

    def _caption(self) -> str | None:
        """How to name an option to other commands, and why there are no prices."""
        if self.prices is None:
            return None
        lines = [f"the first call is {shown(self.options()[0])}"] if self.options() else []
        if self.prices.problem is not None:
            lines.append(f"not all have prices: {self.prices.problem.message}")
        return "\n".join(lines) or None

    def _expiry_rows(self, chain: OptionChain) -> list[tuple[str, ...]]:
        multiplier = "" if chain.multiplier is None else f"{chain.multiplier:g}"
        first, last = (chain.strikes[0], chain.strikes[-1]) if chain.strikes else (0.0, 0.0)
        strikes = f"{len(chain.strikes)} from {first:g} to {last:g}"
        return [
            (chain.exchange, chain.trading_class, multiplier, str(day), str((day - self.today).days), strikes)
            for day in chain.expiries
        ]

    def _strike_row(self, chain: OptionChain, strike: float, day: date) -> tuple[str, ...]:
        call, put = map(shown, self._both(chain, strike, day))
        return f"{strike:g}", self._distance(strike), call, put

    def _distance(self, strike: float) -> str:
        return "" if not self.price else f"{round(100 * (strike / self.price - 1), 1) + 0.0:+.1f} %"

    def _strikes_shown(self) -> list[tuple[OptionChain, float]]:
        return [(one, strike) for one in self.chains for strike in self._strikes(one)]

    def _strikes(self, chain: OptionChain) -> tuple[float, ...]:
        if not chain.strikes:
            return ()
        middle = chain.strikes[len(chain.strikes) // 2] if self.price is None else self.price
        return chain.strikes_around(middle, self.each_side)

    def _entry(self, chain: OptionChain, strike: float, day: date) -> dict[str, Any]:
        call, put = self._both(chain, strike, day)
        entry: dict[str, Any] = {"strike": strike, "call": shown(call), "put": shown(put)}
        if self.prices is not None:
            entry |= {"call_quote": self.prices.as_dict(call), "put_quote": self.prices.as_dict(put)}
        return entry

    @staticmethod
    def _both(chain: OptionChain, strike: float, day: date) -> tuple[Contract, Contract]:
        return chain.option(day, "C", strike), chain.option(day, "P", strike)


def chain(
    symbol: Annotated[str, typer.Argument(help="The underlying: AAPL, IND:SPX:CBOE, FUT:ES:CME:202612, ID:265598 …")],
    *,
    expiry: Annotated[
        str | None,
        typer.Option(help="List the strikes of this expiry: YYYY-MM-DD, YYYYMMDD, or YYYYMM for a month's first."),
    ] = None,
    exchange: Annotated[str, typer.Option(help="The options' exchange; `all` for every one.")] = SMART,
    trading_class: Annotated[str | None, typer.Option(help="Only this trading class, such as SPXW.")] = None,
    strikes: Annotated[int, typer.Option(min=1, help="How many strikes on each side of the market.")] = 8,
    prices: Annotated[bool, typer.Option(help="With --expiry: ask for the options' bids, asks and Greeks.")] = True,
    market_data_type: MarketDataType = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """List the options on a contract: its expiries, or with `--expiry` calls and puts of the strikes around the market.

    With their bids, asks, volatilities and deltas (IBKR's model), or with `--no-prices` the texts by which `quotes`,
    `contract` and the others know them; --json and a pipe have both. Each option takes a market-data line for up to ten
    seconds. A chain's strikes are those of all its expiries together: one that an expiry does not have has no prices.

    Example: ibwire chain AAPL --expiry 202612 --strikes 5 --sim
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    found = run(_chains(gateway, symbol, exchange, trading_class, expiry, strikes, market_data_type, prices=prices))
    show(found.as_dict(), found.table(), found.plain(), as_json=as_json)


async def _chains(
    gateway: Gateway,
    symbol: str,
    exchange: str,
    trading_class: str | None,
    expiry: str | None,
    each_side: int,
    kind: DataKind | None,
    *,
    prices: bool,
) -> Chains:
    digits = None if expiry is None else _expiry_digits(expiry)
    asked = parsed([symbol])
    async with connected(gateway) as session:
        ((label, underlying),) = (await contracts_of(session, asked)).items()
        found = await session.contracts.option_chain(
            underlying, exchange=_exchange(underlying, exchange), trading_class=trading_class
        )
        today = session.now().date()
        day, price = None, None
        if digits is not None:
            day = expiry_in(found, digits, today)
            found = tuple(one for one in found if day in one.expiries)
            if kind is not None:
                await session.market_data.set_market_data_kind(kind.kind)
            price = await _price(session, underlying)
        chains = Chains(label=label, chains=found, today=today, price=price, day=day, each_side=each_side)
        if day is None or not prices:
            return chains
        return replace(chains, prices=await prices_of(session, chains.options()))


def expiry_in(chains: Sequence[OptionChain], digits: str, today: date) -> date:
    """The expiry that YYYYMMDD names, or of those in a month YYYYMM the first that is not over.

    Raises NoData naming those that there are.
    """
    days = sorted({day for one in chains for day in one.expiries})
    fitting = [day for day in days if f"{day:%Y%m%d}".startswith(digits)]
    if not fitting:
        there_are = ", ".join(map(str, days))
        raise NoData(f"no options expire {digits}", hint=f"the expiries are {there_are}")
    return next((day for day in fitting if day >= today), fitting[0])


def _expiry_digits(text: str) -> str:
    digits = text.replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) in (6, 8)):
        raise BadOption(f"--expiry {text}: write a day as 2026-12-18 or 20261218, or a month as 202612")
    return digits


def _exchange(underlying: Contract, exchange: str) -> str | None:
    """Where to look: options on futures trade at their own exchange alone."""
    if exchange == "all":
        return None
    is_future = underlying.sec_type in ("FUT", "CONTFUT")
    return underlying.exchange if is_future and exchange == SMART else exchange


async def _price(session: IBSession, underlying: Contract) -> float | None:
    """What the underlying trades at; None where that may not be seen, or cannot."""
    try:
        price = market_price_of(await session.market_data.snapshot(underlying, timeout=15))
    except RequestError:
        return None
    return None if price is None else float(price)
