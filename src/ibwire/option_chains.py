"""Option chains: which expiries and strikes there are, and the contracts they make.

IBKR gives one chain per exchange and trading class (protocol notes, 3.8). A chain's strikes are those of all its
expiries together: not each of them exists for each expiry. `Contracts.find` and `qualify` tell which do.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from ibwire.contract_kinds import FutureOption, More, Option
from ibwire.contract_rules import RIGHTS
from ibwire.exceptions import InvalidRequest, NoData, UnreadableAnswer
from ibwire.wire import messages as m
from ibwire.wire.messages import Contract

BOTH_RIGHTS = ("C", "P")


class OptionChain(Struct, frozen=True, kw_only=True):
    """The options on `underlying` at one exchange in one trading class; expiries and strikes ascend."""

    underlying: Contract
    exchange: str
    trading_class: str
    multiplier: float | None
    expiries: tuple[date, ...]
    strikes: tuple[float, ...]

    def expiries_within(self, first: date, last: date) -> tuple[date, ...]:
        """The expiries from `first` to `last`, both included; maybe none."""
        return tuple(day for day in self.expiries if first <= day <= last)

    def nearest_expiry(self, day: date) -> date:
        """The expiry closest to a day, of two the later. Raises NoData if there are none."""
        if not self.expiries:
            raise NoData(f"{self._name} has no expiries")
        return min(reversed(self.expiries), key=lambda expiry: abs(expiry - day))

    def strikes_around(self, price: float, each_side: int) -> tuple[float, ...]:
        """The nearest strikes: so many at or below a price, and so many above it; fewer where the chain ends."""
        if each_side < 1:
            raise InvalidRequest(f"each_side is {each_side}; it is 1 or more")
        below = [strike for strike in self.strikes if strike <= price]
        above = [strike for strike in self.strikes if strike > price]
        return (*below[-each_side:], *above[:each_side])

    def option(self, expiry: date, right: str, strike: Decimal | float) -> Contract:
        """The contract of one option. Raises InvalidRequest for an expiry or a strike that the chain has not."""
        (contract,) = self.options([expiry], [strike], [right])
        return contract

    def options(
        self,
        expiries: Iterable[date],
        strikes: Iterable[Decimal | float],
        rights: Iterable[str] = BOTH_RIGHTS,
    ) -> tuple[Contract, ...]:
        """The contracts of all combinations, by expiry, strike and right.

        Raises one InvalidRequest that names every expiry, strike and right that the chain has not.
        """
        days, prices, sides = list(expiries), [float(strike) for strike in strikes], list(rights)
        problems = [f"no expiry {day}" for day in days if day not in self.expiries]
        problems += [f"no strike {price:g}" for price in prices if price not in self.strikes]
        problems += [f"no right {side!r}" for side in sides if side.upper() not in RIGHTS]
        if problems:
            raise InvalidRequest(f"{self._name} has {', '.join(problems)}", hint="take them from the chain")
        return tuple(self._option(day, side, price) for day in days for price in prices for side in sides)

    @property
    def is_on_a_future(self) -> bool:
        """Whether its options are of IBKR's type FOP."""
        return self.underlying.sec_type in ("FUT", "CONTFUT")

    @property
    def _name(self) -> str:
        return f"the chain {self.trading_class} of {self.underlying.symbol} at {self.exchange}"

    def _option(self, expiry: date, right: str, strike: float) -> Contract:
        symbol, currency = self.underlying.symbol, self.underlying.currency or "USD"
        more: More = {}
        if self.trading_class:
            more["trading_class"] = self.trading_class
        if self.multiplier is not None:
            more["multiplier"] = self.multiplier
        if self.is_on_a_future:
            return FutureOption(symbol, self.exchange, expiry, right, strike, currency, **more)
        return Option(symbol, expiry, right, strike, self.exchange, currency, **more)


def chain_of(underlying: Contract, row: m.SecDefOptParameter) -> OptionChain:
    """The typed record of one row of IBKR's answer. Raises UnreadableAnswer naming what cannot be read."""
    try:
        multiplier = float(row.multiplier) if row.multiplier else None
        expiries = {datetime.strptime(text, "%Y%m%d").date() for text in row.expirations}  # noqa: DTZ007 - days
    except ValueError as error:
        raise UnreadableAnswer(f"the option chain {row.trading_class} at {row.exchange}: {error}") from error
    return OptionChain(
        underlying=underlying,
        exchange=row.exchange or "",
        trading_class=row.trading_class or "",
        multiplier=multiplier,
        expiries=tuple(sorted(expiries)),
        strikes=tuple(sorted(set(row.strikes))),
    )
