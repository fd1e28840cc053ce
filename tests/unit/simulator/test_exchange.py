"""The exchange gives an order what the market shows at its price or better, in the order of arrival, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.exchange import Exchange
from ibwire.simulator.feed import Tick, TickType
from ibwire.simulator.instruments import by_local_symbol
from ibwire.simulator.market import Market, moves_orders
from ibwire.simulator.order_terms import OrderTerms, read_terms
from ibwire.simulator.tickets import Fill, Ticket, new_ticket
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.scripted_feed import ScriptedFeed, quote

NOW_S = 1_775_000_000.75


def instrument_of(local_symbol: str) -> Any:
    found = by_local_symbol(local_symbol)
    assert found is not None
    return found


AAPL, MSFT = instrument_of("AAPL"), instrument_of("MSFT")


class Floor:
    """An exchange on a market that moves one scripted event at a time, and a protocol of all that filled."""

    def __init__(self, *events: list[Tick]) -> None:
        timed = [[Tick(float(at), t.con_id, t.tick_type, t.price, t.size) for t in e] for at, e in enumerate(events)]
        self.market = Market(ScriptedFeed([tick for event in timed for tick in event], con_ids=[AAPL.con_id]))
        self.exchange = Exchange(self.market, lambda: NOW_S)
        self.tickets: list[Ticket] = []
        self._at = 0
        self.move()

    def move(self) -> list[tuple[Ticket, Fill]]:
        """Let the next event happen."""
        filled = []
        for ticks in self.market.play_until(self._at):
            if moves_orders(ticks):
                filled += self.match(ticks[0].con_id)
        self._at += 1
        return filled

    def ticket(self, action: str, quantity: str, limit: str | None = None, instrument: Any = AAPL) -> Ticket:
        """A ticket that is not yet at the exchange."""
        order = m.Order(action=action, order_type="MKT", total_quantity=quantity)
        if limit is not None:
            order = replace(order, order_type="LMT", lmt_price=float(limit))
        contract = m.Contract(con_id=instrument.con_id, exchange=instrument.exchange)
        there_is = Catalogue(date(2026, 11, 23))
        terms = read_terms(m.PlaceOrderRequest(contract=contract, order=order), ("DU1234567",), there_is)
        assert isinstance(terms, OrderTerms)
        number = len(self.tickets) + 1
        self.tickets.append(new_ticket(1, number, number, terms))
        return self.tickets[-1]

    def match(self, con_id: int = AAPL.con_id) -> list[tuple[Ticket, Fill]]:
        """Let the orders on a contract have what its quote gives."""
        filled = []
        for ticket in self.exchange.admitted(con_id):
            fill = self.exchange.match(ticket)
            if fill is not None:
                filled.append((ticket, fill))
            if ticket.remaining == 0:
                self.exchange.withdraw(ticket)
        return filled

    def submit(self, action: str, quantity: str, limit: str | None = None, instrument: Any = AAPL) -> Ticket:
        """An order put to the market."""
        ticket = self.ticket(action, quantity, limit, instrument)
        self.work(ticket)
        return ticket

    def work(self, ticket: Ticket) -> Fill | None:
        """Put an order to the market, or its new terms, as it gets them; what it gets at once."""
        self.exchange.admit(ticket)
        return self.exchange.match(ticket)


def aapl(bid: float | None = None, bid_size: Any = None, ask: float | None = None, ask_size: Any = None) -> list[Tick]:
    return quote(AAPL.con_id, bid, bid_size, ask, ask_size)


USUAL = aapl(100.0, 300, 100.1, 200)


def fills(ticket: Ticket) -> list[tuple[str, str]]:
    return [(str(fill.quantity), str(fill.price)) for fill in ticket.fills]


def test_market_order_fills_at_the_other_side_of_the_quote() -> None:
    floor = Floor(USUAL)
    buy, sell = floor.submit("BUY", "50"), floor.submit("SELL", "60")
    assert (fills(buy), fills(sell)) == ([("50", "100.1")], [("60", "100.0")])
    assert buy.remaining == sell.remaining == 0


@pytest.mark.parametrize(
    ("action", "limit", "price"),
    [
        ("BUY", "100.09", None),
        ("BUY", "100.1", "100.1"),
        ("BUY", "105", "100.1"),
        ("SELL", "100.01", None),
        ("SELL", "100", "100.0"),
        ("SELL", "95", "100.0"),
    ],
)
def test_limit_order_fills_at_the_quote_only_if_its_limit_allows(action: str, limit: str, price: str | None) -> None:
    ticket = Floor(USUAL).submit(action, "10", limit)
    assert [str(fill.price) for fill in ticket.fills] == ([] if price is None else [price])


def test_order_above_the_shown_size_fills_in_part_and_goes_on_with_the_next_quote() -> None:
    floor = Floor(USUAL, aapl(ask=100.2, ask_size=500))
    ticket = floor.submit("BUY", "300")
    assert fills(ticket) == [("200", "100.1")]
    assert ticket.remaining == 100
    floor.move()
    assert fills(ticket) == [("200", "100.1"), ("100", "100.2")]
    assert ticket.remaining == 0


def test_shown_size_is_taken_once_however_many_orders_come() -> None:
    floor = Floor(USUAL)
    tickets = [floor.submit("BUY", "150") for _ in range(3)]
    assert [fills(ticket) for ticket in tickets] == [[("150", "100.1")], [("50", "100.1")], []]


def test_quote_without_a_size_gives_the_whole_order() -> None:
    ticket = Floor(aapl(bid=100.0, ask=100.1)).submit("BUY", "1000000")
    assert fills(ticket) == [("1000000", "100.1")]


def test_quote_of_size_zero_gives_nothing() -> None:
    assert fills(Floor(aapl(ask=100.1, ask_size=0)).submit("BUY", "1")) == []


@pytest.mark.parametrize("opening", [[], aapl(bid=100.0, bid_size=5), aapl(ask=-1.0, ask_size=0)])
def test_market_order_without_an_offer_rests_and_fills_at_the_first(opening: list[Tick]) -> None:
    floor = Floor(opening, aapl(ask=100.1, ask_size=10))
    ticket = floor.submit("BUY", "4")
    assert fills(ticket) == []
    floor.move()
    assert fills(ticket) == [("4", "100.1")]


def test_older_order_takes_the_new_quote_first() -> None:
    floor = Floor(USUAL, aapl(ask=99.0, ask_size=15))
    older, newer, newest = (floor.submit("BUY", "10", "99.5") for _ in range(3))
    filled = floor.move()
    assert [(ticket.order_id, str(fill.quantity)) for ticket, fill in filled] == [(1, "10"), (2, "5")]
    assert (older.remaining, newer.remaining, fills(newest)) == (0, 5, [])


def test_cancelled_order_never_fills_and_keeps_what_it_had() -> None:
    floor = Floor(USUAL, USUAL, USUAL)
    ticket = floor.submit("BUY", "300")
    floor.exchange.withdraw(ticket)
    assert floor.move() == floor.move() == []
    assert (ticket.filled, ticket.remaining) == (200, 100)


def test_modified_order_that_is_cancelled_never_fills() -> None:
    floor = Floor(USUAL, aapl(ask=98.0, ask_size=100))
    ticket = floor.submit("BUY", "10", "99")
    floor.work(ticket)  # with other terms
    floor.exchange.withdraw(ticket)
    assert floor.move() == []


def test_order_with_a_better_limit_fills_at_once() -> None:
    floor = Floor(USUAL)
    ticket = floor.submit("BUY", "10", "99")
    ticket.limit = Decimal("100.1")
    floor.work(ticket)
    assert fills(ticket) == [("10", "100.1")]


def test_order_with_another_quantity_fills_up_to_that() -> None:
    floor = Floor(USUAL, USUAL)
    ticket = floor.submit("BUY", "300")
    ticket.quantity = Decimal(250)
    assert floor.work(ticket) is None  # nothing is left of this quote
    floor.move()
    assert (ticket.filled, ticket.remaining) == (250, 0)


def test_order_on_another_contract_is_left_alone() -> None:
    floor = Floor(USUAL, USUAL)
    ticket = floor.submit("BUY", "10", instrument=MSFT)
    assert floor.move() == []
    assert ticket.fills == []


def test_fills_have_ids_of_their_own_and_the_time_in_whole_seconds() -> None:
    floor = Floor(USUAL, USUAL)
    floor.submit("BUY", "300")
    floor.submit("SELL", "300")
    floor.move()
    every = [fill for ticket in floor.tickets for fill in ticket.fills]
    assert len({fill.execution_id for fill in every}) == len(every) == 3
    assert {fill.time_s for fill in every} == {int(NOW_S)}


@pytest.mark.parametrize(
    ("symbol", "quantity", "price", "expected"),
    [
        ("AAPL", "100", 100.0, ["1"]),  # the minimum
        ("AAPL", "400", 100.0, ["2.000"]),  # half a cent a share
        ("ESH4", "3", 4800.0, ["6.75"]),  # by contract, no minimum
        ("EUR.USD", "20000", 1.17, ["2"]),
        ("EUR.USD", "1000000", 1.17, ["23.4"]),  # a fifth of a basis point of the value
    ],
)
def test_commission_is_about_what_ibkr_charges(symbol: str, quantity: str, price: float, expected: list[str]) -> None:
    instrument = instrument_of(symbol)
    floor = Floor(quote(instrument.con_id, ask=price))
    ticket = floor.submit("BUY", quantity, instrument=instrument)
    assert [fill.commission for fill in ticket.fills] == [Decimal(amount) for amount in expected]


def test_minimum_commission_is_charged_once_an_order() -> None:
    floor = Floor(aapl(ask=100.0, ask_size=40), aapl(ask=100.0, ask_size=100))
    ticket = floor.submit("BUY", "100")
    floor.move()
    assert [fill.commission for fill in ticket.fills] == [Decimal(1), Decimal("0.300")]


# --- any orders on any quotes

PRICES = st.integers(9_990, 10_010).map(lambda cents: cents / 100)
LIMITS = st.integers(9_988, 10_012).map(lambda cents: str(Decimal(cents) / 100))
SIZES = st.one_of(st.integers(1, 300).map(str), st.sampled_from(["0", "0.5", "0.125", "12.75"]), st.none())
QUANTITIES = st.one_of(
    st.integers(1, 1_000).map(str),
    st.decimals(min_value="0.0001", max_value="500", places=4).map(str),
)


@st.composite
def quotes(draw: st.DrawFn) -> list[Tick]:
    """A change of one or both sides: a price with a size, a price whose size is unknown, or a size alone."""
    ticks: list[Tick] = []
    for kinds in draw(st.sampled_from([("bid",), ("ask",), ("bid", "ask")])):
        price, size = draw(st.none() | PRICES), draw(SIZES)
        ticks += aapl(price, size) if kinds == "bid" else aapl(ask=price, ask_size=size)
    return ticks


TERMS = st.tuples(st.sampled_from(["BUY", "SELL"]), QUANTITIES, st.one_of(LIMITS, LIMITS, st.none()))
WHICH = st.integers(0, 3)
ACTIONS = st.one_of(
    st.tuples(st.just("move"), quotes()),
    TERMS.map(lambda terms: ("submit", *terms)),
    st.tuples(st.just("cancel"), WHICH),
    st.tuples(st.just("modify"), WHICH, st.none() | QUANTITIES, st.none() | LIMITS),
)


class _Play:
    """Plays actions on a floor and checks, after each, what has to hold at all times."""

    def __init__(self, actions: list[Any]) -> None:
        self.floor = Floor(aapl(100.0, "100", 100.01, "100"), *(a[1] for a in actions if a[0] == "move"))
        self.taken: defaultdict[bool, Decimal] = defaultdict(Decimal)
        self.known_fills: list[int] = []
        for action in actions:
            getattr(self, action[0])(*action[1:])
            self.check_all()

    def move(self, ticks: list[Tick]) -> None:
        for tick in ticks:  # what was taken of a side counts until that side is told anew
            self.taken.pop(tick.tick_type in (TickType.ASK, TickType.ASK_SIZE), None)
        working = self.working()
        filled = self.floor.move()
        self.check_turns(working, [ticket for ticket, _ in filled])
        for ticket, fill in filled:
            self.check_fill(ticket, fill)

    def submit(self, action: str, quantity: str, limit: str | None) -> None:
        ticket = self.floor.ticket(action, quantity, limit)
        self.put(ticket)

    def put(self, ticket: Ticket) -> None:
        fill = self.floor.work(ticket)
        if fill is not None:
            self.check_fill(ticket, fill)
        if ticket.remaining == 0:
            self.floor.exchange.withdraw(ticket)

    def cancel(self, index: int) -> None:
        ticket = self.one_working(index)
        if ticket is not None:
            self.floor.exchange.withdraw(ticket)

    def modify(self, index: int, quantity: str | None, limit: str | None) -> None:
        ticket = self.one_working(index)
        if ticket is None:
            return
        if quantity is not None and Decimal(quantity) > ticket.filled:
            ticket.quantity = Decimal(quantity)
        if limit is not None and ticket.limit is not None:
            ticket.limit = Decimal(limit)
        self.put(ticket)

    def working(self) -> list[Ticket]:
        return self.floor.exchange.admitted(AAPL.con_id)

    def one_working(self, index: int) -> Ticket | None:
        working = self.working()
        return working[index % len(working)] if working else None

    def shown(self, *, is_buy: bool) -> tuple[Decimal | None, Decimal | None]:
        return self.floor.market.quote(AAPL.con_id).side(is_buy=is_buy)

    def check_fill(self, ticket: Ticket, fill: Fill) -> None:
        price, size = self.shown(is_buy=ticket.is_buy)
        assert fill.quantity > 0
        assert fill.price == price
        if ticket.limit is not None:
            assert fill.price <= ticket.limit if ticket.is_buy else fill.price >= ticket.limit
        self.taken[ticket.is_buy] += fill.quantity
        if size is None:
            assert ticket.remaining == 0
        else:
            assert self.taken[ticket.is_buy] <= size

    def check_turns(self, working: list[Ticket], filled: list[Ticket]) -> None:
        """Nobody got anything while an older order that could have had it was left with a rest."""
        for number, ticket in enumerate(working):
            price, _ = self.shown(is_buy=ticket.is_buy)
            limit = ticket.limit
            wants = price is not None and (limit is None or (price <= limit if ticket.is_buy else price >= limit))
            if wants and ticket.remaining > 0:
                younger = [other for other in working[number + 1 :] if other.is_buy == ticket.is_buy]
                assert not [other.order_id for other in filled if other in younger]

    def check_all(self) -> None:
        tickets = self.floor.tickets
        numbers = [fill.execution_id for ticket in tickets for fill in ticket.fills]
        assert len(set(numbers)) == len(numbers)
        for ticket in tickets:
            self.check_books(ticket)
        known, self.known_fills = self.known_fills, [len(ticket.fills) for ticket in tickets]
        for before, ticket in zip(known, tickets, strict=False):
            assert len(ticket.fills) >= before

    @staticmethod
    def check_books(ticket: Ticket) -> None:
        filled = sum((fill.quantity for fill in ticket.fills), Decimal(0))
        assert ticket.filled == filled <= ticket.quantity
        assert ticket.remaining == ticket.quantity - filled
        cost = so_far = Decimal(0)
        for fill in ticket.fills:
            cost, so_far = cost + fill.price * fill.quantity, so_far + fill.quantity
            assert fill.total_filled == so_far
            assert abs(fill.average_price - cost / so_far) < Decimal("1e-20")
        if ticket.fills:
            assert abs(ticket.average_price - cost / so_far) < Decimal("1e-20")
        by_share = Decimal("0.005") * filled
        charged = sum((fill.commission for fill in ticket.fills), Decimal(0))
        assert by_share <= charged <= by_share + (1 if ticket.fills else 0)


@campaign(part=50, full=600)
@given(actions=st.lists(ACTIONS, min_size=10, max_size=50))
def test_any_orders_on_any_quotes_get_no_more_than_is_shown_and_asked_for(actions: list[Any]) -> None:
    play = _Play(actions)
    working = play.working()
    withdrawn = [(ticket, len(ticket.fills)) for ticket in play.floor.tickets if ticket not in working]
    for ticks in _everything_for_everybody():
        play.floor.market.quote(AAPL.con_id).apply(ticks)
    play.floor.match()
    assert all(len(ticket.fills) == before for ticket, before in withdrawn)
    assert play.working() == []


def _everything_for_everybody() -> Iterator[Tick]:
    """Quotes at which every order fills whole: what is cancelled stays that even then."""
    yield Tick(0.0, AAPL.con_id, TickType.BID, 1_000.0, None)
    yield Tick(0.0, AAPL.con_id, TickType.ASK, 0.01, None)
