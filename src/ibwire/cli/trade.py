"""`ibwire buy` and `ibwire sell`: an order, shown, confirmed, placed with journal and guards, and followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from msgspec.structs import asdict, replace

from ibwire.cli.confirming import check_can_ask, is_confirmed
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.following import follow
from ibwire.cli.frame import BadOption, run, say_json
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.order_rows import in_words, name_of
from ibwire.contracts import PriceGrid, Rounding, parse_contract
from ibwire.exceptions import OrderLimitExceeded, RequestError, RequestTimeout
from ibwire.order_guards import PAPER_PREFIX, market_price_of
from ibwire.order_handles import OrderHandle
from ibwire.orders import Order, limit, market, stop, stop_limit, trailing_stop
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.what_ifs import WhatIf
from ibwire.wire import messages as m

PRICES = ("limit_price", "aux_price")
"""The fields that hold a price of the contract, unless the order trails."""

QUOTED_WITHIN_S = 5.0
"""How long a price is waited for, where a guard needs one."""

Text = Annotated[str, typer.Argument(help="What to trade, such as AAPL, EUR.USD, FUT:ES:CME:202612.")]
Quantity = Annotated[str, typer.Argument(help="How many.")]
Market = Annotated[bool, typer.Option("--market", help="At the market's price.")]
Limit = Annotated[str | None, typer.Option(help="At this price or better.", show_default=False)]
Stop = Annotated[
    str | None, typer.Option(help="At the market, with --limit at that, once this is reached.", show_default=False)
]
Trail = Annotated[
    str | None, typer.Option(help="A stop that follows at this distance, such as 1.50 or 2%.", show_default=False)
]
Tif = Annotated[str, typer.Option(help="Time in force: DAY, GTC, IOC, OPG …")]
OutsideRth = Annotated[bool, typer.Option("--outside-rth", help="Also outside regular trading hours.")]
Account = Annotated[str | None, typer.Option(help="For this account of the login.", show_default=False)]
Tag = Annotated[str, typer.Option(help="A word of yours that the order carries; up to 19 characters.")]
Round = Annotated[bool, typer.Option("--round", help="Take the nearest price that is allowed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Place it without asking.")]
OnlyWhatIf = Annotated[bool, typer.Option("--what-if", help="Only show what it would do; place nothing.")]
Wait = Annotated[
    float | None, typer.Option(min=0, help="Wait so many seconds until it has filled.", show_default=False)
]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the command line says of the order, and of how to go about it."""

    action: str
    contract: str
    quantity: str
    is_market: bool
    limit: str | None
    stop: str | None
    trail: str | None
    tif: str
    outside_rth: bool
    account: str | None
    tag: str
    rounds: bool
    is_confirmed: bool
    is_what_if: bool
    wait_s: float | None
    as_json: bool

    def order(self) -> Order:
        """The order, its prices as they were written. Raises BadOption, InvalidOrder."""
        action, quantity = self.action, _number("QUANTITY", self.quantity)
        more: dict[str, Any] = {"tif": self.tif.upper(), "account": self.account, "order_ref": self.tag or None}
        more["outside_rth"] = True if self.outside_rth else None
        given = [name for name in ("limit", "stop", "trail") if getattr(self, name) is not None]
        match (self.is_market, given):
            case (True, []):
                return market(action, quantity, **more)
            case (False, ["limit"]):
                return limit(action, quantity, _number("--limit", self.limit), **more)
            case (False, ["stop"]):
                return stop(action, quantity, _number("--stop", self.stop), **more)
            case (False, ["limit", "stop"]):
                prices = _number("--limit", self.limit), _number("--stop", self.stop)
                return stop_limit(action, quantity, *prices, **more)
            case (False, ["trail"]):
                text = (self.trail or "").strip()
                name = "percent" if text.endswith("%") else "amount"
                return trailing_stop(action, quantity, **{name: _number("--trail", text.rstrip("% "))}, **more)
        raise BadOption(
            "nothing was sent: say how it is to be priced, with one of --limit, --stop (or both), --trail, --market"
        )


def buy(
    contract: Text,
    quantity: Quantity,
    *,
    market: Market = False,
    limit: Limit = None,
    stop: Stop = None,
    trail: Trail = None,
    tif: Tif = "DAY",
    outside_rth: OutsideRth = False,
    account: Account = None,
    tag: Tag = "",
    round_: Round = False,
    yes: Yes = False,
    what_if: OnlyWhatIf = False,
    wait: Wait = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Buy: show the contract and what the order would do, ask, place it through the journal, say what became of it.

    Exits with 0 only if the gateway has acknowledged the order, with --wait if it has filled; with 1 if it was refused,
    rejected or declined; with 130 after Ctrl-C, saying whether the order was sent.

    Example: ibwire buy AAPL 100 --limit 187.20 --wait 30
    """
    _trade("BUY", **locals())


def sell(
    contract: Text,
    quantity: Quantity,
    *,
    market: Market = False,
    limit: Limit = None,
    stop: Stop = None,
    trail: Trail = None,
    tif: Tif = "DAY",
    outside_rth: OutsideRth = False,
    account: Account = None,
    tag: Tag = "",
    round_: Round = False,
    yes: Yes = False,
    what_if: OnlyWhatIf = False,
    wait: Wait = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Sell, as `buy` buys; what is not held is sold short, if the account may.

    Example: ibwire sell AAPL 100 --stop 180 --tif GTC
    """
    _trade("SELL", **locals())


def _trade(action: str, **given: Any) -> None:
    wish = Wish(
        action=action,
        is_market=given["market"],
        rounds=given["round_"],
        is_confirmed=given["yes"],
        is_what_if=given["what_if"],
        wait_s=given["wait"],
        **{name: given[name] for name in ("contract", "quantity", "limit", "stop", "trail", "tif", "outside_rth")},
        **{name: given[name] for name in ("account", "tag", "as_json")},
    )
    gateway = Gateway(**{name: given[name] for name in ("host", "port", "client_id", "sim")})
    is_good = run(trade(gateway, wish))
    raise typer.Exit(0 if is_good else 1)


async def trade(gateway: Gateway, wish: Wish) -> bool:
    """Do what a command says; whether all was well. Nothing is sent before it is confirmed."""
    order, wanted = wish.order(), parse_contract(wish.contract)
    if not (wish.is_confirmed or wish.is_what_if):
        check_can_ask()
    handle: OrderHandle | None = None
    try:
        async with connected(gateway, places_orders=True) as session:
            details = await session.contracts.details(wanted)
            contract, grid = await session.contracts.qualify(wanted), await session.contracts.price_grid(wanted)
            order = on_grid(order, grid, name_of(contract), rounds=wish.rounds)
            _say(wish, f"{name_of(contract)}: {_described(contract, details.long_name)}")
            _say(wish, in_words(contract, order))
            _check_halt(session)
            async with _quoted(session, contract):
                effect = await _what_if(session, contract, order, wish)
                if wish.is_what_if:
                    if wish.as_json:
                        say_json(
                            {"order": _terms(contract, order), "what_if": effect and asdict(effect), "placed": False}
                        )
                    return effect is not None
                if not (wish.is_confirmed or await is_confirmed(_question(session, contract, order))):
                    typer.echo("nothing was sent", err=True)
                    return False
                handle = await session.trading.place(contract, order, grid=grid)
            ack_timeout_s = session.settings.trading.ack_timeout_s
            return await follow(handle, effect, ack_timeout_s=ack_timeout_s, wait_s=wish.wait_s, as_json=wish.as_json)
    except asyncio.CancelledError:
        if handle is None:  # and a `place` that is cancelled sends nothing
            typer.echo("interrupted: nothing was sent", err=True)
        raise


def on_grid(order: Order, grid: PriceGrid, name: str, *, rounds: bool) -> Order:
    """The order with prices that are allowed. Raises BadOption naming the nearest ones unless it may round."""
    changes: dict[str, Any] = {}
    for field in PRICES if order.order_type != "TRAIL" else ():
        price = getattr(order, field)
        if price is None or grid.holds(price):
            continue
        if not rounds:
            below, above = grid.round(price, Rounding.DOWN), grid.round(price, Rounding.UP)
            raise BadOption(
                f"nothing was sent: {price:f} is no price of {name}; the nearest are {below:f} and {above:f}; "
                "hint: --round takes the nearer"
            )
        changes[field] = grid.round(price)
    return replace(order, **changes)


@asynccontextmanager
async def _quoted(session: IBSession, contract: m.Contract) -> AsyncIterator[None]:
    """Hold a quote meanwhile if a guard looks at the market; if none comes, it goes on without, or says so."""
    limits = session.settings.trading
    if limits.max_distance_percent is None and limits.max_order_value is None:
        yield
        return
    async with session.market_data.quotes(contract) as quotes:
        with suppress(TimeoutError, RequestError):
            async with asyncio.timeout(QUOTED_WITHIN_S):
                async for one in quotes:
                    if isinstance(one, Quote) and market_price_of(one) is not None:
                        break
        yield


async def _what_if(session: IBSession, contract: m.Contract, order: Order, wish: Wish) -> WhatIf | None:
    """What the order would do, shown; None if the gateway does not say, which keeps no order from being placed."""
    try:
        effect = await session.trading.what_if(contract, order)
    except RequestTimeout as error:
        typer.echo(f"what it would do is not known: {error.message}", err=True)
        return None
    currency = effect.commission_currency
    parts = [
        f"initial margin {_change(effect.init_margin_before, effect.init_margin_after)}",
        f"maintenance margin {_change(effect.maint_margin_before, effect.maint_margin_after)}",
        f"commission {_commission(effect)} {currency}".rstrip(),
    ]
    _say(wish, "it would mean: " + ", ".join(parts))
    if effect.warning_text:
        typer.echo(f"IBKR warns: {effect.warning_text}", err=True)
    return effect


def _check_halt(session: IBSession) -> None:
    """Said before a person is asked; placing looks again."""
    if session.trading.halted:
        raise OrderLimitExceeded(
            f"nothing was sent: trading is halted: {session.trading.halted}", hint="`ibwire resume` ends the halt"
        )


def _question(session: IBSession, contract: m.Contract, order: Order) -> str:
    account = order.account or session.settings.trading.account or ", ".join(session.accounts)
    kind = "paper" if account.startswith(PAPER_PREFIX) else "LIVE, real money"
    return f"{in_words(contract, order)}, in {account} ({kind})?"


def _described(contract: m.Contract, long_name: str | None) -> str:
    parts = (long_name, contract.sec_type, contract.exchange, contract.currency, f"con_id {contract.con_id}")
    return ", ".join(part for part in parts if part)


def _say(wish: Wish, text: str) -> None:
    typer.echo(text, err=wish.as_json)


def _terms(contract: m.Contract, order: Order) -> dict[str, Any]:
    return {"contract": name_of(contract), "con_id": contract.con_id, "words": in_words(contract, order)}


def _change(before: Decimal | None, after: Decimal | None) -> str:
    return f"{_shown(before)} -> {_shown(after)}"


def _commission(effect: WhatIf) -> str:
    if effect.commission is None and effect.min_commission is not None:
        return f"{_shown(effect.min_commission)} to {_shown(effect.max_commission)}"
    return _shown(effect.commission)


def _shown(value: Decimal | None) -> str:
    return "not told" if value is None else f"{value:,.2f}"


def _number(name: str, text: str | None) -> Decimal:
    try:
        number = Decimal(text or "")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise BadOption(f"nothing was sent: {name} {text} is no number")
    return number
