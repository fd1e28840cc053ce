"""ib_async's wrapper, with what is better by default; each has its switch at `IB`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ib_async
from ib_async import OrderStatus, TradeLogEntry
from ib_async.ticker import Ticker

from ibwire.error_codes import ERROR_TABLE, OrderVerdict
from ibwire.wire import Message
from ibwire.wire import messages as m

_NOT_ACKNOWLEDGED = frozenset({OrderStatus.PendingSubmit, OrderStatus.ApiPending})


class Wrapper(ib_async.Wrapper):
    """Keeps all of ib_async's state."""

    ib: Any

    def startTicker(self, reqId: int, contract: Any, tickType: int | str) -> Any:
        """A ticker to be filled; for a snapshot an empty one, unless a subscription keeps the old one current."""
        key = hash(contract)
        old = self.tickers.get(key)
        if tickType == "snapshot" and old is not None and self.ib.FreshSnapshots and not self._is_live(old):
            self.tickers[key] = Ticker(contract=contract, defaults=self.defaults)
        return super().startTicker(reqId, contract, tickType)

    def error(self, reqId: int, errorCode: int, errorString: str, advancedOrderRejectJson: str) -> None:
        """Take an error. For an order the table of codes says whether it ends it, not the number alone."""
        trade = self.trades.get((self.clientId, reqId)) if reqId != -1 else None
        if trade is None or reqId in self._futures or not self.ib.AdvisoryErrorsKeepOrders or trade.isDone():
            super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
            return
        is_working = trade.orderStatus.status not in _NOT_ACKNOWLEDGED
        verdict = ERROR_TABLE.order_verdict(errorCode, errorString, is_working=is_working)
        if verdict in (OrderVerdict.REJECTED, OrderVerdict.CANCELLED):
            if advancedOrderRejectJson:
                trade.advancedError = advancedOrderRejectJson
            self._show(trade, OrderStatus.Cancelled, f"Error {errorCode}, reqId {reqId}: {errorString}", errorCode)
            trade.cancelledEvent.emit(trade)
        else:
            self.note(trade, f"Warning {errorCode}, reqId {reqId}: {errorString}", errorCode)
            if verdict is OrderVerdict.RECONCILE:
                self.ib.client.ask_for_orders()
        self.ib.errorEvent.emit(reqId, errorCode, errorString, self._reqId2Contract.get(reqId))

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        """An order that has ended; of one that nobody here asked about nothing is to be done."""
        if "completedOrders" in self._results:
            super().completedOrder(contract, order, orderState)

    # --- what our client says

    def note(self, trade: Any, text: str, code: int = 0) -> None:
        """Write something into an order's log; its status stays."""
        self._show(trade, trade.orderStatus.status, text, code)

    def never_left(self, message: Message, reason: str) -> None:
        """An order, a change or a cancel was not sent: of a new order this is the end."""
        order_id = message.order_id  # type: ignore[attr-defined]
        trade = self.trades.get((self.clientId, order_id))
        if trade is None:
            if order_id in self._futures:  # a what-if
                self._endReq(order_id, ConnectionError(reason), success=False)
            return
        is_new = isinstance(message, m.PlaceOrderRequest) and trade.orderStatus.status == OrderStatus.PendingSubmit
        if is_new and not any(entry.message == "Modify" for entry in trade.log):
            self._show(trade, OrderStatus.Cancelled, f"never sent: {reason}")
            trade.cancelledEvent.emit(trade)
        else:
            what = "change" if isinstance(message, m.PlaceOrderRequest) else "cancel"
            self.note(trade, f"the {what} was never sent: {reason}")

    def subject_of(self, req_id: int) -> Any:
        """What a subscription fills: its ticker, list of bars or profit and loss, or its number."""
        for found in (self.reqId2Ticker, self.reqId2Subscriber, self.reqId2PnL, self.reqId2PnlSingle):
            if req_id in found:
                return found[req_id]
        return req_id

    def forget_book(self, req_id: int) -> None:
        """Empty the book of a depth subscription, which nobody keeps current in a gap."""
        ticker = self.reqId2Ticker.get(req_id)
        if ticker is not None and self.ticker2ReqId["mktDepth"].get(ticker) == req_id:
            ticker.domBids.clear()
            ticker.domAsks.clear()
            ticker.domBidsDict.clear()
            ticker.domAsksDict.clear()

    def forget_account_data(self, request: Message) -> None:
        """What is asked for again comes whole: what was closed meanwhile would otherwise stay for ever."""
        if isinstance(request, m.PositionsRequest):
            self.positions.clear()
        elif isinstance(request, m.AccountDataRequest):
            for account in [request.acct_code] if request.acct_code else list(self.portfolio):
                self.portfolio.pop(account, None)

    def _is_live(self, ticker: Any) -> bool:
        return any(ticker in ids for kind, ids in self.ticker2ReqId.items() if kind not in ("snapshot", "mktDepth"))

    def _show(self, trade: Any, status: str, text: str, code: int = 0) -> None:
        trade.orderStatus.status = status
        trade.log.append(TradeLogEntry(datetime.now(self.defaultTimezone), status, text, code))
        self._logger.warning("%s: %s", text, trade.order)
        self.ib.orderStatusEvent.emit(trade)
        trade.statusEvent.emit(trade)
