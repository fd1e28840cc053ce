"""The books of the accounts are always the sum of the executions booked, to the last digit."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec import Struct
from msgspec.structs import replace

from ibwire.simulator.feed import TickType
from ibwire.simulator.instruments import Instrument, by_local_symbol
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.market import Quote
from ibwire.simulator.tickets import Fill
from tests.helpers.campaigns import campaign

D = Decimal
START = D(1_000_000)
ACCOUNTS = ("DU1", "DU2")


def instrument_of(local_symbol: str) -> Any:
    found = by_local_symbol(local_symbol)
    assert found is not None
    return found


AAPL, ES, OPTION, FOP, EURUSD, USDCAD, BTC, HK700, DAX = INSTRUMENTS = tuple(
    instrument_of(name)
    for name in (
        "AAPL", "ESZ5", "TSLA  230120C00100000", "E4AN4 C5655", "EUR.USD", "USD.CAD", "BTC.USD", "700",
        "FDAX 20260619 M",
    )
)  # fmt: skip


def fill(quantity: object, price: object, commission: object = 0) -> Fill:
    """An execution of which only what the books look at matters."""
    q, p = D(str(quantity)), D(str(price))
    return Fill(
        execution_id="x", quantity=q, price=p, total_filled=q, average_price=p, commission=D(str(commission)), time_s=0
    )


def last(price: float) -> Quote:
    return Quote(prices={TickType.LAST: price})


class Desk:
    """A ledger of one account with short commands."""

    def __init__(self, instrument: Instrument = AAPL) -> None:
        self.ledger = Ledger(ACCOUNTS)
        self.instrument = instrument

    def buy(self, quantity: object, price: object, commission: object = 0) -> Decimal | None:
        return self.ledger.book("DU1", self.instrument, fill(quantity, price, commission), is_buy=True)

    def sell(self, quantity: object, price: object, commission: object = 0) -> Decimal | None:
        return self.ledger.book("DU1", self.instrument, fill(quantity, price, commission), is_buy=False)

    @property
    def holding(self) -> Any:
        return self.ledger.position("DU1", self.instrument.con_id)

    @property
    def cash(self) -> dict[str, Decimal]:
        return self.ledger.cash("DU1")


def test_an_account_starts_with_cash_alone() -> None:
    ledger = Ledger(["DU1"], cash=D(5), base_currency="EUR")
    assert ledger.cash("DU1") == {"EUR": D(5)}
    assert ledger.positions("DU1") == []
    assert ledger.totals("DU1", {}).net_liquidation == D(5)
    with pytest.raises(KeyError):
        ledger.cash("DU9")


def test_average_cost_includes_the_commission_and_an_opening_realizes_nothing() -> None:
    desk = Desk()
    assert desk.buy(100, "250.00", 1) is None
    assert desk.buy(100, "252.00", 1) is None
    assert desk.holding.average_cost == D("251.01")
    assert desk.cash == {"USD": START - 50_202}
    assert desk.ledger.commissions("DU1") == {"USD": D(2)}


def test_a_partial_close_realizes_against_the_average_and_keeps_it() -> None:
    desk = Desk()
    desk.buy(200, "250.00", 2)
    assert desk.sell(50, "260.00", 1) == 50 * D("9.99") - 1
    assert desk.holding.quantity == 150
    assert desk.holding.average_cost == D("250.01")
    assert desk.holding.realized == D("498.50")


def test_a_short_position_has_a_positive_average_cost_below_its_price() -> None:
    desk = Desk()
    assert desk.sell(10, "100.00", 1) is None
    assert desk.holding.quantity == -10
    assert desk.holding.average_cost == D("99.9")
    assert desk.holding.value({AAPL.con_id: last(90.0)}) == -900
    assert desk.holding.unrealized({AAPL.con_id: last(90.0)}) == 99
    assert desk.buy(10, "90.00", 1) == 98


def test_a_fill_that_turns_the_position_closes_it_and_opens_another() -> None:
    desk = Desk()
    desk.buy(10, "100.00", 1)
    assert desk.sell(40, "110.00", 4) == 100 - 1 - 1  # a quarter of the commission is for the closing
    assert desk.holding.quantity == -30
    assert desk.holding.average_cost == (30 * 110 - 3) / D(30)


def test_a_closing_at_no_profit_realizes_zero_not_nothing() -> None:
    desk = Desk()
    desk.buy(1, 100)
    assert desk.sell(1, 100) == 0
    assert desk.holding.realized == 0


def test_opening_again_after_a_closing_realizes_nothing() -> None:
    desk = Desk()
    desk.buy(1, 100)
    desk.sell(1, 105)
    assert desk.buy(2, 100, 1) is None
    assert desk.holding.realized == 5


def test_a_price_in_hundredths_counts_as_such() -> None:
    desk = Desk(replace(AAPL, multiplier=50.0, price_magnifier=100))
    desk.buy(2, 400)
    assert desk.cash == {"USD": START - 400}
    assert desk.holding.average_cost == 200


def test_a_position_closed_today_stays_as_zero_until_the_next_day() -> None:
    desk = Desk()
    desk.buy(3, 100, 1)
    desk.sell(3, 101, 1)
    assert [(h.quantity, h.average_cost, h.cost, h.fees) for h in desk.ledger.positions("DU1")] == [(0, 0, 0, 0)]
    desk.ledger.new_day({})
    assert desk.ledger.positions("DU1") == []


def test_a_position_is_closed_to_the_last_digit_however_it_was_parted() -> None:
    desk = Desk()
    desk.buy(3, 100, "1")
    realized = [desk.sell(1, 100) for _ in range(3)]
    assert desk.holding.cost == desk.holding.fees == 0
    assert sum(r for r in realized if r is not None) == -1
    assert realized[0] == D("-0.3333333333")


def test_futures_move_cash_only_by_what_was_realized_and_commissions() -> None:
    desk = Desk(ES)
    desk.buy(2, "6800.00", "4.50")
    assert desk.cash == {"USD": START - D("4.50")}
    assert desk.holding.average_cost == 6800 * 50 + D("2.25")
    quotes = {ES.con_id: last(6810.0)}
    assert desk.ledger.totals("DU1", quotes).futures_pnl == 1000
    assert desk.ledger.totals("DU1", quotes).net_liquidation == START + 1000 - D("4.50")
    assert desk.sell(1, "6810.00", "2.25") == D("495.50")
    assert desk.cash == {"USD": START + 500 - D("6.75")}


def test_options_cost_their_premium_times_the_multiplier() -> None:
    desk = Desk(OPTION)
    desk.buy(2, "77.10", "1.30")
    assert desk.cash == {"USD": START - 2 * 7710 - D("1.30")}
    assert desk.holding.average_cost == D("7710.65")


def test_a_currency_pair_moves_both_currencies_and_counts_once() -> None:
    desk = Desk(EURUSD)
    desk.buy(20_000, "1.17", 2)
    assert desk.cash == {"USD": START - 23_402, "EUR": D(20_000)}
    quotes = {EURUSD.con_id: last(1.18)}
    totals = desk.ledger.totals("DU1", quotes)
    assert totals.net_liquidation == START + 200 - 2
    assert totals.unrealized == 198


def test_other_currencies_are_kept_apart_and_added_at_the_markets_rate() -> None:
    desk = Desk(DAX)
    desk.buy(1, 24_000, 2)
    quotes = {DAX.con_id: last(24_010.0), EURUSD.con_id: Quote(prices={TickType.BID: 1.10, TickType.ASK: 1.12})}
    by_currency = desk.ledger.totals_by_currency("DU1", quotes)
    assert list(by_currency) == ["USD", "EUR"]
    assert by_currency["EUR"].unrealized == 248
    assert by_currency["USD"].unrealized == 0
    assert desk.ledger.totals("DU1", quotes).unrealized == 248 * D("1.11")
    desk.sell(1, 24_010, 2)
    totals = desk.ledger.totals("DU1", quotes)
    assert (totals.realized, totals.daily, totals.net_liquidation) == (D("273.06"), D("273.06"), START + D("273.06"))


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        ("USD", "1"),
        ("EUR", "1.17"),  # the instrument table's, without a quote
        ("CAD", "0.7246376812"),  # the other way round
        ("JPY", "0.0064288010"),
        ("HKD", "0.128"),
        ("XYZ", "1"),
    ],
)
def test_a_rate_is_found_without_a_market(currency: str, expected: str) -> None:
    assert Ledger(["DU1"]).rate(currency, {}) == D(expected)


def test_a_rate_is_found_over_a_third_currency() -> None:
    assert Ledger(["DU1"], base_currency="GBP").rate("EUR", {}) == pytest.approx(D("1.17") / D("1.33"), abs=D("1e-9"))


def test_a_rate_into_another_base_currency_goes_over_the_dollar() -> None:
    assert Ledger(["DU1"], base_currency="EUR").rate("HKD", {}) == D("0.128") * D("0.8547008547")


@pytest.mark.parametrize(
    ("prices", "price"),
    [
        ({TickType.LAST: 251.0, TickType.BID: 249.0, TickType.ASK: 250.0}, "251"),
        ({TickType.BID: 249.0, TickType.ASK: 250.0}, "249.5"),
        ({TickType.BID: -1.0, TickType.ASK: 250.0}, "248.5"),
        ({}, "248.5"),
    ],
)
def test_the_mark_is_last_else_middle_else_average_cost(prices: dict[int, float], price: str) -> None:
    desk = Desk()
    desk.buy(2, 248, 1)
    quotes = {AAPL.con_id: Quote(prices=prices)}
    assert desk.holding.price(quotes) == D(price)
    assert desk.holding.value(quotes) == 2 * D(price)


def test_a_new_day_counts_profits_from_its_beginning() -> None:
    desk = Desk()
    desk.buy(10, 100, 1)
    desk.sell(4, 110, 1)
    desk.ledger.new_day({AAPL.con_id: last(120.0)})
    assert desk.holding.realized is None
    now = {AAPL.con_id: last(125.0)}
    assert desk.holding.daily(now) == 6 * 5
    desk.sell(6, 126, 1)
    totals = desk.ledger.totals("DU1", now)
    assert totals.daily == 6 * 6 - 1
    assert totals.realized == 6 * 26 - D("0.6") - 1


# --- any sequence of fills


class Trade(Struct, frozen=True):
    account: str
    instrument: Any
    is_buy: bool
    fill: Fill

    @property
    def signed(self) -> Fraction:
        return Fraction(self.fill.quantity) * (1 if self.is_buy else -1)

    @property
    def value(self) -> Fraction:
        return self.signed * Fraction(self.fill.price) * unit(self.instrument)


def unit(instrument: Any) -> Fraction:
    return Fraction(instrument.multiplier or 1)


quantities = st.one_of(st.integers(1, 6).map(D), st.decimals("0.00000001", 10**6, places=8))


def trades(instruments: list[Any]) -> st.SearchStrategy[Trade]:
    return st.builds(
        lambda account, instrument, is_buy, quantity, ticks, commission: Trade(
            account, instrument, is_buy, fill(quantity, instrument.min_tick * ticks, commission)
        ),
        st.sampled_from(ACCOUNTS),
        st.sampled_from(instruments),
        st.booleans(),
        quantities,
        st.integers(1, 10**6),
        st.decimals(0, 100, places=6),
    )


few = st.lists(st.sampled_from(INSTRUMENTS), min_size=1, max_size=3, unique_by=lambda i: i.con_id)
sequences = few.flatmap(lambda instruments: st.lists(trades(instruments), max_size=25))
"""Trades in few instruments, so that they meet."""


def of_each(done: list[Trade]) -> dict[tuple[str, Any], list[Trade]]:
    sorted_: dict[tuple[str, Any], list[Trade]] = defaultdict(list)
    for trade in done:
        sorted_[trade.account, trade.instrument.con_id].append(trade)
    return sorted_


def average_costs(done: list[Trade]) -> tuple[Fraction, Fraction]:
    """Position and its average cost by the textbook, in fractions, of the trades in one instrument."""
    position, average = Fraction(0), Fraction(0)
    for trade in done:
        fee = Fraction(trade.fill.commission) / abs(trade.signed)
        # What one unit costs when it opens: more by the commission when bought, less when sold short.
        opening = Fraction(trade.fill.price) * unit(trade.instrument) + (fee if trade.is_buy else -fee)
        after = position + trade.signed
        if position * trade.signed >= 0:
            average = (position * average + trade.signed * opening) / after
        elif after * trade.signed > 0:
            average = opening
        position = after
    return position, average


@st.composite
def markets(draw: st.DrawFn) -> dict[int, Quote]:
    return {i.con_id: last(float(i.min_tick * draw(st.integers(1, 10**6)))) for i in INSTRUMENTS}


@campaign(part=50, full=500)
@given(done=sequences, quotes=markets())
def test_the_books_are_the_sum_of_the_executions(done: list[Trade], quotes: dict[int, Quote]) -> None:
    ledger = Ledger(ACCOUNTS)
    realized: dict[tuple[str, int], list[Decimal]] = defaultdict(list)
    for trade in done:
        before = ledger.position(trade.account, trade.instrument.con_id)
        amount = ledger.book(trade.account, trade.instrument, trade.fill, is_buy=trade.is_buy)
        assert (amount is not None) == (before is not None and Fraction(before.quantity) * trade.signed < 0)
        if amount is not None:
            realized[trade.account, trade.instrument.con_id].append(amount)
    for (account, con_id), each in of_each(done).items():
        holding = ledger.position(account, con_id)
        assert holding is not None
        position, average = average_costs(each)
        assert Fraction(holding.quantity) == position
        # In parts a cost is rounded to ten places; small positions divide by little.
        assert abs(Fraction(holding.cost + holding.fees) - position * average) < Fraction(1, 10**8)
        amounts = realized[account, con_id]
        assert (holding.realized is None) == (not amounts)
        assert sum(map(Fraction, amounts)) == Fraction(holding.realized or 0)
        spent = sum(t.value + Fraction(t.fill.commission) for t in each)
        worth = position * Fraction(D(repr(quotes[con_id].prices[TickType.LAST]))) * unit(holding.instrument)
        assert Fraction(holding.value(quotes)) == worth
        assert Fraction(holding.realized or 0) + Fraction(holding.unrealized(quotes)) == worth - spent
    for account in ACCOUNTS:
        check_cash(ledger, account, [trade for trade in done if trade.account == account])


def check_cash(ledger: Ledger, account: str, done: list[Trade]) -> None:
    """Cash is what it began with, less values (of futures only what is no longer held) and commissions."""
    cash: dict[str, Fraction] = defaultdict(Fraction, {"USD": Fraction(START)})
    commissions: dict[str, Fraction] = defaultdict(Fraction)
    for trade in done:
        currency = trade.instrument.currency
        commissions[currency] += Fraction(trade.fill.commission)
        cash[currency] -= trade.value + Fraction(trade.fill.commission)
        if trade.instrument.sec_type == "CASH":
            cash[trade.instrument.symbol] += trade.signed
    for holding in ledger.positions(account):
        if holding.instrument.sec_type == "FUT":
            cash[holding.instrument.currency] += Fraction(holding.cost)
    assert {currency: Fraction(amount) for currency, amount in ledger.cash(account).items()} == cash
    assert {currency: Fraction(amount) for currency, amount in ledger.commissions(account).items()} == commissions


@campaign(part=50, full=500)
@given(done=sequences, quotes=markets())
def test_what_the_account_is_worth_is_what_it_began_with_and_its_profits(
    done: list[Trade], quotes: dict[int, Quote]
) -> None:
    ledger = Ledger(ACCOUNTS)
    for trade in done:
        if trade.instrument.currency == "USD":
            ledger.book(trade.account, trade.instrument, trade.fill, is_buy=trade.is_buy)
    for account in ACCOUNTS:
        totals = ledger.totals(account, quotes)
        profits = Fraction(totals.realized) + Fraction(totals.unrealized)
        assert Fraction(totals.net_liquidation) == Fraction(START) + profits
        assert Fraction(totals.daily) == profits
