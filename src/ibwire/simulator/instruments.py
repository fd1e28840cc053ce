"""The instruments the simulated gateway knows: contract details, look-up, and where a generated market starts.

Knows the table `instruments.toml` beside it, and how IBKR matches a partly filled contract. Knows no clock.
"""

import tomllib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from importlib import resources
from typing import Any

import msgspec


class Instrument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contract with its details, and what a generated market for it looks like.

    Field names are IBKR's `Contract` and `ContractDetails` in snake_case; "" or None means unknown or not
    applicable. Dates are YYYYMMDD. The `*_sessions` fields hold the daily sessions in the instrument's time zone, like
    "0930-1600" or "0930-1200,1300-1600"; one that opens no earlier than it closes opened on the evening before
    ("1700-1600"). `session_weekdays` is 5 for Monday to Friday and 7 for every day.

    The generator's fields: `reference_price` is in the instrument's currency, `typical_size` and
    `quote_size_step` in units of size at the top of the book, `spread_ticks` counts `min_tick`s, and
    `volatility_bp` is the standard deviation of the price over one minute, in basis points.
    """

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str = ""
    currency: str
    local_symbol: str
    trading_class: str
    multiplier: float | None = None
    last_trade_date: str = ""
    strike: float | None = None
    right: str = ""
    min_tick: Decimal
    long_name: str
    valid_exchanges: str
    time_zone_id: str
    trading_sessions: str
    liquid_sessions: str
    session_weekdays: int = 5
    market_name: str
    market_rule_ids: str = ""
    price_magnifier: int = 1
    stock_type: str = ""
    order_types: str
    min_size: Decimal = Decimal(1)
    size_increment: Decimal = Decimal(1)
    suggested_size_increment: Decimal = Decimal(1)
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    agg_group: int = 2147483647
    contract_month: str = ""
    real_expiration_date: str = ""
    last_trade_time: str = ""
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    reference_price: float
    typical_size: Decimal
    quote_size_step: Decimal
    spread_ticks: int = 1
    volatility_bp: float


def _completed(values: dict[str, Any], order_types: dict[str, str]) -> dict[str, Any]:
    """Fill in what the table leaves out because it follows from the rest."""
    row: dict[str, Any] = {"trading_class": values["symbol"], "local_symbol": values["symbol"], **values}
    row.setdefault("market_name", row["trading_class"])
    row.setdefault("contract_month", row.get("last_trade_date", "")[:6])
    row.setdefault("real_expiration_date", row.get("last_trade_date", ""))
    row["order_types"] = order_types[row["order_types"]]
    rule = row.get("market_rule_ids", "")
    if rule and "," not in rule:
        # IBKR gives one rule per valid exchange; the table names a rule once where all are the same.
        row["market_rule_ids"] = ",".join([rule] * len(row["valid_exchanges"].split(",")))
    return row


def _read_table() -> Iterator[Instrument]:
    text = resources.files("ibwire.simulator").joinpath("instruments.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    classes: dict[str, dict[str, Any]] = table["class"]
    for defaults in classes.values():
        base = classes[defaults["base"]] if "base" in defaults else {}
        shared = {k: v for k, v in {**base, **defaults}.items() if k not in ("base", "instruments")}
        for row in defaults.get("instruments", ()):
            yield msgspec.convert(_completed({**shared, **row}, table["order_types"]), Instrument)


INSTRUMENTS: tuple[Instrument, ...] = tuple(_read_table())
"""All instruments, in the order of the table."""

_BY_CON_ID = {instrument.con_id: instrument for instrument in INSTRUMENTS}
_BY_LOCAL_SYMBOL = {instrument.local_symbol: instrument for instrument in INSTRUMENTS}


def by_con_id(con_id: int) -> Instrument | None:
    """The instrument with this contract id, None if the table has none."""
    return _BY_CON_ID.get(con_id)


def by_local_symbol(local_symbol: str) -> Instrument | None:
    """The instrument with this local symbol ("ESH4", "EUR.USD", "BRK A"), None if the table has none."""
    return _BY_LOCAL_SYMBOL.get(local_symbol)


def find(
    candidates: Iterable[Instrument] = INSTRUMENTS,
    *,
    con_id: int = 0,
    symbol: str = "",
    sec_type: str = "",
    exchange: str = "",
    primary_exchange: str = "",
    currency: str = "",
    local_symbol: str = "",
    trading_class: str = "",
    last_trade_date_or_contract_month: str = "",
    strike: float = 0.0,
    right: str = "",
    multiplier: float = 0.0,
) -> list[Instrument]:
    """The instruments that a partly filled contract describes, as `reqContractDetails` matches it.

    They are those of the table, unless other candidates are given.

    Only fields that are given (not 0 or "") constrain, so none at all matches everything; case matters.
    `exchange` is any of the valid exchanges, among which SMART is for stocks and options. Six digits of
    `last_trade_date_or_contract_month` are the contract month, eight the last trade date (CLZ3 is 202312 and
    20231120). "CONTFUT" gives the earliest matching future of each symbol, as sec_type CONTFUT; "FUT+CONTFUT" all
    futures and then that. In their order; no match is an empty list (the gateway answers it with error 200).

    Source: `Contract` in IBKR's TWS API reference; protocol notes 3.1 and 3.8.
    """
    exact = {
        "con_id": con_id,
        "symbol": symbol,
        "sec_type": "FUT" if sec_type in ("CONTFUT", "FUT+CONTFUT") else sec_type,
        "primary_exchange": primary_exchange,
        "currency": currency,
        "local_symbol": local_symbol,
        "trading_class": trading_class,
        "strike": strike,
        "right": {"CALL": "C", "PUT": "P"}.get(right, right),
        "multiplier": multiplier,
        _expiry_field(last_trade_date_or_contract_month): last_trade_date_or_contract_month,
    }
    given = [(name, value) for name, value in exact.items() if value]
    found = [
        instrument
        for instrument in candidates
        if all(getattr(instrument, name) == value for name, value in given)
        and (not exchange or exchange in instrument.valid_exchanges.split(","))
    ]
    if sec_type == "CONTFUT":
        return _front_futures(found)
    if sec_type == "FUT+CONTFUT":
        return found + _front_futures(found)
    return found


def _expiry_field(text: str) -> str:
    return "last_trade_date" if len(text) > len("YYYYMM") else "contract_month"


def _front_futures(futures: list[Instrument]) -> list[Instrument]:
    front: dict[tuple[str, str], Instrument] = {}
    for future in sorted(futures, key=lambda instrument: instrument.last_trade_date):
        front.setdefault((future.symbol, future.exchange), future)
    return [msgspec.structs.replace(future, sec_type="CONTFUT") for future in futures if future in front.values()]
