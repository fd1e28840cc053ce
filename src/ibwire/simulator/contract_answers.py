"""Answers about contracts that need nothing but the catalogue: option chains and market rules.

Sources: protocol notes 3.8; IBKR's reqSecDefOptParams and reqMarketRule pages.
"""

from __future__ import annotations

from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_con_id
from ibwire.simulator.knowledge import VALIDATING, Knowledge, error, id_of
from ibwire.simulator.price_grid import MARKET_RULES
from ibwire.wire import Message
from ibwire.wire import messages as m

NO_CON_ID = "Invalid contract id"


def option_parameters(request: m.SecDefOptParamsRequest, knowledge: Knowledge) -> list[Message]:
    """The option chain of an underlying; one that has no options has only the end."""
    id_, con_id = id_of(request.req_id), request.underlying_con_id or 0
    found = underlyings(con_id)
    if not found or (request.underlying_symbol and request.underlying_symbol != found[0].symbol):
        return error(request.req_id, 321, VALIDATING + NO_CON_ID, knowledge)
    wanted = request.fut_fop_exchange
    rows = [
        m.SecDefOptParameter(
            req_id=id_,
            exchange=row.exchange,
            underlying_con_id=instrument.con_id,
            trading_class=row.trading_class,
            multiplier=row.multiplier,
            expirations=row.expiries,
            strikes=row.strikes,
        )
        for instrument in found
        for row in knowledge.catalogue.chain(instrument)
        if not wanted or row.exchange == wanted
    ]
    return [*rows, m.SecDefOptParameterEnd(id_)]


def market_rule(request: m.MarketRuleRequest, knowledge: Knowledge) -> list[Message]:
    """The price increments of a rule; the request has no id, so neither has its error."""
    increments = MARKET_RULES.get(id_of(request.market_rule_id))
    if increments is None:
        return error(None, 321, f"{VALIDATING}Invalid market rule id: {request.market_rule_id}", knowledge)
    return [m.MarketRule(request.market_rule_id, increments)]


def underlyings(con_id: int) -> list[Instrument]:
    """The instruments whose options are meant: the one of this id, or all futures on an index of this id."""
    found = by_con_id(con_id)
    if found is not None or con_id == 0:
        return [] if found is None else [found]
    return [one for one in INSTRUMENTS if one.sec_type == "FUT" and one.under_con_id == con_id]
