"""Contracts as a gateway describes them: finding what a request means, and the answer's messages."""

from __future__ import annotations

from datetime import date

from ibwire.simulator.catalogue import Catalogue, Given
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.shown_hours import hours_shown
from ibwire.simulator.trading_sessions import AlwaysOpen, TradingHours
from ibwire.wire import messages as m

NO_DEFINITION = "No security definition has been found for the request"
AMBIGUOUS = "The contract description you have specified is ambiguous."
NO_EXCHANGE = "Please enter exchange"
NO_ORDER_EXCHANGE = "Missing order exchange."
NO_SEC_TYPE = "Please enter a valid security type"

SEC_TYPES = frozenset(
    {
        *("STK", "OPT", "FUT", "CONTFUT", "FUT+CONTFUT", "FOP", "IND", "CASH", "CFD", "BOND", "BILL", "CMDTY"),
        *("CRYPTO", "FUND", "WAR", "IOPT", "BAG", "NEWS", "EC"),
    }
)
"""What IBKR knows (protocol notes, 3.1), simulated or not."""
WITH_HISTORY = SEC_TYPES - {"FUT+CONTFUT"}
LIVE = WITH_HISTORY - {"CONTFUT"}
"""Continuous futures have historical data only, no live data and no orders (IBKR's page on contracts)."""


def lacks(contract: m.Contract | None, exchange: str = "", sec_types: frozenset[str] = SEC_TYPES) -> str:
    """What a contract has to say and does not, as IBKR's validator puts it; empty if nothing.

    A security type is needed where no id names the contract, one of `sec_types`. `exchange` is how the lack of one is
    put; contract details are asked for without one, everything else is not.
    """
    if contract is None:
        return ""
    if contract.sec_type not in sec_types if contract.sec_type else not contract.con_id:
        return NO_SEC_TYPE
    return "" if contract.exchange else exchange


def instruments_for(contract: m.Contract | None, catalogue: Catalogue) -> list[Instrument]:
    """Every instrument that this contract may mean; none for a contract that says nothing."""
    if contract is None:
        return []
    given: Given = {
        "con_id": contract.con_id or 0,
        "symbol": contract.symbol or "",
        "sec_type": contract.sec_type or "",
        "exchange": contract.exchange or "",
        "primary_exchange": contract.primary_exch or "",
        "currency": contract.currency or "",
        "local_symbol": contract.local_symbol or "",
        "trading_class": contract.trading_class or "",
        "last_trade_date_or_contract_month": contract.last_trade_date_or_contract_month or "",
        "strike": contract.strike or 0.0,
        "right": contract.right or "",
        "multiplier": contract.multiplier or 0.0,
    }
    if not (given["con_id"] or given["symbol"] or given["local_symbol"]):
        return []
    return catalogue.find(**given)


def contract_of(instrument: Instrument, exchange: str = "") -> m.Contract:
    """The contract as a gateway echoes it, with every identifying field; `exchange` is where the request wanted it."""
    return m.Contract(
        con_id=instrument.con_id,
        symbol=instrument.symbol,
        sec_type=instrument.sec_type,
        last_trade_date_or_contract_month=instrument.last_trade_date,
        strike=instrument.strike if instrument.strike is not None else 0.0,
        right=instrument.right,
        multiplier=instrument.multiplier,
        exchange=exchange or instrument.exchange,
        primary_exch=instrument.primary_exchange,
        currency=instrument.currency,
        local_symbol=instrument.local_symbol,
        trading_class=instrument.trading_class,
        last_trade_date=instrument.last_trade_date,
    )


_TABLE_HOURS = AlwaysOpen()


def contract_data(
    request_id: int, instrument: Instrument, today: date, exchange: str = "", hours: TradingHours = _TABLE_HOURS
) -> m.ContractData:
    """One answer to a contract-data request, with trading hours from `today` on, the table's if no others are given."""
    details = m.ContractDetails(
        market_name=instrument.market_name,
        min_tick=f"{instrument.min_tick:f}",
        order_types=instrument.order_types,
        valid_exchanges=instrument.valid_exchanges,
        price_magnifier=instrument.price_magnifier,
        under_con_id=instrument.under_con_id,
        long_name=instrument.long_name,
        contract_month=instrument.contract_month,
        industry=instrument.industry,
        category=instrument.category,
        subcategory=instrument.subcategory,
        time_zone_id=instrument.time_zone_id,
        trading_hours=hours_shown(hours, instrument, today, regular_only=False),
        liquid_hours=hours_shown(hours, instrument, today, regular_only=True),
        ev_multiplier=0.0,
        agg_group=instrument.agg_group,
        under_symbol=instrument.under_symbol,
        under_sec_type=instrument.under_sec_type,
        market_rule_ids=instrument.market_rule_ids,
        real_expiration_date=instrument.real_expiration_date,
        stock_type=instrument.stock_type,
        min_size=f"{instrument.min_size:f}",
        size_increment=f"{instrument.size_increment:f}",
        suggested_size_increment=f"{instrument.suggested_size_increment:f}",
    )
    return m.ContractData(request_id, contract_of(instrument, exchange), details)
