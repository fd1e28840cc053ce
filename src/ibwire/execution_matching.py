"""Which order an execution belongs to: by our reference, by the permanent id, and only then by the order id.

The permanent id is the one identity that IBKR keeps (protocol notes, 4.9): order ids are 0 or 2147483647 for orders
from TWS, the same for different clients, and have been given twice by gateways whose counter went back. An execution
that comes before anything tells its order's permanent id waits here, and a commission for its execution.

Pure. It knows names, not orders: `Key` is whatever its owner calls them by.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from ibwire.client_refs import split_order_ref
from ibwire.order_changes import OrderKey
from ibwire.wire import messages as m

Key = TypeVar("Key", bound=Hashable)

NO_ORDER_ID = frozenset({None, 0, 2**31 - 1})
"""What stands for the order id where there is none (protocol notes, 3.14)."""

MAX_WAITING = 10_000
"""How many executions, and how many commissions, wait for their order; the oldest make way and are counted."""

MAX_REMEMBERED = 100_000
"""For how many executions it is remembered whose they are, for commissions that come late; the oldest make way."""

Report = m.ExecutionDetails | m.CommissionAndFeesReport
_Name = tuple[str, Hashable]


class ExecutionMatcher(Generic[Key]):
    """Finds the order of each execution and commission; keeps those whose order is not known yet."""

    def __init__(self, *, max_waiting: int = MAX_WAITING) -> None:
        self.dropped = 0
        """How many had to make way without ever having been matched."""
        self._max_waiting = max_waiting
        self._orders: dict[_Name, Key] = {}
        self._owners: OrderedDict[str, Key] = OrderedDict()
        self._executions: OrderedDict[str, m.ExecutionDetails] = OrderedDict()
        self._commissions: OrderedDict[str, m.CommissionAndFeesReport] = OrderedDict()
        self._waiting_for: defaultdict[_Name, dict[str, None]] = defaultdict(dict)

    @property
    def waiting(self) -> tuple[m.ExecutionDetails, ...]:
        """The executions of no order that is known, oldest first."""
        return tuple(self._executions.values())

    def know(self, key: Key, names: OrderKey) -> list[Report]:
        """Learn an order's names, some or more of them; returns what has been waiting for it, to be fed to it."""
        found: list[Report] = []
        for name in _names_of_order(names):
            self._orders[name] = key
            for exec_id in tuple(self._waiting_for.get(name, ())):
                found += self._settle(key, self._executions[exec_id])
        return found

    def forget(self, names: OrderKey) -> None:
        """An order is over and done with: nothing will be matched to it any more, but late commissions."""
        for name in _names_of_order(names):
            self._orders.pop(name, None)

    def match(self, report: Report) -> tuple[Key, list[Report]] | None:
        """The order that a report belongs to, with what to feed to it: the report, and a commission that came first.

        None if that is not known yet: it is kept, and handed out by `know`.
        """
        if isinstance(report, m.CommissionAndFeesReport):
            return self._match_commission(report)
        for name in _names_of_execution(report):
            if name in self._orders:
                return self._orders[name], self._settle(self._orders[name], report)
        self._wait(report)
        return None

    def _match_commission(self, report: m.CommissionAndFeesReport) -> tuple[Key, list[Report]] | None:
        exec_id = report.exec_id or ""
        if exec_id in self._owners:
            return self._owners[exec_id], [report]
        self._commissions[exec_id] = report
        if len(self._commissions) > self._max_waiting:
            self._commissions.popitem(last=False)
            self.dropped += 1
        return None

    def _wait(self, details: m.ExecutionDetails) -> None:
        self._executions[_exec_id(details)] = details
        for name in _names_of_execution(details):
            self._waiting_for[name][_exec_id(details)] = None
        if len(self._executions) > self._max_waiting:
            self._stop_waiting(next(iter(self._executions.values())))
            self.dropped += 1

    def _stop_waiting(self, details: m.ExecutionDetails) -> None:
        exec_id = _exec_id(details)
        self._executions.pop(exec_id, None)
        for name in _names_of_execution(details):
            waiting = self._waiting_for.get(name, {})
            waiting.pop(exec_id, None)
            if not waiting:
                self._waiting_for.pop(name, None)

    def _settle(self, key: Key, details: m.ExecutionDetails) -> list[Report]:
        exec_id = _exec_id(details)
        self._stop_waiting(details)
        self._owners[exec_id] = key
        if len(self._owners) > MAX_REMEMBERED:
            self._owners.popitem(last=False)
        commission = self._commissions.pop(exec_id, None)
        return [details] if commission is None else [details, commission]


def _names_of_order(names: OrderKey) -> Iterator[_Name]:
    if names.client_ref is not None:
        yield "ref", names.client_ref
    if names.perm_id:
        yield "perm_id", names.perm_id
    if names.order_id not in NO_ORDER_ID:
        yield "order_id", (names.client_id, names.order_id)


def _names_of_execution(details: m.ExecutionDetails) -> Iterator[_Name]:
    """What an execution may be matched by. One with a better name is not matched by an order id, which may be old."""
    execution = details.execution or m.Execution()
    _, ref = split_order_ref(execution.order_ref)
    if ref is not None:
        yield "ref", str(ref)
    if execution.perm_id:
        yield "perm_id", execution.perm_id
    elif ref is None and execution.order_id not in NO_ORDER_ID:
        yield "order_id", (execution.client_id or 0, execution.order_id)


def _exec_id(details: m.ExecutionDetails) -> str:
    return (details.execution.exec_id if details.execution else None) or ""
