"""Which options there are on an instrument: their classes, expiries and strikes, as generated chains list them.

Pure functions of the instrument table and a date. Sources: protocol notes 3.8; IBKR's reqSecDefOptParams page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from ibwire.simulator.instruments import INSTRUMENTS, Instrument

FIRST_EXPIRY, WEEKS = date(2000, 1, 7), 4096
"""The Fridays on which options may expire: so many, up to 2078."""

WEEKLY_EXPIRIES = 8
MONTHLY_EXPIRIES = 6
STRIKES_EACH_SIDE = 30
SMALLEST_STRIKE_STEP = 0.5

_FRIDAY = 4
_STEPS = tuple(sorted(digit * 10.0**power for digit in (1.0, 2.5, 5.0) for power in range(5)))
_STOCK_VENUES = ("SMART", "AMEX", "CBOE", "ISE", "PHLX", "BOX")
_WITHOUT_OPTIONS = frozenset({"BRK A"})


class OptionClass(NamedTuple):
    """One trading class on its venues; `weekly` ones hold the Fridays that are no month's third, `monthly` the others.

    `weekly` may hold `{n}`, the number of the Friday in its month: futures have a class for each. `market_rule` is ""
    if there is none, and None for options like those on US shares, which have a rule for each venue.
    """

    monthly: str
    weekly: str
    multiplier: str
    venues: tuple[str, ...]
    market_rule: str | None = None
    min_tick: str = "0.01"

    def name_on(self, day: date) -> str:
        """The class of the options that expire on this Friday."""
        number = (day.day - 1) // 7 + 1
        return self.monthly if number == 3 else self.weekly.format(n=number)


_INDEX_AND_FUTURE_CLASSES = {
    ("SPX", "IND"): OptionClass("SPX", "SPXW", "100", ("SMART", "CBOE"), "109"),
    ("VIX", "IND"): OptionClass("VIX", "VIXW", "100", ("SMART", "CBOE"), "109"),
    ("NDX", "IND"): OptionClass("NDX", "NDXP", "100", ("SMART", "PHLX"), "109"),
    ("RUT", "IND"): OptionClass("RUT", "RUTW", "100", ("SMART", "CBOE"), "109"),
    ("ES", "FUT"): OptionClass("ES", "EW{n}", "50", ("CME",), "3541", "0.05"),
    ("NQ", "FUT"): OptionClass("NQ", "QN{n}", "20", ("CME",), "3541", "0.05"),
    ("GC", "FUT"): OptionClass("OG", "OG{n}", "100", ("COMEX",), "65", "0.1"),
}


def option_class(instrument: Instrument) -> OptionClass | None:
    """How options on this instrument are called, None if it has none."""
    if instrument.sec_type == "STK" and instrument.symbol not in _WITHOUT_OPTIONS:
        name = instrument.symbol.replace(" ", "")
        if instrument.currency == "USD":
            return OptionClass(name, name, "100", _STOCK_VENUES)
        return OptionClass(name, name, "100", (instrument.exchange,), market_rule="")
    return _INDEX_AND_FUTURE_CLASSES.get((instrument.symbol, instrument.sec_type))


UNDERLYINGS = {one.con_id: one for one in INSTRUMENTS if option_class(one) is not None}
"""The instruments of the table that have options, by their ids."""

_FUTURES = sorted((one for one in UNDERLYINGS.values() if one.sec_type == "FUT"), key=lambda one: one.last_trade_date)


def delivered_future(symbol: str, day: date) -> Instrument:
    """The future that options of this symbol are on which expire on a day: the first that still trades then.

    So each option is on one of a symbol's futures, as its terms do not say which. What expires after the last future of
    the table is on that one.
    """
    futures = [one for one in _FUTURES if one.symbol == symbol]
    return next((one for one in futures if one.last_trade_date >= f"{day:%Y%m%d}"), futures[-1])


def expiries(instrument: Instrument, today: date) -> list[date]:
    """The next Fridays, and the third ones of the next months; of those, the ones on which options on this one expire.

    Once listed, an expiry stays until its day is over. There are none where there are no options.
    """
    if instrument.con_id not in UNDERLYINGS:
        return []
    first = today + timedelta(days=(_FRIDAY - today.weekday()) % 7)
    days = {first + timedelta(weeks=week) for week in range(WEEKLY_EXPIRIES)}
    days.update(_third_fridays(today))
    if instrument.sec_type == "FUT":
        days = {day for day in days if delivered_future(instrument.symbol, day) is instrument}
    last = FIRST_EXPIRY + timedelta(weeks=WEEKS - 1)
    return sorted(day for day in days if FIRST_EXPIRY <= day <= last)


def strike_at(price: float, number: int) -> float:
    """A strike of the even grid around `price`, about one percent apart: 0 is the middle."""
    step = _strike_step(price)
    return (round(price / step) + number) * step


def strikes(price: float) -> tuple[float, ...]:
    """The strikes around `price`, all above 0."""
    around = (strike_at(price, number) for number in range(-STRIKES_EACH_SIDE, STRIKES_EACH_SIDE + 1))
    return tuple(strike for strike in around if strike > 0)


def third_friday(year: int, month: int) -> date:
    """The day on which monthly options expire; holidays are not known."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def _strike_step(price: float) -> float:
    step = max((step for step in _STEPS if step <= price / 80), default=SMALLEST_STRIKE_STEP)
    return max(step, SMALLEST_STRIKE_STEP)


def _third_fridays(today: date) -> Iterator[date]:
    months = range(today.month - 1, today.month + MONTHLY_EXPIRIES)
    days = [third_friday(today.year + month // 12, month % 12 + 1) for month in months]
    yield from [day for day in days if day >= today][:MONTHLY_EXPIRIES]
