"""Which options there are on an instrument, and on what grid prices lie: generated chains and market rules.

Pure functions of the instrument table and a date. Sources: protocol notes 3.8; IBKR's reqSecDefOptParams and
reqMarketRule pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_con_id
from ibwire.simulator.knowledge import VALIDATING, Knowledge, error, id_of
from ibwire.wire import Message
from ibwire.wire import messages as m

NO_CON_ID = "Invalid contract id"

WEEKLY_EXPIRIES = 8
MONTHLY_EXPIRIES = 6
STRIKES_EACH_SIDE = 30
SMALLEST_STRIKE_STEP = 0.5

_FRIDAY = 4
_STEPS = tuple(sorted(digit * 10.0**power for digit in (1.0, 2.5, 5.0) for power in range(5)))
_STOCK_VENUES = ("SMART", "AMEX", "CBOE", "ISE", "PHLX", "BOX")
_WITHOUT_OPTIONS = frozenset({"BRK A"})

MARKET_RULES: dict[int, tuple[m.PriceIncrement, ...]] = {
    25: (m.PriceIncrement(0.0, 0.01),),
    26: (m.PriceIncrement(0.0, 0.01),),
    32: (m.PriceIncrement(0.0, 0.01),),
    33: (m.PriceIncrement(0.0, 1.0),),
    65: (m.PriceIncrement(0.0, 0.1),),
    67: (m.PriceIncrement(0.0, 0.25),),
    109: (m.PriceIncrement(0.0, 0.01), m.PriceIncrement(3.0, 0.05)),
    239: (m.PriceIncrement(0.0, 0.00005),),
    3541: (m.PriceIncrement(0.0, 0.05), m.PriceIncrement(10.0, 0.25)),
}
"""The increments of every rule that an instrument of the table names, by ascending edge (protocol notes, 3.8)."""


class OptionClass(NamedTuple):
    """One trading class on its venues; `weekly` ones hold the Fridays that are no month's third, `monthly` the others.

    `weekly` may hold `{n}`, the number of the Friday in its month: futures have a class for each.
    """

    monthly: str
    weekly: str
    multiplier: str
    venues: tuple[str, ...]


_INDEX_AND_FUTURE_CLASSES = {
    ("SPX", "IND"): OptionClass("SPX", "SPXW", "100", ("SMART", "CBOE")),
    ("VIX", "IND"): OptionClass("VIX", "VIXW", "100", ("SMART", "CBOE")),
    ("NDX", "IND"): OptionClass("NDX", "NDXP", "100", ("SMART", "PHLX")),
    ("RUT", "IND"): OptionClass("RUT", "RUTW", "100", ("SMART", "CBOE")),
    ("ES", "FUT"): OptionClass("ES", "EW{n}", "50", ("CME",)),
    ("NQ", "FUT"): OptionClass("NQ", "QN{n}", "20", ("CME",)),
    ("GC", "FUT"): OptionClass("OG", "OG{n}", "100", ("COMEX",)),
}


def option_parameters(request: m.SecDefOptParamsRequest, knowledge: Knowledge) -> list[Message]:
    """The option chain of an underlying; one that has no options has only the end."""
    con_id = request.underlying_con_id or 0
    instrument = underlying(con_id)
    if instrument is None or (request.underlying_symbol and request.underlying_symbol != instrument.symbol):
        return error(request.req_id, 321, VALIDATING + NO_CON_ID, knowledge)
    id_ = id_of(request.req_id)
    rows = chain(id_, con_id, instrument, knowledge.today)
    wanted = request.fut_fop_exchange
    return [*(row for row in rows if not wanted or row.exchange == wanted), m.SecDefOptParameterEnd(id_)]


def market_rule(request: m.MarketRuleRequest, knowledge: Knowledge) -> list[Message]:
    """The price increments of a rule; the request has no id, so neither has its error."""
    increments = MARKET_RULES.get(id_of(request.market_rule_id))
    if increments is None:
        return error(None, 321, f"{VALIDATING}Invalid market rule id: {request.market_rule_id}", knowledge)
    return [m.MarketRule(request.market_rule_id, increments)]


def underlying(con_id: int) -> Instrument | None:
    """The instrument whose options are meant: the one of this id, or the first future on an index of this id."""
    found = by_con_id(con_id)
    if found is not None or con_id == 0:
        return found
    return next((one for one in INSTRUMENTS if one.sec_type == "FUT" and one.under_con_id == con_id), None)


def option_class(instrument: Instrument) -> OptionClass | None:
    """How options on this instrument are called, None if it has none."""
    if instrument.sec_type == "STK" and instrument.symbol not in _WITHOUT_OPTIONS:
        name = instrument.symbol.replace(" ", "")
        venues = _STOCK_VENUES if instrument.currency == "USD" else (instrument.exchange,)
        return OptionClass(name, name, "100", venues)
    return _INDEX_AND_FUTURE_CLASSES.get((instrument.symbol, instrument.sec_type))


def chain(request_id: int, con_id: int, instrument: Instrument, today: date) -> list[m.SecDefOptParameter]:
    """One row for each venue and trading class, as asked for under `con_id`."""
    names = option_class(instrument)
    if names is None:
        return []
    classes: dict[str, list[str]] = {}
    for day in expiries(instrument, today):
        classes.setdefault(_class_of(names, day), []).append(f"{day:%Y%m%d}")
    return [
        m.SecDefOptParameter(
            req_id=request_id,
            exchange=venue,
            underlying_con_id=con_id,
            trading_class=trading_class,
            multiplier=names.multiplier,
            expirations=tuple(days),
            strikes=strikes(instrument.reference_price),
        )
        for venue in names.venues
        for trading_class, days in classes.items()
    ]


def expiries(instrument: Instrument, today: date) -> list[date]:
    """The next Fridays, and the third ones of the next months; none after a future that still trades has ended.

    The table has futures that ended long ago and are simulated all the same: theirs are not cut off.
    """
    first = today + timedelta(days=(_FRIDAY - today.weekday()) % 7)
    days = {first + timedelta(weeks=week) for week in range(WEEKLY_EXPIRIES)}
    days.update(_third_fridays(today))
    last = instrument.last_trade_date
    if last >= f"{today:%Y%m%d}":
        days = {day for day in days if f"{day:%Y%m%d}" <= last}
    return sorted(days)


def strikes(price: float) -> tuple[float, ...]:
    """An even grid around `price`, about one percent apart, all above 0."""
    step = max((step for step in _STEPS if step <= price / 80), default=SMALLEST_STRIKE_STEP)
    step = max(step, SMALLEST_STRIKE_STEP)
    middle = round(price / step)
    around = range(middle - STRIKES_EACH_SIDE, middle + STRIKES_EACH_SIDE + 1)
    return tuple(number * step for number in around if number > 0)


def third_friday(year: int, month: int) -> date:
    """The day on which monthly options expire; holidays are not known."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def _third_fridays(today: date) -> Iterator[date]:
    months = range(today.month - 1, today.month + MONTHLY_EXPIRIES)
    days = [third_friday(today.year + month // 12, month % 12 + 1) for month in months]
    yield from [day for day in days if day >= today][:MONTHLY_EXPIRIES]


def _class_of(names: OptionClass, day: date) -> str:
    number = (day.day - 1) // 7 + 1
    return names.monthly if number == 3 else names.weekly.format(n=number)
