"""Every contract that a gateway knows: the instruments of the table, and the options of generated chains.

On a generated market there are all options that its chains list. On a recorded one nothing is made up: of the generated
options there are those that it has recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import TypedDict, Unpack

from msgspec import Struct

from ibwire.simulator import instruments, listed_options
from ibwire.simulator.instruments import INSTRUMENTS, Instrument
from ibwire.simulator.listed_options import OptionTerms
from ibwire.simulator.option_chains import UNDERLYINGS, expiries, option_class, strikes

OPTIONS = ("OPT", "FOP")
"""The security types of options."""


class Given(TypedDict, total=False):
    """What a partly filled contract says, as `instruments.find` takes it."""

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    last_trade_date_or_contract_month: str
    strike: float
    right: str
    multiplier: float


class ChainRow(Struct, frozen=True):
    """The options of one trading class on one venue: the strikes of all expiries together, as IBKR lists them."""

    exchange: str
    trading_class: str
    multiplier: str
    expiries: tuple[str, ...]
    strikes: tuple[float, ...]


def by_con_id(con_id: int) -> Instrument | None:
    """The instrument with this contract id, whatever is listed where and when; None if it is the id of none."""
    return instruments.by_con_id(con_id) or (listed_options.by_con_id(con_id) if _is_made(con_id) else None)


def followed_by(option: Instrument) -> Instrument | None:
    """What the market of an option follows; None for what is no option, and for one on what the table does not have."""
    return instruments.by_con_id(option.under_con_id) if option.sec_type in OPTIONS else None


class Catalogue(Struct, frozen=True):
    """What there is on a day; `recorded` are the contracts of a recording, None on a generated market."""

    today: date
    recorded: Collection[int] | None = None

    def by_con_id(self, con_id: int) -> Instrument | None:
        """The instrument with this contract id, None if there is none."""
        return by_con_id(con_id) if not _is_made(con_id) or self._lists(con_id) else None

    def by_local_symbol(self, local_symbol: str) -> Instrument | None:
        """The instrument with this local symbol ("ESH4", "AAPL  261218C00250000"), None if there is none."""
        return next(iter(self.find(local_symbol=local_symbol)), None)

    def find(self, **given: Unpack[Given]) -> list[Instrument]:
        """The instruments that a partly filled contract describes (see `instruments.find`), the table's first.

        Generated options are among them if an id or a local symbol names one, or if it is options that are asked for:
        the symbol alone means what they are on.
        """
        con_id, sec_type = given.get("con_id", 0), given.get("sec_type", "")
        made: Iterable[Instrument | None] = ()
        if _is_made(con_id):
            made = (self.by_con_id(con_id),)
        elif not con_id and (sec_type in OPTIONS or (given.get("local_symbol") and not sec_type)):
            made = (listed_options.by_con_id(terms.con_id) for terms in self._described(given))
        options = [option for option in made if option is not None]
        return instruments.find((*INSTRUMENTS, *options) if options else INSTRUMENTS, **given)

    def chain(self, underlying: Instrument) -> list[ChainRow]:
        """The options there are on an instrument: a row for each venue and trading class."""
        names = option_class(underlying)
        if names is None:
            return []
        classes: dict[str, tuple[set[str], set[float]]] = {}
        for day, prices in self._strikes_by_expiry(underlying).items():
            expiries_of_class, strikes_of_class = classes.setdefault(names.name_on(day), (set(), set()))
            expiries_of_class.add(f"{day:%Y%m%d}")
            strikes_of_class.update(prices)
        return [
            ChainRow(venue, name, names.multiplier, tuple(sorted(days)), tuple(sorted(prices)))
            for venue in names.venues
            for name, (days, prices) in classes.items()
        ]

    def _strikes_by_expiry(self, underlying: Instrument) -> dict[date, Collection[float]]:
        if self.recorded is None:
            all_strikes = strikes(underlying.reference_price)
            return dict.fromkeys(expiries(underlying, self.today), all_strikes)
        found: dict[date, Collection[float]] = {}
        for terms in self._recorded_terms():
            if terms.underlying.con_id == underlying.con_id:
                found[terms.expiry] = {*found.get(terms.expiry, ()), terms.strike}
        return found

    def _described(self, given: Given) -> Iterator[OptionTerms]:
        """The options that what is given may mean: fewer than all of a chain if it can be told."""
        strike, name = given.get("strike", 0.0), given.get("local_symbol", "")
        days = given.get("last_trade_date_or_contract_month", "")
        for terms in self._listed(given.get("symbol", ""), name, days):
            if (not strike or terms.strike == strike) and (not name or terms.local_symbol == name):
                yield terms

    def _listed(self, symbol: str, name: str, days: str) -> Iterator[OptionTerms]:
        """The options of a symbol (of all if it is "") that expire on a day or in a month, and may have a name."""
        if self.recorded is not None:
            yield from self._recorded_terms()
            return
        for underlying in UNDERLYINGS.values():
            if symbol and underlying.symbol != symbol:
                continue
            for day in expiries(underlying, self.today):
                is_named = not name or name.startswith(listed_options.prefix(underlying, day))
                if is_named and f"{day:%Y%m%d}".startswith(days):
                    yield from listed_options.terms_with(underlying, day)

    def _recorded_terms(self) -> Iterator[OptionTerms]:
        found = map(listed_options.terms_of, filter(_is_made, self.recorded or ()))
        return (terms for terms in found if terms is not None)

    def _lists(self, con_id: int) -> bool:
        if self.recorded is not None:
            return con_id in self.recorded
        terms = listed_options.terms_of(con_id)
        return terms is not None and terms.expiry in expiries(terms.underlying, self.today)


def _is_made(con_id: int) -> bool:
    return con_id >= listed_options.FIRST_ID
