"""Constructors of contracts, one for each kind of instrument, with IBKR's usual venues and currencies as defaults.

Each returns a `Contract`; fields that it has no argument for are given by name, as the record has them:
`Stock("AAPL", primary_exch="NASDAQ")`. Each raises one InvalidRequest that names everything that is wrong.
Expiries are `YYYYMM` (a contract month), `YYYYMMDD` or a `date`; rights are C, P, CALL or PUT in any case; strikes may
be any kind of number. Sources: protocol notes, 3.1; IBKR's page on contracts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from ibwire.contract_rules import RIGHTS, checked, expiry_text, invalid
from ibwire.wire.messages import ComboLeg, Contract, DeltaNeutralContract

_PAIR = re.compile(r"([A-Z]{3})[./]?([A-Z]{3})")


class More(TypedDict, total=False):
    """What a contract may say besides its constructor's own arguments."""

    con_id: int
    multiplier: float
    primary_exch: str
    local_symbol: str
    trading_class: str
    sec_id_type: str
    sec_id: str
    description: str
    issuer_id: str
    delta_neutral_contract: DeltaNeutralContract
    include_expired: bool
    last_trade_date: str


def Stock(symbol: str | None, exchange: str = "SMART", currency: str = "USD", **more: Unpack[More]) -> Contract:
    """A stock or an ETF; `primary_exch` tells namesakes apart."""
    return _made("STK", symbol=symbol, exchange=exchange, currency=currency, **more)


def Forex(pair: str, exchange: str = "IDEALPRO", **more: Unpack[More]) -> Contract:
    """A currency pair: "EUR.USD" (also EURUSD, EUR/USD) is euros priced in dollars."""
    found = _PAIR.fullmatch(pair)
    if found is None:
        raise invalid(f"CASH {pair!r}", ["a currency pair is like EUR.USD"])
    return _made("CASH", symbol=found[1], exchange=exchange, currency=found[2], **more)


def Future(
    symbol: str | None, exchange: str, expiry: str | date | None = None, currency: str = "USD", **more: Unpack[More]
) -> Contract:
    """A future. Expiry is left out with a local symbol, `Future(None, "CME", local_symbol="ESZ6")`, or to find all."""
    return _made("FUT", symbol=symbol, exchange=exchange, expiry=expiry, currency=currency, **more)


def ContFuture(symbol: str, exchange: str, currency: str = "USD", **more: Unpack[More]) -> Contract:
    """The continuous future that IBKR makes of a series: historical data only, no orders."""
    return _made("CONTFUT", symbol=symbol, exchange=exchange, currency=currency, **more)


def Option(
    symbol: str | None,
    expiry: str | date | None,
    right: str | None,
    strike: Decimal | float | None,
    exchange: str = "SMART",
    currency: str = "USD",
    **more: Unpack[More],
) -> Contract:
    """An option on a stock or an index. Give `trading_class` where there are several (SPX, SPXW)."""
    terms = {"expiry": expiry, "right": right, "strike": strike}
    return _made("OPT", symbol=symbol, exchange=exchange, currency=currency, **terms, **more)


def FutureOption(
    symbol: str | None,
    exchange: str,
    expiry: str | date | None,
    right: str | None,
    strike: Decimal | float | None,
    currency: str = "USD",
    **more: Unpack[More],
) -> Contract:
    """An option on a future. Give `trading_class` where there are several."""
    terms = {"expiry": expiry, "right": right, "strike": strike}
    return _made("FOP", symbol=symbol, exchange=exchange, currency=currency, **terms, **more)


def Index(symbol: str, exchange: str, currency: str = "USD", **more: Unpack[More]) -> Contract:
    """An index, which has data and no orders: `Index("SPX", "CBOE")`."""
    return _made("IND", symbol=symbol, exchange=exchange, currency=currency, **more)


def Cfd(symbol: str, exchange: str = "SMART", currency: str = "USD", **more: Unpack[More]) -> Contract:
    """A contract for difference on a stock, an index, a currency or a commodity."""
    return _made("CFD", symbol=symbol, exchange=exchange, currency=currency, **more)


def Bond(symbol: str | None, exchange: str = "SMART", currency: str = "USD", **more: Unpack[More]) -> Contract:
    """A bond; its symbol is its CUSIP. With another id: `Bond(None, sec_id_type="ISIN", sec_id="US03076KAA60")`."""
    return _made("BOND", symbol=symbol, exchange=exchange, currency=currency, **more)


def Crypto(symbol: str, exchange: str = "PAXOS", currency: str = "USD", **more: Unpack[More]) -> Contract:
    """A crypto currency, at Paxos unless another exchange (ZEROHASH) is given."""
    return _made("CRYPTO", symbol=symbol, exchange=exchange, currency=currency, **more)


def Commodity(symbol: str, exchange: str = "SMART", currency: str = "USD", **more: Unpack[More]) -> Contract:
    """A commodity traded spot, such as XAUUSD."""
    return _made("CMDTY", symbol=symbol, exchange=exchange, currency=currency, **more)


def Fund(symbol: str, exchange: str = "FUNDSERV", currency: str = "USD", **more: Unpack[More]) -> Contract:
    """A mutual fund."""
    return _made("FUND", symbol=symbol, exchange=exchange, currency=currency, **more)


def Bag(
    symbol: str, legs: Iterable[ComboLeg], exchange: str = "SMART", currency: str = "USD", **more: Unpack[More]
) -> Contract:
    """A combination that is traded as one: `symbol` is the underlying's, the legs are named by their con_ids.

    `ComboLeg(con_id=…, ratio=1, action="BUY", exchange="SMART")`; qualify the legs' contracts to learn the ids.
    """
    return _made("BAG", symbol=symbol, exchange=exchange, currency=currency, combo_legs=tuple(legs), **more)


def _made(sec_type: str, **given: Any) -> Contract:
    """A contract of what was given, checked as a whole."""
    expiry, right, strike = given.pop("expiry", None), given.get("right"), given.get("strike")
    given["last_trade_date_or_contract_month"] = expiry_text(expiry)
    if isinstance(right, str):
        given["right"] = RIGHTS.get(right.upper(), right)
    if isinstance(strike, Decimal | int) and not isinstance(strike, bool):
        given["strike"] = float(strike)
    return checked(Contract(sec_type=sec_type, **given))
