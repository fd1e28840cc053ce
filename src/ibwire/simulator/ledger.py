"""What the accounts of a gateway own: cash, positions and profits, always the sum of the executions booked.

Pure: it knows fills and quotes, no clock and no messages. Everything is exact; only where a part of a position's cost
has to be told from the rest (a third of it, say) that part is rounded to `_PART_STEP`, and what is left is the exact
rest, so sums stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ibwire.simulator.feed import TickType
from ibwire.simulator.instruments import INSTRUMENTS, Instrument
from ibwire.simulator.market import Quote
from ibwire.simulator.tickets import Fill

BASE_CURRENCY = "USD"
STARTING_CASH = Decimal(1_000_000)

Quotes = Mapping[int, Quote]
"""The quotes by contract id, as `Market.quotes` has them."""

_ZERO = Decimal(0)
_NO_QUOTE = Quote()
_EXACT = Context(prec=100)
_PART_STEP = Decimal("1e-10")
_FUTURES = ("FUT", "CONTFUT")
_PAIRS = tuple(instrument for instrument in INSTRUMENTS if instrument.sec_type == "CASH")
_OTHER_RATES = {("HKD", "USD"): Decimal("0.128")}
_MARGINS = {"STK": Decimal("0.25"), "FUT": Decimal("0.1"), "CONTFUT": Decimal("0.1"), "CASH": _ZERO}
"""Margin as a part of the value held (all of it for what is not named): of the right size, not IBKR's rules."""

P = ParamSpec("P")
T = TypeVar("T")


def _exactly(function: Callable[P, T]) -> Callable[P, T]:
    """Lets a function calculate with more digits than any sum of executions has."""

    @wraps(function)
    def exact(*args: P.args, **kwargs: P.kwargs) -> T:
        with localcontext(_EXACT):
            return function(*args, **kwargs)

    return exact


class Holding(Struct, frozen=True, kw_only=True):
    """One account's position in one instrument; money is in the instrument's currency.

    `quantity` and `cost` (what the position was bought for, by price alone) are negative for a short position, `fees`
    are the commissions paid for what is held. `realized` is of today, None if nothing was closed today;
    `unrealized_before` is the unrealized profit that the day began with.
    """

    instrument: Instrument
    quantity: Decimal = _ZERO
    cost: Decimal = _ZERO
    fees: Decimal = _ZERO
    realized: Decimal | None = None
    unrealized_before: Decimal = _ZERO

    @property
    def average_cost(self) -> Decimal:
        """Cost of one unit with multiplier and commissions, as IBKR has it (notes, 3.11); 0 without a position."""
        return (self.cost + self.fees) / self.quantity if self.quantity else _ZERO

    def price(self, quotes: Quotes) -> Decimal:
        """The market's last price, else the middle of bid and ask, else the price of the average cost."""
        price = _market_price(self.instrument, quotes)
        return self.average_cost / _unit(self.instrument) if price is None else price

    @_exactly
    def value(self, quotes: Quotes) -> Decimal:
        """What the position is worth, negative if short; what it cost if the market shows no price."""
        price = _market_price(self.instrument, quotes)
        return self.cost + self.fees if price is None else self.quantity * price * _unit(self.instrument)

    @_exactly
    def unrealized(self, quotes: Quotes) -> Decimal:
        """What closing at the mark would bring, before that trade's commission."""
        return self.value(quotes) - self.cost - self.fees

    @_exactly
    def daily(self, quotes: Quotes) -> Decimal:
        """The profit since the day began."""
        return (self.realized or _ZERO) + self.unrealized(quotes) - self.unrealized_before

    @_exactly
    def after(self, fill: Fill, *, is_buy: bool) -> tuple[Holding, Decimal]:
        """The position after a fill, and what its closing part made by price alone (0 if it only opens)."""
        signed = fill.quantity if is_buy else -fill.quantity
        unit_value = fill.price * _unit(self.instrument)
        is_closing = self.quantity * signed < 0
        closing = min(abs(signed), abs(self.quantity)) if is_closing else _ZERO
        value_closing = unit_value * closing * (1 if is_buy else -1)
        cost_closed = _part(self.cost, closing, abs(self.quantity))
        fees_closed = _part(self.fees, closing, abs(self.quantity))
        fee_closing = _part(fill.commission, closing, fill.quantity)
        gained = -value_closing - cost_closed
        realized = (self.realized or _ZERO) + gained - fees_closed - fee_closing
        after = replace(
            self,
            quantity=self.quantity + signed,
            cost=self.cost - cost_closed + unit_value * signed - value_closing,
            fees=self.fees - fees_closed + fill.commission - fee_closing,
            realized=realized if is_closing else self.realized,
        )
        return after, gained


class Totals(Struct, frozen=True, kw_only=True):
    """Sums over positions and cash in one currency; `values` are market values by security type, futures left out."""

    cash: Decimal = _ZERO
    values: dict[str, Decimal] = {}
    futures_pnl: Decimal = _ZERO
    gross: Decimal = _ZERO
    margin: Decimal = _ZERO
    unrealized: Decimal = _ZERO
    realized: Decimal = _ZERO
    daily: Decimal = _ZERO

    @property
    @_exactly
    def net_liquidation(self) -> Decimal:
        """Cash, what positions are worth, and what futures have made but not yet settled."""
        # A currency pair is a view of cash that is already counted.
        return self.cash + self.futures_pnl + sum((v for kind, v in self.values.items() if kind != "CASH"), _ZERO)

    def plus(self, other: Totals, rate: Decimal) -> Totals:
        """These and the others together, the others converted by `rate`."""
        kinds = {*self.values, *other.values}
        return Totals(
            cash=self.cash + other.cash * rate,
            values={kind: self.values.get(kind, _ZERO) + other.values.get(kind, _ZERO) * rate for kind in kinds},
            futures_pnl=self.futures_pnl + other.futures_pnl * rate,
            gross=self.gross + other.gross * rate,
            margin=self.margin + other.margin * rate,
            unrealized=self.unrealized + other.unrealized * rate,
            realized=self.realized + other.realized * rate,
            daily=self.daily + other.daily * rate,
        )


class _Booking(Struct, frozen=True, kw_only=True):
    instrument: Instrument
    fill: Fill
    is_buy: bool


class _Account(Struct, kw_only=True):
    cash: dict[str, Decimal]
    commissions: dict[str, Decimal] = {}
    holdings: dict[int, Holding] = {}

    def copy(self) -> _Account:
        return _Account(cash=dict(self.cash), commissions=dict(self.commissions), holdings=dict(self.holdings))

    def book(self, booking: _Booking) -> Decimal | None:
        """Change everything by one execution; what it realized."""
        instrument, fill = booking.instrument, booking.fill
        before = self.holdings.get(instrument.con_id) or Holding(instrument=instrument)
        after, gained = before.after(fill, is_buy=booking.is_buy)
        self.holdings[instrument.con_id] = after
        signed = fill.quantity if booking.is_buy else -fill.quantity
        paid = -gained if instrument.sec_type in _FUTURES else signed * fill.price * _unit(instrument)
        _add(self.cash, instrument.currency, -paid - fill.commission)
        _add(self.commissions, instrument.currency, fill.commission)
        if instrument.sec_type == "CASH":
            _add(self.cash, instrument.symbol, signed)
        if before.quantity * signed >= 0 or after.realized is None:
            return None
        return after.realized - (before.realized or _ZERO)


class _Books(Struct, kw_only=True):
    """An account now and as its day began, with all that was booked since, and what each execution ever realized."""

    now: _Account
    opening: _Account
    bookings: list[_Booking] = []
    realized: dict[str, Decimal | None] = {}

    def book(self, booking: _Booking) -> Decimal | None:
        realized = self.realized[booking.fill.execution_id] = self.now.book(booking)
        self.bookings.append(booking)
        return realized


class Ledger:
    """The books of a gateway's accounts. An account that is not one of them raises KeyError."""

    def __init__(
        self, accounts: Iterable[str], *, cash: Decimal = STARTING_CASH, base_currency: str = BASE_CURRENCY
    ) -> None:
        self.base_currency = base_currency
        self._books = {
            account: _Books(now=_Account(cash={base_currency: cash}), opening=_Account(cash={base_currency: cash}))
            for account in accounts
        }

    @_exactly
    def book(self, account: str, instrument: Instrument, fill: Fill, *, is_buy: bool) -> Decimal | None:
        """Book one execution; the profit that its closing part realized, commissions of both sides taken off.

        In the instrument's currency; None for a trade that closes nothing (IBKR leaves `realizedPNL` unset then: notes,
        3.14). Futures move cash by what was realized, everything else by its value; a currency pair moves both
        currencies. The commission is taken from the instrument's currency.
        """
        return self._books[account].book(_Booking(instrument=instrument, fill=fill, is_buy=is_buy))

    @_exactly
    def correct(self, account: str, execution_id: str, fill: Fill) -> None:
        """Put another execution in the place of one of today, as if it had been booked then.

        So everything booked after it may have realized something else. Raises KeyError if none of today has this id.
        """
        books = self._books[account]
        booked = [booking.fill.execution_id for booking in books.bookings]
        if execution_id not in booked:
            raise KeyError(execution_id)
        bookings, books.bookings = books.bookings, []
        place = booked.index(execution_id)
        bookings[place] = replace(bookings[place], fill=fill)
        del books.realized[execution_id]
        books.now = books.opening.copy()
        for booking in bookings:
            books.book(booking)

    def realized(self, account: str, execution_id: str) -> Decimal | None:
        """What an execution realized, as `book` gave it or a correction changed it."""
        return self._books[account].realized[execution_id]

    def new_day(self, quotes: Quotes) -> None:
        """Begin a day: today's profits start from here, and what was closed before is no longer shown."""
        for books in self._books.values():
            books.now.holdings = {
                con_id: replace(holding, realized=None, unrealized_before=holding.unrealized(quotes))
                for con_id, holding in books.now.holdings.items()
                if holding.quantity
            }
            books.opening, books.bookings = books.now.copy(), []

    def positions(self, account: str) -> list[Holding]:
        """What the account holds, and with quantity 0 what it closed today; in the order of the first trades."""
        return list(self._books[account].now.holdings.values())

    def position(self, account: str, con_id: int) -> Holding | None:
        """The account's position in one contract, None if it has had none today."""
        return self._books[account].now.holdings.get(con_id)

    def cash(self, account: str) -> dict[str, Decimal]:
        """The balances by currency."""
        return dict(self._books[account].now.cash)

    def commissions(self, account: str) -> dict[str, Decimal]:
        """All commissions ever booked, by currency."""
        return dict(self._books[account].now.commissions)

    @_exactly
    def totals(self, account: str, quotes: Quotes) -> Totals:
        """All currencies together, in the base currency at the rates of now (`rate`)."""
        return self._sum(self._books[account].now, quotes)

    @_exactly
    def totals_after(self, account: str, instrument: Instrument, fill: Fill, quotes: Quotes, *, is_buy: bool) -> Totals:
        """What `totals` would be after a fill that is not booked."""
        then = self._books[account].now.copy()
        then.book(_Booking(instrument=instrument, fill=fill, is_buy=is_buy))
        return self._sum(then, quotes)

    @_exactly
    def totals_by_currency(self, account: str, quotes: Quotes) -> dict[str, Totals]:
        """The sums of each currency that has, or had, cash or a position; the base currency first."""
        return self._by_currency(self._books[account].now, quotes)

    def _sum(self, books: _Account, quotes: Quotes) -> Totals:
        total = Totals()
        for currency, part in self._by_currency(books, quotes).items():
            total = total.plus(part, self.rate(currency, quotes))
        return total

    def _by_currency(self, books: _Account, quotes: Quotes) -> dict[str, Totals]:
        totals = {currency: Totals(cash=amount) for currency, amount in books.cash.items()}
        for holding in books.holdings.values():
            currency = holding.instrument.currency
            totals[currency] = totals.get(currency, Totals()).plus(_totals_of(holding, quotes), Decimal(1))
        return {currency: totals[currency] for currency in sorted(totals, key=lambda c: (c != self.base_currency, c))}

    @_exactly
    def rate(self, currency: str, quotes: Quotes) -> Decimal:
        """What one unit of a currency is in the base currency.

        By the market's currency pairs, over a third currency if need be; a pair that shows no price counts at the
        reference price of the instrument table, and a currency without any pair as 1.
        """
        return _rate(currency, self.base_currency, quotes, frozenset()) or Decimal(1)


def _totals_of(holding: Holding, quotes: Quotes) -> Totals:
    kind, value = holding.instrument.sec_type, holding.value(quotes)
    is_future = kind in _FUTURES
    return Totals(
        values={} if is_future else {kind: value},
        futures_pnl=value - holding.cost if is_future else _ZERO,
        gross=_ZERO if is_future or kind == "CASH" else abs(value),
        margin=abs(value) * _MARGINS.get(kind, Decimal(1)),
        unrealized=holding.unrealized(quotes),
        realized=holding.realized or _ZERO,
        daily=holding.daily(quotes),
    )


def _rate(currency: str, into: str, quotes: Quotes, tried: frozenset[str]) -> Decimal | None:
    """The product of the rates on the way from one currency into another, None if no way leads there."""
    if currency == into:
        return Decimal(1)
    rates = dict(_OTHER_RATES)
    rates.update({(pair.symbol, pair.currency): _pair_rate(pair, quotes) for pair in _PAIRS})
    steps = {to: rate for (of, to), rate in rates.items() if of == currency}
    steps.update({of: (1 / rate).quantize(_PART_STEP) for (of, to), rate in rates.items() if to == currency})
    near = {other: 1 for pair in rates if into in pair for other in pair} | {into: 0}
    # Straight if possible, else over one other: a longer way is another rate where the pairs move apart.
    for step in sorted(steps.keys() - tried, key=lambda step: (near.get(step, 2), step)):
        rest = _rate(step, into, quotes, tried | {currency})
        if rest is not None:
            return steps[step] * rest
    return None


def _pair_rate(pair: Instrument, quotes: Quotes) -> Decimal:
    return _market_price(pair, quotes) or Decimal(repr(pair.reference_price))


def _market_price(instrument: Instrument, quotes: Quotes) -> Decimal | None:
    quote = quotes.get(instrument.con_id, _NO_QUOTE)
    last = quote.prices.get(TickType.LAST, 0.0)
    if last > 0:
        return Decimal(repr(last))
    bid, ask = (quote.side(is_buy=is_buy)[0] for is_buy in (False, True))
    return None if bid is None or ask is None else (bid + ask) / 2


def _unit(instrument: Instrument) -> Decimal:
    """What one unit is worth at a price of 1."""
    return Decimal(repr(instrument.multiplier or 1)) / instrument.price_magnifier


def _part(amount: Decimal, of: Decimal, whole: Decimal) -> Decimal:
    """The share `of` / `whole` of an amount; exact for none and all of it."""
    if of == whole:
        return amount if whole else _ZERO
    return (amount * of / whole).quantize(_PART_STEP)


def _add(balances: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    balances[currency] = balances.get(currency, _ZERO) + amount
