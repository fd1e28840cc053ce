"""The guards of the settings, for orders of ib_async's that go past the journal.

Those are all orders of a connection of its own; on a shared session what-if orders and exercises, for what else is
placed there the native service has guarded by then.
"""

from __future__ import annotations

import asyncio
import math
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from ibwire.exceptions import InvalidOrder, ProtocolError
from ibwire.halt_mark import HaltMark
from ibwire.order_fields import Order
from ibwire.order_flow import OrderFlow
from ibwire.order_guards import account_for, check_exercise, check_limits, check_link, market_price_of
from ibwire.order_wire import order_from_wire
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.trading_halt import check_not_halted
from ibwire.wire import messages as m


class OrderGuards:
    """Lets orders through or refuses them, as `Trading` does; `wrapper` is ib_async's, which knows what is open."""

    def __init__(self, session: IBSession, wrapper: Any) -> None:
        self._session = session
        self._wrapper = wrapper
        self._settings = session.settings.trading
        self._mark = HaltMark(self._settings.journal_path)
        self._flow = OrderFlow(
            self._settings, open_orders=self._number_open, now=lambda: asyncio.get_running_loop().time()
        )

    def account_of(self, message: m.PlaceOrderRequest) -> str | None:
        """Which account an order is for. Raises as `account_for` does."""
        wire = message.order or m.Order()
        order = Order(account=wire.account or None, fa_group=wire.fa_group or None)
        return account_for(order, self._settings, self._session.accounts)

    def checked(self, message: m.PlaceOrderRequest) -> m.PlaceOrderRequest:
        """The order to send, which has the settings' account if it had none. Raises what `Trading.place` does."""
        check_link(self._session.state)
        account = self.account_of(message)
        contract, wire = message.contract or m.Contract(), message.order or m.Order()
        order = read_order(message)
        check_limits(order, contract, self._settings, self._market_price)
        if not wire.what_if:
            check_not_halted(self._mark)
            if self.is_new(message):
                self._flow.admit(contract, [replace(order, account=account)], allow_duplicate=False).end()
        if self._settings.account is not None and not wire.account:
            return replace(message, order=replace(wire, account=account))
        return message

    def is_new(self, message: m.PlaceOrderRequest) -> bool:
        """Whether this places an order, and does not change one."""
        return (self._wrapper.clientId, message.order_id) not in self._wrapper.trades

    def check_exercise(self, message: m.ExerciseOptionsRequest) -> None:
        """Raises what `Trading.place` does."""
        check_link(self._session.state)
        check_not_halted(self._mark)
        check_exercise(message, self._settings, self._session.accounts)

    def _number_open(self) -> int:
        own = self._wrapper.clientId
        trades = self._wrapper.trades.items()
        return sum(isinstance(key, tuple) and key[0] == own and not trade.isDone() for key, trade in trades)

    def _market_price(self, contract: m.Contract) -> Decimal | None:
        """By the tickers that there are for a contract of this id."""
        for ticker in self._wrapper.tickers.values() if contract.con_id else ():
            if ticker.contract is not None and ticker.contract.conId == contract.con_id:
                bid, ask, last = map(_price, (ticker.bid, ticker.ask, ticker.last))
                price = market_price_of(Quote(contract, bid=bid, ask=ask, last=last))
                if price is not None:
                    return price
        return None


def read_order(message: m.PlaceOrderRequest) -> Order:
    """What ib_async wants placed. Raises InvalidOrder if its quantity is no number."""
    try:
        return order_from_wire(message.order or m.Order(), message.attached_orders, message.contract)
    except ProtocolError as error:
        raise InvalidOrder(f"nothing was sent: {error.message}") from error


def _price(value: float) -> float | None:
    """ib_async has nan, or -1, where there is none."""
    return None if math.isnan(value) or value <= 0 else value
