"""The fills of one order: booked once each by execution id, replaced by corrections, joined with their commissions.

Executions are the truth about fills. What a status says of them is only a reason to ask for executions that are
missing, until a reconciliation settles a figure for which there are none any more (fills of another day).

Two kinds of executions tell again what others tell: those of a combo's legs, and those by which an advisor's order is
shared out among accounts, after one of the whole under the advisor's own account (protocol notes, 4.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal

from msgspec import Struct

from ibwire.exceptions import ProtocolError
from ibwire.order_wire import exact, read_decimal
from ibwire.wire import messages as m

ZERO = Decimal(0)

_EXACT = Context(prec=60)
_ADVISOR = re.compile(r"D?F\d")
"""How the account of a financial advisor begins, D for a paper one; its clients' begin with U."""
_UNSET = 1.7976931348623157e308
"""What IBKR writes where it has no number, if it does not leave the field out (protocol notes, 3.14 and 4.3)."""


class Fill(Struct, frozen=True, kw_only=True):
    """One execution: `quantity` at `price`. `time_text` is IBKR's, with its zone; `is_leg`: of one leg of a combo."""

    exec_id: str
    quantity: Decimal
    price: Decimal
    side: str
    time_text: str
    account: str
    exchange: str
    contract: m.Contract
    cumulative: Decimal | None = None
    liquidity: int | None = None
    is_leg: bool = False

    @property
    def trade_id(self) -> str:
        """What stays the same when the execution is corrected."""
        return split_exec_id(self.exec_id)[0]

    @property
    def is_advisor(self) -> bool:
        """Whether it is of an advisor's own account: of a whole order, if clients' accounts have executions of it."""
        return _ADVISOR.match(self.account) is not None


class Commission(Struct, frozen=True, kw_only=True):
    """What an execution cost, and what it earned if it closed something."""

    exec_id: str
    amount: Decimal | None
    currency: str
    realized_pnl: Decimal | None


class FillBook:
    """All executions of one order. `is_combo`: executions of the legs come too, and count for nothing here."""

    def __init__(self, *, is_combo: bool = False) -> None:
        self.is_corrected = False
        """Whether an execution was ever replaced: what was said of the quantity filled before may be too much."""
        self._is_combo = is_combo
        self._fills: dict[str, Fill] = {}
        self._commissions: dict[str, Commission] = {}
        self._settled = ZERO
        self._settled_price: Decimal | None = None
        self._has_advisor = False
        self._sum: Decimal | None = None

    @property
    def fills(self) -> tuple[Fill, ...]:
        """What holds now, by time; what tells again of the same (legs, allocations) is not among them."""
        return _by_time(self._told_once(is_leg=False))

    @property
    def leg_fills(self) -> tuple[Fill, ...]:
        """The executions of a combo's legs, by time."""
        return _by_time(self._told_once(is_leg=True))

    @property
    def allocations(self) -> tuple[Fill, ...]:
        """How an advisor's order was shared out among accounts, by time; a combo's legs are not among them."""
        counted = {fill.exec_id for fill in self.fills}
        return _by_time(fill for fill in self._fills.values() if not fill.is_leg and fill.exec_id not in counted)

    @property
    def settled(self) -> Decimal:
        """What is filled by the gateway's word, executions or not."""
        return self._settled

    @property
    def filled(self) -> Decimal:
        """The quantity filled: by the executions, and by what was settled of fills that have none."""
        return self._executed() + self.without_execution

    @property
    def without_execution(self) -> Decimal:
        """The part of the settled quantity that no execution covers.

        An execution covers what lies between its order's cumulative quantities before and after it, so one that comes
        late, after its quantity was settled, counts once. Whether those of several accounts are cumulative for each of
        them or together is not known: they cover their quantity.
        """
        if not self._settled:
            return ZERO
        if len({fill.account for fill in self.fills}) > 1:
            return max(self._settled - self._executed(), ZERO)
        spans = sorted((f.cumulative - f.quantity, f.cumulative) for f in self.fills if f.cumulative is not None)
        placeless = sum((fill.quantity for fill in self.fills if fill.cumulative is None), ZERO)
        return max(self._settled - _covered(spans, self._settled) - placeless, ZERO)

    @property
    def average_price(self) -> Decimal | None:
        """The average price of what is filled, or None without any.

        Of what has no execution it takes the price that the gateway told; None if it told none.
        """
        filled, alone = self.filled, self.without_execution
        if not filled or (alone and self._settled_price is None):
            return None
        paid = _EXACT.add(self._paid(), _EXACT.multiply(alone, self._settled_price or ZERO))
        return _EXACT.divide(paid, filled).normalize(Context(prec=28))

    @property
    def commissions(self) -> tuple[Commission, ...]:
        """The commissions of the executions that hold, by execution id; of an order that was shared out either those of
        the whole or, if none came, those of its allocations."""
        once = {fill.exec_id for is_leg in (False, True) for fill in self._told_once(is_leg=is_leg)}
        every = {fill.exec_id for fill in self._fills.values()}
        charged = (once & self._commissions.keys()) or (every & self._commissions.keys())
        return tuple(self._commissions[exec_id] for exec_id in sorted(charged))

    def book(self, fill: Fill) -> Fill | None:
        """Enter an execution. None if it says nothing new; the fill that it replaces, or itself if it is the first."""
        trade_id, revision = split_exec_id(fill.exec_id)
        old = self._fills.get(trade_id)
        if old is not None and split_exec_id(old.exec_id)[1] >= revision:
            return None
        self._fills[trade_id] = fill
        self._sum = None
        self._has_advisor = self._has_advisor or fill.is_advisor
        self.is_corrected = self.is_corrected or old is not None
        return fill if old is None else old

    def charge(self, commission: Commission) -> bool:
        """Enter a commission, which may come before its execution. False if it says nothing new."""
        if self._commissions.get(commission.exec_id) == commission:
            return False
        self._commissions[commission.exec_id] = commission
        return True

    def settle(self, total: Decimal, average: Decimal | None = None) -> None:
        """Take the gateway's word for what is filled altogether: what has no execution now will hardly get one.

        Where the executions make it up there is nothing to settle: corrections of them go on to count. `average` is
        the price of all of it.
        """
        executed, is_known = self._executed(), total == self.filled
        self._settled = total if total > executed else ZERO
        self._settled_price = self._settled_price if is_known else None
        if self._settled and average is not None:
            paid = _EXACT.subtract(_EXACT.multiply(total, average), self._paid())
            self._settled_price = _EXACT.divide(paid, total - executed)

    def has(self, exec_id: str | None) -> bool:
        """Whether this execution is one of the order's, of whatever kind."""
        return any(fill.exec_id == exec_id for fill in self._fills.values())

    def is_leg(self, contract: m.Contract) -> bool:
        """Whether an execution in this contract is one of a combo's leg."""
        return self._is_combo and contract.sec_type != "BAG"

    def _told_once(self, *, is_leg: bool) -> list[Fill]:
        """The executions without those that tell again of the same: of the whole and its allocations the larger sum,
        so that neither is lost if the other has not come."""
        fills = [fill for fill in self._fills.values() if fill.is_leg == is_leg]
        if not self._has_advisor:
            return fills
        whole = [fill for fill in fills if fill.is_advisor]
        shares = [fill for fill in fills if not fill.is_advisor]
        return whole if _quantity(whole) >= _quantity(shares) else shares

    def _executed(self) -> Decimal:
        if self._sum is None:  # it is asked for several times with every message
            self._sum = _quantity(self._told_once(is_leg=False))
        return self._sum

    def _paid(self) -> Decimal:
        told_once = self._told_once(is_leg=False)
        return sum((_EXACT.multiply(fill.quantity, fill.price) for fill in told_once), ZERO)


def fill_of(details: m.ExecutionDetails, *, is_leg: bool = False) -> Fill:
    """The fill that an execution tells of. Raises ProtocolError if it lacks its id, its quantity or its price."""
    execution = details.execution
    if execution is None or not execution.exec_id:
        raise ProtocolError("an execution without an execution id")
    quantity = read_decimal(execution.shares, f"the quantity of execution {execution.exec_id}")
    price = exact(execution.price)
    if quantity is None or price is None:
        raise ProtocolError(f"execution {execution.exec_id} has no quantity or no price")
    return Fill(
        exec_id=execution.exec_id,
        quantity=quantity,
        price=price,
        side=execution.side or "",
        time_text=execution.time or "",
        account=execution.acct_number or "",
        exchange=execution.exchange or "",
        contract=details.contract or m.Contract(),
        cumulative=read_decimal(execution.cum_qty, f"the cumulative quantity of execution {execution.exec_id}"),
        liquidity=execution.last_liquidity,
        is_leg=is_leg,
    )


def commission_of(report: m.CommissionAndFeesReport) -> Commission:
    """The commission that a report tells of. Raises ProtocolError if it names no execution."""
    if not report.exec_id:
        raise ProtocolError("a commission report without an execution id")
    return Commission(
        exec_id=report.exec_id,
        amount=money(report.commission_and_fees),
        currency=report.currency or "",
        realized_pnl=money(report.realized_pnl),
    )


def money(value: float | None) -> Decimal | None:
    """An amount of the wire, None where IBKR has none."""
    return None if value is None or value >= _UNSET else exact(value)


def split_exec_id(exec_id: str) -> tuple[str, int]:
    """What names the trade, and its revision: a correction raises the last group (protocol notes, 4.3)."""
    trade_id, dot, revision = exec_id.rpartition(".")
    return (trade_id, int(revision)) if dot and revision.isascii() and revision.isdigit() else (exec_id, 0)


def _by_time(fills: Iterable[Fill]) -> tuple[Fill, ...]:
    return tuple(sorted(fills, key=lambda fill: (fill.time_text, fill.exec_id)))


def _quantity(fills: Iterable[Fill]) -> Decimal:
    return sum((fill.quantity for fill in fills), ZERO)


def _covered(spans: Iterable[tuple[Decimal, Decimal]], end: Decimal) -> Decimal:
    """How much of 0 to `end` the spans cover, which come by their start."""
    covered, reached = ZERO, ZERO
    for start, stop in spans:
        low, high = max(start, reached), min(stop, end)
        if high > low:
            covered += high - low
            reached = high
    return covered
