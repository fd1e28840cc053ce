"""An order desk without a gateway: quotes and the clock are set by hand; `heard` keeps what every client is told."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from ibwire.simulator import NO_LIMITS
from ibwire.simulator.feed import Tick, TickType
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.market import Market
from ibwire.simulator.order_desk import OrderDesk
from ibwire.simulator.tickets import Ticket
from ibwire.simulator.trading_sessions import AlwaysOpen, TradingHours
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import ScriptedFeed, quote
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT, told

WEDNESDAY_11_AM = datetime(2026, 4, 8, 15, tzinfo=UTC).timestamp()
"""11:00 in New York: regular hours of a trading day."""

ACCOUNT = "DU1234567"


class OrderFloor:
    """A desk, its market (AAPL at 100.0 x 300 to 100.1 x 200 unless it is opened otherwise) and its books."""

    def __init__(
        self, hours: TradingHours | None = None, *, accounts: tuple[str, ...] = (ACCOUNT,), **more: Any
    ) -> None:
        self.now_s = WEDNESDAY_11_AM
        self.market = Market(ScriptedFeed([], con_ids=[AAPL, MSFT]))
        self.ledger = Ledger(accounts)
        self.heard: defaultdict[int, list[Message]] = defaultdict(list)
        self._shown: defaultdict[int, int] = defaultdict(int)
        limits = more.pop("limits", NO_LIMITS)
        self.desk = OrderDesk(
            self.market,
            hours or AlwaysOpen(),
            self.ledger,
            limits,
            accounts,
            lambda: self.now_s,
            lambda client_id, message: self.heard[client_id].append(message),
            lambda account, con_id: None,
            **more,
        )
        self.move(100.0, 300, 100.1, 200)

    def news(self, client_id: int = 1) -> list[str]:
        """What a client was told since it was last looked at."""
        heard = self.heard[client_id]
        news, self._shown[client_id] = heard[self._shown[client_id] :], len(heard)
        return [told(message) for message in news]

    def place(
        self, order_id: int, order: m.Order, contract: m.Contract = AAPL_CONTRACT, client_id: int = 1
    ) -> list[str]:
        """Place or modify an order; what its client is told at once."""
        self.desk.place(client_id, m.PlaceOrderRequest(order_id=order_id, contract=contract, order=order))
        return self.news(client_id)

    def cancel(self, order_id: int, client_id: int = 1) -> list[str]:
        """Cancel an order; what its client is told at once."""
        self.desk.cancel(client_id, order_id)
        return self.news(client_id)

    def move(
        self,
        bid: float | None = None,
        bid_size: int | str | None = None,
        ask: float | None = None,
        ask_size: int | str | None = None,
        *,
        last: float | None = None,
        con_id: int = AAPL,
        client_id: int = 1,
    ) -> list[str]:
        """Set a quote, and let the orders look at it; what a client is told of that."""
        ticks = quote(con_id, bid, bid_size, ask, ask_size)
        if last is not None:
            ticks.append(Tick(0.0, con_id, TickType.LAST, last, None))
        for tick in ticks:
            self.market.quote(con_id).apply(tick)
        self.desk.quote_moved(con_id)
        return self.news(client_id)

    def wait(self, seconds: float, client_id: int = 1) -> list[str]:
        """Let time pass; what a client is told then."""
        self.now_s += seconds
        self.desk.advance(self.now_s)
        return self.news(client_id)

    def wait_until(self, at: datetime, client_id: int = 1) -> list[str]:
        """Let time pass until then; what a client is told then."""
        return self.wait(at.timestamp() - self.now_s, client_id)

    def ticket(self, order_id: int, client_id: int = 1) -> Ticket:
        """The order of these ids."""
        found = self.desk.register.find(client_id, order_id)
        assert found is not None
        return found


def an_order(action: str, quantity: str, order_type: str, **terms: Any) -> m.Order:
    """An order of any type."""
    return m.Order(action=action, total_quantity=quantity, order_type=order_type, **terms)
