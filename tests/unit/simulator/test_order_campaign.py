"""Random orders of every type on random quotes: what must hold for all of them at all times, holds."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import given
from msgspec.structs import replace

from ibwire.simulator.ledger import STARTING_CASH
from ibwire.simulator.order_groups import CANCEL_WITH_BLOCK
from ibwire.simulator.order_kinds import KINDS, Limit, Trigger
from ibwire.simulator.tickets import TRANSITIONS, WORKING, Status, Ticket
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.order_floor import ACCOUNT, OrderFloor, an_order
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT, MSFT_CONTRACT

CONTRACTS = {AAPL: AAPL_CONTRACT, MSFT: MSFT_CONTRACT}
CENTS = st.integers(9_900, 10_100)
PRICES = CENTS.map(lambda cents: cents / 100)
SIZES = st.one_of(st.integers(1, 300), st.sampled_from([0, 5_000]))
QUANTITIES = st.sampled_from(["1", "7", "40", "100", "250", "0.5", "1000"])
CON_IDS = st.sampled_from([AAPL, AAPL, MSFT])
SIDES = st.sampled_from(["BUY", "SELL"])
CONDITIONS = st.one_of(
    st.builds(
        m.OrderCondition,
        type=st.just(1),
        con_id=CON_IDS,
        price=PRICES,
        is_more=st.booleans(),
        trigger_method=st.sampled_from([0, 2, 4, 7, 8]),
        is_conjunction_connection=st.booleans(),
    ),
    st.builds(
        m.OrderCondition,
        type=st.just(3),
        time=st.sampled_from(["20260408-15:00:30", "20260408-15:10:00", "20260409-15:00:00"]),
        is_more=st.booleans(),
        is_conjunction_connection=st.booleans(),
    ),
)


@st.composite
def orders(draw: st.DrawFn) -> m.Order:
    """An order of any type that can be taken, and some that cannot."""
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    terms: dict[str, Any] = {"outside_rth": draw(st.booleans())}
    if kind.limit in (Limit.NEEDED, Limit.CAP):
        terms["lmt_price"] = draw(PRICES)
    if kind.trigger in (Trigger.STOP, Trigger.TOUCH):
        terms["aux_price"] = draw(PRICES)
    if kind.trigger is Trigger.TRAIL:
        percent_or_amount = st.sampled_from([{"aux_price": 0.25}, {"aux_price": 0.01}, {"trailing_percent": 0.3}])
        terms |= draw(percent_or_amount) | draw(st.sampled_from([{}, {"trail_stop_price": 100.0}]))
    if kind.limit is Limit.OFFSET:
        terms["lmt_price_offset"] = draw(st.sampled_from([0.0, 0.05, 1.0]))
    if kind.name == "REL":
        terms["aux_price"] = draw(st.sampled_from([0.0, 0.01, 0.1]))
    if draw(st.integers(0, 4)) == 0:
        terms["conditions"] = tuple(draw(st.lists(CONDITIONS, min_size=1, max_size=3)))
        terms["conditions_cancel_order"] = draw(st.booleans())
    if draw(st.integers(0, 3)) == 0:
        terms |= {"oca_group": draw(st.sampled_from("ab")), "oca_type": draw(st.integers(1, 3))}
    if draw(st.integers(0, 6)) == 0:
        terms["good_after_time"] = draw(st.sampled_from(["20260408 11:01:00 US/Eastern", "20260408-18:00:00"]))
    tif = draw(st.sampled_from(["DAY", "DAY", "DAY", "GTC", "GTD", "IOC", "FOK", "OPG"]))
    return an_order(draw(SIDES), draw(QUANTITIES), kind.name, tif=tif, good_till_date="20260408-17:00:00", **terms)


ACTIONS = st.one_of(
    st.tuples(st.just("move"), CON_IDS, PRICES, SIZES, PRICES, SIZES, st.none() | PRICES),
    st.tuples(st.just("move"), CON_IDS, PRICES, SIZES, PRICES, SIZES, st.none() | PRICES),
    st.tuples(st.just("place"), CON_IDS, orders()),
    st.tuples(st.just("bracket"), CON_IDS, orders(), PRICES, PRICES),
    st.tuples(st.just("modify"), st.integers(0, 5), orders(), QUANTITIES),
    st.tuples(st.just("reprice"), st.integers(0, 5), PRICES, QUANTITIES),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("manual"), CON_IDS, orders()),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 45.0, 600.0, 20_000.0, 90_000.0])),
)


class Play:
    """Plays actions on a floor, and checks after each what has to hold."""

    def __init__(self, actions: list[Any]) -> None:
        self.floor = OrderFloor()
        self.floor.move(100.0, 300, 100.1, 200, con_id=MSFT)
        self.register = self.floor.desk.register
        self.taken: defaultdict[tuple[int, bool], Decimal] = defaultdict(Decimal)
        self.fills_seen: defaultdict[int, int] = defaultdict(int)
        self.changed: set[int] = set()
        self.next_id = 1
        for action in actions:
            self.working = list(self.register.working.values())
            self.limits_before = {ticket.perm_id: ticket.limit for ticket in self.working}
            getattr(self, action[0])(*action[1:])
            self.check()

    # --- actions

    def move(self, con_id: int, one: float, bid_size: int, other: float, ask_size: int, last: float | None) -> None:
        for is_buy in (True, False):  # what was taken of a side counts until that side is told anew
            self.taken.pop((con_id, is_buy), None)
        bid, ask = sorted((one, other))
        self.floor.move(bid, bid_size, ask, ask_size, last=last, con_id=con_id)

    def place(self, con_id: int, order: m.Order, **terms: Any) -> int:
        order_id, self.next_id = self.next_id, self.next_id + 1
        self.floor.place(order_id, replace(order, **terms), CONTRACTS[con_id])
        return order_id

    def bracket(self, con_id: int, order: m.Order, profit: float, loss: float) -> None:
        parent_id = self.place(con_id, order, transmit=False)
        away = "SELL" if order.action == "BUY" else "BUY"
        child = an_order(away, order.total_quantity or "", "LMT", lmt_price=profit, tif="GTC", parent_id=parent_id)
        self.place(con_id, child, transmit=False)
        self.place(con_id, child, order_type="STP", lmt_price=None, aux_price=loss)

    def modify(self, index: int, order: m.Order, quantity: str) -> None:
        if not self.working:
            return
        ticket = self.working[index % len(self.working)]
        self.changed.add(ticket.perm_id)
        old = ticket.terms.order
        same = {"action": old.action, "parent_id": old.parent_id, "total_quantity": quantity}
        if ticket.order_id > 0 and not ticket.is_manual:
            con_id = ticket.terms.instrument.con_id
            self.floor.place(ticket.order_id, replace(order, **same), CONTRACTS[con_id])

    def reprice(self, index: int, price: float, quantity: str) -> None:
        if not self.working:
            return
        old = self.working[index % len(self.working)].terms.order
        names = [name for name in ("lmt_price", "aux_price") if getattr(old, name) and old.order_type != "TRAIL"]
        self.modify(index, replace(old, **dict.fromkeys(names, price)), quantity)

    def cancel(self, index: int) -> None:
        if self.working:
            ticket = self.working[index % len(self.working)]
            self.floor.desk.cancel_manual(ticket.perm_id)
            assert not ticket.is_working

    def manual(self, con_id: int, order: m.Order) -> None:
        with contextlib.suppress(ValueError):  # some cannot be taken
            self.floor.desk.place_manual(CONTRACTS[con_id], order)

    def wait(self, seconds: float) -> None:
        self.floor.wait(seconds)

    # --- what has to hold

    def check(self) -> None:
        for ticket in self.register.tickets.values():
            self.check_fills(ticket)
            self.check_end(ticket)
            self.check_family(ticket)
        self.check_groups()
        self.check_books()
        self.check_sequences()
        self.fills_seen.update({ticket.perm_id: len(ticket.fills) for ticket in self.register.tickets.values()})

    def new_fills(self, ticket: Ticket) -> list[Any]:
        return ticket.fills[self.fills_seen[ticket.perm_id] :]

    def check_fills(self, ticket: Ticket) -> None:
        """No fill through the limit, before the trigger, or of more than was ordered or shown."""
        con_id = ticket.terms.instrument.con_id
        price, size = self.floor.market.quote(con_id).side(is_buy=ticket.is_buy)
        for fill in self.new_fills(ticket):
            assert fill.quantity > 0
            assert fill.price == price
            for limit in (ticket.terms.limit_price, self.limit_of(ticket)):
                assert limit is None or (price <= limit if ticket.is_buy else price >= limit)
            assert not ticket.awaits_trigger
            assert not ticket.terms.conditions or ticket.terms.cancels_on_conditions or ticket.has_met_conditions
            self.taken[con_id, ticket.is_buy] += fill.quantity
            assert size is not None
            assert self.taken[con_id, ticket.is_buy] <= size
        assert ticket.filled <= ticket.quantity
        assert (ticket.remaining == 0) == (ticket.status is Status.FILLED)
        if ticket.terms.tif == "FOK" and ticket.perm_id not in self.changed and not ticket.oca_group:
            assert ticket.filled in (0, ticket.quantity)

    def limit_of(self, ticket: Ticket) -> Decimal | None:
        """The limit that held when it filled: a pegged one has moved on with the quote since."""
        if ticket.terms.kind.peg is None:
            return ticket.limit
        return None if ticket.perm_id in self.changed else self.limits_before.get(ticket.perm_id)

    def check_end(self, ticket: Ticket) -> None:
        """Every order works or has ended, never both and never neither."""
        assert ticket.is_working == (ticket.perm_id in self.register.working) == (ticket.done_at_s is None)
        assert ticket.status is not Status.PENDING_CANCEL
        if ticket.is_working and ticket.terms.is_immediate and not self.waits(ticket):
            raise AssertionError(f"{ticket.terms.tif} {ticket.terms.kind.name} works on")
        if ticket.is_working and ticket.ends_s is not None:
            assert self.floor.now_s < ticket.ends_s or ticket not in self.working

    def waits(self, ticket: Ticket) -> bool:
        return ticket.status is Status.PRE_SUBMITTED

    def check_family(self, ticket: Ticket) -> None:
        parent = ticket.parent
        if parent is None:
            return
        if ticket.fills:
            assert parent.status is Status.FILLED
        if parent.status in (Status.CANCELLED, Status.INACTIVE):
            assert not ticket.is_working

    def check_groups(self) -> None:
        """What one order of a group got in this turn, no other could get beside it."""
        groups: defaultdict[str, list[Ticket]] = defaultdict(list)
        for ticket in self.register.tickets.values():
            if ticket.oca_group:
                groups[ticket.oca_group].append(ticket)
        for members in groups.values():
            filled = [ticket for ticket in members if self.new_fills(ticket)]
            cancelling = [ticket for ticket in filled if ticket.oca_type == CANCEL_WITH_BLOCK]
            if cancelling:
                others = [ticket for ticket in members if ticket in self.working and ticket is not filled[0]]
                assert not [ticket for ticket in others if ticket.is_working and filled[0] is cancelling[0]]
            is_bracket = all(ticket.parent is not None for ticket in members)
            if is_bracket and not self.changed & {ticket.perm_id for ticket in members}:
                assert sum(ticket.filled / ticket.terms.quantity for ticket in members) <= 1

    def check_books(self) -> None:
        """Positions, cash and commissions are the sum of the executions."""
        held: defaultdict[int, Decimal] = defaultdict(Decimal)
        cash, fees = STARTING_CASH, Decimal(0)
        for ticket in self.register.tickets.values():
            for fill in ticket.fills:
                signed = fill.quantity if ticket.is_buy else -fill.quantity
                held[ticket.terms.instrument.con_id] += signed
                cash -= signed * fill.price + fill.commission
                fees += fill.commission
        ledger = self.floor.ledger
        assert ledger.cash(ACCOUNT) == {"USD": cash}
        assert ledger.commissions(ACCOUNT).get("USD", 0) == fees
        for con_id, quantity in held.items():
            holding = ledger.position(ACCOUNT, con_id)
            assert holding is not None
            assert holding.quantity == quantity

    def check_sequences(self) -> None:
        """What clients were told: legal statuses, and every execution once with its commission."""
        statuses: dict[int, Status] = {}
        told = [message for messages in self.floor.heard.values() for message in messages]
        for message in told:
            if isinstance(message, m.OrderStatus):
                assert message.perm_id is not None
                status, before = Status(message.status or ""), statuses.get(message.perm_id)
                assert before is None or status is before or status in TRANSITIONS[before]
                statuses[message.perm_id] = status
        for perm_id, ticket in self.register.tickets.items():
            assert statuses[perm_id] is ticket.status
        executions = [one.execution.exec_id for one in told if isinstance(one, m.ExecutionDetails) and one.execution]
        commissions = [one.exec_id for one in told if isinstance(one, m.CommissionAndFeesReport)]
        every = [fill.execution_id for ticket in self.register.tickets.values() for fill in ticket.fills]
        assert sorted(executions) == sorted(commissions) == sorted(every)


@campaign(part=60, full=1500)
@given(actions=st.lists(ACTIONS, min_size=8, max_size=40))
def test_any_orders_on_any_quotes_keep_the_rules_and_none_is_lost(actions: list[Any]) -> None:
    play = Play(actions)
    shown = [one for one in play.floor.desk.all_open_orders() if isinstance(one, m.OrderStatus)]
    open_ids = [status.perm_id for status in shown]
    assert open_ids == [ticket.perm_id for ticket in play.register.tickets.values() if ticket.status in WORKING]
    completed = play.floor.desk.completed_orders(api_only=False)
    assert len(open_ids) + len(completed) == len(play.register.tickets)
    play.working = list(play.register.working.values())
    play.wait(10 * 86_400.0)
    play.check()
    assert {ticket.terms.tif for ticket in play.register.working.values()} <= {"GTC"}
    play.floor.desk.cancel_all()
    play.check()
    assert not play.register.working
