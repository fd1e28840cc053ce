"""The options of generated chains as instruments: made from their terms when somebody asks for one, and found by id.

An option's contract id holds its terms: underlying, expiry, right and place in the chain. So it is the same in every
run, nothing has to be kept, and thousands of options cost nothing until they are asked for. IBKR has given out no ids
this high yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from ibwire.simulator.black_scholes import Terms, worth
from ibwire.simulator.instruments import INSTRUMENTS, Instrument
from ibwire.simulator.option_chains import (
    FIRST_EXPIRY,
    STRIKES_EACH_SIDE,
    UNDERLYINGS,
    WEEKS,
    OptionClass,
    delivered_future,
    option_class,
    strike_at,
)
from ibwire.simulator.volatility_smile import volatility_at

FIRST_ID = 1_000_000_000
"""The ids of generated options begin here, above those of the table and of IBKR."""

RIGHTS = ("C", "P")
NUMBERS = range(-STRIKES_EACH_SIDE, STRIKES_EACH_SIDE + 1)
"""The places of the strikes, 0 the one in the middle."""

_PLACES = 64
KEYS = 2179
"""A prime by which no two underlyings of the table leave the same rest, so that one that is added changes no ids."""

_BY_KEY = {con_id % KEYS: one for con_id, one in UNDERLYINGS.items()}

_MONTH_LETTERS = "FGHJKMNQUVXZ"
_USUAL_YEARS = 30 / 365
_KEPT = 8192

_LIKE = {sec_type: next(one for one in INSTRUMENTS if one.sec_type == sec_type) for sec_type in ("OPT", "FOP")}
"""An option of the table of each kind, which those made here are like."""


class OptionTerms(Struct, frozen=True):
    """What an option of a chain is: `number` is the place of its strike, 0 the one in the middle."""

    underlying: Instrument
    expiry: date
    right: str
    number: int

    @property
    def strike(self) -> float:
        """Its strike."""
        return strike_at(self.underlying.reference_price, self.number)

    @property
    def con_id(self) -> int:
        """Its contract id."""
        week = (self.expiry - FIRST_EXPIRY).days // 7
        place = self.number + STRIKES_EACH_SIDE
        key = self.underlying.con_id % KEYS
        return FIRST_ID + ((key * WEEKS + week) * len(RIGHTS) + RIGHTS.index(self.right)) * _PLACES + place

    @property
    def local_symbol(self) -> str:
        """Its name: "AAPL  261218C00250000" for a share or an index, "EW4X6 C6850" for a future."""
        strike = self.strike
        shown = f"{strike:g}" if self.underlying.sec_type == "FUT" else f"{round(strike * 1000):08d}"
        return f"{prefix(self.underlying, self.expiry)}{self.right}{shown}"


def prefix(underlying: Instrument, expiry: date) -> str:
    """What the names of all options on an instrument that expire on a day begin with."""
    names = option_class(underlying)
    assert names is not None
    root = names.name_on(expiry)
    if underlying.sec_type == "FUT":
        return f"{root}{_MONTH_LETTERS[expiry.month - 1]}{expiry.year % 10} "
    return f"{root:<6}{expiry:%y%m%d}"


def terms_of(con_id: int) -> OptionTerms | None:
    """The option that an id names, None if it names none."""
    rest, place = divmod(con_id - FIRST_ID, _PLACES)
    rest, side = divmod(rest, len(RIGHTS))
    key, week = divmod(rest, WEEKS)
    underlying = _BY_KEY.get(key)
    if underlying is None or place > 2 * STRIKES_EACH_SIDE:
        return None
    terms = OptionTerms(underlying, FIRST_EXPIRY + timedelta(weeks=week), RIGHTS[side], place - STRIKES_EACH_SIDE)
    if terms.strike <= 0 or not is_on(underlying, terms.expiry):
        return None
    return terms


def is_on(underlying: Instrument, expiry: date) -> bool:
    """Whether options that expire on this day are on this instrument, and not on another future of its symbol."""
    return underlying.sec_type != "FUT" or delivered_future(underlying.symbol, expiry) is underlying


def terms_with(underlying: Instrument, expiry: date) -> Iterator[OptionTerms]:
    """All options on an instrument that expire on a day, by right and strike."""
    for right in RIGHTS:
        for number in NUMBERS:
            terms = OptionTerms(underlying, expiry, right, number)
            if terms.strike > 0:
                yield terms


@lru_cache(_KEPT)
def by_con_id(con_id: int) -> Instrument | None:
    """The option with this contract id, listed or not; None if it is the id of none."""
    terms = terms_of(con_id)
    return None if terms is None else _made(terms)


def _made(terms: OptionTerms) -> Instrument:
    """The option as an instrument: like the one of the table, but for what its terms and its underlying say.

    Its reference price is what it is worth a month before its end, with the underlying at its own.
    """
    underlying, expiry, strike = terms.underlying, terms.expiry, terms.strike
    is_on_a_future = underlying.sec_type == "FUT"
    names = option_class(underlying)
    assert names is not None
    like = _LIKE["FOP" if is_on_a_future else "OPT"]
    terms_then = Terms(terms.right == "C", strike, _USUAL_YEARS)
    price = worth(terms_then, volatility_at(strike, underlying), underlying.reference_price).price
    made = replace(
        like,
        con_id=terms.con_id,
        symbol=underlying.symbol,
        local_symbol=terms.local_symbol,
        trading_class=names.name_on(expiry),
        market_name=names.name_on(expiry),
        multiplier=float(names.multiplier),
        currency=underlying.currency,
        last_trade_date=f"{expiry:%Y%m%d}",
        last_trade_time="",
        contract_month=f"{expiry:%Y%m}",
        real_expiration_date=f"{expiry:%Y%m%d}",
        strike=strike,
        right=terms.right,
        long_name=underlying.long_name,
        under_con_id=underlying.con_id,
        under_symbol=underlying.local_symbol if is_on_a_future else underlying.symbol,
        under_sec_type=underlying.sec_type,
        reference_price=max(price, float(names.min_tick)),
        spread_ticks=2,
    )
    return made if names.market_rule is None else _elsewhere(made, names, underlying)


def _elsewhere(option: Instrument, names: OptionClass, underlying: Instrument) -> Instrument:
    """An option that is not traded where those on US shares are: at venues of its own, in its underlying's hours."""
    return replace(
        option,
        exchange=names.venues[0],
        valid_exchanges=",".join(names.venues),
        min_tick=Decimal(names.min_tick),
        market_rule_ids=",".join([names.market_rule] * len(names.venues)) if names.market_rule else "",
        time_zone_id=underlying.time_zone_id,
        trading_sessions=underlying.trading_sessions,
        liquid_sessions=underlying.liquid_sessions,
    )
